"""The trials of `bench pose`: every foot of random scenes under every noise, with keypoints missing or far off."""

from collections.abc import Iterator

import cv2
import numpy as np

from arshoe_bench.pose_scenes import CAMERA, Scene, make_scene, miss, observe
from arshoe_core.types import FootKeypoints, FootPose
from arshoe_media.pose_errors import match, rotation_error_deg, translation_error_cm
from arshoe_perception.pose_estimator import PoseConfig, PoseEstimator
from arshoe_perception.preprocessing import STRIDE

NOISES = (0.0, 1.0, 2.0, 4.0)
MISSING = (0, 1, 2, 3)
FEET = (1, 2, 3, 4, 5, 6)
OUTLIERS = (0, 1, 2)
SAME_PLACE_PX = 4.0
"""A peak this near to a keypoint is it."""
TRIAL = np.dtype([
    ("kind", "U8"), ("feet", int), ("overlap", float), ("noise", float), ("missing", int), ("outliers", int),
    ("found", bool), ("side", bool), ("rot_deg", float), ("trans_cm", float), ("nees", float), ("keypoints", int),
    ("own", int), ("foreign", int),
])  # fmt: skip
"""One foot in one picture.

kind is maps (everything by the default parameters), crossing (the same, of two feet that overlap), or of grouped
keypoints without maps: given (by the default parameters) and told (by an estimator told the true noise).
rot_deg, trans_cm and nees are NaN unless the foot is found and its side is right. keypoints counts those that the foot
shows, own those of them in its group, foreign those of other feet in its group.
"""


def run_scenes(seed: int, feet: int, first: int, count: int) -> np.ndarray:
    """Trials (N,) of TRIAL of `count` scenes with this many feet; `first` is the number of the first."""
    cv2.setNumThreads(1)
    trials = []
    for number in range(first, first + count):
        rng = np.random.default_rng((seed, feet, number))
        scene = make_scene(rng, feet)
        for missing in MISSING:
            trials += _map_trials("maps", scene, rng, missing)
        trials += _keypoint_trials(scene, rng)
        if feet == 2:
            trials += _map_trials("crossing", make_scene(rng, feet, crossing=True), rng, 0)
    return np.array(trials, TRIAL)


def _estimator(noise: float | None = None) -> PoseEstimator:
    if noise is None:
        return PoseEstimator(PoseConfig(max_feet=max(FEET)))
    return PoseEstimator(PoseConfig(max_feet=max(FEET), keypoint_noise=noise / STRIDE, shape_noise=0.0))


def _map_trials(kind: str, scene: Scene, rng: np.random.Generator, missing: int) -> Iterator[tuple]:
    for noise, (output, points) in zip(NOISES, observe(scene, rng, NOISES, missing), strict=True):
        yield from _trials((kind, noise, missing, 0), scene, points, *_estimator()(output, CAMERA))


def _keypoint_trials(scene: Scene, rng: np.random.Generator) -> Iterator[tuple]:
    """Grouped keypoints: missing ones, and outliers 10 to 40 px off in any direction among others of 1 px noise."""
    for missing in MISSING:
        for noise in NOISES[1:]:
            points = miss(scene, rng, missing) + noise * rng.standard_normal(scene.points.shape)
            yield from _fitted(("told", noise, missing, 0), scene, points)
    for outliers in OUTLIERS:
        points = scene.points + rng.standard_normal(scene.points.shape)
        for foot in points:
            angle, far = rng.uniform(0, 2 * np.pi, (outliers, 1)), rng.uniform(10, 40, (outliers, 1))
            foot[rng.choice(len(foot), outliers, replace=False)] += far * np.hstack([np.cos(angle), np.sin(angle)])
        yield from _fitted(("given", 1.0, 0, outliers), scene, points)
        if outliers:
            yield from _fitted(("told", 1.0, 0, outliers), scene, points)


def _fitted(conditions: tuple[str, float, int, int], scene: Scene, points: np.ndarray) -> Iterator[tuple]:
    kind, noise, *_ = conditions
    there = np.isfinite(points).all(-1)
    keypoints = [FootKeypoints(*foot) for foot in zip(points.astype(np.float32), there.astype(np.float32), strict=True)]
    result = _estimator(noise if kind == "told" else None).from_keypoints(keypoints, CAMERA, STRIDE)
    yield from _trials(conditions, scene, points, *result)


def _trials(
    conditions: tuple[str, float, int, int],
    scene: Scene,
    points: np.ndarray,
    keypoints: list[FootKeypoints],
    poses: list[FootPose],
) -> Iterator[tuple]:
    """The rows of a picture; conditions are kind, noise, missing and outliers; points (F, 8, 2) what could be found."""
    kind, noise, missing, outliers = conditions
    groups = {id(pose): features.points for pose, features in zip(poses, keypoints, strict=True)}
    matched = {id(truth): pose for pose, truth in match(poses, scene.feet, CAMERA)}
    for foot, truth in enumerate(scene.feet):
        pose = matched.get(id(truth))
        right = pose is not None and pose.side == truth.side
        errors = _errors(pose, truth) if right else (np.nan,) * 3
        there = np.linalg.norm(points - groups.get(id(pose), np.nan), axis=-1) < SAME_PLACE_PX
        own, foreign = there[foot], there.any(0) & ~there[foot]
        yield (
            kind, len(scene.feet), scene.overlap[foot], noise, missing, outliers, pose is not None, right, *errors,
            np.isfinite(points[foot]).all(1).sum(), own.sum(), foreign.sum(),
        )  # fmt: skip


def _errors(pose: FootPose, truth: FootPose) -> tuple[float, float, float]:
    return rotation_error_deg(pose, truth), translation_error_cm(pose, truth), nees(pose, truth)


def nees(pose: FootPose, truth: FootPose) -> float:
    """Normalised estimation error squared: eᵀ C⁻¹ e over position and rotation; 6 on average if C is right."""
    rotation, _ = cv2.Rodrigues(truth.T_camera_foot[:3, :3] @ pose.T_camera_foot[:3, :3].T)
    error = np.concatenate([truth.T_camera_foot[:3, 3] - pose.T_camera_foot[:3, 3], rotation[:, 0]])
    return float(error @ np.linalg.solve(pose.covariance, error))
