import numpy as np
import pytest

from arshoe_core.foot import Side
from arshoe_perception.untangle import untangle


@pytest.fixture
def crossing(foot_transform, project, camera):
    """A left and a right foot (8, 3) across each other, in cells of 10 px."""
    feet = []
    for side, heading in ((Side.LEFT, 0.8), (Side.RIGHT, 2.2)):
        points = project(foot_transform(heading, 0.9, 0.8), side, camera) / 10
        feet.append(np.column_stack([points, np.ones(8)]))
    return feet


def swapped(feet, keypoints):
    a, b = (foot.copy() for foot in feet)
    a[keypoints], b[keypoints] = feet[1][keypoints], feet[0][keypoints]
    return [a, b]


@pytest.mark.parametrize("branch", [[3, 5], [5], [4, 6], [7, 2, 0], [2, 0], [0], [5, 6]])
def test_a_branch_led_to_the_wrong_foot_comes_back(crossing, branch):
    for found, foot in zip(untangle(swapped(crossing, branch), 5), crossing, strict=True):
        np.testing.assert_array_equal(found, foot)


def test_a_missing_keypoint_is_given_back(crossing):
    crossing[1][0] = np.nan, np.nan, 0
    found = untangle(swapped(crossing, [0]), 5)
    np.testing.assert_array_equal(found, crossing)


def test_feet_that_are_right_stay(crossing):
    noisy = [foot + 0.5 * np.random.default_rng(0).standard_normal(foot.shape) * (1, 1, 0) for foot in crossing]
    np.testing.assert_array_equal(untangle(noisy, 5), noisy)
    assert untangle([], 5) == []


def test_no_foot_is_left_with_too_few(crossing):
    crossing[1][[1, 2, 7]] = np.nan, np.nan, 0
    found = untangle(swapped(crossing, [2]), 5)
    assert all((foot[:, 2] > 0).sum() >= 5 for foot in found)
