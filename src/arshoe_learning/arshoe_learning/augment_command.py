"""Multiplies a labelled data set: turned, shifted and partly covered copies, before other backgrounds if there are any.

The same seed gives the same pictures. The labels' ids are new; `copy_of` of an image names the original.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError, require_range
from arshoe_core.files import write_file
from arshoe_learning.coco_dataset import read_mask
from arshoe_learning.coco_format import CATEGORY
from arshoe_learning.offline_augmentation import Labelled, augmented
from arshoe_learning.pictures import pictures_in, read_picture

QUALITY = 92


def read_samples(folder: Path, content: dict) -> Iterator[Labelled]:
    """The pictures of a data folder with masks, in the order of `content`, its annotations.json.

    Raises:
        BadInputError: if a picture or mask is missing, or a mask has another size than its picture.
    """
    feet: dict[int, list[dict]] = {}
    for annotation in content["annotations"]:
        feet.setdefault(annotation["image_id"], []).append(annotation)
    for entry in content["images"]:
        file = folder / "images" / entry["file_name"]
        picture = read_picture(file)
        mask = read_mask(folder / "masks" / f"{file.stem}.png", file, picture.shape[:2])
        yield Labelled(picture, mask, entry, feet.get(entry["id"], []))


def augment_folder(data: Path, out: Path, copies: int, seed: int, backgrounds: Path | None) -> int:
    """Write `copies` changed copies of each picture of `data` to `out`, in the same format; returns how many in all.

    Raises:
        BadInputError: if a number is out of range, a file is missing, or `out` is `data` or not empty.
    """
    require_range("copies", copies, 1, 1000)
    require_range("seed", seed, 0, 2**31)
    behind = [] if backgrounds is None else pictures_in(backgrounds, "backgrounds")
    content = _read_json(data)
    for name in ("images", "masks"):
        try:
            (out / name).mkdir(parents=True)
        except OSError as error:
            raise BadInputError(f"out is {str(out)!r}: {error.strerror}; allowed: a new folder") from error
    images, annotations = [], []
    samples = tqdm(read_samples(data, content), f"{copies} copies of each", len(content["images"]), unit=" pictures")
    for number, sample in enumerate(samples):
        for copy in range(copies):
            rng = np.random.default_rng([seed, number, copy])
            background = read_picture(behind[rng.integers(len(behind))]) if behind else None
            new, image_id = augmented(sample, background, rng), len(images)
            stem = f"{image_id:06d}"
            cv2.imwrite(str(out / "images" / f"{stem}.jpg"), new.picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            cv2.imwrite(str(out / "masks" / f"{stem}.png"), new.mask)
            origin = {"id": image_id, "file_name": f"{stem}.jpg", "copy_of": sample.entry["file_name"]}
            images.append(new.entry | origin)
            for foot in new.feet:
                annotations.append(foot | {"id": len(annotations), "image_id": image_id})
    info = {"description": "ARShoe feet, augmented", "seed": seed, "copies": copies}
    made = {"info": info, "images": images, "annotations": annotations, "categories": [CATEGORY]}
    write_file(out / "annotations.json", json.dumps(made))
    return len(images)


def _read_json(folder: Path) -> dict:
    try:
        content = json.loads((folder / "annotations.json").read_text())
        for rows, key in ((content["images"], "file_name"), (content["annotations"], "keypoints")):
            if not all(key in row for row in rows):
                raise KeyError(key)
    except FileNotFoundError as error:
        raise BadInputError(f"data is {str(folder)!r}: no annotations.json there") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(f"data is {str(folder)!r}: no COCO keypoints JSON there ({error!r})") from error
    return content


def main(arguments: list[str] | None = None) -> int:
    """The command `augment`; returns its exit code."""
    parser = argparse.ArgumentParser("augment", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that dataset wrote")
    parser.add_argument("--out", type=Path, required=True, help="new folder to write to")
    parser.add_argument("--copies", type=int, default=4, help="of each picture (default 4)")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other copies")
    parser.add_argument("--backgrounds", type=Path, help="folder of pictures without feet to put behind legs and feet")
    options = parser.parse_args(arguments)
    try:
        count = augment_folder(**vars(options))
    except BadInputError as error:
        print(f"augment: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    print(f"{count} pictures in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
