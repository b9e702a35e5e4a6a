"""What a coder really does: quantisation with skipping, and sizes in bits by the coder's integer tables."""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

from .context import merge_phases, split_phases
from .hyper import integer_scale_decoder
from .metrics import ms_ssim, ms_ssim_levels, psnr, rgb_to_yuv, yuv_to_rgb
from .standard import HYPER_MAX, LOG_K


class ResidualTables:
    """Cost in bits of a residual under each of the 32 distributions of me-tANS (document 02, section 4)."""

    def __init__(self, device='cpu'):
        tables = json.loads((pathlib.Path(__file__).parent / 'residual_tables.json').read_text())
        frequencies, bounds = tables['pdf'], tables['bound']
        cost = torch.full((32, max(map(len, frequencies))), 8.0)
        for i, row in enumerate(frequencies):
            for symbol, count in enumerate(row[:2 * bounds[i] - 1]):
                if count > 0:
                    cost[i, symbol] = -math.log2(count / 256)
        self.cost = cost.to(device)
        self.bound = torch.tensor(bounds, device=device)

    def bits(self, residual, index):
        r = residual.long()
        symbol = torch.where(r >= 0, 2 * r, -2 * r - 1)
        coded = self.cost[index, symbol.clamp(max=self.cost.shape[1] - 1)]
        excess = (r.abs() - self.bound[index] + 1).clamp_min(1).float()
        escape = 8 + 2 * torch.floor(torch.log2(excess)) + 2
        return torch.where(symbol < 2 * self.bound[index] - 1, coded, escape)


def table_bits(frequencies):
    """Cost of each hyper symbol under integer tables that sum to 255; symbols without a share are escape coded."""
    cost = -torch.log2(frequencies.double().clamp_min(1) / 256)
    return torch.where(frequencies > 0, cost, torch.full_like(cost, 14.0)).float()


def fit_tables(counts):
    """Integer tables (sum 255) from symbol counts [C,63]."""
    p = counts.double() + 1e-3
    share = p / p.sum(1, keepdim=True) * 255
    table = torch.where(share >= 0.35, share.round().clamp_min(1), torch.zeros_like(share))
    for c in range(table.shape[0]):
        missing = int(255 - table[c].sum().item())
        while missing > 0:
            gain = torch.where(table[c] > 0, share[c] / (table[c] + 0.5), table[c] - 1)
            table[c, int(gain.argmax())] += 1
            missing -= 1
        while missing < 0:
            surplus = torch.where(table[c] > 1, (table[c] - 0.5) / share[c].clamp_min(1e-9), table[c] - 1e9)
            table[c, int(surplus.argmax())] -= 1
            missing += 1
    return table.to(torch.int32)


def share_tables(counts, most, rounds=30):
    """At most `most` tables for all channels, by alternating assignment and fit. Returns tables and the channel's table."""
    counts = counts.double()
    if len(counts) <= most:
        return fit_tables(counts), torch.arange(len(counts))
    p = (counts + 0.02) / (counts + 0.02).sum(1, keepdim=True)
    weight = counts.sum(1, keepdim=True) / counts.sum(1).mean()
    entropy = (p * torch.log2(p)).sum(1)
    chosen = [int(p.max(1).values.argmax())]
    distance = entropy - (p * torch.log2(p[chosen[0]])).sum(1)
    for _ in range(most - 1):  # farthest first
        chosen.append(int(distance.argmax()))
        distance = torch.minimum(distance, entropy - (p * torch.log2(p[chosen[-1]])).sum(1))
    tables = fit_tables(counts[chosen])
    for _ in range(rounds):
        costs = p @ table_bits(tables).double().T
        nearest = costs.argmin(1)
        sums = torch.zeros(most, counts.shape[1], dtype=torch.float64).index_add_(0, nearest, p * weight)
        unused = torch.zeros(most).index_add_(0, nearest, torch.ones(len(counts))) == 0
        if unused.any():  # they start again at the channels that are served worst
            loss = costs.gather(1, nearest[:, None]).squeeze(1) + entropy
            sums[unused] = (p * weight)[loss.argsort(descending=True)[:int(unused.sum())]]
        tables = fit_tables(sums * 1e4)
    return tables, (p @ table_bits(tables).double().T).argmin(1)


@torch.no_grad()
def analyse(analysis, common, x, h=None, w=None, autocast=None):
    """Latent y and rounded hyper latent z."""
    if autocast is None:
        y = analysis(x, h, w)
    else:
        with autocast():
            high = analysis.high(x, h, w)
        y = analysis.low(high.float(), h, w)
    return y, common.hyper_encoder(y, h, w).clamp(-HYPER_MAX, HYPER_MAX).round()


@torch.no_grad()
def quantise(common, y, z, displacement, tables, hyper_cost, h=None, w=None, integers=None):
    """The latent as a decoder gets it. displacement: in 1/128 of a sigma index. Returns y_hat, bits of residual and of
    hyper latent [B], and the extremes of index and residual."""
    if integers is None:
        integers = {k: v.to(y.device) for k, v in common.hyper_scale_decoder.integer_parameters().items()}
    index128 = integer_scale_decoder(integers, z, h, w, not common.luma)
    gain_log = (common.gain * 128).round().long().view(1, -1, 1, 1) + int(displacement)
    scale = index128 + gain_log
    keep = scale > 382
    index = ((scale + 64) >> 7).clamp(0, 31)
    gain = torch.round(torch.exp(gain_log.float() / 128 * LOG_K) * 1024) / 1024
    psi = common.hyper_decoder(z, h, w)
    rows, cols = y.shape[2:]
    if common.luma:
        even = (0, cols % 2, 0, rows % 2)
        keep_of_phase = split_phases(F.pad(keep.float(), even))
        residuals = []

        def quantise_phase(residual, phase):
            residuals.append(torch.round(residual * gain) * keep_of_phase[phase])
            return residuals[-1] / (gain + 1e-9)
        y_hat, _ = common.context(F.pad(y, even), psi, quantise_phase)
        y_hat = y_hat[:, :, :rows, :cols]
        residual = merge_phases(residuals)[:, :, :rows, :cols]
    else:
        mean = merge_phases(psi.chunk(4, 1))[:, :, :rows, :cols]
        residual = torch.round((y - mean) * gain) * keep.float()
        y_hat = mean + residual / (gain + 1e-9)
    bits_y = (tables.bits(residual, index) * keep).sum((1, 2, 3))
    symbols = (z + HYPER_MAX).long().flatten(2)
    bits_z = hyper_cost.unsqueeze(0).expand(len(z), -1, -1).gather(2, symbols).sum((1, 2))
    return y_hat, bits_y, bits_z, (int(scale.max()), float(residual.abs().max()))


@torch.no_grad()
def synthesise(synthesis, latent, h=None, w=None, autocast=None):
    low = synthesis.low(latent)
    if autocast is None:
        x = synthesis.high(low, h, w)
    else:
        with autocast():
            x = synthesis.high(low, h, w)
    return (x if h is None else x[:, :, :h, :w]).clamp(0, 255)


COLUMNS = ('bpp', 'bpp_uv', 'bpp_z', 'psnr_y', 'psnr_u', 'psnr_v', 'psnr_rgb', 'ms_ssim')


def _measure(x, yuv, y, uv, bits):
    """Row of COLUMNS per sample."""
    pixels = x.shape[2] * x.shape[3]
    decoded = torch.cat((y, uv), 1)
    error = (decoded - yuv).square().mean((2, 3))
    rgb_error = (yuv_to_rgb(decoded).round().clamp(0, 255) - x).square().mean((1, 2, 3))
    ssim = ms_ssim(yuv[:, :1], y) if ms_ssim_levels(*y.shape[-2:]) > 1 else torch.ones_like(rgb_error)
    by, bz, bu, bzu = (b / pixels for b in bits)
    return torch.stack((by + bz + bu + bzu, bu + bzu, bz + bzu, psnr(error[:, 0]), psnr(error[:, 1]), psnr(error[:, 2]),
                        psnr(rgb_error), ssim), 1).cpu()


@torch.no_grad()
def evaluate(common_y, common_uv, analysis, syntheses, pictures, displacements, hyper_costs, whole=False, autocast=None,
             chunk=16):
    """Rate and quality with real quantisation. analysis: (luma, chroma); syntheses: {name: (luma, chroma)};
    pictures: uint8 [N,3,H,W] tensors; hyper_costs: table_bits() of luma and chroma; whole: pictures of any size, with the
    codec's padding. Returns {displacement: {name: {column: mean}}}."""
    device = common_y.gain.device
    tables = ResidualTables(device)
    costs = [c.to(device) for c in hyper_costs]
    integers = [{k: v.to(device) for k, v in c.hyper_scale_decoder.integer_parameters().items()} for c in (common_y, common_uv)]
    rows = {}
    for picture in pictures:
        for start in range(0, len(picture), chunk):
            x = picture[start:start + chunk].to(device).float()
            height, width = x.shape[2:]
            yuv = rgb_to_yuv(x)
            even = F.pad(yuv, (0, width % 2, 0, height % 2), mode='replicate')
            h, w = even.shape[2:] if whole else (None, None)
            hc, wc = (h // 2, w // 2) if whole else (None, None)
            y, z = analyse(analysis[0], common_y, even[:, :1], h, w, autocast)
            u, zu = analyse(analysis[1], common_uv, F.pixel_unshuffle(even, 2), hc, wc, autocast)
            for d in displacements:
                a, by, bz, _ = quantise(common_y, y, z, d, tables, costs[0], h, w, integers[0])
                b, bu, bzu, _ = quantise(common_uv, u, zu, d, tables, costs[1], hc, wc, integers[1])
                for name, (luma, chroma) in syntheses.items():
                    sy = synthesise(luma, a, h, w, autocast)[:, :, :height, :width]
                    suv = synthesise(chroma, torch.cat((a, b), 1), h, w, autocast)[:, :, :height, :width]
                    rows.setdefault((d, name), []).append(_measure(x, yuv, sy, suv, (by, bz, bu, bzu)))
    result = {}
    for (d, name), parts in rows.items():
        result.setdefault(d, {})[name] = dict(zip(COLUMNS, torch.cat(parts).mean(0).tolist()))
    return result


def table_text(result):
    lines = []
    for d, by_name in result.items():
        for name, m in by_name.items():
            lines.append(f"displacement {d:>5} {name:>4}: bpp {m['bpp']:.4f} (uv {m['bpp_uv']:.4f}, z {m['bpp_z']:.4f})  PSNR Y "
                         f"{m['psnr_y']:.2f} U {m['psnr_u']:.2f} V {m['psnr_v']:.2f} RGB {m['psnr_rgb']:.2f}  MS-SSIM {m['ms_ssim']:.5f}")
    return '\n'.join(lines)
