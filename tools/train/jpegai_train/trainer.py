"""The training loop: schedule, mixed precision, several GPUs, checkpoints and continuation.

Parameters and gradients of a group lie in one flat buffer each, so that averaging over GPUs, clipping and the moving average are
one operation each. With several processes each has its own random pictures; gradients are averaged.
"""
import contextlib
import math
import os
import pathlib
import signal
import time

import torch

from . import data, layers, stages

CHECKPOINT_VERSION = 1
UNFINISHED, FINISHED = 'unfinished', 'finished'


class TrainingError(Exception):
    """A run that cannot start or go on, in words for the person who started it."""


class Flat:
    """Parameters (and their gradients) as views into one buffer, with a moving average."""

    def __init__(self, parameters, device):
        parameters = list(parameters)
        sizes = [(p.numel() + 15) // 16 * 16 for p in parameters]
        self.values = torch.zeros(sum(sizes), device=device)
        self.gradients = torch.zeros_like(self.values)
        at = 0
        for parameter, size in zip(parameters, sizes):
            view = self._view(self.values, at, parameter)
            view.copy_(parameter.data)
            parameter.data = view
            parameter.grad = self._view(self.gradients, at, parameter)
            at += size
        self.average = self.values.clone()
        self.leaf = torch.nn.Parameter(self.values)
        self.leaf.grad = self.gradients

    @staticmethod
    def _view(buffer, at, parameter):
        view = buffer[at:at + parameter.numel()]
        if parameter.dim() != 4:
            return view.view(parameter.shape)
        a, b, c, d = parameter.shape
        return view.view(a, c, d, b).permute(0, 3, 1, 2)  # channels last


class Schedule:
    """What holds at which fraction of the run."""

    def __init__(self, options, stage):
        self.options, self.stage = options, stage

    def learning_rate(self, fraction, step):
        warm = min(1.0, (step + 1) / self.options.warm)
        decay = min(1.0, max(0.0, (fraction - 0.2) / 0.8))
        return self.options.lr * warm * (0.004 + 0.996 * 0.5 * (1 + math.cos(math.pi * decay)))

    def apply(self, fraction, tools):
        o, always = self.options, not self.stage.trains_hyper
        tools.phases.hard.fill_(float(not self.stage.trains_analysis or fraction >= o.hard_at))
        tools.phases.hard_hyper.fill_(float(always or fraction >= o.hard_hyper_at))
        tools.phases.integer.fill_(float(always or fraction >= o.integer_at))
        tools.ssim_share.fill_(self.stage.ssim_most * min(1.0, max(0.0, (fraction - o.ssim_at) / 0.1)))


class Processes:
    """The processes of one run; a single one without torchrun."""

    def __init__(self):
        self.rank = int(os.environ.get('RANK', 0))
        self.count = int(os.environ.get('WORLD_SIZE', 1))
        self.local = int(os.environ.get('LOCAL_RANK', 0))
        if torch.cuda.is_available():
            torch.cuda.set_device(self.local)
        self.device = torch.device('cuda', self.local) if torch.cuda.is_available() else torch.device('cpu')
        if self.count > 1:
            import datetime
            torch.distributed.init_process_group('nccl' if self.device.type == 'cuda' else 'gloo',
                                                 timeout=datetime.timedelta(minutes=10))

    def broadcast(self, tensor):
        if self.count > 1:
            torch.distributed.broadcast(tensor, 0)

    def sum(self, tensor):
        if self.count > 1:
            torch.distributed.all_reduce(tensor)

    def close(self):
        if self.count > 1:
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()


class Log:
    """Lines on standard output, and curves for TensorBoard where that is installed and wanted."""

    def __init__(self, name, folder, active):
        self.name, self.active, self.start, self.board = name, active, time.time(), None
        if active and folder:
            try:
                from torch.utils.tensorboard import SummaryWriter
                self.board = SummaryWriter(os.path.join(folder, name))
            except ImportError:
                self('TensorBoard is not installed: no curves are written')

    def __call__(self, *words):
        if self.active:
            print(f'[{time.time() - self.start:7.1f}] {self.name}', *words, flush=True)

    def curves(self, values, step):
        if self.board is not None:
            for key, value in values.items():
                self.board.add_scalar(key, value, step)


class Trainer:
    def __init__(self, options, processes, make_stage):
        self.o, self.processes, self.device = options, processes, processes.device
        self.name, self.began = options.name, time.time()
        self.folder = pathlib.Path(options.out)
        self.log = Log(self.name, options.tensorboard, processes.rank == 0)
        cuda = self.device.type == 'cuda'
        self._set_precision(cuda)
        self.tools = stages.Tools(self.device, self.autocast, cuda and options.compile and hasattr(torch, 'compile'))
        torch.manual_seed(1000 + options.model)  # the same start on every process
        self.stage = make_stage(self.tools)
        self.schedule = Schedule(options, self.stage)
        self.batches = None
        self.graph = None
        self.stop = False

    def _set_precision(self, cuda):
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
        half = self.o.precision == 'bf16' or (self.o.precision == 'auto' and cuda)
        self.autocast = (lambda: torch.autocast(self.device.type, torch.bfloat16)) if half else contextlib.nullcontext
        layers.GROUPED = 'dense' if cuda else 'group'
        layers.FIRST_BY_PATCHES = cuda

    # ---- state ---------------------------------------------------------------------------------------------------------
    def prepare(self, init, pictures):
        """Weights, optimiser, pictures; then the checkpoint of an earlier call, if there is one."""
        if init is not None:
            self.stage.load(init)
        self.stage.begin()
        self.flats = [Flat(parameters, self.device) for parameters, _ in self.stage.groups]
        self.multipliers = [multiplier for _, multiplier in self.stage.groups]
        groups = [{'params': [f.leaf], 'lr': 0.0} for f in self.flats]
        try:
            self.optimiser = torch.optim.Adam(groups, betas=(0.9, 0.995), eps=1e-10, fused=self.device.type == 'cuda')
        except (TypeError, RuntimeError):  # before torch 2
            self.optimiser = torch.optim.Adam(groups, betas=(0.9, 0.995), eps=1e-10)
        tiles = data.cut_tiles(pictures, self.o.tile)
        self.batches = data.Batches(tiles, self.o.batch, self.o.crop, self.device, 77 + 1000 * self.o.model + self.processes.rank,
                                    self.tools.compiled)
        self.log(f'{sum(f.values.numel() for f in self.flats):,} parameters, {len(tiles)} tiles')
        torch.manual_seed(5000 + 10 * self.o.model + self.processes.rank)
        self.step, self.elapsed, self.lr_scale = 0, 0.0, 1.0
        self.norms = torch.full((len(self.flats),), -1.0, device=self.device)  # usual size of the gradients
        self.bad = torch.zeros((), device=self.device)
        self.reference, self.regime = None, None
        self.snapshots = []
        self.resume()

    @property
    def checkpoint(self):
        return self.folder / f'{self.name}.checkpoint'

    def _what(self):
        """What a checkpoint must agree in with the run that continues it."""
        return {k: getattr(self.o, k) for k in ('stage', 'model', 'batch', 'crop', 'lr', 'steps', 'budget', 'synthesis_only')}

    def _random_state(self):
        state = {'host': torch.get_rng_state(), 'batches': self.batches.state()}
        if self.device.type == 'cuda':
            state['device'] = torch.cuda.get_rng_state(self.device)
        return state

    def save(self):
        """By the first process only; the file is replaced when the new one is complete."""
        if self.processes.rank != 0:
            return
        state = {'version': CHECKPOINT_VERSION, 'what': self._what(), 'step': self.step, 'elapsed': self.elapsed,
                 'lr_scale': self.lr_scale, 'reference': self.reference, 'regime': self.regime,
                 'flats': [{'values': f.values, 'average': f.average} for f in self.flats], 'norms': self.norms,
                 'buffers': dict(self.stage.trained.named_buffers()), 'optimiser': self.optimiser.state_dict(),
                 'random': self._random_state()}
        temporary = self.checkpoint.with_suffix('.part')
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint)

    @torch.no_grad()
    def resume(self):
        if self.o.restart or not self.checkpoint.exists():
            return
        state = torch.load(self.checkpoint, map_location='cpu')
        different = {k: (v, state['what'].get(k)) for k, v in self._what().items() if state['what'].get(k) != v}
        if state['version'] != CHECKPOINT_VERSION or different:
            raise TrainingError(f'{self.checkpoint} belongs to another run (now, then): {different}; --restart begins anew')
        for flat, saved in zip(self.flats, state['flats']):
            flat.values.copy_(saved['values'])
            flat.average.copy_(saved['average'])
        for name, buffer in self.stage.trained.named_buffers():
            buffer.copy_(state['buffers'][name])
        self.optimiser.load_state_dict(state['optimiser'])
        self.norms.copy_(state['norms'])
        for key in ('step', 'elapsed', 'lr_scale', 'reference', 'regime'):
            setattr(self, key, state[key])
        if self.processes.rank == 0:
            self.batches.restore(state['random']['batches'])
            torch.set_rng_state(state['random']['host'])
            if 'device' in state['random'] and self.device.type == 'cuda':
                torch.cuda.set_rng_state(state['random']['device'], self.device)
        else:  # the other processes need pictures that differ from those before, no more
            self.batches.random.manual_seed(77 + 1000 * self.step + self.processes.rank)
            torch.manual_seed(5000 + 1000 * self.step + self.processes.rank)
        self.log(f'continues at step {self.step}')

    # ---- one step ------------------------------------------------------------------------------------------------------
    def _backward(self):
        for flat in self.flats:
            flat.gradients.zero_()
        loss, statistics = self.stage.loss(self.x, self.d)
        (loss / self.processes.count).backward()
        with torch.no_grad():
            self.statistics.add_(statistics.float())

    def _capture(self):
        """The forward and backward pass as a CUDA graph, which saves the time of launching its kernels."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._backward()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._backward()
        torch.cuda.synchronize()
        return graph

    def _warm_up(self):
        """Compiles and captures; where that fails, the run goes on without. Uses up no pictures."""
        random = self._random_state()
        try:
            self._next_batch()
            self._backward()
        except Exception as error:  # compilers fail in many ways
            if not self.tools.compiled or isinstance(error, torch.cuda.OutOfMemoryError):
                raise
            self.log('not compiled:', str(error).splitlines()[:1])
            self.tools.do_not_compile()
            self.batches.vary = data.vary_colours
            self.stage.distortion.ms_ssim = self.tools.ms_ssim
            self._next_batch()
            self._backward()
        if self.o.graph:
            try:
                self.graph = self._capture()
            except RuntimeError as error:
                self.log('no CUDA graph:', str(error).splitlines()[:1])
        self.batches.restore(random['batches'])
        self.statistics.zero_()

    @torch.no_grad()
    def _update(self):
        for i, flat in enumerate(self.flats):
            self.processes.sum(flat.gradients)
            norm = torch.linalg.vector_norm(flat.gradients)
            good = torch.isfinite(norm)
            self.norms[i] = torch.where((self.norms[i] < 0) & good, norm, self.norms[i])
            limit = 3.0 * self.norms[i]
            scale = torch.where(good, (limit / (norm + 1e-12)).clamp(max=1.0), torch.zeros_like(norm))
            flat.gradients.nan_to_num_(0.0, 0.0, 0.0)
            flat.gradients.mul_(scale)
            usual = self.norms[i] * 0.98 + 0.02 * torch.minimum(norm, limit * 1.5)
            self.norms[i] = torch.where(good, usual, self.norms[i])
            self.bad.add_((~good).float())
        self.optimiser.step()
        decay = min(0.999, (1 + self.step) / (12 + self.step))
        for flat in self.flats:
            flat.average.lerp_(flat.values, 1 - decay)

    def _next_batch(self):
        self.x.copy_(self.batches.yuv())
        self.d.copy_(self.stage.displacements(self.batches))

    # ---- the loop ------------------------------------------------------------------------------------------------------
    def _fraction(self):
        by_steps = self.step / self.o.steps if self.o.steps else 0.0
        return max(by_steps, self.elapsed / self.o.budget if self.o.budget else 0.0)

    def _agree(self, *numbers):
        """What the first process knows, on all processes."""
        shared = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        self.processes.broadcast(shared)
        return shared.tolist()

    @torch.no_grad()
    def _go_back(self):
        """After a divergence: an earlier average, half the learning rate, fresh moments."""
        self.lr_scale *= 0.5
        for flat, snapshot in zip(self.flats, self.snapshots[0] if self.snapshots else [f.average for f in self.flats]):
            flat.values.copy_(snapshot)
            flat.average.copy_(snapshot)
        self.optimiser.state.clear()
        self.norms.fill_(-1.0)
        self.reference = None
        self.log('diverged: back to an earlier average, learning rate scale', self.lr_scale)

    def _report(self, steps, seconds, lr):
        """Logs the mean of the last steps; returns whether training has diverged."""
        mean = dict(zip(stages.STATISTICS, (self.statistics / steps).tolist()))
        self.statistics.zero_()
        bpp = mean['bpp_y'] + mean['bpp_uv'] + mean['bpp_z']
        speed = steps * self.o.batch * self.processes.count / max(seconds, 1e-9)
        self.log(f"{self._fraction():.3f} step {self.step} {speed:.0f} crops/s lr {lr:.2e} loss {mean['loss']:.4f} bpp {bpp:.4f} "
                 f"(y {mean['bpp_y']:.4f} uv {mean['bpp_uv']:.4f} z {mean['bpp_z']:.4f}) mse {mean['mse_y']:.2f} {mean['mse_u']:.2f} "
                 f"{mean['mse_v']:.2f} ms-ssim {1 - mean['ssim'] / 1000:.4f} other {mean['other']:.2f} skipped {self.bad.item():.0f}")
        self.log.curves({**mean, 'bpp': bpp, 'learning_rate': lr, 'crops_per_second': speed}, self.step)
        regime = list(self.tools.phases.values()) + [float(float(self.tools.ssim_share) > 0)]
        if not math.isfinite(mean['loss']):
            return True
        if regime != self.regime or self.reference is None:
            self.regime, self.reference = regime, mean['loss']
        elif mean['loss'] > 2.5 * self.reference:
            return True
        self.reference = min(self.reference, mean['loss'])
        return False

    def run(self):
        """Trains until the schedule ends, or until --call-seconds are over or the process is asked to stop; then a checkpoint
        is written. Returns FINISHED or UNFINISHED."""
        previous = signal.signal(signal.SIGTERM, lambda *_: setattr(self, 'stop', True))
        try:
            return self._run()
        finally:
            signal.signal(signal.SIGTERM, previous)

    def _run(self):
        shape = (self.o.batch, 3, self.o.crop, self.o.crop)
        self.x, self.d = torch.zeros(shape, device=self.device), torch.zeros(self.o.batch, device=self.device)
        self.statistics = torch.zeros(len(stages.STATISTICS), device=self.device)
        self.schedule.apply(self._fraction(), self.tools)
        if self.device.type == 'cuda':
            self._warm_up()
        last = logged = saved = time.time()
        steps, diverged, lr, first = 0, False, 0.0, self.step
        while True:
            if self.step % self.o.check_every == 0:
                if self.device.type == 'cuda':
                    torch.cuda.synchronize()
                now = time.time()
                self.elapsed += now - last
                last = now
                late = self.o.call_seconds and now - self.began > self.o.call_seconds and self.step > first
                self.elapsed, late, diverged, save = self._agree(
                    self.elapsed, float(bool(late or self.stop)), float(diverged), float(now - saved > self.o.save_every))
                if diverged:
                    self._go_back()
                    diverged = False
                fraction = self._fraction()
                self.schedule.apply(fraction, self.tools)
                if fraction >= 1 or late:
                    self.save()
                    return FINISHED if fraction >= 1 else UNFINISHED
                if save:
                    self.save()
                    saved = time.time()
            lr = self.schedule.learning_rate(self._fraction(), self.step) * self.lr_scale
            for group, multiplier in zip(self.optimiser.param_groups, self.multipliers):
                group['lr'] = lr * multiplier
            self._next_batch()
            self.graph.replay() if self.graph is not None else self._backward()
            self._update()
            self.step += 1
            steps += 1
            if self.step % self.o.log_every == 0:
                diverged = self._report(steps, time.time() - logged, lr)
                steps, logged = 0, time.time()
            if self.step % self.o.snapshot_every == 0:
                self.snapshots = (self.snapshots + [[f.average.clone() for f in self.flats]])[-2:]

    @torch.no_grad()
    def use_average(self):
        for flat in self.flats:
            flat.values.copy_(flat.average)
