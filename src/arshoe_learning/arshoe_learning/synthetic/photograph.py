"""From a clean rendering to what a phone's camera and its JPEG make of it."""

import cv2
import numpy as np


def photograph(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exposure, white balance, contrast, blur, motion blur, noise.

    Args:
        picture: (H, W, 3) uint8 BGR.

    Returns:
        (H, W, 3) uint8 BGR; nothing moves by more than the blur's symmetric kernel.
    """
    gain = np.exp(rng.normal(0, 0.16)) * np.exp(rng.normal(0, 0.05, 3))
    table = (np.arange(256) / 255)[:, None] * gain
    gamma, contrast = np.exp(rng.normal(0, 0.12)), rng.uniform(0.85, 1.2)
    table = (table.clip(0, None) ** gamma - 0.45) * contrast + 0.45 + rng.uniform(-0.03, 0.05)
    table = (table * 255).clip(0, 255).astype(np.uint8)
    picture = cv2.LUT(picture, table[None])
    if rng.random() < 0.35:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.5))
    if rng.random() < 0.18:
        picture = _motion_blur(picture, rng)
    if rng.random() < 0.7:
        noise = rng.standard_normal(picture.shape, np.float32)
        if rng.random() < 0.5:
            noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.6
        picture = (picture + noise * rng.uniform(1, 9)).clip(0, 255).astype(np.uint8)
    return picture


def _motion_blur(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    half, angle = rng.integers(1, 6), rng.uniform(0, np.pi)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    offset = half * np.array([np.cos(angle), np.sin(angle)])
    first, last = (tuple(int(v) for v in np.round(half + sign * offset)) for sign in (-1, 1))
    cv2.line(kernel, first, last, 1.0)
    kernel = kernel + kernel[::-1, ::-1]
    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
