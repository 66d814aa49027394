"""The One-Euro filter (Casiez et al., CHI 2012) on position and rotation."""

import numpy as np

from arshoe_core import se3
from arshoe_core.types import FootPose
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.method import Step, rotation_vector, shifted

_SPEED_CUTOFF = 1.0
"""Hz, of the speed's own low pass, as in the paper."""
_LEVER = 0.13
"""Metres, half a foot: takes a rotation's rad/s to the m/s of the toe, so that one beta serves both."""


class OneEuroFilter:
    """A low pass whose cutoff rises with speed: steady at rest, quick in motion."""

    def __init__(self, config: StabilizerConfig, raw: FootPose) -> None:
        self.min_cutoff, self.beta = config.one_euro_min_cutoff, config.one_euro_beta
        self.T = self.measured = raw.T_camera_foot
        self.velocity, self.angular_velocity = np.zeros(3), np.zeros(3)

    def update(self, raw: FootPose, step: Step) -> np.ndarray:
        """Low-pass the measured pose."""
        dt, T = step.dt, raw.T_camera_foot
        smooth = _weight(_SPEED_CUTOFF, dt)
        velocity = (T[:3, 3] - self.measured[:3, 3]) / dt
        angular_velocity = rotation_vector(T[:3, :3] @ self.measured[:3, :3].T) / dt
        self.velocity = self.velocity + smooth * (velocity - self.velocity)
        self.angular_velocity = self.angular_velocity + smooth * (angular_velocity - self.angular_velocity)
        weight_t = self._weight_at(np.linalg.norm(self.velocity), dt)
        weight_R = self._weight_at(np.linalg.norm(self.angular_velocity) * _LEVER, dt)
        t = self.T[:3, 3] + weight_t * (T[:3, 3] - self.T[:3, 3])
        self.T = se3.from_rt(se3.blend_rotations(self.T[:3, :3], T[:3, :3], weight_R), t)
        self.measured = T
        return self.T

    def predict(self, step: Step) -> np.ndarray:
        """The last pose, shifted."""
        self.T, self.measured = shifted(self.T, step), shifted(self.measured, step)
        return self.T

    def _weight_at(self, speed: float, dt: float) -> float:
        return _weight(self.min_cutoff + self.beta * speed, dt)


def _weight(cutoff: float, dt: float) -> float:
    """What a new sample counts in a first-order low pass of `cutoff` Hz."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff * dt))
