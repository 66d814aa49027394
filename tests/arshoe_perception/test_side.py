"""Left and right where the fits don't tell: the view from above, and the other foot."""

import numpy as np
import pytest

from arshoe_perception.side import SEEN_FROM_BELOW, below_cost, choose_sides

FOOT_LENGTH = 0.26
LEFT, RIGHT = 0, 1


def feet(*transforms):
    """R (F, 2, 3, 3) and t (F, 2, 3): both sides' fits in the same place."""
    T = np.array(transforms)
    return np.repeat(T[:, None, :3, :3], 2, 1), np.repeat(T[:, None, :3, 3], 2, 1)


def test_the_camera_below_the_sole_costs(foot_transform):
    for elevation, expected in ((1.0, 0.0), (0.05, 0.0), (-0.6, SEEN_FROM_BELOW)):
        T = foot_transform(0.4, elevation, 1.0)
        R = T[:3, :3]
        assert below_cost(R, R @ [0.13, 0, 0.03] + T[:3, 3]) == pytest.approx(expected)


def test_of_two_feet_each_stands_on_the_others_medial_side(foot_transform):
    away = np.pi / 2  # toes away from the camera: the left foot is left in the picture
    R, t = feet(foot_transform(away, 0.8, 1.0, at=(-0.1, 0)), foot_transform(away, 0.8, 1.0, at=(0.1, 0)))
    assert choose_sides(np.zeros((2, 2)), R, t, FOOT_LENGTH) == [LEFT, RIGHT]
    assert choose_sides(np.zeros((2, 2)), R[::-1], t[::-1], FOOT_LENGTH) == [RIGHT, LEFT]
    strong = np.array([[30.0, 0.0], [30.0, 0.0]])  # two right feet, seen clearly, stay what they are
    assert choose_sides(strong, R, t, FOOT_LENGTH) == [RIGHT, RIGHT]


def test_the_surer_foot_tells_the_others_side(foot_transform):
    R, t = feet(foot_transform(np.pi / 2, 0.8, 1.0, at=(-0.1, 0)), foot_transform(np.pi / 2, 0.8, 1.0, at=(0.1, 0)))
    cost = np.array([[0.0, 20.0], [0.0, 1.0]])
    assert choose_sides(cost, R, t, FOOT_LENGTH) == [LEFT, RIGHT]


def test_somebody_elses_foot_tells_nothing(foot_transform):
    R, t = feet(
        foot_transform(np.pi / 2, 0.8, 1.0, at=(-0.1, 0)),
        foot_transform(np.pi / 2, 0.8, 1.0, at=(0.1, 0)),
        foot_transform(-np.pi / 2, 0.8, 1.0, at=(0.25, 0)),
    )
    cost = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    assert choose_sides(cost, R, t, FOOT_LENGTH) == [LEFT, RIGHT, RIGHT]


def test_no_and_single_feet(foot_transform):
    assert choose_sides(np.zeros((0, 2)), np.zeros((0, 2, 3, 3)), np.zeros((0, 2, 3)), FOOT_LENGTH) == []
    R, t = feet(foot_transform(1, 0.8, 1.0))
    assert choose_sides(np.array([[np.inf, 3.0]]), R, t, FOOT_LENGTH) == [RIGHT]
