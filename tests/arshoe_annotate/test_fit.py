"""Poses from clicks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_annotate import FootLabel
from arshoe_annotate.fit import fit_clicks
from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import KEYPOINT_NAMES, Side
from arshoe_render.preview import look_at

CAMERA = Camera.from_fov(1280, 960)


def clicks(label, chosen, noise=0.0, seed=0):
    off = np.random.default_rng(seed).normal(0, 1, (8, 2)) * noise
    pixels = CAMERA.project(label.keypoints()) + off
    return {KEYPOINT_NAMES[i]: tuple(pixels[i]) for i in chosen}


@st.composite
def seen_feet(draw):
    T = look_at((0.13, 0, 0.03), draw(st.floats(-3, 3)), draw(st.floats(0.15, 1.2)), draw(st.floats(0.4, 1.5)))
    return FootLabel(draw(st.sampled_from([Side.LEFT, Side.RIGHT])), T)


@settings(max_examples=60, deadline=None)
@given(seen_feet(), st.permutations(range(8)), st.integers(5, 8))
def test_exact_clicks_give_the_exact_pose_and_side(label, order, count):
    side, T, error = fit_clicks(clicks(label, order[:count]), CAMERA)
    assert side == label.side
    np.testing.assert_allclose(T, label.T_camera_foot, atol=1e-4)
    assert error < 0.01


def test_four_clicks_are_enough_from_above_where_the_side_is_told():
    label = FootLabel(Side.RIGHT, look_at((0.13, 0, 0.03), 0.7, 0.8, 0.7))
    for chosen in ((0, 1, 3, 4), (1, 2, 4, 7), (0, 1, 2, 3)):
        _, T, _ = fit_clicks(clicks(label, chosen), CAMERA, side=Side.RIGHT)
        np.testing.assert_allclose(T, label.T_camera_foot, atol=1e-3)


def test_noisy_clicks_give_a_near_pose():
    errors, sides = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        T = look_at((0.13, 0, 0.03), rng.uniform(-3, 3), rng.uniform(0.2, 1.2), rng.uniform(0.5, 1.2))
        label = FootLabel(Side.LEFT if seed % 2 else Side.RIGHT, T)
        side, found, _ = fit_clicks(clicks(label, range(8), 2.0, seed), CAMERA)
        sides.append(side == label.side)
        errors.append(np.rad2deg(se3.rotation_angle(found[:3, :3], T[:3, :3])))
    assert np.mean(sides) > 0.95
    assert np.median(errors) < 3


def test_the_other_foot_decides_a_doubtful_side():
    """The flat points alone fit both sides nearly; with a left foot beside it, it is the right one."""
    left = FootLabel(Side.LEFT, look_at((0.13, 0, 0.03), 0.4, 0.6, 0.8))
    right = FootLabel(Side.RIGHT, left.T_camera_foot @ se3.from_rt(np.eye(3), (0, -0.2, 0)))
    side, _, _ = fit_clicks(clicks(right, (0, 1, 3, 4, 2)), CAMERA, others=[left])
    assert side == Side.RIGHT


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"heel": (1, 2)}, "keypoint is 'heel'; allowed: heel_bottom, toe_tip"),
        ({"toe_tip": (1, 2), "heel_top": (5, 5)}, "2 keypoints are set; a pose needs at least 4"),
        (dict.fromkeys(KEYPOINT_NAMES, (5.0, 5.0)), "no pose fits these keypoints"),
    ],
)
def test_bad_clicks_are_refused(given, message):
    with pytest.raises(BadInputError, match=message):
        fit_clicks(given, CAMERA)
