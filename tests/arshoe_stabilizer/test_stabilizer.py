from dataclasses import replace

import numpy as np
import pytest

from arshoe_core import se3
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.types import PoseStatus
from arshoe_stabilizer import Stabilizer, StabilizerConfig
from arshoe_stabilizer.config import METHODS
from arshoe_stabilizer.tracker import FILTERS

SMOOTHING = [m for m in METHODS if m != "none"]


def positions(frames):
    return np.array([poses[0].T_camera_foot[:3, 3] for poses in frames])


def angles(frames, truth):
    return np.array(
        [
            se3.rotation_angle(a[0].T_camera_foot[:3, :3], b[0].T_camera_foot[:3, :3])
            for a, b in zip(frames, truth, strict=True)
        ]
    )


def test_every_method_has_a_filter():
    assert tuple(FILTERS) == METHODS


def test_none_returns_the_measured_pose(run, pose_at):
    truth = [[pose_at(0.01 * i, 0)] for i in range(4)]
    for (pose,), (raw,) in zip(run(Stabilizer(StabilizerConfig(method="none")), truth, truth), truth, strict=True):
        np.testing.assert_array_equal(pose.T_camera_foot, raw.T_camera_foot)
        assert (pose.track_id, pose.side, pose.status) == (1, Side.LEFT, PoseStatus.MEASURED)


@pytest.mark.parametrize("method", SMOOTHING)
def test_jitter_of_a_resting_foot_falls(run, pose_at, jitter, method):
    rng = np.random.default_rng(1)
    truth = [[pose_at(0, 0)]] * 60
    measured = [[jitter(p, rng, t_sigma=0.003) for p in poses] for poses in truth]
    frames = run(Stabilizer(StabilizerConfig(method=method)), truth, measured)

    def trembling(sequence):
        return np.linalg.norm(np.diff(positions(sequence)[10:], axis=0), axis=1).mean()

    assert trembling(frames) < 0.8 * trembling(measured)
    assert angles(frames, truth)[10:].mean() < 0.8 * angles(measured, truth)[10:].mean()


@pytest.mark.parametrize("method", SMOOTHING)
def test_a_moving_foot_does_not_lag(run, pose_at, jitter, method):
    rng = np.random.default_rng(2)
    truth = [[pose_at(0.012 * i - 0.25, 0.1)] for i in range(40)]  # 0.36 m/s
    measured = [[jitter(p, rng, t_sigma=0.002, R_sigma=0.02) for p in poses] for poses in truth]
    frames = run(Stabilizer(StabilizerConfig(method=method)), truth, measured)
    lag = (positions(truth) - positions(frames))[10:, 0].mean()
    assert abs(lag) < {"arshoe_plus": 0.003, "arshoe": 0.003, "kalman": 0.003, "one_euro": 0.012}[method]


@pytest.mark.parametrize("method", METHODS)
def test_lost_frames_are_predicted_by_flow_then_given_up(run, pose_at, method):
    truth = [[pose_at(0.006 * i - 0.1, 0.1)] for i in range(30)]
    measured = [poses if i < 10 else [] for i, poses in enumerate(truth)]
    frames = run(Stabilizer(StabilizerConfig(method=method, max_lost_frames=8)), truth, measured)
    for i in range(10, 18):
        (pose,) = frames[i]
        assert pose.status == PoseStatus.PREDICTED
        assert np.isnan(pose.reprojection_error)
        assert pose.covariance[0, 0] > frames[i - 1][0].covariance[0, 0]
        np.testing.assert_allclose(pose.T_camera_foot[:3, 3], truth[i][0].T_camera_foot[:3, 3], atol=0.02)
    assert all(poses == [] for poses in frames[18:])


def test_a_single_false_detection_is_not_drawn_out(run, pose_at):
    truth = [[pose_at(0, 0)]] * 3
    frames = run(Stabilizer(), truth, [[pose_at(0, 0)], [], []])
    assert [len(poses) for poses in frames] == [1, 0, 0]


def test_seen_feet_displace_lost_ones(run, pose_at):
    """Two feet are the most a wearer has: a lost one is not predicted beside two that are seen."""
    first, second, third = pose_at(-0.2, 0), pose_at(0.2, 0, side=Side.RIGHT), pose_at(0, 0.12)
    measured = [[first, second]] * 5 + [[second, third]] * 2
    frames = run(Stabilizer(), [[first, second]] * 7, measured)
    assert [p.track_id for p in frames[5]] == [2, 3]
    assert all(p.status == PoseStatus.MEASURED for poses in frames for p in poses)


def test_crossing_feet_keep_their_ids(run, pose_at, jitter):
    rng = np.random.default_rng(3)
    truth = [[pose_at(-0.2 + 0.008 * i, 0.12), pose_at(0.2 - 0.008 * i, 0.05, 0.7, side=Side.RIGHT)] for i in range(50)]
    measured = [[jitter(p, rng, t_sigma=0.002) for p in rng.permutation(poses)] for poses in truth]
    frames = run(Stabilizer(), truth, measured)
    ids = {pose.side: pose.track_id for pose in frames[0]}
    for poses, (left, _) in zip(frames, truth, strict=True):
        assert {pose.side: pose.track_id for pose in poses} == ids
        tracked_left = next(p for p in poses if p.side == Side.LEFT)
        assert np.linalg.norm(tracked_left.T_camera_foot[:2, 3] - left.T_camera_foot[:2, 3]) < 0.03


def mirrored(pose):
    return replace(pose, side=pose.side.other)


def turned_round(pose):
    """Heel and toe changed, about the foot's middle."""
    about_z = np.diag([-1.0, -1, 1, 1])
    about_z[0, 3] = pose.foot_length
    return replace(pose, T_camera_foot=pose.T_camera_foot @ about_z)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("slip", [mirrored, turned_round])
def test_slips_are_passed_over_but_not_for_ever(run, pose_at, method, slip):
    truth = [[pose_at(0, 0)]] * 80
    slips = {2, 10, 20, 21, 30}
    measured = [[slip(p) if i in slips or i > 40 else p for p in f] for i, f in enumerate(truth)]
    frames = run(Stabilizer(StabilizerConfig(method=method)), truth, measured)
    for (pose,), (true,) in zip(frames[:41], truth, strict=False):
        assert pose.side == true.side
        assert se3.rotation_angle(pose.T_camera_foot[:3, :3], true.T_camera_foot[:3, :3]) < 0.1
    ((last,), (persisting,)) = frames[-1], measured[-1]
    assert last.side == persisting.side
    assert se3.rotation_angle(last.T_camera_foot[:3, :3], persisting.T_camera_foot[:3, :3]) < 0.1
    assert {pose.track_id for poses in frames for pose in poses} == {1}


def test_a_wrong_start_is_mended_soon(run, pose_at):
    truth = [[pose_at(0, 0)]] * 10
    measured = [[mirrored(p) if i < 2 else p for p in f] for i, f in enumerate(truth)]
    frames = run(Stabilizer(), truth, measured)
    assert [poses[0].side for poses in frames[6:]] == [Side.LEFT] * 4


def test_time_going_backwards_resets(run, draw, camera, pose_at):
    stabilizer = Stabilizer()
    truth = [[pose_at(0.01 * i, 0)] for i in range(10)]
    first = run(stabilizer, truth, truth)
    again = run(stabilizer, truth, truth)  # stamps start at 0 again
    for (a,), (b,) in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.T_camera_foot, b.T_camera_foot)
        assert a.track_id == b.track_id


@pytest.mark.parametrize("method", METHODS)
def test_same_input_same_output(run, pose_at, jitter, method):
    def once():
        rng = np.random.default_rng(4)
        truth = [[pose_at(0.005 * i - 0.1, 0.1), pose_at(0.15, 0, side=Side.RIGHT)] for i in range(15)]
        measured = [[jitter(p, rng) for p in poses if rng.random() > 0.2] for poses in truth]
        return run(Stabilizer(StabilizerConfig(method=method)), truth, measured)

    for a, b in zip(once(), once(), strict=True):
        assert [p.T_camera_foot.tobytes() for p in a] == [p.T_camera_foot.tobytes() for p in b]


def test_looking_before_the_poses_are_there_changes_nothing(draw, camera, pose_at, jitter):
    rng = np.random.default_rng(6)
    truth = [pose_at(0.01 * i - 0.05, 0.1) for i in range(12)]
    frames = [(*draw([pose]), camera, i / 30) for i, pose in enumerate(truth)]
    measured = [jitter(pose, rng) for pose in truth]
    plain, ahead, next_frame = Stabilizer(), Stabilizer(), 0
    for i in (0, 1, 2, 5, 6, 9, 11):
        for frame in frames[next_frame : i + 1]:  # those before the last are given up
            ahead.look(*frame)
        next_frame = i + 1
        (a,), (b,) = (stabilizer.update(*frames[i], [measured[i]]) for stabilizer in (plain, ahead))
        assert a.T_camera_foot.tobytes() == b.T_camera_foot.tobytes() and a.track_id == b.track_id == 1


@pytest.mark.parametrize("rate,kept", [(15, 1.0), (30, 0.6), (60, 1.0)])
def test_any_frame_rate_with_dropped_frames(run, draw, camera, pose_at, jitter, rate, kept):
    rng = np.random.default_rng(5)
    stabilizer, errors = Stabilizer(), []
    for i in range(rate):
        if rng.random() > kept:
            continue
        true = pose_at(0.3 * i / rate - 0.15, 0.1)
        (pose,) = stabilizer.update(*draw([true]), camera, i / rate, [jitter(true, rng, t_sigma=0.002, R_sigma=0.02)])
        errors.append(pose.T_camera_foot[0, 3] - true.T_camera_foot[0, 3])
    assert pose.track_id == 1
    assert np.abs(errors).max() < 0.012


def test_a_scene_cut_starts_new_tracks(draw, camera, pose_at):
    stabilizer = Stabilizer()
    image, mask = draw([pose_at(0, 0)])
    other = np.zeros_like(image)
    other[:, : camera.width // 2] = 255
    for i in range(5):
        stabilizer.update(image, mask, camera, i / 30, [pose_at(0, 0)])
    (pose,) = stabilizer.update(other, mask, camera, 5 / 30, [pose_at(0.01, 0)])
    assert pose.track_id == 2
    assert stabilizer.update(image, mask, camera, 6 / 30, []) == []


@pytest.mark.parametrize("method", METHODS)
def test_no_features_and_no_mask(camera, pose_at, method):
    stabilizer = Stabilizer(StabilizerConfig(method=method))
    grey, empty = (
        np.full((camera.height, camera.width, 3), 128, np.uint8),
        np.zeros((camera.height, camera.width), "u1"),
    )
    for i in range(5):
        (pose,) = stabilizer.update(grey, empty, camera, i / 30, [pose_at(0.01 * i, 0)])
    assert pose.T_camera_foot[0, 3] > 0.02
    (pose,) = stabilizer.update(grey, empty, camera, 5 / 30, [])
    assert pose.status == PoseStatus.PREDICTED


def test_large_frames_give_the_same_flow(run, pose_at, draw, camera):
    truth = [[pose_at(0.006 * i - 0.1, 0.1)] for i in range(12)]
    measured = [poses if i < 6 else [] for i, poses in enumerate(truth)]
    frames = run(Stabilizer(StabilizerConfig(flow_width=240)), truth, measured)
    np.testing.assert_allclose(positions(frames)[-1], positions(truth)[-1], atol=0.02)


def test_poses_of_unknown_side_are_left_out(run, pose_at):
    truth = [[pose_at(0, 0)]]
    assert run(Stabilizer(), truth, [[replace(pose_at(0, 0), side=Side.UNKNOWN)]]) == [[]]


def test_sizes_must_agree(camera, draw, pose_at):
    image, mask = draw([pose_at(0, 0)])
    with pytest.raises(BadInputError, match="one size"):
        Stabilizer().update(image, mask[:-1], camera, 0.0, [])
