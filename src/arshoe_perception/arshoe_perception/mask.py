"""The segmentation map as a mask of the image's size."""

import cv2
import numpy as np

from arshoe_core.types import NetworkOutput

_SMOOTH_SCALE = 4


def decode_mask(output: NetworkOutput, threshold: float = 0.5) -> np.ndarray:
    """Decide background, leg or foot for every image pixel.

    Outside a region of interest, where this image was not looked at, is background: what an earlier image had there
    would be a guess. Only the box around what exceeds the threshold is brought to image size, so an empty scene costs
    nearly nothing.

    Returns:
        (H, W) uint8 of the image's size: 0 background, 1 leg, 2 foot.
    """
    mask = np.zeros((output.image_height, output.image_width), np.uint8)
    found = (output.segmentation > threshold).any(0)
    if not found.any():
        return mask
    u, v = np.flatnonzero(found.any(0)), np.flatnonzero(found.any(1))
    # One cell around, as interpolation reaches to the neighbouring cell, but not beyond the maps.
    last_v, last_u = np.array(found.shape) - 0.5
    low, high = (max(u[0] - 1, -0.5), max(v[0] - 1, -0.5), 1), (min(u[-1] + 1, last_u), min(v[-1] + 1, last_v), 1)
    corners = np.array([low, high]) @ output.cell_to_image.T
    (x0, y0), (x1, y1) = np.floor(corners[0]).astype(int), np.ceil(corners[1]).astype(int)
    x0, y0 = max(x0, 0), max(y0, 0)
    x1, y1 = min(x1 + 1, output.image_width), min(y1 + 1, output.image_height)
    if x0 >= x1 or y0 >= y1:
        return mask

    smooth, smooth_to_image = _smooth_segmentation(output)
    smooth_to_box = smooth_to_image - [[0, 0, x0], [0, 0, y0]]
    box = cv2.warpAffine(
        smooth, smooth_to_box, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    leg, foot = cv2.split(box)
    level = round(threshold * 255)
    present = cv2.threshold(cv2.max(leg, foot), level, 1, cv2.THRESH_BINARY)[1]
    foot_wins = cv2.bitwise_and(cv2.compare(foot, leg, cv2.CMP_GE), present)
    mask[y0:y1, x0:x1] = cv2.add(present, foot_wins)
    return mask


def _smooth_segmentation(output: NetworkOutput) -> tuple[np.ndarray, np.ndarray]:
    """Segmentation as (256, 256, 2) uint8, 255 for 1, enlarged by cubic splines so that edges don't show the cells.

    Returns:
        the maps and the (2, 3) transform of their pixels to image pixels.
    """
    maps = np.ascontiguousarray(output.segmentation.transpose(1, 2, 0), np.float32)
    maps = cv2.convertScaleAbs(np.maximum(maps, 0), alpha=255)
    size = (maps.shape[1] * _SMOOTH_SCALE, maps.shape[0] * _SMOOTH_SCALE)
    smooth = cv2.resize(maps, size, interpolation=cv2.INTER_CUBIC)
    step = 1 / _SMOOTH_SCALE
    smooth_to_cell = np.array([[step, 0, step / 2 - 0.5], [0, step, step / 2 - 0.5], [0, 0, 1]])
    return smooth, output.cell_to_image @ smooth_to_cell
