"""The command line of the trainer."""
import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import torch

from . import coding, data, evaluate, export, finish, pack, stages, trainer, weights

EXIT_UNFINISHED = 3  # time is up, the same command continues
LEAST_SECONDS = 60   # less of a call is not enough to start another model


def _add_training_options(p):
    p.add_argument('--out', required=True, metavar='DIR', help='folder for checkpoints and results')
    p.add_argument('--val', nargs='*', default=[], metavar='PATH', help='pictures to measure the result on, not used in training')
    p.add_argument('--init', nargs='*', default=[], metavar='PATH',
                   help='weights to start from: packs, folders of packs or of .pth files (needed by sop, hop, eicci)')
    length = p.add_argument_group('length of the run')
    length.add_argument('--steps', type=int, default=55000, help='steps of the whole schedule; 0: by --budget alone (default %(default)s)')
    length.add_argument('--budget', type=float, default=0, metavar='SECONDS',
                        help='time of the whole schedule over all calls; whatever of steps and time ends first counts')
    length.add_argument('--call-seconds', type=float, default=0, metavar='SECONDS',
                        help=f'stop when this call has lasted so long, with a checkpoint and exit status {EXIT_UNFINISHED}; what '
                             'follows the last step (statistics, packs) comes on top')
    length.add_argument('--restart', action='store_true', help='begin anew although there is a checkpoint')
    learn = p.add_argument_group('training')
    learn.add_argument('--batch', type=int, default=64, help='crops per step and process (default %(default)s)')
    learn.add_argument('--crop', type=int, default=256, help='side of a crop, a multiple of 64 (default %(default)s)')
    learn.add_argument('--tile', type=int, default=384, help='side of the tiles that crops are taken from (default %(default)s)')
    learn.add_argument('--lr', type=float, default=7e-4, help='highest learning rate; above 7.5e-4 runs diverge (default %(default)s)')
    learn.add_argument('--warm', type=int, default=1000, help='steps until the learning rate is reached (default %(default)s)')
    learn.add_argument('--hard-hyper-at', type=float, default=0.04, metavar='FRACTION', help='rate of rounded hyper latents from here')
    learn.add_argument('--ssim-at', type=float, default=0.30, metavar='FRACTION', help='MS-SSIM enters the loss from here')
    learn.add_argument('--integer-at', type=float, default=0.45, metavar='FRACTION', help='integer scale decoder from here')
    learn.add_argument('--hard-at', type=float, default=0.50, metavar='FRACTION', help='rounded residuals from here')
    learn.add_argument('--synthesis-only', action='store_true',
                       help='hop: train the synthesis alone, for latents of the BOP analysis')
    result = p.add_argument_group('result')
    result.add_argument('--grid', action=argparse.BooleanOptionalAction, default=True,
                        help='round weights to grids that pack into about a byte per value (default: yes)')
    result.add_argument('--coarseness', type=float, default=1.0, metavar='FACTOR',
                        help='of the grids: 2 makes packs about an eighth smaller and doubles what rounding costs (default 1)')
    result.add_argument('--statistics', type=int, default=40, metavar='N', help='batches for hyper tables and ranges (default %(default)s)')
    result.add_argument('--info', default='', metavar='TEXT', help='origin and licence, kept in the pack')
    machine = p.add_argument_group('machine')
    machine.add_argument('--precision', choices=('auto', 'bf16', 'fp32'), default='auto',
                         help='of the layers near picture resolution; auto: bf16 on a GPU')
    machine.add_argument('--compile', action=argparse.BooleanOptionalAction, default=True, help='torch.compile on a GPU')
    machine.add_argument('--graph', action=argparse.BooleanOptionalAction, default=True, help='CUDA graph of the step')
    machine.add_argument('--tensorboard', default='', metavar='DIR', help='write curves there, where TensorBoard is installed')
    machine.add_argument('--save-every', type=float, default=120, metavar='SECONDS', help='between checkpoints (default %(default)s)')
    machine.add_argument('--log-every', type=int, default=250, metavar='STEPS', help='between lines of the log (default %(default)s)')
    machine.add_argument('--check-every', type=int, default=20, metavar='STEPS', help='between looks at the clock (default %(default)s)')
    machine.add_argument('--snapshot-every', type=int, default=2000, metavar='STEPS',
                         help='between averages to go back to when training diverges (default %(default)s)')
    machine.add_argument('--level', type=int, default=19, help='zstd level of packs, 0: none (default %(default)s)')


def parser():
    p = argparse.ArgumentParser(prog='train.py', description='Trains the networks of JPEG AI; README.md tells how.')
    commands = p.add_subparsers(dest='command', required=True)

    run = commands.add_parser('run', help='train one stage of one model; also under torchrun')
    run.add_argument('stage', choices=list(stages.STAGES))
    run.add_argument('model', type=int, choices=range(4), help='model id: 0 lowest, 3 highest rate')
    run.add_argument('pictures', nargs='+', help='folders, pictures, .tar, .npy')
    run.add_argument('--name', default='', help='of the result (default: STAGE_MODEL)')
    run.add_argument('--bank', choices=('bop', 'hop'), default='bop', help='eicci: synthesis that the network follows')
    run.add_argument('--network', default='mse050', help='eicci: which of the bank, as in mse012 .. mss100')
    run.add_argument('--displacement', type=int, default=0, help='eicci: quality displacement of the training pictures')
    _add_training_options(run)

    whole = commands.add_parser('reproduce', help='train all models on all GPUs and export them')
    whole.add_argument('pictures', nargs='+', help='folders, pictures, .tar, .npy')
    whole.add_argument('--stage', choices=('all', 'base', 'sop', 'hop'), default='all',
                       help='all: what the default models have, that is base and then the HOP synthesis for it (default)')
    whole.add_argument('--hop-steps', type=int, default=10000, help='all: steps of HOP (default %(default)s)')
    whole.add_argument('--models', default='0,1,2,3', help='model ids (default %(default)s)')
    _add_training_options(whole)

    out = commands.add_parser('export', help='results to packs, or to .pth files')
    out.add_argument('results', nargs='+', help='of runs: OUT/base_0 ...; base results of one set together')
    out.add_argument('--out', required=True, metavar='DIR')
    out.add_argument('--pth', action='store_true', help='.pth files in the layout of the reference software')
    out.add_argument('--prefix', default='model', help='packs are called PREFIX_0.jaiw ...')
    out.add_argument('--info', default='', help='origin and licence, kept in the packs')
    out.add_argument('--level', type=int, default=19, help='zstd level, 0: none')

    measure = commands.add_parser('evaluate', help='rate and quality of a set on whole pictures')
    measure.add_argument('weights', nargs='+', help='packs, folders of packs or of .pth files')
    measure.add_argument('--pictures', nargs='+', required=True)
    measure.add_argument('--displacements', default='-300,-150,0,150,300')
    measure.add_argument('--json', default='', metavar='FILE')
    return p


# ---- run -----------------------------------------------------------------------------------------------------------
def _check(o):
    if o.crop % 64 or o.crop < 64 or o.tile < o.crop or o.batch < 1 or o.warm < 1:
        raise trainer.TrainingError('--crop is a multiple of 64, --tile not smaller, --batch and --warm at least 1')
    if not o.steps and not o.budget:
        raise trainer.TrainingError('give --steps or --budget')
    if o.stage != 'base' and not o.init:
        raise trainer.TrainingError(f'the stage {o.stage} needs --init: the weights that it builds on')


def _make_stage(o):
    def make(tools):
        if o.stage == 'eicci':
            return stages.EicciStage(o.model, tools, o.bank, o.network, o.displacement)
        if o.stage == 'hop' and o.synthesis_only:
            return stages.HopSynthesisStage(o.model, tools)
        return stages.STAGES[o.stage](o.model, tools)
    return make


def _finish(t, o, validation):
    """Averaged weights, statistics, rounding, measurement, result. By the first process."""
    stage, autocast = t.stage, t.autocast
    t.use_average()
    stage.trained.eval()
    torch.backends.cudnn.allow_tf32 = False  # what is measured is what a decoder computes
    statistics, tables = {}, None
    if o.stage != 'eicci':
        if o.stage == 'base':
            finish.centre_hyper_latents(stage.base, t.batches, autocast, o.statistics)
        finish.round_to_half(stage.trained)
        if o.grid and o.stage in ('base', 'hop'):
            sample = t.batches.yuv()[:32]
            finish.round_to_grids(stage.trained, o.model, lambda: stage.forward_all(sample), o.coarseness)
        if o.stage != 'sop':
            commons = (stage.base.y, stage.base.uv)
            statistics = finish.collect(stage.analysis, commons, t.batches, autocast, o.statistics)
        tables = stage.init_tables if o.stage != 'base' else [coding.fit_tables(statistics[f'counts.{c}']) for c in ('y', 'uv')]
    else:
        finish.round_to_half(stage.trained)
    measured = {}
    if validation is not None and tables is not None:
        costs = [coding.table_bits(table) for table in tables]
        measured = stage.evaluate([validation], (-450, -300, -150, 0, 150, 300), costs)
        t.log('validation, real quantisation and tables, float32\n' + coding.table_text(measured))
    path = pathlib.Path(o.out) / o.name
    export.save_result(path, stage.result(tables), statistics, o.name, o.info, o.level)
    description = {'name': o.name, 'steps': t.step, 'seconds': round(t.elapsed, 1), 'options': vars(o), 'validation': measured}
    path.with_suffix('.json').write_text(json.dumps(description, indent=1) + '\n')
    t.log(f'result in {path}.jaiw')


def run(o):
    _check(o)
    o.name = o.name or (f'eicci_{o.bank}_{o.network}' if o.stage == 'eicci' else f'{o.stage}_{o.model}')
    done = pathlib.Path(o.out) / f'{o.name}.json'
    if done.exists() and not o.restart:
        print(f'{o.name} is finished: {done} is there (--restart trains it again)')
        return 0
    processes = trainer.Processes()
    pathlib.Path(o.out).mkdir(parents=True, exist_ok=True)
    t = trainer.Trainer(o, processes, _make_stage(o))
    pictures = data.read_pictures(o.pictures)
    t.prepare(weights.read_weights(o.init) if o.init else None, pictures)
    state = t.run()
    if state == trainer.FINISHED and processes.rank == 0:
        t.graph = None
        t.log(f'trained {t.step} steps in {t.elapsed:.0f} s')
        validation = data.validation_crops(data.read_pictures(o.val), min(256, o.crop)) if o.val else None
        _finish(t, o, validation)
    elif state == trainer.UNFINISHED:
        t.log(f'stopped at step {t.step}; the same command continues')
    processes.close()
    return 0 if state == trainer.FINISHED else EXIT_UNFINISHED


# ---- reproduce -----------------------------------------------------------------------------------------------------
def _free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def _run_command(o, model):
    """The `run` command of one model, with the options of `reproduce`."""
    command = [sys.executable, os.path.abspath(sys.argv[0]), 'run', o.stage, str(model), *o.pictures]
    for key, value in vars(o).items():
        option = '--' + key.replace('_', '-')
        if key in ('command', 'pictures', 'stage', 'models', 'hop_steps'):
            continue
        if isinstance(value, bool):
            if key in ('compile', 'graph', 'grid'):
                command.append(option if value else '--no-' + key)
            else:
                command += [option] if value else []
        elif isinstance(value, list):
            command += [option, *value] if value else []
        elif value != '':
            command += [option, str(value)]
    return command


def _start(o, model, gpus):
    """Processes of one model, one per GPU (one without a GPU)."""
    port, started = str(_free_port()), []
    for rank, gpu in enumerate(gpus or [None]):
        environment = dict(os.environ, RANK=str(rank), WORLD_SIZE=str(max(1, len(gpus))), LOCAL_RANK='0',
                           MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
        if gpu is not None:
            environment['CUDA_VISIBLE_DEVICES'] = str(gpu)
        log = open(pathlib.Path(o.out) / f'{o.stage}_{model}.r{rank}.log', 'a')
        started.append(subprocess.Popen(_run_command(o, model), env=environment, stdout=log, stderr=subprocess.STDOUT))
    return started


def reproduce(o):
    end = time.time() + o.call_seconds if o.call_seconds else None
    if o.stage != 'all':
        return _train_models(o, end)
    o.stage = 'base'
    status = _train_models(o, end)
    if status or (end is not None and end - time.time() < LEAST_SECONDS):
        return status or EXIT_UNFINISHED
    o.stage, o.steps, o.synthesis_only, o.init = 'hop', o.hop_steps, True, [os.path.join(o.out, 'packs')]
    return _train_models(o, end)


def _train_models(o, end):
    """One stage of all models. Deals the GPUs out to them; with fewer GPUs than models, models wait for their turn."""
    pathlib.Path(o.out).mkdir(parents=True, exist_ok=True)
    models = [int(m) for m in o.models.split(',')]
    gpus = torch.cuda.device_count()
    per_model, places = max(1, gpus // len(models)), max(1, min(len(models), gpus))
    free = [list(range(i * per_model, (i + 1) * per_model)) if gpus else [] for i in range(places)]
    waiting, running, worst = list(models), [], 0
    while waiting or running:
        while waiting and free:
            if end is not None:
                o.call_seconds = end - time.time()
                if len(waiting) < len(models) and o.call_seconds < LEAST_SECONDS:
                    waiting.clear()
                    worst = max(worst, EXIT_UNFINISHED)
                    break
            place, model = free.pop(0), waiting.pop(0)
            running.append((place, model, _start(o, model, place)))
        time.sleep(1)
        for entry in list(running):
            place, model, processes = entry
            if all(p.poll() is not None for p in processes):
                running.remove(entry)
                free.append(place)
                status = max(abs(p.returncode) for p in processes)
                print(f'{o.stage}_{model}: ' + {0: 'finished', EXIT_UNFINISHED: 'unfinished'}.get(status, f'failed ({status}), see its log'),
                      flush=True)
                worst = max(worst, status)
                if status == EXIT_UNFINISHED:  # time is up for all
                    waiting.clear()
    if worst:
        return worst
    results = [os.path.join(o.out, f'{o.stage}_{m}') for m in models]
    tensors, _ = export.read_results(results)
    prefix = 'model' if o.stage == 'base' else o.stage
    for path in export.write_packs(tensors, os.path.join(o.out, 'packs'), o.info, prefix, o.level):
        print(f'{path}: {path.stat().st_size:,} bytes')
    return 0


# ---- export, evaluate ----------------------------------------------------------------------------------------------
def export_results(o):
    tensors, statistics = export.read_results(o.results)
    if o.pth:
        export.write_checkpoints(tensors, statistics, o.out)
        print(f'{len(tensors)} checkpoints in {o.out}')
        return 0
    for path in export.write_packs(tensors, o.out, o.info, o.prefix, o.level):
        print(f'{path}: {path.stat().st_size:,} bytes')
    return 0


def evaluate_set(o):
    displacements = [int(d) for d in o.displacements.split(',')]
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    results = evaluate.evaluate_files(o.weights, o.pictures, displacements, device)
    for name, result in results.items():
        print(f'model {name}\n{coding.table_text(result)}')
    if o.json:
        pathlib.Path(o.json).write_text(json.dumps(results, indent=1) + '\n')
    return 0


def main(arguments=None):
    o = parser().parse_args(arguments)
    command = {'run': run, 'reproduce': reproduce, 'export': export_results, 'evaluate': evaluate_set}[o.command]
    try:
        return command(o)
    except (trainer.TrainingError, data.DataError, weights.WeightError, pack.PackError, export.ExportError) as error:
        print(f'train.py: error: {error}', file=sys.stderr)
        return 1
