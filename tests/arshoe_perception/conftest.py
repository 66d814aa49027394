"""Ideal network output of feet with known poses."""

import numpy as np
import pytest

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import LIMBS, NUM_KEYPOINTS, Side
from arshoe_core.types import FootKeypoints, NetworkOutput
from arshoe_perception.preprocessing import cell_to_image_transform, letterbox

CELLS = 64
LIMB_HALF_WIDTH = 1.0


def _maps(points: np.ndarray, sigma: float, amplitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussians (8, 64, 64) and limbs' unit vectors (14, 64, 64) of one foot's points (8, 2) in cells."""
    v, u = np.mgrid[:CELLS, :CELLS].astype(np.float64)
    heatmaps, pafs = np.zeros((NUM_KEYPOINTS, CELLS, CELLS)), np.zeros((2 * len(LIMBS), CELLS, CELLS))
    for k, (x, y) in enumerate(points):
        heatmaps[k] = amplitude[k] * np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma**2))
    for limb, (a, b) in enumerate(LIMBS):
        line = points[b] - points[a]
        length = max(np.linalg.norm(line), 1e-6)
        x, y = line / length
        along = (u - points[a][0]) * x + (v - points[a][1]) * y
        across = np.abs((u - points[a][0]) * y - (v - points[a][1]) * x)
        on_limb = (along >= -0.5) & (along <= length + 0.5) & (across <= LIMB_HALF_WIDTH)
        pafs[2 * limb][on_limb], pafs[2 * limb + 1][on_limb] = x, y
    return heatmaps, pafs


@pytest.fixture(scope="session")
def camera() -> Camera:
    return Camera.from_fov(640, 480)


@pytest.fixture(scope="session")
def render_maps():
    """render_maps(feet, camera, missing=[(foot, keypoint)], sigma=1.5, noise=0.0, seed=0) -> NetworkOutput.

    feet: image points (8, 2) of each; noise is added to all maps.
    """

    def render(feet, camera, missing=(), sigma=1.5, noise=0.0, seed=0):
        _, input_to_image = letterbox(np.zeros((camera.height, camera.width, 3), np.uint8))
        affine = cell_to_image_transform(input_to_image)
        heatmaps, pafs = np.zeros((NUM_KEYPOINTS, CELLS, CELLS)), np.zeros((2 * len(LIMBS), CELLS, CELLS))
        for i, points in enumerate(feet):
            amplitude = np.array([0.0 if (i, k) in missing else 1.0 for k in range(NUM_KEYPOINTS)])
            one = _maps((points - affine[:, 2]) / np.diag(affine[:, :2]), sigma, amplitude)
            heatmaps, pafs = np.maximum(heatmaps, one[0]), np.where(pafs == 0, one[1], pafs)
        rng = np.random.default_rng(seed)
        heatmaps, pafs = (m + noise * rng.standard_normal(m.shape) for m in (heatmaps, pafs))
        return NetworkOutput(
            heatmaps.astype(np.float32),
            pafs.astype(np.float32),
            np.zeros((2, CELLS, CELLS), np.float32),
            affine,
            camera.width,
            camera.height,
        )

    return render


@pytest.fixture(scope="session")
def foot_transform():
    """foot_transform(heading, elevation, distance, roll=0, at=(0, 0)) -> T_camera_foot (4, 4).

    The camera looks down at the foot from `elevation` radians above its sole; `heading` turns the foot about its
    normal (0: toe to the right of the image); `roll` turns the camera. The middle of the foot is seen in direction
    `at` (x/z, y/z).
    """

    def transform(heading, elevation, distance, roll=0.0, at=(0.0, 0.0)):
        c, s = np.cos(heading), np.sin(heading)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])  # about the sole's normal
        # Camera axes in the world (x right, y away, z up) of a camera that looks down by `elevation`.
        c, s = np.cos(elevation), np.sin(elevation)
        look = np.array([[1, 0, 0], [0, -s, -c], [0, c, -s]])
        c, s = np.cos(roll), np.sin(roll)
        R = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ look @ turn
        middle = np.array([0.13, 0, 0.03])
        return se3.from_rt(R, distance * np.array([*at, 1.0]) - R @ middle)

    return transform


@pytest.fixture(scope="session")
def project():
    """project(T_camera_foot, side, camera, foot_length=0.26) -> image points (8, 2)."""

    def points(T, side: Side, camera: Camera, foot_length=foot.STANDARD_FOOT_LENGTH):
        return camera.project(se3.transform_points(T, foot.keypoints(side, foot_length)))

    return points


@pytest.fixture(scope="session")
def as_keypoints():
    """as_keypoints(points (8, 2), missing=()) -> FootKeypoints with score 1 where not missing."""

    def make(points, missing=()):
        points, scores = np.array(points, np.float32), np.ones(NUM_KEYPOINTS, np.float32)
        points[list(missing)], scores[list(missing)] = np.nan, 0
        return FootKeypoints(points, scores)

    return make
