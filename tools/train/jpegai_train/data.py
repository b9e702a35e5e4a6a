"""Pictures into batches: everything is decoded once, kept as uint8 tiles on the device, cut and varied there."""
import concurrent.futures
import io
import os
import pathlib
import tarfile

import numpy as np
import torch
import torch.nn.functional as F

from .metrics import rgb_to_yuv

EXTENSIONS = ('.png', '.jpg', '.jpeg', '.webp', '.avif', '.bmp', '.ppm', '.tif', '.tiff')


class DataError(Exception):
    """Pictures that cannot be used, in words for the person who gave them."""


def _decode_ppm(data):
    """Binary PPM of 8 bits, which needs no library."""
    fields, at = [], 2
    while len(fields) < 3:
        end = at
        while data[end:end + 1].isspace():
            end += 1
        at = end
        while not data[end:end + 1].isspace():
            end += 1
        fields.append(int(data[at:end]))
        at = end
    width, height, largest = fields
    if largest != 255:
        raise ValueError('only PPM of 8 bits')
    samples = np.frombuffer(data, np.uint8, 3 * width * height, at + 1)
    return samples.reshape(height, width, 3)


def _decode_any(data):
    """RGB [H,W,3] of a picture in memory."""
    if data[:2] == b'P6':
        return _decode_ppm(data)
    try:
        import cv2
        cv2.setNumThreads(1)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is not None:
            return picture[:, :, ::-1]
    except ImportError:
        pass
    try:
        from PIL import Image
    except ImportError:
        raise DataError('reading pictures other than PPM needs OpenCV (cv2) or Pillow (PIL)') from None
    return np.asarray(Image.open(io.BytesIO(data)).convert('RGB'))


def decode_picture(source):
    """uint8 [3,H,W] of a path or of the bytes of a file."""
    data = source if isinstance(source, bytes) else pathlib.Path(source).read_bytes()
    return np.ascontiguousarray(_decode_any(data).transpose(2, 0, 1))


def _files_below(places):
    for place in places:
        if os.path.isdir(place):
            yield from (str(p) for p in sorted(pathlib.Path(place).rglob('*')) if p.is_file())
        elif os.path.exists(place):
            yield place
        else:
            raise DataError(f'{place} does not exist')


def _arrays(path):
    """Pictures in a .npy or .npz: uint8 [N,3,H,W] or [N,H,W,3]."""
    loaded = np.load(path)
    for array in ([loaded] if isinstance(loaded, np.ndarray) else [loaded[name] for name in loaded.files]):
        if array.dtype == np.uint8 and array.ndim == 4:
            yield from (np.ascontiguousarray(p if p.shape[0] == 3 else p.transpose(2, 0, 1)) for p in array)


def read_pictures(places, threads=12):
    """All pictures below the folders, in order; files may be pictures, .tar files of pictures, .npy or .npz."""
    sources, pictures = [], []
    for path in _files_below([places] if isinstance(places, str) else places):
        extension = os.path.splitext(path)[1].lower()
        if extension in EXTENSIONS:
            sources.append(path)
        elif extension == '.tar':
            with tarfile.open(path) as tar:
                for member in sorted(tar.getmembers(), key=lambda m: m.name):
                    if os.path.splitext(member.name)[1].lower() in EXTENSIONS:
                        sources.append(tar.extractfile(member).read())
        elif extension in ('.npy', '.npz'):
            pictures.extend(_arrays(path))
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        pictures.extend(pool.map(decode_picture, sources))
    if not pictures:
        raise DataError(f'no pictures in {places}')
    return pictures


def cut_tiles(pictures, size):
    """Overlapping tiles that cover the pictures; small pictures are mirrored at their ends. uint8 [N,3,size,size]."""
    tiles = []
    for picture in pictures:
        _, h, w = picture.shape
        if h < size or w < size:
            picture = np.pad(picture, ((0, 0), (0, max(0, size - h)), (0, max(0, size - w))), mode='symmetric')
            _, h, w = picture.shape
        rows, cols = -(-h // size), -(-w // size)
        for i in range(rows):
            for j in range(cols):
                y = 0 if rows == 1 else round(i * (h - size) / (rows - 1))
                x = 0 if cols == 1 else round(j * (w - size) / (cols - 1))
                tiles.append(picture[:, y:y + size, x:x + size])
    return torch.from_numpy(np.stack(tiles))


def validation_crops(pictures, size=256):
    """All full tiles of the pictures as one tensor [N,3,size,size], or None when there are none."""
    tiles = [p[:, y:y + size, x:x + size] for p in pictures for y in range(0, p.shape[1] - size + 1, size)
             for x in range(0, p.shape[2] - size + 1, size)]
    return torch.from_numpy(np.stack(tiles)) if tiles else None


def vary_colours(x, r):
    """Contrast and brightness of 20 % of the samples, saturation of 12 %, red and blue exchanged in 8 %. r: random [6,B,1,1,1]."""
    changed = (r[0] < 0.2).float()
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (1 + changed * (r[1] * 0.5 - 0.35)) + mean + changed * (r[2] - 0.5) * 40
    grey = 0.2126 * x[:, :1] + 0.7152 * x[:, 1:2] + 0.0722 * x[:, 2:]
    saturation = torch.where(r[3] < 0.12, (r[4] * 1.8).clamp_max(1.4), torch.ones_like(r[4]))
    saturation = torch.where(r[3] < 0.015, torch.zeros_like(saturation), saturation)
    x = grey + (x - grey) * saturation
    x = torch.where(r[5] < 0.08, x.flip(1), x)
    return x.round().clamp(0, 255)


class Batches:
    """Endless random batches of YUV crops from tiles. Its state can be kept, so that a run continues where it stopped."""

    def __init__(self, tiles, batch, crop, device, seed, compiled=False):
        if min(tiles.shape[2:]) < crop:
            raise DataError(f'tiles of {min(tiles.shape[2:])} samples are smaller than crops of {crop}')
        self.vary = torch.compile(vary_colours, dynamic=False) if compiled else vary_colours
        self.tiles = tiles.to(device)
        self.batch, self.crop, self.device = batch, crop, device
        self.random = torch.Generator(device=device)
        self.random.manual_seed(seed)
        self.host_random = torch.Generator()
        self.host_random.manual_seed(seed + 1)
        self.planes = torch.arange(3, device=device).view(1, 3, 1, 1)

    def state(self):
        return {'random': self.random.get_state().cpu(), 'host_random': self.host_random.get_state()}

    def restore(self, state):
        self.random.set_state(state['random'])
        self.host_random.set_state(state['host_random'])

    def uniform(self, n):
        return torch.rand(n, generator=self.random, device=self.device)

    def _crops(self, n, size):
        """Random crops, mirrored at random. float [n,3,size,size]."""
        count, _, h, w = self.tiles.shape
        tile = torch.randint(count, (n,), generator=self.random, device=self.device)
        top = (self.uniform(n) * (h - size + 1)).long().clamp(max=h - size)
        left = (self.uniform(n) * (w - size + 1)).long().clamp(max=w - size)
        steps = torch.arange(size, device=self.device).view(1, -1)
        flip_y, flip_x = self.uniform(n).view(-1, 1) < 0.5, self.uniform(n).view(-1, 1) < 0.5
        rows = top.view(-1, 1) + torch.where(flip_y, size - 1 - steps, steps)
        cols = left.view(-1, 1) + torch.where(flip_x, size - 1 - steps, steps)
        return self.tiles[tile.view(-1, 1, 1, 1), self.planes, rows.view(n, 1, size, 1), cols.view(n, 1, 1, size)].float()

    def rgb(self):
        batch, crop = self.batch, self.crop
        reduced = batch // 2  # half of the batch is reduced in size: cleaner chroma, other scales
        largest = min(self.tiles.shape[2:])
        parts = []
        if reduced and largest > crop:
            share = 0.15 + 0.85 * float(torch.rand((), generator=self.host_random))
            size = max(crop, int(crop + (largest - crop) * share) // 2 * 2)
            small = F.interpolate(self._crops(reduced, size), size=(crop, crop), mode='bilinear', antialias=True,
                                  align_corners=False)
            parts.append(small.round().clamp(0, 255))
        else:
            reduced = 0
        parts.append(self._crops(batch - reduced, crop))
        x = torch.cat(parts)[torch.randperm(batch, generator=self.random, device=self.device)]
        half = batch // 2
        x = torch.cat((x[:half], x[half:].transpose(2, 3)))
        return self.vary(x, self.uniform(6 * batch).view(6, batch, 1, 1, 1))

    def yuv(self):
        x = rgb_to_yuv(self.rgb())
        k = max(1, self.batch // 14)  # some with subsampled chroma
        x[:k, 1:] = F.interpolate(F.avg_pool2d(x[:k, 1:], 2), scale_factor=2, mode='nearest')
        return x
