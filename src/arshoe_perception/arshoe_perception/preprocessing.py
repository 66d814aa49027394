"""Image to network input, and back from map cells to image pixels. Training and inference share it.

The picture is scaled to fit a square, centred, and padded with grey (letterbox). Pixel (0, 0) is the centre of the
top-left pixel everywhere, so a scale s takes x to (x + 0.5) s - 0.5.
"""

from typing import NamedTuple

import cv2
import numpy as np

from arshoe_core.errors import BadInputError

INPUT_SIZE = 256
STRIDE = 4
"""Input pixels per map cell: cell (u, v) is centred on input pixel (4u + 1.5, 4v + 1.5)."""

PAD_VALUE = 127
_HALF_RANGE = 127.5


class Region(NamedTuple):
    """A rectangle of an image's pixels: columns left to right - 1, rows top to bottom - 1."""

    left: int
    top: int
    right: int
    bottom: int


class Letterbox(NamedTuple):
    """Where a picture lies in the square it is fitted into.

    Attributes:
        fitted: columns and rows that it takes there.
        left, top: its first column and row there.
        input_to_image: (2, 3) float64, takes a pixel (x, y, 1) of the square to image pixels.
    """

    fitted: tuple[int, int]
    left: int
    top: int
    input_to_image: np.ndarray


def letterbox_of(width: int, height: int, size: int = INPUT_SIZE) -> Letterbox:
    """Where `letterbox` puts a picture of this size."""
    scale = size / max(height, width)
    fit_width, fit_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size - fit_width) // 2, (size - fit_height) // 2
    sx, sy = width / fit_width, height / fit_height
    input_to_image = np.array([[sx, 0, (0.5 - left) * sx - 0.5], [0, sy, (0.5 - top) * sy - 0.5]])
    return Letterbox((fit_width, fit_height), left, top, input_to_image)


def letterbox(image_bgr: np.ndarray, size: int = INPUT_SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Scale a picture into a size x size square, keeping its proportions.

    Args:
        image_bgr: (H, W, 3) uint8.

    Returns:
        square: (size, size, 3) uint8, grey beside the picture.
        input_to_image: (2, 3) float64, takes an input pixel (x, y, 1) to image pixels.

    Raises:
        BadInputError: if the image is not (H, W, 3) uint8, or is empty.
    """
    if image_bgr.dtype != np.uint8 or image_bgr.ndim != 3 or image_bgr.shape[2] != 3 or image_bgr.size == 0:
        raise BadInputError(f"image is {image_bgr.dtype} {image_bgr.shape}; allowed: uint8 (H, W, 3), BGR")
    height, width = image_bgr.shape[:2]
    (fit_width, fit_height), left, top, input_to_image = letterbox_of(width, height, size)
    square = np.full((size, size, 3), PAD_VALUE, np.uint8)
    fitted = square[top : top + fit_height, left : left + fit_width]
    shrink = max(height, width) / size
    if shrink > 1:
        # Plain bilinear skips pixels when shrinking and makes thin things flicker; the mean of several such samples
        # does not, and takes a third of the time of OpenCV's area averaging by a factor that is not whole.
        samples = 2 if shrink < 4 else 4
        image_bgr = cv2.resize(image_bgr, (samples * fit_width, samples * fit_height), interpolation=cv2.INTER_LINEAR)
        cv2.resize(image_bgr, (fit_width, fit_height), dst=fitted, interpolation=cv2.INTER_AREA)
    else:
        cv2.resize(image_bgr, (fit_width, fit_height), dst=fitted, interpolation=cv2.INTER_LINEAR)
    return square, input_to_image


def cell_to_input_pixel(cells: np.ndarray) -> np.ndarray:
    """Map cells (..., 2) of (u, v), fractions too, to input pixels (..., 2)."""
    return np.asarray(cells) * STRIDE + (STRIDE - 1) / 2


def cell_to_image_transform(input_to_image: np.ndarray) -> np.ndarray:
    """(2, 3) float64 taking a cell (u, v, 1) to image pixels, from the transform of input pixels."""
    centre = (STRIDE - 1) / 2
    return input_to_image @ np.array([[STRIDE, 0, centre], [0, STRIDE, centre], [0, 0, 1.0]])


def normalise(images_bgr):
    """Bring uint8 values of an array or tensor of any shape to -1 to 1 floats."""
    return images_bgr / _HALF_RANGE - 1


def preprocess(
    image_bgr: np.ndarray, size: int = INPUT_SIZE, region: Region | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make the network's input of a picture.

    Args:
        image_bgr: (H, W, 3) uint8.
        region: the part of it that is shown, inside the picture; None for all of it.

    Returns:
        input: (1, 3, size, size) float32, BGR in -1 to 1.
        cell_to_image: (2, 3) float64, takes a map cell (u, v, 1) to image pixels.

    Raises:
        BadInputError: if the image is not (H, W, 3) uint8.
    """
    left, top, right, bottom = region or (0, 0, None, None)
    square, input_to_image = letterbox(image_bgr[top:bottom, left:right], size)
    input_to_image[:, 2] += (left, top)
    # The same numbers as `normalise`, laid out as planes in one pass.
    blob = cv2.dnn.blobFromImage(square, 1 / _HALF_RANGE, mean=(_HALF_RANGE,) * 3)
    return blob, cell_to_image_transform(input_to_image)
