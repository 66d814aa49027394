"""Layers and shadows in a picture."""

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_render.composite import lay_over, noise_like, shade_floor


def disc(radius, size=120, factor=1):
    """A disc's pixels (bool), its middle at the middle of the picture."""
    v, u = (np.mgrid[: size * factor, : size * factor] + 0.5) / factor - size / 2
    return u**2 + v**2 < radius**2


def layer_of(visible, color):
    layer = np.zeros((*visible.shape, 4), np.uint8)
    layer[visible, :3] = color
    return layer


def test_outline_is_antialiased():
    """A jagged disc comes out as a finely drawn one that a lens of that blur has seen."""
    window, blur = np.full((120, 120, 3), 40, np.uint8), 0.6
    lay_over(window, layer_of(disc(40.3), 220), disc(40.3), blur, 0)
    fine = cv2.GaussianBlur(np.where(disc(40.3, factor=8), 220.0, 40.0), (0, 0), blur * 8)
    expected = cv2.resize(fine, (120, 120), interpolation=cv2.INTER_AREA)
    error = np.abs(window[..., 0] - expected)
    jagged = np.abs(np.where(disc(40.3), 220, 40) - expected)
    edge = (expected > 45) & (expected < 215)
    assert error[edge].mean() < 0.35 * jagged[edge].mean()
    assert error[~edge].max() < 8


def test_colors_and_order_of_channels():
    window = np.full((60, 60, 3), 10, np.uint8)
    lay_over(window, layer_of(disc(20, 60), (200, 100, 50)), disc(20, 60), 1.0, 0)
    assert window[30, 30].tolist() == [50, 100, 200] and window[2, 2].tolist() == [10, 10, 10]


def test_blur_is_that_of_the_frame():
    for blur in (0.8, 1.5, 2.5):
        window = np.zeros((80, 80, 3), np.uint8)
        visible = np.zeros((80, 80), bool)
        visible[:, :40] = True
        lay_over(window, layer_of(visible, 255), visible, blur, 0)
        slope = -np.diff(window[40, :, 0].astype(float)) / 255
        x = np.arange(79) + 0.5
        mean = (slope * x).sum()
        assert mean == pytest.approx(39.5, abs=0.1)
        assert np.sqrt((slope * (x - mean) ** 2).sum()) == pytest.approx(blur, rel=0.12)


def test_noise_is_only_on_the_layer_and_repeatable():
    pictures = []
    for _ in range(2):
        window = np.full((120, 120, 3), 90, np.uint8)
        lay_over(window, layer_of(disc(40), 128), disc(40), 1.0, 2.0)
        pictures.append(window)
    np.testing.assert_array_equal(*pictures)
    assert pictures[0][disc(36)].std() == pytest.approx(2.0, rel=0.15)
    assert (pictures[0][~disc(44)] == 90).all()
    assert (noise_like((300, 500), 2.0, 1) != noise_like((300, 500), 2.0, 2)).any()


def test_nothing_visible_changes_nothing():
    window = np.full((20, 30, 3), 90, np.uint8)
    lay_over(window, np.zeros((20, 30, 4), np.uint8), np.zeros((20, 30), bool), 1.0, 2.0)
    assert (window == 90).all()


def test_shadow_lies_under_the_sole_and_away_from_the_light():
    camera = Camera.from_fov(320, 240)
    sole = np.array([[-0.04, -0.1, 1], [0.04, -0.1, 1], [0.04, 0.1, 1], [-0.04, 0.1, 1.0]])  # seen from above
    floor = np.ones((240, 320), bool)
    floor[:, 240:] = False
    window = np.full((240, 320, 3), 200, np.uint8)
    shade_floor(
        window, floor, camera, [sole, sole + np.array([0.5, 0, 0])], [np.array([-0.06, 0, 0]), np.zeros(3)], 0.5
    )
    dark = 200 - window[..., 0].astype(int)
    middle, right, left = (
        dark[int(v), int(u)] for u, v in camera.project(np.array([[0, 0, 1], [0.07, 0, 1], [-0.07, 0, 1.0]]))
    )
    assert middle > 80 and left > right + 10
    assert dark[:, 240:].max() == 0 and dark[5, 5] == 0


def test_shadow_of_feet_out_of_sight():
    window = np.full((24, 32, 3), 200, np.uint8)
    behind = np.array([[0, 0, -1], [1, 0, -1], [0, 1, -1.0]])
    aside = np.array([[9, 0, 1], [9.1, 0, 1], [9, 0.1, 1.0]])
    floor = np.ones((24, 32), bool)
    shade_floor(window, floor, Camera.from_fov(32, 24), [behind, aside], [np.zeros(3)] * 2, 0.5)
    assert (window == 200).all()
