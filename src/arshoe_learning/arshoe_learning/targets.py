"""Ground-truth maps of the three branches, and the weighted L2 losses against them (paper, equation 12)."""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core.foot import LIMBS, NUM_KEYPOINTS, NUM_LIMBS
from arshoe_core.types import MASK_FOOT, MASK_IGNORE, MASK_LEG
from arshoe_perception.preprocessing import STRIDE


@dataclass(frozen=True)
class Targets:
    """What the network should say, float32; `valid_*` are 0 where the label doesn't tell.

    Attributes:
        heatmaps: (8, h, w), Gaussians with 1 at the keypoints.
        pafs: (14, h, w), unit vectors from limb start to limb end, 0 beside the limbs.
        segmentation: (2, h, w), the part of the cell that is leg, foot.
        valid_feet: scalar, for heatmaps and PAFs.
        valid_segmentation: (h, w).
    """

    heatmaps: np.ndarray
    pafs: np.ndarray
    segmentation: np.ndarray
    valid_feet: np.float32
    valid_segmentation: np.ndarray


def make_targets(keypoints: np.ndarray | None, mask: np.ndarray) -> Targets:
    """Draw the maps for one input picture.

    Args:
        keypoints: (F, 8, 2) input pixels, NaN where unknown; None where feet are not labelled.
        mask: (S, S) uint8 with 0, 1, 2, 255.
    """
    size = mask.shape[0] // STRIDE
    cells = np.empty((0, NUM_KEYPOINTS, 2)) if keypoints is None else (keypoints - (STRIDE - 1) / 2) / STRIDE
    extents = [np.nanmax(np.ptp(foot, 0)) for foot in _without_nan(cells)]
    heatmaps = np.zeros((NUM_KEYPOINTS, size, size), np.float32)
    pafs = np.zeros((2 * NUM_LIMBS, size, size), np.float32)
    limbs_per_cell = np.zeros((NUM_LIMBS, size, size), np.float32)
    for foot, extent in zip(cells, extents, strict=True):
        # Feet of 50 to 220 input pixels are 12 to 55 cells long: narrow enough to part neighbours, never below a cell.
        np.maximum(heatmaps, draw_gaussians(foot, size, sigma=float(np.clip(0.04 * extent, 1.0, 1.8))), out=heatmaps)
        draw_limbs(foot, half_width=float(np.clip(0.04 * extent, 1.0, 1.8)), pafs=pafs, count=limbs_per_cell)
    pafs /= np.repeat(np.maximum(limbs_per_cell, 1), 2, 0)
    segmentation, valid = segmentation_targets(mask)
    return Targets(heatmaps, pafs, segmentation, np.float32(keypoints is not None), valid)


def _without_nan(cells: np.ndarray) -> list[np.ndarray]:
    """The known points (K, 2) of each foot; one point at 0 where none is known."""
    known = [foot[np.isfinite(foot).all(1)] for foot in cells]
    return [points if len(points) else np.zeros((1, 2)) for points in known]


def draw_gaussians(points: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """(K, size, size) float32: exp(-d² / 2 sigma²), d in cells from points (K, 2); 0 for NaN points."""
    grid = np.arange(size)
    gx, gy = (np.nan_to_num(np.exp(-((grid - points[:, i : i + 1]) ** 2) / (2 * sigma**2))) for i in (0, 1))
    return (gy[:, :, None] * gx[:, None, :]).astype(np.float32)


def draw_limbs(points: np.ndarray, half_width: float, pafs: np.ndarray, count: np.ndarray) -> None:
    """Add one foot's limbs to `pafs` (14, h, w), in place, and 1 to `count` (7, h, w) where a limb is.

    A cell belongs to a limb within half_width cells of the segment between its ends; limbs shorter than half a cell,
    seen end on, have no direction and are left out.
    """
    start, end = (points[list(index)] for index in zip(*LIMBS, strict=True))
    length = np.linalg.norm(end - start, axis=1)
    drawn = np.flatnonzero(length >= 0.5)  # NaN is not
    if not len(drawn):
        return
    start, length = start[drawn], length[drawn, None, None]
    ends, direction = np.concatenate([start, end[drawn]]), (end[drawn] - start) / length[:, 0]
    low = np.clip(np.floor(ends.min(0) - half_width), 0, pafs.shape[-1]).astype(int)
    high = np.clip(np.ceil(ends.max(0) + half_width) + 1, 0, pafs.shape[-1]).astype(int)
    x = np.arange(low[0], high[0]) - start[:, None, None, 0]
    y = np.arange(low[1], high[1])[:, None] - start[:, None, None, 1]
    dx, dy = direction[:, 0, None, None], direction[:, 1, None, None]
    beyond = np.maximum(np.abs(x * dx + y * dy - length / 2) - length / 2, 0)
    inside = np.hypot(x * dy - y * dx, beyond) <= half_width
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    count[drawn, rows, columns] += inside
    pafs[2 * drawn, rows, columns] += dx * inside
    pafs[2 * drawn + 1, rows, columns] += dy * inside


def segmentation_targets(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts of leg and foot per cell (2, h, w), and where they are known (h, w) as 0 or 1, from a (S, S) mask."""
    cells = (mask.shape[1] // STRIDE, mask.shape[0] // STRIDE)
    leg, foot, unknown = (
        cv2.resize((mask == value).astype(np.float32), cells, interpolation=cv2.INTER_AREA)
        for value in (MASK_LEG, MASK_FOOT, MASK_IGNORE)
    )
    return np.stack([leg, foot]), (unknown == 0).astype(np.float32)


def losses(outputs, targets: dict, heatmap_gain: float, paf_gain: float):
    """Weighted L2 of each branch over a batch of tensors.

    Nearly all of a target is zero, and plain L2 first learns to say zero everywhere: cells that hold something weigh
    more, 1 + gain times the target's magnitude.

    Args:
        outputs: heatmaps (N, 8, h, w), pafs (N, 14, h, w), segmentation (N, 2, h, w).
        targets: the fields of `Targets`, batched.

    Returns:
        three scalars: heatmap, PAF and segmentation loss.
    """
    heatmaps, pafs, segmentation = (maps.float() for maps in outputs)
    feet = targets["valid_feet"][:, None, None, None]
    # norm(dim=2) is the same, but took a seventh of a training step on a CPU.
    on_limb = targets["pafs"].unflatten(1, (NUM_LIMBS, 2)).square().sum(2).sqrt().repeat_interleave(2, 1)
    known = targets["valid_segmentation"][:, None]
    return (
        (feet * (1 + heatmap_gain * targets["heatmaps"]) * (heatmaps - targets["heatmaps"]) ** 2).mean(),
        (feet * (1 + paf_gain * on_limb) * (pafs - targets["pafs"]) ** 2).mean(),
        (known * (segmentation - targets["segmentation"]) ** 2).mean(),
    )
