"""Speed of finding feet, and what is found, beside a peer: MediaPipe Objectron's shoes, on the same frames.

The peer is not part of ARShoe: its models are an npm package and its runtime is a PyPI one, both for the user to
fetch (`HOW_TO_GET`). Without them the table has ARShoe's row alone.
"""

import argparse
import importlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path

import cv2
import numpy as np

from arshoe_bench.bags import demo_bag
from arshoe_bench.ground_truth import true_poses
from arshoe_bench.pipeline_benchmark import machine
from arshoe_core.assignment import assign
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError, require_range
from arshoe_core.types import FootPose
from arshoe_media.bag_reader import BagReader
from arshoe_perception import FootEstimator, FootEstimatorConfig
from arshoe_perception.network_runner import NetworkConfig

NPM_PACKAGE = "@mediapipe/objectron"
RUNTIME = "ai-edge-litert"
HOW_TO_GET = (
    f"npm pack {NPM_PACKAGE} && mkdir -p DIR && tar xzf mediapipe-objectron-*.tgz -C DIR --strip-components 1",
    f"./arshoe python -m pip install --no-deps {RUNTIME}",
)
"""Commands that bring the peer; --no-deps leaves what ARShoe pins as it is."""
NOTES = (
    "found: a true foot whose centre is nearer than half its extent to that of what was found, one to one",
    "Objectron gives boxes of shoes without left and right, and was made for shoes, not for the demo's rendered feet",
    "the demo's feet are of the generator that drew ARShoe's training pictures (its test split)",
    "Objectron is its two models in the order of its graph, here in Python; its own graph is C++",
)


@dataclass(frozen=True)
class ObjectronConfig:
    """What Objectron's own API calls by similar names, with its defaults but for `objects` (there 5).

    Attributes:
        objects: how many are followed; the detector rests while there are as many.
        follow: whether a shoe's box in one frame is where it is looked for in the next ("static_image_mode" off).
        min_detection: score of a detected box.
        min_tracking: score of a shoe's presence in a crop.
    """

    objects: int = 2
    follow: bool = True
    min_detection: float = 0.5
    min_tracking: float = 0.99


@dataclass(frozen=True)
class Crop:
    """A square of the image: its centre (x, y) and side in pixels, turned clockwise by an angle in radians."""

    centre: np.ndarray
    side: float
    angle: float = 0.0

    def to_image(self, size: int) -> np.ndarray:
        """(2, 3), takes pixels of the crop, `size` wide, to pixels of the image."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        linear = np.array([[c, -s], [s, c]]) * self.side / size
        return np.column_stack([linear, self.centre - linear @ np.full(2, size / 2)])


@dataclass(frozen=True)
class Shoe:
    """A box around a shoe: its centre and then its 8 corners in the image, (9, 2) px."""

    points: np.ndarray

    def extent(self) -> np.ndarray:
        """Left, top, right, bottom."""
        return np.concatenate([self.points.min(0), self.points.max(0)])


class Objectron:
    """MediaPipe Objectron "Shoe": SSD boxes of footwear, then nine points of a shoe's box in each crop.

    The order of work and every threshold are those of the graph objectron_cpu.pbtxt of MediaPipe, and the points
    are of Hou et al., "MobilePose: Real-Time Pose Estimation for Unseen Objects with Weak Shape Supervision" (2020).
    """

    def __init__(self, folder: Path, config: ObjectronConfig | None = None) -> None:
        """Load the models from the unpacked npm package.

        Raises:
            BadInputError: if the folder is none, or there is no runtime.
        """
        self._config = config or ObjectronConfig()
        detector, labels = _packed(folder)
        self._footwear = labels.index("Footwear")
        self._detector = TfliteModel(detector)
        self._landmarks = TfliteModel(_read(folder, "object_detection_3d_sneakers.tflite"))
        self._anchors = ssd_anchors()
        self._followed: list[Shoe] = []

    def __call__(self, image_bgr: np.ndarray) -> list[Shoe]:
        """The shoes of the next frame, (H, W, 3) uint8."""
        places = [(shoe.extent(), upright_angle(shoe, image_bgr)) for shoe in self._followed]
        if len(places) < self._config.objects:
            for box in self._detect(image_bgr)[: self._config.objects]:
                if all(iou(box, other) <= 0.2 for other, _ in places):
                    places.append((box, 0.0))
        crops = [Crop((b[:2] + b[2:]) / 2, 1.5 * float((b[2:] - b[:2]).max()), angle) for b, angle in places]
        shoes = [shoe for crop in crops if (shoe := self._locate(image_bgr, crop))]
        self._followed = shoes if self._config.follow else []
        return shoes

    def _detect(self, image_bgr: np.ndarray) -> list[np.ndarray]:
        """Boxes of footwear: left, top, right, bottom in pixels, the most certain first."""
        picture = cv2.cvtColor(cv2.resize(image_bgr, (300, 300)), cv2.COLOR_BGR2RGB)
        codes, logits = self._detector(picture * np.float32(1 / 127.5) - 1)
        codes, logits = codes[0], logits[0, :, 1:]  # class 0 is none of them
        score = 1 / (1 + np.exp(-logits.max(1)))
        kept = np.flatnonzero((logits.argmax(1) + 1 == self._footwear) & (score >= self._config.min_detection))
        kept = kept[np.argsort(-score[kept])]
        boxes = decode_boxes(codes[kept], self._anchors[kept]) * np.tile(image_bgr.shape[1::-1], 2)
        apart: list[np.ndarray] = []
        for box in boxes:
            if all(iou(box, other) <= 0.5 for other in apart):
                apart.append(box)
        return apart

    def _locate(self, image_bgr: np.ndarray, crop: Crop) -> Shoe | None:
        """The shoe in a crop, if there is one."""
        to_image = crop.to_image(224)
        picture = cv2.warpAffine(image_bgr, to_image, (224, 224), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                                 borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        presence, points = self._landmarks(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) * np.float32(1 / 255))
        if presence.item() < self._config.min_tracking:
            return None
        return Shoe(points.reshape(9, 2) @ to_image[:, :2].T + to_image[:, 2])


class TfliteModel:
    """A model of one input and two outputs, on one thread."""

    def __init__(self, content: bytes) -> None:
        """Load it.

        Raises:
            BadInputError: if there is no runtime, or it refuses the model.
        """
        try:
            interpreter = importlib.import_module("ai_edge_litert.interpreter").Interpreter
        except ImportError as error:
            raise BadInputError(f"--objectron needs {RUNTIME}: {error}; get it with: {HOW_TO_GET[1]}") from error
        try:
            self._model = interpreter(model_content=content, num_threads=1)
            self._model.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise BadInputError(f"--objectron has a model that can't be used: {str(error).splitlines()[0]}") from error
        self._input = self._model.get_input_details()[0]["index"]
        outputs = sorted(self._model.get_output_details(), key=lambda output: output["shape"][-1])
        self._outputs = [output["index"] for output in outputs]

    def __call__(self, picture: np.ndarray) -> list[np.ndarray]:
        """The outputs for (H, W, 3) float32, the one with fewer channels first."""
        self._model.set_tensor(self._input, picture[None])
        self._model.invoke()
        return [self._model.get_tensor(index) for index in self._outputs]


def ssd_anchors() -> np.ndarray:
    """The detector's 1917 anchors: centre x, y, width, height, as parts of the image (Liu et al., "SSD", 2016)."""
    strides, rows = (16, 32, 64, 128, 256, 512), []
    scales = [*np.linspace(0.2, 0.95, len(strides)), 1.0]
    for i, stride in enumerate(strides):
        shapes = [(scales[i], ratio) for ratio in (1, 2, 0.5, 3, 0.3333)] + [(np.sqrt(scales[i] * scales[i + 1]), 1)]
        if i == 0:
            shapes = [(0.1, 1), (scales[0], 2), (scales[0], 0.5)]
        cells = -(-300 // stride)
        for y, x, (scale, ratio) in product(range(cells), range(cells), shapes):
            rows.append(((x + 0.5) / cells, (y + 0.5) / cells, scale * np.sqrt(ratio), scale / np.sqrt(ratio)))
    return np.array(rows)


def decode_boxes(codes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Boxes (N, 4), left, top, right, bottom, of the network's (N, 4) codes y, x, h, w relative to anchors (N, 4)."""
    centre = codes[:, 1::-1] / 10 * anchors[:, 2:] + anchors[:, :2]
    half = np.exp(codes[:, :1:-1] / 5) * anchors[:, 2:] / 2
    return np.hstack([centre - half, centre + half])


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes: left, top, right, bottom."""
    common = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return float(common / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common))


_CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))
"""(8, 3), the box's corners 1 to 8 in its axes: x right, y up, z front."""


def box_axes(points: np.ndarray) -> np.ndarray:
    """Directions of a box's axes (columns) in a camera frame of x right, y up, z to the viewer.

    Args:
        points: (9, 2), centre and corners, x right and y up, -1 to 1 over the image, of focal length 1.

    Lepetit et al., "EPnP" (2009), with the box's centre and face centres as control points and a box of any size.
    """
    weights = np.column_stack([1 - _CORNERS.sum(1), _CORNERS])
    equations = np.zeros((8, 2, 4, 3))
    equations[:, 0, :, 0] = equations[:, 1, :, 1] = weights
    equations[..., 2] = points[1:, :, None] * weights[:, None]
    matrix = equations.reshape(16, 12)
    control = np.linalg.eigh(matrix.T @ matrix)[1][:, 0].reshape(4, 3)
    control = -control if control[0, 2] > 0 else control
    axes = control[1:] - control[0]
    u, _, vt = np.linalg.svd(axes.T / np.linalg.norm(axes, axis=1))
    return u @ vt


def upright_angle(shoe: Shoe, image: np.ndarray) -> float:
    """How far a crop is turned to show the shoe's up axis upright, or its front axis when seen from above."""
    size = np.array(image.shape[1::-1])
    axes = box_axes((2 * shoe.points / size - 1) * (1, -1))
    from_above = np.rad2deg(np.arccos(np.clip(axes[2, 1], -1, 1))) < 40
    x, y = _CORNERS[:, 2 if from_above else 1] @ shoe.points[1:]
    return float(np.arctan2(x, -y))


@dataclass
class Contestant:
    """One way to find feet, and what it did.

    Attributes:
        find: what is timed; takes an image and its camera.
        centres: the centres (x, y) in the image of what `find` returned.
    """

    name: str
    find: Callable[[np.ndarray, Camera], list]
    centres: Callable[[list, Camera], list[np.ndarray]]
    ms: list[float] = field(default_factory=list)
    found: list[int] = field(default_factory=list)
    more: int = 0

    def meet(self, image: np.ndarray, camera: Camera, truth: list[FootPose]) -> None:
        """Run on a frame; time it, and count the true feet that are found."""
        start = time.perf_counter()
        things = self.find(image, camera)
        self.ms.append((time.perf_counter() - start) * 1e3)
        matched = count_found(self.centres(things, camera), [camera.project(pose.keypoints()) for pose in truth])
        self.found.append(matched)
        self.more += len(things) - matched

    def summary(self, feet: list[int]) -> dict[str, float | str | None]:
        """Milliseconds, and parts of the frames, given how many feet each of them has; None for a part of none."""
        found, feet = np.array(self.found), np.array(feet)
        return {
            "name": self.name,
            "ms_p50": float(np.median(self.ms)),
            "ms_p95": float(np.percentile(self.ms, 95)),
            "any_found": float((found[feet > 0] > 0).mean()) if (feet > 0).any() else None,
            "both_found": float((found[feet == 2] == 2).mean()) if (feet == 2).any() else None,
            "more_per_frame": self.more / len(found),
        }


def count_found(centres: list[np.ndarray], feet: list[np.ndarray]) -> int:
    """How many of the feet, each the image points (8, 2) of its keypoints, have a centre; see `pose_errors.match`."""
    benefit = np.zeros((len(feet), len(centres)))
    for i, points in enumerate(feet):
        extent = np.linalg.norm(points[:, None] - points[None], axis=-1).max()
        for j, centre in enumerate(centres):
            benefit[i, j] = 1 - np.linalg.norm(centre - points.mean(0)) / (extent / 2)
    return len(assign(np.nan_to_num(benefit, nan=0.0)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench peers`."""
    parser.add_argument("--bag", type=Path, help="frames with true poses (default: the demo bag)")
    parser.add_argument("--frames", type=int, default=60, help="how many of them (default 60)")
    parser.add_argument("--backend", default=NetworkConfig().backend, help="library that runs ARShoe's network")
    parser.add_argument("--objectron", type=Path, metavar="DIR", help=f"the unpacked npm package {NPM_PACKAGE}")


def run(options: argparse.Namespace) -> dict:
    """Print a row for ARShoe and each peer; return machine, frames and rows as written by --json."""
    require_range("frames", options.frames, 1, 1_000_000)
    contestants = [_arshoe(options.backend), *(_objectrons(options.objectron) if options.objectron else [])]
    bag = options.bag or demo_bag()
    truth, feet = true_poses(bag), []
    frames = islice(BagReader(bag), options.frames + 1)
    for i, frame in enumerate(frames):
        camera = frame.camera or Camera.from_fov(*frame.image.shape[1::-1])
        if i == 0:  # not counted: memory is made on it, and who follows shoes finds them first
            for contestant in contestants:
                contestant.find(frame.image, camera)
            continue
        feet.append(len(truth.get(frame.stamp_ns, [])))
        for contestant in contestants:  # in turn, so that all meet the machine in the same state
            contestant.meet(frame.image, camera, truth.get(frame.stamp_ns, []))
    if not feet:
        raise BadInputError(f"bag is {str(bag)!r}; allowed: one with 2 frames or more")
    figures = {"machine": machine(), "frames": len(feet), "rows": [c.summary(feet) for c in contestants]}
    _print(figures, peer=bool(options.objectron))
    return figures


def _arshoe(backend: str) -> Contestant:
    estimator = FootEstimator(FootEstimatorConfig(NetworkConfig(backend=backend)))
    return Contestant(
        "ARShoe: network, mask, pose",
        lambda image, camera: estimator(image, camera).poses,
        lambda poses, camera: [camera.project(pose.keypoints()).mean(0) for pose in poses],
    )


def _objectrons(folder: Path) -> list[Contestant]:
    def contestant(name: str, config: ObjectronConfig) -> Contestant:
        objectron = Objectron(folder, config)
        return Contestant(
            name, lambda image, _: objectron(image), lambda shoes, _: [shoe.points[1:].mean(0) for shoe in shoes]
        )

    return [
        contestant("Objectron, follows 2 shoes", ObjectronConfig()),
        contestant("Objectron, each frame anew", ObjectronConfig(follow=False)),
    ]


def _packed(folder: Path) -> tuple[bytes, list[str]]:
    """The detector and its labels, from the package's one file of assets, by the places its loader names."""
    assets = _read(folder, "objectron_solution_packed_assets.data")
    loader = _read(folder, "objectron_solution_packed_assets_loader.js").decode(errors="replace")
    entry = r'"filename":\s*"[^"]*/%s",\s*"start":\s*(\d+),\s*"end":\s*(\d+)'
    parts = []
    for name in ("object_detection_ssd_mobilenetv2_oidv4_fp16.tflite", "object_detection_oidv4_labelmap.txt"):
        place = re.search(entry % re.escape(name), loader)
        if not place or int(place[2]) > len(assets):
            raise _no_package(folder, f"has no {name} in its assets")
        parts.append(assets[int(place[1]) : int(place[2])])
    labels = parts[1].decode(errors="replace").splitlines()
    if "Footwear" not in labels:
        raise _no_package(folder, "has no label 'Footwear'")
    return parts[0], labels


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _no_package(folder, f"{name}: {error.strerror}") from error


def _no_package(folder: Path, why: str) -> BadInputError:
    return BadInputError(
        f"objectron is {str(folder)!r}, {why}; allowed: the folder of the unpacked npm package {NPM_PACKAGE}"
    )


def _print(figures: dict, peer: bool) -> None:
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()))
    print("\n| on one thread | ms p50 | ms p95 | a foot found | both feet found | others per frame |")
    print(f"|---|---|---|---|---|---|   ({figures['frames']} frames)")
    for row in figures["rows"]:
        parts = ["-" if row[key] is None else f"{row[key]:.2f}" for key in ("any_found", "both_found")]
        print(
            f"| {row['name']} | {row['ms_p50']:.2f} | {row['ms_p95']:.2f} "
            f"| {parts[0]} | {parts[1]} | {row['more_per_frame']:.2f} |"
        )
    if peer:
        print("\n" + "\n".join(NOTES))
    else:
        commands = "\n    ".join(HOW_TO_GET)
        print(f"\nno peer: MediaPipe Objectron (Apache-2.0) is compared with --objectron DIR, after\n    {commands}")
