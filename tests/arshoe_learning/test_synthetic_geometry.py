"""The generator's geometry against closed forms; needs no assets."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side, keypoints
from arshoe_core.se3 import from_rt, inverse, transform_points
from arshoe_learning.synthetic.assets import SPLITS, find_assets, of_split
from arshoe_learning.synthetic.body import Leg
from arshoe_learning.synthetic.demo_motion import DURATION, moment
from arshoe_learning.synthetic.person import LabelledFoot
from arshoe_learning.synthetic.photograph import photograph
from arshoe_learning.synthetic.stance import bend_leg, rotation_zyx, sample_stance
from arshoe_learning.synthetic.surface import FOOT, SHIN, THIGH, clip, first_hit, loop_subdivision
from arshoe_learning.synthetic.view import VIEWS, look_at, sample_view

angles = st.floats(-3, 3)


def test_clip_keeps_the_positive_part_of_a_square():
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    data, faces = clip(corners, np.array([[0, 1, 2], [0, 2, 3]]), 0.3 - corners[:, 0])
    a, b, c = (data[faces[:, i]] for i in range(3))
    np.testing.assert_allclose(np.cross(b - a, c - a)[:, 2].sum() / 2, 0.3)
    assert data[:, 0].max() == pytest.approx(0.3)


def test_loop_subdivision_leaves_a_plane_flat_and_pulls_a_tetrahedron_in():
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    matrix, faces = loop_subdivision(np.array([[0, 1, 2], [0, 2, 3]]), 4)
    assert matrix.shape == (9, 4) and faces.shape == (8, 3)
    np.testing.assert_allclose(np.asarray(matrix.sum(1)).ravel(), 1)
    np.testing.assert_allclose((matrix @ square)[:, 2], 0)
    tetrahedron = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    matrix, _ = loop_subdivision(np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]]), 4)
    fine = matrix @ tetrahedron
    np.testing.assert_allclose(fine.mean(0), 0, atol=1e-12)
    # Loop's weights for valence 3: 7/16 of the vertex and 3/16 of each neighbour, which sum to minus it.
    np.testing.assert_allclose(fine[:4], tetrahedron * (7 / 16 - 3 / 16))


@pytest.mark.parametrize(("axis", "sign", "expected"), [(0, 1, -1.0), (0, -1, 1.0), (2, -1, 1.0)])
def test_first_hit_on_a_cube(axis, sign, expected):
    box = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1, 1) for z in (-1, 1)])
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    faces = np.array([t for q in quads for t in ([q[0], q[1], q[2]], [q[0], q[2], q[3]])])
    face, share = first_hit(box, faces, axis, sign, np.array([0.2, 0.0, 0.2]))  # also runs exactly along edges
    assert (share @ box[faces[face]])[axis] == pytest.approx(expected)
    assert first_hit(box, faces, axis, sign, np.array([3.0, 3.0, 3.0])) is None


def _straight_leg() -> Leg:
    none = np.zeros((0, 3))
    hip, knee, ankle, ball = np.array([[0, 0.1, 0.9], [0, 0.12, 0.48], [0, 0.14, 0.07], [0.12, 0.14, 0.02]])
    return Leg(none, None, None, hip, knee, ankle, ball, 0.1, 0.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31))
def test_a_bent_leg_stays_in_one_piece(seed):
    leg, stance = _straight_leg(), sample_stance(np.random.default_rng(seed))
    R = rotation_zyx(stance.left.yaw, stance.left.pitch, stance.left.roll)
    ankle = np.array([stance.left.x, stance.left.y, 0.1 + stance.left.clearance])
    T = bend_leg(leg, R, ankle, stance.pelvis + np.array([0, 0.09, 0]), 0.0, 0.1)
    np.testing.assert_allclose(transform_points(T[FOOT], leg.ankle), ankle, atol=1e-9)
    np.testing.assert_allclose(transform_points(T[SHIN], leg.ankle), ankle, atol=1e-9)
    np.testing.assert_allclose(transform_points(T[SHIN], leg.knee), transform_points(T[THIGH], leg.knee), atol=1e-9)
    for segment in T:
        np.testing.assert_allclose(segment[:3, :3] @ segment[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(segment[:3, :3]) > 0


@settings(max_examples=40, deadline=None)
@given(angles, angles, angles, st.floats(0.15, 0.35), st.sampled_from([Side.LEFT, Side.RIGHT]))
def test_a_standard_foot_gets_its_own_pose(yaw, pitch, roll, length, side):
    T = from_rt(rotation_zyx(yaw, pitch, roll), np.array([0.1, -0.2, 1.5]))
    foot = LabelledFoot.from_points(side, "bare", transform_points(T, keypoints(side, length)))
    np.testing.assert_allclose(foot.T_frame_foot, T, atol=1e-9)
    assert foot.foot_length == pytest.approx(length)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(list(VIEWS)))
def test_views_look_at_the_feet(seed, name):
    rng = np.random.default_rng(seed)
    feet = np.array([[0.0, 0.1, 0.05], [0.05, -0.1, 0.05]])
    view = sample_view(rng, name, feet, 0.0, 256, 0.25)
    seen = transform_points(view.T_camera_world, feet)
    assert (seen[:, 2] > 0.1).any()
    assert np.isfinite(view.camera.project(feet @ view.T_camera_world[:3, :3].T + view.T_camera_world[:3, 3])).any()
    assert inverse(view.T_camera_world)[2, 3] > 0  # above the floor


def test_look_at_puts_the_target_in_the_middle_and_up_up():
    T = look_at(np.array([2.0, 0, 1]), np.array([0.0, 0, 0]), np.array([0.0, 0, 1]), 0.0)
    np.testing.assert_allclose(transform_points(T, np.zeros(3))[:2], 0, atol=1e-12)
    assert (T[:3, :3] @ (0, 0, 1.0))[1] < 0  # world up is towards smaller rows
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1)


def test_splits_share_no_file_and_miss_none():
    paths = [Path(f"Tile_{i:03d}.jpg") for i in range(200)]
    parts = [set(of_split(paths, split)) for split in SPLITS]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(paths)
    assert [len(part) for part in parts] == [160, 20, 20]
    assert all(of_split(paths[:3], split) for split in SPLITS)
    assert set(of_split(paths[::-1], "val")) == parts[SPLITS.index("val")]


def test_missing_assets_are_named(tmp_path):
    with pytest.raises(BadInputError, match="nowhere"):
        find_assets([tmp_path / "nowhere"], "train")
    with pytest.raises(BadInputError, match="split"):
        find_assets([tmp_path], "training")


def test_a_photograph_does_not_move_the_picture():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[28:37, 28:37] = 255
    for seed in range(40):
        photo = photograph(picture, np.random.default_rng(seed)).astype(float).sum(2)
        photo -= np.median(photo)
        photo[photo < 0.3 * photo.max()] = 0
        rows, columns = np.mgrid[:64, :64]
        assert abs((photo * rows).sum() / photo.sum() - 32) < 0.25
        assert abs((photo * columns).sum() / photo.sum() - 32) < 0.25


def test_the_demo_moves_smoothly_and_both_feet_leave_the_floor():
    moments = [moment(t) for t in np.arange(0, DURATION, 1 / 30)]
    highest = np.zeros(2)
    last = None
    for now in moments:
        T = now.T_camera_world @ now.T_world_person
        feet = [now.stance.left, now.stance.right]
        highest = np.maximum(highest, [foot.clearance for foot in feet])
        ankles = np.array([transform_points(T, (foot.x, foot.y, foot.clearance)) for foot in feet])
        assert (ankles[:, 2] > 0.3).all()
        if last is not None:
            assert np.linalg.norm(ankles - last, axis=1).max() < 0.025
        last = ankles
    assert (highest > 0.05).all()
