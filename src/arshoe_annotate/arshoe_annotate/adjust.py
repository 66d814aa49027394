"""Moves of a foot as a person thinks of them: in the picture, along the line of sight, about the foot's own axes."""

from dataclasses import replace

import numpy as np

from arshoe_annotate.foot_label import MAX_LENGTH, MIN_LENGTH, FootLabel
from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError

MIN_DEPTH = 0.05


def centre(label: FootLabel) -> np.ndarray:
    """The middle (3,) of the foot's keypoints, camera frame, metres."""
    return label.keypoints().mean(0)


def moved(label: FootLabel, camera: Camera, right_px: float, down_px: float) -> FootLabel:
    """Moved in the view plane so that its centre shifts by pixels in the picture."""
    depth = centre(label)[2]
    return _shifted(label, np.array([right_px * depth / camera.fx, down_px * depth / camera.fy, 0.0]))


def pushed(label: FootLabel, factor: float) -> FootLabel:
    """Moved along the line of sight through its centre: `factor` times as far away."""
    return _shifted(label, centre(label) * (factor - 1))


def turned(label: FootLabel, axis: int, angle: float) -> FootLabel:
    """Turned about its own x (towards the toe), y or z axis (0, 1, 2) through its centre, radians."""
    w = np.zeros(3)
    w[axis] = 1.0
    middle = foot.keypoints(label.side, label.foot_length).mean(0)
    half = angle / 2
    R = se3.rotation(np.concatenate([[np.cos(half)], np.sin(half) * w]))
    T = label.T_camera_foot @ se3.from_rt(R, middle - R @ middle)
    T[:3, :3] = se3.rotation(se3.quaternion(T[:3, :3]))  # labels are rounded: many small turns must not shear
    return label.with_pose(T)


def resized(label: FootLabel, factor: float) -> FootLabel:
    """A longer or shorter foot with its centre where it is, so that it grows in the picture."""
    length = float(np.clip(label.foot_length * factor, MIN_LENGTH, MAX_LENGTH))
    grown = replace(label, foot_length=length)
    return _shifted(grown, centre(label) - centre(grown))


def with_length(label: FootLabel, foot_length: float) -> FootLabel:
    """The foot length that is known, with the picture unchanged: the foot comes nearer or goes farther by its ratio.

    Raises:
        BadInputError: if the length is out of range.
    """
    T = label.T_camera_foot.copy()
    T[:3, 3] *= foot_length / label.foot_length
    return replace(label, foot_length=foot_length, T_camera_foot=T)


def refocused(label: FootLabel, old: Camera, new: Camera) -> FootLabel:
    """The foot at its place in the picture after the camera's focal length has changed: nearer or farther away."""
    T = label.T_camera_foot.copy()
    at = old.project(T[:3, 3])
    z = T[2, 3] * new.fx / old.fx
    T[:3, 3] = (at[0] - new.cx) / new.fx * z, (at[1] - new.cy) / new.fy * z, z
    return label.with_pose(T)


def on_floor(label: FootLabel, other: FootLabel) -> FootLabel:
    """Set on the plane that the other foot's sole stands on: upright like it, moved along the line of sight.

    Raises:
        BadInputError: if the line of sight does not meet that plane in front of the camera.
    """
    up, foot_up = other.T_camera_foot[:3, 2], label.T_camera_foot[:3, 2]
    R = _rotation_between(foot_up, up) @ label.T_camera_foot[:3, :3]
    origin = label.T_camera_foot[:3, 3]
    along = origin @ up
    factor = (other.T_camera_foot[:3, 3] @ up) / along if abs(along) > 1e-6 else 0.0
    if factor * origin[2] < MIN_DEPTH:
        raise BadInputError("the line of sight through the foot does not meet the other foot's floor")
    return label.with_pose(se3.from_rt(R, origin * factor))


def _rotation_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) that takes unit vector a to b; the identity for opposite ones."""
    c = float(a @ b)
    if c < -0.999:
        return np.eye(3)
    return se3.rotation(np.concatenate([[1 + c], np.cross(a, b)]))


def _shifted(label: FootLabel, shift: np.ndarray) -> FootLabel:
    T = label.T_camera_foot.copy()
    T[:3, 3] += shift
    if T[2, 3] < MIN_DEPTH:
        raise BadInputError(f"the foot would be {T[2, 3]:.2f} m from the camera; allowed: {MIN_DEPTH} m or more")
    return label.with_pose(T)
