"""The context model of luma (MCM): predicts the latent in four phases, each from the hyper decoder and the phases before."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from .layers import conv1x1, conv3x3
from .standard import PHASES


def split_phases(y):
    return [y[:, :, r::2, c::2] for r, c in PHASES]


def merge_phases(parts):
    p00, p11, p01, p10 = parts
    b, c, h, w = p00.shape
    y = torch.stack((torch.stack((p00, p01), -1), torch.stack((p10, p11), -1)), 3)  # b c h 2 w 2
    return y.reshape(b, c, 2 * h, 2 * w)


class Fusion(nn.Module):
    def __init__(self, channels, double):
        super().__init__()
        self.conv1 = conv1x1(channels * (2 if double else 1), channels)
        self.conv2 = conv1x1(channels, channels)
        self.conv3 = conv1x1(channels, channels)

    def forward(self, x):
        return self.conv3(F.relu(self.conv2(F.relu(self.conv1(x)))))


class Phase(nn.Module):
    def __init__(self, channels, index):
        super().__init__()
        self.fusion_pred_net = Fusion(channels, index > 0)
        if index:
            self.conv = nn.Sequential(conv1x1(index * channels, channels),
                                      conv3x3(channels, channels, groups=max(1, channels // 32)))

    def forward(self, psi, earlier):
        if earlier is None:
            return self.fusion_pred_net(psi)
        return self.fusion_pred_net(torch.cat((self.conv(earlier), psi), 1))


class Context(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.MCM = nn.ModuleList([Phase(channels, k) for k in range(4)])

    def forward(self, y, psi, quantise):
        """quantise(residual, phase) gives the residual as the decoder sees it. Returns y_hat and its prediction mu."""
        parts, hats, means = split_phases(y), [], []
        for k, (phase, own_psi) in enumerate(zip(self.MCM, psi.chunk(4, 1))):
            mean = phase(own_psi, torch.cat(hats, 1) if hats else None)
            hats.append(mean + quantise(parts[k] - mean, k))
            means.append(mean)
        return merge_phases(hats), merge_phases(means)
