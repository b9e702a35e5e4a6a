"""Colour conversion, PSNR and MS-SSIM on samples 0..255."""
import math

import torch
import torch.nn.functional as F


def rgb_to_yuv(x):
    """BT.709, full range; chroma is centred on 127.5."""
    r, g, b = x[:, 0], x[:, 1], x[:, 2]
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return torch.stack((y, (b - y) / 1.8556 + 127.5, (r - y) / 1.5748 + 127.5), 1)


def yuv_to_rgb(x):
    y, u, v = x[:, 0], x[:, 1] - 127.5, x[:, 2] - 127.5
    g = y - (0.0722 * 1.8556 / 0.7152) * u - (0.2126 * 1.5748 / 0.7152) * v
    return torch.stack((y + 1.5748 * v, g, y + 1.8556 * u), 1)


def psnr(mse):
    return 10 * torch.log10(65025 / mse.clamp_min(1e-4))


_LEVEL_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW = [math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)) for i in range(11)]
_WINDOW = [g / sum(_WINDOW) for g in _WINDOW]


def _blur(x):
    """Valid separable window of 11 taps, as shifted sums (which compilers fuse well)."""
    n, m = x.shape[-2] - 10, x.shape[-1] - 10
    y = _WINDOW[0] * x[..., 0:n, :]
    for i in range(1, 11):
        y = y + _WINDOW[i] * x[..., i:i + n, :]
    z = _WINDOW[0] * y[..., 0:m]
    for i in range(1, 11):
        z = z + _WINDOW[i] * y[..., i:i + m]
    return z


def ms_ssim_levels(h, w):
    """Levels that a picture is large enough for, at most 5."""
    levels = 1
    while levels < 5 and min(h, w) >> levels >= 11:
        levels += 1
    return levels


def ms_ssim(a, b):
    """Per sample, of [N,1,H,W]. Pictures below 176 samples get fewer levels than five, with their weights made to sum to one:
    comparable among themselves only."""
    levels = ms_ssim_levels(*a.shape[-2:])
    total = sum(_LEVEL_WEIGHTS[:levels])
    a, b = a / 255.0 - 0.5, b / 255.0 - 0.5
    k1, k2 = 0.01 ** 2, 0.03 ** 2
    out = 1.0
    for level in range(levels):
        mean_a, mean_b, aa, bb, ab = _blur(torch.cat((a, b, a * a, b * b, a * b), 1)).chunk(5, 1)
        cs = (2 * (ab - mean_a * mean_b) + k2) / (aa - mean_a * mean_a + bb - mean_b * mean_b + k2)
        if level == levels - 1:
            mean_a, mean_b = mean_a + 0.5, mean_b + 0.5  # they are relative to mid grey
            cs = cs * (2 * mean_a * mean_b + k1) / (mean_a * mean_a + mean_b * mean_b + k1)
        out = out * cs.mean((1, 2, 3)).clamp_min(1e-3) ** (_LEVEL_WEIGHTS[level] / total)
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return out
