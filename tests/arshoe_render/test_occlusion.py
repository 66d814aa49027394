"""The hidden part of the shoe, against a rendered leg that really stands in it."""

import cv2
import numpy as np
import pytest

from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_render.occlusion import silhouette_occlusion, soft_alpha

VIEWS = [
    (azimuth, elevation, distance, lean)
    for azimuth in (-170, -120, -60, -15, 0, 30, 90, 150, 180)
    for elevation, distance, lean in ((20, 0.7, (0.1, 0.0)), (45, 0.6, (0.0, 0.05)), (65, 0.8, (0.15, -0.05)))
]


def hide(shoe, opening, leg, wearer):
    """The occlusion of a flat picture, in which nothing is known of depth."""
    return silhouette_occlusion(shoe, opening, leg, wearer, np.zeros_like(shoe))


def disc(x, y, radius, shape=(120, 160)):
    v, u = np.mgrid[: shape[0], : shape[1]]
    return (u - x) ** 2 + (v - y) ** 2 <= radius**2


@pytest.fixture(scope="module")
def renderers(stage):
    return {
        name: TryOnRenderer(TryOnConfig(occlusion=name, shoe_scale=1.0, contact_shadow=0.0))
        for name in ("silhouette", "mesh", "none")
    }


def changed(picture, image):
    return (picture != image).any(2)


def coarse(mask):
    """The mask as a network's 64 x 64 maps give it."""
    height, width = mask.shape
    small = [cv2.resize((mask == v).astype(np.float32), (64, 48), interpolation=cv2.INTER_AREA) for v in (1, 2)]
    leg, foot = (cv2.resize(m, (width, height), interpolation=cv2.INTER_LINEAR) for m in small)
    return np.where(leg + foot > 0.5, np.where(leg > foot, 1, 2), 0).astype(np.uint8)


@pytest.mark.parametrize(
    ("method", "of_mask", "sock", "hidden_floor", "visible_floor"),
    [
        ("silhouette", np.copy, 0.0, 0.8, 0.95),
        ("silhouette", coarse, 0.0, 0.8, 0.95),
        ("silhouette", coarse, 0.14, 0.7, 0.93),
        ("mesh", np.copy, 0.0, 0.7, 0.9),
    ],
)
def test_hidden_part_matches_a_real_leg(stage, renderers, method, of_mask, sock, hidden_floor, visible_floor):
    hidden_ious, visible_ious = [], []
    for azimuth, elevation, distance, lean in VIEWS:
        scene = stage.scene(azimuth, elevation, distance, lean, sock)
        drawn, alone = (
            changed(renderers[name].render(scene.image, of_mask(scene.mask), scene.camera, [scene.pose]), scene.image)
            for name in (method, "none")
        )
        hidden = alone & ~drawn
        hidden_ious.append((hidden & scene.hidden).sum() / (hidden | scene.hidden).sum())
        visible_ious.append((drawn & scene.visible).sum() / (drawn | scene.visible).sum())
    hidden_iou, visible_iou = np.mean(hidden_ious), np.mean(visible_ious)
    print(f"{method}, {of_mask.__name__}, sock {sock}: IoU hidden {hidden_iou:.3f}, visible {visible_iou:.3f}")
    assert hidden_iou > hidden_floor
    assert visible_iou > visible_floor


def test_leg_that_crosses_twice_hides_the_far_collar():
    shoe, opening = disc(80, 60, 40), disc(80, 50, 15)
    leg = np.zeros_like(shoe)
    leg[:50, 70:90] = True
    hidden = hide(shoe & ~opening, opening, leg, leg | opening)
    assert hidden[25, 80], "the collar behind the leg is hidden"
    assert hidden[50, 80], "the opening is hidden"
    assert not hidden[80, 80], "the shoe's front stays"
    assert not hidden[60, 45], "the shoe's side stays"


def test_leg_that_does_not_reach_the_outline_hides_only_the_opening():
    shoe, opening = disc(80, 60, 40), disc(80, 60, 15)
    leg = disc(80, 60, 10)
    hidden = hide(shoe & ~opening, opening, leg, disc(80, 60, 80))
    np.testing.assert_array_equal(hidden, opening)


def test_leg_over_everything_hides_only_the_opening():
    shoe, opening = disc(80, 60, 40), disc(80, 60, 15)
    everything = np.ones_like(shoe)
    np.testing.assert_array_equal(hide(shoe & ~opening, opening, everything, everything), opening)


def test_of_more_than_two_crossings_the_longest_part_counts():
    shoe, opening = disc(80, 60, 40), disc(80, 50, 15)
    leg = np.zeros_like(shoe)
    leg[:50, 65:95] = True
    leg[95:, 76:84] = True  # something else labelled leg below the shoe
    hidden = hide(shoe & ~opening, opening, leg, np.ones_like(shoe))
    assert hidden[25, 80]
    assert not hidden[98, 80]


def test_leg_that_leaves_the_picture():
    shoe, opening = disc(80, 10, 40), disc(80, 5, 15)
    leg = np.zeros_like(shoe)
    leg[:15, 65:95] = True
    hidden = hide(shoe & ~opening, opening, leg, leg)
    assert hidden[2, 80]
    assert not hidden[40, 80]


def test_leg_hides_only_what_is_farther_away_than_the_opening():
    shoe, opening = disc(80, 60, 40), disc(80, 60, 10)
    leg = np.zeros_like(shoe)
    leg[30:90, 60:100] = True  # inside the outline: no crossings
    farther = np.zeros_like(shoe)
    farther[:60] = True
    hidden = silhouette_occlusion(shoe & ~opening, opening, leg, leg, farther)
    assert hidden[40, 80] and not hidden[80, 80] and not hidden[40, 50]


def test_an_opening_that_faces_away_hides_nothing():
    shoe = disc(80, 60, 40)
    assert not hide(shoe, np.zeros_like(shoe), shoe, shoe).any()
    nothing = np.zeros_like(shoe)
    assert not hide(nothing, nothing, shoe, shoe).any()


def test_inside_of_the_shoe_is_drawn_where_nobody_is():
    shoe, opening = disc(80, 60, 40), disc(80, 50, 15)
    nobody = np.zeros_like(shoe)
    assert not hide(shoe & ~opening, opening, nobody, nobody).any()


def test_soft_alpha_fades_inwards_only():
    region = disc(80, 60, 30)
    alpha = soft_alpha(region)
    assert alpha[~region].max() == 0
    assert (alpha[disc(80, 60, 27)] == 255).all()
    assert ((alpha > 0) & (alpha < 255)).sum() > 50
