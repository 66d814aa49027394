"""Ideal network output of feet with known poses."""

import numpy as np
import pytest

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import NUM_KEYPOINTS, Side
from arshoe_core.types import FootKeypoints, NetworkOutput
from arshoe_learning.targets import make_targets
from arshoe_perception.preprocessing import INPUT_SIZE, cell_to_image_transform, letterbox


@pytest.fixture(scope="session")
def camera() -> Camera:
    return Camera.from_fov(640, 480)


@pytest.fixture(scope="session")
def render_maps():
    """render_maps(feet, camera, missing=[(foot, keypoint)], noise=0.0, seed=0) -> NetworkOutput.

    The maps that training teaches for feet with image points (8, 2) each; noise is added to all maps.
    """

    def render(feet, camera, missing=(), noise=0.0, seed=0):
        _, input_to_image = letterbox(np.zeros((camera.height, camera.width, 3), np.uint8))
        keypoints = np.full((len(feet), NUM_KEYPOINTS, 2), np.nan)
        for i, points in enumerate(feet):
            keypoints[i] = (points - input_to_image[:, 2]) / np.diag(input_to_image[:, :2])
        for i, k in missing:
            keypoints[i, k] = np.nan
        targets = make_targets(keypoints, np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8))
        rng = np.random.default_rng(seed)
        heatmaps, pafs = (
            m + noise * rng.standard_normal(m.shape, np.float32) for m in (targets.heatmaps, targets.pafs)
        )
        affine = cell_to_image_transform(input_to_image)
        return NetworkOutput(heatmaps, pafs, targets.segmentation, affine, camera.width, camera.height)

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
