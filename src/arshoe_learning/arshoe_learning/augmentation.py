"""Random changes to a training picture and its labels, made anew each time it is used."""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_core.types import MASK_BACKGROUND
from arshoe_learning.coco_dataset import Sample
from arshoe_perception.preprocessing import PAD_VALUE


@dataclass(frozen=True)
class AugmentationConfig:
    """How much is changed; probabilities in 0 to 1.

    Attributes:
        rotation: largest turn in radians, either way.
        any_turn: probability of a turn by any angle instead. Turned round, a person seen from the front is seen as
            wearers see themselves: the foot on the left is the left one.
        scale: smallest and largest zoom.
        shift: largest shift, fraction of the picture.
        aim: probability that a foot, not the middle of the picture, is what the shift starts from.
        flip, colour, blur, noise, jpeg, cutout, bars: probability of each; bars are what letterboxing leaves.
    """

    rotation: float = 0.6
    any_turn: float = 0.0
    scale: tuple[float, float] = (0.8, 2.1)
    shift: float = 0.2
    aim: float = 0.6
    flip: float = 0.5
    colour: float = 0.8
    blur: float = 0.25
    noise: float = 0.3
    jpeg: float = 0.25
    cutout: float = 0.25
    bars: float = 0.4


def augment(sample: Sample, size: int, config: AugmentationConfig, rng: np.random.Generator) -> Sample:
    """A changed copy of the sample, size x size pixels.

    Keypoints are anatomical, so a mirrored left foot is a right foot with the same keypoint numbers: a flip moves
    points and renames none.
    """
    image, mask, keypoints = _warp(sample, random_transform(sample, size, config, rng), size)
    if rng.random() < config.cutout:
        _cut_out(image, mask, rng)
    if rng.random() < config.blur:
        image = _blur(image, rng)
    if rng.random() < config.colour:
        image = _recolour(image, rng)
    if rng.random() < config.noise:
        noise = cv2.randn(np.empty(image.shape, np.int16), (0,) * 3, (float(rng.uniform(2, 14)),) * 3)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < config.jpeg:
        quality = int(rng.integers(25, 90))
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    if rng.random() < config.bars:
        keypoints = _add_bars(image, mask, keypoints, rng)
    return Sample(image, mask, keypoints)


def resize_sample(sample: Sample, size: int) -> Sample:
    """The sample unchanged but for its size; for validation."""
    scale = size / sample.image.shape[0]
    if scale == 1:
        return sample
    offset = scale / 2 - 0.5
    return Sample(*_warp(sample, np.array([[scale, 0, offset], [0, scale, offset]]), size))


def random_transform(sample: Sample, size: int, config: AugmentationConfig, rng: np.random.Generator) -> np.ndarray:
    """(2, 3) affine from pixels of the sample to pixels of the size x size result."""
    source_size = sample.image.shape[0]
    angle = rng.uniform(-config.rotation, config.rotation) * rng.uniform()
    if config.any_turn and rng.random() < config.any_turn:
        angle = rng.uniform(-np.pi, np.pi)
    zoom = np.exp(rng.uniform(*np.log(config.scale))) * size / source_size
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    linear = np.array([[c, -s], [s, c]])
    if rng.random() < config.flip:
        linear = linear @ np.diag([-1.0, 1.0])
    centre = np.full(2, (source_size - 1) / 2)
    feet = [] if sample.keypoints is None else [p for p in sample.keypoints if np.isfinite(p).any()]
    if feet and rng.random() < config.aim:
        centre = np.nanmean(feet[rng.integers(len(feet))], 0)
    target = (size - 1) / 2 + rng.uniform(-config.shift, config.shift, 2) * size
    return np.column_stack([linear, target - linear @ centre])


def _warp(sample: Sample, transform: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    image = cv2.warpAffine(sample.image, transform, (size, size), flags=cv2.INTER_LINEAR, borderValue=(PAD_VALUE,) * 3)
    mask = cv2.warpAffine(sample.mask, transform, (size, size), flags=cv2.INTER_NEAREST, borderValue=MASK_BACKGROUND)
    if sample.keypoints is None:
        return image, mask, None
    return image, mask, (sample.keypoints @ transform[:, :2].T + transform[:, 2]).astype(np.float32)


def _cut_out(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> None:
    """Lay a plain rectangle over the picture, in place: something in front, so background in the mask."""
    size = image.shape[0]
    width, height = rng.integers(size // 16, size // 4, 2)
    x, y = rng.integers(0, size - width), rng.integers(0, size - height)
    image[y : y + height, x : x + width] = rng.integers(0, 256, 3)
    mask[y : y + height, x : x + width] = MASK_BACKGROUND


def _add_bars(
    image: np.ndarray, mask: np.ndarray, keypoints: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray | None:
    """Cut the picture to 4:3 or 16:9, in place, and return the keypoints without those that it loses."""
    size = image.shape[0]
    bar = round(size * rng.choice([1 / 8, 7 / 32]))
    upright = rng.random() < 0.25
    for part in (np.s_[:bar], np.s_[size - bar :]):
        area = (slice(None), part) if upright else part
        image[area], mask[area] = PAD_VALUE, MASK_BACKGROUND
    if keypoints is None:
        return None
    across = keypoints[..., :1] if upright else keypoints[..., 1:]
    return np.where((across > bar - 0.5) & (across < size - bar - 0.5), keypoints, np.nan).astype(np.float32)


def _blur(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Out of focus, or smeared along a line by motion."""
    if rng.random() < 0.5:
        return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 1.5)))
    length, angle = rng.uniform(2, 9), rng.uniform(0, np.pi)
    kernel = np.zeros((11, 11), np.float32)
    step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = np.round(5 - step).astype(int), np.round(5 + step).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def _recolour(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brightness, contrast, gamma and white balance as one table per channel, and saturation."""
    levels = np.linspace(0, 1, 256)[:, None] ** np.exp(rng.uniform(-0.5, 0.5)) * np.exp(rng.uniform(-0.15, 0.15, 3))
    levels = (levels - 0.5) * np.exp(rng.uniform(-0.35, 0.35)) + 0.5 + rng.uniform(-0.15, 0.15)
    table = np.clip(levels * 255, 0, 255).astype(np.uint8)[:, None]
    image = cv2.LUT(image, table)
    if rng.random() < 0.5:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        keep = float(rng.uniform(0, 1.4))
        image = cv2.addWeighted(image, keep, grey, 1 - keep, 0)
    return image
