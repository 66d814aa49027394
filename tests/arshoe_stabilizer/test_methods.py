from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_stabilizer import StabilizerConfig
from arshoe_stabilizer.arshoe_method import ArshoeFilter
from arshoe_stabilizer.arshoe_plus import ArshoePlusFilter
from arshoe_stabilizer.foot_surface import back_project
from arshoe_stabilizer.method import Step, rotation_matrix
from arshoe_stabilizer.optical_flow import CornerPairs
from arshoe_stabilizer.tracker import FILTERS

CAMERA = Camera.from_fov(640, 480)
POINTS = foot.keypoints(Side.LEFT)
small = st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3).map(np.array)


def pose(x=0.0, y=0.0, z=0.8, rotation=(0, 0, 0)):
    return se3.from_rt(rotation_matrix(rotation), np.array([x, y, z]))


def raw(T):
    return FootPose(Side.LEFT, T)


def start(filter_class, T):
    return filter_class(StabilizerConfig(), raw(T))


def step(T_last=None, T_now=None, dt=1 / 30):
    """A step with corners of a foot that moves from T_last to T_now; without them, one that flow knows nothing of."""
    if T_last is None:
        return Step(dt, CAMERA)
    seen = se3.transform_points(T_last, POINTS)
    surface = back_project(seen[:, :2] / seen[:, 2:], T_last, Side.LEFT, foot.STANDARD_FOOT_LENGTH)
    return Step(dt, CAMERA, CornerPairs(*(CAMERA.project(se3.transform_points(T, surface)) for T in (T_last, T_now))))


def test_rotation_weight_is_the_papers():
    weight = start(ArshoeFilter, np.eye(4)).rotation_weight
    assert weight(0.01) == pytest.approx(0.432 * np.log(0.01) + 2.388)
    assert weight(0.0) == weight(0.003) == 0.0
    assert weight(0.0403) == weight(5.0) == weight(float("nan")) == 1.0


def test_paper_by_hand():
    """Equations (5) to (11) for a pure translation, where everything can be worked out on paper."""
    shift, z, dx = 0.02, 0.8, 0.01
    pixels = np.array([CAMERA.fx * shift / z, 0])
    pairs = CornerPairs(np.zeros((5, 2)), np.tile(pixels, (5, 1)))
    refined = start(ArshoeFilter, pose()).update(raw(pose(x=shift + dx)), Step(1 / 30, CAMERA, pairs))
    distance = (CAMERA.fx * dx / (z + POINTS[:, 2])).mean() / CAMERA.width
    weight_T = (0.432 * np.log(distance) + 2.388) ** 2
    assert 0 < weight_T < 1
    np.testing.assert_allclose(refined[:3, 3], (shift + weight_T * dx, 0, z))
    np.testing.assert_allclose(refined[:3, :3], np.eye(3), atol=1e-12)


def test_rotation_is_blended_by_w_R_and_position_by_its_square():
    measured = pose(x=0.01, rotation=(0, 0, 0.05))
    refined = start(ArshoeFilter, pose()).update(raw(measured), step())
    weight_R = se3.rotation_angle(np.eye(3), refined[:3, :3]) / 0.05
    assert refined[0, 3] / 0.01 == pytest.approx(weight_R**2, rel=1e-3)


@settings(deadline=None, max_examples=20)
@given(small, small)
def test_a_far_jump_is_believed_at_once(t, rotation):
    T = pose(t[0] + 0.5, t[1], t[2] + 1, rotation)
    np.testing.assert_allclose(start(ArshoeFilter, pose()).update(raw(T), step()), T, atol=1e-9)


def test_shift_keeps_depth():
    pairs = CornerPairs(np.zeros((5, 2)), np.tile([CAMERA.fx, 0.5 * CAMERA.fy], (5, 1)))
    np.testing.assert_allclose(Step(0.1, CAMERA, pairs).shift(0.8), (0.8, 0.4, 0))
    np.testing.assert_array_equal(Step(0.1, CAMERA).shift(0.8), np.zeros(3))


@pytest.mark.parametrize("name", FILTERS)
@settings(deadline=None, max_examples=20)
@given(t=small, rotation=small)
def test_every_filter_settles_on_a_constant_pose(name, t, rotation):
    """Also that its poses stay rigid. The paper's stops short where D falls below about a pixel in 256."""
    T = pose(t[0], t[1], t[2] + 1, rotation)
    filter_ = start(FILTERS[name], pose())
    for _ in range(120):
        refined = filter_.update(raw(T), step())
    np.testing.assert_allclose(refined[:3, :3] @ refined[:3, :3].T, np.eye(3), atol=1e-9)
    pixels = [CAMERA.project(se3.transform_points(P, POINTS)) for P in (refined, T)]
    assert np.abs(pixels[0] - pixels[1]).sum(1).mean() < 0.005 * CAMERA.width


@pytest.mark.parametrize("name", FILTERS)
def test_frame_rate_does_not_matter_to_the_result(name):
    """One second of the same motion at 15 and at 60 Hz ends at nearly the same place."""
    ends = []
    for rate in (15, 60):
        filter_ = start(FILTERS[name], pose())
        poses = [pose(x=0.2 * i / rate) for i in range(rate + 1)]
        for last, now in pairwise(poses):
            refined = filter_.update(raw(now), step(last, now, 1 / rate))
        ends.append(refined[0, 3])
    assert ends[0] == pytest.approx(ends[1], abs=0.015)


@pytest.mark.parametrize("name", ["kalman", "arshoe_plus"])
def test_without_flow_a_lost_foot_goes_on(name):
    filter_ = start(FILTERS[name], pose())
    for i in range(1, 31):
        filter_.update(raw(pose(x=0.01 * i, rotation=(0, 0, 0.02 * i))), step())
    T = filter_.predict(step())
    assert T[0, 3] == pytest.approx(0.31, abs=0.003)
    assert se3.rotation_angle(np.eye(3), T[:3, :3]) == pytest.approx(0.62, abs=0.02)


def test_plus_follows_what_flow_sees_without_lag():
    poses = [pose(0.01 * i, 0, 0.8, (0, 0, 0.01 * i)) for i in range(10)]
    filter_ = start(ArshoePlusFilter, poses[0])
    for last, now in pairwise(poses):
        refined = filter_.predict(step(last, now))
    np.testing.assert_allclose(refined, poses[-1], atol=2e-3)


def test_plus_stands_still_where_flow_does():
    rng = np.random.default_rng(0)
    noisy = [pose(*(0.003 * rng.standard_normal(3) + (0, 0, 0.8)), 0.03 * rng.standard_normal(3)) for _ in range(60)]
    filter_ = start(ArshoePlusFilter, noisy[0])
    refined = [filter_.update(raw(T), step(pose(), pose())) for T in noisy]
    before, after = (np.linalg.norm(np.diff([T[:3, 3] for T in p[10:]], axis=0), axis=1) for p in (noisy, refined))
    assert after.mean() < 0.1 * before.mean()


def test_plus_hardly_moves_for_an_outlier_but_yields_to_many():
    filter_, far = start(ArshoePlusFilter, pose()), pose(x=0.1, rotation=(0, 0, 0.8))
    for _ in range(20):
        filter_.update(raw(pose()), step(pose(), pose()))
    once = filter_.update(raw(far), step(pose(), pose()))
    np.testing.assert_allclose(once[:3, 3], pose()[:3, 3], atol=0.01)
    assert se3.rotation_angle(once[:3, :3], pose()[:3, :3]) < 0.08
    for _ in range(6):
        refined = filter_.update(raw(far), step(pose(), pose()))
    np.testing.assert_allclose(refined, far, atol=1e-3)
