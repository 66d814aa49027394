"""Augmented pictures and their labels stay together."""

import cv2
import numpy as np
import pytest

from arshoe_learning.augmentation import AugmentationConfig, augment, resize_sample
from arshoe_learning.coco_dataset import Sample

GEOMETRY_ONLY = AugmentationConfig(colour=0, blur=0, noise=0, jpeg=0, cutout=0, bars=0)


def dotted_sample():
    """Eight bright discs at the keypoints on black, mask 2 on them."""
    rng = np.random.default_rng(1)
    points = rng.uniform(70, 180, (1, 8, 2)).astype(np.float32)
    mask = np.zeros((256, 256), np.uint8)
    for x, y in points[0]:
        cv2.circle(mask, (round(float(x)), round(float(y))), 4, 2, -1)
    return Sample(np.repeat((mask > 0)[..., None], 3, 2).astype(np.uint8) * 255, mask, points)


@pytest.mark.parametrize("seed", range(8))
def test_keypoints_move_with_the_picture(seed):
    sample = augment(dotted_sample(), 192, GEOMETRY_ONLY, np.random.default_rng(seed))
    assert sample.image.shape == (192, 192, 3)
    for x, y in sample.keypoints[0]:
        if 1 < x < 190 and 1 < y < 190:
            u, v = round(float(x)), round(float(y))
            assert sample.mask[v, u] == 2 and sample.image[v, u, 0] > 200


def test_a_flip_renames_no_keypoint():
    flip = AugmentationConfig(0, (1, 1), 0, 0, 1, 0, 0, 0, 0, 0, 0)
    sample = dotted_sample()
    flipped = augment(sample, 256, flip, np.random.default_rng(0))
    np.testing.assert_allclose(flipped.keypoints[..., 0], 255 - sample.keypoints[..., 0], atol=1e-3)
    np.testing.assert_allclose(flipped.keypoints[..., 1], sample.keypoints[..., 1], atol=1e-3)


def test_everything_at_once_keeps_types_and_is_repeatable():
    everything = AugmentationConfig(colour=1, blur=1, noise=1, jpeg=1, cutout=1, bars=1)
    for seed in range(6):
        cv2.setRNGSeed(seed)
        a = augment(dotted_sample(), 128, everything, np.random.default_rng(seed))
        cv2.setRNGSeed(seed)
        b = augment(dotted_sample(), 128, everything, np.random.default_rng(seed))
        assert a.image.dtype == np.uint8 and a.mask.shape == (128, 128)
        assert (a.image == b.image).all() and (a.mask == b.mask).all()


def test_resizing_keeps_pixel_centres():
    half = resize_sample(dotted_sample(), 128)
    np.testing.assert_allclose(half.keypoints, (dotted_sample().keypoints + 0.5) / 2 - 0.5, atol=1e-4)
