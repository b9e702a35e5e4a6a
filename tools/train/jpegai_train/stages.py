"""What is trained on what.

base   BOP analysis, the common part, BOP and SOP synthesis, together
sop    SOP synthesis alone, everything else frozen
hop    HOP analysis and synthesis, on the frozen common part and with the frozen BOP synthesis as a second reader; or, with
       --synthesis-only, HOP synthesis alone, for the latents of the BOP analysis
eicci  one network of the eICCI filter, on decoded pictures
"""
import torch
import torch.nn.functional as F

from . import coding, eicci, losses, standard, weights
from .metrics import ms_ssim
from .models import BaseModel, HopModel

# Per model id: share of MS-SSIM in the luma distortion, weights of luma and chroma distortion, and the range of quality
# displacements (in 1/128 of a sigma index) that most samples get.
SSIM_SHARE = (0.30, 0.30, 0.25, 0.20)
WEIGHTS = ((0.72, 0.14), (0.72, 0.14), (0.66, 0.17), (0.56, 0.22))
DISPLACEMENTS = ((-560, 340), (-360, 340), (-360, 340), (-360, 420))

STATISTICS = ('loss', 'bpp_y', 'bpp_uv', 'bpp_z', 'mse_y', 'mse_u', 'mse_v', 'ssim', 'other')


class Tools:
    """What stages need of the trainer: precision, compiled functions, the phases of the schedule."""

    def __init__(self, device, autocast, compiled):
        self.device, self.autocast, self.compiled = device, autocast, compiled
        self.phases = losses.Phases(device)
        self.ssim_share = torch.zeros((), device=device)
        self._make_functions()

    def _make_functions(self):
        self.bits = (self.compile(losses.gaussian_bits), self.compile(losses.hyper_bits))
        self.ms_ssim = self.compile(ms_ssim)
        self._high = {}

    def do_not_compile(self):
        self.compiled = False
        self._make_functions()

    def compile(self, function):
        return torch.compile(function, dynamic=False) if self.compiled else function

    def high(self, net, x):
        """The part of a transform near picture resolution, in mixed precision."""
        if net not in self._high:
            self._high[net] = self.compile(net.high)
        with self.autocast():
            return self._high[net](x)

    def analyse(self, nets, x):
        y = self.high(nets[0], x[:, :1])
        uv = self.high(nets[1], F.pixel_unshuffle(x, 2))
        return nets[0].low(y.float()), nets[1].low(uv.float())

    def synthesise(self, nets, a, b):
        low_y, low_uv = nets[0].low(a), nets[1].low(torch.cat((a, b), 1))
        return self.high(nets[0], low_y), self.high(nets[1], low_uv)


class Stage:
    """A stage owns its networks; `groups` are the trained parameters with multipliers of the learning rate."""

    name = ''
    trains_hyper = False    # whether the hyper networks' rounding and integers are phased in, or are there from the start
    trains_analysis = True  # the same of the rounding of residuals

    def __init__(self, model_id, tools):
        self.model_id, self.tools = model_id, tools
        self.base = BaseModel().to(tools.device)
        self.beta = float(standard.BETAS[model_id])
        self.distortion = losses.Distortion(*WEIGHTS[model_id], tools.ms_ssim)
        self.ssim_most = SSIM_SHARE[model_id]
        self.init_tables = None

    # Networks whose weights are the result.
    trained = None
    groups = ()

    def load(self, set_of_weights):
        """Starts from given weights."""
        weights.load_model(self.base, set_of_weights, self.model_id)
        self.init_tables = weights.hyper_tables(set_of_weights, self.model_id)

    def begin(self):
        """Called once after loading, before a run that starts anew."""

    def displacements(self, batches):
        low, high = DISPLACEMENTS[self.model_id]
        n = batches.batch
        d = low + (high - low) * batches.uniform(n)
        kind = batches.uniform(n)
        d = torch.where(kind < 0.06, -760 + 1440 * batches.uniform(n), d)  # a few far outside
        d = torch.where(kind > 0.85, torch.zeros_like(d), d)               # more of the model's own rate
        return (d / 128).round(decimals=3)

    def _code(self, latents, d):
        """Both components through the relaxed coder: latents, bits per pixel of both residuals and both hyper latents."""
        a, by, bz = losses.code_component(self.base.y, latents[0], d, self.tools.phases, self.tools.bits)
        b, bu, bzu = losses.code_component(self.base.uv, latents[1], d, self.tools.phases, self.tools.bits)
        return a, b, by, bu, bz + bzu

    def _weights(self, d):
        """Weight of each sample, and its beta: a displacement asks for another quality."""
        square = torch.exp(2 * standard.LOG_K * d)
        return square ** -0.35, self.beta * square

    def _distort(self, x, nets, a, b):
        y, uv = self.tools.synthesise(nets, a, b)
        return self.distortion(x, y, uv, self.tools.ssim_share, max(1, len(x) // 2))

    def loss(self, x, d):
        """Loss and STATISTICS of a batch x [B,3,H,W] (YUV) with displacements d [B]."""
        raise NotImplementedError

    # For what happens after training: the analysis that makes the latents, and every synthesis that reads them.
    analysis = None
    syntheses = {}

    def evaluate(self, pictures, displacements, costs, autocast=None):
        return coding.evaluate(self.base.y, self.base.uv, self.analysis, self.syntheses, pictures, displacements, costs,
                               autocast=autocast)

    @torch.no_grad()
    def forward_all(self, x):
        """Every network once, in full precision."""
        latents = self.analysis[0](x[:, :1]), self.analysis[1](F.pixel_unshuffle(x, 2))
        a, b, *_ = self._code(latents, torch.zeros(len(x), device=x.device))
        for luma, chroma in self.syntheses.values():
            luma.high(luma.low(a)), chroma.high(chroma.low(torch.cat((a, b), 1)))

    def result(self, tables):
        """The trained tensors by file and key. tables: of the hyper latents (luma, chroma), for a base model."""
        return weights.model_tensors(self.trained, self.model_id, tables)


class BaseStage(Stage):
    name, trains_hyper = 'base', True

    def __init__(self, model_id, tools):
        super().__init__(model_id, tools)
        self.trained = self.base
        base = self.base
        density = [p for c in (base.y, base.uv) for p in c.hyper_entropy.parameters()]
        gains = [base.y.gain, base.uv.gain]
        others = {id(p) for p in density + gains}
        self.groups = [([p for p in base.parameters() if id(p) not in others], 1.0), (density, 3.0), (gains, 0.3)]
        self.analysis = (base.enc_y, base.enc_uv)
        self.bop, self.sop = (base.bop_y, base.bop_uv), (base.sop_y, base.sop_uv)
        self.syntheses = {'bop': self.bop, 'sop': self.sop}

    def loss(self, x, d):
        pixels = x.shape[2] * x.shape[3]
        weight, beta = self._weights(d)
        a, b, by, bu, bz = self._code(self.tools.analyse(self.analysis, x), d)
        bop, errors = self._distort(x, self.bop, a, b)
        sop, other = self._distort(x, self.sop, a, b)
        loss = (weight * ((by + bu + bz) / pixels + beta * (0.8 * bop + 0.2 * sop))).mean()
        # The mean gain is redundant with the scale of the latent: keep it near zero.
        loss = loss + 1e-4 * (self.base.y.gain.square().mean() + self.base.uv.gain.square().mean())
        rates = torch.stack((by.mean(), bu.mean(), bz.mean())).detach() / pixels
        return loss, torch.cat((loss.detach().view(1), rates, errors, other[:1]))


class SopStage(BaseStage):
    name, trains_hyper, trains_analysis = 'sop', False, False

    def __init__(self, model_id, tools):
        super().__init__(model_id, tools)
        self.base.requires_grad_(False)
        nets = [net.requires_grad_(True) for net in self.sop]
        self.groups = [([p for net in nets for p in net.parameters()], 1.0)]

    def loss(self, x, d):
        pixels = x.shape[2] * x.shape[3]
        weight, beta = self._weights(d)
        with torch.no_grad():
            a, b, by, bu, bz = self._code(self.tools.analyse(self.analysis, x), d)
        sop, errors = self._distort(x, self.sop, a, b)
        loss = (weight * beta * sop).mean()
        rates = torch.stack((by.mean(), bu.mean(), bz.mean())) / pixels
        return loss, torch.cat((loss.detach().view(1), rates, errors, errors[:1]))

    def result(self, tables):
        return {f: t for f, t in super().result(tables).items() if f.startswith('VM_sop/')}


class HopStage(Stage):
    name = 'hop'

    def __init__(self, model_id, tools):
        super().__init__(model_id, tools)
        self.base.requires_grad_(False)
        self.trained = hop = HopModel().to(tools.device)
        self.analysis, self.hop = (hop.enc_y, hop.enc_uv), (hop.hop_y, hop.hop_uv)
        self.bop = (self.base.bop_y, self.base.bop_uv)
        self.syntheses = {'hop': self.hop, 'bop': self.bop}
        self.base_analysis = (self.base.enc_y, self.base.enc_uv)
        self.groups = [([p for net in self.analysis for p in net.parameters()], 0.3),
                       ([p for net in self.hop for p in net.parameters()], 1.0)]

    def load(self, set_of_weights):
        super().load(set_of_weights)
        if self.model_id in weights.models_with(set_of_weights, 'VM_hop/encoder_Y'):
            weights.load_model(self.trained, set_of_weights, self.model_id)
            self._continued = True

    _continued = False

    def begin(self):
        if not self._continued:
            self.trained.start_from(self.base)

    def loss(self, x, d):
        pixels = x.shape[2] * x.shape[3]
        weight, beta = self._weights(d)
        a, b, by, bu, bz = self._code(self.tools.analyse(self.analysis, x), d)
        hop, errors = self._distort(x, self.hop, a, b)
        bop, other = self._distort(x, self.bop, a, b)  # streams of the HOP analysis must decode well with BOP, too
        loss = (weight * ((by + bu + bz) / pixels + beta * (0.9 * hop + 0.1 * bop))).mean()
        loss = loss + self._with_base_analysis(x, d, weight, beta)
        rates = torch.stack((by.mean(), bu.mean(), bz.mean())).detach() / pixels
        return loss, torch.cat((loss.detach().view(1), rates, errors, other[:1]))

    def _with_base_analysis(self, x, d, weight, beta):
        """And the HOP synthesis must decode streams of the BOP analysis: a few samples of the batch."""
        k = max(1, len(x) // 8)
        with torch.no_grad():
            with self.tools.autocast():
                high = [net.high(p) for net, p in zip(self.base_analysis, (x[:k, :1], F.pixel_unshuffle(x[:k], 2)))]
            a, b, *_ = self._code([net.low(h.float()) for net, h in zip(self.base_analysis, high)], d[:k])
        low_y, low_uv = self.hop[0].low(a), self.hop[1].low(torch.cat((a, b), 1))
        with self.tools.autocast():
            y, uv = self.hop[0].high(low_y), self.hop[1].high(low_uv)
        return 0.15 * (k / len(x)) * (weight[:k] * beta[:k] * self.distortion.plain(x[:k], y, uv)).mean()


class HopSynthesisStage(HopStage):
    """HOP synthesis alone, for latents of the BOP analysis, with which sets without HOP analysis are coded: less than half of
    the work of a step, and a small pack, for what the better synthesis alone gains."""

    trains_analysis = False

    def __init__(self, model_id, tools):
        super().__init__(model_id, tools)
        for net in self.analysis:
            net.requires_grad_(False)
        self.groups = self.groups[1:]
        self.analysis = self.base_analysis

    def load(self, set_of_weights):
        """Goes on from the HOP synthesis of the set, if need be from that of the nearest model: only the layers that read the
        latent are foreign to another model."""
        Stage.load(self, set_of_weights)
        there = weights.models_with(set_of_weights, 'VM_hop/decoder_Y')
        if there:
            nearest = min(there, key=lambda m: abs(m - self.model_id))
            weights.load_model(self.trained, set_of_weights, nearest, 'VM_hop/decoder')

    def begin(self):
        pass

    def loss(self, x, d):
        pixels = x.shape[2] * x.shape[3]
        weight, beta = self._weights(d)
        with torch.no_grad():
            a, b, by, bu, bz = self._code(self.tools.analyse(self.base_analysis, x), d)
        hop, errors = self._distort(x, self.hop, a, b)
        loss = (weight * beta * hop).mean()
        rates = torch.stack((by.mean(), bu.mean(), bz.mean())) / pixels
        return loss, torch.cat((loss.detach().view(1), rates, errors, errors[:1]))

    def result(self, tables):
        return {f: t for f, t in super().result(tables).items() if f.startswith('VM_hop/decoder')}


class EicciStage(Stage):
    """One network of a bank. Its name tells the distortion (mse, mss) and the rate in 1/100 bpp that it is meant for; the
    displacement of the training pictures is the one that comes nearest to it, given with --displacement."""

    name = 'eicci'

    def __init__(self, model_id, tools, bank='bop', network='mse050', displacement=0):
        super().__init__(model_id, tools)
        self.bank, self.network, self.displacement = bank, network, displacement
        self.base.requires_grad_(False)
        self.hop_model = HopModel().to(tools.device).requires_grad_(False) if bank == 'hop' else None
        self.trained = eicci.Eicci().to(tools.device)
        self.groups = [(list(self.trained.parameters()), 1.0)]

    def load(self, set_of_weights):
        super().load(set_of_weights)
        if self.hop_model is not None:
            weights.load_model(self.hop_model, set_of_weights, self.model_id)

    def _transforms(self):
        if self.hop_model is not None:
            hop = self.hop_model
            return (hop.enc_y, hop.enc_uv), (hop.hop_y, hop.hop_uv)
        base = self.base
        return (base.enc_y, base.enc_uv), (base.bop_y, base.bop_uv)

    def displacements(self, batches):
        return torch.full((batches.batch,), round(self.displacement / 128, 3), device=self.tools.device)

    @torch.no_grad()
    def decoded(self, x, d):
        """Pictures as a decoder has them, in 0..1, and the rates."""
        analysis, synthesis = self._transforms()
        a, b, by, bu, bz = self._code(self.tools.analyse(analysis, x), d)
        y, uv = self.tools.synthesise(synthesis, a, b)
        return torch.cat((y, uv), 1).clamp(0, 255) / 255, torch.stack((by.mean(), bu.mean(), bz.mean()))

    def loss(self, x, d):
        decoded, bits = self.decoded(x, d)
        enhanced = self.trained(decoded)
        errors = (enhanced * 255 - x).square().mean((0, 2, 3))
        ssim = 1 - self.tools.ms_ssim(x[:, :1], enhanced[:, :1] * 255).mean()
        loss = 100 * ssim if self.network.startswith('mss') else 0.0
        loss = loss + (errors * errors.new_tensor((0.75, 0.125, 0.125))).sum() * (0.05 if self.network.startswith('mss') else 1.0)
        before = (decoded[:, :1] * 255 - x[:, :1]).square().mean()
        rates = bits / (x.shape[2] * x.shape[3])
        return loss, torch.cat((loss.detach().view(1), rates, errors.detach(), 1000 * ssim.detach().view(1), before.view(1)))

    def evaluate(self, pictures, displacements, costs, autocast=None):
        return {}

    def result(self, tables):
        return {weights.eicci_file(self.bank, self.network): weights.state_tensors(self.trained)}


STAGES = {stage.name: stage for stage in (BaseStage, SopStage, HopStage, EicciStage)}
