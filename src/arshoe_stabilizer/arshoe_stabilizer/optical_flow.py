"""Where each tracked foot's corners have moved in the image since the last frame: FAST, bidirectional Lucas-Kanade."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from arshoe_core.types import MASK_FOOT

_WINDOW = (11, 11)
_LEVELS = 3
_EDGE = 7
"""Pixels: corners keep half of this from the foot's edge, where most of a window sees what is behind."""
_MARGIN = 40
"""Pixels around a region that are looked at: a corner that moves farther is lost."""
_FAST_THRESHOLD, _FAST_RADIUS = 5, 3
_CELL = 8
"""Pixels; at most one corner of a square this large: corners all over the foot tell its rotation best."""
_MIN_PAIRS = 5
_MAX_RETURN_ERROR = 0.7
"""Pixels of the reduced frame; a corner that flow does not take back to where it came from is dropped."""
_STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 15, 0.01)
_THUMBNAIL = (16, 12)
_CUT_DIFFERENCE, _CUT_CONTRAST = 5.0, 1.2
"""A scene has changed where two thumbnails differ by more than this: mean grey levels without brightness, and the same
relative to their mean contrast. Pictures that have nothing to do with each other differ by 1.4 contrasts."""


@dataclass(frozen=True)
class CornerPairs:
    """Corners of one foot followed from the last frame to the current one: start, end (N, 2) float64, image px."""

    start: np.ndarray
    end: np.ndarray

    @cached_property
    def mean_displacement(self) -> np.ndarray:
        """The paper's (3), (2,) px, over the corners that move like most: background must not drag the mean."""
        displacement = self.end - self.start
        middle = np.median(displacement, 0)
        off = np.linalg.norm(displacement - middle, axis=1)
        return displacement[off <= max(1.0, 2 * np.median(off))].mean(0)


@dataclass(frozen=True)
class _Frame:
    """Grey picture and mask (uint8), reduced; `to_image` (2,) takes their x, y to image px."""

    gray: np.ndarray
    mask: np.ndarray
    thumbnail: np.ndarray
    to_image: np.ndarray


class OpticalFlow:
    """Holds the current and the last frame; follows corners from the one to the other."""

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
        gray = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY)
        if width > self._width:
            size = (self._width, round(height * self._width / width))
            gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
            mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
        every = max(1, gray.shape[1] // 80)
        thumbnail = cv2.resize(gray[::every, ::every], _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        to_image = np.array([width / gray.shape[1], height / gray.shape[0]])
        self._last, self._current = self._current, _Frame(gray, mask, thumbnail - thumbnail.mean(), to_image)
        if self._last is not None and self._last.gray.shape != gray.shape:
            self._last = None

    def pop(self) -> None:
        """Undo the last `push`: its frame was given up."""
        self._last, self._current = None, self._last

    def is_cut(self) -> bool:
        """Whether the current frame shows another scene than the last one."""
        if self._last is None:
            return False
        last, current = self._last.thumbnail, self._current.thumbnail
        contrast = (np.abs(last).mean() + np.abs(current).mean()) / 2
        return float(np.abs(current - last).mean()) > max(_CUT_DIFFERENCE, _CUT_CONTRAST * contrast)

    def follow(self, regions: list[np.ndarray], guesses: list[np.ndarray] | None = None) -> list[CornerPairs | None]:
        """Follow the corners of feet.

        Args:
            regions: convex polygons (N, 2) around the feet of the last frame, image px, those nearest to the camera
                last.
            guesses: how far each may have moved since, (2,) px; the search starts there. None: not at all.

        Returns:
            For each region its corners, or None where too few could be followed.
        """
        if self._last is None:
            return [None] * len(regions)
        labels = np.zeros(self._last.gray.shape, np.uint8)
        hulls = [self._hull(region) for region in regions]
        for i, hull in enumerate(hulls):
            cv2.fillConvexPoly(labels, hull, i + 1)
        guesses = guesses or [np.zeros(2)] * len(regions)
        return [self._follow_one(hull, labels, i + 1, guesses[i]) for i, hull in enumerate(hulls)]

    def _hull(self, region: np.ndarray) -> np.ndarray:
        """Convex hull of image px in px of the reduced frame, (M, 1, 2) int32."""
        reduced = (region + 0.5) / self._current.to_image - 0.5
        return cv2.convexHull(np.rint(np.clip(reduced, -1e4, 1e4)).astype(np.int32))

    def _follow_one(self, hull: np.ndarray, labels: np.ndarray, label: int, guess: np.ndarray) -> CornerPairs | None:
        guess = np.rint(guess / self._current.to_image).astype(int)
        tight, corner = _box(hull, _FAST_RADIUS, np.zeros(2, int), labels.shape)
        allowed = _inner(labels[tight] == label, self._last.mask[tight] == MASK_FOOT)
        corners = self._corners(self._last.gray[tight], allowed)
        wide, low = _box(hull, _MARGIN, guess, labels.shape)
        start, end = _follow(self._last.gray[wide], self._current.gray[wide], corners + (corner - low), guess)
        if len(start) < _MIN_PAIRS:
            return None
        start, end = ((points + low + 0.5) * self._current.to_image - 0.5 for points in (start, end))
        return CornerPairs(start, end)

    def _corners(self, gray: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """The strongest corners (N, 2) float32 where allowed (uint8), one of a cell."""
        found = self._fast.detect(gray, allowed)
        if not found:
            return np.zeros((0, 2), np.float32)
        strongest_first = np.argsort([-k.response for k in found], kind="stable")
        points = cv2.KeyPoint_convert(found)[strongest_first]
        x, y = (points // _CELL).astype(int).T
        _, first_of_cell = np.unique(y * gray.shape[1] + x, return_index=True)
        return points[np.sort(first_of_cell)[: self._max_corners]]


def _box(
    hull: np.ndarray, margin: int, guess: np.ndarray, shape: tuple[int, int]
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Rows and columns around a hull (M, 1, 2) that may move by guess (2,), and the first x, y of them."""
    size = np.array(shape[::-1])
    guess = np.clip(guess, -size // 4, size // 4)
    low = np.clip(hull.min((0, 1)) - margin + np.minimum(guess, 0), 0, size - 1)
    high = np.clip(hull.max((0, 1)) + margin + 1 + np.maximum(guess, 0), low + 1, size)
    return (slice(low[1], high[1]), slice(low[0], high[0])), low


def _inner(region: np.ndarray, foot: np.ndarray) -> np.ndarray:
    """Where corners of a region (bool) may be, uint8: on the foot, not at its edge, where windows see the floor."""
    seen = region & foot
    if not seen.any():  # the network has lost the foot
        seen = region
    seen = seen.astype(np.uint8)
    inner = cv2.erode(seen, np.ones((_EDGE, _EDGE), np.uint8))
    return inner if inner.any() else seen


def _follow(
    last: np.ndarray, current: np.ndarray, corners: np.ndarray, guess: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where those corners (N, 2) float32 that flow takes forth and back were and are: both (M, 2) float32."""
    if len(corners) == 0:
        return corners, corners
    corners, guess = corners.astype(np.float32), guess.astype(np.float32)
    settings = {
        "winSize": _WINDOW, "maxLevel": _LEVELS, "criteria": _STOP, "flags": cv2.OPTFLOW_USE_INITIAL_FLOW
    }  # fmt: skip
    here, forth, _ = cv2.calcOpticalFlowPyrLK(last, current, corners, corners + guess, **settings)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(current, last, here, here - guess, **settings)
    kept = (forth[:, 0] > 0) & (returned[:, 0] > 0) & (np.linalg.norm(back - corners, axis=1) < _MAX_RETURN_ERROR)
    return corners[kept], here[kept]
