"""Stabilisers run over a clip, and what the measures say of them."""

import time
from dataclasses import dataclass
from itertools import pairwise, starmap

import numpy as np

from arshoe_bench.stabilization import measures
from arshoe_bench.stabilization.clips import Clip
from arshoe_bench.stabilization.motion import FEET
from arshoe_bench.stabilization.noise import KeypointNoise, measured_poses
from arshoe_bench.stabilization.scene import CAMERA, CELL_PX
from arshoe_core.types import FootPose
from arshoe_stabilizer import Stabilizer, StabilizerConfig

RAW = "raw"
"""Name of the measured poses themselves in tables."""
_REST = 0.12
"""Seconds before and after which a foot must rest to be at rest."""
_DENSE_RATE = 120.0
"""Hz; between these the truth is interpolated."""
_MOVING = 30.0
"""Image px per second from which on a foot is in motion."""


@dataclass(frozen=True)
class Truth:
    """What is known of a clip of N frames.

    Attributes:
        points: (N, 2, 8, 2) px of the true feet's model points.
        resting: (N, 2) bool, feet that rest in the world.
        moving: (N, 2) bool, feet that move in the picture.
        hidden: (N, 2) bool.
        segments: slices of frames between cuts and leaps in time.
        dense: of each segment times (M,) and points (M, 2, 8, 2) at a high rate, reaching beyond it by LAG_RANGE.
    """

    points: np.ndarray
    resting: np.ndarray
    moving: np.ndarray
    hidden: np.ndarray
    segments: list[slice]
    dense: list[tuple[np.ndarray, np.ndarray]]


def know(clip: Clip) -> Truth:
    """What is true in each frame of a clip."""
    around = np.linspace(-_REST, _REST, 5)
    resting, moving = [], []
    for t in clip.times:
        feet = np.stack([clip.motion(t + step).T_world_foot for step in around])
        resting.append(np.ptp(feet, axis=0).max((1, 2)) < 1e-3)
        before, after = (_points(clip.motion(t + step).poses()) for step in (-0.01, 0.01))
        moving.append(np.linalg.norm(after - before, axis=-1).mean(1) / 0.02 > _MOVING)
    scenes = [clip.motion(t).scene for t in clip.times]
    breaks = np.flatnonzero((np.diff(clip.stamps) <= 0) | (np.diff(scenes) != 0)) + 1
    edges = [0, *breaks.tolist(), len(clip.times)]
    segments = list(starmap(slice, pairwise(edges)))
    return Truth(
        np.stack([_points(poses) for poses in clip.truth]), np.array(resting), np.array(moving), clip.hidden,
        segments, [_dense(clip, segment) for segment in segments],
    )  # fmt: skip


def _dense(clip: Clip, segment: slice) -> tuple[np.ndarray, np.ndarray]:
    low, high = measures.LAG_RANGE
    times = np.arange(clip.times[segment][0] - high - 0.01, clip.times[segment][-1] - low + 0.01, 1 / _DENSE_RATE)
    return times, np.stack([_points(clip.motion(t).poses()) for t in times])


def stabilize(
    clip: Clip, configs: dict[str, StabilizerConfig], noise: KeypointNoise, seed: int
) -> dict[str, tuple[list[list[FootPose]], float]]:
    """Run stabilisers side by side over a clip with noisy measured poses.

    Returns:
        for each name, and for RAW, the poses of each frame and the median processor time of `update` in ms.
    """
    raw = measured_poses(clip.truth, clip.hidden, CAMERA, CELL_PX, noise, np.random.default_rng([seed, len(clip.name)]))
    stabilizers = {name: Stabilizer(config) for name, config in configs.items()}
    found: dict[str, list[list[FootPose]]] = {name: [] for name in configs}
    taken: dict[str, list[float]] = {name: [] for name in configs}
    for (image, mask), stamp, poses in zip(clip.frames(), clip.stamps, raw, strict=True):
        for name, stabilizer in stabilizers.items():
            start = time.process_time()
            found[name].append(stabilizer.update(image, mask, CAMERA, float(stamp), poses))
            taken[name].append(1000 * (time.process_time() - start))
    results = {name: (found[name], float(np.median(taken[name]))) for name in configs}
    return {RAW: (raw, 0.0), **results}


def measure(clip: Clip, truth: Truth, poses: list[list[FootPose]]) -> dict[str, float]:
    """All measures of one clip; NaN (None in JSON) where a clip has no such thing.

    Returns:
        jitter_px: RMS second difference at rest. lag_ms. moving_px, moving_deg, moving_cm: mean errors in motion.
        rest_px: mean error at rest. hidden_px: mean error of hidden feet. overshoot_px. switches: changes of a foot's
        track. wrong_side, lost: shares of the feet seen. ghosts: per frame.
    """
    tracks = measures.follow(clip.truth, poses, CAMERA)
    errors = tracks.points - truth.points
    off = np.linalg.norm(errors, axis=-1).mean(-1)
    seen, there = ~truth.hidden, np.isfinite(off)
    moving, resting = truth.moving & seen & there, truth.resting & seen & there
    return {
        "jitter_px": measures.jitter(errors, resting),
        "lag_ms": _lag(clip, truth, tracks),
        "moving_px": _mean(off[moving]),
        "moving_deg": _mean(tracks.rotation_deg[moving]),
        "moving_cm": _mean(tracks.translation_cm[moving]),
        "rest_px": _mean(off[resting & ~truth.moving]),
        "hidden_px": _mean(off[truth.hidden & there]),
        "overshoot_px": _overshoot(clip, truth, errors),
        "switches": sum(measures.switches(tracks.ids[segment]) for segment in truth.segments),
        "wrong_side": float(tracks.wrong_side[there].mean()),
        "lost": float((~there)[seen].mean()),
        "ghosts": float(tracks.ghosts.mean()),
    }


def _lag(clip: Clip, truth: Truth, tracks: measures.Tracks) -> float:
    """Mean lag of feet that move by more than 20 px."""
    lags = []
    for segment, (dense, dense_points) in zip(truth.segments, truth.dense, strict=True):
        for i in range(len(FEET)):
            if np.ptp(truth.points[segment, i], axis=0).max() > 20:
                points = np.where(truth.hidden[segment, i, None, None], np.nan, tracks.points[segment, i])
                flat, dense_flat = points.reshape(len(points), -1), dense_points[:, i].reshape(len(dense), -1)
                lags.append(measures.lag(clip.times[segment], flat, dense, dense_flat))
    return _mean(np.array(lags))


def _overshoot(clip: Clip, truth: Truth, errors: np.ndarray) -> float:
    frames = round(0.2 * clip.kind.rate)
    still, middle, off = truth.resting & ~truth.moving, truth.points.mean(2), errors.mean(2)
    return _mean(np.array([measures.overshoot(off[:, i], middle[:, i], still[:, i], frames) for i in range(len(FEET))]))


def _points(poses: list[FootPose]) -> np.ndarray:
    return np.stack([CAMERA.project(pose.keypoints()) for pose in poses])


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
