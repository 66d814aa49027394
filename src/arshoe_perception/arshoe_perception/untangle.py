"""Feet that cross or touch: give back the keypoints that the limbs' fields have led to the other foot.

Where the same keypoint of two feet is nearly in one place, there is one peak for both, and what hangs on it in the tree
of limbs may go to the wrong foot. The shape of the foot tells: its keypoints are nearly an affine image of the model's.
"""

import numpy as np

from arshoe_core.foot import LIMBS, NUM_KEYPOINTS, STANDARD_FOOT_LENGTH, Side, keypoints

_MODEL = np.column_stack([keypoints(Side.LEFT) / STANDARD_FOOT_LENGTH, np.ones(NUM_KEYPOINTS)])
"""An affine image of the left foot's model is one of the right foot's too."""
_RIDGE = 1e-3 * np.eye(4)
_LEAST_GAIN = 0.5
"""An exchange takes away at least this part of two feet's residual, and this many cells^2 per keypoint: perspective
leaves some of it."""


def untangle(feet: list[np.ndarray], min_keypoints: int) -> list[np.ndarray]:
    """Exchange branches of the tree of limbs between feet whose boxes overlap, while both get more like feet.

    Args:
        feet: (8, 3) each, u, v, score with NaN, NaN, 0 where missing.
        min_keypoints: an exchange leaves no foot with fewer.

    Returns:
        The same peaks in as many feet, in the same order.
    """
    feet = list(feet)
    boxes = [(np.fmin.reduce(foot[:, :2]), np.fmax.reduce(foot[:, :2])) for foot in feet]
    for j in range(len(feet)):
        for i in range(j):
            if (boxes[i][0] <= boxes[j][1]).all() and (boxes[j][0] <= boxes[i][1]).all():
                feet[i], feet[j] = _exchange(feet[i], feet[j], min_keypoints)
    return feet


def _exchange(a: np.ndarray, b: np.ndarray, min_keypoints: int) -> tuple[np.ndarray, np.ndarray]:
    """The exchange of branches between two feet (8, 3) that leaves the least residual, if it is worth it."""
    as_a, as_b = np.where(_BRANCHES[..., None], b, a), np.where(_BRANCHES[..., None], a, b)
    count = np.minimum((as_a[..., 2] > 0).sum(1), (as_b[..., 2] > 0).sum(1))
    residual = np.where(count >= min_keypoints, _residual(as_a) + _residual(as_b), np.inf)
    best = int(residual.argmin())
    if residual[0] - residual[best] < _LEAST_GAIN * max(residual[0], 2 * NUM_KEYPOINTS):
        return a, b
    return as_a[best], as_b[best]


def _residual(feet: np.ndarray) -> np.ndarray:
    """Sum of squares, cells^2, that the best affine image of the model leaves of each foot (N, 8, 3)."""
    there = feet[..., 2] > 0
    points = np.where(there[..., None], feet[..., :2], 0.0)
    points -= there[..., None] * (points.sum(1) / there.sum(1)[:, None])[:, None]
    columns = (_MODEL * there[..., None]).transpose(0, 2, 1)
    moments = columns @ points
    return (points**2).sum((1, 2)) - (moments * np.linalg.solve(columns @ _MODEL + _RIDGE, moments)).sum((1, 2))


def _branches() -> np.ndarray:
    """(N, 8) which keypoints are exchanged: every union of the branches at the toe and the parts below their limbs."""
    below = {limb: {limb[1]} for limb in LIMBS}
    for limb in reversed(LIMBS):
        for other in LIMBS:
            if other[0] == limb[1]:
                below[limb] |= below[other]
    masks = {tuple(k in branch for k in range(NUM_KEYPOINTS)) for branch in below.values()}
    unions = {tuple(np.logical_or(a, b)) for a in masks for b in masks}
    return np.array([(False,) * NUM_KEYPOINTS, *sorted(unions)])


_BRANCHES = _branches()
"""The first exchanges nothing."""
