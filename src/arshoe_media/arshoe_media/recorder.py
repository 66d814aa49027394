"""Writes a run to a folder: tryon.mp4, poses.jsonl and summary.json."""

import json
import os
from collections import deque
from pathlib import Path

import numpy as np

from arshoe_core import foot
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.files import write_file
from arshoe_core.types import FootPose
from arshoe_media.latency import LatencyStatistics
from arshoe_media.pose_errors import match, rotation_error_deg, translation_error_cm
from arshoe_media.video_writer import VideoWriter

_DELAY = 30
"""Frames that a line of poses.jsonl waits, since timings and ground truth may come after the poses."""


class Recorder:
    """Collects what a run gives. Each file appears under its name only when it is complete, in `close`.

    Attributes:
        latency: the timings, fed by the owner.
        camera: of the latest pictures, kept up to date by the owner; None until it is known.
    """

    def __init__(self, folder: Path | None, mp4: bool = True) -> None:
        """Open the files.

        Args:
            folder: made if needed; None writes nothing and only sums up.
            mp4: write the video, which takes as much of a core as a stage of the pipeline does.

        Raises:
            BadInputError: the folder can't be made or written to.
        """
        self.latency = LatencyStatistics()
        self.camera: Camera | None = None
        self._folder = folder
        self._video = self._poses_file = None
        self._waiting: deque[tuple[int, list[FootPose]]] = deque()
        self._truths: dict[int, list[FootPose]] = {}
        self._errors: list[tuple[float, float]] = []
        self._true_feet = 0
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._poses_file = (folder / "poses.jsonl.partial").open("w")
            except OSError as error:
                raise BadInputError(
                    f"out is {str(folder)!r}: {error.strerror}; allowed: a folder that can be written"
                ) from None
            self._video = VideoWriter(folder / "tryon.mp4") if mp4 else None
        self._pictures = 0

    @property
    def wants_pictures(self) -> bool:
        """Whether there is a video to write."""
        return self._video is not None

    @property
    def frames_out(self) -> int:
        """Pictures in the video; pictures rendered where none is written."""
        return self._pictures if self.wants_pictures else self.latency.frames_out

    def add_picture(self, stamp_ns: int, image: np.ndarray) -> None:
        """Write a try-on picture (H, W, 3) uint8 BGR to the video, if there is one."""
        if self._video:
            self._video.write(stamp_ns, image)
            self._pictures += 1

    def add_poses(self, stamp_ns: int, poses: list[FootPose]) -> None:
        """Take the stabilised poses of a frame."""
        self._waiting.append((stamp_ns, poses))
        if len(self._waiting) > _DELAY:
            self._finish_frame()

    def add_ground_truth(self, stamp_ns: int, truths: list[FootPose]) -> None:
        """Take the true poses of a frame."""
        self._truths[stamp_ns] = truths
        if len(self._truths) > 10 * _DELAY:
            del self._truths[next(iter(self._truths))]

    def summary(self) -> dict:
        """What summary.json holds."""
        latency = self.latency
        summary = {
            "frames_in": latency.frames_in,
            "frames_out": self.frames_out,
            "started_ns": latency.started_ns,
            "fps": round(latency.fps(), 3),
            "duration_s": round(latency.duration_s(), 3),
            "latency_ms": latency.latency_ms(),
            "stages": latency.stages_ms(),
            "dropped": max(latency.frames_in - self.frames_out, 0),
        }
        if self._true_feet:
            rotations, translations = zip(*self._errors, strict=True) if self._errors else ((), ())
            summary["ground_truth"] = {
                "rot_deg": round(float(np.median(rotations)), 3) if rotations else None,
                "trans_cm": round(float(np.median(translations)), 3) if translations else None,
                "feet": self._true_feet,
                "matched": len(rotations),
            }
        return summary

    def close(self) -> dict:
        """Finish all files and return the summary."""
        while self._waiting:
            self._finish_frame()
        summary = self.summary()
        if self._folder is not None:
            if self._video:
                self._video.close()
            self._poses_file.close()
            os.replace(self._poses_file.name, self._folder / "poses.jsonl")
            write_file(self._folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        return summary

    def _finish_frame(self) -> None:
        stamp_ns, poses = self._waiting.popleft()
        truths = self._truths.pop(stamp_ns, [])
        self._true_feet += len(truths)
        for pose, truth in match(poses, truths, self.camera) if truths and self.camera else ():
            self._errors.append((rotation_error_deg(pose, truth), translation_error_cm(pose, truth)))
        if self._poses_file:
            index = self.latency.frame_index.get(stamp_ns)
            for pose in poses:
                self._poses_file.write(json.dumps(pose_record(stamp_ns, index, pose, self.camera)) + "\n")


def pose_record(stamp_ns: int, frame: int | None, pose: FootPose, camera: Camera | None) -> dict:
    """A line of poses.jsonl.

    Args:
        frame: number of the frame in the input, from 0; None if unknown.

    Returns:
        `stamp` in seconds, `frame`, `side`, `track_id`, `status`, `score`, `R` (3x3) and `t` (m) of T_camera_foot,
        `foot_length` (m) and `keypoints`: the foot model's eight points projected with this pose, px (null behind
        the camera or while the camera is not known).
    """
    points = camera.project(pose.keypoints()) if camera else np.full((foot.NUM_KEYPOINTS, 2), np.nan)
    return {
        "stamp": stamp_ns / 1e9,
        "frame": frame,
        "side": pose.side.name.lower(),
        "track_id": pose.track_id,
        "status": pose.status.name.lower(),
        "score": round(pose.score, 4),
        "R": pose.T_camera_foot[:3, :3].round(6).tolist(),
        "t": pose.T_camera_foot[:3, 3].round(6).tolist(),
        "foot_length": round(pose.foot_length, 4),
        "keypoints": [[round(x, 2), round(y, 2)] if np.isfinite(x) else None for x, y in points.tolist()],
    }
