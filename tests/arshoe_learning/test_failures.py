"""Feet that go wrong are counted by how and by why."""

from dataclasses import replace

import numpy as np
import pytest

from arshoe_core.foot import Side
from arshoe_core.se3 import from_rt
from arshoe_core.types import FootPose
from arshoe_learning.coco_dataset import LabelledFoot
from arshoe_learning.failures import FootResult, crowded, markdown, table
from arshoe_learning.synthetic.stance import rotation_zyx

POINTS = np.array([[0, 0], [100, 0], [0, 30], [80, -20], [70, 20], [20, -10], [20, 10], [60, 0]], np.float32) + 200
LABEL = LabelledFoot(POINTS, Side.LEFT, 5000.0, np.eye(3), np.array([0, 0, 1.0]), 0.26, covering="shoe")


def result(label=LABEL, side=Side.LEFT, turned_deg=0.0, points=POINTS, **changes) -> FootResult:
    """A foot of 100 px found as it is, but for what is given."""
    pose = FootPose(side, from_rt(rotation_zyx(np.deg2rad(turned_deg), 0, 0), (0, 0, 1)))
    return replace(FootResult(label, 100.0, "front", False, pose, points), **changes)


@pytest.mark.parametrize(
    "found, failure",
    [
        (result(), ""),
        (result(pose=None, points=None), "missed"),
        (result(turned_deg=59), ""),
        (result(turned_deg=61, side=Side.RIGHT), "turned"),
        (result(side=Side.RIGHT), "wrong side"),
        (result(label=replace(LABEL, side=Side.UNKNOWN), side=Side.RIGHT), ""),
        (result(label=replace(LABEL, R=None), turned_deg=90), ""),
        (result(points=POINTS + np.array([25, 0])), "misplaced"),
        (result(points=POINTS + np.array([15, 0])), ""),
    ],
)
def test_a_failure_is_the_first_that_applies(found, failure):
    assert found.failure == failure


def test_causes_overlap_and_the_worst_group_is_first():
    cut = replace(LABEL, keypoints=np.where(np.arange(8)[:, None] < 2, np.nan, POINTS), visible=1)
    missed = {"pose": None, "points": None}
    rows = table([result(), result(label=cut, extent=30.0, **missed), result(crowded=True, **missed), result()])
    by_name = {row["feet"]: (row["count"], row["failures"]) for row in rows}
    assert by_name == {
        "smaller than 50 px": (1, 1),
        "cut by the picture's border": (1, 1),
        "two or fewer keypoints visible": (1, 1),
        "another foot near": (1, 1),
        "none of these": (2, 0),
        "view: front": (4, 2),
        "foot: shoe": (4, 2),
        "all": (4, 2),
    }
    assert [row["failures"] for row in rows[:-1]] == [2, 2, 1, 1, 1, 1, 0] and rows[-1]["feet"] == "all"
    assert markdown(rows).splitlines()[0] == "| feet | count | failures | missed | turned | wrong side | misplaced |"


def test_crowded_is_nearer_than_the_foots_own_extent():
    feet = [LABEL, replace(LABEL, keypoints=POINTS + np.array([0, 90])), replace(LABEL, keypoints=POINTS + 900)]
    assert [crowded(feet, i) for i in range(3)] == [True, True, False]
