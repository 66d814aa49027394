"""Measures `KeypointNoise` on a bag with ground truth: what our network's keypoints are off, frame after frame."""

from pathlib import Path

import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from arshoe_bench.stabilization.noise import KeypointNoise
from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import NUM_KEYPOINTS, Side
from arshoe_core.types import FootPose
from arshoe_media.bag_reader import BagReader
from arshoe_perception import FootEstimator

_TRUTH_TOPIC = "/ground_truth/poses"
_OUTLIER = 4.0
"""Robust deviations of a keypoint from which on it is an outlier."""
_MAX_FRAMES_APART = 60
_LENGTHS = np.geomspace(0.2, 20, 100)


def fit_noise(bag: Path) -> tuple[KeypointNoise, list[str]]:
    """Run our network over a bag with ground truth.

    Returns:
        the noise, and lines that tell how large the error's change is from frame to frame by the foot's motion.

    Raises:
        BadInputError: if the bag can't be read or has no ground truth.
    """
    error, scores, place, counts = _errors(bag)
    bias = np.nanmedian(error, axis=0)
    varying = error - bias
    deviation = 1.4826 * np.nanmedian(np.abs(varying), axis=(0, 1, 3))
    distance = np.linalg.norm(varying, axis=-1) / np.sqrt(2)
    outlier = distance > _OUTLIER * deviation
    found = np.isfinite(distance)
    size = float(np.sqrt(2) * np.nanmedian(distance[outlier])) if outlier.any() else 0.0
    varying[outlier] = np.nan
    deviation = np.sqrt(np.nanmean(varying**2, axis=(0, 1, 3)))
    trembling, length, lines = _structure(varying, place)
    off, score = np.linalg.norm(error, axis=-1)[found], scores[found]
    slope, at_zero = np.polyfit(off, score, 1)
    feet = np.isfinite(place).all((2, 3)).sum()
    noise = KeypointNoise(
        deviation=tuple(deviation.round(2).tolist()),
        shared=round(_shared(varying / deviation[:, None]), 2),
        length=round(length, 2),
        trembling=round(trembling, 3),
        bias=round(float(np.sqrt(np.mean(bias**2))), 2),
        outliers=round(float(outlier[found].mean()), 3),
        outlier_size=round(size, 1),
        score=round(float(at_zero), 2),
        score_slope=round(float(-slope), 2),
        score_deviation=round(float(np.std(score - at_zero - slope * off)), 2),
        missing=round(float(1 - found[counts["found"]].mean()), 4),
        missed=round(_at_most(feet - counts["found"].sum(), feet), 4),
        ghosts=round(_at_most(counts["false"].sum(), len(place)), 4),
    )
    return noise, lines


def _errors(bag: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Of each frame and side: errors (N, 2, 8, 2) and true places in cells, scores (N, 2, 8); counts."""
    reader = BagReader(bag)
    if _TRUTH_TOPIC not in reader.raw_topics:
        raise BadInputError(f"bag {str(bag)!r} has no {_TRUTH_TOPIC}; it is needed to measure the noise")
    truth, estimator = _true_poses(bag), FootEstimator()
    errors, scores, places, found, false = [], [], [], [], []
    for frame in reader:
        camera = frame.camera or Camera.from_fov(frame.image.shape[1], frame.image.shape[0])
        estimate = estimator(frame.image, camera)
        cell_px = float(np.sqrt(abs(np.linalg.det(estimate.network_output.cell_to_image[:, :2]))))
        place = np.full((2, NUM_KEYPOINTS, 2), np.nan)
        for pose in truth.get(frame.stamp_ns, []):
            place[pose.side - 1] = camera.project(pose.keypoints()) / cell_px
        error, score = np.full_like(place, np.nan), np.zeros(place.shape[:2])
        matched, surplus = np.zeros(2, bool), 0
        for keypoints in estimate.keypoints:
            off = keypoints.points / cell_px - place
            gap = np.nanmean(np.linalg.norm(off, axis=-1), axis=1) / np.linalg.norm(np.ptp(place, 1), axis=1)
            i = int(np.nanargmin(gap))
            if gap[i] < 0.5 and keypoints.side == i + 1 and not matched[i]:
                error[i], score[i], matched[i] = off[i], keypoints.scores, True
            else:
                surplus += 1
        for values, value in zip(
            (errors, scores, places, found, false), (error, score, place, matched, surplus), strict=True
        ):
            values.append(value)
    counts = {"found": np.array(found), "false": np.array(false)}
    return np.array(errors), np.array(scores), np.array(places), counts


def _true_poses(bag: Path) -> dict[int, list[FootPose]]:
    """Poses by stamp in ns."""
    truth = {}
    with AnyReader([bag], default_typestore=get_typestore(Stores.ROS2_KILTED)) as reader:
        connections = [c for c in reader.connections if c.topic == _TRUTH_TOPIC]
        for connection, _, data in reader.messages(connections):
            message = reader.deserialize(data, connection.msgtype)
            stamp = message.header.stamp
            truth[stamp.sec * 10**9 + stamp.nanosec] = [_pose(foot) for foot in message.feet]
    return truth


def _pose(foot: object) -> FootPose:
    q, p = foot.pose.pose.orientation, foot.pose.pose.position
    T = se3.from_rt(se3.rotation(np.array([q.w, q.x, q.y, q.z])), np.array([p.x, p.y, p.z]))
    return FootPose(Side(foot.side), T, foot_length=float(foot.foot_length))


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
        change.append(np.nanmean((varying[apart:] - varying[:-apart]) ** 2, axis=(2, 3)).ravel() / 2)
    motion, change = np.concatenate(motion), np.concatenate(change)
    known = np.isfinite(motion) & np.isfinite(change)
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
