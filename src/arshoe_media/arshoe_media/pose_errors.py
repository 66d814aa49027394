"""Errors of estimated poses against ground truth."""

from collections.abc import Sequence

import numpy as np

from arshoe_core import se3
from arshoe_core.assignment import assign
from arshoe_core.camera import Camera
from arshoe_core.types import FootPose


def match(poses: Sequence[FootPose], truths: Sequence[FootPose], camera: Camera) -> list[tuple[FootPose, FootPose]]:
    """Pairs (pose, truth), one to one, whose centres in the image lie within half the true foot's extent."""
    benefit = np.zeros((len(truths), len(poses)))
    for i, truth in enumerate(truths):
        true_points = camera.project(truth.keypoints())
        extent = np.linalg.norm(true_points[:, None] - true_points[None], axis=-1).max()
        for j, pose in enumerate(poses):
            distance = np.linalg.norm(camera.project(pose.keypoints()).mean(0) - true_points.mean(0))
            benefit[i, j] = np.nan_to_num(1 - distance / (extent / 2), nan=0.0)
    return [(poses[j], truths[i]) for i, j in assign(benefit)]


def rotation_error_deg(pose: FootPose, truth: FootPose) -> float:
    """Angle between the two orientations, degrees."""
    return float(np.rad2deg(se3.rotation_angle(pose.T_camera_foot[:3, :3], truth.T_camera_foot[:3, :3])))


def translation_error_cm(pose: FootPose, truth: FootPose) -> float:
    """Distance of the two origins in cm, after scaling the pose to the true foot length (one camera can't tell it)."""
    scaled = pose.T_camera_foot[:3, 3] * (truth.foot_length / pose.foot_length)
    return float(np.linalg.norm(scaled - truth.T_camera_foot[:3, 3]) * 100)
