"""A rough surface of the foot, to tell how deep in the scene a corner on it is: a convex hull."""

from functools import lru_cache
from itertools import combinations

import numpy as np

from arshoe_core import foot
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side

_LEFT_FOOT_MM = np.array(
    [
        [0, -22, 75],
        [0, 22, 75],
        [50, -30, 74],
        [50, 32, 72],
        [110, -30, 90],
        [110, 32, 88],
        [180, -42, 62],
        [170, 42, 58],
        [225, -28, 48],
        [225, 12, 46],
        [255, -14, 36],
    ],
    dtype=np.float64,
)
"""What the keypoints leave out of a low shoe or a sock: both sides of the collar, of the lacing and of the toe box."""


@lru_cache
def hull_planes(side: Side) -> tuple[np.ndarray, np.ndarray]:
    """Planes n x = d of the hull of a foot of standard length; the foot is where n x <= d for all.

    Returns:
        n: (F, 3) unit normals that point outwards, d: (F,) metres; foot frame.
    """
    extra = _LEFT_FOOT_MM / 1000 * (1, 1 if side == Side.LEFT else -1, 1)
    points = np.concatenate([foot.keypoints(side), extra])
    a, b, c = np.array([points[list(corners)] for corners in combinations(range(len(points)), 3)]).transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    offsets = (normals * a).sum(1)
    heights = normals @ points.T - offsets[:, None]
    below, above = heights.max(1) < 1e-9, heights.min(1) > -1e-9
    return np.concatenate([normals[below], -normals[above]]), np.concatenate([offsets[below], -offsets[above]])


def back_project(rays: np.ndarray, T_camera_foot: np.ndarray, side: Side, foot_length: float) -> np.ndarray:
    """Where rays through the picture meet the foot's surface.

    Args:
        rays: (N, 2) normalised image points (x / z, y / z), within the foot's outline.
        T_camera_foot: (4, 4), the camera outside of the foot.
        side, foot_length: which foot; metres.

    Returns:
        Points (N, 3), foot frame, metres. A ray just beside the foot gets a point just beside it.
    """
    normals, offsets = hull_planes(side)
    offsets = offsets * (foot_length / STANDARD_FOOT_LENGTH)
    R, t = T_camera_foot[:3, :3], T_camera_foot[:3, 3]
    origin = -t @ R
    directions = np.concatenate([rays, np.ones((len(rays), 1))], 1) @ R
    towards = directions @ normals.T
    facing = towards < 0
    depth = np.where(facing, (offsets - normals @ origin) / np.where(facing, towards, 1), -np.inf).max(1)
    return origin + depth[:, None] * directions
