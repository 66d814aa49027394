"""Keypoint candidates to feet, by part affinity fields (PAFs) along the limbs of `arshoe_core.foot.LIMBS`."""

import math

import numpy as np

from arshoe_core.assignment import assign
from arshoe_core.foot import LIMBS, NUM_KEYPOINTS
from arshoe_core.types import FootKeypoints, NetworkOutput

_Peak = tuple[float, float, float]
"""u, v, score."""
_Part = dict[int, _Peak]
"""Keypoint index to its peak, for some keypoints of one foot."""
_MISSING = (math.nan, math.nan, 0.0)
_FROM, _TO = np.array(LIMBS).T
_END_ON_AFFINITY = 0.5
_FRACTIONS = np.linspace(0, 1, 10)
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
    candidates: list[list[_Peak]] = [[tuple(peak) for peak in p.tolist()] for p in peaks]
    owner: list[list[_Part | None]] = [[None] * len(p) for p in peaks]
    for (a, b), pairs in zip(LIMBS, _match(limb_affinities(peaks, pafs) - paf_threshold), strict=True):
        for i, j in pairs:
            part = owner[a][i] = owner[a][i] or {a: candidates[a][i]}
            part[b] = candidates[b][j]
            owner[b][j] = part
    parts: list[_Part] = []
    for k, owners in enumerate(owner):
        for i, part in enumerate(owners):
            if part is None:  # no limb has joined this peak; its neighbour may be missing
                parts.append({k: candidates[k][i]})
            elif min(part) == k:  # each part once
                parts.append(part)
    feet = [part for part in _join(parts) if len(part) >= min_keypoints]
    feet.sort(key=lambda part: -sum(score for _, _, score in part.values()))
    return [np.array([part.get(k, _MISSING) for k in range(NUM_KEYPOINTS)]) for part in feet]


def limb_affinities(peaks: list[np.ndarray], pafs: np.ndarray) -> np.ndarray:
    """How well the fields join peaks: the mean projection of each limb's field on the straight lines between peaks.

    Ends nearer than a cell, of a limb seen end on, have no direction and may have no field; that they meet speaks for
    them.

    Args:
        peaks: 8 arrays (N, 3) of u, v, score, inside the maps.
        pafs: (14, H, W) float32.

    Returns:
        (7, n, n) float64 with n the largest N: limb, peak where it starts, peak where it ends; -1 where there is none.
    """
    height, width = pafs.shape[1:]
    places = np.full((len(peaks), max(map(len, peaks)), 2), np.nan)
    for of_keypoint, found in zip(places, peaks, strict=True):
        of_keypoint[: len(found)] = found[:, :2]
    start, end = places[_FROM][:, :, None], places[_TO][:, None]
    line = end - start
    read = np.rint(start[..., None] + line[..., None] * _FRACTIONS)
    there = np.isfinite(line[..., 0])
    u, v = np.where(there[..., None, None], read, 0).astype(np.intp).transpose(3, 0, 1, 2, 4)
    cell = v * width + u + (2 * height * width * np.arange(len(LIMBS)))[:, None, None, None]
    field = pafs.ravel()
    along = field[cell].mean(-1) * line[..., 0] + field[cell + height * width].mean(-1) * line[..., 1]
    length = np.sqrt((line**2).sum(-1))
    affinity = np.where(length < 1, _END_ON_AFFINITY, along / np.maximum(length, 1))
    return np.where(there, affinity, -1.0)


def _match(benefit: np.ndarray) -> list[list[tuple[int, int]]]:
    """For each limb the pairs of starts and ends that give the largest sum of benefits (7, n, n), none below 0."""
    if benefit.size == 0:
        return [[] for _ in benefit]
    matched = []
    for limb, best, value in zip(benefit, benefit.argmax(2).tolist(), benefit.max(2).tolist(), strict=True):
        pairs = [(i, j) for i, (j, v) in enumerate(zip(best, value, strict=True)) if v > 0]
        if len({j for _, j in pairs}) < len(pairs):  # two starts compete for an end
            pairs = assign(limb)
        matched.append(pairs)
    return matched


def to_image(foot: np.ndarray, output: NetworkOutput) -> FootKeypoints:
    """A grouped foot (8, 3) in cells as keypoints in image pixels."""
    affine = output.cell_to_image
    points = foot[:, :2] @ affine[:, :2].T + affine[:, 2]
    return FootKeypoints(points.astype(np.float32), foot[:, 2].astype(np.float32))


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
    u, v, _ = zip(*part.values(), strict=True)
    return sum(u) / len(u), sum(v) / len(v), math.hypot(max(u) - min(u), max(v) - min(v))
