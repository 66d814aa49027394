"""An image to the poses of its feet, in one call."""

from dataclasses import dataclass, field, replace

import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.types import FootKeypoints, FootPose, NetworkOutput
from arshoe_perception.mask import decode_mask
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner
from arshoe_perception.pose_estimator import PoseConfig, PoseEstimator
from arshoe_perception.preprocessing import INPUT_SIZE, Region
from arshoe_perception.region_of_interest import region_around

_LEAST_REGION = INPUT_SIZE // 2
"""Side of the second look's region, px: the network knows large feet better, even if they are only enlarged."""


@dataclass(frozen=True)
class FootEstimatorConfig:
    """Parameters of `FootEstimator`.

    Attributes:
        network, pose: those of its two stages.
        second_look: look again at the region around the feet that were found, enlarged, unless they fill the image.
            For single images; in a video `RegionOfInterest` does the same with the feet of the frame before.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    pose: PoseConfig = field(default_factory=PoseConfig)
    second_look: bool = False

    def thorough(self) -> "FootEstimatorConfig":
        """The same with all that makes single images more exact: up to four runs of the network instead of one."""
        return replace(self, network=replace(self.network, mirror=True), second_look=True)


@dataclass(frozen=True)
class FootEstimate:
    """What one image shows.

    Attributes:
        poses: one per foot, the most certain first.
        keypoints: of the same feet in the same order.
        mask: (H, W) uint8 of the image's size: 0 background, 1 leg, 2 foot.
        network_output: the maps of the whole image.
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
        self._second_look = config.second_look

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
        mask = decode_mask(output)
        region = _region_of(poses, camera) if self._second_look else None
        if region is not None:
            closer = self.network(image_bgr, region)
            found = self.pose(closer, camera)
            if found[1]:
                keypoints, poses = found
                left, top, right, bottom = region
                mask[top:bottom, left:right] = decode_mask(closer)[top:bottom, left:right]
        return FootEstimate(poses, keypoints, mask, output)


def _region_of(poses: list[FootPose], camera: Camera) -> Region | None:
    """The region around what of the feet is in the image; None if there are none or they fill it."""
    pixels = np.reshape([camera.project(pose.keypoints()) for pose in poses], (-1, 2))
    pixels = np.clip(pixels[np.isfinite(pixels).all(1)], 0, (camera.width, camera.height))
    if not len(pixels):
        return None
    return region_around(np.stack([pixels.min(0), pixels.max(0)]), camera.width, camera.height, _LEAST_REGION)
