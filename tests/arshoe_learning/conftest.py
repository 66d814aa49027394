"""A small drawn data set: plain feet on a noisy ground, in the project's format."""

import json

import cv2
import numpy as np
import pytest

from arshoe_core import foot
from arshoe_core.foot import Side


@pytest.fixture
def make_dataset():
    """make_dataset(folder, count, seed=0, name="annotations.json"): the annotations file; 160x120 px, one foot each."""

    def make(folder, count, seed=0, name="annotations.json"):
        rng = np.random.default_rng(seed)
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / "masks").mkdir(exist_ok=True)
        images, annotations = [], []
        for i in range(count):
            side = Side(int(rng.integers(1, 3)))
            points = foot.keypoints(side)[:, :2] * (300, -300) + rng.uniform([20, 40], [60, 80])
            image = rng.integers(0, 80, (120, 160, 3), np.uint8)
            mask = np.zeros((120, 160), np.uint8)
            hull = cv2.convexHull(points.astype(np.float32)).astype(np.int32)
            cv2.fillConvexPoly(image, hull, (200, 200, 220))
            cv2.fillConvexPoly(mask, hull, 2)
            stem = f"{name.split('.')[0]}_{i:03d}"
            cv2.imwrite(str(folder / "images" / f"{stem}.png"), image)
            cv2.imwrite(str(folder / "masks" / f"{stem}.png"), mask)
            camera = {"fx": 120.0, "fy": 120.0, "cx": 79.5, "cy": 59.5}
            images.append({"id": i, "file_name": f"{stem}.png", "width": 160, "height": 120, "camera": camera})
            low, high = points.min(0), points.max(0)
            annotations.append(
                {
                    "id": i + 1,
                    "image_id": i,
                    "category_id": 1,
                    "side": side.name.lower(),
                    "bbox": [*low.tolist(), *(high - low).tolist()],
                    "keypoints": np.column_stack([points, np.full(8, 2)]).ravel().tolist(),
                }
            )
        file = folder / name
        file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": []}))
        return file

    return make
