"""Sets of networks that are trained together."""
import math

import torch
import torch.nn as nn

from .context import Context, Fusion
from .hyper import HyperDecoder, HyperDensity, HyperEncoder, ScaleDecoder
from .layers import Gate, LightResidual, Residual, TransformerBlock
from .standard import CHANNELS_UV, CHANNELS_Y
from .transforms import Analysis, HopChroma, HopLuma, bop_chroma, bop_luma, sop_chroma, sop_luma


class Common(nn.Module):
    """What all operating points of a model share, for one component."""

    def __init__(self, channels, luma):
        super().__init__()
        self.channels, self.luma = channels, luma
        self.hyper_encoder = HyperEncoder(channels, not luma)
        self.hyper_decoder = HyperDecoder(channels, not luma)
        self.hyper_scale_decoder = ScaleDecoder(channels, not luma)
        self.hyper_entropy = HyperDensity(channels)
        if luma:
            self.context = Context(channels)
        self.gain = nn.Parameter(torch.zeros(channels))  # logarithmic, in sigma-index units


class BaseModel(nn.Module):
    """BOP analysis, the common part, BOP and SOP synthesis of one model id."""

    def __init__(self):
        super().__init__()
        self.enc_y = Analysis(True, False, CHANNELS_Y)
        self.enc_uv = Analysis(False, False, CHANNELS_UV)
        self.y = Common(CHANNELS_Y, True)
        self.uv = Common(CHANNELS_UV, False)
        self.bop_y, self.bop_uv = bop_luma(), bop_chroma()
        self.sop_y, self.sop_uv = sop_luma(), sop_chroma()
        init_weights(self)
        self.enc_y.conv5.weight.data.mul_(4.0)
        self.enc_uv.conv5.weight.data.mul_(4.0)


class HopModel(nn.Module):
    """HOP analysis and synthesis of one model id; the common part is that of its base model."""

    def __init__(self):
        super().__init__()
        self.enc_y = Analysis(True, True, CHANNELS_Y)
        self.enc_uv = Analysis(False, True, CHANNELS_UV)
        self.hop_y, self.hop_uv = HopLuma(), HopChroma()
        init_weights(self)
        for net in (self.hop_y, self.hop_uv):
            nn.init.constant_(net.CAB.upscale.bias, -1.0)
            net.conv4_t.weight.data.mul_(0.1)  # start from grey, not from noise

    @torch.no_grad()
    def start_from(self, base, noise=0.01):
        """Makes the analysis compute nearly what that of the base model does."""
        self._copy_analysis(base)
        for own in (self.enc_y, self.enc_uv):
            for block in own.TAM.TABs:
                block.attn.project_out.weight.mul_(0.1)
                block.ffn.project_out.weight.mul_(0.1)
            own.cab.upscale.bias.fill_(-3.0)
            if own.luma:
                self._pass_through(own, noise)

    def _copy_analysis(self, base):
        for own, other in ((self.enc_y, base.enc_y), (self.enc_uv, base.enc_uv)):
            parameters = dict(own.named_parameters())
            for name, value in other.named_parameters():
                parameters[name].copy_(value)

    @staticmethod
    def _pass_through(analysis, noise):
        """The attention block halves the resolution; its first convolution takes over what the second one computed, and
        the others become copies."""
        analysis.TAM.ds_conv.weight.copy_(analysis.conv2.weight)
        analysis.TAM.ds_conv.bias.copy_(analysis.conv2.bias)
        channels = analysis.conv2.weight.shape[0]
        identity = torch.eye(channels, device=analysis.conv2.weight.device)
        for conv in (analysis.TAM.us_conv, analysis.conv2):
            conv.weight.normal_(0, noise / math.sqrt(9 * channels))
            conv.weight[:, :, 1, 1] += identity
            conv.bias.zero_()


def _fan_in(conv):
    if isinstance(conv, nn.Conv2d):
        return conv.weight[0].numel()
    return conv.weight.shape[0] * conv.weight.shape[2] * conv.weight.shape[3] / conv.stride[0] ** 2


@torch.no_grad()
def init_weights(net):
    """Variance-preserving weights; branches that are added to something start small."""
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0, math.sqrt(1.0 / _fan_in(module)))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in net.modules():
        if isinstance(module, Gate):
            module.conv2.weight.mul_(0.1)
        elif isinstance(module, Residual):
            module.conv2.weight.mul_(0.3)
        elif isinstance(module, LightResidual):
            module.conv1.weight.mul_(0.3)
        elif isinstance(module, TransformerBlock):
            module.attn.project_out.weight.mul_(0.1)
            module.ffn.project_out.weight.mul_(0.1)
        elif isinstance(module, ScaleDecoder):
            module.depthwise.bias.fill_(1.0)
            module.conv1.weight.mul_(0.5)
            module.depthwise.weight.mul_(0.5)
            module.pointwise.weight.mul_(0.3).add_(8.0 / module.pointwise.weight.shape[1])
        elif isinstance(module, Fusion):
            module.conv3.weight.mul_(0.2)
