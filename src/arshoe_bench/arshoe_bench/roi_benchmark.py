"""What a region of interest gains for small feet and costs for fast ones: the demo bag with feet made so."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from ament_index_python import get_package_share_directory

from arshoe_bench.ground_truth import true_poses
from arshoe_core.camera import Camera
from arshoe_core.errors import require_range
from arshoe_core.types import FootPose, NetworkOutput
from arshoe_media.bag_reader import BagReader
from arshoe_media.pose_errors import match, rotation_error_deg, translation_error_cm
from arshoe_perception.mask import decode_mask
from arshoe_perception.network_runner import NetworkRunner
from arshoe_perception.pose_estimator import PoseEstimator
from arshoe_perception.preprocessing import Region
from arshoe_perception.region_of_interest import RegionConfig, RegionOfInterest
from arshoe_stabilizer import Stabilizer

SIZES, SPEEDS = (1, 2, 3, 4), (1, 2, 4)
SPEEDS_AT_SIZE = 2
"""How many times smaller the feet are in the rows of speeds."""


@dataclass(frozen=True)
class Moment:
    """A frame of the bag with its true feet."""

    image: np.ndarray
    camera: Camera
    stamp_s: float
    truth: list[FootPose]

    def farther(self, times: int) -> "Moment":
        """The picture set into one `times` as large, its border pixels carried on, and reduced to its old size."""
        height, width = self.image.shape[:2]
        x, y = (times - 1) * width // 2, (times - 1) * height // 2
        wide = cv2.copyMakeBorder(self.image, y, y, x, x, cv2.BORDER_REPLICATE)
        c = self.camera
        camera = Camera(2 * x + width, 2 * y + height, c.fx, c.fy, c.cx + x, c.cy + y, c.distortion)
        image = cv2.resize(wide, (width, height), interpolation=cv2.INTER_AREA)
        return Moment(image, camera.resized(width, height), self.stamp_s, self.truth)


class CountedNetwork:
    """A network that counts how often it is run."""

    def __init__(self, network: NetworkRunner) -> None:
        self.runs = 0
        self._network = network

    def __call__(self, image: np.ndarray, region: Region | None) -> NetworkOutput:
        """See `NetworkRunner`."""
        self.runs += 1
        return self._network(image, region)


@dataclass
class Errors:
    """What is collected over the frames; each list has an entry per found foot."""

    feet: int = 0
    rotation_deg: list[float] = field(default_factory=list)
    translation_cm: list[float] = field(default_factory=list)
    keypoints: list[np.ndarray] = field(default_factory=list)
    extent_px: list[float] = field(default_factory=list)

    def add(self, poses: list[FootPose], truth: list[FootPose], camera: Camera) -> None:
        """Compare the poses of a frame."""
        self.feet += len(truth)
        for pose, true in match(poses, truth, camera):
            points, true_points = camera.project(pose.keypoints()), camera.project(true.keypoints())
            extent = np.linalg.norm(true_points[:, None] - true_points[None], axis=-1).max()
            self.rotation_deg.append(rotation_error_deg(pose, true))
            self.translation_cm.append(translation_error_cm(pose, true))
            self.keypoints.append(np.linalg.norm(points - true_points, axis=1) / extent)
            self.extent_px.append(float(extent))

    def summary(self) -> dict[str, float]:
        """Part of the feet found; PCK over all feet's keypoints; medians and a 90th percentile over found feet."""
        keypoints = np.array(self.keypoints).reshape(-1, 8)
        return {
            "foot_px": float(np.median(self.extent_px)),
            "found": len(keypoints) / self.feet,
            **{f"pck_{a:g}": float((keypoints <= a).sum() / (8 * self.feet)) for a in (0.1, 0.2)},
            "rot_deg": float(np.median(self.rotation_deg)),
            "rot_deg_p90": float(np.percentile(self.rotation_deg, 90)),
            "trans_cm": float(np.median(self.translation_cm)),
        }


def follow(moments: Iterator[Moment], network: NetworkRunner, roi: str, delay: int) -> dict[str, float]:
    """Errors of the measured poses over the frames, when the tracked ones of `delay` frames before are fed back."""
    counted, errors, frames = CountedNetwork(network), Errors(), 0
    region, estimator, stabilizer = RegionOfInterest(counted, RegionConfig(roi)), PoseEstimator(), Stabilizer()
    waiting: list[tuple[float, list[FootPose], Camera]] = []
    for moment in moments:
        if len(waiting) == delay:
            region.update(*waiting.pop(0))
        output = region(moment.image, moment.stamp_s)
        _, measured = estimator(output, moment.camera)
        errors.add(measured, moment.truth, moment.camera)
        tracked = stabilizer.update(moment.image, decode_mask(output), moment.camera, moment.stamp_s, measured)
        waiting.append((moment.stamp_s, tracked, moment.camera))
        frames += 1
    return errors.summary() | {"runs_per_frame": counted.runs / frames}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench roi`."""
    parser.add_argument("--bag", type=Path, help="frames with true poses (default: the demo bag)")
    parser.add_argument("--frames", type=int, default=300, help="how many of them (default 300)")
    parser.add_argument("--delay", type=int, default=1, help="frames from an image to its poses' use (default 1)")


def run(options: argparse.Namespace) -> dict:
    """Print a row for each size and speed of the feet, full and track; return them as written by --json."""
    require_range("frames", options.frames, 8, 1_000_000)
    require_range("delay", options.delay, 1, 10)
    bag = options.bag or Path(get_package_share_directory("arshoe")) / "demo" / "wearer_view"
    truth, network = true_poses(bag), NetworkRunner()
    moments = [
        Moment(f.image, f.camera or Camera.from_fov(*f.image.shape[1::-1]), f.stamp_ns / 1e9, truth.get(f.stamp_ns, []))
        for f in islice(BagReader(bag), options.frames)
    ]
    cases = [(size, 1) for size in SIZES] + [(SPEEDS_AT_SIZE, speed) for speed in SPEEDS[1:]]
    print("| feet smaller | foot px | faster | roi | found | PCK@0.1 | PCK@0.2 | ° p50 / p90 | cm | network runs |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    rows = []
    for size, speed in cases:
        for roi in ("full", "track"):
            row = {"smaller": size, "faster": speed, "roi": roi}
            row |= follow(_shown(moments, size, speed), network, roi, options.delay)
            rows.append(row)
            print(_line(row), flush=True)
    return {"rows": rows}


def _shown(moments: list[Moment], size: int, speed: int) -> Iterator[Moment]:
    """Every `speed`-th frame, at the bag's frame rate, with feet `size` times smaller."""
    start_s = moments[0].stamp_s
    for moment in moments[::speed]:
        smaller = moment.farther(size)
        stamp_s = start_s + (moment.stamp_s - start_s) / speed
        yield Moment(smaller.image, smaller.camera, stamp_s, smaller.truth)


def _line(row: dict) -> str:
    return (
        f"| {row['smaller']} × | {row['foot_px']:.0f} | {row['faster']} × | {row['roi']} | {row['found']:.2f} "
        f"| {row['pck_0.1']:.2f} | {row['pck_0.2']:.2f} | {row['rot_deg']:.1f} / {row['rot_deg_p90']:.0f} "
        f"| {row['trans_cm']:.1f} | {row['runs_per_frame']:.2f} |"
    )
