"""Trains a few steps on made-up pictures, and compares the networks of the trainer with those of the codec.

usage: test_train.py SOURCE_FOLDER JPEGAI_PROGRAM WITH_SYNTHESIS_PROGRAM REFERENCE_VECTORS [TEST...]
Ends with status 77 where PyTorch is not installed.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f'train_tiny skipped: {missing}')
    sys.exit(77)

SOURCE, PROGRAM, WITH_SYNTHESIS, VECTORS = (pathlib.Path(a) for a in sys.argv[1:5])
sys.path.insert(0, str(SOURCE / 'tools/train'))
sys.dont_write_bytecode = True
from jpegai_train import cli, coding, context, data, eicci, hyper, metrics, models, pack, weights  # noqa: E402

DEFAULT = SOURCE / 'models/default/model_0.jaiw'
PHOTO = SOURCE / 'tests/data/streams/photo_odd.bits'  # coded with model 0 of the default set
SIZE, CHROMA_SIZE = (203, 301), (102, 151)  # rows and columns: odd, so that padding and cropping are compared, too
TINY = ['--batch', '2', '--crop', '64', '--tile', '96', '--warm', '1', '--check-every', '1', '--log-every', '1',
        '--statistics', '1', '--level', '1', '--no-compile']


def jpegai(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise AssertionError(f'jpegai {arguments}: {done.stderr}')
    return done.stdout


def verified(path):
    verdict = json.loads(jpegai('models', 'verify', path, '--json'))
    return verdict['complete_networks'], verdict['fingerprint']


class Dump:
    """Intermediate tensors of a decoder run."""

    def __init__(self, folder, stream, *options):
        jpegai('decode', stream, folder / 'picture.ppm', '--dump', folder / 'dump', *options)
        self.folder = folder / 'dump'

    def __getitem__(self, name):
        return torch.from_numpy(np.load(self.folder / f'{name}.npy').astype(np.float32))[None]


class Case(unittest.TestCase):
    def setUp(self):
        start = time.process_time()
        self.addCleanup(lambda: print(f'({time.process_time() - start:.1f} s) ', end='', flush=True))
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        os.environ['XDG_DATA_HOME'] = str(self.folder / 'data')
        os.environ.pop('JPEGAI_MODELS', None)
        torch.manual_seed(1)

    def close(self, a, b, bound):
        self.assertEqual(a.shape, b.shape)
        self.assertLess(float((a - b).abs().max()), bound)

    def pictures(self):
        random = np.random.default_rng(1)
        rows, cols = np.mgrid[0:160, 0:160]
        waves = random.uniform(0.02, 0.3, (3, 3, 2))
        made = [127 + 80 * np.sin(w[:, 0, None, None] * cols + w[:, 1, None, None] * rows) for w in waves]
        path = self.folder / 'pictures.npy'
        np.save(path, np.clip(np.stack(made) + random.normal(0, 6, (3, 3, 160, 160)), 0, 255).astype(np.uint8))
        return str(path)

    def train(self, *arguments, status=0):
        self.assertEqual(cli.main(['run', *map(str, arguments), *TINY]), status)


class Agreement(Case):
    """The networks compute what the decoder computes, up to rounding."""

    def setUp(self):
        super().setUp()
        self.base = models.BaseModel().eval()
        self.weights = weights.read_weights(str(DEFAULT))
        weights.load_model(self.base, self.weights, 0)

    @torch.no_grad()
    def test_latents(self):
        dump = Dump(self.folder, PHOTO)
        for name, common, size in (('y', self.base.y, SIZE), ('uv', self.base.uv, CHROMA_SIZE)):
            z = dump[f'{name}.z_hat']
            gain = (common.gain * 128).round().view(1, -1, 1, 1)
            integers = hyper.integer_scale_decoder(common.hyper_scale_decoder.integer_parameters(), z, *size,
                                                   chroma=not common.luma)
            self.assertTrue(torch.equal(integers + gain, dump[f'{name}.scale_log']), 'integers have to be the same')
            emulated = common.hyper_scale_decoder(z, torch.ones(()), *size)
            self.assertTrue(torch.equal((emulated * 128).round(), integers.float()))
            psi = common.hyper_decoder(z, *size)
            self.close(psi, dump[f'{name}.psi'], 1e-4)
            residual = dump[f'{name}.residual']
            rows, cols = residual.shape[2:]
            if common.luma:
                even = torch.nn.functional.pad(residual, (0, cols % 2, 0, rows % 2))
                phases = context.split_phases(even)
                y_hat = common.context(even, psi, lambda _, k: phases[k])[0][:, :, :rows, :cols]
            else:
                y_hat = residual + context.merge_phases(psi.chunk(4, 1))[:, :, :rows, :cols]
            self.close(y_hat, dump[f'{name}.y_hat'], 1e-3)

    def compare_synthesis(self, point, luma, chroma):
        stream = self.folder / 'stream.jai'
        subprocess.run([WITH_SYNTHESIS, PHOTO, stream, str(point)], check=True)
        dump = Dump(self.folder, stream)
        a, b = dump['y.y_hat'], dump['uv.y_hat']
        self.close(coding.synthesise(luma, a, *SIZE), dump['syn.Y'], 1e-2)
        self.close(coding.synthesise(chroma, torch.cat((a, b), 1), *SIZE), dump['syn.UV'], 1e-2)

    def test_sop(self):
        self.compare_synthesis(0, self.base.sop_y, self.base.sop_uv)

    def test_bop(self):
        self.compare_synthesis(1, self.base.bop_y, self.base.bop_uv)

    def test_packs_come_back_unchanged(self):
        path = self.folder / 'again.jaiw'
        print_of = pack.write_pack(path, weights.model_tensors(self.base, 0, weights.hyper_tables(self.weights, 0)), level=1)
        self.assertEqual((15, print_of), verified(path))
        self.assertEqual(print_of, verified(DEFAULT)[1])

    def test_hop_trains_and_decodes(self):
        self.train('hop', 0, self.pictures(), '--init', DEFAULT, '--out', self.folder, '--steps', 1)
        result = self.folder / 'hop_0.jaiw'
        self.assertEqual(verified(result)[0], 4)
        jpegai('models', 'add', DEFAULT, result, '--name', 'trained')
        os.environ['JPEGAI_MODELS'] = 'trained'
        self.addCleanup(os.environ.pop, 'JPEGAI_MODELS')
        hop = models.HopModel().eval()
        weights.load_model(hop, pack.read_pack(result), 0)
        self.compare_synthesis(2, hop.hop_y, hop.hop_uv)


class EicciAgreement(Case):
    def test_with_the_reference_vectors(self):
        if not (VECTORS / 'hop_eicci').exists():
            self.skipTest(f'no reference vectors at {VECTORS}')
        sys.path.append(str(VECTORS))
        import make_weights  # of the synthetic weights that the vectors were made with
        recipes = json.loads((VECTORS / 'weights-recipe.json').read_text())['files']
        file = weights.eicci_file('hop', 'mss025')  # what the short list of model 1 names first, for luma
        net = eicci.Eicci().eval()
        tensors = {k: np.array(make_weights.tensor(f'{file}.pth:{k}', r)) for k, r in recipes[f'{file}.pth'].items()}
        weights._fill(net, tensors, file)
        planes = [np.load(VECTORS / 'hop_eicci' / f'{name}.npy').astype(np.float32).squeeze()
                  for name in ('rec.a', 'rec.b', 'rec.c', 'filt.eICCI.a')]
        with torch.no_grad():
            filtered = (net(torch.from_numpy(np.stack(planes[:3]))[None] / 255) * 255).clamp(0, 255)
        self.close(filtered[0, 0], torch.from_numpy(planes[3]), 1e-3)


class Training(Case):
    def test_a_run_continues_where_it_stopped(self):
        run = ['base', 1, self.pictures(), '--steps', 2]
        whole, parts = self.folder / 'whole', self.folder / 'parts'
        self.train(*run, '--out', whole)
        self.train(*run, '--out', parts, '--call-seconds', 1e-6, status=cli.EXIT_UNFINISHED)
        self.assertFalse((parts / 'base_1.jaiw').exists())
        self.train(*run, '--out', parts)
        self.assertEqual(verified(whole / 'base_1.jaiw'), verified(parts / 'base_1.jaiw'))
        self.assertEqual(verified(whole / 'base_1.jaiw')[0], 15)
        self.assertEqual(json.loads((parts / 'base_1.json').read_text())['steps'], 2)
        self.export(whole / 'base_1')
        self.train(*run, '--out', whole)  # a finished run is left alone
        self.assertEqual(cli.main(['run', *map(str, run), '--out', str(parts), *TINY, '--restart', '--crop', '100']), 1)

    def export(self, result):
        out = self.folder / 'exported'
        self.assertEqual(cli.main(['export', str(result), '--out', str(out / 'packs'), '--level', '1']), 0)
        self.assertEqual(cli.main(['export', str(result), '--out', str(out / 'pth'), '--pth']), 0)
        networks, print_of = verified(out / 'packs/model_1.jaiw')
        self.assertEqual(networks, 15)
        self.assertEqual(verified(out / 'pth'), (15, print_of))
        frequencies = pack.read_pack(out / 'packs/model_1.jaiw')['VM_common_int/Y_0.012']['hyper_entropy.freqs_int']
        self.assertTrue((frequencies.sum(1) == 255).all())

    def test_several_processes(self):
        command = [sys.executable, str(SOURCE / 'tools/train/train.py'), 'run', 'sop', '0', self.pictures(), '--init', str(DEFAULT),
                   '--out', str(self.folder), '--steps', '1', *TINY]
        environment = dict(os.environ, WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=str(cli._free_port()),
                           PYTHONDONTWRITEBYTECODE='1', OMP_NUM_THREADS='1')
        started = [subprocess.Popen(command, env=dict(environment, RANK=str(r), LOCAL_RANK=str(r))) for r in range(2)]
        self.assertEqual([p.wait() for p in started], [0, 0])
        self.assertEqual(verified(self.folder / 'sop_0.jaiw')[0], 2)

    def test_hop_synthesis_alone(self):
        run = ['hop', 0, self.pictures(), '--out', self.folder, '--steps', 1, '--synthesis-only']
        first, again = self.folder / 'hop_0.jaiw', self.folder / 'again.jaiw'
        self.train(*run, '--init', DEFAULT)
        self.assertEqual(verified(first)[0], 2)
        # A pack can be trained further; without a learning rate it stays as it is.
        self.train(*run, '--init', DEFAULT, first, '--lr', 0, '--name', 'again')
        self.assertEqual(verified(first), verified(again))
        # A model without HOP begins with the synthesis of another.
        run[1] = 1
        self.train(*run, '--init', DEFAULT.with_name('model_1.jaiw'), first, '--lr', 0, '--name', 'other', '--no-grid')
        files = [pack.read_pack(self.folder / f'{name}.jaiw') for name in ('hop_0', 'other')]
        for (name, own), (_, others) in zip(sorted(files[0].items()), sorted(files[1].items())):
            for key in own:
                self.assertTrue(np.array_equal(own[key], others[key]), f'{name} {key}')
        self.assertLess(first.stat().st_size, 8e6, 'grids take about a byte per value')

    def test_all_stages_make_a_set(self):
        out = self.folder / 'trained'
        command = [sys.executable, str(SOURCE / 'tools/train/train.py'), 'reproduce', self.pictures(), '--models', '1', '--steps', '1',
                   '--hop-steps', '1', '--no-grid', '--out', str(out), *TINY]
        done = subprocess.run(command, env=dict(os.environ, PYTHONDONTWRITEBYTECODE='1', OMP_NUM_THREADS='1'), stdout=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(sorted(p.name for p in (out / 'packs').iterdir()), ['hop_1.jaiw', 'model_1.jaiw'])
        self.assertEqual(verified(out / 'packs')[0], 17)

    def test_eicci(self):
        self.train('eicci', 0, self.pictures(), '--init', DEFAULT, '--out', self.folder, '--steps', 1, '--network', 'mss025')
        self.assertEqual(verified(self.folder / 'eicci_bop_mss025.jaiw')[0], 2)


class Parts(Case):
    def test_colours_come_back(self):
        x = torch.rand(2, 3, 8, 8) * 255
        self.close(metrics.yuv_to_rgb(metrics.rgb_to_yuv(x)), x, 1e-3)

    def test_ms_ssim_of_equal_and_different_pictures(self):
        x = torch.rand(1, 1, 192, 192) * 255
        self.assertAlmostEqual(float(metrics.ms_ssim(x, x)), 1, 5)
        self.assertLess(float(metrics.ms_ssim(x, 255 - x)), 0.5)

    def test_tables_sum_to_255(self):
        counts = torch.rand(300, 63).double() ** 8 * 1000
        tables, of_channel = coding.share_tables(counts, 128)
        self.assertEqual(tables.shape, (128, 63))
        self.assertTrue((tables.sum(1) == 255).all())
        self.assertEqual(of_channel.shape, (300,))

    def test_pictures_are_read(self):
        picture = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
        path = self.folder / 'a.ppm'
        path.write_bytes(b'P6\n5 4\n255\n' + picture.tobytes())
        self.assertTrue(np.array_equal(data.read_pictures(str(self.folder))[0], picture.transpose(2, 0, 1)))
        self.assertEqual(cli.main(['run', 'base', '0', str(self.folder / 'missing'), '--out', str(self.folder)]), 1)


if __name__ == '__main__':
    torch.set_num_threads(1)  # threads that wait for each other are slow on a busy machine
    unittest.main(argv=sys.argv[:1] + sys.argv[5:], verbosity=2)
