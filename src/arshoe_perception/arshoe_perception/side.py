"""Left or right: choose between the fits of both models.

Costs are -2 ln(odds), the unit of a fit's cost (squared standard deviations). Index 0 is the left model, 1 the right.
"""

import numpy as np

SEEN_FROM_BELOW = 6.0
"""A camera well below the sole's plane. Six of the eight keypoints are nearly in a plane, so the wrong side's model
fits well from below; residuals alone mistake up to a third of small feet."""
SAME_SIDE = 6.0
"""Two feet of one side: two feet in view are normally one wearer's."""
WRONG_MEDIAL = 4.0
"""The other foot stands on this one's lateral side: legs are seldom crossed."""
_STRIDE = 4.0
"""Foot lengths between the feet of one wearer, at most."""
_SAME_HEADING = 0.5
"""Cosine between the feet of one wearer, at least."""
_LATERAL = np.array([1.0, -1.0])
"""Sign of y on the lateral side, left and right."""


def below_cost(R: np.ndarray, t: np.ndarray) -> np.ndarray:
    """0 where the camera is above the sole's plane, rising to `SEEN_FROM_BELOW` at 24 degrees below it.

    Args:
        R: (*, 3, 3), t: (*, 3) camera <- foot.
    """
    sine = -(R[..., 2] * t).sum(-1) / np.sqrt((t**2).sum(-1))
    return SEEN_FROM_BELOW * np.minimum(np.maximum(-sine / 0.4, 0), 1)


def choose_sides(cost: np.ndarray, R: np.ndarray, t: np.ndarray, foot_length: float) -> list[int]:
    """Choose a side for each of F feet.

    Two feet are weighed together as one wearer's. Of more feet those are that are each other's nearest and point the
    same way.

    Args:
        cost: (F, 2) of the fit and the view; infinite where there is no pose. One per foot is finite.
        R: (F, 2, 3, 3), t: (F, 2, 3) camera <- foot, metres.
        foot_length: metres.
    """
    feet = np.arange(len(cost))
    sides = cost.argmin(1).tolist()
    for a, b in _pairs(t[feet, sides], R[feet, sides, :, 0], _STRIDE * foot_length):
        joint = cost[a][:, None] + cost[b] + _pair_cost(R[a], t[a], R[b], t[b], foot_length)
        sides[a], sides[b] = divmod(int(joint.argmin()), 2)
    return sides


def _pairs(t: np.ndarray, heading: np.ndarray, farthest: float) -> list[tuple[int, int]]:
    """The feet that are taken for one wearer's.

    Args:
        t: (F, 3) positions.
        heading: (F, 3) unit vectors to the toes.
        farthest: between the feet of a pair.
    """
    if len(t) < 2:
        return []
    distance = np.sqrt(((t[:, None] - t) ** 2).sum(-1))
    distance[(distance > farthest) | np.eye(len(t), dtype=bool)] = np.inf
    if len(t) > 2:
        distance[heading @ heading.T < _SAME_HEADING] = np.inf
    nearest = distance.argmin(1).tolist()
    return [(a, b) for a, b in enumerate(nearest) if a < b and nearest[b] == a and np.isfinite(distance[a, b])]


def _pair_cost(R_a: np.ndarray, t_a: np.ndarray, R_b: np.ndarray, t_b: np.ndarray, foot_length: float) -> np.ndarray:
    """(2, 2) over the sides of foot a and foot b, each with R (2, 3, 3) and t (2, 3): same side, wrong medial side."""
    line = t_b - t_a[:, None]
    a_sees_b = (line * R_a[:, None, :, 1]).sum(-1) * _LATERAL[:, None]
    b_sees_a = -(line * R_b[:, :, 1]).sum(-1) * _LATERAL
    wrong = np.minimum(np.maximum(np.stack([a_sees_b, b_sees_a]) / (0.3 * foot_length), 0), 1)
    return SAME_SIDE * np.eye(2) + 0.5 * WRONG_MEDIAL * wrong.sum(0)
