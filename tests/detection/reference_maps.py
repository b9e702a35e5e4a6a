#!/usr/bin/env python3
"""The maps of the four classes of artifacts once more, from their description, in double precision with numpy and scipy.

    python3 tests/detection/reference_maps.py > tests/data/detection/maps.json

writes what test_artifact_maps.cpp compares with; pictures come from formulas that the test repeats. With arguments

    python3 tests/detection/reference_maps.py ORIGINAL DECODED CLASSIC FOLDER

it compares the maps colour.npy, boundary.npy and texture.npy that "jpegai check artifacts ORIGINAL DECODED --against CLASSIC
--maps FOLDER" wrote ("-" for CLASSIC: those of --against none), sample by sample, and fails above 1e-3 (needs PIL).
Nothing is shared with detection/.
"""
import json
import pathlib
import sys

import numpy as np
from scipy import ndimage

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "metrics"))
from reference_metrics import fsim, noise, original  # noqa: E402

LIMIT = 1e-3
STEP = 16  # every so many samples of a map are written

# --- pictures -------------------------------------------------------------------------------------------------------


def tinted(picture):
    """Another colour on the left, the rest moved down by three rows; everything slightly noisy."""
    height, width, channels = picture.shape
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    moved = picture[np.maximum(np.arange(height) - 3, 0)]
    base = np.where(x * 5 < width * 3, picture + np.where(c == 0, 14, np.where(c == 2, -10, 0)), moved)
    return np.clip(base + noise(x, y, c, 9) % 5 - 2, 0, 255)


def coarse(picture):
    height, width, channels = picture.shape
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return np.clip(picture // 28 * 28 + 14 + noise(x, y, c, 11) % 3 - 1, 0, 255)


CASES = {"even": (208, 192), "odd": (331, 277)}
TEXT_BOX = (40, 30, 97, 41)  # x, y, width, height

# --- maps -----------------------------------------------------------------------------------------------------------


def box_mean(a, n):
    """Window of (y, x): rows y - n // 2 .. y - n // 2 + n - 1; zeros outside."""
    before, after = n // 2, n - n // 2 - 1
    padded = np.pad(a, ((before, after), (before, after)))
    table = np.pad(padded.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return (table[n:, n:] - table[:-n, n:] - table[n:, :-n] + table[:-n, :-n]) / n**2


def luma(rgb):
    return rgb @ np.array([0.2126, 0.7152, 0.0722])


def lab(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])
    xyz = linear @ matrix.T / np.array([0.95047, 1.0, 1.08883])
    d = 6 / 29
    f = np.where(xyz > d**3, np.cbrt(xyz), xyz / (3 * d * d) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def ciede2000(p, q):
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(p, -1, 0), np.moveaxis(q, -1, 0)
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1 = np.where(c1 == 0, 0, np.degrees(np.arctan2(b1, a1)) % 360)
    h2 = np.where(c2 == 0, 0, np.degrees(np.arctan2(b2, a2)) % 360)
    grey = c1 * c2 == 0
    dh = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    dhue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    far = np.abs(h1 - h2) > 180
    hm = np.where(grey, h1 + h2, np.where(far, (h1 + h2 + np.where(h1 + h2 < 360, 360, -360)) / 2, (h1 + h2) / 2))
    cos = lambda degrees: np.cos(np.radians(degrees))  # noqa: E731
    t = 1 - 0.17 * cos(hm - 30) + 0.24 * cos(2 * hm) + 0.32 * cos(3 * hm + 6) - 0.20 * cos(4 * hm - 63)
    rt = -2 * np.sqrt(cm**7 / (cm**7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((hm - 275) / 25) ** 2))))
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    x, y, z = (l2 - l1) / sl, (c2 - c1) / (1 + 0.045 * cm), dhue / (1 + 0.015 * cm * t)
    return np.sqrt(np.maximum(x * x + y * y + z * z + rt * y * z, 0))


def colour(a, b):
    e = ciede2000(lab(a), lab(b))
    e[(e > 8) | (e < 3)] = 0
    m = box_mean(e, 64)
    m[m < 3] = 0
    return m / 8


def gaussian(n, sigma):
    w = np.exp(-((np.arange(n) - n // 2) ** 2) / (2 * sigma**2))
    return np.outer(w, w) / w.sum() ** 2


def correlate(a, kernel):
    return ndimage.correlate(a, kernel, mode="mirror")


SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def canny(a):
    smooth = correlate(a, gaussian(5, 1))
    gx, gy = correlate(smooth, SOBEL), correlate(smooth, SOBEL.T)
    length = np.hypot(gx, gy)
    sector = np.rint(np.degrees(np.arctan2(gy, gx)) / 45).astype(int) % 4  # 0: along x, 1: y grows with x, 2: along y
    inner = (slice(1, -1), slice(1, -1))
    edges = np.zeros(a.shape, bool)
    for s, (dy, dx) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        ahead = length[1 + dy : length.shape[0] - 1 + dy, 1 + dx : length.shape[1] - 1 + dx]
        behind = length[1 - dy : length.shape[0] - 1 - dy, 1 - dx : length.shape[1] - 1 - dx]
        edges[inner] |= (sector[inner] == s) & (length[inner] >= ahead) & (length[inner] > behind)
    weak, strong = edges & (length > 0.1), edges & (length > 0.2)
    labels, count = ndimage.label(weak, np.ones((3, 3)))
    keep = np.zeros(count + 1, bool)
    keep[np.unique(labels[strong])] = True
    keep[0] = False
    return keep[labels]


def gradient(a):
    return [correlate(correlate(a, k), gaussian(3, 1)) for k in (SOBEL, SOBEL.T)]


def likeness(a, b):
    (ax, ay), (bx, by) = gradient(a), gradient(b)
    return np.abs(ax * bx + ay * by) / (np.hypot(ax, ay) * np.hypot(bx, by) + 1e-7)


def boundary(a, b, classic):
    a, b = luma(a), luma(b)
    other = 1 if classic is None else likeness(a, luma(classic))
    return box_mean(np.where(canny(a), other - likeness(a, b), 0), 128)


def ssim_map(a, b):
    w = gaussian(11, 1.5)
    ma, mb = correlate(a, w), correlate(b, w)
    va, vb, cov = correlate(a * a, w) - ma**2, correlate(b * b, w) - mb**2, correlate(a * b, w) - ma * mb
    return (2 * ma * mb + 1e-4) * (2 * cov + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))


def texture_mask(a):
    share = box_mean(np.ones_like(a), 11)
    mean = box_mean(a, 11) / share
    variance = np.maximum(box_mean(a * a, 11) / share - mean**2, 0)
    return box_mean(box_mean(variance / variance.max(), 4), 4) > 0.3


def texture(a, b, classic):
    a, b = luma(a), luma(b)
    difference = 1 - ssim_map(a, b)
    if classic is not None:
        difference = difference - (1 - ssim_map(a, luma(classic)))
    return box_mean(difference, 32) * texture_mask(a)


def maps(a, b, classic):
    minus = 0 if classic is None else colour(a, classic)
    return {"colour": colour(a, b) - minus, "boundary": boundary(a, b, classic), "texture": texture(a, b, classic)}


def text(a, b, classic, box):
    x, y, width, height = box
    cut = lambda p: luma(p)[y : y + height, x : x + width]  # noqa: E731
    other = 1 if classic is None else fsim(cut(a), cut(classic))
    return other - fsim(cut(a), cut(b))


# --- output ---------------------------------------------------------------------------------------------------------


def document():
    result = {"step": STEP, "text_box": TEXT_BOX, "cases": []}
    for name, (width, height) in CASES.items():
        base = original(width, height, 3)
        a, b, classic = (p / 255 for p in (base, tinted(base), coarse(base)))
        for form, other in (("single", None), ("comparative", classic)):
            case = {"name": name, "form": form, "width": width, "height": height, "maps": {}}
            for key, m in maps(a, b, other).items():
                case["maps"][key] = {"max": round(m.max(), 6), "mean": round(m.mean(), 8),
                                     "values": [round(float(v), 5) for v in m[::STEP, ::STEP].ravel()]}
            case["text"] = round(float(text(a, b, other, TEXT_BOX)), 6)
            result["cases"].append(case)
    return result


def compare(paths, folder):
    from PIL import Image

    a, b, classic = (None if p == "-" else np.asarray(Image.open(p).convert("RGB")) / 255 for p in paths)
    worst = 0
    for key, m in maps(a, b, classic).items():
        other = np.load(pathlib.Path(folder) / f"{key}.npy").squeeze()
        error = np.abs(other - m)
        worst = max(worst, error.max())
        print(f"{key:9} max {m.max():.5f}  largest difference {error.max():.2e}")
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    if len(sys.argv) == 5:
        sys.exit(compare(sys.argv[1:4], sys.argv[4]))
    print(json.dumps(document(), separators=(",", ":")))
