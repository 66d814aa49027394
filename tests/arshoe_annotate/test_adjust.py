"""Moves of a foot do to the picture what they say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_annotate import FootLabel, adjust
from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side

CAMERA = Camera.from_fov(1280, 960)
angles = st.floats(-3, 3)


@st.composite
def feet(draw):
    R = se3.rotation(np.array([draw(st.floats(-1, 1)) for _ in range(3)] + [1.5]))
    t = draw(st.floats(-0.3, 0.3)), draw(st.floats(-0.3, 0.3)), draw(st.floats(0.6, 3))
    return FootLabel(draw(st.sampled_from([Side.LEFT, Side.RIGHT])), se3.from_rt(R, t), draw(st.floats(0.2, 0.3)))


def centre_px(label):
    return CAMERA.project(adjust.centre(label))


@given(feet(), st.floats(-50, 50), st.floats(-50, 50))
def test_moved_shifts_the_centre_by_pixels_at_its_depth(label, right, down):
    moved = adjust.moved(label, CAMERA, right, down)
    np.testing.assert_allclose(centre_px(moved) - centre_px(label), (right, down), atol=1e-6)
    assert adjust.centre(moved)[2] == pytest.approx(adjust.centre(label)[2])


@given(feet(), st.floats(0.7, 1.5))
def test_pushed_keeps_the_centre_in_the_picture(label, factor):
    pushed = adjust.pushed(label, factor)
    np.testing.assert_allclose(centre_px(pushed), centre_px(label), atol=1e-6)
    np.testing.assert_allclose(adjust.centre(pushed), adjust.centre(label) * factor)


@given(feet(), st.integers(0, 2), angles)
def test_turned_keeps_the_centre_and_the_axis(label, axis, angle):
    turned = adjust.turned(label, axis, angle)
    np.testing.assert_allclose(adjust.centre(turned), adjust.centre(label), atol=1e-9)
    np.testing.assert_allclose(turned.T_camera_foot[:3, axis], label.T_camera_foot[:3, axis], atol=1e-9)
    difference = se3.rotation_angle(turned.T_camera_foot[:3, :3], label.T_camera_foot[:3, :3])
    assert difference == pytest.approx(abs(angle), abs=1e-6)


@given(feet(), st.floats(0.7, 1.2))
def test_resized_grows_about_the_centre(label, factor):
    grown = adjust.resized(label, factor)
    np.testing.assert_allclose(adjust.centre(grown), adjust.centre(label), atol=1e-9)
    assert grown.foot_length == pytest.approx(label.foot_length * factor)


@given(feet(), st.floats(0.2, 0.3))
def test_a_known_length_leaves_the_picture(label, length):
    other = adjust.with_length(label, length)
    np.testing.assert_allclose(CAMERA.project(other.keypoints()), CAMERA.project(label.keypoints()), atol=1e-6)


@given(feet(), st.floats(40, 100))
def test_refocused_keeps_the_origin_in_the_picture(label, fov):
    other = Camera.from_fov(1280, 960, np.deg2rad(fov))
    t = label.T_camera_foot[:3, 3]
    moved = adjust.refocused(label, CAMERA, other)
    np.testing.assert_allclose(other.project(moved.T_camera_foot[:3, 3]), CAMERA.project(t), atol=1e-6)
    assert moved.T_camera_foot[2, 3] / other.fx == pytest.approx(t[2] / CAMERA.fx)


@settings(max_examples=50)
@given(feet(), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), angles)
def test_on_floor_finds_the_foot_on_the_others_plane(other, x, y, yaw):
    """A foot on the plane, lifted along its line of sight and tilted, comes back to it."""
    on_plane = other.T_camera_foot @ se3.from_rt(np.eye(3), (x, y, 0))
    standing = adjust.turned(other.with_pose(on_plane), 2, yaw)
    up, origin = standing.T_camera_foot[:3, 2], standing.T_camera_foot[:3, 3]
    if origin[2] < 0.3 or abs(origin @ up) < 0.1:
        return
    lifted = standing.with_pose(se3.from_rt(standing.T_camera_foot[:3, :3], origin * 0.9))
    found = adjust.on_floor(lifted, other).T_camera_foot
    np.testing.assert_allclose(found[:3, 3], origin, atol=1e-6)
    np.testing.assert_allclose(found[:3, 2], up, atol=1e-6)
    tilted = standing.with_pose(
        standing.T_camera_foot @ se3.from_rt(se3.rotation(np.array([1, 0.1, 0.05, 0])), (0, 0, 0))
    )
    np.testing.assert_allclose(adjust.on_floor(tilted, other).T_camera_foot[:3, 2], up, atol=1e-6)


def test_no_move_takes_a_foot_into_the_camera():
    label = FootLabel(Side.LEFT, se3.from_rt(np.eye(3), (0, 0, 0.3)))
    with pytest.raises(BadInputError, match=r"0\.\d\d m from the camera; allowed: 0.05 m or more"):
        adjust.pushed(label, 0.1)
    with pytest.raises(BadInputError, match="foot_length is 1"):
        replace(label, foot_length=1.0)
