"""The hidden part of the shoe, against a rendered leg that really stands in it."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.types import MASK_FOOT, MASK_LEG
from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_render.leg_fit import fit_leg
from arshoe_render.occlusion import BEHIND, OPENING, SteadyMask, between_outlines, silhouette_occlusion
from arshoe_render.preview import look_at
from arshoe_render.shoe import load_shoe

VIEWS = [
    (azimuth, elevation, distance, lean)
    for azimuth in (-170, -120, -60, -15, 0, 30, 90, 150, 180)
    for elevation, distance, lean in ((20, 0.7, (0.1, 0.0)), (45, 0.6, (0.0, 0.05)), (65, 0.8, (0.15, -0.05)))
]


def disc(x, y, radius, shape=(120, 160)):
    v, u = np.mgrid[: shape[0], : shape[1]]
    return (u - x) ** 2 + (v - y) ** 2 <= radius**2


@pytest.fixture(scope="module")
def renderers(stage):
    return {
        name: TryOnRenderer(TryOnConfig(occlusion=name, shoe_scale=1.0, contact_shadow=0.0))
        for name in ("silhouette", "mesh", "none")
    }


def undrawn(picture, alone, image):
    """Where a picture is nearer to the bare image than to the one with the whole shoe, (H, W) bool."""
    to_image, to_shoe = (np.abs(picture.astype(int) - other).sum(2) for other in (image, alone))
    return to_image < to_shoe


def coarse(mask):
    """The mask as a network's 64 x 64 maps give it."""
    height, width = mask.shape
    small = [cv2.resize((mask == v).astype(np.float32), (64, 48), interpolation=cv2.INTER_AREA) for v in (1, 2)]
    leg, foot = (cv2.resize(m, (width, height), interpolation=cv2.INTER_LINEAR) for m in small)
    return np.where(leg + foot > 0.5, np.where(leg > foot, 1, 2), 0).astype(np.uint8)


@pytest.mark.parametrize(
    ("method", "of_mask", "sock", "hidden_floor", "visible_floor"),
    [
        ("silhouette", np.copy, 0.0, 0.85, 0.97),
        ("silhouette", coarse, 0.0, 0.85, 0.97),
        ("silhouette", coarse, 0.14, 0.75, 0.95),
        ("mesh", np.copy, 0.0, 0.85, 0.97),
        ("mesh", coarse, 0.14, 0.7, 0.93),
    ],
)
def test_hidden_part_matches_a_real_leg(stage, renderers, method, of_mask, sock, hidden_floor, visible_floor):
    hidden_ious, visible_ious = [], []
    for azimuth, elevation, distance, lean in VIEWS:
        scene = stage.scene(azimuth, elevation, distance, lean, sock)
        for renderer in renderers.values():
            renderer.reset()
        drawn, alone = (
            renderers[name].render(scene.image, of_mask(scene.mask), scene.camera, [scene.pose])
            for name in (method, "none")
        )
        shoe = scene.hidden | scene.visible
        hidden = undrawn(drawn, alone, scene.image) & shoe
        visible = shoe & ~hidden
        hidden_ious.append((hidden & scene.hidden).sum() / (hidden | scene.hidden).sum())
        visible_ious.append((visible & scene.visible).sum() / (visible | scene.visible).sum())
    hidden_iou, visible_iou = np.mean(hidden_ious), np.mean(visible_ious)
    print(f"{method}, {of_mask.__name__}, sock {sock}: IoU hidden {hidden_iou:.3f}, visible {visible_iou:.3f}")
    assert hidden_iou > hidden_floor
    assert visible_iou > visible_floor


def crossing(leg):
    """The region between the outlines of a shoe and its opening, for a leg (H, W) bool."""
    shoe, opening = disc(80, 60, 40), disc(80, 50, 15)
    return between_outlines(shoe & ~opening, opening, leg)


def test_leg_that_crosses_twice_covers_what_lies_between_the_outlines():
    leg = np.zeros((120, 160), bool)
    leg[:50, 70:90] = True
    region = crossing(leg)
    assert region[25, 80], "between the two outlines"
    assert not region[80, 80], "the shoe's front is free"
    assert not region[45, 105], "the shoe's side is free"
    assert not (region & ~leg).any()


@pytest.mark.parametrize("leg", [np.zeros((120, 160), bool), disc(80, 60, 10), np.ones((120, 160), bool)])
def test_leg_that_does_not_cross_the_outline_has_no_region(leg):
    assert not crossing(leg).any()


def test_of_more_than_two_crossings_the_longest_part_counts():
    leg = np.zeros((120, 160), bool)
    leg[:50, 65:95] = True
    leg[95:, 76:84] = True  # something else labelled leg below the shoe
    region = crossing(leg)
    assert region[25, 80] and not region[98, 80]


def test_a_leg_that_touches_the_outline_at_one_place_covers_next_to_nothing():
    leg = np.zeros((120, 160), bool)
    leg[20, 80] = True
    assert crossing(leg).sum() <= 1


def test_leg_and_shoe_that_leave_the_picture():
    shoe, opening = disc(80, 10, 40), disc(80, 5, 15)
    leg = np.zeros_like(shoe)
    leg[:15, 65:95] = True
    region = between_outlines(shoe & ~opening, opening, leg)
    assert not region[40, 80] and not (region & ~leg).any()


def test_a_shoe_from_below_shows_no_opening_and_has_no_region():
    shoe = disc(80, 60, 40)
    assert not between_outlines(shoe, np.zeros_like(shoe), shoe).any()
    assert not between_outlines(np.zeros_like(shoe), np.zeros_like(shoe), shoe).any()


def standing_leg(lean=0.0, radius=0.035, label=MASK_LEG):
    """A cylinder that leans to the picture's right out of a sneaker, seen from the left: mask, camera, fit."""
    camera, T = Camera.from_fov(640, 480), look_at(np.array([0.1, 0, 0.1]), np.pi / 2, 0.15, 0.9)
    rim = load_shoe("sneaker").rim @ T[:3, :3].T + T[:3, 3]
    side = T[:3, :3] @ [-1, 0, 0] * np.sign((T[:3, :3] @ [-1, 0, 0])[0])
    centres = rim.mean(0) + np.array([[0.0], [0.4]]) * (T[:3, 2] + lean * side)
    mask = np.zeros((480, 640), np.uint8)
    wide = radius * np.hypot(1, lean)
    outline = camera.project(np.concatenate([centres - wide * side, (centres + wide * side)[::-1]]))
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], label)
    return mask, camera, fit_leg(mask, camera, rim, T[:3, :3], 0.078, 1.0)


@pytest.mark.parametrize("label", [MASK_LEG, MASK_FOOT])
@pytest.mark.parametrize(("lean", "radius"), [(0.0, 0.03), (0.4, 0.035), (-0.7, 0.04), (0.2, 0.06)])
def test_the_fitted_leg_covers_the_leg_in_the_mask(lean, radius, label):
    mask, camera, leg = standing_leg(lean, radius, label)
    assert np.linalg.norm(leg.across[5]) == pytest.approx(radius, rel=0.12)
    found = np.zeros_like(mask)
    cv2.fillPoly(found, [np.rint(leg.outline(camera)[4:-4]).astype(np.int32)], 1)
    assert (mask[found > 0] > 0).mean() > 0.93
    assert leg.hem == (radius == 0.06 and label == MASK_LEG)


def test_without_any_leg_a_common_one_stands_upright():
    _, camera, leg = standing_leg(radius=0.0, label=0)
    assert 0.02 < np.linalg.norm(leg.across[5]) < 0.05
    up = camera.project(leg.centres[-1]) - camera.project(leg.centres[0])
    assert up[1] < 0 and abs(up[0]) < 0.2 * -up[1]


def test_trousers_over_the_collar_hide_the_side_that_faces_the_camera():
    mask, camera, leg = standing_leg(radius=0.06)
    label = np.zeros_like(mask)
    x, y = np.rint(camera.project(leg.centres[0])).astype(int)
    label[y - 30 : y + 60, x - 40 : x + 40] = 1
    hidden = silhouette_occlusion(label, mask, camera, [leg])
    np.testing.assert_array_equal(hidden, (label == 1) & (mask == MASK_LEG))
    assert hidden.any()


def test_a_nearer_leg_hides_the_other_foots_shoe_and_a_farther_one_does_not():
    mask, camera, near = standing_leg()
    rim = near.rim + np.array([0, 0, 0.3])
    far = fit_leg(np.zeros_like(mask), camera, rim, np.eye(3), 0.078, 1.0)
    x, y = np.rint(camera.project(near.centres[6])).astype(int)
    for legs, expected in (([near, far], [False, True]), ([far, near], [True, False])):
        for i in (1, 2):
            label = np.zeros_like(mask)
            label[y - 5 : y + 5, x - 5 : x + 5] = i
            assert silhouette_occlusion(label, mask, camera, legs)[y, x] == expected[i - 1]


def test_the_opening_is_hidden_where_somebody_is_and_what_is_behind_where_the_leg_is():
    mask, camera, leg = standing_leg()
    label = np.zeros_like(mask)
    x, y = np.rint(camera.project(leg.centres[3])).astype(int)
    label[y - 20 : y, x - 60 : x + 60] = 1 + BEHIND
    label[y : y + 8, x - 60 : x + 60] = 1 + OPENING
    label[y + 8 : y + 20, x - 60 : x + 60] = 1
    hidden = silhouette_occlusion(label, mask, camera, [leg])
    assert hidden[y - 10, x] and hidden[y + 4, x] and not hidden[y + 14, x]
    assert not hidden[y - 10, x - 55] and not hidden[y + 4, x - 55]


def test_a_steady_mask_drops_changes_of_one_frame_while_the_shoes_stand():
    steady, points = SteadyMask(), np.array([[50.0, 50.0]])
    quiet = disc(80, 60, 30).astype(np.uint8)
    noisy = quiet.copy()
    noisy[60, 80] = 0
    np.testing.assert_array_equal(steady(quiet, points), quiet)
    np.testing.assert_array_equal(steady(noisy, points), quiet)
    np.testing.assert_array_equal(steady(quiet, points), quiet)
    steady(noisy, points)
    np.testing.assert_array_equal(steady(noisy, points), noisy)
    np.testing.assert_array_equal(steady(quiet, points + 20), quiet, "no lag once a shoe moves")


@pytest.mark.parametrize("method", ["silhouette", "mesh"])
def test_the_hidden_part_flickers_less_than_the_mask_trembles(stage, renderers, method):
    """A shoe at rest, and masks of the network's resolution whose edges tremble by some pixels from frame to frame."""
    scene, random = stage.scene(60, 30, 0.6), np.random.default_rng(0)
    u, v = np.meshgrid(np.arange(640, dtype=np.float32), np.arange(480, dtype=np.float32))
    changes = {}
    masks = []
    for _ in range(16):
        shift = [cv2.resize(random.normal(0, 3, (24, 32)).astype(np.float32), (640, 480)) for _ in range(2)]
        masks.append(coarse(cv2.remap(scene.mask, u + shift[0], v + shift[1], cv2.INTER_NEAREST)))
    for steady in (True, False):
        hidden = []
        for mask in masks:
            for name in (method, "none"):
                if not (steady and hidden):
                    renderers[name].reset()
            drawn, alone = (
                renderers[name].render(scene.image, mask, scene.camera, [scene.pose]) for name in (method, "none")
            )
            hidden.append(undrawn(drawn, alone, scene.image) & (scene.hidden | scene.visible))
        changes[steady] = np.mean([(a != b).sum() for a, b in pairwise(hidden)])
        changes[steady] /= np.mean([h.sum() for h in hidden])
    print(
        f"{method}: changed from frame to frame {changes[True]:.3f} of the hidden part, not held {changes[False]:.3f}"
    )
    assert changes[True] < 0.75 * changes[False]
