"""Analysis and synthesis transforms. Samples are 0..255.

Each transform is split in two, so that training can choose the precision of each: `high` works near the resolution of the
picture, `low` near that of the latent.
"""
import torch.nn as nn
import torch.nn.functional as F

from .layers import (Combine, ConvAttention, Gate, LightResidual, Residual, ShuffleUp, TransformerAttention, conv1x1,
                     conv3x3, crop_to, denormalise, first_conv, normalise, pad_to, up3x3, up4x4)


class Analysis(nn.Module):
    """Planes to latent: luma from one plane, chroma from 12 (all three planes, each as four of half the size)."""

    def __init__(self, luma, high_profile, latent):
        super().__init__()
        width = 128
        self.luma, self.high_profile = luma, high_profile
        self.conv1 = conv3x3(1 if luma else 12, width, 2)
        self.act1 = Gate(width)
        self.conv2 = conv3x3(width, width, 2)
        self.act2 = Gate(width)
        self.conv3 = conv3x3(width, width, 2)
        self.act3 = Gate(width)
        if luma:
            self.conv4 = conv3x3(width, latent, 2)
        self.conv5 = conv1x1(latent if luma else width, latent)
        if high_profile:
            self.TAM = TransformerAttention(width, down_sampled=luma)
            self.cab = ConvAttention(width)

    def forward(self, x, h=None, w=None):
        return self.low(self.high(x, h, w), h, w)

    def high(self, x, h=None, w=None, taps=None):
        """`taps` collects the outputs of the convolutions, whose ranges the reference software wants to know."""
        taps = {} if taps is None else taps
        chroma = not self.luma
        x = pad_to(normalise(x), h, w, 0, chroma=chroma)
        x = taps['E1'] = first_conv(self.conv1, x) if h is None else self.conv1(x)
        x = pad_to(self.act1(x), h, w, 1, chroma=chroma)
        if self.high_profile:
            x = self.TAM(x)
        x = taps['E2'] = self.conv2(x)
        x = pad_to(self.act2(x), h, w, 2, chroma=chroma)
        if self.high_profile:
            x = self.cab(x)
        x = taps['E3'] = self.conv3(x)
        return self.act3(x)

    def low(self, x, h=None, w=None, taps=None):
        taps = {} if taps is None else taps
        if self.luma:
            x = taps['E4'] = self.conv4(pad_to(x, h, w, 3))
        x = taps['E5'] = self.conv5(x)
        return x


class LightLuma(nn.Module):
    """SOP and BOP synthesis of luma."""

    def __init__(self, up, width2, width3, groups):
        super().__init__()
        self.first_stage = nn.Sequential(nn.Sequential(LightResidual(160)), up(160, 64), Gate(64, 4))
        self.conv2_t = up(64, width2)
        self.iact2 = Gate(width2, groups[0])
        self.conv3 = conv3x3(width2, width3)
        self.iact3 = Gate(width3, groups[1])
        self.conv4 = conv1x1(width3, 16)

    def low(self, x):
        return self.first_stage[1](self.first_stage[0](x))

    def high(self, x, h=None, w=None):
        x = crop_to(self.first_stage[2](x), h, w, 3)
        x = crop_to(self.conv2_t(x), h, w, 2)
        x = self.iact3(self.conv3(self.iact2(x)))
        return denormalise(F.pixel_shuffle(self.conv4(x), 4).float())


class LightChroma(nn.Module):
    """SOP and BOP synthesis of both chroma planes, from the latents of luma and chroma."""

    def __init__(self, up, width2, width3, groups):
        super().__init__()
        self.first_stage = Combine(96, 160)
        self.conv2_t = up(144, width2)
        self.iact2 = Gate(width2, groups[0])
        self.conv3 = conv3x3(width2, width3)
        self.iact3 = Gate(width3, groups[1])
        self.conv4 = conv1x1(width3, 128)

    def low(self, x):
        return self.conv2_t(self.first_stage(x))

    def high(self, x, h=None, w=None):
        x = crop_to(x, h, w, 3, chroma=True)
        x = self.iact3(self.conv3(self.iact2(x)))
        return denormalise(F.pixel_shuffle(self.conv4(x), 8).float())


def sop_luma():
    return LightLuma(ShuffleUp, 32, 32, (2, 2))


def sop_chroma():
    return LightChroma(ShuffleUp, 32, 32, (2, 2))


def bop_luma():
    return LightLuma(up4x4, 64, 96, (4, 6))


def bop_chroma():
    return LightChroma(up4x4, 64, 128, (4, 8))


class HopLuma(nn.Module):
    def __init__(self):
        super().__init__()
        self.first_stage = nn.Sequential(nn.Sequential(Residual(160)), up3x3(160, 128), Gate(128))
        self.conv2_t = up3x3(128, 128)
        self.CAB = ConvAttention(128)
        self.TAM = TransformerAttention(128, down_sampled=True)
        self.iact2 = Gate(128)
        self.conv3_t = conv1x1(128, 512, bias=True)
        self.iact3 = Gate(128)
        self.conv4_t = up3x3(128, 1)

    def low(self, x):
        return self.first_stage[1](self.first_stage[0](x))

    def high(self, x, h=None, w=None):
        x = crop_to(self.first_stage[2](x), h, w, 3)
        x = self.CAB(self.conv2_t(x))
        x = self.iact2(crop_to(x, h, w, 2))
        x = self.TAM(F.pixel_shuffle(self.conv3_t(x), 2))
        x = self.iact3(crop_to(x, h, w, 1))
        return denormalise(self.conv4_t(x).float())


class HopChroma(nn.Module):
    def __init__(self):
        super().__init__()
        self.first_stage = Combine(96, 160)
        self.conv2_t = up3x3(144, 64)
        self.CAB = ConvAttention(64)
        self.TAM = TransformerAttention(64, down_sampled=False)
        self.iact2 = Gate(64)
        self.conv3_t = conv1x1(64, 256, bias=True)
        self.iact3 = Gate(64)
        self.conv4_t = up3x3(64, 8)

    def low(self, x):
        return self.conv2_t(self.first_stage(x))

    def high(self, x, h=None, w=None):
        x = crop_to(self.CAB(x), h, w, 3, chroma=True)
        x = self.TAM(F.pixel_shuffle(self.conv3_t(self.iact2(x)), 2))
        x = self.iact3(crop_to(x, h, w, 2, chroma=True))
        return denormalise(F.pixel_shuffle(self.conv4_t(x), 2).float())
