"""Meshes in files, shoes, the shoe maker and the shoes command."""

import numpy as np
import pytest
import trimesh

from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side, keypoints
from arshoe_render.glb_reader import load_glb, load_meshes
from arshoe_render.glb_writer import save_glb
from arshoe_render.mesh import Material, Mesh, bounds, smooth_normals
from arshoe_render.shoe import Shoe, bundled_shoes, load_shoe, save_shoe
from arshoe_render.shoe_maker import ShoeParameters, make_shoe, opening_rim


def box_mesh(size=(1.0, 1.0, 1.0), **material):
    box = trimesh.creation.box(size)
    vertices, faces = np.asarray(box.vertices, np.float32), np.asarray(box.faces, np.int32)
    uvs = np.random.default_rng(0).random((len(vertices), 2), np.float32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), uvs, material=Material(**material))


def test_glb_round_trip(tmp_path):
    texture = np.random.default_rng(0).integers(0, 255, (8, 8, 4), np.uint8)
    mesh = box_mesh(
        base_color_texture=texture, metallic=0.25, roughness=0.5, double_sided=True, alpha_mode="MASK", name="skin"
    )
    save_glb(tmp_path / "a.glb", [mesh, box_mesh((2, 2, 2))], {"answer": [4.0, 2.0]})
    (first, second), extras = load_glb(tmp_path / "a.glb")
    np.testing.assert_allclose(first.vertices, mesh.vertices)
    np.testing.assert_array_equal(first.faces, mesh.faces)
    np.testing.assert_allclose(first.normals, mesh.normals, atol=1e-6)
    np.testing.assert_allclose(first.uvs, mesh.uvs, atol=1e-6)
    np.testing.assert_array_equal(first.material.base_color_texture, texture)
    m = first.material
    assert (m.metallic, m.roughness, m.double_sided, m.alpha_mode, m.name) == (0.25, 0.5, True, "MASK", "skin")
    assert second.vertices.max() == 1.0
    assert extras["answer"] == [4.0, 2.0]


def test_node_transforms_are_applied(tmp_path):
    scene = trimesh.Scene()
    T = np.diag([-1.0, 1, 1, 1])
    T[0, 3] = 5
    scene.add_geometry(trimesh.creation.box((1, 1, 1)), transform=T)
    scene.export(tmp_path / "a.glb")
    (mesh,) = load_meshes(tmp_path / "a.glb")
    np.testing.assert_allclose(bounds([mesh]), [[4.5, -0.5, -0.5], [5.5, 0.5, 0.5]])
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    outward = (np.cross(b - a, c - a) * (a + b + c - 3 * np.array([5, 0, 0]))).sum(1)
    assert (outward > 0).all(), "faces still look outwards after mirroring"


def test_unusable_glb_files(tmp_path):
    with pytest.raises(BadInputError, match="no file"):
        load_meshes(tmp_path / "missing.glb")
    (tmp_path / "text.glb").write_text("hello")
    with pytest.raises(BadInputError, match="no GLB"):
        load_meshes(tmp_path / "text.glb")
    (tmp_path / "torn.glb").write_bytes(bundled_shoes()["sneaker"].read_bytes()[:5000])
    with pytest.raises(BadInputError, match="can't be read"):
        load_meshes(tmp_path / "torn.glb")
    empty = trimesh.Scene()
    empty.add_geometry(trimesh.PointCloud(np.zeros((3, 3))))
    empty.export(tmp_path / "points.glb")
    with pytest.raises(BadInputError, match="no triangles"):
        load_meshes(tmp_path / "points.glb")


def test_mirrored_and_scaled_fit():
    shoe = load_shoe("sneaker")
    for side in (Side.LEFT, Side.RIGHT):
        T = shoe.T_foot_model(side, 0.23)
        ball = keypoints(shoe.side)[3] @ T[:3, :3].T
        np.testing.assert_allclose(ball, keypoints(side, 0.23)[3])


def test_unknown_shoe_lists_the_known_ones():
    with pytest.raises(BadInputError, match=r"'clog'.*sneaker"):
        load_shoe("clog")


def test_shoe_file_round_trip(tmp_path):
    p = ShoeParameters(side=Side.RIGHT, texture_size=128)
    save_shoe(tmp_path / "mine.glb", Shoe("mine", make_shoe(p), p.side, 0.26, opening_rim(p)), "Apache-2.0")
    shoe = load_shoe(str(tmp_path / "mine.glb"))
    assert shoe.side == Side.RIGHT and shoe.foot_length == 0.26
    np.testing.assert_allclose(shoe.rim, opening_rim(p), atol=1e-5)


def test_a_glb_from_elsewhere_is_placed_on_the_foot(tmp_path, caplog):
    sneaker = load_shoe("sneaker")
    save_glb(tmp_path / "other_right.glb", [m.transformed(np.diag([1000.0, 1000, -1000, 1])) for m in sneaker.meshes])
    shoe = load_shoe(str(tmp_path / "other_right.glb"))
    assert shoe.side == Side.RIGHT and "does not say how it sits" in caplog.text
    np.testing.assert_allclose(bounds(shoe.meshes), bounds(sneaker.meshes), atol=0.01)
