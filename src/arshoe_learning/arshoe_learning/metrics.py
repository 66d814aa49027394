"""What `evaluate` measures, each on plain arrays."""

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from arshoe_core.camera import Camera
from arshoe_core.foot import OKS_SIGMAS
from arshoe_core.types import MASK_FOOT, MASK_IGNORE, MASK_LEG
from arshoe_learning.coco_dataset import LabelledFoot
from arshoe_perception.foot_estimator import FootEstimate

CLASSES = {"leg": MASK_LEG, "foot": MASK_FOOT}
_BINS = 200


def match(labels: list[np.ndarray], predictions: list[np.ndarray]) -> dict[int, int]:
    """Pair labelled feet (8, 2), NaN where not labelled, with predicted ones (8, 2), one to one, nearest first.

    A pair's centres, over the labelled points, lie within half the labelled foot's extent.

    Returns:
        index of label → index of prediction.
    """
    candidates = []
    for i, label in enumerate(labels):
        known = np.isfinite(label).all(1)
        if known.any():
            for j, points in enumerate(predictions):
                distance = np.linalg.norm(points[known].mean(0) - label[known].mean(0))
                if distance <= extent(label) / 2:
                    candidates.append((distance, i, j))
    pairs: dict[int, int] = {}
    for _, i, j in sorted(candidates):
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def extent(points: np.ndarray) -> float:
    """The largest distance between any two known points of (8, 2), pixels."""
    known = points[np.isfinite(points).all(1)]
    return float(np.linalg.norm(known[:, None] - known[None], axis=-1).max()) if len(known) else 0.0


def complete_points(estimate: FootEstimate, camera: Camera) -> list[np.ndarray]:
    """(8, 2) image pixels of each found foot; a keypoint that is missing is where the pose projects it."""
    return [
        np.where(keypoints.found[:, None], keypoints.points, camera.project(pose.keypoints()))
        for keypoints, pose in zip(estimate.keypoints, estimate.poses, strict=True)
    ]


class PckCounter:
    """Part of the labelled points that are predicted within a fraction of the foot's extent."""

    def __init__(self, fractions: tuple[float, ...]):
        self._fractions, self._right, self._all = np.array(fractions), np.zeros(len(fractions)), 0

    def add(self, label: np.ndarray, points: np.ndarray | None) -> None:
        """Count a labelled foot (8, 2) and its prediction (8, 2), None if it was missed."""
        known = np.isfinite(label).all(1)
        self._all += int(known.sum())
        if points is not None:
            distances = np.linalg.norm(points[known] - label[known], axis=1)
            self._right += (distances <= self._fractions[:, None] * extent(label)).sum(1)

    def result(self) -> dict[str, float | None]:
        """pck_0.1 and so on."""
        parts = self._right / self._all if self._all else [None] * len(self._fractions)
        return {f"pck_{f:g}": None if p is None else float(p) for f, p in zip(self._fractions, parts, strict=True)}


class PixelCounter:
    """IoU of the decoded masks, and average precision of the segmentation maps at their own resolution."""

    def __init__(self) -> None:
        self._both, self._either = np.zeros(2), np.zeros(2)
        self._positive, self._negative = np.zeros((2, _BINS)), np.zeros((2, _BINS))
        self._pictures = 0

    def add(self, label: np.ndarray, estimate: FootEstimate) -> None:
        """Count a picture with its label (H, W) uint8: 0, 1, 2, 255 ignored."""
        self._pictures += 1
        known = label != MASK_IGNORE
        at_cells = _sample_at_cells(label, estimate)
        for i, value in enumerate(CLASSES.values()):
            truth, found = (label == value) & known, (estimate.mask == value) & known
            self._both[i] += (truth & found).sum()
            self._either[i] += (truth | found).sum()
            bins = np.clip(estimate.network_output.segmentation[i] * _BINS, 0, _BINS - 1).astype(int)
            self._positive[i] += np.bincount(bins[at_cells == value], minlength=_BINS)
            self._negative[i] += np.bincount(bins[(at_cells != value) & (at_cells != MASK_IGNORE)], minlength=_BINS)

    def result(self) -> dict[str, float | None]:
        """iou_leg, iou_foot, their mean mIoU, and seg_AP, the mean over leg and foot."""
        if not self._pictures:
            return dict.fromkeys(("iou_leg", "iou_foot", "mIoU", "seg_AP"))
        ious = self._both / np.maximum(self._either, 1)
        true, false = (np.cumsum(h[:, ::-1], 1) for h in (self._positive, self._negative))
        precision, recall = true / np.maximum(true + false, 1), true / np.maximum(true[:, -1:], 1)
        ap = (np.diff(recall, axis=1, prepend=0) * precision).sum(1)
        values = {"iou_leg": ious[0], "iou_foot": ious[1], "mIoU": ious.mean(), "seg_AP": ap.mean()}
        return {name: float(value) for name, value in values.items()}


def _sample_at_cells(label: np.ndarray, estimate: FootEstimate) -> np.ndarray:
    """The label at the centre of each map cell, ignored outside the picture."""
    output = estimate.network_output
    height, width = output.segmentation.shape[1:]
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    xy = np.stack([u, v, np.ones_like(u)], -1) @ output.cell_to_image.T
    x, y = np.moveaxis(np.round(xy).astype(int), -1, 0)
    inside = (x >= 0) & (y >= 0) & (x < label.shape[1]) & (y < label.shape[0])
    cells = np.full(u.shape, MASK_IGNORE, np.uint8)
    cells[inside] = label[y[inside], x[inside]]
    return cells


def keypoint_ap(
    labelled: list[tuple[int, LabelledFoot]], predicted: list[tuple[int, np.ndarray, float]]
) -> dict[str, float | None]:
    """mAP, AP50, AP75, AP90 and AR over OKS 0.50 to 0.95, as pycocotools counts them.

    Args:
        labelled: picture number and foot.
        predicted: picture number, points (8, 2), score.
    """
    names = ("mAP", "AP50", "AP75", "AP90", "AR")
    if not labelled:
        return dict.fromkeys(names)
    if not predicted:
        return dict.fromkeys(names, 0.0)
    truth = COCO()
    pictures = {i for i, *_ in labelled} | {i for i, *_ in predicted}
    truth.dataset = {
        "images": [{"id": i} for i in sorted(pictures)],
        "categories": [{"id": 1}],
        "annotations": [_coco_annotation(k + 1, i, label) for k, (i, label) in enumerate(labelled)],
    }
    results = [
        {
            "image_id": i,
            "category_id": 1,
            "score": float(score),
            "keypoints": np.column_stack([p, np.ones(len(p))]).ravel().tolist(),
        }
        for i, p, score in predicted
    ]
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools reports its progress by print
        truth.createIndex()
        coco = COCOeval(truth, truth.loadRes(results), "keypoints")
        coco.params.kpt_oks_sigmas = OKS_SIGMAS
        coco.params.areaRng, coco.params.areaRngLbl = [[0, 1e10]], ["all"]
        coco.evaluate()
        coco.accumulate()
    precision, recall = coco.eval["precision"][..., 0, 0, -1], coco.eval["recall"][..., 0, 0, -1]
    at = {t: np.flatnonzero(np.isclose(coco.params.iouThrs, t))[0] for t in (0.5, 0.75, 0.9)}
    values = (precision, precision[at[0.5]], precision[at[0.75]], precision[at[0.9]], recall)
    return {name: float(np.mean(v)) for name, v in zip(names, values, strict=True)}


def _coco_annotation(number: int, picture: int, label: LabelledFoot) -> dict:
    known = np.isfinite(label.keypoints).all(1)
    points = np.column_stack([np.nan_to_num(label.keypoints), 2.0 * known])
    low, high = points[known, :2].min(0, initial=1e9), points[known, :2].max(0, initial=-1e9)
    return {
        "id": number,
        "image_id": picture,
        "category_id": 1,
        "iscrowd": 0,
        "area": label.area,
        "bbox": [*low, *(high - low)],
        "keypoints": points.ravel().tolist(),
        "num_keypoints": int(known.sum()),
    }
