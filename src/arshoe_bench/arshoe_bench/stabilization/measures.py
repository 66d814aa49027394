"""How steady, quick and right a sequence of poses is, against the truth."""

from dataclasses import dataclass

import numpy as np

from arshoe_bench.stabilization.motion import FEET, MIDDLE
from arshoe_core import se3
from arshoe_core.assignment import assign
from arshoe_core.camera import Camera
from arshoe_core.types import FootPose, PoseStatus

LAG_RANGE = (-0.1, 0.2)
"""Seconds within which the lag is looked for."""
_LAG_STEP = 0.002
_NEAR = 0.5
"""Foot extents within which a pose belongs to a true foot."""


@dataclass(frozen=True)
class Tracks:
    """What became of the true feet, N frames.

    Attributes:
        points: (N, 2, 8, 2) px, the model projected with the pose that belongs to each true foot; NaN if none does.
        ids: (N, 2) its track id, 0 if none.
        rotation_deg, translation_cm: (N, 2) its errors, of the foot's middle; NaN if none.
        predicted: (N, 2) bool.
        wrong_side: (N, 2) bool.
        ghosts: (N,) poses that belong to no foot.
    """

    points: np.ndarray
    ids: np.ndarray
    rotation_deg: np.ndarray
    translation_cm: np.ndarray
    predicted: np.ndarray
    wrong_side: np.ndarray
    ghosts: np.ndarray


def follow(truth: list[list[FootPose]], poses: list[list[FootPose]], camera: Camera) -> Tracks:
    """Find the pose of each true foot in every frame: that whose projected model lies nearest, half a foot at most."""
    count = len(truth)
    tracks = Tracks(
        np.full((count, 2, 8, 2), np.nan), np.zeros((count, 2), int), np.full((count, 2), np.nan),
        np.full((count, 2), np.nan), np.zeros((count, 2), bool), np.zeros((count, 2), bool), np.zeros(count, int),
    )  # fmt: skip
    for n, (true_feet, found) in enumerate(zip(truth, poses, strict=True)):
        true_points = [camera.project(foot.keypoints()) for foot in true_feet]
        points = [camera.project(pose.keypoints()) for pose in found]
        benefit = np.zeros((len(true_feet), len(found)))
        for i, a in enumerate(true_points):
            for j, b in enumerate(points):
                gap = np.linalg.norm(a - b, axis=1).mean() / np.linalg.norm(np.ptp(a, 0))
                benefit[i, j] = np.nan_to_num(1 - gap / _NEAR)
        pairs = assign(benefit)
        tracks.ghosts[n] = len(found) - len(pairs)
        for i, j in pairs:
            T, T_true = found[j].T_camera_foot, true_feet[i].T_camera_foot
            off = se3.transform_points(T, MIDDLE) - se3.transform_points(T_true, MIDDLE)
            tracks.points[n, i], tracks.ids[n, i] = points[j], found[j].track_id
            tracks.rotation_deg[n, i] = np.rad2deg(se3.rotation_angle(T[:3, :3], T_true[:3, :3]))
            tracks.translation_cm[n, i] = 100 * np.linalg.norm(off)
            tracks.predicted[n, i] = found[j].status == PoseStatus.PREDICTED
            tracks.wrong_side[n, i] = found[j].side != FEET[i]
    return tracks


def second_difference(tracks: np.ndarray) -> np.ndarray:
    """(N - 2, ...) of tracks (N, ...)."""
    return tracks[2:] - 2 * tracks[1:-1] + tracks[:-2]


def jitter(errors: np.ndarray, selected: np.ndarray) -> float:
    """RMS second difference of tracks, px: 2.4 times the deviation of noise that is new in each frame.

    Args:
        errors: (N, ..., 2) px, projected points minus true ones (which takes out the camera's own motion).
        selected: (N, ...) bool or of fewer trailing axes; frames of which all three neighbours count.

    Returns:
        of the points' distances, NaN where nothing is selected.
    """
    squared = (second_difference(errors) ** 2).sum(-1)[selected[2:] & selected[1:-1] & selected[:-2]]
    return float(np.sqrt(np.nanmean(squared))) if np.isfinite(squared).any() else float("nan")


def lag(stamps: np.ndarray, track: np.ndarray, true_times: np.ndarray, true_track: np.ndarray) -> float:
    """How late a track is: the shift in time at which its motion from frame to frame correlates most with the truth's.

    Motion, not place, is correlated: a slow drift of the error would shift the best correlation of places.

    Args:
        stamps: (N,) seconds.
        track: (N, D), NaN rows are left out.
        true_times: (M,) seconds, dense and reaching beyond the stamps by LAG_RANGE.
        true_track: (M, D).

    Returns:
        milliseconds, NaN for fewer than 5 frames or without correlation.
    """
    there = np.isfinite(track).all(1)
    if there.sum() < 5:
        return float("nan")
    stamps, motion = stamps[there], np.diff(track[there], axis=0)
    shifts = np.arange(LAG_RANGE[0], LAG_RANGE[1] + _LAG_STEP / 2, _LAG_STEP)
    correlation = np.zeros(len(shifts))
    for i, shift in enumerate(shifts):
        true_motion = np.diff(_at(stamps - shift, true_times, true_track), axis=0)
        norm = np.linalg.norm(motion) * np.linalg.norm(true_motion)
        correlation[i] = (motion * true_motion).sum() / norm if norm > 0 else 0.0
    best = int(correlation.argmax())
    if correlation[best] <= 0:
        return float("nan")
    fraction = 0.0
    if 0 < best < len(shifts) - 1:
        left, middle, right = correlation[best - 1 : best + 2]
        fraction = 0.5 * (left - right) / (left - 2 * middle + right)
    return float(1000 * (shifts[best] + fraction * _LAG_STEP))


def _at(times: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rows of values (M, D) between the known times (M,), linearly."""
    return np.column_stack([np.interp(times, known, column) for column in values.T])


def switches(ids: np.ndarray) -> int:
    """How often the track of a foot becomes another one: ids (N, 2), 0 where a foot has no pose."""
    return sum(int((np.diff(column[column > 0]) != 0).sum()) for column in ids.T)


def overshoot(errors: np.ndarray, true_points: np.ndarray, resting: np.ndarray, frames: int) -> float:
    """How far a foot's track shoots beyond where the foot stops: mean over stops of the largest excess, px.

    Args:
        errors: (N, 2) px, mean over the model's points of track minus truth, NaN where there is none.
        true_points: (N, 2) px, mean of the true points.
        resting: (N,) bool.
        frames: how many frames after the stop are looked at.

    Returns:
        NaN without stops.
    """
    excess = []
    for stop in np.flatnonzero(resting[1:] & ~resting[:-1]) + 1:
        direction = true_points[stop] - true_points[max(stop - frames, 0)]
        after = errors[stop : stop + 3 * frames]
        if np.linalg.norm(direction) < 5 or len(after) < 2 * frames or not np.isfinite(after).all():
            continue
        along = after @ (direction / np.linalg.norm(direction))
        excess.append(max(along[:frames].max() - along[frames:].mean(), 0.0))
    return float(np.mean(excess)) if excess else float("nan")
