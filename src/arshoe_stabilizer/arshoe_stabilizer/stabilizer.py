"""Measured poses of each frame to steady, tracked ones."""

from dataclasses import dataclass

import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_stabilizer.config import StabilizerConfig
from arshoe_stabilizer.method import Step
from arshoe_stabilizer.optical_flow import OpticalFlow
from arshoe_stabilizer.tracker import Tracker

_MAX_GAP = 1.0
"""Seconds without a frame after which tracks are dropped."""


@dataclass(frozen=True)
class _Seen:
    """A frame that was looked at: its stamp, and each track's way to it."""

    stamp_s: float
    steps: list[Step]


class Stabilizer:
    """Tracks feet through a video and smooths their poses.

    Results depend on nothing but the calls since the last reset: the same input gives the same output, bit for bit.
    """

    def __init__(self, config: StabilizerConfig | None = None) -> None:
        self.config = config or StabilizerConfig()
        self._flow = OpticalFlow(self.config.flow_width, self.config.flow_corners)
        self._tracker = Tracker(self.config)
        self.reset()

    def reset(self) -> None:
        """Forget everything; as newly made."""
        self._flow.reset()
        self._tracker.reset()
        self._last_stamp: float | None = None
        self._seen: _Seen | None = None

    def look(self, image_bgr: np.ndarray, mask: np.ndarray, camera: Camera, stamp_s: float) -> None:
        """Do the part of `update` that needs no poses, half of it, while they are on their way.

        Args:
            image_bgr, mask, camera, stamp_s: as for `update`, which is to be called with the same. If the frame is
                given up instead, the next call of either forgets it.

        Raises:
            BadInputError: if image, mask and camera are not of one size.
        """
        size = (camera.height, camera.width)
        if image_bgr.shape[:2] != size or mask.shape != size:
            raise BadInputError(
                f"image is {image_bgr.shape[:2]}, mask {mask.shape}, camera {size}; allowed: one size (height, width)"
            )
        if self._seen is not None:
            self._flow.pop()
        if self._last_stamp is not None and stamp_s <= self._last_stamp:
            self.reset()
        dt = 0.0 if self._last_stamp is None else stamp_s - self._last_stamp
        self._flow.push(image_bgr, mask)
        if dt > _MAX_GAP or self._flow.is_cut():
            self._tracker.drop_tracks()
        self._seen = _Seen(stamp_s, self._steps(camera, dt))

    def update(
        self, image_bgr: np.ndarray, mask: np.ndarray, camera: Camera, stamp_s: float, poses_raw: list[FootPose]
    ) -> list[FootPose]:
        """Take in one frame.

        Args:
            image_bgr: (H, W, 3) uint8.
            mask: (H, W) uint8: 0 background, 1 leg, 2 foot.
            camera: intrinsics of the image.
            stamp_s: time of the frame in seconds. A stamp that is not later than the last one resets.
            poses_raw: measured poses of this frame; those of unknown side are left out.

        Returns:
            One pose per tracked foot, by track id; feet lost a short time ago among them, as PREDICTED.

        Raises:
            BadInputError: if image, mask and camera are not of one size.
        """
        if self._seen is None or self._seen.stamp_s != stamp_s:
            self.look(image_bgr, mask, camera, stamp_s)
        steps, self._seen, self._last_stamp = self._seen.steps, None, stamp_s
        known = [pose for pose in poses_raw if pose.side != Side.UNKNOWN]
        return self._tracker.update(known, steps, camera)

    def _steps(self, camera: Camera, dt: float) -> list[Step]:
        """What optical flow says of each track."""
        tracks = self._tracker.tracks
        regions = [camera.project(track.pose.keypoints()) for track in tracks]
        visible = [i for i, region in enumerate(regions) if np.isfinite(region).all()]
        visible.sort(key=lambda i: -tracks[i].pose.T_camera_foot[2, 3])
        found = self._flow.follow([regions[i] for i in visible], [tracks[i].speed_px * dt for i in visible])
        pairs = dict(zip(visible, found, strict=True))
        return [Step(dt, camera, pairs.get(i)) for i in range(len(tracks))]
