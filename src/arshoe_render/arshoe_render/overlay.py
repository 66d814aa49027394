"""The debug picture: mask, keypoints and axes drawn over the image."""

import cv2
import numpy as np

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import LIMBS, Side
from arshoe_core.types import MASK_FOOT, MASK_LEG, FootKeypoints, FootPose

SIDE_COLORS = {Side.LEFT: (60, 200, 60), Side.RIGHT: (60, 120, 255), Side.UNKNOWN: (200, 200, 200)}
"""BGR of a left and a right foot."""
_MASK_COLORS = {MASK_LEG: (255, 120, 0), MASK_FOOT: (0, 200, 255)}
_AXIS_COLORS = ((0, 0, 255), (0, 255, 0), (255, 0, 0))  # x red, y green, z blue, as RViz has them


def draw_overlay(
    image_bgr: np.ndarray, mask: np.ndarray, camera: Camera, keypoints: list[FootKeypoints], poses: list[FootPose]
) -> np.ndarray:
    """Draw what the pipeline sees.

    Args:
        image_bgr: (H, W, 3) uint8, left as it is.
        mask: (H, W) uint8.
        camera: intrinsics of the image.
        keypoints: measured, drawn as dots and limbs in the colour of their side.
        poses: drawn as axes of 10 cm: x red, y green, z blue.

    Returns:
        A new picture (H, W, 3) uint8.
    """
    picture = image_bgr.copy()
    for value, color in _MASK_COLORS.items():
        tinted = mask == value
        picture[tinted] = picture[tinted] // 2 + np.array(color, np.uint8) // 2
    for foot in keypoints:
        color, found = SIDE_COLORS[foot.side], foot.found
        for a, b in LIMBS:
            if found[a] and found[b]:
                cv2.line(picture, _pixel(foot.points[a]), _pixel(foot.points[b]), color, 1, cv2.LINE_AA)
        for point in foot.points[found]:
            cv2.circle(picture, _pixel(point), 3, color, -1, cv2.LINE_AA)
    for pose in poses:
        axes = np.vstack([np.zeros(3), 0.1 * np.eye(3)])
        origin, *ends = camera.project(se3.transform_points(pose.T_camera_foot, axes))
        for end, color in zip(ends, _AXIS_COLORS, strict=True):
            if np.isfinite([origin, end]).all():
                cv2.line(picture, _pixel(origin), _pixel(end), color, 2, cv2.LINE_AA)
    return picture


def _pixel(point: np.ndarray) -> tuple[int, int]:
    x, y = np.clip(point, -1e4, 1e4)  # OpenCV takes only int32
    return round(float(x)), round(float(y))
