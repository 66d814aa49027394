"""What is measured of a picture, against pictures whose light, blur and noise are known."""

import cv2
import numpy as np
import pytest

from arshoe_render.frame_look import FrameLookEstimator
from arshoe_render.light import sh_basis

UP = np.array([0.0, -1.0, 0.0])


def srgb(linear):
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255


def pillars(direction, light=(1.0, 1.0, 1.0), ambient=0.3, blur=0.0, noise=0.0, seed=0):
    """Two legs as upright cylinders over feet as half spheres, on a grey floor, lit from a direction."""
    rng = np.random.default_rng(seed)
    height, width, f = 240, 320, 2
    v, u = np.mgrid[: height * f, : width * f] / f
    albedo, mask = np.full(u.shape, 0.25), np.zeros(u.shape, np.uint8)
    normal = np.zeros((*u.shape, 3)) + UP
    for centre in (100, 220):
        for inside, n, label in (
            ((np.abs(u - centre) < 22) & (v < 150), ((u - centre) / 22, 0 * u), 1),
            ((u - centre) ** 2 + (v - 160) ** 2 < 40**2, ((u - centre) / 40, (v - 160) / 40), 2),
        ):
            z = -np.sqrt(np.clip(1 - n[0] ** 2 - n[1] ** 2, 0, 1))
            normal[inside] = np.stack([*n, z], -1)[inside]
            albedo[inside], mask[inside] = (0.3, 0.6)[label - 1], label
    shade = ambient + (1 - ambient) * np.clip(normal @ (np.asarray(direction) / np.linalg.norm(direction)), 0, 1)
    image = srgb(albedo[..., None] * shade[..., None] * np.array(light)).astype(np.float32)
    if blur:
        image = cv2.GaussianBlur(image, (0, 0), blur * f)
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) + rng.normal(0, noise, (height, width, 1))
    bgr = np.ascontiguousarray(np.rint(image.clip(0, 255)).astype(np.uint8)[..., ::-1])
    return bgr, np.ascontiguousarray(mask[f // 2 :: f, f // 2 :: f])


def upward(light):
    """What a white surface facing up sends on."""
    return sh_basis(UP) @ light.sh + light.color * max(light.direction @ UP, 0)


@pytest.mark.parametrize("side", [-1, 1])
def test_light_comes_from_the_bright_side(side):
    look = FrameLookEstimator()(*pillars((side, -0.8, -0.3)), UP)
    assert look.light.direction[0] * side > 0.3 and look.light.direction[1] < -0.3
    frontal = FrameLookEstimator()(*pillars((0, -1, -0.5)), UP)
    assert abs(frontal.light.direction[0]) < 0.1
    assert frontal.light.color.mean() < look.light.color.mean()


def test_brighter_and_redder_light_is_found():
    white, dim, red = (
        upward(FrameLookEstimator()(*pillars((0, -1, -1), color), UP).light)
        for color in ((1, 1, 1), (0.3, 0.3, 0.3), (1, 0.7, 0.5))
    )
    assert dim.mean() < 0.6 * white.mean()
    np.testing.assert_allclose(white / white.mean(), 1, atol=0.02)
    assert red[0] > 1.1 * red[1] > 1.1 * red[2]


def test_the_floor_sends_its_colour_up():
    image, mask = pillars((0, -1, -1))
    image[mask == 0] = (30, 120, 30)
    light = FrameLookEstimator()(image, mask, UP).light
    below = sh_basis(-UP) @ light.sh
    assert below[1] > 2 * below[0] and below[1] > 2 * below[2]


@pytest.mark.parametrize("blur", [0.5, 0.8, 1.2, 2.0])
@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_blur_is_measured(blur, noise):
    look = FrameLookEstimator()(*pillars((0.5, -1, -1), blur=blur, noise=noise), UP)
    assert look.blur == pytest.approx(blur, abs=0.4)


@pytest.mark.parametrize("noise", [0.0, 1.0, 2.0])
def test_noise_is_measured(noise):
    look = FrameLookEstimator()(*pillars((0.5, -1, -1), noise=noise), UP)
    assert look.noise == pytest.approx(noise, rel=0.25, abs=0.25)


def test_it_follows_slowly_and_forgets_on_reset():
    day, night = pillars((0, -1, -1)), pillars((0, -1, -1), (0.2, 0.2, 0.2))
    estimator = FrameLookEstimator()
    first = upward(estimator(*day, UP).light).mean()
    assert upward(estimator(*day, UP).light).mean() == first
    levels = [upward(estimator(*night, UP).light).mean() for _ in range(40)]
    assert levels[3] > 0.6 * first and (np.diff(levels) <= 0).all()
    estimator.reset()
    assert upward(estimator(*night, UP).light).mean() == pytest.approx(levels[-1], rel=0.02)


def test_pictures_without_feet_or_light():
    for image in (np.zeros((40, 50, 3), np.uint8), np.full((2, 3, 3), 255, np.uint8)):
        look = FrameLookEstimator()(image, np.zeros(image.shape[:2], np.uint8), UP)
        assert np.isfinite(look.light.sh).all() and np.isfinite(look.light.direction).all()
        assert (upward(look.light) > 0).all() and np.isfinite([look.blur, look.noise]).all()
