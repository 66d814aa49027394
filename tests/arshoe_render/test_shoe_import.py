"""Shoes from anywhere: frame, size, opening and side found on turned, scaled and mirrored shoes; fewer triangles."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_render.glb_writer import save_glb
from arshoe_render.mesh import Material, Mesh, smooth_normals
from arshoe_render.mesh_decimation import decimate
from arshoe_render.shoe import load_shoe
from arshoe_render.shoe_frame import AXES, find_rim, sample_surface, upright, which_side
from arshoe_render.shoe_import import ShoeImportConfig, fit_to_foot, import_shoe
from arshoe_render.shoes_command import main

SNEAKER = load_shoe("sneaker")
QUARTER_TURNS = [
    np.column_stack([AXES[x], np.cross(AXES[z], AXES[x]), AXES[z]])
    for x in AXES
    for z in AXES
    if AXES[x] @ AXES[z] == 0
]


def affine(linear: np.ndarray, shift=(0, 0, 0)) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = linear, shift
    return T


def surface(meshes: list[Mesh]) -> np.ndarray:
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)])
    return sample_surface(np.concatenate([mesh.vertices for mesh in meshes]), faces)


def grid_mesh(count: int) -> Mesh:
    """A bumpy square of 2 count^2 triangles whose left and right half lie apart on the texture."""
    x, y = np.meshgrid(np.linspace(0, 1, count + 1), np.linspace(0, 1, count + 1))
    points = np.column_stack([x.ravel(), y.ravel(), 0.05 * np.sin(6 * x.ravel()) * np.cos(5 * y.ravel())])
    i = np.arange(count * (count + 1)).reshape(count, -1)[:, :-1].ravel()
    faces = np.concatenate([np.stack([i, i + 1, i + count + 2], 1), np.stack([i, i + count + 2, i + count + 1], 1)])
    corners = points[faces]
    right = (corners[..., 0].mean(1) > 0.5)[:, None, None]
    uvs = np.where(right, corners[..., :2] + (2, 0), corners[..., :2]).reshape(-1, 2)
    vertices = corners.reshape(-1, 3).astype(np.float32)
    new_faces = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    return Mesh(vertices, new_faces, smooth_normals(vertices, new_faces), uvs.astype(np.float32))


@settings(max_examples=6, deadline=None)
@given(
    turn=st.sampled_from(QUARTER_TURNS),
    scale=st.floats(0.01, 1000),
    mirrored=st.booleans(),
    yaw=st.sampled_from([0.0, 0.4, -0.3]),
)
def test_frame_and_side_are_found_however_the_model_lies(turn, scale, mirrored, yaw):
    c, s = np.cos(yaw), np.sin(yaw)
    mirror = np.diag([1, -1 if mirrored else 1, 1])
    R_model_foot = turn @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    points = scale * surface(SNEAKER.meshes) @ (R_model_foot @ mirror).T + 3 * scale
    R = upright(points, None, None)
    np.testing.assert_allclose(R @ R_model_foot, np.eye(3), atol=0.12)
    assert which_side(points @ R.T)[0] == (Side.RIGHT if mirrored else Side.LEFT)


@pytest.mark.parametrize("kind", ["glb", "obj", "stl"])
def test_an_imported_shoe_sits_where_the_original_does(tmp_path, kind):
    T = affine(1000 * QUARTER_TURNS[5], (200, 50, -70))
    meshes = [mesh.transformed(T) for mesh in SNEAKER.meshes]
    file = tmp_path / f"thing.{kind}"
    if kind == "glb":
        save_glb(file, meshes)
    else:
        scene = trimesh.Scene([trimesh.Trimesh(mesh.vertices, mesh.faces, process=False) for mesh in meshes])
        scene.export(file)
    shoe, found = import_shoe(file, ShoeImportConfig(triangles=2000))
    assert any("millimetres" in line for line in found)
    assert shoe.side == Side.LEFT and abs(shoe.foot_length - 0.26) < 0.004
    assert 0.9 * 2000 <= sum(len(mesh.faces) for mesh in shoe.meshes) <= 2000
    for got, want in zip((shoe.rim.min(0), shoe.rim.max(0)), (SNEAKER.rim.min(0), SNEAKER.rim.max(0)), strict=True):
        np.testing.assert_allclose(got, want, atol=0.025)
    assert all(mesh.material.double_sided for mesh in shoe.meshes)


def test_what_the_user_says_counts_more_than_what_is_found():
    meshes = [mesh.transformed(np.diag([1, -1, 1, 1])) for mesh in SNEAKER.meshes]
    config = ShoeImportConfig(
        up="+z", toe="-x", side="left", foot_length=0.3, opening_back=0.02, opening_front=0.1, opening_width=0.05
    )
    shoe, _ = fit_to_foot(meshes, "right_shoe", config)
    assert shoe.side == Side.LEFT and shoe.foot_length == pytest.approx(0.3)
    np.testing.assert_allclose(np.ptp(shoe.rim[:, :2], axis=0), [0.08, 0.05], atol=1e-3)
    assert shoe.rim[:, 0].mean() == pytest.approx(-0.008 + 0.06, abs=1e-3)
    assert fit_to_foot(meshes, "right_shoe")[0].side == Side.RIGHT


@pytest.mark.parametrize("wanted", ["", "left", "right"])
def test_one_shoe_of_a_pair_is_taken(wanted):
    left = [mesh.transformed(affine(np.eye(3), (0, 0.1, 0))) for mesh in SNEAKER.meshes]
    right = [mesh.transformed(affine(np.diag([1, -1, 1]), (0, -0.1, 0))) for mesh in SNEAKER.meshes]
    joined = [_joined(a, b) for a, b in zip(left, right, strict=True)]
    shoe, found = fit_to_foot(joined, "pair", ShoeImportConfig(side=wanted))
    assert shoe.side == (Side.RIGHT if wanted == "right" else Side.LEFT) and "of a pair" in found[0]
    assert which_side(surface(shoe.meshes))[0] == shoe.side
    assert sum(len(m.faces) for m in shoe.meshes) == sum(len(m.faces) for m in SNEAKER.meshes)


def _joined(a: Mesh, b: Mesh) -> Mesh:
    return replace(
        a,
        vertices=np.concatenate([a.vertices, b.vertices]),
        normals=np.concatenate([a.normals, b.normals]),
        faces=np.concatenate([a.faces, b.faces + len(a.vertices)]),
        **{
            name: None if getattr(a, name) is None else np.concatenate([getattr(a, name), getattr(b, name)])
            for name in ("uvs", "colors", "tangents")
        },
    )


def test_a_mule_has_its_opening_at_the_back():
    sole = trimesh.creation.box((0.26, 0.09, 0.02))
    strap = trimesh.creation.box((0.09, 0.09, 0.05))
    strap.apply_translation((0.045, 0, 0.035))
    mule = trimesh.util.concatenate([sole, strap])
    points = sample_surface(mule.vertices, mule.faces)
    R = upright(points, AXES["+z"], None)
    np.testing.assert_allclose(R[0], [1, 0, 0], atol=0.05)
    rim = find_rim(points @ R.T)
    assert rim[:, 0].min() < -0.09 and rim[:, 0].max() < 0.03


def bad_model(name: str) -> list[Mesh]:
    vertices = {
        "cube": trimesh.creation.box((1, 1, 1)),
        "closed": trimesh.creation.capsule(0.15, 0.05),
        "plate": trimesh.creation.box((0.26, 0.1, 0.0)),
    }
    mesh = vertices[name if name != "nan" else "cube"]
    points = np.array(mesh.vertices, np.float32)
    if name == "nan":
        points[0, 0] = np.nan
    return [Mesh(points, np.array(mesh.faces, np.int32), np.array(mesh.vertex_normals, np.float32))]


@pytest.mark.parametrize(
    ("name", "message"),
    [("cube", "not like a shoe"), ("closed", "no opening"), ("plate", "not like a shoe"), ("nan", "no numbers")],
)
def test_a_mesh_that_cannot_work_says_why(tmp_path, capsys, name, message):
    save_glb(tmp_path / "thing.glb", bad_model(name))
    assert main(["import", str(tmp_path / "thing.glb"), "--out", str(tmp_path / "out.glb")]) == 2
    error = capsys.readouterr().err
    assert message in error and "thing.glb" in error and error.count("\n") == 1
    assert not (tmp_path / "out.glb").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.obj"], "no file"),
        (["shoe.fbx"], "allowed: a .glb, .obj or .stl"),
        (["x.glb", "--triangles", "3"], "triangles is 3"),
        (["x.glb", "--opening-width", "0.1", "--opening-back", "0.2"], "opening_back is 0.2"),
    ],
)
def test_bad_arguments(arguments, message, capsys):
    assert main(["import", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_broken_obj(tmp_path):
    (tmp_path / "a.obj").write_text("v 0 0 0\nf 1 2 3\n")
    with pytest.raises(BadInputError, match=r"a\.obj"):
        import_shoe(tmp_path / "a.obj")


def test_the_command_writes_a_shoe_and_a_review(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_glb("boot.glb", [mesh.transformed(affine(2 * QUARTER_TURNS[2])) for mesh in SNEAKER.meshes])
    assert main(["import", "boot.glb", "--review", "review.png"]) == 0
    assert "opening" in capsys.readouterr().out and Path("review.png").stat().st_size > 10_000
    shoe = load_shoe("boot.shoe.glb")
    assert shoe.side == Side.LEFT and len(shoe.rim) == 48
    assert sorted(path.name for path in tmp_path.iterdir()) == ["boot.glb", "boot.shoe.glb", "review.png"]


def test_decimation_keeps_shape_texture_and_seams():
    (mesh,) = decimate([grid_mesh(40)], 800)
    assert 0.9 * 800 <= len(mesh.faces) <= 800
    x, y, z = mesh.vertices.T
    np.testing.assert_allclose(z, 0.05 * np.sin(6 * x) * np.cos(5 * y), atol=1e-6)
    on_right = mesh.uvs[:, 0] > 1.5
    np.testing.assert_allclose(mesh.uvs - np.where(on_right, 2, 0)[:, None] * (1, 0), mesh.vertices[:, :2], atol=1e-5)
    assert (on_right[mesh.faces].all(1) | ~on_right[mesh.faces].any(1)).all(), "no face lies in both halves"
    seam = np.abs(x - 0.5) < 1e-6
    np.testing.assert_array_equal(np.unique(y[seam & on_right]), np.unique(y[seam & ~on_right]))
    before, after = (trimesh.Trimesh(m.vertices, m.faces, process=False).area for m in (grid_mesh(40), mesh))
    assert after == pytest.approx(before, rel=0.01)


def test_decimation_keeps_parts_apart_and_leaves_small_meshes_alone():
    red, blue = (replace(grid_mesh(20), material=Material((*color, 1.0))) for color in ((1, 0, 0), (0, 0, 1)))
    parts = [red, blue.transformed(affine(np.eye(3), (1, 0, 0)))]
    assert decimate(parts, 5000) is parts
    less = decimate(parts, 500)
    assert [mesh.material.base_color for mesh in less] == [mesh.material.base_color for mesh in parts]
    assert less[0].vertices[:, 0].max() <= 1 <= less[1].vertices[:, 0].min() + 1e-6
