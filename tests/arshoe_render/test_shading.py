"""How surfaces look, against the same model in numpy; and where the lens puts them, against OpenCV's own."""

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.se3 import from_rt
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.gpu_mesh import packed_textures
from arshoe_render.light import Light, sh_basis
from arshoe_render.mesh import Material, Mesh

CAMERA = Camera(160, 120, 150, 150, 79.5, 59.5)
DARK = np.zeros((9, 3))


@pytest.fixture(scope="module")
def renderer():
    return GlRenderer(320, 240)


def wall(material, colors=None, size=0.2):
    """A square in the plane z = 0 that faces the camera; u runs along x, v along y."""
    vertices = size * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    uvs = (vertices[:, :2] / size / 2 + 0.5).astype(np.float32)
    normals = np.tile(np.float32([0, 0, -1]), (4, 1))
    return Mesh(vertices, np.array([[0, 2, 1], [0, 3, 2]], np.int32), normals, uvs, colors, material)


def rotation(x, y):
    return cv2.Rodrigues(np.array([x, 0, 0.0]))[0] @ cv2.Rodrigues(np.array([0, y, 0.0]))[0]


def shown(renderer, mesh, light, T=None, camera=CAMERA):
    """The linear colour (3,) at the picture's middle, and what was rendered."""
    uploaded = renderer.upload(mesh)
    rendered = renderer.render([Draw(uploaded, from_rt(np.eye(3), (0, 0, 1)) if T is None else T)], camera, light)
    uploaded.release()
    return linear(rendered.color[camera.height // 2, camera.width // 2]), rendered


def linear(srgb):
    srgb = np.asarray(srgb, np.float64) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def unit(*v):
    return np.array(v, np.float64) / np.linalg.norm(v)


def gray(level):
    sh = np.zeros((9, 3))
    sh[0] = level / sh_basis(unit(0, 0, 1))[0]
    return sh


def ggx(n, v, light, base, metallic, roughness):
    """What a surface of glTF's appendix B sends on of a directional light; colors are times pi, as in `Light`."""
    l, h = light.direction, unit(*(light.direction + v))  # noqa: E741
    nl, nv, nh, vh = (max(float(a @ b), 1e-6) for a, b in ((n, l), (n, v), (n, h), (v, h)))
    a2 = roughness**4
    d = a2 / (nh * nh * (a2 - 1) + 1) ** 2
    g = 0.5 / (nl * np.sqrt(nv * nv * (1 - a2) + a2) + nv * np.sqrt(nl * nl * (1 - a2) + a2))
    f0 = 0.04 * (1 - metallic) + base * metallic
    f = f0 + (1 - f0) * (1 - vh) ** 5
    return light.color * nl * ((1 - f) * base * (1 - metallic) + f * d * g)


@pytest.mark.parametrize("metallic", [0.0, 1.0])
@pytest.mark.parametrize("roughness", [0.35, 0.6, 1.0])
@pytest.mark.parametrize("tilt", [(0.0, 0.0), (0.5, -0.3), (-0.2, 0.9)])
def test_directional_light_follows_the_reference(renderer, metallic, roughness, tilt):
    base = np.array([0.6, 0.3, 0.1])
    light = Light(DARK, unit(0.3, -0.6, -1), np.full(3, 0.5))
    R = rotation(*tilt)
    material = Material(base_color=(*base, 1), metallic=metallic, roughness=roughness)
    color, _ = shown(renderer, wall(material), light, from_rt(R, (0, 0, 1)))
    v = -unit((80 - CAMERA.cx) / CAMERA.fx, (60 - CAMERA.cy) / CAMERA.fy, 1)
    expected = np.clip(ggx(R @ (0, 0, -1.0), v, light, base, metallic, roughness), 0, 1)
    # The visibility term is an approximation, and 8 bits are few in the dark.
    np.testing.assert_allclose(color, expected, rtol=0.16, atol=0.006)


def test_ambient_light_comes_from_where_it_is(renderer):
    sh = np.random.default_rng(0).uniform(-0.1, 0.1, (9, 3))
    sh[0] = 1.5
    for tilt in ((0, 0), (0.6, 0.2), (-0.4, -0.7)):
        R = rotation(*tilt)
        color, _ = shown(
            renderer,
            wall(Material((0.5, 0.5, 0.5, 1), roughness=1.0)),
            Light(sh, unit(0, -1, 0), np.zeros(3)),
            from_rt(R, (0, 0, 1)),
        )
        n = R @ (0, 0, -1.0)
        # Diffuse, and the few percent that a rough dielectric reflects.
        np.testing.assert_allclose(color, 0.5 * sh_basis(n) @ sh, rtol=0.09)


def test_white_furnace(renderer):
    """In white light from everywhere a white surface sends on about what arrives."""
    light = Light(gray(0.5), unit(0, -1, 0), np.zeros(3))
    for metallic in (0.0, 1.0):
        for roughness in (0.1, 0.5, 1.0):
            color, _ = shown(renderer, wall(Material((1, 1, 1, 1), metallic=metallic, roughness=roughness)), light)
            np.testing.assert_allclose(color, 0.5, atol=0.04)


def test_normal_map_tilts_towards_the_light(renderer):
    """A map that leans to +x and +y (against v) is lit from there, on a mirrored mesh from the mirrored side."""
    lean = np.full((8, 8, 3), (128 + 76, 128 + 51, 219), np.uint8)
    material = Material((0.5, 0.5, 0.5, 1), roughness=1.0, normal_texture=lean)
    light = Light(gray(0.1), unit(0.6, -0.4, -0.7), np.full(3, 0.6))
    towards, _ = shown(renderer, wall(material), light)
    expected, _ = shown(
        renderer, wall(Material((0.5, 0.5, 0.5, 1), roughness=1.0)), light, from_rt(rotation(-0.41, -0.64), (0, 0, 1))
    )
    np.testing.assert_allclose(towards, expected, rtol=0.1)
    mirrored = from_rt(np.eye(3), (0, 0, 1)) @ np.diag([-1.0, 1, 1, 1])
    away, _ = shown(renderer, wall(material), light, mirrored)
    assert away[0] < 0.75 * towards[0]
    turned = Light(light.sh, light.direction * (-1, 1, 1), light.color)
    np.testing.assert_allclose(shown(renderer, wall(material), turned, mirrored)[0], towards, rtol=0.03)
    weak = Material((0.5, 0.5, 0.5, 1), roughness=1.0, normal_texture=lean, normal_scale=0.0)
    plain, _ = shown(renderer, wall(Material((0.5, 0.5, 0.5, 1), roughness=1.0)), light)
    np.testing.assert_allclose(shown(renderer, wall(weak), light)[0], plain, rtol=0.02)


def test_occlusion_map_dims_the_ambient_light_only(renderer):
    half = np.full((4, 4, 3), 128, np.uint8)
    plain, occluded = (
        Material((0.5, 0.5, 0.5, 1)),
        Material((0.5, 0.5, 0.5, 1), occlusion_texture=half, occlusion_strength=0.6),
    )
    ambient, key = Light(gray(0.8), unit(0, 0, -1), np.zeros(3)), Light(DARK, unit(0, 0, -1), np.full(3, 0.7))
    ratio = shown(renderer, wall(occluded), ambient)[0] / shown(renderer, wall(plain), ambient)[0]
    np.testing.assert_allclose(ratio, 0.4 + 0.6 * 128 / 255, atol=0.02)
    np.testing.assert_allclose(shown(renderer, wall(occluded), key)[0], shown(renderer, wall(plain), key)[0], rtol=0.02)


def test_metallic_roughness_texture_equals_its_numbers(renderer):
    light = Light(gray(0.3), unit(0.2, -0.3, -1), np.full(3, 0.4))
    varied = np.zeros((8, 8, 3), np.uint8)
    varied[..., 1], varied[..., 2] = 128, 204
    varied[0, 0] = 255  # else it would be kept as two numbers
    for texture in (varied, np.ascontiguousarray(varied[1:, 1:])):
        mapped = Material((0.7, 0.4, 0.2, 1), metallic=0.5, roughness=0.8, metallic_roughness_texture=texture)
        plain = Material((0.7, 0.4, 0.2, 1), metallic=0.5 * 204 / 255, roughness=0.8 * 128 / 255)
        np.testing.assert_allclose(
            shown(renderer, wall(mapped), light)[0], shown(renderer, wall(plain), light)[0], rtol=0.03
        )


def test_emission_and_its_texture(renderer):
    light = Light(DARK, unit(0, -1, 0), np.zeros(3))
    glowing = Material((0.5, 0.5, 0.5, 1), emissive=(0.5, 0.25, 0.0))
    np.testing.assert_allclose(shown(renderer, wall(glowing), light)[0], (0.5, 0.25, 0), atol=0.01)
    textured = Material(emissive=(1, 0.5, 1), emissive_texture=np.full((4, 4, 3), (188, 188, 0), np.uint8))
    np.testing.assert_allclose(shown(renderer, wall(textured), light)[0], (0.503, 0.251, 0), atol=0.01)


def test_vertex_colors_multiply(renderer):
    light = Light(gray(1.0), unit(0, -1, 0), np.zeros(3))
    colors = np.tile(np.float32([0.5, 1.0, 0.25, 1]), (4, 1))
    white, _ = shown(renderer, wall(Material((0.6, 0.6, 0.6, 1), roughness=1)), light)
    tinted, _ = shown(renderer, wall(Material((0.6, 0.6, 0.6, 1), roughness=1), colors), light)
    np.testing.assert_allclose(tinted / white, (0.5, 1, 0.25), atol=0.05)


def test_alpha_mask_leaves_holes(renderer):
    texture = np.full((2, 2, 4), 255, np.uint8)
    texture[:, 0, 3] = 100
    light = Light(gray(1.0), unit(0, -1, 0), np.zeros(3))
    for mode, cutoff, left_half in (("MASK", 0.5, False), ("MASK", 0.3, True), ("OPAQUE", 0.5, True)):
        material = Material(base_color_texture=texture, alpha_mode=mode, alpha_cutoff=cutoff, double_sided=True)
        _, rendered = shown(renderer, wall(material), light)
        assert rendered.drawn[60, 66] == left_half and rendered.drawn[60, 94]


def test_mipmaps_average_light_not_numbers():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    levels = packed_textures(Material(base_color_texture=stripes))[0]["base_texture"]
    assert [level.shape[0] for level in levels] == [64, 32, 16, 8, 4, 2, 1]
    # Stored as a square root: half of the light is 0.707.
    np.testing.assert_allclose(levels[3][..., :3], 255 * 0.5**0.5, atol=1)


def test_metallic_looks_the_same_in_place_of_alpha_as_in_a_texture_of_its_own(renderer):
    rng = np.random.default_rng(0)
    color, rough = (cv2.resize(rng.integers(0, 256, (4, 4, 3), np.uint8), (64, 64)) for _ in range(2))
    maps = {"base_color_texture": color, "metallic_roughness_texture": rough, "metallic": 0.9, "roughness": 0.8}
    plain, glowing = Material(**maps), Material(**maps, emissive_texture=np.zeros((2, 2, 3), np.uint8))
    assert set(packed_textures(plain)[0]) == {"base_texture", "surface_texture"}
    assert set(packed_textures(glowing)[0]) == {"base_texture", "surface_texture", "glow_texture"}
    light = Light(gray(0.3), unit(0.3, 0.2, -1), np.ones(3))
    pictures = [shown(renderer, wall(material), light)[1].color.astype(int) for material in (plain, glowing)]
    assert np.ptp(pictures[0][45:75, 65:95], axis=(0, 1)).min() > 5
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_a_masked_material_keeps_its_alpha():
    texture = np.full((4, 4, 4), 255, np.uint8)
    rough = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    masked = Material(base_color_texture=texture, metallic_roughness_texture=rough, alpha_mode="MASK")
    assert "glow_texture" in packed_textures(masked)[0]


LENSES = [(-0.28, 0.09, 0.001, -0.0008, -0.01), (0.12, -0.05, -0.001, 0.002, 0.0)]


@pytest.mark.parametrize("lens", LENSES)
def test_lens_distortion_is_that_of_opencv(renderer, lens):
    """Small dots all over the picture lie within half a pixel of cv2.projectPoints."""
    camera = Camera(320, 240, 190, 195, 158.0, 121.5, lens)
    dot = renderer.upload(wall(Material((1, 1, 1, 1)), size=0.01))
    light = Light(gray(1.0), unit(0, -1, 0), np.zeros(3))
    worst, seen = 0.0, 0
    for x in np.linspace(-0.7, 0.7, 8):
        for y in np.linspace(-0.5, 0.5, 6):
            pixel = cv2.projectPoints(np.array([[x, y, 1.0]]), np.zeros(3), np.zeros(3), camera.K, np.array(lens))[0][
                0, 0
            ]
            v, u = np.nonzero(renderer.render([Draw(dot, from_rt(np.eye(3), (x, y, 1)))], camera, light).label)
            if not (5 < pixel[0] < 314 and 5 < pixel[1] < 234):
                continue
            seen += 1
            worst = max(worst, np.abs(pixel - (u.mean(), v.mean())).max())
    dot.release()
    assert seen > 30 and worst < 0.5


def test_strong_distortion_does_not_fold_back(renderer):
    """What is far outside of a barrel lens's field stays outside."""
    camera = Camera(320, 240, 190, 190, 159.5, 119.5, (-0.4, 0.0, 0.0, 0.0, 0.0))
    dot = renderer.upload(wall(Material((1, 1, 1, 1)), size=0.05))
    light = Light(gray(1.0), unit(0, -1, 0), np.zeros(3))
    outside = renderer.render([Draw(dot, from_rt(np.eye(3), (1.9, 0.3, 1)))], camera, light)
    inside = renderer.render([Draw(dot, from_rt(np.eye(3), (0.3, 0.3, 1)))], camera, light)
    dot.release()
    assert not outside.label.any() and inside.label.any()
