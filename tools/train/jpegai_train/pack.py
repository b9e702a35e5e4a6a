"""Weight packs (.jaiw, docs/PACK_FORMAT.md): both versions are read, version 2 is written.

A set is a dictionary file -> key -> numpy array, with files named as "VM_bop/decoder_Y_0.012".
"""
import ctypes
import ctypes.util
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import zlib

import numpy as np

DTYPES = ('float32', 'int32', 'int64', 'int16', 'int8', 'uint8', 'bool', 'float64', 'float16')
PLAIN, PLANES, HALF, HALF_PLANES, GRID, UINT8 = range(6)
RAW, ZSTD = 0, 1


class PackError(Exception):
    """A pack that cannot be read."""


# ---- zstd ----------------------------------------------------------------------------------------------------------
class _Module:
    def __init__(self):
        import zstandard
        self.zstd = zstandard

    def compress(self, data, level):
        return self.zstd.ZstdCompressor(level=level).compress(data)

    def decompress(self, data, size):
        return self.zstd.ZstdDecompressor().decompress(data, max_output_size=size)


class _Library:
    """libzstd through ctypes; it is there on practically every Linux."""

    def __init__(self):
        name = ctypes.util.find_library('zstd') or 'libzstd.so.1'
        self.lib = ctypes.CDLL(name)
        for function in ('ZSTD_compress', 'ZSTD_decompress', 'ZSTD_compressBound'):
            getattr(self.lib, function).restype = ctypes.c_size_t
        self.lib.ZSTD_isError.argtypes = [ctypes.c_size_t]
        self.lib.ZSTD_compressBound.argtypes = [ctypes.c_size_t]

    def _run(self, function, room, data, *more):
        out = ctypes.create_string_buffer(max(1, room))
        size = function(out, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)), *more)
        if self.lib.ZSTD_isError(size):
            raise PackError('a block cannot be decompressed')
        return out.raw[:size]

    def compress(self, data, level):
        return self._run(self.lib.ZSTD_compress, self.lib.ZSTD_compressBound(len(data)), data, ctypes.c_int(level))

    def decompress(self, data, size):
        return self._run(self.lib.ZSTD_decompress, size, data)


class _Program:
    def __init__(self):
        if shutil.which('zstd') is None:
            raise OSError('no zstd')

    @staticmethod
    def compress(data, level):
        command = ['zstd', '-q', '-c', f'-{level}', '--no-check']
        return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout

    @staticmethod
    def decompress(data, size):
        return subprocess.run(['zstd', '-q', '-d', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout


def _find_zstd():
    for way in (_Module, _Library, _Program):
        try:
            return way()
        except (ImportError, OSError):
            continue
    return None


_zstd = _find_zstd()


# ---- reading -------------------------------------------------------------------------------------------------------
def _join_planes(raw, planes, n):
    value = np.zeros(n, np.int64)
    for plane in range(planes):
        value |= np.frombuffer(raw, np.uint8, n, plane * n).astype(np.int64) << (8 * plane)
    return value


def _values(raw, dtype, n, encoding, exponent, planes):
    """Values of a block after decompression."""
    if encoding == PLAIN:
        return np.frombuffer(raw, dtype, n)
    if encoding == PLANES:
        width = np.dtype(dtype).itemsize
        return np.frombuffer(raw, np.uint8, n * width).reshape(width, n).T.copy().view(dtype).reshape(-1)
    if encoding == HALF:
        return np.frombuffer(raw, np.float16, n).astype(dtype)
    if encoding == HALF_PLANES:
        return _join_planes(raw, 2, n).astype(np.uint16).view(np.float16).astype(dtype)
    if encoding == GRID:
        u = _join_planes(raw, planes, n)
        i = np.where(u & 1, -((u + 1) >> 1), u >> 1)
        return (i * 2.0 ** exponent).astype(dtype)
    if encoding == UINT8:
        return np.frombuffer(raw, np.uint8, n).astype(dtype)
    raise PackError(f'unknown encoding {encoding}')


def _decompress(stored, codec, raw_size):
    if codec == RAW:
        return stored
    if _zstd is None:
        raise PackError('reading this pack needs zstd: the Python module zstandard, libzstd or the program zstd')
    raw = _zstd.decompress(stored, raw_size)
    if len(raw) != raw_size:
        raise PackError('a block has another size than its tensor')
    return raw


def _raw_size(n, dtype, encoding, planes):
    return n * {HALF: 2, HALF_PLANES: 2, GRID: planes, UINT8: 1}.get(encoding, np.dtype(dtype).itemsize)


def _read_v1(data):
    length, = struct.unpack_from('<I', data, 8)
    head = json.loads(data[12:12 + length])
    body = memoryview(data)[12 + length:]
    if hashlib.sha256(body).hexdigest() != head['data_sha256']:
        raise PackError('the data do not have their SHA-256')
    codes = {'grid': GRID, 'f16': HALF, 'u8': UINT8, 'i8': PLAIN, 'i32': PLAIN}
    result = {}
    for t in head['tensors']:
        n = int(np.prod(t['shape'], dtype=np.int64))
        encoding = PLAIN if (t['enc'], t['dtype']) == ('u8', 'bool') else codes[t['enc']]
        stored = bytes(body[t['offset']:t['offset'] + t['size']])
        raw = _decompress(stored, ZSTD if t['codec'] == 'zstd' else RAW, t['raw_size'])
        values = _values(raw, t['dtype'], n, encoding, t.get('exp', 0), t.get('planes', 0))
        result.setdefault(f"{t['file']}_{head['beta']}", {})[t['key']] = values.reshape(t['shape'])
    return result


class _Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from('<' + form, self.data, self.at)
        self.at += struct.calcsize('<' + form)
        return values if len(values) > 1 else values[0]

    def text(self, form='H'):
        length = self.take(form)
        self.at += length
        return self.data[self.at - length:self.at].decode()


def _read_v2(data):
    length, crc = struct.unpack_from('<II', data, 8)
    index = data[16:16 + length]
    if zlib.crc32(index) != crc:
        raise PackError('the index is damaged')
    cursor, at, result = _Cursor(index), 16 + length, {}
    cursor.text(), cursor.text('I'), cursor.take('32s')
    for _ in range(cursor.take('I')):
        tensors = result.setdefault(cursor.text(), {})
        for _ in range(cursor.take('I')):
            key = cursor.text()
            dtype, encoding, codec, planes, exponent, rank = cursor.take('BBBBhB')
            shape = [cursor.take('I') for _ in range(rank)]
            size, crc = cursor.take('II')
            stored = data[at:at + size]
            at += size
            if len(stored) != size or zlib.crc32(stored) != crc:
                raise PackError(f'{key} is damaged')
            n = int(np.prod(shape, dtype=np.int64))
            raw = _decompress(stored, codec, _raw_size(n, DTYPES[dtype], encoding, planes))
            tensors[key] = _values(raw, DTYPES[dtype], n, encoding, exponent, planes).reshape(shape)
    return result


def read_pack(path):
    data = pathlib.Path(path).read_bytes()
    readers = {b'JAIWGT01': _read_v1, b'JAIWGT02': _read_v2}
    if data[:8] not in readers:
        raise PackError(f'{path} is no weight pack')
    try:
        return readers[data[:8]](data)
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise PackError(f'{path} is damaged: {error}') from error


# ---- writing -------------------------------------------------------------------------------------------------------
def fingerprint(weights):
    """Identity of a set, independent of its container (docs/PACK_FORMAT.md)."""
    digest = hashlib.sha256()

    def text(s):
        digest.update(struct.pack('<I', len(s)) + s.encode())
    for file in sorted(weights):
        for key in sorted(weights[file]):
            values = weights[file][key]
            for s in (file, key, str(values.dtype)):
                text(s)
            digest.update(struct.pack('<I', values.ndim) + struct.pack(f'<{values.ndim}Q', *values.shape))
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.digest()


def _planes_of(u, planes):
    return b''.join(((u >> (8 * p)) & 255).astype(np.uint8).tobytes() for p in range(planes))


def _as_grid(values):
    """(exponent, integers) when all values are multiples of one power of two with at most 16 bits, else None."""
    if values.size == 0 or not np.isfinite(values).all() or np.signbit(values[values == 0]).any():
        return None
    numbers = values.astype(np.float64)
    exponents = np.frexp(numbers[numbers != 0])[1]
    if exponents.size == 0:
        return 0, np.zeros(values.shape, np.int64)
    for exponent in range(int(exponents.max()) - 15, int(exponents.max())):
        if not -126 <= exponent <= 64:
            continue
        scaled = numbers * 2.0 ** -exponent
        if (scaled == np.round(scaled)).all() and np.abs(scaled).max() < 2 ** 15:
            best = exponent
            integers = scaled.astype(np.int64)
            while (integers % 2 == 0).all():
                integers //= 2
                best += 1
            return best, integers
    return None


def _encodings(values):
    """(encoding, exponent, planes, bytes) of every lossless way to store the values."""
    raw = values.tobytes()
    yield PLAIN, 0, 0, raw
    width = values.dtype.itemsize
    if width > 1:
        yield PLANES, 0, 0, np.frombuffer(raw, np.uint8).reshape(-1, width).T.tobytes()
    if values.dtype == np.float32:
        half = values.astype(np.float16)
        if half.astype(np.float32).tobytes() == raw:
            yield HALF_PLANES, 0, 0, np.frombuffer(half.tobytes(), np.uint8).reshape(-1, 2).T.tobytes()
        grid = _as_grid(values)
        if grid is not None:
            u = np.where(grid[1] >= 0, 2 * grid[1], -2 * grid[1] - 1).reshape(-1)
            planes = max(1, (int(u.max()).bit_length() + 7) // 8)
            yield GRID, grid[0], planes, _planes_of(u, planes)


def _store(values, level):
    """A block: (encoding, exponent, planes, codec, bytes). A quick compression chooses the encoding."""
    if level == 0 or _zstd is None:
        encoding, exponent, planes, raw = min(_encodings(values), key=lambda way: len(way[3]))
        return encoding, exponent, planes, RAW, raw
    encoding, exponent, planes, raw = min(_encodings(values), key=lambda way: len(_zstd.compress(way[3], 1)))
    block = _zstd.compress(raw, level)
    return (encoding, exponent, planes, ZSTD, block) if len(block) < len(raw) else (encoding, exponent, planes, RAW, raw)


def _text(s, form='H'):
    return struct.pack('<' + form, len(s.encode())) + s.encode()


def write_pack(path, weights, name='', info='', level=19):
    """Writes version 2; the file appears when it is complete. level: of zstd, 0 for no compression. Returns the fingerprint
    as hex."""
    weights = {f: {k: np.ascontiguousarray(v) for k, v in t.items()} for f, t in weights.items() if t}
    identity = fingerprint(weights)
    index, blocks = [_text(name), _text(info, 'I'), identity, struct.pack('<I', len(weights))], []
    for file in sorted(weights):
        index += [_text(file), struct.pack('<I', len(weights[file]))]
        for key in sorted(weights[file]):
            values = weights[file][key]
            encoding, exponent, planes, codec, block = _store(values, level)
            index += [_text(key), struct.pack('<BBBBhB', DTYPES.index(str(values.dtype)), encoding, codec, planes, exponent,
                                              values.ndim),
                      struct.pack(f'<{values.ndim}I', *values.shape), struct.pack('<II', len(block), zlib.crc32(block))]
            blocks.append(block)
    head = b''.join(index)
    temporary = f'{path}.part'
    with open(temporary, 'wb') as out:
        out.write(b'JAIWGT02' + struct.pack('<II', len(head), zlib.crc32(head)) + head)
        out.writelines(blocks)
    os.replace(temporary, path)
    return identity.hex()
