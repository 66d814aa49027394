import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_stabilizer.foot_surface import back_project, hull_planes
from arshoe_stabilizer.method import rotation_matrix
from arshoe_stabilizer.optical_flow import CornerPairs
from arshoe_stabilizer.rigid_flow import rigid_motion

CAMERA = Camera.from_fov(640, 480)
LENSES = [CAMERA, Camera(640, 480, 500, 510, 320, 240, (0.05, -0.02, 0.001, 0.001, 0.0))]
FROM_ABOVE = rotation_matrix([np.deg2rad(-40), 0, 0]) @ np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]])
T_LAST = se3.from_rt(FROM_ABOVE, np.array([0.05, 0.1, 0.8]))


def on_surface(count, camera, side=Side.LEFT):
    """Points (count, 3) of the foot's surface that can be seen at T_LAST, foot frame, and their pixels."""
    rng = np.random.default_rng(0)
    inside = rng.dirichlet(np.ones(8), count) @ foot.keypoints(side)
    rays = se3.transform_points(T_LAST, inside)
    points = back_project(rays[:, :2] / rays[:, 2:], T_LAST, side, foot.STANDARD_FOOT_LENGTH)
    return points, camera.project(se3.transform_points(T_LAST, points))


def move(camera, T_now, noise=0.0, wild=0, count=40):
    """Corner pairs of a foot that goes from T_LAST to T_now, `wild` of which go elsewhere."""
    rng = np.random.default_rng(1)
    points, start = on_surface(count, camera)
    end = camera.project(se3.transform_points(T_now, points)) + noise * rng.standard_normal((count, 2))
    end[:wild] = start[:wild] + rng.uniform(-30, 30, (wild, 2))
    return CornerPairs(start, end)


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_hull_is_a_closed_surface_around_the_keypoints(side):
    normals, offsets = hull_planes(side)
    assert (foot.keypoints(side) @ normals.T <= offsets + 1e-9).all()
    for direction in np.random.default_rng(0).standard_normal((100, 3)):
        assert (normals @ direction > 0).any()


@pytest.mark.parametrize("length", [0.2, 0.26])
def test_back_projected_points_are_on_the_near_surface(length):
    points = foot.keypoints(Side.RIGHT, length)
    seen = se3.transform_points(T_LAST, np.random.default_rng(0).dirichlet(np.ones(8), 50) @ points)
    found = back_project(seen[:, :2] / seen[:, 2:], T_LAST, Side.RIGHT, length)
    normals, offsets = hull_planes(Side.RIGHT)
    height = found @ normals.T - offsets * length / foot.STANDARD_FOOT_LENGTH
    np.testing.assert_allclose(height.max(1), 0, atol=1e-9)
    depth = se3.transform_points(T_LAST, found)
    np.testing.assert_allclose(depth[:, :2] / depth[:, 2:], seen[:, :2] / seen[:, 2:], atol=1e-9)
    assert (depth[:, 2] <= seen[:, 2] + 1e-9).all()


@pytest.mark.parametrize("camera", LENSES)
@settings(deadline=None)
@given(
    t=st.lists(st.floats(-0.02, 0.02), min_size=3, max_size=3).map(np.array),
    w=st.lists(st.floats(-0.08, 0.08), min_size=3, max_size=3).map(np.array),
)
def test_any_small_motion_is_found(camera, t, w):
    T_now = se3.from_rt(rotation_matrix(w) @ T_LAST[:3, :3], T_LAST[:3, 3] + t)
    found = rigid_motion(T_LAST, Side.LEFT, 0.26, move(camera, T_now), camera)
    np.testing.assert_allclose(found.T, T_now, atol=2e-3)


def test_corners_that_go_elsewhere_do_not_matter():
    T_now = se3.from_rt(rotation_matrix([0.03, 0.02, -0.04]) @ T_LAST[:3, :3], T_LAST[:3, 3] + (0.01, 0, 0.01))
    found = rigid_motion(T_LAST, Side.LEFT, 0.26, move(CAMERA, T_now, noise=0.1, wild=10), CAMERA)
    assert np.rad2deg(se3.rotation_angle(found.T[:3, :3], T_now[:3, :3])) < 0.8
    np.testing.assert_allclose(found.T[:3, 3], T_now[:3, 3], atol=5e-3)


def test_noise_is_what_it_says():
    errors = []
    for seed in range(60):
        _, start = on_surface(15, CAMERA)
        end = start + 0.3 * np.random.default_rng(seed).standard_normal(start.shape)
        found = rigid_motion(T_LAST, Side.LEFT, 0.26, CornerPairs(start, end), CAMERA)
        d = np.r_[found.T[:3, 3] - T_LAST[:3, 3], 0.5 * np.cross(T_LAST[:3, :3].T, found.T[:3, :3].T).sum(0)]
        errors.append(d @ np.linalg.solve(found.noise, d))
    assert 2 < np.mean(errors) < 15


@pytest.mark.parametrize("count,wild", [(5, 0), (40, 40)])
def test_too_few_or_no_rigid_motion(count, wild):
    assert rigid_motion(T_LAST, Side.LEFT, 0.26, move(CAMERA, T_LAST, wild=wild, count=count), CAMERA) is None
