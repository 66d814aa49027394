"""Hides what of the real foot or shoe sticks out beyond the virtual one: floor is painted over it."""

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT, MASK_LEG
from arshoe_render.mesh import Mesh
from arshoe_render.occlusion import filled_polygon

_REACH = 0.04
"""How far around the virtual shoe the real one may be, m."""
_HULL_POINTS = 200
_EDGE = 0.008
"""What the mask's edge may be off, as a part of the picture's longer side."""
_SMALLEST = 4


def hull_around(meshes: list[Mesh], rim: np.ndarray) -> np.ndarray:
    """Points (K, 3) in the model frame, some way around the part of a shoe that lies lower than its opening's rim."""
    points = np.concatenate([mesh.vertices for mesh in meshes]).astype(np.float64)
    points = points[points[:, 2] <= rim[:, 2].min()]
    points = points[:: max(len(points) // _HULL_POINTS, 1)]
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    middle, half = (low + high) / 2, (high - low) / 2
    points[:, :2] = middle + (points[:, :2] - middle) * (half + _REACH) / half
    return points


def region_around(hulls: list[np.ndarray], camera: Camera) -> np.ndarray:
    """Where real shoes may stick out, (H, W) bool: the hulls (K, 3), camera frame, as the camera sees them."""
    region = np.zeros((camera.height, camera.width), bool)
    for hull in hulls:
        pixels = camera.project(hull)
        if np.isfinite(pixels).all():
            outline = cv2.convexHull(pixels.clip(-1e4, 1e4).astype(np.float32))[:, 0]
            region |= filled_polygon(outline, region.shape)
    return region


def fill_floor(window: np.ndarray, mask: np.ndarray, region: np.ndarray, keep: np.ndarray, size: int) -> np.ndarray:
    """Paint floor over the foot.

    The colours come from the floor around the wearer, by push and pull over a pyramid: what is unknown takes the mean
    of its surroundings on the finest level that knows any. It depends on the one frame alone, so it moves with the
    floor and never drags anything along.

    Args:
        window: (H, W, 3) uint8 BGR, changed in place.
        mask: (H, W) uint8, 0 background, 1 leg, 2 foot.
        region: (H, W) bool, where feet may be painted over; it fades out towards the edge.
        keep: (H, W) bool, where they are not: the leg above the shoe and in its opening.
        size: the longer side of the whole picture, pixels.

    Returns:
        (H, W) bool, what is floor now.
    """
    edge = max(2, round(_EDGE * size))
    square = np.ones((2 * edge + 1,) * 2, np.uint8)
    target = ((mask == MASK_FOOT) & region & ~keep).view(np.uint8)
    x, y, w, h = cv2.boundingRect(target)
    if not w:
        return target.view(bool)
    margin = 6 * edge
    part = np.s_[max(y - margin, 0) : y + h + margin, max(x - margin, 0) : x + w + margin]
    below, target = window[part], target[part]
    floor = cv2.erode((mask[part] == MASK_BACKGROUND).view(np.uint8), square)
    if not floor.any():
        return np.zeros(mask.shape, bool)
    # The mask's edge is a little off: paint a little farther, but not over the leg, and fade out.
    opacity = cv2.blur(cv2.dilate(target, square) * np.uint8(255), (edge | 1, edge | 1))
    fade = cv2.blur(region[part].view(np.uint8) * np.uint8(255), (4 * edge + 1, 4 * edge + 1))
    cv2.min(opacity, cv2.convertScaleAbs(fade, alpha=2, beta=-255.0) * (fade > 127), dst=opacity)
    blocked = keep[part] | (mask[part] == MASK_LEG)
    opacity[blocked] = 0
    colors = _surroundings(below, floor)
    rest = cv2.multiply(below, cv2.merge([255 - opacity] * 3), scale=1 / 255)
    cv2.add(rest, cv2.multiply(colors, cv2.merge([opacity] * 3), scale=1 / 255), dst=below)
    painted = np.zeros(mask.shape, bool)
    painted[part] = opacity > 127
    return painted


def _surroundings(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) uint8 with what is not known (H, W) uint8 0 or 1 filled in from what is."""
    height, width = known.shape
    # From half the size up: what is filled in is smooth.
    half = (max((width + 1) // 2, 1), max((height + 1) // 2, 1))
    premultiplied = cv2.multiply(picture, cv2.merge([known] * 3))
    levels = [
        (
            cv2.resize(premultiplied, half, interpolation=cv2.INTER_AREA).astype(np.float32),
            cv2.resize(known * np.uint8(255), half, interpolation=cv2.INTER_AREA).astype(np.float32) / 255,
        )
    ]
    while min(levels[-1][1].shape) > _SMALLEST:
        shape = levels[-1][1].shape
        smaller = ((shape[1] + 1) // 2, (shape[0] + 1) // 2)
        levels.append(tuple(cv2.resize(part, smaller, interpolation=cv2.INTER_AREA) for part in levels[-1]))
    color, weight = levels[-1]
    total = color.reshape(-1, 3).sum(0) / max(float(weight.sum()), 1e-6)
    result = np.broadcast_to(total.astype(np.float32), color.shape)
    for color, weight in reversed(levels):
        coarse = cv2.resize(result, weight.shape[::-1], interpolation=cv2.INTER_LINEAR)
        # A little knowledge counts fully: only what no pixel of a cell knows comes from the coarser level.
        share = np.minimum(weight * 2, 1)[..., None]
        result = color / np.maximum(weight, 1e-3)[..., None] * share + coarse * (1 - share)
    return cv2.resize(result.clip(0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
