"""After training: statistics of the networks on training pictures, and weights made short."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from .models import BaseModel
from .standard import CHANNELS_UV, CHANNELS_Y, HYPER_MAX, HYPER_SYMBOLS

# Rounding noise relative to the standard deviation of a tensor, per kind of network, that costs next to nothing:
# (analysis, hyper encoder, hyper decoder and context model, synthesis) of model 0..3.
GRID_NOISE = ((0.005, 0.02, 0.02, 0.005), (0.0025, 0.01, 0.02, 0.00125), (0.0025, 0.01, 0.01, 0.00125),
              (0.0025, 0.01, 0.01, 0.00125))


@torch.no_grad()
def round_to_half(net):
    """All weights become float16 numbers, gains multiples of 1/128."""
    for parameter in net.parameters():
        parameter.copy_(parameter.half().float() + 0.0)
    for common in (getattr(net, 'y', None), getattr(net, 'uv', None)):
        if common is not None:
            common.gain.copy_((common.gain * 128).round() / 128)


@torch.no_grad()
def _hyper_latents(analysis, common, x, autocast, taps=None):
    with autocast():
        high = analysis.high(x, taps=taps)
    return common.hyper_encoder(analysis.low(high.float(), taps=taps), taps=taps)


@torch.no_grad()
def centre_hyper_latents(base, batches, autocast, count, step=0.02, near=0.01):
    """Training with rounding leaves hyper latents within a hair of a rounding edge, so that noise decides the symbol. Channels
    where that is so are moved by `step` towards the middle of their most frequent bin, through the bias of the last layer."""
    for i, (analysis, common) in enumerate(((base.enc_y, base.y), (base.enc_uv, base.uv))):
        values = []
        for _ in range(count):
            x = batches.yuv()
            x = x[:, :1] if i == 0 else F.pixel_unshuffle(x, 2)
            values.append(_hyper_latents(analysis, common, x, autocast).transpose(0, 1).flatten(1))
        z = torch.cat(values, 1)
        bin_of = z.round()
        most = bin_of.mode(1, keepdim=True).values
        inside = bin_of == most
        offset = z - most
        close = (inside & (offset.abs() > 0.5 - near)).sum(1) > 0.05 * inside.sum(1)
        mean = (offset * inside).sum(1) / inside.sum(1).clamp_min(1)
        common.hyper_encoder.conv5.bias -= step * torch.sign(mean) * close


@torch.no_grad()
def collect(analysis, commons, batches, autocast, count):
    """Counts of the hyper symbols [C,63] and the range of every convolution's output per channel, on `count` batches."""
    device = commons[0].gain.device
    counts = {'y': torch.zeros(CHANNELS_Y, HYPER_SYMBOLS, device=device),
              'uv': torch.zeros(CHANNELS_UV, HYPER_SYMBOLS, device=device)}
    ranges = {}
    for _ in range(count):
        x = batches.yuv()
        for name, net, common, planes in (('y', analysis[0], commons[0], x[:, :1]),
                                          ('uv', analysis[1], commons[1], F.pixel_unshuffle(x, 2))):
            taps = {}
            z = _hyper_latents(net, common, planes, autocast, taps)
            for tap, value in taps.items():
                low, high = value.float().amin((0, 2, 3)), value.float().amax((0, 2, 3))
                if (name, tap) in ranges:
                    low, high = torch.minimum(ranges[name, tap][0], low), torch.maximum(ranges[name, tap][1], high)
                ranges[name, tap] = torch.stack((low, high))
            symbols = (z.clamp(-HYPER_MAX, HYPER_MAX).round() + HYPER_MAX).long().transpose(0, 1).flatten(1)
            counts[name].scatter_add_(1, symbols, torch.ones_like(symbols, dtype=torch.float32))
    result = {f'counts.{k}': v.cpu() for k, v in counts.items()}
    result.update({f'range.{name}.{tap}': v.cpu() for (name, tap), v in ranges.items()})
    return result


# ---- storage grids -------------------------------------------------------------------------------------------------
def _grid(tensor, noise):
    """The nearest multiples of the power of two whose rounding noise is at most `noise` standard deviations."""
    deviation = float(tensor.std()) if tensor.numel() > 1 else 0.0
    if deviation == 0:
        return tensor.clone()
    step = 2.0 ** math.floor(math.log2(noise * deviation * math.sqrt(12)))
    step = max(step, 2.0 ** math.ceil(math.log2(float(tensor.abs().max()) / 32767)))
    return (tensor / step).round() * step + 0.0  # no negative zeros, which a grid cannot store


def _networks(model, noise):
    """(network, noise) of everything that is rounded. The integer scale decoder and the density stay as they are."""
    analysis, hyper_encoder, decoder, synthesis = noise
    if isinstance(model, BaseModel):
        for common in (model.y, model.uv):
            yield common.hyper_encoder, hyper_encoder
            yield common.hyper_decoder, decoder
            if common.luma:
                yield common.context, decoder
        for net in (model.bop_y, model.bop_uv, model.sop_y, model.sop_uv):
            yield net, synthesis
    else:
        yield model.hop_y, synthesis
        yield model.hop_uv, synthesis
    yield model.enc_y, analysis
    yield model.enc_uv, analysis


def _on_outputs(networks, action):
    """Hooks that call action(convolution, mean output per channel) for every convolution with a bias; what it returns is added to
    the output."""
    def hook(module, _inputs, output):
        change = action(module, output.detach().float().mean((0, 2, 3)))
        return None if change is None else output + change.to(output.dtype).view(1, -1, 1, 1)
    return [module.register_forward_hook(hook) for net, _ in networks for module in net.modules()
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) and module.bias is not None]


def _run_with(networks, action, run):
    handles = _on_outputs(networks, action)
    run()
    for handle in handles:
        handle.remove()


@torch.no_grad()
def round_to_grids(model, model_id, run, coarseness=1.0):
    """Rounds each tensor to multiples of a power of two, which packs store in about a byte per value, and corrects the biases so
    that the mean of every layer's output stays. run(): one forward pass of all networks, the same each time; coarseness: factor
    on GRID_NOISE."""
    noise = [coarseness * n for n in GRID_NOISE[model_id]]
    networks = list(_networks(model, noise))
    wanted = {}
    _run_with(networks, lambda module, mean: wanted.__setitem__(module, mean), run)
    for net, level in networks:
        for parameter in net.parameters():
            if parameter.dim() == 4:
                parameter.copy_(_grid(parameter, level))

    def correct(module, mean):
        change = wanted[module] - mean
        module.bias += change
        return change  # so that the layers behind see the corrected output
    _run_with(networks, correct, run)
    round_to_half(model)
