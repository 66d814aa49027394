"""How far two models of the same weights agree, fp32 and int8 say, on labelled pictures."""

import numpy as np

from arshoe_core.camera import Camera
from arshoe_learning.coco_dataset import LabelledImage, read_mask
from arshoe_learning.metrics import PixelCounter, complete_points, match
from arshoe_learning.pictures import read_picture
from arshoe_perception import FootEstimator
from arshoe_perception.preprocessing import INPUT_SIZE


def parity(images: list[LabelledImage], one: FootEstimator, other: FootEstimator) -> dict[str, float | int | None]:
    """Run both estimators on every picture and compare what they find.

    Raises:
        BadInputError: a picture or mask can't be read.

    Returns:
        feet_one, feet_other: how many each finds; feet_both: how many of them match (`metrics.match`);
        keypoint_px_median, keypoint_px_mean, keypoint_px_p95: between the keypoints of a foot that both find, pixels
        when the picture's longer side has 256; iou_leg_change, iou_foot_change: IoU of other's masks with the labels
        less that of one's. None where there is nothing to compare.
    """
    distances, feet, matched = [], np.zeros(2, int), 0
    pixels = PixelCounter(), PixelCounter()
    for image in images:
        picture = read_picture(image.file)
        camera = image.camera or Camera.from_fov(image.width, image.height)
        estimates = [estimator(picture, camera) for estimator in (one, other)]
        points = [[complete_points(e, j, camera) for j in range(len(e.poses))] for e in estimates]
        feet += [len(found) for found in points]
        pairs = match(*points)
        matched += len(pairs)
        scale = INPUT_SIZE / max(image.width, image.height)
        distances += [scale * np.linalg.norm(points[0][i] - points[1][j], axis=1) for i, j in pairs.items()]
        if image.mask is not None:
            label = read_mask(image.mask, image.file, picture.shape[:2])
            for counter, estimate in zip(pixels, estimates, strict=True):
                counter.add(label, estimate)
    result = {"feet_one": int(feet[0]), "feet_other": int(feet[1]), "feet_both": matched}
    return result | _distances(distances) | _changes(*(counter.result() for counter in pixels))


def _distances(distances: list[np.ndarray]) -> dict[str, float | None]:
    names = ("keypoint_px_median", "keypoint_px_mean", "keypoint_px_p95")
    if not distances:
        return dict.fromkeys(names)
    pixels = np.concatenate(distances)
    return dict(zip(names, map(float, (np.median(pixels), pixels.mean(), np.percentile(pixels, 95))), strict=True))


def _changes(one: dict[str, float | None], other: dict[str, float | None]) -> dict[str, float | None]:
    names = ("iou_leg", "iou_foot")
    return {f"{n}_change": None if one[n] is None else other[n] - one[n] for n in names}
