"""The bundled shoes, the maker behind them, and the shoes command."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side, keypoints
from arshoe_render import shoes_command
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.mesh import bounds
from arshoe_render.preview import catalogue_sheet, look_at, turntable
from arshoe_render.shoe import Shoe, bundled_shoes, load_shoe
from arshoe_render.shoe_maker import DESIGNS, make_model, make_shoe, opening_rim, random_parameters
from arshoe_render.shoes_command import main

NAMES = sorted(DESIGNS)
INSTEP = 7


@pytest.fixture(scope="module")
def shoes() -> dict[str, Shoe]:
    return {name: load_shoe(name) for name in NAMES}


def test_every_design_is_bundled_and_small():
    assert sorted(bundled_shoes()) == NAMES
    sizes = [path.stat().st_size for path in bundled_shoes().values()]
    assert max(sizes) < 360_000 and sum(sizes) < 3_000_000


@pytest.mark.parametrize("name", NAMES)
def test_shoe_fits_the_standard_foot(shoes, name):
    shoe = shoes[name]
    points = keypoints(shoe.side)
    vertices = np.concatenate([m.vertices for m in shoe.meshes])
    low, high = bounds(shoe.meshes)
    assert 2500 < sum(len(mesh.faces) for mesh in shoe.meshes) < 6000
    assert high[0] - low[0] < 0.30 and high[2] < 0.19 and -0.04 < low[2] < -0.005
    # Seen from above the outer points of the foot lie on the shoe, a few millimetres apart.
    hull = cv2.convexHull(np.ascontiguousarray(vertices[:, :2] * 1000, np.float32))
    outside = [-cv2.pointPolygonTest(hull, tuple(map(float, p[:2] * 1000)), True) for p in points]
    assert max(outside) < 4.0
    # The toes, and the instep where the shoe covers it.
    over_toes = vertices[np.abs(vertices[:, 0] - 0.225) < 0.01]
    assert over_toes[:, 2].max() > 0.025
    if shoe.inside is None:
        over_instep = vertices[np.abs(vertices[:, 0] - points[INSTEP, 0]) < 0.006]
        assert over_instep[:, 2].max() > points[INSTEP, 2] - 0.004


@pytest.mark.parametrize("name", NAMES)
def test_rim_is_a_closed_line_on_the_shoe(shoes, name):
    shoe = shoes[name]
    rim = shoe.rim
    step = np.linalg.norm(np.roll(rim, -1, 0) - rim, axis=1)
    assert len(rim) > 15 and (step > 1e-4).all() and step.max() < 0.04
    around = shoe.meshes if shoe.inside is None else [shoe.inside]
    vertices = np.concatenate([m.vertices for m in around])
    away = np.linalg.norm(rim[:, None] - vertices[None], axis=2).min(1)
    assert np.median(away) < 0.005 and away.max() < 0.015
    x, y = rim[:, 0], rim[:, 1]
    area = abs(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    assert 0.003 < area < 0.009, "it encloses an ankle, not the whole foot"


@pytest.mark.parametrize("name", NAMES)
def test_no_hole_shows_the_back_of_a_face(shoes, name):
    """Drawing back faces too changes next to nothing: no part is inside out, no gap lets one see through."""
    shoe = shoes[name]
    renderer = GlRenderer(320, 240)
    camera, light = Camera.from_fov(320, 240, np.deg2rad(33)), None
    both = [replace(m, material=replace(m.material, double_sided=True)) for m in shoe.meshes]
    single, double = ([renderer.upload(m) for m in meshes] for meshes in (shoe.meshes, both))
    differing = covered = 0
    for azimuth in range(0, 360, 45):
        for elevation in (-20, 10, 50):
            T = look_at((0.13, 0, 0.03), *np.deg2rad((azimuth, elevation)), 0.65)
            light = Light.studio(T[:3, 2])
            near, far = (
                renderer.render([Draw(p, T) for p in parts], camera, light).depth for parts in (double, single)
            )
            differing += np.sum(np.isfinite(near) & ~(np.abs(near - np.nan_to_num(far, posinf=9)) < 0.002))
            covered += np.isfinite(near).sum()
    renderer.release()
    assert differing < 0.004 * covered


@pytest.mark.parametrize("name", NAMES)
def test_normals_agree_with_the_faces(shoes, name):
    for mesh in shoes[name].meshes:
        a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
        face = np.cross(b - a, c - a)
        agreeing = (face * mesh.normals[mesh.faces].mean(1)).sum(1) > 0
        area = np.linalg.norm(face, axis=1)
        assert area[agreeing].sum() > 0.997 * area.sum()
        np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_variants_differ_in_colour_only(shoes, name):
    shoe = shoes[name]
    assert 2 <= len(shoe.variants) <= 4
    (mesh,) = shoe.meshes
    materials = list(mesh.variants.values())
    for i, first in enumerate(materials):
        assert max(first.base_color_texture.shape) <= 512
        for second in materials[:i]:
            apart = np.abs(first.base_color_texture.astype(int) - second.base_color_texture)
            assert apart.mean() > 3
            assert first.normal_texture is second.normal_texture
    chosen = shoe.in_variant(shoe.variants[1])
    assert chosen.meshes[0].material is materials[1] and mesh.material.name == shoe.variants[0]
    with pytest.raises(BadInputError, match=rf"'plaid'; allowed: {shoe.variants[0]}"):
        shoe.in_variant("plaid")


@pytest.mark.parametrize("name", NAMES)
def test_make_gives_the_bundled_geometry(shoes, name):
    made = make_model(name, replace(DESIGNS[name], texture_size=128))
    for bundled, mesh in zip(shoes[name].meshes, made.meshes, strict=True):
        np.testing.assert_allclose(mesh.vertices, bundled.vertices, atol=1e-5)
        np.testing.assert_array_equal(mesh.faces, bundled.faces)
        np.testing.assert_allclose(mesh.uvs, bundled.uvs, atol=1e-5)
    np.testing.assert_allclose(made.rim, shoes[name].rim, atol=2e-5)
    assert (made.inside is None) == (shoes[name].inside is None)


def test_make_gives_the_bundled_textures(shoes):
    made, bundled = make_model("sandal", DESIGNS["sandal"]).meshes[0].material, shoes["sandal"].meshes[0].material
    for texture in ("base_color_texture", "normal_texture", "occlusion_texture"):
        a, b = (getattr(material, texture).astype(int) for material in (made, bundled))
        assert np.abs(a - b).mean() < 4, "JPEG changes it no more than that"


def _border(mesh):
    """Vertices on edges that only one triangle has, after welding."""
    _, same = np.unique(np.round(mesh.vertices, 4), axis=0, return_inverse=True)
    faces = mesh.faces
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    welded = np.sort(same.reshape(-1)[edges], 1)
    _, kind, count = np.unique(welded, axis=0, return_inverse=True, return_counts=True)
    return np.unique(edges[count[kind.reshape(-1)] == 1])


def test_open_shoes_are_closed_by_the_foot(shoes):
    """Skin is seen between a sandal's straps: what closes it bulges from the footbed up to the ankle, inside."""
    for name in ("sandal", "ballerina", "slipper"):
        cap = shoes[name].opening_cap()
        low, high = bounds([cap])
        assert low[2] < 0.01 and 0.08 < high[2] < 0.1 and low[0] < 0.01 and high[0] > 0.24
        assert high[2] - 0.005 < shoes[name].rim[:, 2].min()
        outer = bounds(shoes[name].meshes)
        assert (low > outer[0]).all() and (high[:2] < outer[1, :2]).all(), "it lies inside"
        assert cap.vertices[_border(cap), 2].max() < 0.02, "no crack over the foot"
    assert shoes["sneaker"].inside is None


@pytest.mark.parametrize("seed", range(6))
def test_random_shoes_are_sound(seed):
    p = replace(random_parameters(np.random.default_rng(seed)), texture_size=128)
    meshes = make_shoe(p)
    assert len(meshes) == 3
    low, high = bounds(meshes)
    assert 0.25 < high[0] - low[0] < 0.31 and 0.08 < high[1] - low[1] < 0.14
    for mesh in meshes:
        assert np.isfinite(mesh.vertices).all() and mesh.faces.max() < len(mesh.vertices)
        np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-3)
    rim = opening_rim(p)
    assert 0.04 < rim[:, 2].min() < rim[:, 2].max() < 0.17
    # The outside of the upper looks outwards, on both feet.
    upper = meshes[0]
    a, b, c = (upper.vertices[upper.faces[:, i]] for i in range(3))
    normal, centre = np.cross(b - a, c - a), (a + b + c) / 3
    sides = np.abs(centre[:, 1]) > 0.03
    assert np.mean(normal[sides, 1] * centre[sides, 1] > 0) > 0.8
    # The ball of the big toe is on the medial side, y < 0 on the left foot.
    medial = 1 if p.side == Side.RIGHT else -1
    ball = np.concatenate([m.vertices for m in meshes])
    ball = ball[np.abs(ball[:, 0] - 0.19) < 0.01]
    assert abs(medial * ball[:, 1].max() if medial > 0 else ball[:, 1].min()) > 0.04


def test_random_shoes_vary():
    kinds = [random_parameters(np.random.default_rng(seed)) for seed in range(60)]
    assert {p.material for p in kinds} == {"leather", "suede", "canvas", "knit", "felt"}
    assert 1 <= sum(p.topline.throat is None for p in kinds) <= 20
    assert 3 <= sum(p.last.shaft > 120 for p in kinds) <= 20


def test_shoes_command(tmp_path, capsys):
    assert main(["list"]) == 0
    assert "sneaker" in capsys.readouterr().out
    assert main(["preview", "sandal", "--variant", "black", "--out", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").stat().st_size > 10_000
    assert main(["preview", "clog", "--out", str(tmp_path / "q.png")]) == 2
    assert main(["preview", "court", "--variant", "plaid", "--out", str(tmp_path / "q.png")]) == 2
    assert main(["preview", "court", "--out", str(tmp_path / "q.xyz")]) == 2
    assert main(["preview", "court", "--turntable", "--out", str(tmp_path / "q.mp4")]) == 2
    assert main(["preview", "--turntable", "--out", str(tmp_path / "q.png")]) == 2
    assert main(["preview", "court", "--out", str(tmp_path / "no" / "q.png")]) == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 6 and "Traceback" not in errors


def test_turntable_is_an_animation(tmp_path, monkeypatch, shoes):
    monkeypatch.setattr(shoes_command, "turntable", lambda shoe: turntable(shoe, 3, 120, 80))
    assert main(["preview", "slipper", "--turntable", "--out", str(tmp_path / "t.png")]) == 0
    read, animation = cv2.imreadanimation(str(tmp_path / "t.png"))
    assert read and len(animation.frames) == 3 and animation.frames[0].shape[:2] == (80, 120)
    sides = [np.ptp(np.nonzero((frame[..., :3] != frame[0, 0, :3]).any(2))[1]) for frame in animation.frames]
    assert max(sides) > 1.2 * min(sides), "it turns"


def test_catalogue_sheet_has_a_row_for_each_shoe(shoes):
    sheet = catalogue_sheet([shoes["sandal"], shoes["slipper"]], 80, 60)
    assert sheet.shape == (120, 400, 3) and sheet.std() > 5
