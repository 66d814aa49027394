"""What a stabilisation method is.

A new one: write a class with the functions of `PoseFilter`; name it in `tracker.FILTERS` and `config.METHODS`.
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_stabilizer.config import StabilizerConfig


@dataclass(frozen=True)
class Measurement:
    """What a frame says of one foot.

    Attributes:
        T: (4, 4) measured T_camera_foot.
        covariance: (6, 6) of T as in `FootPose`; zeros if unknown.
        shift: (3,) metres, how the foot has moved since the last frame by optical flow, camera frame, at unchanged
            depth; zeros if the flow could not tell.
        dt: seconds since the last frame, positive.
        camera: intrinsics of the frame.
        points: (K, 3) model points, foot frame, metres.
    """

    T: np.ndarray
    covariance: np.ndarray
    shift: np.ndarray
    dt: float
    camera: Camera
    points: np.ndarray


class PoseFilter(Protocol):
    """Smooths the pose of one foot; made anew for every track and when a track is restarted."""

    def __init__(self, config: StabilizerConfig, T: np.ndarray) -> None:
        """Start at T (4, 4) T_camera_foot."""

    def update(self, measurement: Measurement) -> np.ndarray:
        """Take in a measurement; return the refined T_camera_foot (4, 4)."""

    def predict(self, shift: np.ndarray | None, dt: float) -> np.ndarray:
        """Step a frame of dt seconds without a measurement; return T_camera_foot (4, 4).

        Args:
            shift: as in `Measurement`, None if the flow could not tell.
        """


class NoFilter:
    """Poses as measured."""

    def __init__(self, config: StabilizerConfig, T: np.ndarray) -> None:
        self.T = T

    def update(self, measurement: Measurement) -> np.ndarray:
        """The measured pose."""
        self.T = measurement.T
        return self.T

    def predict(self, shift: np.ndarray | None, dt: float) -> np.ndarray:
        """The last pose, shifted."""
        self.T = shifted(self.T, shift)
        return self.T


def shifted(T: np.ndarray, shift: np.ndarray | None) -> np.ndarray:
    """T (4, 4) moved by shift (3,) in the camera frame; None moves nothing."""
    moved = T.copy()
    if shift is not None:
        moved[:3, 3] += shift
    return moved


def rotation_vector(R: np.ndarray) -> np.ndarray:
    """Rotation vector (3,) in radians of a rotation matrix (3, 3)."""
    return cv2.Rodrigues(R)[0][:, 0]


def rotation_matrix(vector: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of a rotation vector (3,) in radians."""
    return cv2.Rodrigues(np.asarray(vector, np.float64))[0]
