"""`evaluate`: how well feet are found, on labelled pictures."""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.files import write_file
from arshoe_core.foot import Side
from arshoe_learning.ceiling import TargetMaps
from arshoe_learning.coco_dataset import LabelledImage, MaskFolder, read_annotations, read_mask
from arshoe_learning.failures import FootResult, crowded, markdown, table
from arshoe_learning.metrics import PckCounter, PixelCounter, complete_points, extent, keypoint_ap, match
from arshoe_learning.parity import ParityCounter
from arshoe_learning.pictures import read_picture
from arshoe_perception import FootEstimator, FootEstimatorConfig, PoseConfig
from arshoe_perception.foot_estimator import FootEstimate
from arshoe_perception.network_runner import NetworkConfig
from arshoe_perception.preprocessing import INPUT_SIZE
from arshoe_perception.runtimes import BACKENDS

ALL_SIZES = (0.0, np.inf)
WITHOUT_FEET = ("images", "iou_leg", "iou_foot", "mIoU", "seg_AP", "ms_per_image")
"""What is known where only masks are labelled."""
PAPER = {
    "mAP": 0.776, "AP50": 0.972, "AP75": 0.855, "AP90": 0.490, "mIoU": 0.901, "seg_AP": 0.927, "rot_deg": 6.625,
    "trans_cm": 0.384,
}  # fmt: skip
"""What the paper reports on its own test set: tables 3 and 4, and section 4.3 for the pose. There rot_deg is the mean
error of three Euler angles; here it is the angle of one rotation."""


def evaluate(
    images: list[LabelledImage],
    estimator: FootEstimator,
    sizes: tuple[float, float] = ALL_SIZES,
    results: list[FootResult] | None = None,
    parity: ParityCounter | None = None,
) -> dict[str, float | int | None]:
    """Run the estimator on every picture and compare.

    Args:
        sizes: least and largest extent of the feet that count, in pixels of the network's input (256 for the picture's
            longer side). Others are neither missed nor, if found, false.
        results: gets each foot that counts.
        parity: gets each picture and its estimate.

    Raises:
        BadInputError: a picture or mask can't be read or has another size than its label says, or `sizes` is no range.

    Returns:
        images, feet; mAP, AP50, AP75, AP90, AR (OKS, over the eight keypoints); feet_found (part of the labelled feet
        that match a prediction), false_feet_per_image; side_accuracy, rot_deg, trans_cm (means over matched feet, with
        the true foot length), rot_deg_median, trans_cm_median; pck_0.1, pck_0.2 (of all labelled points); iou_leg,
        iou_foot, mIoU, seg_AP (over all pixels of all pictures); ms_per_image (median). None where the labels can't
        tell. Fractions are in 0 to 1.
    """
    if not 0 <= sizes[0] < sizes[1]:
        raise BadInputError(f"sizes is {sizes[0]:g} {sizes[1]:g}; allowed: two numbers from 0 on, the smaller first")
    pixels, milliseconds, false_feet = PixelCounter(), [], 0
    feet: list[tuple[int, FootResult]] = []
    predicted: list[tuple[int, np.ndarray, float]] = []
    for index, image in enumerate(images):
        picture = read_picture(image.file)
        if picture.shape[1::-1] != (image.width, image.height):
            raise BadInputError(f"picture is {str(image.file)!r}: not {image.width}x{image.height} as its label says")
        camera = image.camera or Camera.from_fov(image.width, image.height)
        start = time.perf_counter()
        estimate = estimator(picture, camera)
        milliseconds.append((time.perf_counter() - start) * 1e3)
        labelled, found, false = _compare(image, estimate, camera, sizes)
        feet += [(index, foot) for foot in labelled]
        predicted += [(index, *foot) for foot in found]
        false_feet += false
        mask = None if image.mask is None else read_mask(image.mask, image.file, picture.shape[:2])
        if mask is not None:
            pixels.add(mask, estimate)
        if parity is not None:
            parity.add(picture, camera, estimate, mask)
    if results is not None:
        results += [foot for _, foot in feet]
    return {
        "images": len(images),
        **_measures(feet, predicted),
        **pixels.result(),
        "false_feet_per_image": false_feet / len(images) if images else None,
        "ms_per_image": _median(milliseconds),
    }


def _compare(
    image: LabelledImage, estimate: FootEstimate, camera: Camera, sizes: tuple[float, float]
) -> tuple[list[FootResult], list[tuple[np.ndarray, float]], int]:
    """One picture: the labelled feet that count, keypoints and score of the found ones that are not among the other
    labelled feet, and how many of the found are no labelled foot at all.
    """
    points = complete_points(estimate, camera)
    pairs = match([label.keypoints for label in image.feet], points)
    scale = INPUT_SIZE / max(image.width, image.height)
    labelled, others = [], set()
    for i, label in enumerate(image.feet):
        size, j = scale * extent(label.keypoints), pairs.get(i)
        if sizes[0] <= size < sizes[1]:
            pose, seen = (None, None) if j is None else (estimate.poses[j], points[j])
            labelled.append(FootResult(label, size, image.view, crowded(image.feet, i), pose, seen))
        else:
            others.add(j)
    found = [(points[j], pose.score) for j, pose in enumerate(estimate.poses) if j not in others]
    return labelled, found, len(points) - len(pairs)


def _measures(
    feet: list[tuple[int, FootResult]], predicted: list[tuple[int, np.ndarray, float]]
) -> dict[str, float | int | None]:
    """What `evaluate` says of feet; each comes with its picture's index."""
    pck = PckCounter((0.1, 0.2))
    for _, result in feet:
        pck.add(result.label.keypoints, result.points)
    found = [result for _, result in feet if result.pose is not None]
    sides = [r.label.side == r.pose.side for r in found if r.label.side != Side.UNKNOWN]
    posed = [r for r in found if r.label.R is not None]
    degrees, centimetres = [r.rotation_deg for r in posed], [r.translation_cm for r in posed]
    return {
        "feet": len(feet),
        **keypoint_ap([(index, result.label) for index, result in feet], predicted),
        "side_accuracy": _mean(sides),
        "rot_deg": _mean(degrees),
        "trans_cm": _mean(centimetres),
        "rot_deg_median": _median(degrees),
        "trans_cm_median": _median(centimetres),
        **pck.result(),
        "feet_found": len(found) / len(feet) if feet else None,
    }


def _mean(values: list) -> float | None:
    return float(np.mean(values)) if values else None


def _median(values: list) -> float | None:
    return float(np.median(values)) if values else None


def _options(argv: list[str] | None) -> argparse.Namespace:
    """The command line; exits where options contradict each other."""
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    labels = parser.add_mutually_exclusive_group(required=True)
    labels.add_argument("--annotations", type=Path, help="COCO keypoints JSON")
    labels.add_argument(
        "--real-masks", type=Path, metavar="DIR",
        help="the last third of a folder that train takes, which it holds out; only the masks are compared",
    )  # fmt: skip
    parser.add_argument("--images", type=Path, help="folder of the pictures; by default images/ beside the JSON")
    parser.add_argument("--masks", type=Path, help="folder of the masks; by default masks/ beside the JSON")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="TEXT", help="only pictures whose path holds one of these"
    )
    parser.add_argument("--model", default="", help="ONNX file; by default the bundled one")
    parser.add_argument(
        "--backend", choices=BACKENDS, default=NetworkConfig.backend,
        help="library that runs the model (default: %(default)s); --parity's runs with onnx",
    )  # fmt: skip
    parser.add_argument(
        "--sizes", type=float, nargs=2, default=ALL_SIZES, metavar=("LEAST", "MOST"),
        help="count only feet of this extent, pixels when the picture's longer side has 256 (e.g. 50 220)",
    )  # fmt: skip
    parser.add_argument("--failures", action="store_true", help="also print which feet fail, and how")
    parser.add_argument("--max-feet", type=int, default=PoseConfig.max_feet, help="most feet reported per picture")
    parser.add_argument(
        "--thorough", action="store_true",
        help="average with the mirrored picture, and look again at small feet: up to four runs of the network",
    )  # fmt: skip
    parser.add_argument(
        "--parity", metavar="MODEL",
        help="also compare with what this ONNX file finds, the fp32 one of the same weights say",
    )  # fmt: skip
    parser.add_argument("--ceiling", action="store_true", help="the labels' own maps take the network's place")
    parser.add_argument("--json", type=Path, help="write the result there too")
    args = parser.parse_args(argv)
    for name, given in (("images", args.images), ("masks", args.masks), ("failures", args.failures),
                        ("sizes", args.sizes != ALL_SIZES), ("parity", args.parity),
                        ("ceiling", args.ceiling)):  # fmt: skip
        if args.real_masks and given:
            parser.error(f"--{name} needs --annotations: --real-masks has its own pictures, and no feet")
    if args.ceiling and args.thorough:
        parser.error("--thorough and --ceiling: allowed is one of them, since the labels' maps know no second look")
    if args.ceiling and args.parity:
        parser.error("--parity and --ceiling: allowed is one of them, since the labels' maps are of no model")
    return args


def _pictures(args: argparse.Namespace) -> list[LabelledImage]:
    """The pictures that the command line names.

    Raises:
        BadInputError: if there are none.
    """
    if args.real_masks:
        images = MaskFolder(args.real_masks, train=False).pictures()
    else:
        images = read_annotations(args.annotations, args.images, args.masks)
    if not images:
        raise BadInputError(f"annotations is {str(args.annotations)!r}: lists no pictures")
    images = [image for image in images if any(text in image.file.as_posix() for text in args.only)]
    if not images:
        raise BadInputError(f"only is {' '.join(args.only)!r}: in no picture's path")
    return images


def _estimator(args: argparse.Namespace, images: list[LabelledImage], network: NetworkConfig) -> FootEstimator:
    config = FootEstimatorConfig(network, PoseConfig(max_feet=args.max_feet))
    estimator = FootEstimator(config.thorough() if args.thorough else config)
    if args.ceiling:
        estimator.network = TargetMaps(images)
    return estimator


def _shown(value: float | int | None) -> str:
    return "-" if value is None else str(value) if isinstance(value, int) else f"{value:.4g}"


def _print(result: dict) -> None:
    print(f"{'':22}{'here':9}paper (its own pictures)")
    for key, value in result.items():
        if key not in ("failures", "parity"):
            print(f"{key:22}{_shown(value):9}{PAPER.get(key, '')}".rstrip())
    if "parity" in result:
        print("\nbeside the other model (one), this model's (other)")
        for key, value in result["parity"].items():
            print(f"{key:22}{_shown(value)}")
    if rows := result.get("failures"):
        print(f"\n{markdown(rows)}")


def main(argv: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    args = _options(argv)
    try:
        images = _pictures(args)
        feet: list[FootResult] = []
        parity = None
        if args.parity:
            parity = ParityCounter(_estimator(args, images, NetworkConfig(args.parity, "onnx")))
        estimator = _estimator(args, images, NetworkConfig(args.model, args.backend))
        result = evaluate(images, estimator, tuple(args.sizes), feet, parity)
        if args.real_masks:
            result = {key: result[key] for key in WITHOUT_FEET}
        if args.failures:
            result["failures"] = table(feet)
        if parity:
            result["parity"] = parity.result(result)
        if args.json:
            write_file(args.json, json.dumps(result, indent=1) + "\n")
    except BadInputError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    _print(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
