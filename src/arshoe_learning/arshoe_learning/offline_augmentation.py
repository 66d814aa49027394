"""Changed copies of labelled pictures, as the paper makes them before training (section 4.1): turned, shifted, partly
covered, before another background.

Labels stay exact: turning a picture about the principal point is a roll of a camera with square pixels, and shifting
it moves the principal point.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT
from arshoe_learning.coco_format import keypoint_labels, keypoint_numbers, rotation_translation
from arshoe_learning.synthetic.stance import rotation_zyx
from arshoe_perception.preprocessing import PAD_VALUE

TURN, SHIFT = 0.5, 0.15
"""Largest turn in radians and shift in parts of the longer side, either way."""
COVERED, NEW_BACKGROUND = 0.5, 0.5
"""Parts of the copies with something in front, and with another background."""
LEAST_FOOT = 0.2
"""Of a foot's pixels: with less left to be seen it is no longer labelled."""


@dataclass(frozen=True)
class Labelled:
    """A picture as the data set has it: (H, W, 3) and (H, W) uint8, the image's entry and its annotations."""

    picture: np.ndarray
    mask: np.ndarray
    entry: dict
    feet: list[dict]


def augmented(sample: Labelled, background: np.ndarray | None, rng: np.random.Generator) -> Labelled:
    """A changed copy with its labels; ids are those of the original.

    Args:
        background: (H, W, 3) uint8 of any size, which may come behind legs and feet.
    """
    sample = _moved(sample, rng)
    if background is not None and rng.random() < NEW_BACKGROUND:
        behind = _filled(background, sample.mask.shape)
        person = cv2.GaussianBlur((sample.mask != MASK_BACKGROUND).astype(np.float32), (0, 0), 0.7)[..., None]
        picture = (person * sample.picture + (1 - person) * behind).astype(np.uint8)
        sample = Labelled(picture, sample.mask, sample.entry, sample.feet)
    return _covered(sample, rng) if rng.random() < COVERED else sample


def _moved(sample: Labelled, rng: np.random.Generator) -> Labelled:
    height, width = sample.mask.shape
    camera = sample.entry.get("camera")
    centre = np.array([camera["cx"], camera["cy"]] if camera else [(width - 1) / 2, (height - 1) / 2])
    angle, shift = rng.uniform(-TURN, TURN), rng.uniform(-SHIFT, SHIFT, 2) * max(width, height)
    roll = rotation_zyx(angle, 0, 0)
    affine = np.column_stack([roll[:2, :2], centre + shift - roll[:2, :2] @ centre])
    picture = cv2.warpAffine(sample.picture, affine, (width, height), borderValue=(PAD_VALUE,) * 3)
    mask = cv2.warpAffine(sample.mask, affine, (width, height), flags=cv2.INTER_NEAREST, borderValue=MASK_BACKGROUND)
    entry = dict(sample.entry)
    if camera:
        entry["camera"] = camera | {"cx": round(centre[0] + shift[0], 3), "cy": round(centre[1] + shift[1], 3)}
    feet = []
    for foot in sample.feet:
        points = np.reshape(foot["keypoints"], (-1, 3))
        pixels, visibility = points[:, :2] @ affine[:, :2].T + affine[:, 2], points[:, 2].astype(int)
        visibility[~((pixels >= -0.5) & (pixels < (width - 0.5, height - 0.5))).all(1)] = 0
        if visibility.any():
            feet.append(foot | keypoint_labels(pixels, visibility) | _rolled(foot, roll, bool(camera)))
    return Labelled(picture, mask, entry, feet)


def _rolled(foot: dict, roll: np.ndarray, has_camera: bool) -> dict:
    """The pose as the turned camera sees it; none where the camera, and so the shift's effect, is not known."""
    pose = foot.get("pose")
    if pose is None or not has_camera:
        return {"pose": None}
    R, t = roll @ np.reshape(pose["R"], (3, 3)), roll @ pose["t"]
    return {"pose": pose | rotation_translation(R, t)}


def _covered(sample: Labelled, rng: np.random.Generator) -> Labelled:
    """Lay an ellipse or a bar of one colour, with some texture, over part of the picture."""
    height, width = sample.mask.shape
    shape = np.zeros((height, width), np.uint8)
    feet = np.argwhere(sample.mask == MASK_FOOT)
    y, x = feet[rng.integers(len(feet))] if len(feet) else rng.integers(0, (height, width))
    axes = (max(height, width) * rng.uniform(0.03, 0.15, 2) * (1, rng.choice([1, 3]))).astype(int)
    cv2.ellipse(shape, (int(x), int(y)), axes.tolist(), float(rng.uniform(0, 180)), 0, 360, 1, -1)
    hidden = shape.astype(bool)
    texture = cv2.GaussianBlur(rng.normal(0, 40, (height, width, 1)).astype(np.float32), (0, 0), rng.uniform(1, 6))
    color = rng.integers(0, 256, 3) * rng.uniform(0.3, 1)
    picture, mask = sample.picture.copy(), sample.mask.copy()
    picture[hidden] = (color + texture.reshape(height, width, 1)).clip(0, 255)[hidden]
    mask[hidden] = MASK_BACKGROUND
    kept = [foot for foot in sample.feet if _share_left(foot, sample.mask, mask) > LEAST_FOOT]
    return Labelled(picture, mask, sample.entry, [_hide(foot, hidden) for foot in kept])


def _share_left(foot: dict, before: np.ndarray, after: np.ndarray) -> float:
    """How much of the foot's pixels in its box is left."""
    x, y, w, h = foot["bbox"]
    box = np.s_[max(int(y), 0) : int(y + h) + 1, max(int(x), 0) : int(x + w) + 1]
    count = np.count_nonzero(before[box] == MASK_FOOT)
    return np.count_nonzero(after[box] == MASK_FOOT) / count if count else 1.0


def _hide(foot: dict, hidden: np.ndarray) -> dict:
    """The annotation with keypoints under the cover marked as hidden."""
    points = np.reshape(foot["keypoints"], (-1, 3)).copy()
    x, y = np.round(points[:, :2]).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < hidden.shape[1]) & (y < hidden.shape[0])
    under = inside & hidden[y.clip(0, hidden.shape[0] - 1), x.clip(0, hidden.shape[1] - 1)]
    points[under & (points[:, 2] == 2), 2] = 1
    return foot | {"keypoints": keypoint_numbers(points)}


def _filled(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The middle of a picture, scaled to fill (H, W)."""
    height, width = shape
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = max(round(scale * picture.shape[1]), width), max(round(scale * picture.shape[0]), height)
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return large[top : top + height, left : left + width]
