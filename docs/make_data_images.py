"""Draw docs/images/dataset_statistics.png and dataset_sheet.jpg anew from a data set that `dataset` made.

./arshoe python docs/make_data_images.py data/generated/train
"""

import json
import sys
from collections import Counter
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np

from arshoe_core import se3

IMAGES = Path(__file__).parent / "images"
ROWS, COLUMNS, TILE = 6, 10, 128


def main(folder: Path) -> None:
    """Read all annotations; write both pictures."""
    content = json.loads((folder / "annotations.json").read_text())
    statistics(content["images"], content["annotations"])
    contact_sheet(folder, [entry["file_name"] for entry in content["images"]])


def statistics(images: list[dict], feet: list[dict]) -> None:
    """Bars of kinds, histograms of sizes and of where the cameras are."""
    azimuth, elevation, distance = np.array([seen_from(foot["pose"]) for foot in feet]).T
    figure, axes = plt.subplots(2, 4, figsize=(13, 5.2), layout="constrained")
    bars(axes[0, 0], Counter(image["view"] for image in images), "view, pictures")
    bars(axes[0, 1], Counter(foot["covering"] for foot in feet), "covering, feet")
    per_picture = Counter(foot["image_id"] for foot in feet)
    counts = Counter(str(per_picture[image["id"]]) for image in images)
    bars(axes[0, 2], dict(sorted(counts.items())), "feet in a picture, pictures")
    plots = (
        (
            axes[0, 3],
            [extent(foot) for foot in feet],
            np.arange(0, 261, 10),
            "extent of the labelled points, px of 256",
        ),
        (axes[1, 0], azimuth, np.arange(-180, 181, 15), "camera around the foot, ° (0: toes, 90: its left)"),
        (axes[1, 1], elevation, np.arange(-90, 91, 7.5), "camera above the sole, °"),
        (axes[1, 2], np.clip(distance, 0, 4), np.arange(0, 4.1, 0.2), "distance, m"),
        (axes[1, 3], [100 * foot["pose"]["foot_length"] for foot in feet], 30, "length of the foot as worn, cm"),
    )
    for axis, values, bins, title in plots:
        axis.hist(values, bins=bins, color="#2a78d6")
        axis.set_title(title, fontsize=9)
    figure.suptitle(f"{len(images)} pictures, {len(feet)} feet", fontsize=10)
    figure.savefig(IMAGES / "dataset_statistics.png", dpi=75)


def bars(axis: plt.Axes, counts: dict[str, int], title: str) -> None:
    """One bar a kind."""
    axis.bar(list(counts), list(counts.values()), color="#2a78d6")
    axis.set_title(title, fontsize=9)


def extent(foot: dict) -> float:
    """The largest distance between labelled points, px."""
    points = np.array(foot["keypoints"], float).reshape(-1, 3)
    points = points[points[:, 2] > 0, :2]
    return float(np.linalg.norm(points[:, None] - points[None], axis=-1).max(initial=0))


def seen_from(pose: dict) -> tuple[float, float, float]:
    """Where the camera is as the foot sees it: azimuth and elevation in degrees, distance in metres."""
    eye = se3.inverse(se3.from_rt(np.reshape(pose["R"], (3, 3)), pose["t"]))[:3, 3]
    azimuth, elevation = np.arctan2(eye[1], eye[0]), np.arctan2(eye[2], np.hypot(eye[0], eye[1]))
    return float(np.rad2deg(azimuth)), float(np.rad2deg(elevation)), float(np.linalg.norm(eye))


def contact_sheet(folder: Path, names: list[str]) -> None:
    """Evenly spaced pictures, without labels."""
    chosen = [names[i] for i in np.linspace(0, len(names) - 1, ROWS * COLUMNS).astype(int)]
    tiles = [
        cv2.resize(cv2.imread(str(folder / "images" / name)), (TILE, TILE), interpolation=cv2.INTER_AREA)
        for name in chosen
    ]
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(IMAGES / "dataset_sheet.jpg"), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
