"""How far each tracked foot has moved in the image since the last frame: FAST corners, bidirectional Lucas-Kanade."""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.types import MASK_FOOT

_WINDOW = (11, 11)
_LEVELS = 3
_MARGIN = 40
"""Pixels around the regions that are looked at: a corner that moves farther is lost."""
_FAST_THRESHOLD = 5
_MIN_PAIRS = 5
_MAX_RETURN_ERROR = 0.7
"""Pixels of the reduced frame; a corner that flow does not take back to where it came from is dropped."""
_CUT_DIFFERENCE = 35.0
"""Mean grey-level difference of two 16 x 12 thumbnails, brightness aside, above which the scene has changed."""


@dataclass(frozen=True)
class _Frame:
    """Grey picture (uint8) and foot mask (bool), reduced; `to_image` (2,) takes their x, y to image px."""

    gray: np.ndarray
    foot: np.ndarray
    to_image: np.ndarray


class OpticalFlow:
    """Holds the current and the last frame; gives mean displacements of regions from the one to the other."""

    def __init__(self, width: int, max_corners: int) -> None:
        """
        Args:
            width: frames wider than this are reduced to it, px.
            max_corners: most corners per region.
        """
        self._width, self._max_corners = width, max_corners
        self._fast = cv2.FastFeatureDetector_create(_FAST_THRESHOLD)
        self.reset()

    def reset(self) -> None:
        """Forget both frames."""
        self._last = self._current = None

    def push(self, image_bgr: np.ndarray, mask: np.ndarray) -> None:
        """Take in a frame.

        Args:
            image_bgr: (H, W, 3) uint8.
            mask: (H, W) uint8, as `arshoe_core.types` has it.
        """
        height, width = image_bgr.shape[:2]
        scale = min(1.0, self._width / width)
        size = (round(width * scale), round(height * scale))
        gray = cv2.resize(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
        foot = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) == MASK_FOOT
        self._last, self._current = self._current, _Frame(gray, foot, np.array([width, height]) / size)
        if self._last is not None and self._last.gray.shape != gray.shape:
            self._last = None

    def is_cut(self) -> bool:
        """Whether the current frame shows another scene than the last one."""
        if self._last is None:
            return False
        small = [cv2.resize(f.gray, (16, 12), interpolation=cv2.INTER_AREA) for f in (self._last, self._current)]
        last, current = (picture - picture.mean() for picture in small)
        return float(np.abs(current - last).mean()) > _CUT_DIFFERENCE

    def displacements(self, regions: list[np.ndarray]) -> list[np.ndarray | None]:
        """Say how far regions of the last frame have moved.

        Args:
            regions: convex polygons (N, 2), image px, those nearest to the camera last.

        Returns:
            For each region its mean displacement (2,) in image px, the paper's (3), or None where too few corners
            could be followed.
        """
        if self._last is None or not regions:
            return [None] * len(regions)
        to_image = self._current.to_image
        reduced = [np.rint(np.clip(region / to_image, -1e4, 1e4)).astype(int) for region in regions]
        box, origin = _box(reduced, self._last.gray.shape[::-1])
        last, current = self._last.gray[box], self._current.gray[box]
        corners, owner = self._corners(last, self._last.foot[box], [region - origin for region in reduced])
        start, end, kept = _follow(last, current, corners)
        owner = owner[kept]
        return [_mean_displacement(start[owner == i], end[owner == i], to_image) for i in range(len(regions))]

    def _corners(self, gray: np.ndarray, foot: np.ndarray, regions: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The strongest corners (N, 2) float32 of each region's feet pixels, and their regions' indices (N,)."""
        labels = np.zeros(gray.shape, np.uint8)
        for i, region in enumerate(regions):
            cv2.fillConvexPoly(labels, cv2.convexHull(region.astype(np.int32)), i + 1)
        for i in range(len(regions)):
            region = labels == i + 1
            seen = region & foot
            if not seen.any():  # the network has lost the foot
                seen = region
            inner = cv2.erode(seen.astype(np.uint8), np.ones(_WINDOW)) > 0
            labels[region & ~(inner if inner.any() else seen)] = 0  # windows at the edge see the floor, which rests
        found = self._fast.detect(gray, labels)
        if not found:
            return np.zeros((0, 2), np.float32), np.zeros(0, int)
        points = np.array([k.pt for k in found], np.float32)
        response = np.array([k.response for k in found])
        owner = labels[points[:, 1].astype(int), points[:, 0].astype(int)].astype(int) - 1
        strongest_first = np.argsort(-response, kind="stable")
        chosen = np.concatenate(
            [strongest_first[owner[strongest_first] == i][: self._max_corners] for i in range(len(regions))]
        )
        return points[chosen], owner[chosen]


def camera_shift(displacement: np.ndarray | None, depth: float, camera: Camera) -> np.ndarray | None:
    """The paper's (4): a displacement (2,) in image px as camera translation (3,) in metres at unchanged depth."""
    if displacement is None:
        return None
    return np.array([displacement[0] * depth / camera.fx, displacement[1] * depth / camera.fy, 0.0])


def _box(regions: list[np.ndarray], size: tuple[int, int]) -> tuple[tuple[slice, slice], np.ndarray]:
    """Rows and columns around the regions within an image of `size` (width, height), and the first x, y of them."""
    points = np.concatenate(regions)
    low = np.clip(points.min(0) - _MARGIN, 0, np.array(size) - 1)
    high = np.clip(points.max(0) + _MARGIN, low + 1, size)
    return (slice(low[1], high[1]), slice(low[0], high[0])), low


def _follow(last: np.ndarray, current: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners there (N, 2) and here (N, 2) that flow takes forth and back, and which of the given ones they are."""
    if len(corners) == 0:
        return corners, corners, np.zeros(0, bool)
    here, forth, _ = cv2.calcOpticalFlowPyrLK(last, current, corners[:, None], None, winSize=_WINDOW, maxLevel=_LEVELS)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(current, last, here, None, winSize=_WINDOW, maxLevel=_LEVELS)
    here, back = here[:, 0], back[:, 0]
    kept = (forth[:, 0] > 0) & (returned[:, 0] > 0) & (np.linalg.norm(back - corners, axis=1) < _MAX_RETURN_ERROR)
    return corners[kept], here[kept], kept


def _mean_displacement(start: np.ndarray, end: np.ndarray, to_image: np.ndarray) -> np.ndarray | None:
    """(3) over the pairs (N, 2) that move like most: background seen through the region must not drag the mean."""
    displacement = (end - start).astype(np.float64)
    if len(displacement) < _MIN_PAIRS:
        return None
    middle = np.median(displacement, 0)
    off = np.linalg.norm(displacement - middle, axis=1)
    return displacement[off <= max(1.0, 2 * np.median(off))].mean(0) * to_image
