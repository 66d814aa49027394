"""Where the network looks: poses whose feet lie at known places, and a network that is told what to see."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import FootPose, NetworkOutput, PoseStatus
from arshoe_perception.preprocessing import Region, cell_to_input_pixel, letterbox, preprocess
from arshoe_perception.region_of_interest import RegionConfig, RegionOfInterest, region_around, shows_foot_outside

CAMERA = Camera.from_fov(1280, 960)
IMAGE = np.zeros((960, 1280, 3), np.uint8)
FROM_ABOVE = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]])
STEP = 1 / 30


class Network:
    """It remembers where it looked. Whole images show a foot where `shows` says, regions in the middle if `finds`."""

    def __init__(self):
        self.seen, self.shows, self.finds = [], None, True

    def __call__(self, image, region):
        self.seen.append(region)
        if region is None:
            return maps(image, None, self.shows)
        return maps(image, region, np.reshape(region, (2, 2)).mean(0) if self.finds else None)


def maps(image, region=None, foot_at=None):
    _, cell_to_image = preprocess(image, region=region)
    heatmaps = np.zeros((8, 64, 64), np.float32)
    if foot_at is not None:
        u, v = np.linalg.solve(cell_to_image[:, :2], foot_at - cell_to_image[:, 2]).round().astype(int)
        heatmaps[:6, v, u] = 0.3
    empty = np.zeros((2, 64, 64), np.float32)
    return NetworkOutput(heatmaps, empty, empty, cell_to_image, image.shape[1], image.shape[0])


def foot(x=0.0, y=0.0, z=2.0, track=1, side=Side.LEFT):
    return FootPose(side, se3.from_rt(FROM_ABOVE, np.array([x, y, z])), track_id=track)


def box(*feet):
    points = np.concatenate([CAMERA.project(pose.keypoints()) for pose in feet])
    return np.stack([points.min(0), points.max(0)])


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def roi(network):
    return RegionOfInterest(network)


def last_seen(roi, network, stamp):
    roi(IMAGE, stamp)
    return network.seen[-1]


def looks_at_all(output):
    return 64 * output.cell_to_image[0, 0] >= CAMERA.width


def holds(region, corners):
    return (np.array(region[:2]) <= corners[0]).all() and (corners[1] <= np.array(region[2:]) - 1).all()


def test_without_poses_it_sees_the_whole_image(roi, network):
    roi(IMAGE, 0.0)
    roi.update(0.0, [], CAMERA)
    roi(IMAGE, STEP)
    assert network.seen == [None, None]


def test_full_never_looks_closer(network):
    roi = RegionOfInterest(network, RegionConfig("full"))
    roi.update(0.0, [foot()], CAMERA)
    assert last_seen(roi, network, STEP) is None


def test_it_looks_at_both_feet(roi, network):
    feet = [foot(-0.1), foot(0.1, track=2, side=Side.RIGHT)]
    roi.update(0.0, feet, CAMERA)
    region = last_seen(roi, network, STEP)
    assert holds(region, box(*feet))
    assert region.right - region.left == region.bottom - region.top < 0.4 * CAMERA.width


def test_a_moving_foot_is_met_where_it_will_be(roi, network):
    for i in range(2):
        roi.update(i * STEP, [foot(0.3 * i)], CAMERA)
    assert holds(last_seen(roi, network, 2 * STEP), box(foot(0.3), foot(0.6)))


@pytest.mark.parametrize("status, wholes", [(None, 1), (PoseStatus.PREDICTED, 2), (PoseStatus.MEASURED, 0)])
def test_a_lost_foot_is_looked_for_in_the_whole_image_every_other_frame(roi, network, status, wholes):
    left, right = foot(-0.1), foot(0.1, track=2, side=Side.RIGHT)
    after = [left] if status is None else [left, replace(right, status=status)]
    for i, feet in enumerate([[left, right], [left, right], after, after, after]):
        roi.update(i * STEP, feet, CAMERA)
        roi(IMAGE, (i + 1) * STEP)
    assert network.seen.count(None) == wholes
    assert None not in network.seen[:2] and (network.seen[2] is None) == (wholes > 0)


def test_another_foot_is_found_within_eight_frames_and_then_kept_in_view(roi, network):
    left, right = foot(-0.15), foot(0.15, track=2, side=Side.RIGHT)
    network.shows = box(right).mean(0)
    results = []
    for i in range(8):
        roi.update(i * STEP, [left], CAMERA)
        results.append(roi(IMAGE, (i + 1) * STEP))
    assert [looks_at_all(result) for result in results] == [False] * 7 + [True]
    roi.update(8 * STEP, [left, right], CAMERA)
    assert holds(last_seen(roi, network, 9 * STEP), box(left, right))


def test_the_tracked_foot_in_a_glance_does_not_replace_the_region(roi, network):
    network.shows = box(foot()).mean(0) + 20
    for i in range(20):
        roi.update(i * STEP, [foot()], CAMERA)
        assert not looks_at_all(roi(IMAGE, (i + 1) * STEP))
    assert network.seen.count(None) == 2


def test_where_the_region_shows_no_foot_the_whole_image_is_used_at_once(roi, network):
    network.finds = False
    roi.update(0.0, [foot()], CAMERA)
    assert looks_at_all(roi(IMAGE, STEP))
    assert network.seen[0] is not None and network.seen[1:] == [None]


@pytest.mark.parametrize("stamp", [-1.0, 0.0, 1.0])
def test_poses_of_another_time_are_not_used(roi, network, stamp):
    roi.update(0.0, [foot()], CAMERA)
    assert last_seen(roi, network, stamp) is None


def test_time_that_jumps_back_starts_afresh(roi, network):
    roi.update(100.0, [foot(-0.5)], CAMERA)
    roi.update(1.0, [foot(0.5)], CAMERA)
    assert holds(last_seen(roi, network, 1.0 + STEP), box(foot(0.5)))


def test_untracked_feet_are_all_seen(roi, network):
    feet = [foot(-0.2, track=0), foot(0.2, track=0, side=Side.RIGHT)]
    for i in range(2):
        roi.update(i * STEP, feet[:: 1 - 2 * i], CAMERA)
    region = last_seen(roi, network, 2 * STEP)
    assert holds(region, box(*feet)) and region.right - region.left < 0.5 * CAMERA.width


def test_a_near_foot_and_one_behind_the_camera_need_the_whole_image(roi, network):
    roi.update(0.0, [foot(z=0.4)], CAMERA)
    assert last_seen(roi, network, STEP) is None
    roi.update(STEP, [foot(z=-1.0)], CAMERA)
    assert last_seen(roi, network, 2 * STEP) is None


@settings(max_examples=200)
@given(
    centre=st.tuples(st.floats(-300, 1600), st.floats(-300, 1300)),
    extent=st.floats(1, 3000),
    size=st.tuples(st.integers(50, 2000), st.integers(50, 2000)),
)
def test_a_region_lies_in_the_image_and_holds_what_is_in_it(centre, extent, size):
    corners = np.array([centre, centre]) + np.array([[-0.5], [0.5]]) * extent
    region = region_around(corners, *size)
    if region is None:
        assert max(2 * extent, 256) > 0.69 * max(size)
        return
    assert 0 <= region.left < region.right <= size[0] and 0 <= region.top < region.bottom <= size[1]
    assert holds(region, np.clip(corners, 0, np.array(size) - 1))


def test_a_foot_outside_counts_only_with_enough_peaks():
    corners = box(foot())
    assert shows_foot_outside(maps(IMAGE, foot_at=corners[1] + 300), corners)
    assert not shows_foot_outside(maps(IMAGE, foot_at=corners.mean(0)), corners)
    few = maps(IMAGE, foot_at=corners[1] + 300)
    few.heatmaps[4:] = 0
    assert not shows_foot_outside(few, corners)


@pytest.mark.parametrize("region", [Region(100, 200, 356, 456), Region(0, 0, 300, 240), Region(900, 10, 1280, 960)])
def test_cells_of_a_region_lie_where_the_image_has_them(region):
    y, x = np.mgrid[:960, :1280]
    image = np.stack([x // 8, y // 8, 0 * x], -1).astype(np.uint8)
    _, cell_to_image = preprocess(image, region=region)
    square, _ = letterbox(image[region.top : region.bottom, region.left : region.right])
    cells = np.array([[20, 30], [32, 32], [40, 25]])
    columns, rows = np.rint(cell_to_input_pixel(cells)).astype(int).T
    shown = square[rows, columns, :2].astype(float)
    expected = (np.column_stack([cells, np.ones(3)]) @ cell_to_image.T - 3.5) / 8
    np.testing.assert_allclose(shown, expected, atol=1.0)
