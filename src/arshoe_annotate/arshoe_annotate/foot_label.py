"""One labelled foot: its state, what it looks like in the picture, and as an annotation."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError, require_choice, require_range
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_learning.coco_format import COVERINGS, foot_labels

MIN_LENGTH, MAX_LENGTH = 0.1, 0.4

# Outward directions of the surface at the keypoints of a left foot.
_LEFT_NORMALS = np.array(
    [[-1, 0, -0.3], [1, 0, 0.3], [-1, 0, 0], [0.2, -1, 0], [0, 1, 0], [-0.2, -1, 0], [-0.2, 1, 0], [0.4, 0, 0.9]]
)
_LEFT_NORMALS /= np.linalg.norm(_LEFT_NORMALS, axis=1, keepdims=True)
_GRAZING = 0.05
"""Cosine between a keypoint's normal and the direction to the camera below which the point is called hidden."""


@dataclass(frozen=True, eq=False)
class FootLabel:
    """A foot in a picture.

    Attributes:
        side: LEFT or RIGHT.
        T_camera_foot: (4, 4) float64, metres.
        foot_length: metres.
        covering: bare, sock or shoe.
        model: what it is drawn as, see `models.model_mesh`.
        id: of its annotation; 0 for a new one.
    """

    side: Side
    T_camera_foot: np.ndarray
    foot_length: float = STANDARD_FOOT_LENGTH
    covering: str = "shoe"
    model: str = "foot"
    id: int = 0

    def __post_init__(self) -> None:
        require_choice("side", self.side, (Side.LEFT, Side.RIGHT))
        require_choice("covering", self.covering, COVERINGS)
        require_range("foot_length", self.foot_length, MIN_LENGTH, MAX_LENGTH)

    def keypoints(self) -> np.ndarray:
        """The eight keypoints (8, 3), camera frame, metres."""
        return se3.transform_points(self.T_camera_foot, foot.keypoints(self.side, self.foot_length))

    def is_same(self, other: "FootLabel") -> bool:
        """Whether both say the same of one foot."""
        names = ("side", "foot_length", "covering", "model", "id")
        same = all(getattr(self, name) == getattr(other, name) for name in names)
        return same and np.array_equal(self.T_camera_foot, other.T_camera_foot)

    def with_pose(self, T_camera_foot: np.ndarray) -> "FootLabel":
        """The same foot elsewhere."""
        return replace(self, T_camera_foot=T_camera_foot)


def visibility(label: FootLabel, camera: Camera, others: list[FootLabel]) -> np.ndarray:
    """COCO's visibility (8,): 0 outside the picture, 1 hidden, 2 visible.

    A rule, not a rendering: a keypoint is hidden where the foot's surface there faces away from the camera, or where
    it lies inside the outline of another foot's keypoints and farther away than all of that foot.
    """
    points = label.keypoints()
    pixels = camera.project(points)
    seen = _LEFT_NORMALS * ((1, 1, 1) if label.side == Side.LEFT else (1, -1, 1)) @ label.T_camera_foot[:3, :3].T
    towards_camera = -points / np.linalg.norm(points, axis=1, keepdims=True)
    hidden = (seen * towards_camera).sum(1) < _GRAZING
    for other in others:
        hidden |= _inside(pixels, camera.project(other.keypoints())) & (points[:, 2] > other.keypoints()[:, 2].max())
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= -0.5) & (pixels < np.array([camera.width, camera.height]) - 0.5)).all(1)
    return np.where(inside, np.where(hidden, 1, 2), 0)


def _inside(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Which points (N, 2) lie in the convex hull of `outline` (K, 2)."""
    if not (np.isfinite(points).all() and np.isfinite(outline).all()):
        return np.zeros(len(points), bool)
    hull = cv2.convexHull(outline.astype(np.float32))
    return np.array([cv2.pointPolygonTest(hull, tuple(map(float, p)), False) >= 0 for p in points])


def to_annotation(label: FootLabel, camera: Camera, others: list[FootLabel]) -> dict[str, Any]:
    """The annotation of a foot, without ids.

    Raises:
        BadInputError: if none of its keypoints is in the picture.
    """
    label = _rounded(label)
    seen = visibility(label, camera, others)
    if not seen.any():
        raise BadInputError("the foot would leave the picture; at least one of its keypoints must stay inside")
    pixels = camera.project(label.keypoints())
    labels = foot_labels(pixels, seen, label.side, label.covering, label.T_camera_foot, label.foot_length)
    return labels | {"model": label.model}


def _rounded(label: FootLabel) -> FootLabel:
    """The foot as it is read back from its annotation, so that writing it again changes nothing."""
    pose = foot_labels(np.zeros((8, 2)), np.ones(8), label.side, label.covering, label.T_camera_foot, label.foot_length)
    return from_annotation(pose | {"model": label.model, "id": label.id})


def from_annotation(annotation: dict[str, Any]) -> FootLabel | None:
    """The foot of an annotation; None where it has no pose, side or covering."""
    pose, side = annotation.get("pose"), {"left": Side.LEFT, "right": Side.RIGHT}.get(annotation.get("side"))
    if pose is None or side is None:
        return None
    T = se3.from_rt(np.array(pose["R"], np.float64).reshape(3, 3), np.array(pose["t"], np.float64))
    covering = annotation.get("covering", "shoe")
    return FootLabel(side, T, float(pose["foot_length"]), covering, annotation.get("model", "foot"), annotation["id"])
