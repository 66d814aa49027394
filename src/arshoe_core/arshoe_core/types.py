"""Plain data that the stages pass on; each mirrors a message of arshoe_msgs."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from arshoe_core import foot, se3
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side

MASK_BACKGROUND, MASK_LEG, MASK_FOOT, MASK_IGNORE = 0, 1, 2, 255
"""Values of a uint8 segmentation mask (H, W). MASK_IGNORE stands only in labels."""


class PoseStatus(IntEnum):
    """Where a pose comes from; the values are those of arshoe_msgs."""

    MEASURED = 0
    PREDICTED = 1


@dataclass(frozen=True)
class NetworkOutput:
    """The network's maps for one image.

    Attributes:
        heatmaps: (8, 64, 64) float32, one per keypoint, 1 at the keypoint.
        pafs: (14, 64, 64) float32, unit vectors along the limbs; channels 2i, 2i + 1 are x, y of limb i.
        segmentation: (2, 64, 64) float32, leg and foot, 0 to 1.
        cell_to_image: (2, 3) float64, takes a cell (u, v, 1) to image pixels (x, y).
        image_width, image_height: size of the source image in pixels.
        model_id: names the weights.
    """

    heatmaps: np.ndarray
    pafs: np.ndarray
    segmentation: np.ndarray
    cell_to_image: np.ndarray
    image_width: int
    image_height: int
    model_id: str = ""


@dataclass(frozen=True)
class FootKeypoints:
    """The keypoints of one foot, grouped.

    Attributes:
        points: (8, 2) float32, x, y in image pixels, NaN where missing.
        scores: (8,) float32 in 0 to 1, 0 where missing.
        side: UNKNOWN until the pose decides.
    """

    points: np.ndarray
    scores: np.ndarray
    side: Side = Side.UNKNOWN

    @property
    def found(self) -> np.ndarray:
        """(8,) bool, which keypoints are there."""
        return np.isfinite(self.points).all(1)


@dataclass(frozen=True)
class FootPose:
    """The 6-DoF pose of one foot.

    Attributes:
        side: LEFT or RIGHT.
        T_camera_foot: (4, 4) float64, metres.
        foot_length: metres; scales the standard foot.
        score: confidence in 0 to 1.
        reprojection_error: px RMS, NaN if predicted.
        covariance: (6, 6) float64 over x, y, z (m), rotation about X, Y, Z (rad) in the camera frame, as
            geometry_msgs/PoseWithCovariance orders it.
        track_id: 0 = untracked.
        status: MEASURED or PREDICTED.
    """

    side: Side
    T_camera_foot: np.ndarray
    foot_length: float = STANDARD_FOOT_LENGTH
    score: float = 1.0
    reprojection_error: float = float("nan")
    covariance: np.ndarray = field(default_factory=lambda: np.zeros((6, 6)))
    track_id: int = 0
    status: PoseStatus = PoseStatus.MEASURED

    def keypoints(self) -> np.ndarray:
        """The foot model's eight keypoints (8, 3) in metres, camera frame."""
        return se3.transform_points(self.T_camera_foot, foot.keypoints(self.side, self.foot_length))
