#!/usr/bin/env python3
"""The metrics once more, from their definitions, in double precision with numpy and scipy.

    python3 tests/metrics/reference_metrics.py > tests/data/metrics/expected.json

writes what test_metrics.cpp compares with. Nothing is shared with metrics/: windows are whole 2-D convolutions, filters of
FSIM are transformed instead of using Parseval's theorem, and matrices are inverted. Pictures come from formulas that
synthetic_pictures.h repeats. With two PNG, PPM or PGM files as arguments it prints the values for them (needs PIL).
"""
import json
import sys

import numpy as np
from scipy import ndimage
from scipy.fft import dctn
from scipy.signal import convolve2d

# --- pictures -------------------------------------------------------------------------------------------------------


def noise(x, y, c, seed):
    h = (x * 374761393 + y * 668265263 + c * 2246822519 + seed * 3266489917) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    return (h ^ (h >> 16)) & 0xFF


def original(width, height, channels):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    v = 40 + (3 * x + 2 * y * (c + 1)) // 8 % 160
    v = v + np.where((x // 24 + y // 20) % 2 == 1, (noise(x, y, c, 1) & 63) - 32, 0)
    v = np.where((x - 60) ** 2 + (y - 50) ** 2 < 900, 220 - 40 * c, v)
    return np.clip(v, 0, 255)


def distorted(picture):
    height, width, channels = picture.shape
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    left = picture[:, np.maximum(np.arange(width) - 1, 0)]
    right = picture[:, np.minimum(np.arange(width) + 1, width - 1)]
    quantised = picture // 12 * 12 + 6
    noisy = picture + noise(x, y, c, 7) % 9 - 4
    blurred = (left + picture + right) // 3
    third = x * 3 // width
    return np.clip(np.where(third == 0, quantised, np.where(third == 1, noisy, blurred)), 0, 255)


def negated(picture):
    """The upper quarter as a negative: contrast terms below zero."""
    result = picture.copy()
    result[: picture.shape[0] // 4] = 255 - picture[: picture.shape[0] // 4]
    return result


CASES = {  # width, height, channels, bits: above 8 the low bits are noise
    "even": (192, 176, 3, 8),
    "odd": (203, 181, 3, 8),
    "large": (520, 410, 3, 8),
    "small": (100, 90, 3, 8),
    "ten_bit": (200, 184, 3, 10),
    "grey": (192, 176, 1, 8),
    "negative": (180, 170, 1, 8),
}


def deepen(picture, bits, seed):
    if bits == 8:
        return picture
    y, x, c = np.meshgrid(*(np.arange(n) for n in picture.shape), indexing="ij")
    return (picture << (bits - 8)) + noise(x, y, c, seed) % (1 << (bits - 8))


# --- preparation ----------------------------------------------------------------------------------------------------


def prepare(picture, bits):
    f = np.float32
    rgb = np.rint(picture.astype(f) / f(2**bits - 1) * f(1023)) / f(1023)
    if rgb.shape[2] == 1:
        return None, rgb[:, :, 0].astype(float), None, None
    r, g, b = (rgb[:, :, i].astype(f) for i in range(3))
    y = (f(0.2126) * r + f(0.7152) * g) + f(0.0722) * b
    u = (b - y) / f(1.8556) + f(0.5)
    v = (r - y) / f(1.5748) + f(0.5)
    y, u, v = ((np.rint(np.clip(p, 0, 1) * f(1023)) / f(1023)).astype(float) for p in (y, u, v))
    return rgb.astype(float), y, u, v


def psnr(a, b):
    a, b = np.rint(a * 1023), np.rint(b * 1023)
    mse = np.mean((a - b) ** 2)
    return 100.0 if mse == 0 else 20 * np.log10(1023) - 10 * np.log10(mse)


# --- SSIM -----------------------------------------------------------------------------------------------------------


def gauss(size, sigma):
    k = np.arange(size) - size // 2
    w = np.exp(-(k[:, None] ** 2 + k[None, :] ** 2) / (2 * sigma**2))
    return w / w.sum()


def ssim_maps(a, b, peak=1.0, clip=False):
    w = gauss(11, 1.5)
    def mean(p):
        return convolve2d(p, w, "valid")
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    if clip:
        va, vb = np.maximum(va, 0), np.maximum(vb, 0)
    return (2 * ma * mb + c1) / (ma**2 + mb**2 + c1), (2 * cov + c2) / (va + vb + c2)


def ssim(a, b):
    luminance, structure = ssim_maps(a, b)
    return np.mean(luminance * np.maximum(structure, 0))


WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def ms_ssim(a, b, per_map):
    grow = [(0, max(0, 164 - n)) for n in a.shape]
    a, b = np.pad(a, grow), np.pad(b, grow)
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        luminance, structure = ssim_maps(a, b)
        if per_map:
            structure = np.maximum(structure, 0)
        value = np.mean(structure if scale < 4 else luminance * structure)
        result *= max(value, 0) ** weight
        border = [(n % 2, n % 2) for n in a.shape]
        a, b = (np.pad(p, border) for p in (a, b))
        rows, cols = a.shape[0] // 2 * 2, a.shape[1] // 2 * 2
        a, b = (p[:rows, :cols].reshape(rows // 2, 2, cols // 2, 2).mean((1, 3)) for p in (a, b))
    return result


# --- VIF ------------------------------------------------------------------------------------------------------------


def vif(ref, dis):
    x, y, eps, noise_power = ref * 255, dis * 255, 1e-10, 2.0
    num = den = 0.0
    for size in (17, 9, 5, 3):
        w = gauss(size, size / 5)
        if size != 17:
            x, y = convolve2d(x, w, "valid")[::2, ::2], convolve2d(y, w, "valid")[::2, ::2]
        mx, my = convolve2d(x, w, "valid"), convolve2d(y, w, "valid")
        vx = np.maximum(convolve2d(x * x, w, "valid") - mx**2, 0)
        vy = np.maximum(convolve2d(y * y, w, "valid") - my**2, 0)
        cov = convolve2d(x * y, w, "valid") - mx * my
        g = cov / (vx + eps)
        sv = vy - g * cov
        vx = np.maximum(vx - eps, 0)
        g[vy < eps] = 0
        sv[vy < eps] = 0
        sv[g < 0] = vy[g < 0]
        g = np.maximum(g, 0)
        sv = np.maximum(sv, eps)
        num += np.log10(1 + g**2 * vx / (sv + noise_power)).sum()
        den += np.log10(1 + vx / noise_power).sum()
    return num / (den + 1e-12)


# --- NLPD -----------------------------------------------------------------------------------------------------------


def nlpd(a, b):
    taps = np.array([0.05, 0.25, 0.4, 0.25, 0.05])
    low = np.outer(taps, taps)
    norms = [  # up, left, right, down, constant
        (0.1011, 0.1493, 0.1460, 0.1015, 0.0248), (0.0757, 0.1986, 0.1846, 0.0837, 0.0185),
        (0.0477, 0.2138, 0.2243, 0.0467, 0.0179), (0, 0.2503, 0.2616, 0, 0.0191),
        (0, 0.2598, 0.2552, 0, 0.0220), (0, 0.2215, 0.0717, 0, 0.2782)]

    def pyramid(image):
        bands = []
        for up, left, right, down, constant in norms:
            smooth = ndimage.correlate(image, low, mode="mirror")[::2, ::2]
            grid = [np.arange(2 * n) * (n - 1) / (2 * n - 1) for n in smooth.shape]
            double = ndimage.map_coordinates(smooth, np.meshgrid(*grid, indexing="ij"), order=1, mode="nearest")
            double = ndimage.correlate(double, low, mode="mirror")[: image.shape[0], : image.shape[1]]
            band = image - double
            kernel = np.array([[0, up, 0], [left, 0, right], [0, down, 0]])
            bands.append(band / (constant + ndimage.correlate(np.abs(band), kernel, mode="mirror")))
            image = smooth
        return bands

    return np.mean([np.sqrt(np.mean((p - q) ** 2)) for p, q in zip(pyramid(a), pyramid(b))])


# --- IW-SSIM --------------------------------------------------------------------------------------------------------


def laplacian_pyramid(image, levels):
    taps = np.array([1, 4, 6, 4, 1]) / 16 * np.sqrt(2)
    def smooth(p):
        return ndimage.correlate1d(ndimage.correlate1d(p, taps, 0, mode="mirror"), taps, 1, mode="mirror")
    bands = []
    for _ in range(levels - 1):
        coarse = smooth(image)[::2, ::2]
        spread = np.zeros_like(image)
        spread[::2, ::2] = coarse
        bands.append(image - smooth(spread))
        image = coarse
    return bands + [image]


def enlarge(im):
    rows, cols = im.shape
    def weights(n):
        fine = 4 * n - 3
        at = np.maximum((np.arange(fine) + 0.5) * n / fine - 0.5, 0)
        w = np.zeros((fine, n))
        for i, p in enumerate(at):
            k = min(int(p), n - 1)
            w[i, k] += 1 - (p - k)
            w[i, min(k + 1, n - 1)] += p - k
        return w
    fine = weights(rows) @ im @ weights(cols).T
    t = np.zeros((4 * rows - 1, 4 * cols - 1))
    t[1:-1, 1:-1] = fine
    t[0], t[-1] = 2 * t[1] - t[2], 2 * t[-2] - t[-3]
    t[:, 0], t[:, -1] = 2 * t[:, 1] - t[:, 2], 2 * t[:, -2] - t[:, -3]
    return t[::2, ::2]


def iw_ssim(ref, dis):
    a, b = laplacian_pyramid(ref * 255, 5), laplacian_pyramid(dis * 255, 5)
    tol, noise_power, result = 1e-15, 0.4, 1.0
    for s in range(5):
        luminance, structure = ssim_maps(a[s], b[s], 255.0, clip=True)
        if s == 4:
            result *= abs(np.mean(luminance * structure)) ** WEIGHTS[s]
            continue
        x, y = a[s], b[s]
        box = np.ones((3, 3)) / 9
        mx, my = convolve2d(x, box, "valid"), convolve2d(y, box, "valid")
        cov = convolve2d(x * y, box, "valid") - mx * my
        vx = np.maximum(convolve2d(x * x, box, "valid") - mx**2, 0)
        vy = np.maximum(convolve2d(y * y, box, "valid") - my**2, 0)
        g = cov / (vx + tol)
        vv = vy - g * cov
        g[vx < tol] = 0
        vv[vx < tol] = vy[vx < tol]
        g[vy < tol] = 0
        vv[vy < tol] = 0
        rows, cols = x.shape
        columns = [x[1 + i : rows - 1 + i, 1 + j : cols - 1 + j].ravel() for i in (-1, 0, 1) for j in (-1, 0, 1)]
        if s < 3:
            columns.append(enlarge(a[s + 1])[:rows, :cols][1:-1, 1:-1].ravel())
        block = np.stack(columns, 1)
        cu = block.T @ block / len(block)
        values, vectors = np.linalg.eigh(cu)
        kept = np.maximum(values, 0)
        inverse = np.linalg.inv(vectors @ np.diag(kept * values.sum() / kept.sum()) @ vectors.T)
        ss = ((block @ inverse) * block).sum(1).reshape(g.shape) / block.shape[1]
        info = np.zeros_like(g)
        for v in values:
            info += np.log2(1 + ((vv + (1 + g * g) * noise_power) * ss * v + noise_power * vv) / noise_power**2)
        info[info < tol] = 0
        info = info[4:-4, 4:-4]
        result *= abs((structure * info).sum() / info.sum()) ** WEIGHTS[s]
    return result


# --- PSNR-HVS -------------------------------------------------------------------------------------------------------

CSF = np.array([
    1.608443, 2.339554, 2.573509, 1.608443, 1.072295, 0.643377, 0.504610, 0.421887,
    2.144591, 2.144591, 1.838221, 1.354478, 0.989811, 0.443708, 0.428918, 0.467911,
    1.838221, 1.979622, 1.608443, 1.072295, 0.643377, 0.451493, 0.372972, 0.459555,
    1.838221, 1.513829, 1.169777, 0.887417, 0.504610, 0.295806, 0.321689, 0.415082,
    1.429727, 1.169777, 0.695543, 0.459555, 0.378457, 0.236102, 0.249855, 0.334222,
    1.072295, 0.735288, 0.467911, 0.402111, 0.317717, 0.247453, 0.227744, 0.279729,
    0.525206, 0.402111, 0.329937, 0.295806, 0.249855, 0.212687, 0.214459, 0.254803,
    0.357432, 0.279729, 0.270896, 0.262603, 0.229778, 0.257351, 0.249855, 0.259950]).reshape(8, 8)
# The masking weights are (10 / quantiser)^2 of JPEG's luminance table and the sensitivities 25.7351 / quantiser ... of it.
QUANTISER = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99]).reshape(8, 8)
MASK = (10 / QUANTISER) ** 2
assert np.allclose(CSF, 25.7351 / QUANTISER, rtol=2e-5)


def psnr_hvs(a, b):
    grow = [(0, -n % 8) for n in a.shape]
    a, b = np.pad(a, grow, mode="edge"), np.pad(b, grow, mode="edge")

    def tiles(p):
        return p.reshape(p.shape[0] // 8, 8, p.shape[1] // 8, 8).swapaxes(1, 2).reshape(-1, 8, 8)

    def variation(t):
        return t.var(axis=(1, 2), ddof=1) * t.shape[1] * t.shape[2]

    def masking(t, d):
        energy = (d**2 * MASK).sum((1, 2)) - d[:, 0, 0] ** 2 * MASK[0, 0]
        whole = variation(t)
        parts = sum(variation(t[:, i : i + 4, j : j + 4]) for i in (0, 4) for j in (0, 4))
        ratio = np.divide(parts, whole, out=np.zeros_like(whole), where=whole > 1e-20)
        return np.sqrt(np.maximum(energy, 0) * ratio) / 32

    ta, tb = tiles(a), tiles(b)
    da, db = dctn(ta, axes=(1, 2), norm="ortho"), dctn(tb, axes=(1, 2), norm="ortho")
    difference = np.abs(da - db)
    hidden = np.maximum(masking(ta, da), masking(tb, db))[:, None, None] / MASK
    hidden[:, 0, 0] = 0
    def decibel(d):
        mse = np.mean((d * CSF) ** 2)
        return 100.0 if mse == 0 else min(-10 * np.log10(mse), 100.0)
    return decibel(difference), decibel(np.maximum(difference - hidden, 0))


# --- FSIM -----------------------------------------------------------------------------------------------------------


def axis_frequencies(n):
    f = (np.arange(n) - n // 2) / (n - 1 if n % 2 else n)
    return np.fft.ifftshift(f)


def phase_congruency(im):
    rows, cols = im.shape
    v, u = axis_frequencies(rows)[:, None], axis_frequencies(cols)[None, :]
    radius = np.sqrt(u * u + v * v)
    low = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1
    radial = []
    for s in range(4):
        g = np.exp(-np.log(radius * 6 * 2**s) ** 2 / (2 * np.log(0.55) ** 2)) * low
        g[0, 0] = 0
        radial.append(g)
    yy = np.fft.ifftshift((np.arange(rows) - rows // 2) / rows)[:, None]
    xx = np.fft.ifftshift((np.arange(cols) - cols // 2) / cols)[None, :]
    theta = np.arctan2(-yy, xx + 0 * yy)
    spectrum = np.fft.fft2(im)
    energies, amplitudes = 0, 0
    for o in range(4):
        angle = o * np.pi / 4
        ds = np.sin(theta) * np.cos(angle) - np.cos(theta) * np.sin(angle)
        dc = np.cos(theta) * np.cos(angle) + np.sin(theta) * np.sin(angle)
        spread = np.exp(-np.arctan2(ds, dc) ** 2 / (2 * (np.pi / 4 / 1.2) ** 2))
        filters = [g * spread for g in radial]
        responses = [np.fft.ifft2(spectrum * f) for f in filters]
        impulses = [np.real(np.fft.ifft2(f)) * np.sqrt(rows * cols) for f in filters]
        amplitude = sum(np.sqrt(np.abs(r) ** 2 + 1e-12) for r in responses)
        total = sum(responses)
        length = np.sqrt(np.abs(total) ** 2 + 1e-12) + 1e-4
        even, odd = total.real / length, total.imag / length
        energy = sum(r.real * even + r.imag * odd - np.abs(r.real * odd - r.imag * even) for r in responses)
        power = np.sort((np.abs(responses[0]) ** 2 + 1e-12).ravel())
        noise_power = power[(power.size - 1) // 2] / np.log(2) / (filters[0] ** 2).sum()
        own = sum((f**2).sum() for f in impulses)
        cross = sum((impulses[i] * impulses[j]).sum() for i in range(4) for j in range(i + 1, 4))
        tau = np.sqrt((2 * noise_power * own + 4 * noise_power * cross) / 2 + 1e-12)
        threshold = (tau * np.sqrt(np.pi / 2) + 2 * np.sqrt((2 - np.pi / 2) * tau**2 + 1e-12)) / 1.7
        energies = energies + np.maximum(energy - threshold, 0)
        amplitudes = amplitudes + amplitude
    return energies / amplitudes


def fsim(a, b):
    """a, b: [row][column][3] or [row][column], 0..1."""
    a, b = a * 255, b * 255
    factor = int(max(1, np.round(min(a.shape[:2]) / 256)))

    def reduce(p):
        rows, cols = p.shape[0] // factor, p.shape[1] // factor
        return p[: rows * factor, : cols * factor].reshape(rows, factor, cols, factor).mean((1, 3))

    def mix(p, weights):
        return reduce(p @ np.array(weights))

    def like(p, q, constant):
        return (2 * p * q + constant) / (p * p + q * q + constant)

    def gradient(p):
        kernel = np.array([[3, 0, -3], [10, 0, -10], [3, 0, -3]]) / 16
        dx = ndimage.correlate(p, kernel, mode="constant")
        dy = ndimage.correlate(p, kernel.T, mode="constant")
        return np.sqrt(dx**2 + dy**2 + 1e-12)

    colour = a.ndim == 3
    ya, yb = (mix(p, [0.299, 0.587, 0.114]) if colour else reduce(p) for p in (a, b))
    pa, pb = phase_congruency(ya), phase_congruency(yb)
    result = like(pa, pb, 0.85) * like(gradient(ya), gradient(yb), 160)
    if colour:
        i, q = [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]
        chroma = like(mix(a, i), mix(b, i), 200) * like(mix(a, q), mix(b, q), 200)
        result = result * (np.abs(chroma) + 1e-12) ** 0.03
    weight = np.maximum(pa, pb)
    return (result * weight).sum() / weight.sum()


# --- all ------------------------------------------------------------------------------------------------------------


def metrics(a, b, bits):
    rgb_a, ya, ua, va = prepare(a, bits)
    rgb_b, yb, ub, vb = prepare(b, bits)
    values = {"psnr-y": psnr(ya, yb)}
    if rgb_a is not None:
        values |= {"psnr-u": psnr(ua, ub), "psnr-v": psnr(va, vb), "psnr-rgb": psnr(rgb_a, rgb_b)}
    values |= {"ms-ssim": ms_ssim(ya, yb, False), "ms-ssim-iqa": ms_ssim(ya, yb, True), "ssim": ssim(ya, yb),
               "vif": vif(ya, yb), "fsim": fsim(*((ya, yb) if rgb_a is None else (rgb_a, rgb_b)))}
    side = min(ya.shape)
    if side >= 65:
        values["nlpd"] = nlpd(ya, yb)
    if side >= 161:
        values["iw-ssim"] = iw_ssim(ya, yb)
    values["psnr-hvs"], values["psnr-hvs-m"] = psnr_hvs(ya, yb)
    return {name: round(float(value), 9) for name, value in values.items()}


def main():
    if len(sys.argv) == 3:
        from PIL import Image
        pictures = [np.array(Image.open(path)) for path in sys.argv[1:]]
        pictures = [p[:, :, None] if p.ndim == 2 else p for p in pictures]
        print(json.dumps(metrics(*pictures, 8), indent=2))
        return
    result = {}
    for name, (width, height, channels, bits) in CASES.items():
        clean = original(width, height, channels)
        result[name] = metrics(deepen(clean, bits, 3), deepen((negated if name == "negative" else distorted)(clean), bits, 4), bits)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
