"""The segmentation map as a mask of the image's size."""

import cv2
import numpy as np

from arshoe_core.types import NetworkOutput

_SMOOTH_SCALE = 4
_REACH = 2
"""Cells beyond a cell that can show where it ends: cubic splines reach so far."""


def decode_mask(output: NetworkOutput, threshold: float = 0.5) -> np.ndarray:
    """Decide background, leg or foot for every image pixel.

    Outside a region of interest, where this image was not looked at, is background: what an earlier image had there
    would be a guess. Only the box around what exceeds the threshold is brought to image size, so an empty scene costs
    nearly nothing. Its sides are rounded to whole pixels.

    Returns:
        (H, W) uint8 of the image's size: 0 background, 1 leg, 2 foot.
    """
    mask = np.zeros((output.image_height, output.image_width), np.uint8)
    found = (output.segmentation > threshold).any(0)
    if not found.any():
        return mask
    (u0, u1), (v0, v1) = (_span(found.any(axis)) for axis in (0, 1))
    sides = np.array([[u0 - 0.5, v0 - 0.5, 1], [u1 - 0.5, v1 - 0.5, 1]]) @ output.cell_to_image.T + 0.5
    (x0, y0), (x1, y1) = np.rint(sides).astype(int).tolist()
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, output.image_width), min(y1, output.image_height)
    if left >= right or top >= bottom:  # in the bars beside the picture
        return mask

    leg, foot = (_enlarged(cells, (x1 - x0, y1 - y0)) for cells in output.segmentation[:, v0:v1, u0:u1])
    present = cv2.threshold(cv2.max(leg, foot), round(threshold * 255), 1, cv2.THRESH_BINARY)[1]
    foot_wins = cv2.bitwise_and(cv2.compare(foot, leg, cv2.CMP_GE), present)
    box = cv2.add(present, foot_wins)
    mask[top:bottom, left:right] = box[top - y0 : bottom - y0, left - x0 : right - x0]
    return mask


def _span(found: np.ndarray) -> tuple[int, int]:
    """First and last + 1 of the cells (N,) to look at, which are those found and some around."""
    where = np.flatnonzero(found)
    return max(int(where[0]) - _REACH, 0), min(int(where[-1]) + _REACH + 1, len(found))


def _enlarged(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map (h, w) as (size[1], size[0]) uint8, 255 for 1, by way of cubic splines so that edges don't show the cells.

    Two maps one after the other take half as long as both at once, and cv2.resize a quarter of cv2.warpAffine.
    """
    levels = cv2.convertScaleAbs(np.maximum(cells, 0), alpha=255)
    smooth_size = (_SMOOTH_SCALE * levels.shape[1], _SMOOTH_SCALE * levels.shape[0])
    smooth = cv2.resize(levels, smooth_size, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR)
