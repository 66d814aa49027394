"""What a camera's picture tells of its light, blur and noise, so that a rendered shoe can be made to match."""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT
from arshoe_render.light import SRGB_TO_LINEAR, Light, hemisphere_sh

_LINEAR = SRGB_TO_LINEAR.astype(np.float32)
_LUMINANCE = np.float32([0.2126, 0.7152, 0.0722])
_EVERY, _SMOOTHING = 3, 0.3
"""Every third frame is measured, and so much of it enters the estimate: a time constant of 10 frames."""
_SAMPLES = 64
"""The feet's surroundings are looked at with about so many samples a side."""
_DETAIL = 160
"""Blur and noise are measured around the feet, at most so many pixels a side."""
_MIN_BAND = 30
_LARGEST_BLUR, _LARGEST_NOISE = 3.0, 2.5


@dataclass(frozen=True)
class FrameLook:
    """How a picture looks around the feet.

    Attributes:
        light: in the camera frame.
        blur: standard deviation of a Gaussian that blurs edges as they are blurred here, px.
        noise: standard deviation of the noise, grey levels of 255.
    """

    light: Light
    blur: float
    noise: float


class FrameLookEstimator:
    """Measures a video and smooths over time; light changes slowly. Call `reset` when time jumps."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget earlier frames."""
        self._state: np.ndarray | None = None
        self._frames = 0

    def __call__(self, image: np.ndarray, mask: np.ndarray, up: np.ndarray) -> FrameLook:
        """The look of the next frame.

        Args:
            image: (H, W, 3) uint8 BGR, the feet's surroundings.
            mask: (H, W) uint8, 0 background, 1 leg, 2 foot.
            up: (3,) unit vector, the floor's normal in the camera frame.
        """
        if self._frames % _EVERY == 0:
            measured = _measure(image, mask, up)
            self._state = measured if self._state is None else self._state + _SMOOTHING * (measured - self._state)
        self._frames += 1
        log_light, floor, slope, up, (blur, noise) = np.split(self._state, [3, 6, 8, 11])
        return FrameLook(_light(np.exp(log_light), floor, slope, up), float(blur), float(noise))


def _measure(image: np.ndarray, mask: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Light, floor, slope, up, blur and noise of one frame in a vector (13,), so that they are smoothed alike."""
    step = max(1, max(mask.shape) // _SAMPLES)
    labels = np.ascontiguousarray(mask[::step, ::step])
    linear = _LINEAR[image[::step, ::step, ::-1]]
    luminance = linear @ _LUMINANCE
    parts = [_level_and_tint(linear, luminance), _floor(linear, labels), _slope(luminance, labels), up]
    return np.concatenate([*parts, _detail(image, mask)])


def _level_and_tint(linear: np.ndarray, luminance: np.ndarray) -> np.ndarray:
    """Logarithm (3,) of what a white surface facing up would send on here.

    Its level is between three guesses: that the mean of the picture is a middle grey (exposure is automatic), that
    the brightest things are nearly white, and 1. Its colour is shades of grey (Finlayson and Trezzi, 2004): the
    brighter a pixel, the more it tells of the light's colour. Lamps and skies are bluish to reddish, so that green
    is rather the grass.
    """
    mean, bright = luminance.mean() + 1e-3, np.percentile(luminance, 97) + 1e-3
    level = 0.25 * np.log(mean / 0.2) + 0.5 * np.log(bright / 0.7)
    cube = cv2.pow(linear + 1e-3, 3)
    norm = np.mean(cube * cube, (0, 1)) ** (1 / 6)
    tint = 0.7 * np.log(norm / norm.mean())
    tint = tint - 0.7 * (tint[1] - (tint[0] + tint[2]) / 2) * np.array([-1, 2, -1]) / 3
    return np.clip(level, np.log(0.12), np.log(1.3)) + np.clip(tint, np.log(0.75), np.log(1.3))


def _floor(linear: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean linear colour (3,) of what is not the wearer."""
    floor = linear[labels == MASK_BACKGROUND]
    return floor.mean(0) if len(floor) else linear.mean((0, 1))


def _slope(luminance: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much brighter legs and feet are on one side than on the other: (2,), log units per unit of x and y.

    Along their outline the normals of round things lie in the picture, so the brightness there tells the direction of
    the light in the picture (Lopez-Moreno et al., 2010).
    """
    inside = labels != MASK_BACKGROUND
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.5)
    gradient = np.stack([cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)], -1)
    length = np.linalg.norm(gradient, axis=-1)
    band = inside & (soft < 0.95) & (length > 0.05)
    if band.sum() < _MIN_BAND:
        return np.zeros(2)
    outward, bright = -gradient[band] / length[band][:, None], np.log(luminance[band] + 0.02)
    for label in np.unique(labels[band]):  # skin and shoe differ by themselves
        part = labels[band] == label
        bright[part] -= np.median(bright[part])
    slope = np.linalg.solve(outward.T @ outward + _MIN_BAND * np.eye(2), outward.T @ bright.clip(-1, 1))
    return slope / max(1.0, np.linalg.norm(slope) / 0.8)


def _detail(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Blur (px) and noise (grey levels) around the feet, (2,)."""
    x, y, w, h = cv2.boundingRect((mask == MASK_FOOT).view(np.uint8))
    if not w:
        x, y, h, w = 0, 0, *mask.shape
    x, y = max(x + (w - _DETAIL) // 2, 0), max(y + (h - _DETAIL) // 2, 0)
    part = np.s_[y : y + _DETAIL, x : x + _DETAIL]
    gray = cv2.cvtColor(image[part], cv2.COLOR_BGR2GRAY)
    # The feet's outline, where steps in brightness are; it is found to some pixels.
    feet = (mask[part] == MASK_FOOT).view(np.uint8)
    outline = cv2.morphologyEx(feet, cv2.MORPH_GRADIENT, np.ones((15, 15), np.uint8))
    return np.array([_blur(gray, outline if w else None), _noise(gray)])


def _blur(gray: np.ndarray, where: np.ndarray | None = None) -> float:
    """From the ratio of the first and second derivative of the strongest edges (the norms are those of order 4).

    Of a step blurred by s, that ratio squared is 1.93 + 1.4 s^2 here, with the smoothing of 1 px against noise;
    measured on polygons.
    """
    smooth = cv2.GaussianBlur(gray.astype(np.int16), (5, 5), 1.0)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    first = cv2.norm(dx * dx + dy * dy, cv2.NORM_L2, where)
    second = cv2.norm(cv2.pow(cv2.Laplacian(smooth, cv2.CV_32F), 2), cv2.NORM_L2, where)
    if first < 1e-6 or second < 1e-6:
        return 0.0
    return float(np.sqrt(np.clip((first / second - 1.93) / 1.4, 0, _LARGEST_BLUR**2)))


def _noise(gray: np.ndarray) -> float:
    """By the Laplacian that is blind to edges (Immerkaer, 1996), in the smoothest parts of the picture."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(gray, cv2.CV_32F, kernel))
    parts = cv2.resize(response, (12, 12), interpolation=cv2.INTER_AREA)
    return float(min(np.sqrt(np.pi / 2) / 6 * np.percentile(parts, 5), _LARGEST_NOISE))


def _light(white: np.ndarray, floor: np.ndarray, slope: np.ndarray, up: np.ndarray) -> Light:
    """The light that makes a white surface facing up `white` (3,): sky and floor around, and one direction.

    The more sides differ, the more of it has a direction. It comes from above, from the side that is brighter, and a
    little from the camera's side.
    """
    up = up / max(np.linalg.norm(up), 1e-6)
    direction = up + 2.0 * np.array([slope[0], slope[1], 0]) - (0, 0, 0.3)
    direction /= np.linalg.norm(direction)
    share = min(0.3 + 0.8 * float(np.linalg.norm(slope)), 0.65)
    sky = (1 - share) * white
    return Light(
        hemisphere_sh(up, sky, np.minimum(0.7 * floor, sky)), direction, share * white / max(direction @ up, 0.5)
    )
