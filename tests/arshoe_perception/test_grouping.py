import numpy as np
import pytest

from arshoe_core.foot import Side
from arshoe_perception.grouping import group_peaks, to_image
from arshoe_perception.peaks import find_peaks


def grouped(output, max_feet=6):
    peaks = find_peaks(output.heatmaps, 0.2, 2 * max_feet)
    return [to_image(g, output) for g in group_peaks(peaks, output.pafs, 0.1, 5)]


def assert_same_feet(found, expected, missing=(), atol=2.0):
    """Every expected foot (8, 2) is found once, all of its points within atol pixels."""
    assert len(found) == len(expected)
    for i, points in enumerate(expected):
        distances = [np.nanmedian(np.linalg.norm(f.points - points, axis=1)) for f in found]
        best = found[int(np.argmin(distances))]
        there = np.array([(i, k) not in missing for k in range(8)])
        np.testing.assert_array_equal(best.found, there)
        np.testing.assert_allclose(best.points[there], points[there], atol=atol)


@pytest.fixture
def pair(foot_transform, project, camera):
    """Image points of a left and a right foot side by side."""

    def make(gap=0.16, distance=0.9, heading=1.3):
        return [
            project(foot_transform(heading, 0.9, distance, at=(x / distance, 0)), side, camera)
            for side, x in ((Side.LEFT, -gap / 2), (Side.RIGHT, gap / 2))
        ]

    return make


def test_two_feet(render_maps, camera, pair):
    feet = pair()
    assert_same_feet(grouped(render_maps(feet, camera)), feet)


def test_noise_and_false_peaks(render_maps, camera, pair):
    feet = pair()
    output = render_maps(feet, camera, noise=0.04)
    output.heatmaps[1, 5, 5] = output.heatmaps[3, 6, 9] = output.heatmaps[7, 60, 60] = 0.9
    assert_same_feet(grouped(output), feet, atol=8)


@pytest.mark.parametrize(
    "missing", [[(0, 1)], [(0, 1), (1, 1)], [(0, 3)], [(0, 7)], [(0, 0), (1, 4)], [(0, 1), (0, 7)]]
)
def test_a_missing_keypoint_costs_no_other(render_maps, camera, pair, missing):
    feet = pair()
    assert_same_feet(grouped(render_maps(feet, camera, missing=missing)), feet, missing)


def test_joining_parts_does_not_mix_feet(render_maps, camera, pair):
    feet = pair()
    missing = [(0, 1), (1, 1), (0, 2), (1, 2)]  # toe and heel top of both: nothing but nearness is left
    assert_same_feet(grouped(render_maps(feet, camera, missing=missing)), feet, missing)


def test_touching_feet_share_a_peak_but_stay_two(render_maps, camera, pair):
    found = grouped(render_maps(pair(gap=0.1), camera))
    assert len(found) == 2
    assert all(f.found.sum() >= 6 for f in found)


def test_six_feet(render_maps, camera, foot_transform, project):
    feet = [
        project(foot_transform(1.2, 0.9, 2.2, at=(x, y)), side, camera)
        for y in (-0.25, 0.2)
        for x, side in ((-0.4, Side.LEFT), (0, Side.RIGHT), (0.4, Side.LEFT))
    ]
    assert_same_feet(grouped(render_maps(feet, camera)), feet, atol=6)


def test_a_foot_cut_by_the_border_keeps_what_is_inside(render_maps, camera, foot_transform, project):
    feet = [project(foot_transform(0.0, 0.9, 0.6, at=(0.55, 0.1)), Side.LEFT, camera)]
    inside = ((feet[0] >= 0) & (feet[0] < (camera.width, camera.height))).all(1)
    assert 5 <= inside.sum() < 8
    found = grouped(render_maps(feet, camera, missing=[(0, k) for k in np.flatnonzero(~inside)]))
    assert len(found) == 1
    assert not (found[0].found & ~inside).any()


def test_no_feet(render_maps, camera):
    assert grouped(render_maps([], camera)) == []
    assert grouped(render_maps([], camera, noise=0.05)) == []


@pytest.mark.parametrize("missing", [(1, 3, 7), (0, 5, 4), (7, 2, 6), (1, 7, 4)])
def test_a_foot_of_five_keypoints_is_joined_again(render_maps, camera, pair, missing):
    foot = pair()[:1]
    gone = [(0, k) for k in missing]
    assert_same_feet(grouped(render_maps(foot, camera, missing=gone)), foot, gone)


def test_feet_that_cross_at_the_toes_keep_their_own(render_maps, camera, foot_transform, project):
    """Both toe tips make one peak, on which the branches of both feet hang."""
    left = project(foot_transform(1.1, 0.9, 0.7), Side.LEFT, camera)
    right = project(foot_transform(2.1, 0.9, 0.7), Side.RIGHT, camera)
    feet = [left, right + left[1] - right[1]]
    found = grouped(render_maps(feet, camera))
    assert len(found) == 2
    for group in found:
        errors = [np.linalg.norm(group.points - foot, axis=1)[group.found] for foot in feet]
        assert min(error.max() for error in errors) < 10  # a cell
