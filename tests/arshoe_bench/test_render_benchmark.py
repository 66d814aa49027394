"""What bench render measures, on a picture of its own."""

import numpy as np
import pytest

from arshoe_bench import render_benchmark
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.se3 import from_rt, transform_points
from arshoe_core.types import FootPose
from arshoe_render import TryOnConfig

T_CAMERA_FOOT = from_rt(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), (0, 0.05, 0.8))


@pytest.fixture
def scene():
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    mask = np.zeros((480, 640), np.uint8)
    mask[100:250, 300:340], mask[250:300, 290:350] = 1, 2
    return image, mask, Camera.from_fov(640, 480), [FootPose(Side.LEFT, T_CAMERA_FOOT)]


def test_parts_make_up_the_whole(scene):
    parts = render_benchmark._parts(TryOnConfig(), [scene] * 4)
    ms = parts["cpu_ms"]
    assert set(ms) == {"light", "occlusion", "draw", "readback", "composite", "all"}
    assert 0 < sum(ms.values()) - ms["all"] <= 1.01 * ms["all"]
    assert parts["clock"]["ms_p50"] <= parts["clock"]["ms_p95"]


def test_the_enlarged_scene_shows_the_same(scene):
    image, mask, camera, poses = render_benchmark._resized(scene, 1280, 720)
    assert image.shape == (720, 1280, 3) and mask.shape == (720, 1280)
    for point in transform_points(poses[0].T_camera_foot, np.array([[0, 0, 0], [0.2, 0.03, 0.05]])):
        small, large = scene[2].project(point), camera.project(point)
        np.testing.assert_allclose(large, 2 * (small + 0.5) - 0.5 - (0, 120))


def test_memory_and_start(scene):
    memory = render_benchmark._memory(TryOnConfig(), [scene], 5)
    assert memory["frames"] == 5 and memory["resident_mb"] > 10
    start = render_benchmark._start_seconds()
    assert start["imports"] > 0 and start["first_picture"] > 0
