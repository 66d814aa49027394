"""Print the table of docs/stabilization.md: jitter, lag and time of each stabilisation method on a known sequence.

Two feet with a texture of their own rest for 2 s, then walk across a 640 x 480 picture; their measured poses tremble.
Times are of the processor, so other programs disturb them little.
"""

import time
from dataclasses import replace

import cv2
import numpy as np

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import MASK_FOOT, FootPose
from arshoe_stabilizer import Stabilizer, StabilizerConfig
from arshoe_stabilizer.config import METHODS

CAMERA = Camera.from_fov(640, 480)
FROM_ABOVE = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]])
RATE, REST = 30, 60
NOISE = np.diag([0.002, 0.002, 0.008, 0.03, 0.03, 0.03]) ** 2
"""Covariance of the measured poses, about what a pixel of keypoint noise makes: metres and radians, squared."""


def poses_at(frame: int) -> list[FootPose]:
    """The true poses of a frame: at rest, then 0.3 m/s to the right."""
    x = 0.3 * max(frame - REST, 0) / RATE - 0.2
    return [
        FootPose(side, se3.from_rt(FROM_ABOVE, np.array([x + offset, 0.1, 0.8])))
        for side, offset in ((Side.LEFT, -0.1), (Side.RIGHT, 0.1))
    ]


def measured(pose: FootPose, rng: np.random.Generator) -> FootPose:
    """The pose with noise."""
    noise = rng.multivariate_normal(np.zeros(6), NOISE)
    T = se3.from_rt(cv2.Rodrigues(noise[3:])[0] @ pose.T_camera_foot[:3, :3], pose.T_camera_foot[:3, 3] + noise[:3])
    return replace(pose, T_camera_foot=T, covariance=NOISE)


def pixels(pose: FootPose) -> np.ndarray:
    """The model's points (8, 2) in the picture."""
    return CAMERA.project(se3.transform_points(pose.T_camera_foot, foot.keypoints(pose.side)))


def draw(poses: list[FootPose], textures: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Picture and mask; each foot carries its texture along, the last texture is the floor."""
    image, mask = textures[-1].copy(), np.zeros((CAMERA.height, CAMERA.width), np.uint8)
    for pose, texture in zip(poses, textures[:-1], strict=True):
        points = pixels(pose)
        shift = np.array([[1, 0, points[0, 0] - CAMERA.cx], [0, 1, points[0, 1] - CAMERA.cy]])
        moved = cv2.warpAffine(texture, shift, (CAMERA.width, CAMERA.height), borderMode=cv2.BORDER_WRAP)
        area = cv2.fillConvexPoly(np.zeros_like(mask), np.rint(cv2.convexHull(points.astype("f4"))).astype(int), 1)
        image[area > 0], mask[area > 0] = moved[area > 0], MASK_FOOT
    return image, mask


def row(method: str) -> str:
    """Jitter at rest (mean change from frame to frame, px), lag in motion (mm), ms per frame p50 and p95."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (3, CAMERA.height, CAMERA.width, 3)).astype(np.uint8)
    textures = [cv2.GaussianBlur(picture, (0, 0), 1.5) for picture in noise]
    stabilizer, tracks, taken, lag = Stabilizer(StabilizerConfig(method=method)), [], [], []
    for frame in range(REST + 40):
        truth = poses_at(frame)
        image, mask = draw(truth, textures)
        raw = [measured(pose, rng) for pose in truth]
        started = time.process_time()
        poses = stabilizer.update(image, mask, CAMERA, frame / RATE, raw)
        taken.append(1000 * (time.process_time() - started))
        tracks.append(pixels(poses[0]))
        if frame > REST + 10:
            lag += [1000 * (a.T_camera_foot[0, 3] - b.T_camera_foot[0, 3]) for a, b in zip(truth, poses, strict=True)]
    jitter = np.linalg.norm(np.diff(tracks[10:REST], axis=0), axis=-1).mean()
    return f"| {method} | {jitter:.2f} | {np.mean(lag):.1f} | {np.median(taken):.2f} | {np.percentile(taken, 95):.2f} |"


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    print("| method | jitter px | lag mm | ms p50 | ms p95 |\n|---|---|---|---|---|")
    for method in METHODS:
        print(row(method))


if __name__ == "__main__":
    main()
