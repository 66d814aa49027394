"""Target maps against what they stand for, and decoded again by the pose stage's own code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from arshoe_core import foot, se3  # noqa: E402
from arshoe_core.camera import Camera  # noqa: E402
from arshoe_core.foot import LIMBS, Side  # noqa: E402
from arshoe_core.types import NetworkOutput  # noqa: E402
from arshoe_learning.targets import draw_gaussians, losses, make_targets, segmentation_targets  # noqa: E402
from arshoe_perception import PoseEstimator  # noqa: E402
from arshoe_perception.preprocessing import cell_to_image_transform, cell_to_input_pixel  # noqa: E402

CAMERA = Camera.from_fov(256, 256)
NO_MASK = np.zeros((256, 256), np.uint8)


def seen_foot(distance, heading=0.6, side=Side.LEFT, at=(0.0, 0.0)):
    """Pixels (8, 2) and T_camera_foot of a foot seen from 45 degrees above."""
    c, s = np.cos(heading), np.sin(heading)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    look = np.array([[1, 0, 0], [0, -1, -1], [0, 1, -1]]) / np.sqrt([[1], [2], [2]])
    T = se3.from_rt(look @ turn, [at[0] * distance, at[1] * distance, distance])
    return CAMERA.project(se3.transform_points(T, foot.keypoints(side))).astype(np.float32), T


@settings(max_examples=20, deadline=None)
@given(x=st.floats(5, 58), y=st.floats(5, 58), sigma=st.floats(1, 2))
def test_a_gaussian_is_centred_on_its_point(x, y, sigma):
    heatmap = draw_gaussians(np.array([[x, y]]), 64, sigma)[0]
    v, u = np.mgrid[:64, :64]
    assert heatmap.max() <= 1
    assert np.average(u, weights=heatmap) == pytest.approx(x, abs=0.02)
    assert np.average(v, weights=heatmap) == pytest.approx(y, abs=0.02)


def test_limbs_hold_unit_vectors_from_start_to_end():
    points, _ = seen_foot(0.6)
    pafs = make_targets(points[None], NO_MASK).pafs
    for i, (a, b) in enumerate(LIMBS):
        middle = np.round(((points[a] + points[b]) / 2 - 1.5) / 4).astype(int)
        direction = (points[b] - points[a]) / np.linalg.norm(points[b] - points[a])
        np.testing.assert_allclose(pafs[2 * i : 2 * i + 2, middle[1], middle[0]], direction, atol=1e-5)


@pytest.mark.parametrize("distance", [0.45, 0.7, 1.0])
def test_perfect_maps_give_the_feet_back(distance):
    """Two feet of 50 to 115 px side by side: found, right side, keypoints within a third of a cell."""
    gap = 0.09 / distance
    left, T_left = seen_foot(distance, side=Side.LEFT, at=(-gap, 0.05))
    right, T_right = seen_foot(distance, side=Side.RIGHT, at=(gap, 0.05))
    targets = make_targets(np.stack([left, right]), NO_MASK)
    affine = cell_to_image_transform(np.eye(3)[:2])
    output = NetworkOutput(targets.heatmaps, targets.pafs, targets.segmentation, affine, 256, 256)
    keypoints, poses = PoseEstimator()(output, CAMERA)
    assert {p.side for p in poses} == {Side.LEFT, Side.RIGHT}
    for found, pose in zip(keypoints, poses, strict=True):
        truth, T = (left, T_left) if pose.side == Side.LEFT else (right, T_right)
        inside = ((truth >= 2) & (truth < 254)).all(1) & found.found
        assert inside.sum() >= 5
        assert np.abs(found.points - truth)[inside].max() < 4 / 3
        assert np.rad2deg(se3.rotation_angle(pose.T_camera_foot[:3, :3], T[:3, :3])) < 12


def test_unknown_points_and_short_limbs_leave_no_trace():
    points, _ = seen_foot(0.6)
    points[3] = np.nan
    points[2] = points[0]
    targets = make_targets(points[None], NO_MASK)
    assert not targets.heatmaps[3].any() and not targets.pafs[0:4].any() and not targets.pafs[12:14].any()
    assert np.isfinite(targets.pafs).all() and targets.valid_feet == 1
    assert make_targets(None, NO_MASK).valid_feet == 0
    assert not make_targets(np.full((1, 8, 2), np.nan, np.float32), NO_MASK).heatmaps.any()


def test_segmentation_is_the_part_of_each_cell():
    mask = np.zeros((256, 256), np.uint8)
    mask[:8, :6] = 1
    mask[:8, 6:8] = 2
    mask[20, 20] = 255
    parts, known = segmentation_targets(mask)
    np.testing.assert_allclose(parts[:, 0, 1], [0.5, 0.5])
    np.testing.assert_allclose(parts[:, 1, 0], [1, 0])
    assert known.sum() == 64 * 64 - 1 and known[5, 5] == 0
    assert cell_to_input_pixel(np.array([1, 0])).tolist() == [5.5, 1.5]


def test_losses_skip_what_is_not_labelled():
    targets = make_targets(None, np.full((256, 256), 255, np.uint8))
    batch = {name: torch.as_tensor(np.asarray(value)[None]) for name, value in vars(targets).items()}
    wrong = [torch.ones(1, c, 64, 64) for c in (8, 14, 2)]
    assert [float(part) for part in losses(wrong, batch, 15, 8)] == [0, 0, 0]
