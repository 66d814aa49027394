"""Puts a rendered layer into a camera's picture so that it looks taken by the same camera; shadows on the floor."""

import cv2
import numpy as np

from arshoe_core.camera import Camera

_LEAST_BLUR = 0.6
"""Standard deviation, px: the layer comes without antialiasing."""
_LEAST_NOISE = 0.4
_TILE = 256
_NOISE = np.random.default_rng(0).normal(0, 1, (2 * _TILE, 2 * _TILE, 3)).astype(np.float32)


def lay_over(window: np.ndarray, layer: np.ndarray, visible: np.ndarray, blur: float, noise: float) -> None:
    """Put what is visible of a rendered layer over a picture, blurred and noisy as the picture is.

    Colour and opacity are blurred together, as a lens does; that also antialiases the outline and everything inside.

    Args:
        window: (H, W, 3) uint8 BGR, changed in place.
        layer: (H, W, 4) uint8, R, G, B first, without antialiasing.
        visible: (H, W) bool, or uint8 opacity.
        blur: standard deviation, px.
        noise: standard deviation, grey levels.
    """
    opacity = visible.view(np.uint8) * np.uint8(255) if visible.dtype == bool else visible
    blur = max(blur, _LEAST_BLUR)
    x, y, w, h = cv2.boundingRect(opacity)
    if not w:
        return
    margin = int(np.ceil(2 * blur))
    part = np.s_[max(y - margin, 0) : y + h + margin, max(x - margin, 0) : x + w + margin]
    below, opacity = window[part], opacity[part]
    kernel = (2 * margin + 1,) * 2
    color = cv2.cvtColor(layer[part], cv2.COLOR_RGBA2BGR)
    color = cv2.multiply(color, cv2.merge([opacity] * 3), scale=1 / 255)
    color, opacity = (cv2.GaussianBlur(x, kernel, blur, borderType=cv2.BORDER_REPLICATE) for x in (color, opacity))
    if noise > _LEAST_NOISE:
        grain = noise_like(color.shape[:2], noise, seed=int(below[::37, ::41].sum()))
        cv2.add(color, grain, dst=color, mask=cv2.compare(opacity, 127, cv2.CMP_GT), dtype=cv2.CV_8U)
    rest = cv2.multiply(below, cv2.merge([255 - opacity] * 3), scale=1 / 255)
    cv2.add(rest, color, dst=below)


def noise_like(shape: tuple[int, int], sigma: float, seed: int) -> np.ndarray:
    """Noise (H, W, 3) int16 of a standard deviation in grey levels; the seed chooses one of many patterns."""
    height, width = shape
    y, x = seed % _TILE, seed // _TILE % _TILE
    grain = _NOISE[y : y + _TILE, x : x + _TILE] * np.float32(sigma)
    tile = np.rint(grain).astype(np.int16)
    return np.tile(tile, (-(-height // _TILE), -(-width // _TILE), 1))[:height, :width]


def shade_floor(
    window: np.ndarray,
    floor: np.ndarray,
    camera: Camera,
    soles: list[np.ndarray],
    falls: list[np.ndarray],
    strength: float,
) -> None:
    """Darken the floor around soles: close to them, and softly on the side away from the light.

    Args:
        window: (H, W, 3) uint8, changed in place.
        floor: (H, W) bool, where the shadow may fall.
        camera: of that size.
        soles: each foot's outline on the floor (K, 3), camera frame, metres.
        falls: where the shadow of the shoe's top falls from there (3,), for each.
        strength: 0 to 1.
    """
    height, width = floor.shape
    # At a quarter of the size: it is soft anyway.
    shade = np.zeros((height // 4 + 1, width // 4 + 1), np.uint8)
    for sole, fall in zip(soles, falls, strict=True):
        near, far = (camera.project(points) for points in (sole, sole + fall))
        if not all(np.isfinite(p).all() and np.abs(p).max() < 1e5 for p in (near, far)):
            continue
        size = np.ptp(near, axis=0).max() / 4
        cast = cv2.convexHull(np.concatenate([near, far]).astype(np.float32))[:, 0]
        for outline, softness, depth in ((cast, 0.12, 150), (near, 0.05, 255)):
            layer = np.zeros_like(shade)
            radius = int(np.clip(softness * size, 1, 60))
            polygon, kernel = [np.round((outline + 0.5) / 4 - 0.5).astype(np.int32)], (2 * radius + 1,) * 2
            cv2.fillPoly(layer, polygon, depth)
            cv2.polylines(layer, polygon, True, depth, radius)  # so that it is still dark at the edge
            cv2.max(shade, cv2.blur(cv2.blur(layer, kernel), kernel), dst=shade)
    x, y, w, h = cv2.boundingRect(shade)
    part = np.s_[4 * y : min(4 * (y + h), height), 4 * x : min(4 * (x + w), width)]
    below, shape = window[part], window[part].shape[:2]
    if not below.size:
        return
    shade = cv2.resize(shade[y : y + h, x : x + w], None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    light = 255 - cv2.convertScaleAbs(shade[: shape[0], : shape[1]], alpha=strength)
    light[~floor[part]] = 255
    cv2.multiply(below, cv2.merge([light] * 3), dst=below, scale=1 / 255)
