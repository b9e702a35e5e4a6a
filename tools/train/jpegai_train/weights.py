"""Networks <-> tensors under their checkpoint names: file "VM_bop/decoder_Y_0.012", key "conv3.weight"."""
import pathlib

import numpy as np
import torch

from .models import BaseModel, HopModel
from .pack import read_pack
from .standard import BETAS, EICCI_FOLDER, GAIN_COLUMN, GAIN_COLUMNS

SCALE = 'hyper_scale_decoder.'


class WeightError(Exception):
    """Weights that do not fit the networks."""


def transform_files(model):
    """(file without beta, network) of every transform of a set."""
    if isinstance(model, BaseModel):
        return [('VM_bop/encoder_Y', model.enc_y), ('VM_bop/encoder_UV', model.enc_uv),
                ('VM_bop/decoder_Y', model.bop_y), ('VM_bop/decoder_UV', model.bop_uv),
                ('VM_sop/decoder_Y', model.sop_y), ('VM_sop/decoder_UV', model.sop_uv)]
    assert isinstance(model, HopModel)
    return [('VM_hop/encoder_Y', model.enc_y), ('VM_hop/encoder_UV', model.enc_uv),
            ('VM_hop/decoder_Y', model.hop_y), ('VM_hop/decoder_UV', model.hop_uv)]


def common_files(model):
    return [('VM_common_int/Y', model.y), ('VM_common_int/UV', model.uv)] if isinstance(model, BaseModel) else []


def eicci_file(bank, name):
    return f'{EICCI_FOLDER}/eicci_{bank}_{name}_300k'


# ---- networks to tensors -------------------------------------------------------------------------------------------
def _numpy(tensor):
    return tensor.detach().cpu().contiguous().numpy()


def state_tensors(net):
    return {k: _numpy(v) for k, v in net.state_dict().items() if not k.endswith('num_batches_tracked')}


def gain_columns(gain, model_id):
    """The gain vector as the codec stores it: one of 18 columns, in 1/128."""
    columns = torch.zeros(len(gain), GAIN_COLUMNS)
    columns[:, GAIN_COLUMN[model_id]] = (gain.detach().cpu() * 128).round() / 128
    if not columns.any():
        columns[0, GAIN_COLUMN[model_id]] = 1 / 128  # a vector of zeros would not tell its column
    return columns


def common_tensors(common, model_id, tables):
    """tables: integer frequencies [C,63] of the hyper latents."""
    tensors = {k: v for k, v in state_tensors(common).items() if k != 'gain' and not k.startswith(SCALE)}
    for key, value in common.hyper_scale_decoder.integer_parameters().items():
        tensors[SCALE + key] = _numpy(value)
    tensors['hyper_entropy.freqs_int'] = _numpy(tables.to(torch.int32))
    tensors['hyper_entropy.is_quantized'] = np.array([True])
    tensors['vr_vec.c'] = _numpy(gain_columns(common.gain, model_id))
    return tensors


def model_tensors(model, model_id, tables=None):
    """All files of a model. tables: (luma, chroma), for a base model."""
    beta = BETAS[model_id]
    files = {f'{name}_{beta}': state_tensors(net) for name, net in transform_files(model)}
    for (name, common), table in zip(common_files(model), tables or ()):
        files[f'{name}_{beta}'] = common_tensors(common, model_id, table)
    return files


# ---- tensors to networks -------------------------------------------------------------------------------------------
@torch.no_grad()
def _fill(net, tensors, file, skip=()):
    for key, own in net.state_dict().items():
        if key.startswith(skip) or key.endswith('num_batches_tracked'):
            continue
        if key not in tensors:
            raise WeightError(f'{file}: {key} is missing')
        value = torch.from_numpy(np.array(tensors[key], np.float32))
        if value.shape != own.shape:
            raise WeightError(f'{file}: {key} has shape {list(value.shape)}, expected {list(own.shape)}')
        own.copy_(value)


@torch.no_grad()
def _fill_common(common, tensors, file):
    skip = ('gain', SCALE) if 'hyper_entropy.matrices.0' in tensors else ('gain', SCALE, 'hyper_entropy.')
    _fill(common, tensors, file, skip)
    own = {k[len(SCALE):]: torch.from_numpy(np.array(v)) for k, v in tensors.items() if k.startswith(SCALE)}
    common.hyper_scale_decoder.load_integer_parameters(own)
    gains = tensors.get('vr_vec.c', tensors.get('quantizer.gain_unit.c'))
    if gains is None:
        raise WeightError(f'{file}: the gain vector is missing')
    common.gain.copy_(torch.from_numpy(np.array(gains.sum(1), np.float32)))


def models_with(weights, file):
    """Ids of the models of which a set holds a file: "VM_hop/decoder_Y", say."""
    return [m for m, beta in enumerate(BETAS) if f'{file}_{beta}' in weights]


def load_model(model, weights, model_id, part=''):
    """Fills a model from a set (file -> key -> array); of the transforms only those whose file begins with `part`."""
    beta = BETAS[model_id]
    for name, net in transform_files(model):
        file = f'{name}_{beta}'
        if not file.startswith(part):
            continue
        if file not in weights:
            raise WeightError(f'{file} is not in the given weights')
        _fill(net, weights[file], file)
    for name, common in common_files(model):
        file = f'{name}_{beta}'
        if file not in weights:
            raise WeightError(f'{file} is not in the given weights')
        _fill_common(common, weights[file], file)


def hyper_tables(weights, model_id):
    """Integer frequencies of the hyper latents (luma, chroma) of a set."""
    return [torch.from_numpy(np.array(weights[f'VM_common_int/{c}_{BETAS[model_id]}']['hyper_entropy.freqs_int']))
            for c in ('Y', 'UV')]


def read_weights(places):
    """A set from packs, folders of packs and folders of checkpoints (.pth); file -> key -> array."""
    weights = {}
    for place in map(pathlib.Path, [places] if isinstance(places, str) else places):
        packs = sorted(place.glob('*.jaiw')) if place.is_dir() else [place]
        for path in packs:
            weights.update(read_pack(path))
        if not packs:
            for path in sorted(place.glob('*/*.pth')):
                state = torch.load(path, map_location='cpu')
                weights[f'{path.parent.name}/{path.stem}'] = {k: v.numpy() for k, v in state.items() if torch.is_tensor(v)}
    if not weights:
        raise WeightError(f'no weights at {places}')
    return weights
