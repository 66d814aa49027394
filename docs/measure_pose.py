"""Print the tables of docs/pose.md: accuracy and time of pose estimation on feet of known poses.

Random feet at try-on distances are projected into a 640 x 480 picture of a camera 65 degrees wide; their keypoints get
noise or go missing. Times are of the processor, so other programs disturb them little.
"""

import argparse
import time

import cv2
import numpy as np

from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import NUM_KEYPOINTS, Side
from arshoe_core.types import FootKeypoints, FootPose, NetworkOutput
from arshoe_learning.targets import make_targets
from arshoe_perception.grouping import group_peaks
from arshoe_perception.peaks import find_peaks
from arshoe_perception.pose_estimator import PoseEstimator
from arshoe_perception.preprocessing import INPUT_SIZE, cell_to_image_transform, letterbox

CAMERA = Camera.from_fov(640, 480)
CELL_PX = 10.0
MIDDLE = np.array([0.13, 0.0, 0.03])


def random_pose(rng: np.random.Generator) -> np.ndarray:
    """T_camera_foot (4, 4) of a foot 0.4 to 1.5 m away, seen from 10 to 80 degrees above its sole, at any heading."""
    heading, elevation, roll = rng.uniform(-np.pi, np.pi), np.deg2rad(rng.uniform(10, 80)), 0.2 * rng.standard_normal()
    tilt = np.array(
        [[1, 0, 0], [0, -np.sin(elevation), -np.cos(elevation)], [0, np.cos(elevation), -np.sin(elevation)]]
    )
    R = cv2.Rodrigues(np.array([0, 0, roll]))[0] @ tilt @ cv2.Rodrigues(np.array([0, 0, heading]))[0]
    return se3.from_rt(R, rng.uniform(0.4, 1.5) * np.array([*rng.uniform(-0.3, 0.3, 2), 1.0]) - R @ MIDDLE)


def observe(T: np.ndarray, side: Side, rng: np.random.Generator, noise: float, missing: int) -> FootKeypoints:
    """Keypoints of a foot with Gaussian noise (px) and some of them missing."""
    points = CAMERA.project(se3.transform_points(T, foot.keypoints(side))) + noise * rng.standard_normal((8, 2))
    gone = rng.choice(NUM_KEYPOINTS, missing, replace=False)
    points[gone] = np.nan
    scores = np.ones(NUM_KEYPOINTS, np.float32)
    scores[gone] = 0
    return FootKeypoints(points.astype(np.float32), scores)


def accuracy(noise: float, missing: int, count: int) -> str:
    """A table row: found and side right in %, median and 95th percentile of rotation and position error."""
    rng = np.random.default_rng(0)
    rotation, position, found, right = [], [], 0, 0
    for _ in range(count):
        T, side = random_pose(rng), Side(int(rng.integers(1, 3)))
        _, poses = PoseEstimator().from_keypoints([observe(T, side, rng, noise, missing)], CAMERA, CELL_PX)
        found += len(poses)
        right += bool(poses) and poses[0].side == side
        if poses and poses[0].side == side:
            rotation.append(np.rad2deg(se3.rotation_angle(T[:3, :3], poses[0].T_camera_foot[:3, :3])))
            position.append(100 * np.linalg.norm(middle(poses[0]) - se3.transform_points(T, MIDDLE)))
    errors = [f"{np.percentile(e, q):.1f}" for e in (rotation, position) for q in (50, 95)]
    return f"| {noise:g} | {missing} | {100 * found / count:.1f} | {100 * right / count:.1f} | {' | '.join(errors)} |"


def middle(pose: FootPose) -> np.ndarray:
    """The foot's middle (3,) in the camera frame, metres."""
    return se3.transform_points(pose.T_camera_foot, MIDDLE)


def two_feet(rng: np.random.Generator) -> NetworkOutput:
    """The maps of a picture with two noisy feet side by side."""
    _, input_to_image = letterbox(np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8))
    feet = []
    for side, x in ((Side.LEFT, -0.12), (Side.RIGHT, 0.12)):
        R = cv2.Rodrigues(np.array([0, 0, 0.3 * rng.standard_normal()]))[0] @ [
            [0, -1, 0],
            [-0.8, 0, -0.6],
            [0.6, 0, -0.8],
        ]
        T = se3.from_rt(R, np.array([x, 0, 0.8]) - R @ MIDDLE)
        feet.append((observe(T, side, rng, 1.0, 0).points - input_to_image[:, 2]) / np.diag(input_to_image[:, :2]))
    targets = make_targets(np.array(feet, np.float64), np.zeros((INPUT_SIZE, INPUT_SIZE), np.uint8))
    transform = cell_to_image_transform(input_to_image)
    return NetworkOutput(targets.heatmaps, targets.pafs, targets.segmentation, transform, CAMERA.width, CAMERA.height)


def times() -> list[str]:
    """Table rows: p50 and p95 in ms of each step on one core, for two feet."""
    rng, estimator = np.random.default_rng(0), PoseEstimator()
    taken: dict[str, list[float]] = {"peaks": [], "grouping": [], "all, with poses of both feet": []}
    for _ in range(300):
        output = two_feet(rng)
        started = time.process_time()
        peaks = find_peaks(output.heatmaps, 0.2, 4)
        found = time.process_time()
        group_peaks(peaks, output.pafs, 0.1, 5)
        grouped = time.process_time()
        estimator(output, CAMERA)
        for name, seconds in zip(taken, (found - started, grouped - found, time.process_time() - grouped), strict=True):
            taken[name].append(1000 * seconds)
    return [f"| {name} | {np.median(ms):.2f} | {np.percentile(ms, 95):.2f} |" for name, ms in taken.items()]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="feet per row")
    count = parser.parse_args().count
    cv2.setNumThreads(1)
    print(
        "| noise px | missing | found % | side % | ° p50 | ° p95 | cm p50 | cm p95 |\n|---|---|---|---|---|---|---|---|"
    )
    for noise in (0, 1, 2, 4):
        for missing in (0, 1, 3):
            print(accuracy(noise, missing, count))
    print("\n| step | ms p50 | ms p95 |\n|---|---|---|")
    print("\n".join(times()))


if __name__ == "__main__":
    main()
