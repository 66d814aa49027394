"""Our stabiliser: optical flow says how the foot moves, in all six degrees of freedom; measured poses say where it is.

A Kalman filter whose process model is the rigid motion fitted to the foot's corners: it neither lags, since the motion
is seen and not guessed from the past, nor trembles, since at rest flow hardly errs. Measured poses correct its drift.
"""

import numpy as np

from arshoe_core.types import FootPose
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.kalman import KalmanFilter, noise_of
from arshoe_stabilizer.method import Step
from arshoe_stabilizer.rigid_flow import RigidMotion, rigid_motion

_OUTLIER = 40.0
"""Squared Mahalanobis distance from which on a measured pose counts less and less."""
_PATIENCE = 0.1
"""Seconds of nothing but outliers after which the filter starts again from them."""


class ArshoePlusFilter(KalmanFilter):
    """State as `KalmanFilter`; without flow it is one."""

    def __init__(self, config: StabilizerConfig, raw: FootPose) -> None:
        super().__init__(config, raw)
        self._config = config
        self._side, self._foot_length = raw.side, raw.foot_length
        self._outlier_s = 0.0

    def update(self, raw: FootPose, step: Step) -> np.ndarray:
        """Move along with the flow, then correct by the measured pose; the farther off it is, the less it counts."""
        self._advance(step)
        innovation, noise = self.way_to(raw.T_camera_foot), noise_of(raw)
        distance = innovation @ np.linalg.solve(self.P[:6, :6] + noise, innovation) / _OUTLIER
        self._outlier_s = self._outlier_s + step.dt if distance > 1 else 0.0
        if self._outlier_s > _PATIENCE:
            self.__init__(self._config, raw)
        else:
            self.correct(innovation, self._config.plus_noise * max(1.0, distance) * noise)
        return self.T

    def predict(self, step: Step) -> np.ndarray:
        """Move along with the flow; without it, on as before."""
        self._advance(step)
        return self.T

    def _advance(self, step: Step) -> None:
        motion = None
        if step.pairs is not None:
            motion = rigid_motion(self.T, self._side, self._foot_length, step.pairs, step.camera)
        if motion is None:
            self.coast(step.dt)
        else:
            self._follow(motion, step.dt)

    def _follow(self, motion: RigidMotion, dt: float) -> None:
        """The motion's error adds to the pose's; the motion itself is the velocity, in case flow is lost next."""
        moved = self.way_to(motion.T)
        turn = motion.T[:3, :3] @ self.T[:3, :3].T
        F = np.kron(np.eye(2), turn)
        error = motion.covariance(self._config.plus_drift)
        pose_covariance = F @ self.P[:6, :6] @ F.T + error
        self.P = np.zeros((12, 12))
        self.P[:6, :6] = pose_covariance
        self.P[6:, 6:] = error / dt**2 + np.diag(self.acceleration * dt**2)
        self.velocity = moved / dt
        self.T = motion.T
