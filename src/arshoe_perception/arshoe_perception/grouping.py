"""Keypoint candidates to feet, by part affinity fields (PAFs) along the limbs of `arshoe_core.foot.LIMBS`."""

import math
from collections.abc import Iterable
from itertools import combinations, product

import numpy as np

from arshoe_core.assignment import assign
from arshoe_core.foot import LIMBS, NUM_KEYPOINTS, Side, keypoints
from arshoe_core.types import FootKeypoints, NetworkOutput
from arshoe_perception.untangle import untangle

_Peak = tuple[float, float, float]
"""u, v, score."""
_Part = dict[int, _Peak]
"""Keypoint index to its peak, for some keypoints of one foot."""
_MISSING = (math.nan, math.nan, 0.0)
_FROM, _TO = np.array(LIMBS).T
_KEYPOINTS = keypoints(Side.LEFT)
_DISTANCES = np.linalg.norm(_KEYPOINTS[:, None] - _KEYPOINTS, axis=-1).tolist()
_REACH = 1.6
"""Parts at most this much farther apart than the picture's scale says may be one foot."""
_END_ON_AFFINITY = 0.5
_FRACTIONS = np.linspace(0, 1, 10)
"""Where along a limb its field is read."""


def group_peaks(
    peaks: list[np.ndarray], pafs: np.ndarray, paf_threshold: float, min_keypoints: int
) -> list[np.ndarray]:
    """Group the peaks of all keypoints into feet.

    Each limb is matched on its own, optimally: feet that touch compete for the same peaks. The limbs form a tree, so
    matched limbs that share a peak make a foot with at most one peak per keypoint. What a missing peak has broken apart
    is joined again by nearness; what a peak shared by two feet has led to the wrong one is exchanged by their shape.

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
    return untangle([np.array([part.get(k, _MISSING) for k in range(NUM_KEYPOINTS)]) for part in feet], min_keypoints)


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
    """Join the two parts that share no keypoint and are least apart for a foot, again and again.

    How far apart two parts are is measured in the foot's own distances between their keypoints: a scale, in cells per
    metre. Foreshortening makes it small; it is hardly larger than that of the picture's largest part.
    """
    parts = list(parts)
    limit = _REACH * max((_scale(combinations(part.items(), 2)) for part in parts if len(part) > 1), default=0.0)
    scales = {(i, j): _gap(parts[i], parts[j]) for j in range(len(parts)) for i in range(j)}
    while scales:
        (i, j), nearest = min(scales.items(), key=lambda item: item[1])
        if nearest > limit:
            break
        parts[i] = parts[i] | parts[j]
        parts[j] = {}
        scales = {
            (a, b): _gap(parts[a], parts[b]) if i in (a, b) else scale
            for (a, b), scale in scales.items()
            if j not in (a, b)
        }
    return [part for part in parts if part]


def _gap(a: _Part, b: _Part) -> float:
    """Scale at which two parts would be one foot; infinite if they share a keypoint."""
    return _scale(product(a.items(), b.items())) if a.keys().isdisjoint(b) else math.inf


def _scale(pairs: Iterable[tuple[tuple[int, _Peak], tuple[int, _Peak]]]) -> float:
    """Sum of the distances between peaks in cells per sum of those between the foot's keypoints in metres."""
    seen = true = 0.0
    for (k, (u, v, _)), (m, (x, y, _)) in pairs:
        seen += math.hypot(u - x, v - y)
        true += _DISTANCES[k][m]
    return seen / true
