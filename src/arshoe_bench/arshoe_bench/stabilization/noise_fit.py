"""Measures `KeypointNoise` on a bag with ground truth: what our network's keypoints are off, frame after frame."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arshoe_bench.ground_truth import true_poses
from arshoe_bench.stabilization import measures
from arshoe_bench.stabilization.noise import KeypointNoise, measured_poses
from arshoe_core.camera import Camera
from arshoe_core.foot import NUM_KEYPOINTS
from arshoe_core.types import FootPose
from arshoe_media.bag_reader import BagReader
from arshoe_perception import FootEstimator

_OUTLIER = 4.0
"""Robust deviations of a keypoint from which on it is an outlier."""
_SLOW = 2.0
"""Image px per frame."""
_MAX_FRAMES_APART = 60
_LENGTHS = np.geomspace(0.2, 20, 100)


@dataclass(frozen=True)
class _Recording:
    """What our network said of a bag of N frames, by side.

    Attributes:
        error, place: (N, 2, 8, 2) cells, keypoints minus true ones, and these; NaN where unknown.
        score: (N, 2, 8).
        found: (N, 2) bool, feet found with the right side.
        false: how many others were found.
        truth, poses: of each frame, truth left and right.
    """

    error: np.ndarray
    place: np.ndarray
    score: np.ndarray
    found: np.ndarray
    false: int
    truth: list[list[FootPose]]
    poses: list[list[FootPose]]
    camera: Camera
    cell_px: float


def fit_noise(bag: Path) -> tuple[KeypointNoise, list[str]]:
    """Run our network over a bag with ground truth.

    Returns:
        the noise; and lines that tell how the error changes with the foot's motion, and how poses drawn with the noise
        tremble compared with the network's.

    Raises:
        BadInputError: if the bag can't be read or has no ground truth.
    """
    recording = _record(bag)
    bias = np.nanmedian(recording.error, axis=0)
    varying = recording.error - bias
    distance = np.linalg.norm(varying, axis=-1) / np.sqrt(2)
    outlier = distance > _OUTLIER * 1.4826 * np.nanmedian(np.abs(varying), axis=(0, 1, 3))
    size = float(np.sqrt(2) * np.nanmedian(distance[outlier])) if outlier.any() else 0.0
    varying[outlier] = np.nan
    deviation = np.sqrt(np.nanmean(varying**2, axis=(0, 1, 3)))
    trembling, length, lines = _structure(varying, recording.place)
    known = np.isfinite(distance)
    off, score = np.linalg.norm(recording.error, axis=-1)[known], recording.score[known]
    slope, at_zero = np.polyfit(off, score, 1)
    feet = int(np.isfinite(recording.place).all((2, 3)).sum())
    noise = KeypointNoise(
        deviation=tuple(deviation.round(2).tolist()),
        shared=round(_shared(varying / deviation[:, None]), 2),
        length=round(length, 1),
        trembling=round(trembling, 3),
        bias=round(float(np.sqrt(np.mean(bias**2))), 2),
        outliers=round(float(outlier[known].mean()), 3),
        outlier_size=round(size, 1),
        score=round(float(at_zero), 2),
        score_slope=round(float(-slope), 2),
        score_deviation=round(float(np.std(score - at_zero - slope * off)), 2),
        missing=round(float(1 - known[recording.found].mean()), 3),
        missed=round(_at_most(feet - recording.found.sum(), feet), 3),
        ghosts=round(_at_most(recording.false, len(recording.place)), 3),
    )
    return noise, [*lines, *_comparison(recording, noise)]


def _record(bag: Path) -> _Recording:
    feet_at, estimator = true_poses(bag), FootEstimator()
    rows, truth, poses, false = [], [], [], 0
    for frame in BagReader(bag):
        camera = frame.camera or Camera.from_fov(frame.image.shape[1], frame.image.shape[0])
        estimate = estimator(frame.image, camera)
        cell_px = float(np.sqrt(abs(np.linalg.det(estimate.network_output.cell_to_image[:, :2]))))
        feet = sorted(feet_at.get(frame.stamp_ns, []), key=lambda pose: pose.side)
        place = np.full((2, NUM_KEYPOINTS, 2), np.nan)
        for pose in feet:
            place[pose.side - 1] = camera.project(pose.keypoints()) / cell_px
        error, score, found = np.full_like(place, np.nan), np.zeros(place.shape[:2]), np.zeros(2, bool)
        for keypoints in estimate.keypoints:
            off = keypoints.points / cell_px - place
            gap = np.nanmean(np.linalg.norm(off, axis=-1), axis=1) / np.linalg.norm(np.ptp(place, 1), axis=1)
            i = keypoints.side - 1
            if i >= 0 and gap[i] < 0.5 and gap[i] == np.nanmin(gap) and not found[i]:
                error[i], score[i], found[i] = off[i], keypoints.scores, True
            else:
                false += 1
        rows.append((error, place, score, found))
        truth.append(feet)
        poses.append(estimate.poses)
    arrays = [np.array(column) for column in zip(*rows, strict=True)]
    return _Recording(*arrays, false, truth, poses, camera, cell_px)


def _comparison(recording: _Recording, noise: KeypointNoise) -> list[str]:
    """Lines: jitter of the network's poses and of drawn ones, of the same feet; frames without both are left out."""
    both = [n for n, feet in enumerate(recording.truth) if len(feet) == 2]
    truth, poses = [recording.truth[n] for n in both], [recording.poses[n] for n in both]
    points = np.stack([[recording.camera.project(pose.keypoints()) for pose in feet] for feet in truth])
    slow = np.full(points.shape[:2], False)
    slow[1:] = np.linalg.norm(np.diff(points, axis=0), axis=-1).mean(-1) < _SLOW
    hidden, rng = np.zeros((len(truth), 2), bool), np.random.default_rng(0)
    drawn = measured_poses(truth, hidden, recording.camera, recording.cell_px, noise, rng)
    lines = ["", f"| poses | jitter px | jitter px, motion under {_SLOW:g} px a frame |", "|---|---|---|"]
    for name, found in (("network", poses), ("drawn", drawn)):
        errors = measures.follow(truth, found, recording.camera).points - points
        every = measures.jitter(errors, np.ones_like(slow))
        lines.append(f"| {name} | {every:.2f} | {measures.jitter(errors, slow):.2f} |")
    return lines


def _structure(varying: np.ndarray, place: np.ndarray) -> tuple[float, float, list[str]]:
    """Fit half the mean squared change of the error to `trembling² + variance (1 - exp(-motion / length))`.

    Args:
        varying: (N, 2, 8, 2) cells, NaN where unknown.
        place: likewise, the true places.

    Returns:
        trembling, length, and a table of motion and change.
    """
    motion, change = [], []
    for apart in range(1, min(_MAX_FRAMES_APART, len(place) - 1)):
        moved = place[apart:] - place[:-apart]
        motion.append(np.sqrt((moved**2).sum(-1).mean(-1)).ravel())
        squared = (varying[apart:] - varying[:-apart]) ** 2
        known = np.isfinite(squared)
        change.append((np.where(known, squared, 0).sum((2, 3)) / np.maximum(known.sum((2, 3)), 1)).ravel() / 2)
    motion, change = np.concatenate(motion), np.concatenate(change)
    known = np.isfinite(motion) & (change > 0)
    order = np.argsort(motion[known])
    bins = [(motion[known][part].mean(), change[known][part].mean()) for part in np.array_split(order, 30)]
    m, v = np.array(bins).T
    fits = []
    for length in _LENGTHS:
        columns = np.column_stack([np.ones_like(m), 1 - np.exp(-m / length)])
        weights = 1 / v  # errors in proportion: the near frames matter as much as the far ones
        solution = np.linalg.lstsq(columns * weights[:, None], v * weights, rcond=None)[0]
        fits.append((((columns @ solution - v) * weights) ** 2).sum() if solution[0] > 0 else np.inf)
    length = float(_LENGTHS[int(np.argmin(fits))])
    columns = np.column_stack([np.ones_like(m), 1 - np.exp(-m / length)]) / v[:, None]
    trembling = float(np.sqrt(max(np.linalg.lstsq(columns, np.ones_like(v), rcond=None)[0][0], 0)))
    lines = [f"| {a:.2f} | {np.sqrt(b):.3f} |" for a, b in bins[::3]]
    return trembling, length, ["| motion, cells | change / √2, cells |", "|---|---|", *lines]


def _shared(standard: np.ndarray) -> float:
    """Mean correlation of two keypoints of a foot: of errors (N, 2, 8, 2) of variance 1."""
    rows = standard.transpose(0, 1, 3, 2).reshape(-1, NUM_KEYPOINTS)
    correlation = np.corrcoef(rows[np.isfinite(rows).all(1)].T)
    return float(max(correlation[~np.eye(NUM_KEYPOINTS, dtype=bool)].mean(), 0))


def _at_most(count: int, of: int) -> float:
    """A rate that was seen `count` times; where it was never, the most that is likely (95 %, the rule of three)."""
    return max(int(count), 3) / int(of)
