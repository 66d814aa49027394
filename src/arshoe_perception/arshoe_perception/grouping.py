"""Keypoint candidates to feet, by part affinity fields (PAFs) along the limbs of `arshoe_core.foot.LIMBS`."""

import math

import numpy as np

from arshoe_core.assignment import assign
from arshoe_core.foot import LIMBS, NUM_KEYPOINTS
from arshoe_core.types import FootKeypoints, NetworkOutput

_Part = dict[int, np.ndarray]
"""Keypoint index to its peak (u, v, score), for some keypoints of one foot."""
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
    owner: list[list[_Part | None]] = [[None] * len(p) for p in peaks]
    for (a, b), affinity in zip(LIMBS, limb_affinities(peaks, pafs), strict=True):
        for i, j in assign(affinity - paf_threshold):
            part = owner[a][i] = owner[a][i] or {a: peaks[a][i]}
            part[b] = peaks[b][j]
            owner[b][j] = part
    parts: list[_Part] = []
    for k, owners in enumerate(owner):
        for i, part in enumerate(owners):
            if part is None:  # no limb has joined this peak; its neighbour may be missing
                parts.append({k: peaks[k][i]})
            elif min(part) == k:  # each part once
                parts.append(part)
    feet = [_foot(part) for part in _join(parts) if len(part) >= min_keypoints]
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


def _foot(part: _Part) -> np.ndarray:
    foot = np.full((NUM_KEYPOINTS, 3), (np.nan, np.nan, 0.0))
    for keypoint, peak in part.items():
        foot[keypoint] = peak
    return foot


def _join(parts: list[_Part]) -> list[_Part]:
    """Join the nearest two parts that share no keypoint, again and again, while they nearly touch."""
    parts = list(parts)
    places = [_place(part) for part in parts]
    while True:
        nearest = min(
            (
                (gap, i, j)
                for j in range(len(parts))
                for i in range(j)
                if parts[i].keys().isdisjoint(parts[j])
                and (gap := math.dist(places[i][:2], places[j][:2])) < max(places[i][2], places[j][2])
            ),
            default=None,
        )
        if nearest is None:
            return parts
        _, i, j = nearest
        parts[i] = parts[i] | parts[j]
        places[i] = _place(parts[i])
        del parts[j], places[j]


def _place(part: _Part) -> tuple[float, float, float]:
    """Centre u, v and extent of a part in cells."""
    points = np.stack(list(part.values()))[:, :2]
    return (*points.mean(0).tolist(), float(np.hypot(*np.ptp(points, 0))))
