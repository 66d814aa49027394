"""Pictures without ground truth: how much our network's poses tremble there, and what each method makes of them."""

import time
from pathlib import Path

import numpy as np

from arshoe_bench.stabilization import measures
from arshoe_core.camera import Camera
from arshoe_core.types import PoseStatus
from arshoe_media.image_folder_reader import ImageFolderReader
from arshoe_perception import FootEstimator
from arshoe_stabilizer import Stabilizer, StabilizerConfig


def evaluate_real(folder: Path, fps: float, configs: dict[str, StabilizerConfig]) -> dict[str, dict[str, float]]:
    """Run our network and stabilisers over a folder of pictures.

    Returns:
        by method: jitter_px (median second difference of a foot's projected points in a picture 640 px wide; the
        feet's own motion counts, so only compare methods), off_px (median distance from the measured poses of the
        same frame, likewise), poses per frame, predicted (share of them), tracks (how many ids), ms.
    """
    estimator, stabilizers = FootEstimator(), {name: Stabilizer(config) for name, config in configs.items()}
    found = {name: [] for name in configs}
    taken = {name: [] for name in configs}
    camera, measured = None, []
    for frame in ImageFolderReader(folder, fps):
        camera = camera or Camera.from_fov(frame.image.shape[1], frame.image.shape[0])
        estimate = estimator(frame.image, camera)
        measured.append([camera.project(pose.keypoints()) for pose in estimate.poses])
        for name, stabilizer in stabilizers.items():
            start = time.process_time()
            found[name].append(
                stabilizer.update(frame.image, estimate.mask, camera, frame.stamp_ns / 1e9, estimate.poses)
            )
            taken[name].append(1000 * (time.process_time() - start))
    scale = 640 / camera.width
    return {name: _figures(found[name], measured, camera, scale, taken[name]) for name in configs}


def _figures(found: list, measured: list, camera: Camera, scale: float, taken: list[float]) -> dict[str, float]:
    tracks: dict[int, np.ndarray] = {}
    off, predicted, count = [], 0, 0
    for n, poses in enumerate(found):
        for pose in poses:
            points = camera.project(pose.keypoints())
            tracks.setdefault(pose.track_id, np.full((len(found), *points.shape), np.nan))[n] = points
            count += 1
            predicted += pose.status == PoseStatus.PREDICTED
            gaps = [np.linalg.norm(points - other, axis=1).mean() for other in measured[n]]
            if gaps and pose.status == PoseStatus.MEASURED:
                off.append(min(gaps))
    second = [np.linalg.norm(measures.second_difference(track), axis=-1).ravel() for track in tracks.values()]
    return {
        "jitter_px": scale * float(np.nanmedian(np.concatenate(second))) if second else float("nan"),
        "off_px": scale * float(np.median(off)) if off else float("nan"),
        "poses": count / len(found),
        "predicted": predicted / max(count, 1),
        "tracks": len(tracks),
        "ms": float(np.median(taken)),
    }
