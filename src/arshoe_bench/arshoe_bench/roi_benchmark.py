"""What a region of interest gains for small feet and costs for fast ones: the demo bag with feet made so."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from arshoe_bench.bags import demo_bag
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

SWING_FRAMES = 8


@dataclass(frozen=True)
class Case:
    """How the bag's feet are changed.

    Attributes:
        smaller: times.
        faster: times.
        swing: peak speed, foot lengths per frame, at which the whole picture swings from side to side, once in
            `SWING_FRAMES` frames.
    """

    smaller: int = 1
    faster: int = 1
    swing: float = 0.0


CASES = (
    *(Case(smaller) for smaller in (1, 2, 3, 4)),
    *(Case(2, faster) for faster in (2, 4)),
    *(Case(2, swing=swing) for swing in (0.5, 1.0, 1.5)),
)


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

    def moved(self, x: int) -> "Moment":
        """The picture moved x px to the right, its border pixels carried on."""
        shift = np.array([[1.0, 0, x], [0, 1, 0]])
        image = cv2.warpAffine(self.image, shift, self.image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        return Moment(image, replace(self.camera, cx=self.camera.cx + x), self.stamp_s, self.truth)

    def extent_px(self) -> float:
        """The largest distance between two true keypoints of a foot, mean over the feet; 0 without feet."""
        return float(np.mean([extent(self.camera.project(pose.keypoints())) for pose in self.truth] or [0.0]))


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
            self.rotation_deg.append(rotation_error_deg(pose, true))
            self.translation_cm.append(translation_error_cm(pose, true))
            self.keypoints.append(np.linalg.norm(points - true_points, axis=1) / extent(true_points))
            self.extent_px.append(extent(true_points))

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


def extent(points: np.ndarray) -> float:
    """The largest distance between two of the points (N, 2)."""
    return float(np.linalg.norm(points[:, None] - points[None], axis=-1).max())


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
    require_range("frames", options.frames, 4, 1_000_000)
    require_range("delay", options.delay, 1, 10)
    bag = options.bag or demo_bag()
    truth, network = true_poses(bag), NetworkRunner()
    moments = [
        Moment(f.image, f.camera or Camera.from_fov(*f.image.shape[1::-1]), f.stamp_ns / 1e9, truth.get(f.stamp_ns, []))
        for f in islice(BagReader(bag), options.frames)
    ]
    print("| feet smaller | foot px | motion | roi | found | PCK@0.1 | PCK@0.2 | ° p50 / p90 | cm | network runs |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    rows = []
    for case in CASES:
        for roi in ("full", "track"):
            figures = follow(_shown(moments, case), network, roi, options.delay)
            rows.append(asdict(case) | {"roi": roi} | figures)
            print(_line(case, roi, figures), flush=True)
    return {"rows": rows}


def _shown(moments: list[Moment], case: Case) -> Iterator[Moment]:
    """The frames as the case changes them, at the bag's frame rate."""
    start_s = moments[0].stamp_s
    for i, moment in enumerate(moments[:: case.faster]):
        stamp_s = start_s + (moment.stamp_s - start_s) / case.faster
        shown = replace(moment.farther(case.smaller), stamp_s=stamp_s)
        angular = 2 * np.pi / SWING_FRAMES
        yield shown.moved(round(case.swing / angular * shown.extent_px() * np.sin(angular * i)))


def _line(case: Case, roi: str, figures: dict[str, float]) -> str:
    motion = f"swings, {case.swing:g}" if case.swing else f"{case.faster} ×"
    degrees = f"{figures['rot_deg']:.1f} / {figures['rot_deg_p90']:.0f}"
    return (
        f"| {case.smaller} × | {figures['foot_px']:.0f} | {motion} | {roi} | {figures['found']:.2f} "
        f"| {figures['pck_0.1']:.2f} | {figures['pck_0.2']:.2f} | {degrees} "
        f"| {figures['trans_cm']:.1f} | {figures['runs_per_frame']:.2f} |"
    )
