"""Constant-velocity Kalman filter on position and rotation vector.

Written out in numpy: rotations need the error-state form, which cv2.KalmanFilter's fixed linear model doesn't have.
"""

import numpy as np

from arshoe_core import se3
from arshoe_core.types import FootPose
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.method import Step, rotation_matrix, rotation_vector, shifted

LEVER = 0.13
"""Metres, half a foot: takes the toe's speed and acceleration to angular ones."""
_DEFAULT_COVARIANCE = np.diag([0.005, 0.005, 0.02, 0.05, 0.05, 0.05]) ** 2
_START_SPEED = 0.5
"""m/s, standard deviation of a new track's speed."""


class KalmanFilter:
    """State: error of position and rotation (6), velocity and angular velocity (6), camera frame.

    The rotation is held as a matrix; its error, a small rotation vector, is folded into it after each step.
    """

    def __init__(self, config: StabilizerConfig, raw: FootPose) -> None:
        self.T = raw.T_camera_foot
        self.velocity = np.zeros(6)
        scale = np.array([1.0] * 3 + [1 / LEVER] * 3)
        self.acceleration = (config.kalman_acceleration * scale) ** 2
        self.P = np.zeros((12, 12))
        self.P[:6, :6] = noise_of(raw)
        self.P[6:, 6:] = np.diag((_START_SPEED * scale) ** 2)

    def update(self, raw: FootPose, step: Step) -> np.ndarray:
        """Predict, then correct by the measured pose."""
        self.coast(step.dt)
        self.correct(self.way_to(raw.T_camera_foot), noise_of(raw))
        return self.T

    def predict(self, step: Step) -> np.ndarray:
        """Go where the flow says; without flow, on as before."""
        before = self.T
        self.coast(step.dt)
        if step.pairs is not None:
            self.T = shifted(before, step)
        return self.T

    def way_to(self, T: np.ndarray) -> np.ndarray:
        """(6,) from the filter's pose to T (4, 4): metres, radians."""
        return np.concatenate([T[:3, 3] - self.T[:3, 3], rotation_vector(T[:3, :3] @ self.T[:3, :3].T)])

    def coast(self, dt: float) -> None:
        """Go on at constant velocity for dt seconds."""
        F = np.eye(12)
        F[:6, 6:] = dt * np.eye(6)
        G = np.concatenate([np.full(6, dt**2 / 2), np.full(6, dt)])
        per_axis = np.tile(self.acceleration, 2)
        Q = np.outer(G, G) * np.sqrt(np.outer(per_axis, per_axis)) * np.tile(np.eye(6), (2, 2))
        self.P = F @ self.P @ F.T + Q
        self._move(self.velocity * dt)

    def correct(self, innovation: np.ndarray, noise: np.ndarray) -> None:
        """Take in a measurement `innovation` (6,) away with covariance `noise` (6, 6)."""
        gain = np.linalg.solve(self.P[:6, :6] + noise, self.P[:6]).T
        correction = gain @ innovation
        self.velocity = self.velocity + correction[6:]
        self.P = self.P - gain @ self.P[:6]
        self.P = (self.P + self.P.T) / 2
        self._move(correction[:6])

    def _move(self, motion: np.ndarray) -> None:
        self.T = se3.from_rt(rotation_matrix(motion[3:]) @ self.T[:3, :3], self.T[:3, 3] + motion[:3])


def noise_of(raw: FootPose) -> np.ndarray:
    """Covariance (6, 6) of a measured pose, a usual one where it is not known."""
    return raw.covariance if raw.covariance.any() else _DEFAULT_COVARIANCE
