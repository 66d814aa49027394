"""Shows the network the tracked feet enlarged instead of the whole image, so that small feet are seen sharply."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.parameters import parameter, validate
from arshoe_core.types import FootPose, NetworkOutput, PoseStatus
from arshoe_perception.preprocessing import INPUT_SIZE, Region

_MARGIN = 2.0
"""Side of the region in extents of the feet: leaves room for motion and for the leg."""
_WORTH_IT = 0.7
"""A region longer than this part of the image's longer side gains too little."""
_GLANCE_EVERY, _GLANCE_EVERY_WHEN_LOST = 8, 2
"""Frames from one look at the whole image to the next."""
_ROOM = 0.25
"""Extents of the feet around them within which the whole image's coarser maps show the same feet."""
_PEAK, _MIN_PEAKS = 0.15, 5
"""Another foot is there where so many heatmaps reach this value; pose_node asks for as much by default."""
_MAX_AGE_S = 0.3
"""Poses older than this don't say where the feet are now."""


@dataclass(frozen=True)
class RegionConfig:
    """Parameters of `RegionOfInterest`."""

    roi: str = parameter(
        "track", "what the network sees: the full image, or a region that follows the feet", choices=("full", "track")
    )

    def __post_init__(self) -> None:
        validate(self)


class RegionOfInterest:
    """Runs a network on the region where the feet must be, by the poses fed back from the end of the pipeline.

    Without poses it sees the whole image. With them it still glances at the whole image every few frames, more often
    when a foot is lost; if a foot shows outside the region, or none in it, that frame's result is the whole image's.
    Otherwise it stays the region's: the whole image's coarser one would make small feet jump every few frames.

    Results depend on nothing but the calls since the last reset.
    """

    def __init__(
        self, network: Callable[[np.ndarray, Region | None], NetworkOutput], config: RegionConfig | None = None
    ) -> None:
        """
        Args:
            network: as `NetworkRunner`, called with an image and a region of it, None for the whole.
        """
        self.config = config or RegionConfig()
        self._network = network
        self.reset()

    def reset(self) -> None:
        """Forget the feet."""
        self._stamp_s = self._previous_stamp_s = -np.inf
        self._feet: dict[int, np.ndarray] = {}
        self._previous: dict[int, np.ndarray] = {}
        self._lost = False
        self._since_glance = 0

    def update(self, stamp_s: float, poses: list[FootPose], camera: Camera) -> None:
        """Take the tracked poses of an image.

        Args:
            stamp_s: time of the image, seconds. One before the last resets, the same one again changes nothing.
            poses: of its feet; how they move is known of those with a track's id.
            camera: intrinsics of the image.
        """
        if stamp_s == self._stamp_s:
            return
        if stamp_s < self._stamp_s:
            self.reset()
        self._previous, self._previous_stamp_s = self._feet, self._stamp_s
        points = {pose.track_id or -1 - i: camera.project(pose.keypoints()) for i, pose in enumerate(poses)}
        self._feet = {track: p for track, p in points.items() if np.isfinite(p).all()}
        self._stamp_s = stamp_s
        predicted = any(pose.status == PoseStatus.PREDICTED for pose in poses)
        self._lost = predicted or not self._previous.keys() <= self._feet.keys()

    def __call__(self, image_bgr: np.ndarray, stamp_s: float) -> NetworkOutput:
        """Run the network on an image (H, W, 3) uint8 of a time in seconds.

        Raises:
            BadInputError: if the image has another shape or type.
        """
        box = self._box(stamp_s) if self.config.roi == "track" else None
        region = None if box is None else region_around(box, *image_bgr.shape[1::-1])
        if region is None:
            self._since_glance = 0
            return self._network(image_bgr, None)
        whole = None
        self._since_glance += 1
        if self._since_glance >= (_GLANCE_EVERY_WHEN_LOST if self._lost else _GLANCE_EVERY):
            self._since_glance = 0
            whole = self._network(image_bgr, None)
            if shows_foot_outside(whole, box):
                return whole
        output = self._network(image_bgr, region)
        if has_foot(output.heatmaps):
            return output
        self._since_glance = 0
        return whole or self._network(image_bgr, None)

    def _box(self, stamp_s: float) -> np.ndarray | None:
        """Corners (2, 2), px, of the box around the feet's last places and those where they will be if they move on.

        None if nobody knows.
        """
        ahead_s = stamp_s - self._stamp_s
        if not self._feet or not 0 < ahead_s <= _MAX_AGE_S:
            return None
        ahead = ahead_s / (self._stamp_s - self._previous_stamp_s)
        places = np.reshape([(p, p + ahead * self._motion(track)) for track, p in self._feet.items()], (-1, 2))
        return np.stack([places.min(0), places.max(0)])

    def _motion(self, track: int) -> np.ndarray:
        """How far a foot went between the last two images with poses, (2,) px; 0 for a new or untracked one."""
        if track < 0 or track not in self._previous:
            return np.zeros(2)
        return (self._feet[track] - self._previous[track]).mean(0)


def region_around(box: np.ndarray, width: int, height: int, least: int = INPUT_SIZE) -> Region | None:
    """The square around a box with room on all sides, moved into the image; None if it is hardly less than the image.

    Args:
        box: (2, 2) its first and last x, y, px.
        width, height: size of the image, px.
        least: smallest side, px.
    """
    side = max(int(np.ceil(_MARGIN * (box[1] - box[0]).max())), least)
    if side > _WORTH_IT * max(width, height):
        return None
    image = np.array([width, height])
    size = np.minimum(side, image)
    first = np.clip(np.floor(box.mean(0) - side / 2), 0, image - size)
    return Region(*map(int, (*first, *(first + size))))


def shows_foot_outside(whole: NetworkOutput, box: np.ndarray) -> bool:
    """Whether the maps of a whole image have the peaks of a foot away from a box (2, 2) around the tracked feet."""
    room = _ROOM * (box[1] - box[0]).max()
    height, width = whole.heatmaps.shape[1:]
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    xy = np.stack([u, v, np.ones_like(u)], -1) @ whole.cell_to_image.T
    outside = ((xy < box[0] - room) | (xy > box[1] + room)).any(-1)
    return has_foot(whole.heatmaps[:, outside])


def has_foot(heatmaps: np.ndarray) -> bool:
    """Whether heatmaps (8, ...), or the cells of them that are given, have the peaks of a foot."""
    return bool((heatmaps.reshape(len(heatmaps), -1).max(1, initial=0) > _PEAK).sum() >= _MIN_PEAKS)
