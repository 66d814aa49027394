"""Pictures compared with stored ones as an eye would: small shifts of colour and of edges are allowed.

After a wanted change run `./arshoe python tests/arshoe_render/test_golden.py`, look at golden/*.png, and commit them.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.se3 import from_rt
from arshoe_render.composite import lay_over, shade_floor
from arshoe_render.frame_look import FrameLookEstimator
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.mesh import Material, Mesh

GOLDEN = Path(__file__).with_name("golden")
LARGEST, MEAN = 16.0, 1.5
"""Differences allowed, in units of CIE Lab after a blur of 1.5 px (2.3 is just noticeable)."""


def difference(a, b):
    """How different two pictures (H, W, 3) uint8 BGR look at each pixel, (H, W)."""
    a, b = (cv2.GaussianBlur(cv2.cvtColor(x.astype(np.float32) / 255, cv2.COLOR_BGR2Lab), (0, 0), 1.5) for x in (a, b))
    return np.linalg.norm(a - b, axis=2)


def ball(colors=None, **material):
    """A ball of 5 cm radius, its pole towards -y; u runs around it four times, v down twice."""
    v, u = np.mgrid[0:33, 0:65] / np.array([32, 64])[:, None, None]
    ring = np.sin(np.pi * v)
    points = np.stack([ring * np.cos(2 * np.pi * u), -np.cos(np.pi * v), ring * np.sin(2 * np.pi * u)], -1)
    index = np.arange(33 * 65).reshape(33, 65)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    faces = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))]).astype(np.int32)
    points = points.reshape(-1, 3).astype(np.float32)
    uvs = np.stack([4 * u, 2 * v], -1).reshape(-1, 2).astype(np.float32)
    colors = None if colors is None else colors(points).astype(np.float32)
    return Mesh(0.05 * points, faces, points, uvs, colors, Material(**material))


def bricks():
    """Base colour, normals, roughness and occlusion of a wall of 2 x 2 bricks, (64, 64, 3) each."""
    height = np.zeros((64, 64), np.float32)
    for y, x in ((2, 2), (34, -14), (34, 18), (34, 50)):
        height[y : y + 28, max(x, 0) : x + (60 if y == 2 else 28)] = 1
    height = cv2.GaussianBlur(height, (0, 0), 1.0)
    dx, dy = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
    n = np.dstack([-dx, dy, np.full_like(dx, 2)])
    normals = np.rint(128 + 127 * n / np.linalg.norm(n, axis=2, keepdims=True)).astype(np.uint8)
    gray = np.rint(255 * height).astype(np.uint8)
    color = np.where(height[..., None] > 0.5, (170, 80, 60), (200, 195, 185)).astype(np.uint8)
    return color, normals, np.dstack([gray * 0, 255 - gray // 2, gray * 0]), np.dstack([128 + gray // 2] * 3)


def materials():
    """Six balls: matt, glossy, metal; bricks with all maps, vertex colours with glow, holes."""
    color, normals, rough, occlusion = bricks()
    holes = np.dstack([np.full((64, 64, 3), (90, 160, 90), np.uint8), color[..., 0]])
    glow = np.where(color[..., :1] > 190, (255, 180, 40), 0).astype(np.uint8)
    balls = [
        ball(base_color=(0.7, 0.7, 0.7, 1), roughness=1.0),
        ball(base_color=(0.05, 0.1, 0.5, 1), roughness=0.25),
        ball(base_color=(0.9, 0.6, 0.2, 1), metallic=1.0, roughness=0.35),
        ball(
            base_color=(1, 1, 1, 1), base_color_texture=color, normal_texture=normals, roughness=0.9,
            metallic_roughness_texture=rough, occlusion_texture=occlusion,
        ),
        ball(lambda p: np.column_stack([0.5 + p / 2, np.ones(len(p))]), emissive=(1, 1, 1), emissive_texture=glow),
        ball(base_color_texture=holes, alpha_mode="MASK", alpha_cutoff=0.72, double_sided=True),
    ]  # fmt: skip
    renderer = GlRenderer(240, 170)
    spread = 0.4 * np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], np.float32)
    floor = Mesh(
        spread,
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        np.tile(np.float32([0, -1, 0]), (4, 1)),
        material=Material((0.3, 0.3, 0.3, 1), double_sided=True),
    )
    R = cv2.Rodrigues(np.array([0.75, 0, 0]))[0]
    draws = [Draw(renderer.upload(floor), from_rt(R, R @ (0, 0.05, 0) + (0, 0, 0.55)), casts_shadow=False)]
    for number, mesh in enumerate(balls):
        place = R @ (0.13 * (number % 3 - 1), 0, 0.13 * (0.5 - number // 3)) + (0, 0, 0.55)
        draws.append(Draw(renderer.upload(mesh), from_rt(R @ cv2.Rodrigues(np.array([0, 0.4, 0]))[0], place)))
    light = Light.studio(R @ (0, -1.0, 0), shadow=True)
    color = renderer.render(draws, Camera(240, 170, 260, 260, 119.5, 84.5), light).color
    renderer.release()
    return np.ascontiguousarray(color[..., ::-1])


def composite():
    """A ball laid into a picture with light, blur and noise of its own, and its shadow."""
    rng = np.random.default_rng(0)
    v, u = np.mgrid[:170, :240]
    wood = 90 + 25 * np.sin(u / 7 + 2 * np.sin(v / 40)) + 15 * np.sin(v / 3)
    picture = np.dstack([0.55 * wood, 0.8 * wood, 1.15 * wood]) * (0.6 + 0.4 * u / 240)[..., None]
    mask = np.zeros((170, 240), np.uint8)
    mask[:100, 100:140] = 1
    picture[mask == 1] = ((60, 70, 120) * (0.5 + 0.5 * (u - 100) / 40)[..., None])[mask == 1]
    picture = cv2.GaussianBlur(picture, (0, 0), 1.3) + rng.normal(0, 2.0, (170, 240, 1))
    picture = np.rint(picture.clip(0, 255)).astype(np.uint8)
    R = cv2.Rodrigues(np.array([0.9, 0, 0]))[0]
    up, camera = R @ (0, -1.0, 0), Camera(240, 170, 260, 260, 119.5, 84.5)
    look = FrameLookEstimator()(picture, mask, up)
    renderer = GlRenderer(240, 170)
    mesh = renderer.upload(ball(base_color=(0.75, 0.73, 0.7, 1), roughness=0.5))
    place = np.array([0.0, 0.04, 0.5])
    rendered = renderer.render([Draw(mesh, from_rt(R, place))], camera, look.light)
    renderer.release()
    angle = np.linspace(0, 2 * np.pi, 24)
    sole = 0.03 * np.stack([np.cos(angle), 0 * angle, np.sin(angle)], -1) @ R.T + place - 0.05 * up
    slant = look.light.direction - (look.light.direction @ up) * up
    shade_floor(picture, mask == 0, camera, [sole], [-0.07 * slant], 0.5)
    lay_over(picture, rendered.packed, rendered.drawn, look.blur, look.noise)
    return picture


PICTURES = {"materials": materials, "composite": composite}


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_picture_looks_as_stored(name, tmp_path):
    stored, picture = cv2.imread(str(GOLDEN / f"{name}.png")), PICTURES[name]()
    seen = difference(stored, picture)
    cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    assert seen.max() < LARGEST and seen.mean() < MEAN, (
        f"largest {seen.max():.1f}, mean {seen.mean():.2f}; see {tmp_path}"
    )


def test_the_comparison_sees_what_an_eye_sees():
    """A wrong colour, a missing ball and a shift by three pixels fail; noise and half a pixel do not."""
    stored = cv2.imread(str(GOLDEN / "materials.png"))
    noisy = cv2.add(stored, np.random.default_rng(0).normal(0, 2, stored.shape).astype(np.int16), dtype=cv2.CV_8U)
    shifted, half = (
        cv2.warpAffine(stored, np.float32([[1, 0, s], [0, 1, 0]]), (240, 170), borderMode=cv2.BORDER_REPLICATE)
        for s in (3, 0.5)
    )
    darker, gone = cv2.convertScaleAbs(stored, alpha=0.9), stored.copy()
    gone[20:80, 20:80] = gone[150, 10]
    for bad in (shifted, darker, gone):
        seen = difference(stored, bad)
        assert seen.max() >= LARGEST or seen.mean() >= MEAN
    for good in (noisy, half):
        seen = difference(stored, good)
        assert seen.max() < LARGEST and seen.mean() < MEAN


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for picture_name, draw in PICTURES.items():
        cv2.imwrite(str(GOLDEN / f"{picture_name}.png"), draw())
