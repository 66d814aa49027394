"""The label format, for everything that writes it: COCO keypoints JSON with side, covering, pose and camera."""

from typing import Any

import numpy as np

from arshoe_core.foot import KEYPOINT_NAMES, LIMBS, OKS_SIGMAS, Side

CATEGORY = {
    "id": 1,
    "name": "foot",
    "supercategory": "person",
    "keypoints": list(KEYPOINT_NAMES),
    "skeleton": [[a + 1, b + 1] for a, b in LIMBS],
    "sigmas": OKS_SIGMAS.tolist(),
}
COVERINGS = ("bare", "sock", "shoe")
BOX_PADDING = 0.08


def foot_labels(
    pixels: np.ndarray, visibility: np.ndarray, side: Side, covering: str, T_camera_foot: np.ndarray, foot_length: float
) -> dict[str, Any]:
    """What an annotation says of one foot; ids are the writer's.

    Args:
        pixels: (8, 2) keypoints.
        visibility: (8,) as COCO has it: 0 outside the picture, 1 hidden, 2 visible. At least one is not 0.
        T_camera_foot: (4, 4), metres.
        foot_length: metres.
    """
    return {
        "category_id": CATEGORY["id"],
        **keypoint_labels(pixels, visibility),
        "iscrowd": 0,
        "side": side.name.lower(),
        "covering": covering,
        "pose": {
            **rotation_translation(T_camera_foot[:3, :3], T_camera_foot[:3, 3]),
            "foot_length": round(float(foot_length), 5),
        },
    }


def rotation_translation(R: np.ndarray, t: np.ndarray) -> dict[str, list[float]]:
    """R (3, 3) and t (3,) of a pose as the format has them."""
    return {"R": _rounded(R, 6), "t": _rounded(t, 5)}


def keypoint_numbers(keypoints: np.ndarray) -> list[float]:
    """Keypoints (8, 3), x, y and visibility, as the format has them."""
    return _rounded(keypoints, 2)


def keypoint_labels(pixels: np.ndarray, visibility: np.ndarray) -> dict[str, Any]:
    """The part of `foot_labels` that says where the keypoints are, arguments alike."""
    known = visibility > 0
    low, high = pixels[known].min(0), pixels[known].max(0)
    padding = BOX_PADDING * (high - low).max()
    box = [*(low - padding), *(high - low + 2 * padding)]
    keypoints = np.column_stack([pixels, visibility])
    keypoints[~known] = 0
    return {
        "keypoints": keypoint_numbers(keypoints),
        "num_keypoints": int(known.sum()),
        "bbox": _rounded(box, 2),
        "area": round(float(box[2] * box[3]), 2),
    }


def _rounded(values: np.ndarray | list[float], digits: int) -> list[float]:
    return [round(float(v), digits) for v in np.ravel(values)]
