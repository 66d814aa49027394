"""Floor painted over the real foot, against floors that are known."""

import cv2
import numpy as np

from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT, MASK_LEG
from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_render.floor_fill import fill_floor

SHAPE = (240, 320)
V, U = np.mgrid[: SHAPE[0], : SHAPE[1]]


def disc(x, y, radius):
    return (U - x) ** 2 + (V - y) ** 2 <= radius**2


def floor(noise=0.0):
    """A floor with a gradient and broad stripes (H, W, 3) uint8."""
    grey = 110 + 0.2 * U + 8 * np.sin(V / 25) + np.random.default_rng(0).normal(0, noise, SHAPE)
    return np.dstack([grey, grey + 10, grey - 20]).clip(0, 255).astype(np.uint8)


def standing(foot, leg=None):
    """A white foot on the floor: picture, mask."""
    picture, mask = floor(noise=3), np.zeros(SHAPE, np.uint8)
    picture[foot], mask[foot] = 245, MASK_FOOT
    if leg is not None:
        picture[leg], mask[leg] = 20, MASK_LEG
    return picture, mask


NOWHERE, EVERYWHERE = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)


def test_a_foot_becomes_the_floor_that_was_under_it():
    foot = disc(160, 120, 25)
    picture, mask = standing(foot)
    painted = fill_floor(picture, mask, EVERYWHERE, NOWHERE, 320)
    error = np.abs(picture.astype(int) - floor())[foot]
    assert np.median(error) < 4 and np.percentile(error, 95) < 10
    assert painted[foot].all() and not painted[~disc(160, 120, 32)].any()


def test_leg_what_is_kept_and_what_is_far_away_stay():
    foot, leg, keep = disc(160, 140, 25), (abs(U - 160) < 12) & (V < 120), disc(145, 140, 8)
    picture, mask = standing(foot, leg)
    before = picture.copy()
    near = disc(160, 150, 60)
    fill_floor(picture, mask, near, keep, 320)
    for same in (leg, keep, ~near):
        np.testing.assert_array_equal(picture[same], before[same])
    assert np.abs(picture.astype(int) - floor())[disc(172, 150, 6)].max() < 15


def test_without_foot_or_without_floor_nothing_changes():
    for mask in (np.zeros(SHAPE, np.uint8), np.full(SHAPE, MASK_FOOT, np.uint8)):
        picture = floor()
        assert not fill_floor(picture, mask, EVERYWHERE, NOWHERE, 320).any()
        np.testing.assert_array_equal(picture, floor())


def test_the_fill_stays_steady_while_the_masks_edge_trembles():
    foot, random = disc(160, 120, 25), np.random.default_rng(1)
    frames = []
    for _ in range(12):
        picture, mask = standing(foot)
        wobble = 25 + 2 * cv2.resize(random.normal(0, 1, (6, 8)), SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
        trembling = np.hypot(U - 160, V - 120) <= wobble
        mask = np.where(trembling, MASK_FOOT, MASK_BACKGROUND).astype(np.uint8)
        fill_floor(picture, mask, EVERYWHERE, NOWHERE, 320)
        frames.append(picture[disc(160, 120, 20)].astype(float))
    assert np.std(frames, axis=0).mean() < 1.5


def test_a_shoe_too_small_shows_floor_around_it_instead_of_the_foot(stage):
    scene = stage.scene(60, 45, 0.6)
    small = {"shoe_scale": 0.8, "contact_shadow": 0.0}
    plain, hidden = (
        TryOnRenderer(TryOnConfig(hide_real=hide, **small)).render(scene.image, scene.mask, scene.camera, [scene.pose])
        for hide in (False, True)
    )
    toes = (scene.mask == MASK_FOOT) & (np.abs(plain.astype(int) - scene.image).max(2) == 0)
    toes &= np.arange(scene.mask.shape[0])[:, None] > np.flatnonzero((scene.mask == MASK_FOOT).any(1)).mean()
    assert toes.sum() > 200
    before, after = (np.abs(p[toes].astype(int) - 150).mean() for p in (plain, hidden))
    assert after < 0.4 * before
    np.testing.assert_array_equal(hidden[scene.mask == MASK_LEG], plain[scene.mask == MASK_LEG])
