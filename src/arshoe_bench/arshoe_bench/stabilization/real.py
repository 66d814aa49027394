"""Real pictures: how much our network's poses tremble there, what each method makes of them, and how right that is."""

import time
from pathlib import Path

import numpy as np

from arshoe_bench.stabilization import measures
from arshoe_bench.stabilization.trial import RAW
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.types import PoseStatus
from arshoe_media.image_folder_reader import ImageFolderReader
from arshoe_perception import FootEstimator
from arshoe_stabilizer import Stabilizer, StabilizerConfig


def evaluate_real(
    folder: Path, fps: float, configs: dict[str, StabilizerConfig], labels: Path | None = None
) -> dict[str, dict[str, float]]:
    """Run our network and stabilisers over a folder of pictures.

    Args:
        labels: COCO keypoints of some of the pictures; its file names are relative to the folder or one above.

    Returns:
        by method: jitter_px (median second difference of a foot's projected points in a picture 640 px wide; the
        feet's own motion counts, so only compare methods), off_px (median distance from the measured poses of the
        same frame, likewise), poses per frame, predicted (share of them), tracks (how many ids), ms. With labels also
        found (share of labelled feet), pck_0.2, side (share of found feet on their side), false (feet per labelled
        picture), and these for RAW.

    Raises:
        BadInputError: if the folder or the label file can't be read, or no picture has a label.
    """
    estimator, stabilizers = FootEstimator(), {name: Stabilizer(config) for name, config in configs.items()}
    found = {name: [] for name in configs}
    taken = {name: [] for name in configs}
    camera, measured, raw = None, [], []
    reader = ImageFolderReader(folder, fps)
    truth = _labelled(labels, reader.files) if labels else {}
    for frame in reader:
        camera = camera or Camera.from_fov(frame.image.shape[1], frame.image.shape[0])
        estimate = estimator(frame.image, camera)
        measured.append([camera.project(pose.keypoints()) for pose in estimate.poses])
        raw.append(estimate.poses)
        for name, stabilizer in stabilizers.items():
            start = time.process_time()
            found[name].append(
                stabilizer.update(frame.image, estimate.mask, camera, frame.stamp_ns / 1e9, estimate.poses)
            )
            taken[name].append(1000 * (time.process_time() - start))
    scale = 640 / camera.width
    figures = {name: _figures(found[name], measured, camera, scale, taken[name]) for name in configs}
    if labels:
        figures = {RAW: {}} | figures
        for name, poses in ({RAW: raw} | found).items():
            figures[name] |= _against_labels(truth, poses, camera)
    return figures


def _labelled(file: Path, pictures: list[Path]) -> dict[int, tuple]:
    """The labelled feet of each picture that has some in the file, by its index."""
    from arshoe_learning.coco_dataset import read_annotations

    folder = pictures[0].resolve().parent
    for root in (*reversed(folder.parents), folder):  # the reader takes a bare name for any file of that name
        feet = {image.file: image.feet for image in read_annotations(file, root)}
        found = {i: feet[folder / p.name] for i, p in enumerate(pictures) if folder / p.name in feet}
        if found:
            return found
    raise BadInputError(f"labels is {str(file)!r}: it names no picture of {str(folder)!r}")


def _against_labels(truth: dict[int, tuple], poses: list, camera: Camera) -> dict[str, float]:
    from arshoe_learning.metrics import PckCounter, match  # needs pycocotools

    pck, found, feet, right, false = PckCounter((0.2,)), 0, 0, 0, 0
    for frame, labels in truth.items():
        points = [camera.project(pose.keypoints()) for pose in poses[frame]]
        pairs = match([label.keypoints for label in labels], points)
        for i, label in enumerate(labels):
            pck.add(label.keypoints, points[pairs[i]] if i in pairs else None)
        right += sum(labels[i].side == poses[frame][j].side for i, j in pairs.items())
        found, feet, false = found + len(pairs), feet + len(labels), false + len(points) - len(pairs)
    return {"found": found / feet, **pck.result(), "side": right / max(found, 1), "false": false / len(truth)}


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
