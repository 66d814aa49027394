"""Colours and textures: skin, nails, cloth, socks, shoes, floors. Colours are linear RGB unless said."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from arshoe_learning.synthetic.assets import read_picture

_SKIN_SRGB = np.array(
    [
        [250, 222, 205], [241, 205, 180], [232, 188, 158], [219, 168, 134], [198, 142, 104], [170, 115, 80],
        [138, 88, 60], [104, 65, 45], [74, 46, 34], [52, 33, 26],
    ]
)  # fmt: skip


def linear(srgb: np.ndarray) -> np.ndarray:
    """Linear RGB in 0 to 1 from sRGB in 0 to 255."""
    srgb = np.asarray(srgb, np.float64) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def skin_color(rng: np.random.Generator) -> np.ndarray:
    """A skin tone (3,), all tones alike often."""
    where = rng.uniform(0, len(_SKIN_SRGB) - 1)
    low = int(where)
    tone = _SKIN_SRGB[low] * (1 - where + low) + _SKIN_SRGB[min(low + 1, len(_SKIN_SRGB) - 1)] * (where - low)
    return linear(np.clip(tone + rng.normal(0, 7, 3), 8, 255))


def random_color(rng: np.random.Generator) -> np.ndarray:
    """A colour (3,) as clothes and shoes have it: a third near black or white, a third muted, a third bright."""
    kind = rng.random()
    if kind < 0.2:
        hsv = (rng.random(), rng.uniform(0, 0.25), rng.uniform(0.03, 0.22))
    elif kind < 0.42:
        hsv = (rng.random(), rng.uniform(0, 0.1), rng.uniform(0.75, 0.97))
    elif kind < 0.72:
        hsv = (rng.random(), rng.uniform(0.05, 0.5), rng.uniform(0.2, 0.8))
    else:
        hsv = (rng.random(), rng.uniform(0.5, 1), rng.uniform(0.35, 1))
    pixel = np.float32([[(hsv[0] * 360, hsv[1], hsv[2])]])
    return linear(cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0] * 255)


def noise(rng: np.random.Generator, size: int, coarsest: int = 4, falloff: float = 0.6) -> np.ndarray:
    """Smooth noise (size, size) that tiles, mean 0 and standard deviation 1."""
    total, cells, amplitude = np.zeros((size, size), np.float32), coarsest, 1.0
    while cells <= size:
        grid = np.pad(rng.standard_normal((cells, cells)).astype(np.float32), 2, mode="wrap")
        step = size // cells
        full = cv2.resize(grid, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
        total += amplitude * full[2 * step : 2 * step + size, 2 * step : 2 * step + size]
        cells, amplitude = cells * 2, amplitude * falloff
    return (total - total.mean()) / total.std()


def skin_texture(rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Near-white (size, size, 3) uint8 sRGB blotches, pores and hairs to multiply a skin tone with."""
    light = 232 + 9 * noise(rng, size, 4, 0.8)
    red = 5 * noise(rng, size, 4, 0.5)
    texture = np.stack([light + red, light - red, light - red], -1)
    if rng.random() < 0.4:  # hairs
        for _ in range(rng.integers(60, 300)):
            x, y = rng.integers(0, size, 2)
            dx, dy = rng.integers(-3, 4), rng.integers(3, 9)
            cv2.line(texture, (int(x), int(y)), (int(x + dx), int(y + dy)), (200, 188, 180), 1, cv2.LINE_AA)
    return texture.clip(0, 255).astype(np.uint8)


def cloth_texture(rng: np.random.Generator, fabrics: Sequence[Path], size: int = 128) -> np.ndarray:
    """A grey weave (size, size, 3) uint8 sRGB, mean about 225, to multiply a colour with."""
    if fabrics and rng.random() < 0.7:
        tile = cv2.resize(read_picture(fabrics[rng.integers(len(fabrics))]), (size, size)).astype(np.float32)
        grey = tile.mean(2) - tile.mean()
        grey *= rng.uniform(8, 22) / max(grey.std(), 1)
    else:
        rib = np.sin(np.arange(size) * 2 * np.pi * rng.choice([8, 16, 32]) / size)
        grey = rng.uniform(0, 14) * rib[None, :] + rng.uniform(2, 10) * noise(rng, size, 16, 0.9)
    grey = (225 + grey).clip(0, 255)
    return np.repeat(grey[..., None], 3, 2).astype(np.uint8)


def pattern(rng: np.random.Generator, texture: np.ndarray) -> np.ndarray:
    """Print stripes, dots, checks or blotches of two colours on a grey weave; a third stays plain.

    Returns:
        (H, W, 3) uint8 sRGB; multiply with white.
    """
    size = len(texture)
    y, x = np.mgrid[:size, :size] / size
    kinds = ("plain", "rings", "stripes", "dots", "check", "blotch")
    kind, n = rng.choice(kinds, p=(0.5, 0.2, 0.06, 0.1, 0.07, 0.07)), rng.integers(1, 6)
    mask = {
        "plain": np.zeros((size, size), bool),
        "rings": (y * n) % 1 < rng.uniform(0.15, 0.6),
        "stripes": (x * n) % 1 < rng.uniform(0.2, 0.6),
        "dots": ((x * n) % 1 - 0.5) ** 2 + ((y * n) % 1 - 0.5) ** 2 < rng.uniform(0.01, 0.12),
        "check": ((x * n) % 1 < 0.5) ^ ((y * n) % 1 < 0.5),
        "blotch": noise(rng, size, 4, 0.5) > rng.uniform(0, 1),
    }[kind]
    colors = [random_color(rng), random_color(rng)]
    both = np.where(mask[..., None], *colors) ** (1 / 2.2)
    return (both * texture).clip(0, 255).astype(np.uint8)


def floor_texture(rng: np.random.Generator, floors: Sequence[Path], size: int = 512) -> tuple[np.ndarray, float]:
    """A floor of one to three materials with stains and fine grain.

    Returns:
        (size, size, 3) uint8 sRGB, and how many metres its side is.
    """
    metres = rng.uniform(1.0, 2.2)
    picture = _tiled(rng, floors, size, metres)
    for _ in range(rng.choice([0, 1, 2], p=[0.6, 0.28, 0.12])):  # a rug, a mat, a line, a sheet of paper
        other = _tiled(rng, floors, size, metres) if rng.random() < 0.6 else np.full_like(picture, _plain(rng))
        mask = np.zeros((size, size), np.uint8)
        centre = size * rng.uniform(0.3, 0.7, 2)
        extent = size * (rng.uniform(0.08, 0.5, 2) if rng.random() < 0.7 else np.array([0.012, 2.0]))
        box = cv2.boxPoints((centre.tolist(), extent.tolist(), float(rng.uniform(0, 180))))
        cv2.fillPoly(mask, [box.astype(np.int32)], 255, cv2.LINE_AA)
        picture = np.where(mask[..., None] > 127, other, picture)
    shade = 1 + rng.uniform(0, 0.1) * cv2.resize(noise(rng, 128, 4, 0.6), (size, size))
    grain = rng.standard_normal((size // 2, size // 2)).astype(np.float32) * rng.uniform(0, 7)
    picture = picture * shade[..., None] + cv2.resize(grain, (size, size))[..., None]
    return picture.clip(0, 255).astype(np.uint8), metres


def _plain(rng: np.random.Generator) -> np.ndarray:
    return (random_color(rng) ** (1 / 2.2) * 235).astype(np.float32)


def _tiled(rng: np.random.Generator, floors: Sequence[Path], size: int, metres: float) -> np.ndarray:
    """One material over the whole picture, float32, its colours shifted a little."""
    if floors and rng.random() < 0.9:
        tile = read_picture(floors[rng.integers(len(floors))])
    else:
        tile = np.repeat((_plain(rng) + rng.uniform(0, 15) * noise(rng, 128, 8, 0.8)[..., None]), 1, 2)
    repeats = max(1, round(metres / rng.uniform(0.3, 1.1)))
    side = size // repeats
    tile = cv2.resize(tile.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    tile = np.rot90(tile, rng.integers(4))
    picture = np.tile(tile, (repeats + 1, repeats + 1, 1))[:size, :size]
    mean = picture.mean((0, 1))
    gain = rng.uniform(0.75, 1.3) * rng.normal(1, 0.05, 3)
    return ((picture - mean) * rng.uniform(0.6, 1.2) + mean) * gain
