import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side

finite = st.floats(-3, 3, allow_nan=False)
quaternions = arrays(np.float64, 4, elements=finite).filter(lambda q: np.linalg.norm(q) > 0.1)
vectors = arrays(np.float64, 3, elements=finite)


@given(quaternions, vectors, vectors)
def test_inverse_undoes_a_transform(q, t, point):
    T = se3.from_rt(se3.rotation(q), t)
    np.testing.assert_allclose(se3.transform_points(se3.inverse(T), se3.transform_points(T, point)), point, atol=1e-9)


@given(quaternions, quaternions)
def test_blend_ends_and_angle(q_a, q_b):
    R_a, R_b = se3.rotation(q_a), se3.rotation(q_b)
    np.testing.assert_allclose(se3.blend_rotations(R_a, R_b, 0.0), R_a, atol=1e-7)
    np.testing.assert_allclose(se3.blend_rotations(R_a, R_b, 1.0), R_b, atol=1e-7)
    expected = np.arccos(np.clip((np.trace(R_a.T @ R_b) - 1) / 2, -1, 1))
    assert se3.rotation_angle(R_a, R_b) == pytest.approx(expected, abs=1e-6)


@given(quaternions, vectors, st.floats(0.2, 3))
def test_similarity_fit_recovers_pose_and_foot_length(q, t, scale):
    R = se3.rotation(q)
    model = foot.keypoints(Side.LEFT)
    found_scale, found_R, found_t = se3.fit_similarity(model, scale * model @ R.T + t)
    assert found_scale == pytest.approx(scale)
    np.testing.assert_allclose(found_R, R, atol=1e-7)
    np.testing.assert_allclose(found_t, t, atol=1e-9)


def test_right_foot_mirrors_left_and_length_scales():
    left, right = foot.keypoints(Side.LEFT), foot.keypoints(Side.RIGHT)
    np.testing.assert_array_equal(left * (1, -1, 1), right)
    ball_medial = foot.KEYPOINT_NAMES.index("ball_medial")
    assert left[ball_medial, 1] < 0 < right[ball_medial, 1]
    np.testing.assert_allclose(foot.keypoints(Side.LEFT, 0.13), left / 2)
    with pytest.raises(ValueError, match="UNKNOWN"):
        foot.keypoints(Side.UNKNOWN)


def test_limbs_are_a_tree_over_all_keypoints():
    seen = {foot.LIMBS[0][0]}
    for start, end in foot.LIMBS:
        assert start in seen
        assert end not in seen
        seen.add(end)
    assert len(seen) == foot.NUM_KEYPOINTS


@pytest.mark.parametrize("distortion", [(), (0.1, -0.05, 0.001, -0.002, 0.01)])
def test_projection_equals_opencv(distortion):
    cv2 = pytest.importorskip("cv2")
    camera = Camera(640, 480, 500.0, 510.0, 321.0, 239.0, distortion)
    points = np.random.default_rng(0).uniform((-0.5, -0.4, 0.5), (0.5, 0.4, 2), (50, 3))
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), camera.K, camera.distortion_array)
    np.testing.assert_allclose(camera.project(points), expected[:, 0], atol=1e-6)


def test_points_behind_the_camera_are_nan():
    assert np.isnan(Camera.from_fov(640, 480).project(np.array([0.1, 0.1, -1.0]))).all()


def test_resizing_keeps_pixel_centres():
    camera = Camera.from_fov(640, 480)
    point = np.array([0.13, -0.07, 1.0])
    np.testing.assert_allclose(camera.resized(320, 240).project(point), (camera.project(point) + 0.5) / 2 - 0.5)


def test_camera_refuses_nonsense():
    with pytest.raises(BadInputError, match="0x480"):
        Camera(0, 480, 1, 1, 0, 0)
    with pytest.raises(BadInputError, match="focal length is -1"):
        Camera(640, 480, -1, 1, 0, 0)
    with pytest.raises(BadInputError, match="4 numbers"):
        Camera(640, 480, 1, 1, 0, 0, (0, 0, 0, 0))
