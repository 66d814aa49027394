"""What a stabilisation method is.

A new one: write a class with the functions of `PoseFilter`; name it in `tracker.FILTERS` and `config.METHODS`.
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.types import FootPose
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.optical_flow import CornerPairs


@dataclass(frozen=True)
class Step:
    """What is known of the way from the last frame to this one.

    Attributes:
        dt: seconds, positive.
        camera: intrinsics of both frames.
        pairs: the foot's corners in the last frame and in this one; None if they could not be followed.
    """

    dt: float
    camera: Camera
    pairs: CornerPairs | None = None

    def shift(self, depth: float) -> np.ndarray:
        """The paper's (4): how far a foot at `depth` (m) has moved, (3,) m, camera frame; 0 if the flow can't tell."""
        if self.pairs is None:
            return np.zeros(3)
        x, y = self.pairs.mean_displacement
        return np.array([x * depth / self.camera.fx, y * depth / self.camera.fy, 0.0])


class PoseFilter(Protocol):
    """Smooths the pose of one foot; made anew for every track and when a track is restarted."""

    def __init__(self, config: StabilizerConfig, raw: FootPose) -> None:
        """Start at a measured pose."""

    def update(self, raw: FootPose, step: Step) -> np.ndarray:
        """Take in the pose measured in the new frame; return the refined T_camera_foot (4, 4)."""

    def predict(self, step: Step) -> np.ndarray:
        """Go on to the new frame, in which nothing was measured; return T_camera_foot (4, 4)."""


class NoFilter:
    """Poses as measured."""

    def __init__(self, config: StabilizerConfig, raw: FootPose) -> None:
        self.T = raw.T_camera_foot

    def update(self, raw: FootPose, step: Step) -> np.ndarray:
        """The measured pose."""
        self.T = raw.T_camera_foot
        return self.T

    def predict(self, step: Step) -> np.ndarray:
        """The last pose, shifted."""
        self.T = shifted(self.T, step)
        return self.T


def shifted(T: np.ndarray, step: Step) -> np.ndarray:
    """T_camera_foot (4, 4) of the last frame, moved to the new one by optical flow: the paper's (5)."""
    moved = T.copy()
    moved[:3, 3] += step.shift(T[2, 3])
    return moved


def rotation_vector(R: np.ndarray) -> np.ndarray:
    """Rotation vector (3,) in radians of a rotation matrix (3, 3)."""
    return cv2.Rodrigues(R)[0][:, 0]


def rotation_matrix(vector: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of a rotation vector (3,) in radians."""
    return cv2.Rodrigues(np.asarray(vector, np.float64))[0]
