"""Hyper networks: encoder, decoder, the scale decoder with its integer arithmetic, and the density of the hyper latent."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from .layers import conv1x1, conv3x3, crop_to, pad_to, up4x4
from .standard import HYPER_SYMBOLS, SCALE_MAX


class HyperEncoder(nn.Module):
    def __init__(self, channels, chroma):
        super().__init__()
        self.chroma = chroma
        self.conv1 = conv3x3(channels, channels)
        self.conv2 = conv3x3(channels, channels)
        self.conv3 = conv3x3(channels, channels, 2)
        self.conv4 = conv3x3(channels, channels)
        self.conv5 = conv3x3(channels, channels, 2)

    def forward(self, y, h=None, w=None, taps=None):
        taps = {} if taps is None else taps
        x = taps['HE1'] = self.conv1(y.abs())
        x = taps['HE2'] = self.conv2(F.leaky_relu(x, 0.01))
        x = taps['HE3'] = self.conv3(pad_to(x, h, w, 4, chroma=self.chroma))
        x = taps['HE4'] = self.conv4(F.leaky_relu(x, 0.01))
        x = taps['HE5'] = self.conv5(pad_to(x, h, w, 5, chroma=self.chroma))
        return x


class HyperDecoder(nn.Module):
    def __init__(self, channels, chroma):
        super().__init__()
        self.chroma = chroma
        self.conv1 = conv1x1(channels, channels)
        self.conv2 = up4x4(channels, channels)
        self.conv3 = conv3x3(channels, channels)
        self.conv4 = conv3x3(channels, 4 * channels)

    def forward(self, z, h=None, w=None):
        x = crop_to(self.conv2(self.conv1(z)), h, w, 5, chroma=self.chroma)
        return self.conv4(F.relu6(self.conv3(F.relu6(x))))


# ---- scale decoder -------------------------------------------------------------------------------------------------
# Fixed point plan: int8 weights with a power-of-two scale per output channel; fractional bits of the layers' inputs and outputs.
FRACTION_IN = {'conv1': 0, 'depthwise': 4, 'pointwise': 4}
FRACTION_OUT = {'conv1': 4, 'depthwise': 4, 'pointwise': 7}
ACTIVATION_MAX = 127 / 16.0
INTEGER_LAYERS = ('conv1', 'depthwise', 'pointwise')


def weight_fraction(weight, layer):
    """Fractional bits of the weights of each output channel."""
    largest = weight.detach().abs().flatten(1).amax(1).clamp_min(1e-6)
    bits = torch.floor(torch.log2(127.0 / largest))
    least = FRACTION_OUT[layer] - FRACTION_IN[layer] + 1  # so that the final right shift is at least one
    return bits.clamp(max(least, 0), 16)


class ScaleDecoder(nn.Module):
    """Sigma index from the integer hyper latent. `emulate` in 0..1 blends in the arithmetic of the integer network."""

    def __init__(self, channels, chroma):
        super().__init__()
        self.chroma = chroma
        self.conv1 = conv1x1(channels, channels)
        self.depthwise = conv3x3(channels, channels)
        self.pointwise = conv1x1(channels, 16 * channels)

    def _weight(self, layer, emulate):
        weight = getattr(self, layer).weight
        scale = torch.exp2(weight_fraction(weight, layer)).view(-1, 1, 1, 1)
        rounded = torch.round(weight * scale).clamp(-127, 127) / scale
        return weight + (emulate * (rounded - weight)).detach()

    @staticmethod
    def _activation(x, emulate, fraction):
        scale = float(1 << fraction)
        return x + (emulate * (torch.floor(x * scale + 0.5) / scale - x)).detach()

    def forward(self, z, emulate, h=None, w=None):
        x = F.conv2d(z, self._weight('conv1', emulate))
        x = self._activation(x, emulate, 4).clamp(0, ACTIVATION_MAX)
        bias = self.depthwise.bias
        scale = torch.exp2(weight_fraction(self.depthwise.weight, 'depthwise') + 4)
        bias = bias + (emulate * (torch.round(bias * scale) / scale - bias)).detach()
        x = F.conv2d(x, self._weight('depthwise', emulate), bias, padding=1)
        x = self._activation(x, emulate, 4).clamp(0, ACTIVATION_MAX)
        x = self._activation(F.conv2d(x, self._weight('pointwise', emulate)), emulate, 7)
        x = crop_to(F.pixel_shuffle(x, 4), h, w, 4, multiple=4, chroma=self.chroma)
        return x.abs().clamp(max=SCALE_MAX)

    @torch.no_grad()
    def integer_parameters(self):
        """Tensors of the integer network under their checkpoint keys (without "hyper_scale_decoder.")."""
        out = {}
        for layer in INTEGER_LAYERS:
            module = getattr(self, layer)
            weight = module.weight.detach().double().cpu()
            fraction = weight_fraction(module.weight, layer).double().cpu()
            integers = torch.round(weight * torch.exp2(fraction).view(-1, 1, 1, 1)).clamp(-127, 127)
            shift = fraction + FRACTION_IN[layer] - FRACTION_OUT[layer]
            bias = torch.zeros(weight.shape[0], dtype=torch.float64)
            if module.bias is not None:
                bias = torch.round(module.bias.detach().double().cpu() * torch.exp2(fraction + FRACTION_IN[layer]))
            bias = bias + torch.exp2(shift - 1)  # rounding offset
            if not (shift.min() >= 1 and shift.max() < 31 and bias.abs().max() < 2 ** 29):
                raise ValueError(f'hyper_scale_decoder.{layer} does not fit the integer network')
            out[layer + '.weight'] = integers.to(torch.int8)
            out[layer + '.bias'] = bias.to(torch.int32)
            out[layer + '.is_quantized'] = torch.tensor([True])
            out[layer + '.per_channel_shifts'] = shift.to(torch.int8).view(1, -1, 1, 1)
        return out

    @torch.no_grad()
    def load_integer_parameters(self, parameters):
        """The inverse: weights that integer_parameters() turns into the same integers."""
        for layer in INTEGER_LAYERS:
            module = getattr(self, layer)
            shift = parameters[layer + '.per_channel_shifts'].double().flatten()
            fraction = shift - FRACTION_IN[layer] + FRACTION_OUT[layer]
            weight = parameters[layer + '.weight'].double() / torch.exp2(fraction).view(-1, 1, 1, 1)
            module.weight.copy_(weight.float())
            if module.bias is not None:
                bias = parameters[layer + '.bias'].double() - torch.exp2(shift - 1)
                module.bias.copy_((bias / torch.exp2(fraction + FRACTION_IN[layer])).float())


@torch.no_grad()
def integer_scale_decoder(parameters, z, h=None, w=None, chroma=False):
    """The integer network itself: sigma index * 128 as int64."""
    x = z.to(torch.float64)  # exact: all sums stay below 2**53
    for layer, padding in (('conv1', 0), ('depthwise', 1), ('pointwise', 0)):
        x = x.clamp(-128, 127)
        weight, bias = parameters[layer + '.weight'].double(), parameters[layer + '.bias'].double()
        total = F.conv2d(x, weight, bias, padding=padding).to(torch.int64)
        x = total >> parameters[layer + '.per_channel_shifts'].to(torch.int64)
        if layer != 'pointwise':
            x = x.clamp_min(0).to(torch.float64)
    x = crop_to(F.pixel_shuffle(x, 4), h, w, 4, multiple=4, chroma=chroma)
    return x.abs().clamp(0, 34 * 128 - 1)


# ---- density of the hyper latent -----------------------------------------------------------------------------------
class HyperDensity(nn.Module):
    """A monotone network per channel for the cumulative distribution. Needed in training only; streams use integer tables."""

    def __init__(self, channels, init_scale=10.0):
        super().__init__()
        widths = (1, 3, 3, 3, 1)
        scale = init_scale ** (1 / 4)
        matrices, biases, factors = [], [], []
        for i in range(4):
            start = math.log(math.expm1(1 / scale / widths[i + 1]))
            matrices.append(nn.Parameter(torch.full((channels, widths[i + 1], widths[i]), start)))
            biases.append(nn.Parameter(torch.empty(channels, widths[i + 1], 1).uniform_(-0.5, 0.5)))
            if i < 3:
                factors.append(nn.Parameter(torch.zeros(channels, widths[i + 1], 1)))
        self.matrices, self.biases, self.factors = map(nn.ParameterList, (matrices, biases, factors))

    def _logits(self, x):
        for i in range(4):
            x = torch.matmul(F.softplus(self.matrices[i]), x) + self.biases[i]
            if i < 3:
                x = x + torch.tanh(self.factors[i]) * torch.tanh(x)
        return x

    def _mass(self, x):
        upper, lower = self._logits(x + 0.5), self._logits(x - 0.5)
        sign = -torch.sign(upper + lower).detach()
        return (torch.sigmoid(sign * upper) - torch.sigmoid(sign * lower)).abs()

    def probability(self, z):
        """Of the unit interval around each value of z [N,C,H,W]."""
        n, c, h, w = z.shape
        return self._mass(z.permute(1, 0, 2, 3).reshape(c, 1, -1)).reshape(c, n, h, w).permute(1, 0, 2, 3)

    def table(self):
        """Of the symbols -31..31, [C,63]."""
        first = self.matrices[0]
        symbols = torch.arange(HYPER_SYMBOLS, device=first.device).float() - HYPER_SYMBOLS // 2
        return self._mass(symbols.view(1, 1, -1).repeat(first.shape[0], 1, 1)).squeeze(1)
