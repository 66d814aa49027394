"""Feet of known poses as a network with known errors would see them: the scenes of `bench pose`.

The picture is 256 pixels wide, so a pixel here is one of the network's input.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import NUM_KEYPOINTS, Side
from arshoe_core.types import FootPose, NetworkOutput
from arshoe_learning.targets import draw_gaussians, make_targets
from arshoe_perception.preprocessing import INPUT_SIZE, STRIDE, cell_to_image_transform, letterbox

CAMERA = Camera.from_fov(256, 192)
MAX_OVERLAP = 0.3
"""Of two outlines, as part of the smaller."""
MIN_EXTENT = 32.0
"""Diagonal of a foot's box, px."""
_, _INPUT_TO_IMAGE = letterbox(np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8))
_EMPTY_MASK = np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8)
_CELL_TO_IMAGE = cell_to_image_transform(_INPUT_TO_IMAGE)
_PEAK_SIGMA = 1.0
"""Cells; what the network is taught for feet of up to 100 px."""
_MARGIN = 4.0


@dataclass(frozen=True)
class Scene:
    """A picture's feet.

    Attributes:
        feet: their true poses.
        points: (F, 8, 2) their keypoints, px.
        overlap: (F,) how much of each foot's outline lies under others, as part of the smaller outline of the two.
    """

    feet: tuple[FootPose, ...]
    points: np.ndarray
    overlap: np.ndarray


def make_scene(rng: np.random.Generator, count: int, crossing: bool = False) -> Scene:
    """Wearers, each with two feet on the floor or one a little off it, seen from 10 to 80 degrees above it.

    One or two feet are 0.4 to 1 m away, more of them 0.8 to 1.6 m. Of an odd number of feet one is alone. All keypoints
    are in the picture, feet are no smaller than `MIN_EXTENT`, and outlines overlap by no more than `MAX_OVERLAP`;
    if `crossing`, some do.
    """
    while True:
        distance = rng.uniform(0.4, 1.0) if count <= 2 else rng.uniform(0.8, 1.6)
        T_camera_floor = _camera_on_floor(rng, distance)
        feet = [foot for _ in range((count + 1) // 2) for foot in _wearer(rng, T_camera_floor, 0.25 * distance)]
        if count % 2:
            feet.pop(int(rng.integers(len(feet))))
        if any(foot.keypoints()[:, 2].min() <= 0 for foot in feet):
            continue
        points = np.array([CAMERA.project(foot.keypoints()) for foot in feet])
        inside = (points > _MARGIN) & (points < (CAMERA.width - _MARGIN, CAMERA.height - _MARGIN))
        large = np.hypot(*np.ptp(points, 1).T) >= MIN_EXTENT
        if not (inside.all() and large.all()):
            continue
        overlap = _overlaps(points)
        if overlap.max() <= MAX_OVERLAP and (overlap.max() > 0 or not crossing):
            return Scene(tuple(feet), points, overlap)


def _camera_on_floor(rng: np.random.Generator, distance: float) -> np.ndarray:
    """T_camera_floor (4, 4): looks down at the floor's origin, `distance` metres away; z of the floor is up."""
    elevation, roll = np.deg2rad(rng.uniform(10, 80)), 0.2 * rng.standard_normal()
    s, c = np.sin(elevation), np.cos(elevation)
    look = np.array([[1, 0, 0], [0, -s, -c], [0, c, -s]])
    return se3.from_rt(_turn(2, roll) @ look, np.array([0, 0, distance]))


def _wearer(rng: np.random.Generator, T_camera_floor: np.ndarray, spread: float) -> list[FootPose]:
    """The left and the right foot of somebody who stands or walks somewhere within `spread` metres of the middle."""
    T_floor_body = se3.from_rt(_turn(2, rng.uniform(-np.pi, np.pi)), np.array([*rng.normal(0, spread, 2), 0.0]))
    feet = []
    lifted = rng.choice([Side.UNKNOWN, Side.LEFT, Side.RIGHT])
    for side, lateral in ((Side.LEFT, 1), (Side.RIGHT, -1)):
        heading, pitch, height = rng.normal(lateral * 0.1, 0.2), 0.0, 0.0
        if side == lifted:
            pitch, height = rng.uniform(-0.3, 0.7), rng.uniform(0, 0.1)
        place = np.array([rng.normal(-0.1, 0.1), lateral * rng.uniform(0.05, 0.15), height])
        T_body_foot = se3.from_rt(_turn(2, heading) @ _turn(1, pitch), place)
        feet.append(FootPose(side, T_camera_floor @ T_floor_body @ T_body_foot))
    return feet


def _turn(axis: int, angle: float) -> np.ndarray:
    return cv2.Rodrigues(angle * np.eye(3)[axis])[0]


def _overlaps(points: np.ndarray) -> np.ndarray:
    """(F,) the largest overlap of each foot's outline with another's, from keypoints (F, 8, 2)."""
    hulls = [cv2.convexHull(p.astype(np.float32)) for p in points]
    shared = np.zeros((len(hulls), len(hulls)))
    for i, a in enumerate(hulls):
        for j, b in enumerate(hulls[:i]):
            area, _ = cv2.intersectConvexConvex(a, b)
            shared[i, j] = shared[j, i] = area / max(min(cv2.contourArea(a), cv2.contourArea(b)), 1.0)
    return shared.max(1)


def miss(scene: Scene, rng: np.random.Generator, missing: int) -> np.ndarray:
    """The keypoints (F, 8, 2) of a scene, px, some of each foot NaN."""
    points = scene.points.copy()
    for foot in points:
        foot[rng.choice(NUM_KEYPOINTS, missing, replace=False)] = np.nan
    return points


def observe(
    scene: Scene, rng: np.random.Generator, noises: tuple[float, ...], missing: int
) -> list[tuple[NetworkOutput, np.ndarray]]:
    """The maps of a network that misses some keypoints of each foot and misplaces the others, and where they are then.

    The limbs' fields stand where the limbs truly are, so they do not tell where noise has moved the peaks; limbs of
    missing keypoints have none.

    Returns:
        for each noise (px) the maps and the keypoints in them (F, 8, 2), NaN where missing.
    """
    true = miss(scene, rng, missing)
    targets = make_targets(_to_input(true), _EMPTY_MASK)
    observations = []
    for noise in noises:
        seen = true + noise * rng.standard_normal(true.shape)
        cells = (_to_input(seen) - (STRIDE - 1) / 2) / STRIDE
        heatmaps = np.max([draw_gaussians(foot, INPUT_SIZE // STRIDE, _PEAK_SIGMA) for foot in cells], 0)
        maps = (heatmaps, targets.pafs, targets.segmentation)
        observations.append((NetworkOutput(*maps, _CELL_TO_IMAGE, CAMERA.width, CAMERA.height), seen))
    return observations


def _to_input(points: np.ndarray) -> np.ndarray:
    return (points - _INPUT_TO_IMAGE[:, 2]) / np.diag(_INPUT_TO_IMAGE)
