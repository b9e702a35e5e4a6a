"""The enhancement network of the eICCI post-filter (document 04, section 4.2): corrects Haar coefficients of a decoded picture."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from .layers import conv3x3

WIDTH, COEFFICIENTS = 48, 16
LUMA_BLOCKS, CHROMA_BLOCKS = 2, 4


def haar_split(x):
    """Each channel to LL, HL, LH, HH of half the size."""
    a, b, c, d = x[:, :, 0::2, 0::2], x[:, :, 1::2, 0::2], x[:, :, 0::2, 1::2], x[:, :, 1::2, 1::2]
    bands = torch.stack((a + b + c + d, -a - b + c + d, -a + b - c + d, a - b - c + d), 2) / 2
    return bands.flatten(1, 2)


def haar_merge(x):
    n, channels, rows, cols = x.shape
    ll, hl, lh, hh = (x.view(n, channels // 4, 4, rows, cols)[:, :, i] for i in range(4))
    a, b, c, d = ll - hl - lh + hh, ll - hl + lh - hh, ll + hl - lh - hh, ll + hl + lh + hh
    columns = torch.stack((torch.stack((a, c), -1), torch.stack((b, d), -1)), 3) / 2
    return columns.reshape(n, channels // 4, 2 * rows, 2 * cols)


class Block(nn.Module):
    """A residual block of a 1x3 and a 3x1 convolution."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(WIDTH, WIDTH, (1, 3), padding=(0, 1))
        self.BN1 = nn.BatchNorm2d(WIDTH)
        self.conv2 = nn.Conv2d(WIDTH, WIDTH, (3, 1), padding=(1, 0))
        self.BN2 = nn.BatchNorm2d(WIDTH)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        y = F.relu(self.BN1(self.conv1(x)))
        return x + self.scale * self.BN2(self.conv2(y))


class Eicci(nn.Module):
    """Planes Y, U, V of the same size in 0..1 to enhanced planes. Starts as the identity."""

    def __init__(self):
        super().__init__()
        self.conv_first_Y = conv3x3(3 * COEFFICIENTS, WIDTH)
        self.BNY = nn.BatchNorm2d(WIDTH)
        self.hidden_layer_Y = nn.Sequential(*(Block() for _ in range(LUMA_BLOCKS)))
        self.conv_last_Y = conv3x3(WIDTH, COEFFICIENTS)
        self.conv_firstUV = conv3x3(3 * COEFFICIENTS, WIDTH)
        self.BNUV = nn.BatchNorm2d(WIDTH)
        self.hidden_layer_UV = nn.Sequential(*(Block() for _ in range(CHROMA_BLOCKS)))
        self.conv_last_u = conv3x3(WIDTH, COEFFICIENTS)
        self.conv_last_v = conv3x3(WIDTH, COEFFICIENTS)
        for name in ('scaleY', 'scaleU', 'scaleV'):
            setattr(self, name, nn.Parameter(torch.ones(1)))
        for last in (self.conv_last_Y, self.conv_last_u, self.conv_last_v):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x):
        h, w = x.shape[2:]
        all_planes = haar_split(haar_split(F.pad(x, (0, -w % 4, 0, -h % 4), mode='replicate')))
        luma = self.hidden_layer_Y(F.relu(self.BNY(self.conv_first_Y(all_planes))))
        chroma = self.hidden_layer_UV(F.relu(self.BNUV(self.conv_firstUV(all_planes))))
        y, u, v = all_planes.split(COEFFICIENTS, 1)
        y = y + self.scaleY * self.conv_last_Y(luma)
        u = u + self.scaleU * self.conv_last_u(chroma)
        v = v + self.scaleV * self.conv_last_v(chroma)
        return haar_merge(haar_merge(torch.cat((y, u, v), 1)))[:, :, :h, :w]
