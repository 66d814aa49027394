"""An image to the poses of its feet, in one call."""

from dataclasses import dataclass, field

import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.types import FootKeypoints, FootPose, NetworkOutput
from arshoe_perception.mask import decode_mask
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner
from arshoe_perception.pose_estimator import PoseConfig, PoseEstimator


@dataclass(frozen=True)
class FootEstimatorConfig:
    """Parameters of `FootEstimator`: those of its two stages."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    pose: PoseConfig = field(default_factory=PoseConfig)


@dataclass(frozen=True)
class FootEstimate:
    """What one image shows.

    Attributes:
        poses: one per foot, the most certain first.
        keypoints: of the same feet in the same order.
        mask: (H, W) uint8 of the image's size: 0 background, 1 leg, 2 foot.
        network_output: the maps all this was read from.
    """

    poses: list[FootPose]
    keypoints: list[FootKeypoints]
    mask: np.ndarray
    network_output: NetworkOutput


class FootEstimator:
    """Network, mask and pose in one process; the ROS graph runs the same parts in two nodes."""

    def __init__(self, config: FootEstimatorConfig | None = None) -> None:
        """Load the model.

        Raises:
            BadInputError: if the model can't be used, see `NetworkRunner`.
        """
        config = config or FootEstimatorConfig()
        self.network = NetworkRunner(config.network)
        self.pose = PoseEstimator(config.pose)

    def __call__(self, image_bgr: np.ndarray, camera: Camera | None = None) -> FootEstimate:
        """Find the feet of an image.

        Args:
            image_bgr: (H, W, 3) uint8.
            camera: its intrinsics; if None, a phone's main camera is assumed.

        Raises:
            BadInputError: if the image has another shape or type, or the camera another size.
        """
        output = self.network(image_bgr)
        if camera is None:
            camera = Camera.from_fov(output.image_width, output.image_height)
        keypoints, poses = self.pose(output, camera)
        return FootEstimate(poses, keypoints, decode_mask(output), output)
