from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.types import FootKeypoints
from arshoe_perception.pnp import Fits
from arshoe_perception.pose_estimator import PoseConfig, PoseEstimator

CELL_PX = 10.0
MIDDLE = np.array([0.13, 0, 0.03])
sides = st.sampled_from([Side.LEFT, Side.RIGHT])
headings, elevations = st.floats(-np.pi, np.pi), st.floats(0.3, 1.45)
distances, directions = st.floats(0.4, 1.5), st.floats(-0.2, 0.2)


def error(pose, T):
    """Rotation error in radians, position error of the foot's middle in metres."""
    found, true = (se3.transform_points(M, MIDDLE) for M in (pose.T_camera_foot, T))
    return se3.rotation_angle(pose.T_camera_foot[:3, :3], T[:3, :3]), np.linalg.norm(found - true)


@pytest.fixture(scope="module")
def estimate(as_keypoints, project, camera):
    """estimate(T, side, noise px, missing, outliers) -> the pose found for one foot."""

    def run(T, side, noise=0.0, missing=(), outliers=(), seed=0, camera=camera, config=None):
        rng = np.random.default_rng(seed)
        points = project(T, side, camera) + noise * rng.standard_normal((8, 2))
        for k in outliers:
            points[k] += (50, -40)
        estimator = PoseEstimator(config)
        _, poses = estimator.from_keypoints([as_keypoints(points, missing)], camera, CELL_PX)
        assert len(poses) == 1, estimator.rejected
        return poses[0]

    return run


@pytest.mark.parametrize("height, least, most", [(1.0, 0.0, 0.01), (0.5, 0.35, 0.9), (0.2, 0.7, 0.9)])
def test_keypoints_move_to_the_pose_the_more_the_flatter_their_peaks(
    as_keypoints, project, foot_transform, camera, height, least, most
):
    T = foot_transform(0.5, 0.9, 0.7)
    true = project(T, Side.LEFT, camera)
    seen = true.copy()
    seen[2] += (12, -9)
    keypoints = as_keypoints(seen, missing=(7,))
    keypoints = replace(keypoints, scores=np.where(keypoints.found, height, 0).astype(np.float32))
    (refined,), (pose,) = PoseEstimator(PoseConfig(min_score=0.01)).from_keypoints([keypoints], camera, CELL_PX)
    projected = camera.project(pose.keypoints())
    before, after = (np.linalg.norm(points[2] - projected[2]) for points in (seen, refined.points))
    assert least <= 1 - after / before <= most
    assert np.isnan(refined.points[7]).all() and refined.scores[7] == 0 and refined.side == Side.LEFT


def test_of_feet_with_the_same_peaks_the_larger_is_the_more_certain(as_keypoints, project, foot_transform, camera):
    def found(distance, at):
        keypoints = as_keypoints(project(foot_transform(0.5, 0.9, distance, at=at), Side.LEFT, camera))
        return replace(keypoints, scores=np.full(8, 0.5, np.float32))

    feet = [found(1.8, (-0.3, 0.0)), found(0.8, (0.2, 0.0))]
    keypoints, (first, second) = PoseEstimator().from_keypoints(feet, camera, CELL_PX)
    assert first.T_camera_foot[2, 3] < second.T_camera_foot[2, 3]
    assert second.score < 0.9 * first.score
    np.testing.assert_allclose(keypoints[0].points, feet[1].points, atol=1)


@settings(deadline=None)
@given(headings, elevations, distances, directions, directions, sides)
def test_exact_keypoints_give_the_exact_pose(estimate, foot_transform, heading, elevation, distance, x, y, side):
    T = foot_transform(heading, elevation, distance, at=(x, y))
    pose = estimate(T, side)
    assert pose.side == side
    np.testing.assert_allclose(pose.T_camera_foot, T, atol=1e-4)
    assert pose.reprojection_error < 0.05
    assert pose.score > 0.99


@settings(deadline=None)
@given(headings, st.floats(0.5, 1.3), st.floats(0.4, 0.9), sides, st.integers(0, 10**6))
def test_noise_of_a_pixel(estimate, foot_transform, heading, elevation, distance, side, seed):
    T = foot_transform(heading, elevation, distance)
    pose = estimate(T, side, noise=1.0, seed=seed)
    rotation, position = error(pose, T)
    assert pose.side == side
    assert np.rad2deg(rotation) < 10
    assert position < 0.06
    assert 0.1 < pose.reprojection_error < 3


@pytest.mark.parametrize("missing", [(1,), (0, 4), (2, 3, 7), (4, 5, 6)])
@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_missing_keypoints(estimate, foot_transform, missing, side):
    T = foot_transform(1.2, 0.8, 0.7)
    pose = estimate(T, side, missing=missing)
    assert pose.side == side
    np.testing.assert_allclose(pose.T_camera_foot, T, atol=1e-4)


@pytest.mark.parametrize("outliers", [(0,), (1,), (3,), (7,), (1, 6)])
def test_outliers_are_left_aside(estimate, foot_transform, outliers):
    T = foot_transform(1.2, 0.8, 0.7)
    precise = PoseConfig(keypoint_noise=0.3, shape_noise=0.03)  # as the other keypoints of this test are
    pose = estimate(T, Side.RIGHT, noise=0.5, outliers=outliers, config=precise)
    rotation, position = error(pose, T)
    assert pose.side == Side.RIGHT
    assert np.rad2deg(rotation) < 8
    assert position < 0.03
    assert pose.reprojection_error < 5


@pytest.mark.parametrize("count", [1, 2])
def test_outliers_anywhere(as_keypoints, project, foot_transform, camera, count):
    """One or two keypoints 25 to 100 px off in any direction, the others 2.5 px."""
    rng, turned = np.random.default_rng(count), []
    estimator = PoseEstimator(PoseConfig(keypoint_noise=0.25, shape_noise=0.0))
    for _ in range(60):
        T = foot_transform(rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 1.3), rng.uniform(0.5, 0.8))
        points = project(T, Side.LEFT, camera) + 2.5 * rng.standard_normal((8, 2))
        angle = rng.uniform(0, 2 * np.pi, (count, 1))
        far = rng.uniform(25, 100, (count, 1)) * np.hstack([np.cos(angle), np.sin(angle)])
        points[rng.choice(8, count, replace=False)] += far
        _, poses = estimator.from_keypoints([as_keypoints(points)], camera, CELL_PX)
        turned.append(np.rad2deg(error(poses[0], T)[0]) if poses else 180)
    assert np.median(turned) < 4
    assert np.percentile(turned, 90) < 15


def test_side_of_noisy_feet_far_away(estimate, foot_transform):
    """Residuals alone mistake many of these; seeing the sole from above decides."""
    rng = np.random.default_rng(5)
    right = 0
    for seed in range(60):
        T = foot_transform(rng.uniform(-np.pi, np.pi), rng.uniform(0.3, 1.3), rng.uniform(1.5, 2.5))
        side = Side(int(rng.integers(1, 3)))
        right += estimate(T, side, noise=2.0, seed=seed).side == side
    assert right >= 57


def test_two_feet_of_a_wearer_are_left_and_right(as_keypoints, project, foot_transform, camera):
    """Seen along the floor, a foot's side is hard to tell; the pair is not."""
    rng = np.random.default_rng(6)
    right = 0
    for _ in range(40):
        feet = [
            (Side.LEFT, foot_transform(np.pi / 2, 0.15, 1.2, at=(-0.07, 0.2))),
            (Side.RIGHT, foot_transform(np.pi / 2, 0.15, 1.2, at=(0.07, 0.2))),
        ]
        keypoints = [as_keypoints(project(T, s, camera) + 2 * rng.standard_normal((8, 2))) for s, T in feet]
        found, poses = PoseEstimator().from_keypoints(keypoints, camera, CELL_PX)
        assert [k.side for k in found] == [p.side for p in poses]
        left = next((p for p in poses if p.side == Side.LEFT), None)
        right += left is not None and len({p.side for p in poses}) == 2 and left.T_camera_foot[0, 3] < 0
    assert right >= 36


def test_covariance_is_that_of_the_errors(estimate, foot_transform):
    """The squared error in standard deviations, of position and rotation together, is 6 on average."""
    T = foot_transform(1.0, 0.9, 0.6)
    config = PoseConfig(keypoint_noise=0.1, shape_noise=0.0)  # 1 px
    squares = []
    for seed in range(100):
        pose = estimate(T, Side.LEFT, noise=1.0, seed=seed, config=config)
        rotation, _ = cv2.Rodrigues(T[:3, :3] @ pose.T_camera_foot[:3, :3].T)
        off = np.concatenate([T[:3, 3] - pose.T_camera_foot[:3, 3], rotation[:, 0]])
        squares.append(off @ np.linalg.solve(pose.covariance, off))
    assert 4 < np.mean(squares) < 9


def test_lens_distortion_is_undone(estimate, foot_transform):
    camera = replace(Camera.from_fov(640, 480), distortion=(-0.25, 0.08, 0.001, -0.001, 0.0))
    T = foot_transform(0.4, 0.8, 0.5, at=(0.3, 0.2))
    np.testing.assert_allclose(estimate(T, Side.LEFT, camera=camera).T_camera_foot, T, atol=5e-3)


def test_foot_length_sets_the_scale(estimate, foot_transform):
    T = foot_transform(0.4, 0.8, 0.5)
    pose = estimate(T, Side.LEFT, config=PoseConfig(foot_length=0.13))
    np.testing.assert_allclose(pose.T_camera_foot[:3, 3], T[:3, 3] / 2, atol=1e-4)
    assert pose.foot_length == 0.13


def test_what_is_no_foot_is_rejected_and_counted(as_keypoints, project, foot_transform, camera):
    def rejected(keypoints, config=None):
        estimator = PoseEstimator(config)
        features, poses = estimator.from_keypoints(keypoints, camera, CELL_PX)
        return len(features), len(poses), dict(estimator.rejected)

    good = as_keypoints(project(foot_transform(1, 0.9, 0.8), Side.LEFT, camera))
    slightly_off = replace(good, points=good.points + 3, scores=good.scores * 0.8)
    noise = as_keypoints(np.random.default_rng(0).uniform(100, 400, (8, 2)))
    far = as_keypoints(project(foot_transform(1, 0.9, 3.0), Side.LEFT, camera))
    faint = replace(good, scores=good.scores * 0.1)
    others = [as_keypoints(good.points + np.array([x, 0])) for x in (-200, 200)]
    assert rejected([good]) == (1, 1, {})
    assert rejected([good, slightly_off]) == (1, 1, {"duplicate": 1})
    assert rejected([faint]) == (0, 0, {"score": 1})
    assert rejected([noise]) == (0, 0, {"residual": 1})
    assert rejected([far], PoseConfig(max_distance=2.0)) == (0, 0, {"distance": 1})
    assert rejected([as_keypoints(good.points, missing=range(5))]) == (0, 0, {"keypoints": 1})
    assert rejected([good, *others]) == (2, 2, {"too_many": 1})
    assert rejected([]) == (0, 0, {})


@pytest.mark.parametrize(
    ("nearer", "other", "expected"),
    [
        ((1.0, 1.0), (-0.8, 1.0), Side.LEFT),
        ((1.0, 9.0), (1.0, 1.0), Side.RIGHT),
        ((1.0, 9.0), (-0.8, 1.0), "upside_down"),
        ((1.0, 9.0), (1.0, 9.0), "distance"),
        ((1.0, -1.0), (1.0, -1.0), "behind_camera"),
    ],
)
def test_impossible_fits(as_keypoints, project, foot_transform, camera, monkeypatch, nearer, other, expected):
    """Elevation and distance of the cheaper fit, as left, and of the other, as right."""
    T = np.array([foot_transform(0.5, elevation, distance) for elevation, distance in (nearer, other)])
    ones, cost, information = np.ones((1, 2, 8)), np.array([[1.0, 20.0]]), np.tile(np.eye(6), (1, 2, 1, 1))
    fits = Fits(T[None, :, :3, :3], T[None, :, :3, 3], cost, ones, ones, information)
    monkeypatch.setattr("arshoe_perception.pose_estimator.fit_feet", lambda *_: fits)
    estimator = PoseEstimator()
    keypoints = as_keypoints(project(foot_transform(0.5, 1.0, 1.0), Side.LEFT, camera))
    _, poses = estimator.from_keypoints([keypoints], camera, CELL_PX)
    if isinstance(expected, Side):
        assert [pose.side for pose in poses] == [expected] and not estimator.rejected
    else:
        assert not poses and estimator.rejected == {expected: 1}


@settings(deadline=None)
@given(
    arrays(np.float32, (2, 8, 2), elements=st.one_of(st.floats(-50, 700, width=32), st.sampled_from([0, 320, np.nan]))),
    arrays(np.float32, (2, 8), elements=st.floats(0, 1, width=32)),
)
def test_any_keypoints_give_poses_in_front_of_the_camera_or_none(camera, points, scores):
    keypoints = [FootKeypoints(p, s) for p, s in zip(points, scores, strict=True)]
    found, poses = PoseEstimator(PoseConfig(shape_noise=0.3)).from_keypoints(keypoints, camera, CELL_PX)
    assert len(found) == len(poses)
    for pose in poses:
        R = pose.T_camera_foot[:3, :3]
        np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-6)
        assert pose.T_camera_foot[2, 3] > 0
        assert np.isfinite(pose.covariance).all()
        assert 0 <= pose.score <= 1


def test_keypoints_on_one_spot_are_no_foot(as_keypoints, camera):
    for points in (np.full((8, 2), 300.0), np.linspace((100, 100), (200, 150), 8)):
        PoseEstimator().from_keypoints([as_keypoints(points)], camera, CELL_PX)


def test_maps_to_poses(render_maps, project, foot_transform, camera):
    truth = {
        Side.LEFT: foot_transform(1.4, 0.9, 0.8, at=(-0.12, 0)),
        Side.RIGHT: foot_transform(1.7, 1.0, 0.8, at=(0.12, 0.05)),
    }
    output = render_maps([project(T, side, camera) for side, T in truth.items()], camera)
    keypoints, poses = PoseEstimator()(output, camera)
    assert {p.side for p in poses} == {Side.LEFT, Side.RIGHT}
    for features, pose in zip(keypoints, poses, strict=True):
        rotation, position = error(pose, truth[pose.side])
        assert features.side == pose.side
        assert np.rad2deg(rotation) < 1
        assert position < 0.005


def test_camera_of_another_size_is_refused(render_maps, camera):
    with pytest.raises(BadInputError, match="320x240"):
        PoseEstimator()(render_maps([], camera), Camera.from_fov(320, 240))
