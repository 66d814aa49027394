"""Augmented pictures and their labels stay together."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from arshoe_learning.augmentation import AugmentationConfig, augment, random_transform, resize_sample
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


@pytest.mark.parametrize("any_turn", [0, 1])
@pytest.mark.parametrize("seed", range(8))
def test_keypoints_move_with_the_picture(seed, any_turn):
    config = replace(GEOMETRY_ONLY, any_turn=any_turn)
    sample = augment(dotted_sample(), 192, config, np.random.default_rng(seed))
    assert sample.image.shape == (192, 192, 3)
    for x, y in sample.keypoints[0]:
        if 1 < x < 190 and 1 < y < 190:
            u, v = round(float(x)), round(float(y))
            assert sample.mask[v, u] == 2 and sample.image[v, u, 0] > 200


def test_a_flip_renames_no_keypoint():
    flip = replace(GEOMETRY_ONLY, rotation=0, scale=(1, 1), shift=0, aim=0, flip=1)
    sample = dotted_sample()
    flipped = augment(sample, 256, flip, np.random.default_rng(0))
    np.testing.assert_allclose(flipped.keypoints[..., 0], 255 - sample.keypoints[..., 0], atol=1e-3)
    np.testing.assert_allclose(flipped.keypoints[..., 1], sample.keypoints[..., 1], atol=1e-3)


def test_some_pictures_turn_by_any_angle():
    config = replace(GEOMETRY_ONLY, any_turn=0.5, flip=0)
    rng = np.random.default_rng(0)
    affines = np.array([random_transform(dotted_sample(), 256, config, rng) for _ in range(400)])
    turned = np.abs(np.arctan2(affines[:, 1, 0], affines[:, 0, 0])) > config.rotation
    assert abs(turned.mean() - 0.5 * (1 - config.rotation / np.pi)) < 0.08


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
