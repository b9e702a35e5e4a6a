"""Layers and blocks of which all networks are built (document 03 of the standard).

Training uses pictures whose sides are multiples of 64, for which all padding and cropping does nothing: there h and w (the size
that crops count from, in luma samples; for chroma in chroma samples with `chroma`) are None. Whole pictures give them.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

# How grouped 3x3 convolutions are computed: 'group' as one grouped convolution, 'dense' as one full convolution with zeros (fast
# on GPUs with tensor cores), the same result up to rounding.
GROUPED = 'group'
# First analysis convolution through explicit patches, which is faster in training on a GPU.
FIRST_BY_PATCHES = False


# ---- sizes ---------------------------------------------------------------------------------------------------------
def ceil_div(a, b):
    return -(-a // b)


def _excess(size, depth, multiple, chroma):
    """Rows (columns) that a map at `depth` has too many when the next coarser map is enlarged by `multiple`."""
    if chroma and depth >= 4:
        depth -= 1
    step = 1 << depth
    return ceil_div(size, multiple * step) * multiple - ceil_div(size, step)


def crop_to(x, h, w, depth, multiple=2, chroma=False):
    if h is None:
        return x
    rows, cols = _excess(h, depth, multiple, chroma), _excess(w, depth, multiple, chroma)
    return x[:, :, :x.shape[2] - rows, :x.shape[3] - cols] if rows or cols else x


def pad_to(x, h, w, depth, multiple=2, chroma=False):
    if h is None:
        return x
    rows, cols = _excess(h, depth, multiple, chroma), _excess(w, depth, multiple, chroma)
    return F.pad(x, (0, cols, 0, rows), mode='replicate') if rows or cols else x


# ---- convolutions --------------------------------------------------------------------------------------------------
def conv1x1(i, o, bias=False):
    return nn.Conv2d(i, o, 1, bias=bias)


def conv3x3(i, o, stride=1, groups=1, bias=True):
    return nn.Conv2d(i, o, 3, stride, 1, groups=groups, bias=bias)


def up3x3(i, o):
    return nn.ConvTranspose2d(i, o, 3, 2, 1, output_padding=1)


def up4x4(i, o):
    return nn.ConvTranspose2d(i, o, 4, 2, 1)


def grouped3x3(x, weight, groups):
    if GROUPED == 'group' or groups == 1:
        return F.conv2d(x, weight, None, 1, 1, 1, groups)
    out, per_group = weight.shape[:2]
    dense = weight.new_zeros(groups, out // groups, groups, per_group, 3, 3)
    index = torch.arange(groups, device=weight.device)
    dense[index, :, index] = weight.view(groups, out // groups, per_group, 3, 3)
    return F.conv2d(x, dense.view(out, groups * per_group, 3, 3), None, 1, 1)


def first_conv(conv, x):
    """A 3x3 convolution of stride 2 and few input channels."""
    if not FIRST_BY_PATCHES:
        return conv(x)
    out, channels = conv.weight.shape[:2]
    h, w = x.shape[2] // 2, x.shape[3] // 2
    padded = F.pad(x, (1, 1, 1, 1))
    patches = [padded[:, :, r:r + 2 * h:2, c:c + 2 * w:2] for r in range(3) for c in range(3)]
    n = 9 * channels
    patches.append(x.new_zeros(x.shape[0], -n % 16, h, w))
    patches = torch.cat(patches, 1).contiguous(memory_format=torch.channels_last)
    weight = F.pad(conv.weight.permute(0, 2, 3, 1).reshape(out, n, 1, 1), (0, 0, 0, 0, 0, -n % 16))
    return F.conv2d(patches, weight, conv.bias)


# ---- blocks --------------------------------------------------------------------------------------------------------
class Gate(nn.Module):
    """ResAU: x * (1 + conv1x1(grouped conv3x3(relu6(x))))."""

    def __init__(self, channels, groups=4):
        super().__init__()
        self.groups = groups
        self.conv = conv3x3(channels, channels, groups=groups, bias=False)
        self.conv2 = conv1x1(channels, channels)

    def forward(self, x):
        return x + x * self.conv2(grouped3x3(F.relu6(x), self.conv.weight, self.groups))


class LightResidual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = conv3x3(channels, channels)

    def forward(self, x):
        return x + F.relu(self.conv1(x))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = conv3x3(channels, channels)
        self.conv2 = conv3x3(channels, channels)

    def forward(self, x):
        return x + self.conv2(F.relu(self.conv1(x)))


class ShuffleUp(nn.Module):
    """2x2 convolution (a zero row and column at the end) and pixel shuffle."""

    def __init__(self, i, o):
        super().__init__()
        self.conv = nn.Conv2d(i, 4 * o, 2, bias=False)

    def forward(self, x):
        return F.pixel_shuffle(self.conv(F.pad(x, (0, 1, 0, 1))), 2)


class Combine(nn.Module):
    """What chroma takes from both latents: a summary of both, and its own."""

    def __init__(self, channels, support):
        super().__init__()
        self.channels = channels
        self.conv1 = conv3x3(channels + support, channels // 2)

    def forward(self, x):
        return torch.cat((self.conv1(x), x[:, -self.channels:]), 1)


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each sample."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        y = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-5)
        return y.permute(0, 3, 1, 2)


class AttentionInput(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1 = ChannelNorm(channels)
        self.conv1 = conv1x1(channels, 3 * channels)
        self.conv2 = conv3x3(3 * channels, 3 * channels, groups=3 * channels, bias=False)

    def forward(self, x):
        return self.conv2(self.conv1(self.norm1(x)))


class ChannelAttention(nn.Module):
    def __init__(self, channels, heads=4):
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.project_out = conv1x1(channels, channels)

    def forward(self, qkv):
        b, c, h, w = qkv.shape
        q, k, v = [t.reshape(b, self.heads, -1, h * w) for t in qkv.chunk(3, 1)]
        q = F.normalize(q.float(), dim=-1)
        k = F.normalize(k.float(), dim=-1)
        a = torch.softmax((q @ k.transpose(-2, -1)) * self.temperature, -1)
        return self.project_out((a.to(v.dtype) @ v).reshape(b, c // 3, h, w))


class FeedForward(nn.Module):
    def __init__(self, channels, expansion=4):
        super().__init__()
        wide = 2 * expansion * channels
        self.norm1 = ChannelNorm(channels)
        self.project_in = conv1x1(channels, wide)
        self.dwconv = conv3x3(wide, wide, groups=wide, bias=False)
        self.project_out = conv1x1(expansion * channels, channels)

    def forward(self, x):
        a, b = self.dwconv(self.project_in(self.norm1(x))).chunk(2, 1)
        return self.project_out(F.elu(a) * b)


class TransformerBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.prep_data = AttentionInput(channels)
        self.attn = ChannelAttention(channels)
        self.ffn = FeedForward(channels)

    def forward(self, x):
        x = x + self.attn(self.prep_data(x))
        return x + self.ffn(x)


class TransformerAttention(nn.Module):
    """TAM, at half the resolution where `down_sampled`."""

    def __init__(self, channels, down_sampled):
        super().__init__()
        self.down_sampled = down_sampled
        if down_sampled:
            self.ds_conv = conv3x3(channels, channels, stride=2)
            self.us_conv = up3x3(channels, channels)
        self.TABs = nn.Sequential(TransformerBlock(channels), TransformerBlock(channels))

    def forward(self, x):
        if self.down_sampled:
            return self.us_conv(self.TABs(self.ds_conv(x)))
        return self.TABs(x)


class ConvAttention(nn.Module):
    """CAB: a residual trunk, weighted by a mask from half the resolution."""

    def __init__(self, channels):
        super().__init__()
        self.residual_trunk = nn.Sequential(Residual(channels), Residual(channels))
        self.residual_mask2 = nn.Sequential(Residual(channels))
        self.residual_mask3 = nn.Sequential(Residual(channels))
        self.subscale = conv3x3(channels, channels, stride=2)
        self.upscale = up3x3(channels, channels)

    def forward(self, x):
        mask = self.upscale(self.residual_mask3(self.residual_mask2(self.subscale(x))))
        return x + self.residual_trunk(x) * torch.sigmoid(mask)


def normalise(x):
    return (x - 127.5) / 128


def denormalise(x):
    return x * 128 + 127.5
