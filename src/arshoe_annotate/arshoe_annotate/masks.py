"""Masks: made from the fitted models and the network, corrected by brush and GrabCut. Values as arshoe_core.types."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.errors import BadInputError, require_choice
from arshoe_core.files import write_file
from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT, MASK_IGNORE, MASK_LEG

VALUES = {"background": MASK_BACKGROUND, "leg": MASK_LEG, "foot": MASK_FOOT, "ignore": MASK_IGNORE}
_COLORS = {MASK_LEG: (255, 120, 0), MASK_FOOT: (0, 200, 255), MASK_IGNORE: (160, 0, 160)}
_GRABCUT_ROUNDS = 4
_GRABCUT_BAND = 0.06
"""How far GrabCut may move the foot's edge, in extents of the foot's box."""


@dataclass(frozen=True)
class MaskChange:
    """A step in a picture's mask: PNG files before and after, None where there is none."""

    name: str
    file: Path
    before: bytes | None
    after: bytes | None

    def inverse(self) -> "MaskChange":
        """The change that undoes this one."""
        return MaskChange(self.name, self.file, self.after, self.before)

    def apply(self) -> "MaskChange":
        """Write the file.

        Raises:
            BadInputError: if it can't be written.
        """
        if self.after is not None:
            write_file(self.file, self.after)
            return self
        try:
            self.file.unlink(missing_ok=True)
        except OSError as error:
            raise BadInputError(f"can't write {str(self.file)!r}: {error.strerror}") from error
        return self


def combined(models: np.ndarray, network_mask: np.ndarray) -> np.ndarray:
    """The network's mask with the fitted models, (H, W) bool where one is seen, put over it as foot."""
    mask = network_mask.copy()
    mask[models] = MASK_FOOT
    return mask


def painted(mask: np.ndarray, stroke: np.ndarray, radius: float, value: int) -> np.ndarray:
    """A brush stroke along points (N, 2) px of the given radius; value 0 is the eraser. Returns a new mask."""
    require_choice("mask value", value, tuple(VALUES.values()))
    mask = mask.copy()
    points = np.rint(np.asarray(stroke, np.float64)).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(mask, [points], False, value, max(1, round(2 * radius)))
    cv2.circle(mask, tuple(map(int, points[0, 0])), round(radius), value, -1)
    return mask


def cut(image_bgr: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The feet's edges moved to the picture's by GrabCut, within a narrow band. Returns a new mask.

    Each connected foot is cut on its own. What is no longer foot becomes background; leg stays leg.
    """
    count, parts, boxes, _ = cv2.connectedComponentsWithStats((mask == MASK_FOOT).astype(np.uint8))
    result = mask.copy()
    for part in range(1, count):
        x, y, width, height, area = boxes[part]
        band = max(3, round(_GRABCUT_BAND * max(width, height)))
        if area < 50:
            continue
        rows = slice(max(0, y - 2 * band), y + height + 2 * band)
        columns = slice(max(0, x - 2 * band), x + width + 2 * band)
        foot = (parts[rows, columns] == part).astype(np.uint8)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
        sure, reach = cv2.erode(foot, kernel), cv2.dilate(foot, kernel)
        seeds = np.where(foot > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        seeds[sure > 0], seeds[reach == 0] = cv2.GC_FGD, cv2.GC_BGD
        window = result[rows, columns]
        seeds[(window == MASK_LEG) | (window == MASK_IGNORE)] = cv2.GC_BGD
        if not (sure.any() and (seeds == cv2.GC_BGD).any()):
            continue
        models = np.zeros((1, 65)), np.zeros((1, 65))
        seeds = cv2.grabCut(image_bgr[rows, columns], seeds, None, *models, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)[0]
        kept = (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)
        window[(foot > 0) & ~kept] = MASK_BACKGROUND
        window[kept] = MASK_FOOT
    return result


def read(file: Path) -> np.ndarray | None:
    """A mask (H, W) uint8; None where there is no file.

    Raises:
        BadInputError: if the file is no grey picture.
    """
    if not file.exists():
        return None
    mask = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if mask is None or mask.ndim != 2:
        raise BadInputError(f"mask is {str(file)!r}: not a grey picture")
    return mask


def tinted(image_bgr: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A picture with a mask's classes tinted, (H, W, 3) uint8."""
    picture = image_bgr.copy()
    for value, color in _COLORS.items():
        picture[mask == value] = picture[mask == value] // 2 + np.array(color, np.uint8) // 2
    return picture
