"""How far what a model finds is from what another of the same weights does: int8 from fp32, say."""

import numpy as np

from arshoe_core.camera import Camera
from arshoe_learning.metrics import PixelCounter, complete_points, match
from arshoe_perception import FootEstimator
from arshoe_perception.foot_estimator import FootEstimate
from arshoe_perception.preprocessing import INPUT_SIZE

_MEASURES = {"median": np.median, "mean": np.mean, "p95": lambda distances: np.percentile(distances, 95)}


class ParityCounter:
    """Compares a model's (other) estimates with those of a reference (one), which it makes itself."""

    def __init__(self, reference: FootEstimator):
        self._reference, self._pixels = reference, PixelCounter()
        self._one = self._other = self._both = 0
        self._distances: list[np.ndarray] = []

    def add(self, picture: np.ndarray, camera: Camera, other: FootEstimate, label: np.ndarray | None) -> None:
        """Count a picture (H, W, 3) uint8 BGR with the other model's estimate and, where labelled, its mask (H, W)."""
        one = self._reference(picture, camera)
        points_one, points_other = complete_points(one, camera), complete_points(other, camera)
        pairs = match(points_one, points_other)
        self._one += len(points_one)
        self._other += len(points_other)
        self._both += len(pairs)
        scale = INPUT_SIZE / max(picture.shape[:2])
        self._distances += [scale * np.linalg.norm(points_one[i] - points_other[j], axis=1) for i, j in pairs.items()]
        if label is not None:
            self._pixels.add(label, one)

    def result(self, other: dict[str, float | None]) -> dict[str, float | int | None]:
        """The comparison; `other` holds iou_leg and iou_foot of the other model.

        Returns:
            feet_one, feet_other: how many each finds; feet_both: how many of them match (`metrics.match`);
            keypoint_px_median, keypoint_px_mean, keypoint_px_p95: between the keypoints of a foot that both find,
            pixels when the picture's longer side has 256; iou_leg_change, iou_foot_change: the other's IoU with the
            labels less the reference's. None where there is nothing to compare.
        """
        result = {"feet_one": self._one, "feet_other": self._other, "feet_both": self._both}
        distances = np.concatenate(self._distances) if self._distances else None
        for name, measure in _MEASURES.items():
            result[f"keypoint_px_{name}"] = None if distances is None else float(measure(distances))
        one = self._pixels.result()
        for name in ("iou_leg", "iou_foot"):
            result[f"{name}_change"] = None if one[name] is None else other[name] - one[name]
        return result
