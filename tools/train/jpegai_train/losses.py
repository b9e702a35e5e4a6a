"""Differentiable rate and distortion."""
import torch
import torch.nn.functional as F

from .context import merge_phases, split_phases
from .standard import HYPER_MAX, INDEX_MAX, LOG_K, LOG_MIN, SKIP


def straight_through(x, value):
    """`value` with the gradient of x."""
    return x + (value - x).detach()


def gaussian_bits(v, sigma):
    """Bits of the residual v under the integrated Gaussian, with the floor that the coder's escape code gives."""
    a, t = v.abs(), 0.7071067811865476 / sigma
    mass = 0.5 * (torch.erfc((a - 0.5) * t) - torch.erfc((a + 0.5) * t))
    escape = 0.25 / (1 + a) ** 2
    return -torch.log2(mass * (255 / 256) + escape * (1 / 256))


def hyper_bits(density, z):
    escape = 0.25 / (1 + z.abs()) ** 2  # a heavy tail, or models of extreme rates get stuck with a costly hyper latent
    return -torch.log2(density.probability(z) * (252 / 256) + escape * (4 / 256))


class Phases:
    """Which parts of the real coder the relaxed one does already: 0-dimensional tensors, 0 or 1, so that a CUDA graph can be
    replayed with other values."""

    def __init__(self, device):
        self.hard = torch.zeros((), device=device)        # residual and sigma index rounded, skipped positions zero
        self.hard_hyper = torch.zeros((), device=device)  # hyper latent rounded for its rate (always for what uses it)
        self.integer = torch.zeros((), device=device)     # scale decoder in integer arithmetic

    def values(self):
        return tuple(float(p) for p in (self.hard, self.hard_hyper, self.integer))


def code_component(common, y, displacement, phases, bits=(gaussian_bits, hyper_bits)):
    """One component through the relaxed coder. y: latent [B,C,H,W]; displacement: [B] in sigma-index units. Returns y_hat and
    the bits of residual and hyper latent, [B] each."""
    residual_bits, z_bits = bits
    hard = phases.hard
    z = common.hyper_encoder(y).clamp(-HYPER_MAX, HYPER_MAX)
    z_hat = straight_through(z, z.round())
    noisy = z + torch.empty_like(z).uniform_(-0.5, 0.5)
    noisy = noisy + phases.hard_hyper * (z_hat - noisy)
    bits_z = z_bits(common.hyper_entropy, noisy).sum((1, 2, 3))

    index = common.hyper_scale_decoder(z_hat, phases.integer)
    gain_log = common.gain.view(1, -1, 1, 1) + displacement.view(-1, 1, 1, 1)
    scale = index + gain_log
    keep = 1 - hard * (scale.detach() <= SKIP).to(scale.dtype)
    beyond = F.relu(scale - (INDEX_MAX - 0.5)).square().sum((1, 2, 3))  # stay inside the coder's 32 tables
    scale = scale.clamp(0, INDEX_MAX)
    scale = scale + (hard * (scale.round() - scale)).detach()
    sigma = torch.exp(scale * LOG_K + LOG_MIN)
    gain = torch.exp(gain_log * LOG_K)

    psi = common.hyper_decoder(z_hat)
    if common.luma:
        keep_of_phase = split_phases(keep)

        def quantise(residual, phase):
            r = residual * gain
            return straight_through(r, r.round()) * keep_of_phase[phase] / gain
        y_hat, mean = common.context(y, psi, quantise)
        residual = (y - mean) * gain
    else:
        mean = merge_phases(psi.chunk(4, 1))
        residual = (y - mean) * gain
        y_hat = mean + straight_through(residual, residual.round()) * keep / gain
    noisy = residual + torch.empty_like(residual).uniform_(-0.5, 0.5)
    noisy = noisy + hard * (straight_through(residual, residual.round()) - noisy)
    bits_y = residual_bits(noisy, sigma).sum((1, 2, 3)) + 0.1 * beyond
    return y_hat, bits_y, bits_z


class Distortion:
    """MSE of luma, a part of it exchanged for MS-SSIM, and MSE of chroma; per sample."""

    def __init__(self, weight_y, weight_uv, ms_ssim):
        self.weight_y, self.weight_uv, self.ms_ssim = weight_y, weight_uv, ms_ssim

    def __call__(self, original, y, uv, ssim_part, ssim_samples):
        """ssim_samples: how many of the batch the structure term is estimated on. Returns distortion [B] and the means of
        MSE of Y, U, V and of 1000 * (1 - MS-SSIM)."""
        mse_y = (original[:, :1] - y).square().mean((1, 2, 3))
        mse_u = (original[:, 1:2] - uv[:, :1]).square().mean((1, 2, 3))
        mse_v = (original[:, 2:] - uv[:, 1:]).square().mean((1, 2, 3))
        n = ssim_samples
        structure = 1000 * (1 - self.ms_ssim(original[:n, :1], y[:n]))
        all_structure = torch.cat((structure * (len(original) / n), structure.new_zeros(len(original) - n)))
        d = self.weight_uv * (mse_u + mse_v) + self.weight_y * ((1 - ssim_part) * mse_y + ssim_part * all_structure)
        return d, torch.stack((mse_y.mean(), mse_u.mean(), mse_v.mean(), structure.mean())).detach()

    def plain(self, original, y, uv):
        """MSE only."""
        mse_y = (original[:, :1] - y).square().mean((1, 2, 3))
        return self.weight_y * mse_y + 2 * self.weight_uv * (original[:, 1:] - uv).square().mean((1, 2, 3))
