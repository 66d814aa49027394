"""Rigid transforms: 4x4 float64 matrices `T_a_b` (takes points of frame b to frame a), quaternions (w, x, y, z)."""

import numpy as np
from transforms3d import quaternions


def from_rt(R: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Build T (4, 4) from a rotation matrix R (3, 3) and a translation t (3,) in metres."""
    T = np.eye(4)
    T[:3, :3] = R
    T[:3, 3] = np.asarray(t, dtype=np.float64).reshape(3)
    return T


def inverse(T: np.ndarray) -> np.ndarray:
    """Return T_b_a (4, 4) for T_a_b (4, 4)."""
    R = T[:3, :3]
    return from_rt(R.T, -R.T @ T[:3, 3])


def transform_points(T: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Take points (..., 3) of frame b to frame a with T_a_b (4, 4)."""
    return np.asarray(points) @ T[:3, :3].T + T[:3, 3]


def quaternion(R: np.ndarray) -> np.ndarray:
    """Return the unit quaternion (4,) w, x, y, z with w >= 0 of a rotation matrix R (3, 3)."""
    return quaternions.mat2quat(R)


def rotation(q: np.ndarray) -> np.ndarray:
    """Return the rotation matrix (3, 3) of a quaternion (4,) w, x, y, z of any non-zero length."""
    return quaternions.quat2mat(q)


def blend_rotations(R_from: np.ndarray, R_to: np.ndarray, weight: float) -> np.ndarray:
    """Blend two rotations: normalised `weight * q_to + (1 - weight) * q_from` on one hemisphere (paper, equation 10).

    Args:
        R_from, R_to: rotation matrices (3, 3).
        weight: 0 gives R_from, 1 gives R_to.
    """
    q_from, q_to = quaternion(R_from), quaternion(R_to)
    if q_from @ q_to < 0:
        q_to = -q_to
    return rotation(weight * q_to + (1 - weight) * q_from)


def rotation_angle(R_a: np.ndarray, R_b: np.ndarray) -> float:
    """Return the angle in radians, 0 to pi, between two rotation matrices (3, 3)."""
    q = quaternion(R_a.T @ R_b)
    return float(2 * np.arctan2(np.linalg.norm(q[1:]), abs(q[0])))


def fit_similarity(source: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Least-squares similarity `target = scale * R @ source + t` (Umeyama, PAMI 1991).

    Args:
        source, target: corresponding points (N, 3), N >= 3, not all on one line.

    Returns:
        scale, R (3, 3), t (3,).
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    mean_source, mean_target = source.mean(0), target.mean(0)
    centred_source, centred_target = source - mean_source, target - mean_target
    U, D, Vt = np.linalg.svd(centred_target.T @ centred_source)
    S = np.diag([1.0, 1.0, np.sign(np.linalg.det(U) * np.linalg.det(Vt))])
    R = U @ S @ Vt
    scale = float((D * np.diag(S)).sum() / (centred_source**2).sum())
    return scale, R, mean_target - scale * R @ mean_source
