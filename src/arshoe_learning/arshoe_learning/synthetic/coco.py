"""Writes samples in the data set's format: COCO keypoints JSON in shards, JPEGs and masks beside it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.files import write_file
from arshoe_learning.coco_format import CATEGORY, foot_labels
from arshoe_learning.synthetic.generator import Sample, VisibleFoot

MAX_FEET = 8


def annotation(foot: VisibleFoot, image_id: int, number: int) -> dict:
    """The COCO annotation of foot `number` of a picture."""
    true = foot.foot
    labels = foot_labels(foot.pixels, foot.visibility, true.side, true.covering, true.T_frame_foot, true.foot_length)
    return {"id": image_id * MAX_FEET + number, "image_id": image_id, **labels}


def write_sample(sample: Sample, image_id: int, folder: Path, quality: int) -> tuple[dict, list[dict]]:
    """Write picture and mask under `folder`; returns the COCO image entry and its annotations."""
    stem, (height, width), camera = f"{image_id:06d}", sample.mask.shape, sample.camera
    cv2.imwrite(str(folder / "images" / f"{stem}.jpg"), sample.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    cv2.imwrite(str(folder / "masks" / f"{stem}.png"), sample.mask)
    entry = {
        "id": image_id,
        "file_name": f"{stem}.jpg",
        "width": width,
        "height": height,
        "view": sample.view,
        "camera": {key: round(float(getattr(camera, key)), 3) for key in ("fx", "fy", "cx", "cy")},
    }
    return entry, [annotation(foot, image_id, number) for number, foot in enumerate(sample.feet[:MAX_FEET])]


def write_shard(draw: Callable[[int], Sample], indices: Iterable[int], folder: Path, file: str, info: dict) -> None:
    """Draw and write pictures, then their annotations as `folder / file`, which says that the shard is done."""
    images, annotations = [], []
    for index in indices:
        sample = draw(index)
        quality = int(np.random.default_rng([info["seed"], index]).integers(55, 97))
        entry, feet = write_sample(sample, index, folder, quality)
        images.append(entry)
        annotations += feet
    shard = {"info": info, "images": images, "annotations": annotations, "categories": [CATEGORY]}
    write_file(folder / file, json.dumps(shard))


def merge(shards: Iterable[Path], file: Path) -> None:
    """Join shards into one annotation file."""
    parts = [json.loads(path.read_text()) for path in shards]
    whole = {
        "info": parts[0]["info"],
        "images": [entry for part in parts for entry in part["images"]],
        "annotations": [entry for part in parts for entry in part["annotations"]],
        "categories": [CATEGORY],
    }
    write_file(file, json.dumps(whole))
