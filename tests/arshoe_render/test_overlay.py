"""The debug picture shows what it is given, where it is."""

import numpy as np
import pytest

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import FootKeypoints, FootPose
from arshoe_render.overlay import SIDE_COLORS, draw_overlay

CAMERA = Camera.from_fov(160, 120)
IMAGE = np.full((120, 160, 3), 100, np.uint8)
NOTHING = np.zeros((120, 160), np.uint8)


def test_nothing_leaves_the_picture_as_it_is():
    picture = draw_overlay(IMAGE, NOTHING, CAMERA, [], [])
    assert (picture == IMAGE).all() and picture is not IMAGE


def test_leg_and_foot_are_tinted_each_in_its_colour():
    mask = NOTHING.copy()
    mask[:40], mask[80:] = 1, 2
    picture = draw_overlay(IMAGE, mask, CAMERA, [], [])
    assert len({tuple(picture[y, 0]) for y in (0, 60, 100)}) == 3
    assert (picture[40:80] == IMAGE[40:80]).all() and (IMAGE == 100).all()


@pytest.mark.parametrize("side", list(Side))
def test_found_keypoints_are_dots_in_the_sides_colour(side):
    points = np.full((8, 2), np.nan, np.float32)
    points[2] = 50, 60
    picture = draw_overlay(IMAGE, NOTHING, CAMERA, [FootKeypoints(points, np.ones(8, np.float32), side)], [])
    assert tuple(picture[60, 50]) == SIDE_COLORS[side]
    assert (picture != IMAGE).any(2).sum() < 60


def test_axes_start_at_the_foot_and_none_is_drawn_behind_the_camera():
    ahead, behind = (FootPose(Side.LEFT, se3.from_rt(np.eye(3), np.array([0.1, 0, z]))) for z in (1.0, -1.0))
    picture = draw_overlay(IMAGE, NOTHING, CAMERA, [], [ahead])
    x, y = CAMERA.project(np.array([0.15, 0, 1.0])).round().astype(int)
    assert tuple(picture[y, x]) == (0, 0, 255)
    assert (draw_overlay(IMAGE, NOTHING, CAMERA, [], [behind]) == IMAGE).all()
