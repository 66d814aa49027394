"""Left or right: choose between the fits of both models."""

from dataclasses import dataclass

import numpy as np

from arshoe_core import se3
from arshoe_core.types import FootPose

# Costs are -2 ln(odds), the unit of a fit's cost (squared standard deviations).
SEEN_FROM_BELOW = 6.0
"""A camera well below the sole's plane. Six of the eight keypoints are nearly in a plane, so the wrong side's model
fits well from below; residuals alone mistake up to a third of small feet."""
SAME_SIDE = 6.0
"""Two feet of one side: two feet in view are normally one wearer's."""
WRONG_MEDIAL = 4.0
"""The other foot stands on this one's lateral side: legs are seldom crossed."""


@dataclass(frozen=True)
class Candidate:
    """A pose and its fit's cost."""

    pose: FootPose
    cost: float


def choose_sides(alternatives: list[list[Candidate]]) -> list[Candidate]:
    """Choose one candidate per foot.

    Args:
        alternatives: for each foot its candidates of different sides, at least one.
    """
    costs = [[c.cost + _below_cost(c.pose) for c in candidates] for candidates in alternatives]
    if len(alternatives) == 2:
        first, second = alternatives
        joint = [
            (costs[0][i] + costs[1][j] + _pair_cost(a.pose, b.pose), i, j)
            for i, a in enumerate(first)
            for j, b in enumerate(second)
        ]
        _, i, j = min(joint)
        return [first[i], second[j]]
    return [candidates[int(np.argmin(cost))] for candidates, cost in zip(alternatives, costs, strict=True)]


def _below_cost(pose: FootPose) -> float:
    """0 where the camera is above the sole's plane, rising to `SEEN_FROM_BELOW` at 24 degrees below it."""
    R, t = pose.T_camera_foot[:3, :3], pose.T_camera_foot[:3, 3]
    sine = -(R[:, 2] @ t) / np.linalg.norm(t)
    return SEEN_FROM_BELOW * float(np.clip(-sine / 0.4, 0, 1))


def _pair_cost(a: FootPose, b: FootPose) -> float:
    same = SAME_SIDE if a.side == b.side else 0.0
    return same + 0.5 * (_medial_cost(a, b) + _medial_cost(b, a))


def _medial_cost(pose: FootPose, other: FootPose) -> float:
    """0 where `other` is on the medial side, rising to `WRONG_MEDIAL` at 0.3 foot lengths to the lateral side."""
    origin = se3.transform_points(se3.inverse(pose.T_camera_foot), other.T_camera_foot[:3, 3])
    lateral = origin[1] if pose.side == pose.side.LEFT else -origin[1]
    return WRONG_MEDIAL * float(np.clip(lateral / pose.foot_length / 0.3, 0, 1))
