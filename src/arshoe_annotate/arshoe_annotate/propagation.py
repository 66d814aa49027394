"""Feet carried from picture to picture of a video by the stabiliser's optical flow."""

from collections.abc import Iterable

import numpy as np

from arshoe_annotate.foot_label import FootLabel
from arshoe_core.camera import Camera
from arshoe_core.types import FootPose
from arshoe_stabilizer import Stabilizer, StabilizerConfig

_CONFIRMATIONS = 4
"""How often the stabiliser is shown the first picture, so that it takes the feet for certain."""
_CONFIG = StabilizerConfig(method="none", max_feet=6, max_lost_frames=300, flow_width=960, flow_corners=120)


def propagated(feet: list[FootLabel], camera: Camera, frames: Iterable[np.ndarray]) -> list[FootLabel]:
    """Carry feet from the first of some successive pictures to the last.

    The stabiliser is given the feet as measured in the first picture and then predicts them. At most 6 feet and 300
    pictures; a foot that has left the picture is left out.

    Args:
        frames: (H, W, 3) uint8 pictures of `camera`, the feet's first.
    """
    stabilizer = Stabilizer(_CONFIG)
    measured = [FootPose(label.side, label.T_camera_foot, label.foot_length) for label in feet]
    poses, time_s = measured, 0.0
    for number, image in enumerate(frames):
        mask = np.zeros(image.shape[:2], np.uint8)
        for _ in range(_CONFIRMATIONS if number == 0 else 1):
            time_s += 1 / 30
            poses = stabilizer.update(image, mask, camera, time_s, measured if number == 0 else [])
    # New tracks are numbered from 1 in the order they were given.
    return [feet[pose.track_id - 1].with_pose(pose.T_camera_foot) for pose in poses if 0 < pose.track_id <= len(feet)]
