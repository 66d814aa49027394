import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_stabilizer import StabilizerConfig
from arshoe_stabilizer.arshoe_method import ArshoeFilter
from arshoe_stabilizer.method import Measurement, rotation_matrix
from arshoe_stabilizer.optical_flow import camera_shift
from arshoe_stabilizer.tracker import FILTERS

CAMERA = Camera.from_fov(640, 480)
POINTS = foot.keypoints(Side.LEFT)
small = st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3).map(np.array)


def pose(x=0.0, y=0.0, z=0.8, rotation=(0, 0, 0)):
    return se3.from_rt(rotation_matrix(rotation), np.array([x, y, z]))


def measure(T, shift=(0, 0, 0), dt=1 / 30):
    return Measurement(T, np.zeros((6, 6)), np.array(shift, float), dt, CAMERA, POINTS)


def test_rotation_weight_is_the_papers():
    weight = ArshoeFilter(StabilizerConfig(), np.eye(4)).rotation_weight
    assert weight(0.01) == pytest.approx(0.432 * np.log(0.01) + 2.388)
    assert weight(0.0) == weight(0.003) == 0.0
    assert weight(0.0403) == weight(5.0) == weight(float("nan")) == 1.0


def test_paper_by_hand():
    """Equations (5) to (11) for a pure translation, where everything can be worked out on paper."""
    shift, z, dx = 0.02, 0.8, 0.01
    measured = pose(x=shift + dx)
    refined = ArshoeFilter(StabilizerConfig(), pose()).update(measure(measured, (shift, 0, 0)))
    distance = (CAMERA.fx * dx / (z + POINTS[:, 2])).mean() / CAMERA.width
    weight_T = (0.432 * np.log(distance) + 2.388) ** 2
    assert 0 < weight_T < 1
    np.testing.assert_allclose(refined[:3, 3], (shift + weight_T * dx, 0, z))
    np.testing.assert_allclose(refined[:3, :3], np.eye(3), atol=1e-12)


def test_rotation_is_blended_by_w_R_and_position_by_its_square():
    measured = pose(x=0.01, rotation=(0, 0, 0.05))
    filter_ = ArshoeFilter(StabilizerConfig(), pose())
    refined = filter_.update(measure(measured))
    weight_R = se3.rotation_angle(np.eye(3), refined[:3, :3]) / 0.05
    assert refined[0, 3] / 0.01 == pytest.approx(weight_R**2, rel=1e-3)


@given(small, small)
def test_a_far_jump_is_believed_at_once(t, rotation):
    T = pose(t[0] + 0.5, t[1], t[2] + 1, rotation)
    np.testing.assert_allclose(ArshoeFilter(StabilizerConfig(), pose()).update(measure(T)), T, atol=1e-9)


def test_camera_shift_keeps_depth():
    np.testing.assert_allclose(camera_shift(np.array([CAMERA.fx, 0.5 * CAMERA.fy]), 0.8, CAMERA), (0.8, 0.4, 0))
    assert camera_shift(None, 0.8, CAMERA) is None


@pytest.mark.parametrize("name", FILTERS)
@given(t=small, rotation=small)
def test_every_filter_settles_on_a_constant_pose(name, t, rotation):
    """Also that its poses stay rigid. The paper's stops short where D falls below about a pixel in 256."""
    T = pose(t[0], t[1], t[2] + 1, rotation)
    filter_ = FILTERS[name](StabilizerConfig(), pose())
    for _ in range(120):
        refined = filter_.update(measure(T))
    np.testing.assert_allclose(refined[:3, :3] @ refined[:3, :3].T, np.eye(3), atol=1e-9)
    pixels = [CAMERA.project(se3.transform_points(P, POINTS)) for P in (refined, T)]
    assert np.abs(pixels[0] - pixels[1]).sum(1).mean() < 0.005 * CAMERA.width


@pytest.mark.parametrize("name", FILTERS)
def test_frame_rate_does_not_matter_to_the_result(name):
    """One second of the same motion at 15 and at 60 Hz ends at nearly the same place."""
    ends = []
    for rate in (15, 60):
        filter_ = FILTERS[name](StabilizerConfig(), pose())
        for i in range(1, rate + 1):
            move = 0.2 / rate
            refined = filter_.update(measure(pose(x=0.2 * i / rate), (move, 0, 0), 1 / rate))
        ends.append(refined[0, 3])
    assert ends[0] == pytest.approx(ends[1], abs=0.015)


def test_kalman_goes_on_without_flow():
    filter_ = FILTERS["kalman"](StabilizerConfig(), pose())
    for i in range(1, 31):
        filter_.update(measure(pose(x=0.01 * i, rotation=(0, 0, 0.02 * i))))
    T = filter_.predict(None, 1 / 30)
    assert T[0, 3] == pytest.approx(0.31, abs=0.003)
    assert se3.rotation_angle(np.eye(3), T[:3, :3]) == pytest.approx(0.62, abs=0.02)
