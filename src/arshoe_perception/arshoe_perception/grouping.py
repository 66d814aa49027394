"""Keypoint candidates to feet, by part affinity fields (PAFs) along the limbs of `arshoe_core.foot.LIMBS`."""

import numpy as np

from arshoe_core.assignment import assign
from arshoe_core.foot import LIMBS, NUM_KEYPOINTS
from arshoe_core.types import FootKeypoints, NetworkOutput

_END_ON_AFFINITY = 0.5
_FRACTIONS = np.linspace(0, 1, 10)[:, None]
"""Where along a limb its field is read."""


def group_peaks(
    peaks: list[np.ndarray], pafs: np.ndarray, paf_threshold: float, min_keypoints: int
) -> list[np.ndarray]:
    """Group the peaks of all keypoints into feet.

    Each limb is matched on its own, optimally: feet that touch compete for the same peaks. The limbs form a tree, so
    matched limbs that share a peak make a foot with at most one peak per keypoint. A foot that a missing
    peak has broken apart is joined again by nearness.

    Args:
        peaks: as `find_peaks` returns them, 8 arrays (N, 3) of u, v, score.
        pafs: (14, H, W) float32.
        paf_threshold: least mean projection of the field on a limb.
        min_keypoints: feet with fewer are dropped.

    Returns:
        Feet as (8, 3) float64 arrays of u, v, score with NaN, NaN, 0 where missing; the most certain first.
    """
    group_of = [np.full(len(p), -1) for p in peaks]
    groups: list[dict[int, int]] = []  # keypoint -> index of its peak
    for (a, b), affinity in zip(LIMBS, limb_affinities(peaks, pafs), strict=True):
        for i, j in assign(affinity - paf_threshold):
            if group_of[a][i] < 0:
                group_of[a][i] = len(groups)
                groups.append({a: i})
            group_of[b][j] = group_of[a][i]
            groups[group_of[a][i]][b] = j
    feet = [_foot(group, peaks) for group in groups]
    feet = [foot for foot in _join_fragments(feet) if np.isfinite(foot[:, 0]).sum() >= min_keypoints]
    return sorted(feet, key=lambda foot: -foot[:, 2].sum())


def limb_affinities(peaks: list[np.ndarray], pafs: np.ndarray) -> list[np.ndarray]:
    """How well the fields join peaks: for each limb (N, M), the mean projection of its field on the straight lines.

    Ends nearer than a cell, of a limb seen end on, have no direction and may have no field; that they meet speaks for
    them.

    Args:
        peaks: 8 arrays (N, 3) of u, v, score, inside the maps.
        pafs: (14, H, W) float32.
    """
    shapes = [(len(peaks[a]), len(peaks[b])) for a, b in LIMBS]
    start = np.concatenate([np.repeat(peaks[a][:, :2], m, 0) for (a, _), (_, m) in zip(LIMBS, shapes, strict=True)])
    end = np.concatenate([np.tile(peaks[b][:, :2], (n, 1)) for (_, b), (n, _) in zip(LIMBS, shapes, strict=True)])
    sizes = [n * m for n, m in shapes]
    channel = 2 * np.repeat(np.arange(len(LIMBS)), sizes)[:, None]
    line = end - start
    u, v = np.rint(start[:, None] + line[:, None] * _FRACTIONS).astype(int).transpose(2, 0, 1)
    length = np.sqrt((line**2).sum(1))
    along = pafs[channel, v, u].mean(1) * line[:, 0] + pafs[channel + 1, v, u].mean(1) * line[:, 1]
    affinity = np.where(length < 1, _END_ON_AFFINITY, along / np.maximum(length, 1))
    return [a.reshape(shape) for a, shape in zip(np.split(affinity, np.cumsum(sizes)[:-1]), shapes, strict=True)]


def to_image(foot: np.ndarray, output: NetworkOutput) -> FootKeypoints:
    """A grouped foot (8, 3) in cells as keypoints in image pixels."""
    affine = output.cell_to_image
    points = foot[:, :2] @ affine[:, :2].T + affine[:, 2]
    return FootKeypoints(points.astype(np.float32), foot[:, 2].astype(np.float32))


def _foot(group: dict[int, int], peaks: list[np.ndarray]) -> np.ndarray:
    foot = np.full((NUM_KEYPOINTS, 3), np.nan)
    foot[:, 2] = 0
    for keypoint, index in group.items():
        foot[keypoint] = peaks[keypoint][index]
    return foot


def _join_fragments(feet: list[np.ndarray]) -> list[np.ndarray]:
    """Join the nearest two incomplete feet that share no keypoint, again and again, while they nearly touch."""
    feet = list(feet)
    while True:
        gaps = [
            (gap, i, j)
            for i in range(len(feet))
            for j in range(i + 1, len(feet))
            if (gap := _gap(feet[i], feet[j])) is not None
        ]
        if not gaps:
            return feet
        _, i, j = min(gaps)
        feet[i] = np.where(np.isfinite(feet[i]) & (feet[i][:, 2:] > 0), feet[i], feet[j])
        del feet[j]


def _gap(a: np.ndarray, b: np.ndarray) -> float | None:
    """Distance of the centres of two fragments in cells; None if they can't be of one foot."""
    found_a, found_b = a[:, 2] > 0, b[:, 2] > 0
    if (found_a & found_b).any():
        return None
    a, b = a[found_a, :2], b[found_b, :2]
    gap = float(np.linalg.norm(a.mean(0) - b.mean(0)))
    extent = max(np.linalg.norm(np.ptp(a, 0)), np.linalg.norm(np.ptp(b, 0)))
    return gap if gap < extent else None
