"""How a foot has moved, all six degrees of freedom, from its corners in two frames."""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_stabilizer.foot_surface import back_project
from arshoe_stabilizer.kalman import LEVER
from arshoe_stabilizer.method import rotation_matrix
from arshoe_stabilizer.optical_flow import CornerPairs

_ITERATIONS = 5
_CONVERGED = 3e-4
"""Metres, radians: a step this small is the last."""
_MIN_CORNERS = 6
_MIN_SHARE = 0.5
"""Of the corners that must agree with one rigid motion."""
_CUTOFF = 2.0
"""Standard deviations from which on a corner counts less and less (c of the Cauchy cost)."""
_SIGMA_LOW, _SIGMA_HIGH = 0.1, 3.0
"""Pixels, standard deviation of a corner's place, as far as the residuals may set it."""
_INDEPENDENT = 15
"""Corners' errors are partly the same (the surface is a guess, exposure changes): more than this tell nothing new."""
_PRIOR = 1 / np.array([0.05, 0.05, 0.05, 0.2, 0.2, 0.2]) ** 2
"""Information on the motion beside what the mean displacement says (m, rad): holds what corners can't tell."""
_PRIOR_MATRIX = np.diag(_PRIOR)


@dataclass(frozen=True)
class RigidMotion:
    """A foot's pose in the new frame, had it been T in the last one.

    Attributes:
        T: (4, 4) T_camera_foot in the new frame.
        way: m, how far the foot has moved.
        noise: (6, 6) covariance of T from the noise of the corners, as in `FootPose`.
    """

    T: np.ndarray
    way: float
    noise: np.ndarray

    def covariance(self, drift: float) -> np.ndarray:
        """(6, 6) of T with what the guessed surface and a foot that bends make of the way: `drift` of its length."""
        rest = drift * self.way * np.array([1, 1, 2, 1 / LEVER, 1 / LEVER, 1 / LEVER])
        return self.noise + np.diag(rest**2)


def rigid_motion(
    T: np.ndarray, side: Side, foot_length: float, pairs: CornerPairs, camera: Camera
) -> RigidMotion | None:
    """Fit the motion: corners are put on the foot's surface at T and their new places are fitted by Gauss-Newton.

    Args:
        T: (4, 4) T_camera_foot in the last frame.
        side, foot_length: which foot; metres.
        pairs: its corners.
        camera: intrinsics of both frames.

    Returns:
        None if the corners are few or do not agree with a rigid motion.
    """
    if len(pairs.start) < _MIN_CORNERS:
        return None
    focal = float(np.sqrt(camera.fx * camera.fy))
    before, after = _normalised(pairs.start, camera), _normalised(pairs.end, camera)
    points = back_project(before, T, side, foot_length)
    moved = T.copy()
    moved[:2, 3] += np.median(after - before, 0) * T[2, 3]
    start = moved[:3, 3].copy()
    for _ in range(_ITERATIONS):
        error, J = _residuals(moved, points, after)
        distance = focal * np.sqrt((error**2).sum(0))
        sigma = min(max(1.2 * _median(distance), _SIGMA_LOW), _SIGMA_HIGH)
        weights = (focal / sigma) ** 2 / (1 + (distance / sigma / _CUTOFF) ** 2)
        weighted = (J * weights).reshape(6, -1)
        H = weighted @ J.reshape(6, -1).T + _PRIOR_MATRIX
        gradient = weighted @ error.ravel()
        gradient[:3] += _PRIOR[:3] * (moved[:3, 3] - start)
        step = np.linalg.solve(H, -gradient)
        moved = se3.from_rt(rotation_matrix(step[3:]) @ moved[:3, :3], moved[:3, 3] + step[:3])
        if np.abs(step).max() < _CONVERGED:
            break
    agree = distance < 3 * sigma
    if sigma >= _SIGMA_HIGH or agree.sum() < max(_MIN_CORNERS, _MIN_SHARE * len(agree)) or moved[2, 3] <= 0:
        return None
    noise = np.linalg.inv(H * min(1.0, _INDEPENDENT / agree.sum()))
    return RigidMotion(moved, float(np.linalg.norm(moved[:3, 3] - T[:3, 3])), noise)


def _residuals(T: np.ndarray, points: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Errors (2, N) of projected points, normalised units; derivatives (6, 2, N) by (dt, w) of R <- exp(w) R."""
    X, Y, Z = T[:3, :3] @ points.T
    z = np.maximum(Z + T[2, 3], 1e-3)
    u, v = (X + T[0, 3]) / z, (Y + T[1, 3]) / z
    zero, one = np.zeros_like(z), np.ones_like(z)
    J = np.array([[one, zero], [zero, one], [-u, -v], [-u * Y, -Z - v * Y], [Z + u * X, v * X], [-Y, X]])
    return np.array([u, v]) - after.T, J / z


def _median(values: np.ndarray) -> float:
    """np.median takes ten times as long for so few."""
    return float(np.partition(values, len(values) // 2)[len(values) // 2])


def _normalised(pixels: np.ndarray, camera: Camera) -> np.ndarray:
    """Pixels (N, 2) as x / z, y / z, without distortion."""
    if camera.distortion:
        return cv2.undistortPoints(pixels[:, None], camera.K, camera.distortion_array)[:, 0]
    return (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
