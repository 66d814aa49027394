"""Constant-velocity Kalman filter on position and rotation vector.

Written out in numpy: rotations need the error-state form, which cv2.KalmanFilter's fixed linear model doesn't have.
"""

import numpy as np

from arshoe_core import se3
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.method import Measurement, rotation_matrix, rotation_vector, shifted

_LEVER = 0.13
"""Metres, half a foot: takes the toe's acceleration to an angular one."""
_DEFAULT_COVARIANCE = np.diag([0.005, 0.005, 0.02, 0.05, 0.05, 0.05]) ** 2
_START_SPEED = 0.5
"""m/s, standard deviation of a new track's speed."""


class KalmanFilter:
    """State: error of position and rotation (6), velocity and angular velocity (6), camera frame.

    The rotation is held as a matrix; its error, a small rotation vector, is folded into it after each step.
    """

    def __init__(self, config: StabilizerConfig, T: np.ndarray) -> None:
        self.T = T
        self.velocity = np.zeros(6)
        scale = np.array([1.0] * 3 + [1 / _LEVER] * 3)
        self.acceleration = (config.kalman_acceleration * scale) ** 2
        start_velocity = (_START_SPEED * scale) ** 2
        self.P = np.zeros((12, 12))
        self.P[:6, :6] = _DEFAULT_COVARIANCE
        self.P[6:, 6:] = np.diag(start_velocity)

    def update(self, measurement: Measurement) -> np.ndarray:
        """Predict, then correct by the measured pose."""
        self._step(measurement.dt)
        noise = measurement.covariance if measurement.covariance.any() else _DEFAULT_COVARIANCE
        innovation = np.concatenate(
            [measurement.T[:3, 3] - self.T[:3, 3], rotation_vector(measurement.T[:3, :3] @ self.T[:3, :3].T)]
        )
        gain = np.linalg.solve(self.P[:6, :6] + noise, self.P[:6]).T
        correction = gain @ innovation
        self.velocity = self.velocity + correction[6:]
        self.P = self.P - gain @ self.P[:6]
        self.P = (self.P + self.P.T) / 2
        self._move(correction[:6])
        return self.T

    def predict(self, shift: np.ndarray | None, dt: float) -> np.ndarray:
        """Go where the flow says; without flow, on as before."""
        before = self.T
        self._step(dt)
        if shift is not None:
            self.T = shifted(before, shift)
        return self.T

    def _step(self, dt: float) -> None:
        F = np.eye(12)
        F[:6, 6:] = dt * np.eye(6)
        G = np.concatenate([np.full(6, dt**2 / 2), np.full(6, dt)])
        per_axis = np.tile(self.acceleration, 2)
        Q = np.outer(G, G) * np.sqrt(np.outer(per_axis, per_axis)) * np.tile(np.eye(6), (2, 2))
        self.P = F @ self.P @ F.T + Q
        self._move(self.velocity * dt)

    def _move(self, motion: np.ndarray) -> None:
        self.T = se3.from_rt(rotation_matrix(motion[3:]) @ self.T[:3, :3], self.T[:3, 3] + motion[:3])
