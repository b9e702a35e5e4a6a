"""Results of training -> packs for jpegai, and .pth files in the layout of the reference software."""
import math
import pathlib
from collections import OrderedDict

import numpy as np
import torch

from . import coding, pack, weights
from .standard import BETAS

TABLES = 128  # hyper latent tables that all models and channels of a set share


class ExportError(Exception):
    """Results that do not make a set."""


def save_result(path, tensors, statistics, name, info, level=19):
    """A result is a pack NAME.jaiw and, for what export needs beyond it, NAME.npz."""
    path = pathlib.Path(path)
    pack.write_pack(path.with_suffix('.jaiw'), tensors, name=name, info=info, level=level)
    np.savez_compressed(path.with_suffix('.npz'), **{k: v.numpy() for k, v in statistics.items()})


def _statistics(result):
    path = pathlib.Path(result).with_suffix('.npz')
    return dict(np.load(path)) if path.exists() else {}


def _model_of(tensors):
    betas = {f.rsplit('_', 1)[1] for f in tensors if f.startswith('VM_')}
    if len(betas) > 1:
        raise ExportError(f'a result with several models: {sorted(betas)}')
    return BETAS.index(betas.pop()) if betas else None


def _share_tables(parts, stats, most):
    """Replaces the hyper latent tables of all base results by shared ones. stats: counts by result."""
    where, counts = [], []
    for result, tensors in parts.items():
        for component, tag in (('Y', 'counts.y'), ('UV', 'counts.uv')):
            files = [f for f in tensors if f.startswith(f'VM_common_int/{component}_')]
            if files and tag in stats[result]:
                where.append((tensors[files[0]], sum(map(len, counts))))
                counts.append(stats[result][tag])
    if not counts:
        return None
    tables, of_channel = coding.share_tables(torch.from_numpy(np.concatenate(counts)), most)
    for (file, start), own in zip(where, counts):
        file['hyper_entropy.freqs_int'] = tables[of_channel[start:start + len(own)]].numpy()
    return len(tables)


def read_results(results, most=TABLES):
    """Tensors of several results together, with shared hyper latent tables, and their statistics by model."""
    parts = {str(r): pack.read_pack(pathlib.Path(r).with_suffix('.jaiw')) for r in results}
    stats = {r: _statistics(r) for r in parts}
    _share_tables(parts, stats, most)
    merged = {}
    for result, tensors in parts.items():
        twice = set(merged) & set(tensors)
        if twice:
            raise ExportError(f'{result}: {sorted(twice)[0]} is in another result, too')
        merged.update(tensors)
    return merged, {(_model_of(parts[r]), 'hop' if any('VM_hop' in f for f in parts[r]) else 'base'): s for r, s in stats.items()}


def write_packs(tensors, folder, info, prefix='model', level=19):
    """One pack per model, and one for eICCI networks."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for model, beta in enumerate(BETAS):
        own = {f: t for f, t in tensors.items() if f.startswith('VM_') and f.endswith('_' + beta)}
        if own:
            written.append(folder / f'{prefix}_{model}.jaiw')
            pack.write_pack(written[-1], own, info=info, level=level)
    own = {f: t for f, t in tensors.items() if f.startswith('eICCI')}
    if own:
        written.append(folder / 'eicci.jaiw')
        pack.write_pack(written[-1], own, info=info, level=level)
    return written


# ---- .pth ----------------------------------------------------------------------------------------------------------
def entropy_buffers():
    """Tables of the reference software's float entropy model, which follow from formulas."""
    levels = torch.linspace(math.log(0.11), math.log(100.0), 35)
    scales = torch.exp(levels)
    half = torch.ceil(scales * 6.1094102).int()  # 6.1.. is the quantile of 5e-10 of the normal distribution
    width = int((2 * half + 1).max())
    samples = (torch.arange(width).int() - half[:, None]).abs().float()

    def cdf(x):
        return 0.5 * torch.erfc(-(2 ** -0.5) * x)
    mass = ((cdf((0.5 - samples) / scales[:, None]) - cdf((-0.5 - samples) / scales[:, None])) * 65535).round()
    cumulative = (torch.cumsum(mass / mass.sum(1, keepdim=True), 1) * 65535).round().long()
    borders = levels.clone()
    borders[:-1] = 0.5 * (levels[1:] + levels[:-1])
    return OrderedDict([('entropy.scale_table', torch.exp(borders)), ('entropy.scale_bound', torch.tensor([0.11])),
                        ('entropy._offset', -half), ('entropy._quantized_cdf', cumulative),
                        ('entropy._cdf_length', 2 * half + 3), ('entropy.likelihood_lower_bound.bound', torch.tensor([1e-9])),
                        ('entropy.lower_bound_scale.bound', torch.tensor([0.11]))])


def _ranges(stats, component, taps, suffix, margin=0.25):
    """Ranges beyond which the reference encoder clips, per convolution."""
    ranges = {}
    for tap in taps:
        if f'range.{component}.{tap}' in stats:
            low, high = stats[f'range.{component}.{tap}']
            room = margin * np.maximum(high - low, 1e-3)
            ranges[tap + suffix] = {'MinList': (low - room).tolist(), 'MaxList': (high + room).tolist()}
    return ranges


def _state(tensors):
    return OrderedDict((k, torch.from_numpy(np.array(v))) for k, v in tensors.items())


def write_checkpoints(tensors, statistics, folder):
    """FOLDER/VM_*/*.pth as the reference software reads them. statistics: from read_results()."""
    folder = pathlib.Path(folder)
    buffers = entropy_buffers()
    analysis_taps, hyper_taps = [f'E{i}' for i in range(1, 6)], [f'HE{i}' for i in range(1, 6)]
    for file, own in tensors.items():
        state = _state(own)
        model = BETAS.index(file.rsplit('_', 1)[1]) if file.startswith('VM_') else None
        component = 'uv' if '/UV_' in file or '_UV_' in file else 'y'
        if file.startswith('VM_common_int/'):
            state.update(buffers)
            ranges = _ranges(statistics.get((model, 'base'), {}), component, hyper_taps, '')
            if ranges:
                state['hyper_encoder.clip_thres'] = ranges
        elif '/encoder_' in file:
            kind = 'hop' if file.startswith('VM_hop') else 'base'
            ranges = _ranges(statistics.get((model, kind), {}), component, analysis_taps, 'H' if kind == 'hop' else 'B')
            if ranges:
                state['clip_thres'] = ranges
        path = folder / f'{file}.pth'
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path)
