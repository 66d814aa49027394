"""Analytic sequences: textured feet that move over a textured floor, with known poses."""

import cv2
import numpy as np
import pytest

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import MASK_FOOT, FootPose

# A foot seen from above: toe up in the image, sole's normal towards the camera.
FROM_ABOVE = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]])


@pytest.fixture(scope="session")
def camera() -> Camera:
    return Camera.from_fov(320, 240)


@pytest.fixture(scope="session")
def pose_at():
    """pose_at(x, y, z=0.8, side=LEFT, turn=0) -> FootPose of a foot seen from above, x, y, z in metres."""

    def make(x, y, z=0.8, side=Side.LEFT, turn=0.0) -> FootPose:
        R = cv2.Rodrigues(np.array([0, 0, turn], np.float64))[0] @ FROM_ABOVE
        return FootPose(side, se3.from_rt(R, np.array([x, y, z])), score=0.9, reprojection_error=1.0)

    return make


@pytest.fixture(scope="session")
def jitter():
    """jitter(pose, rng, t_sigma=0.005, R_sigma=0.05) -> the pose with noise on position (m) and rotation (rad)."""

    def make(pose, rng, t_sigma=0.005, R_sigma=0.05) -> FootPose:
        T = pose.T_camera_foot.copy()
        T[:3, 3] += t_sigma * rng.standard_normal(3)
        T[:3, :3] = cv2.Rodrigues(R_sigma * rng.standard_normal(3))[0] @ T[:3, :3]
        covariance = np.diag([t_sigma**2] * 3 + [R_sigma**2] * 3)
        return FootPose(pose.side, T, score=0.9, reprojection_error=1.0, covariance=covariance)

    return make


@pytest.fixture(scope="session")
def draw(camera):
    """draw(poses) -> image (H, W, 3), mask (H, W); each foot carries its own texture along, the floor rests."""
    rng = np.random.default_rng(0)

    def texture():
        fine = rng.integers(0, 256, (camera.height * 2, camera.width * 2)).astype(np.uint8)
        return cv2.GaussianBlur(fine, (0, 0), 1.5)

    floor, skins = texture()[: camera.height, : camera.width], [texture() for _ in range(2)]

    def make(poses):
        image, mask = floor.copy(), np.zeros((camera.height, camera.width), np.uint8)
        for pose, skin in zip(poses, skins, strict=False):
            points = camera.project(se3.transform_points(pose.T_camera_foot, foot.keypoints(pose.side)))
            area = np.zeros_like(mask)
            cv2.fillConvexPoly(area, np.rint(cv2.convexHull(points.astype(np.float32))).astype(np.int32), 1)
            x, y = points[0]
            move = np.array([[1, 0, x - camera.width / 2], [0, 1, y - camera.height / 2]])
            moved = cv2.warpAffine(skin, move, (camera.width, camera.height), flags=cv2.INTER_LINEAR)
            image[area > 0], mask[area > 0] = moved[area > 0], MASK_FOOT
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), mask

    return make


@pytest.fixture(scope="session")
def run(draw, camera):
    """run(stabilizer, truth, measured, fps=30) -> poses of each frame; truth and measured: lists of poses per frame."""

    def play(stabilizer, truth, measured, fps=30.0):
        return [
            stabilizer.update(*draw(now), camera, i / fps, raw)
            for i, (now, raw) in enumerate(zip(truth, measured, strict=True))
        ]

    return play
