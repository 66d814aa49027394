"""GLB files: what is written is read back, by our reader and by an independent one; files of others."""

import json
import struct
from dataclasses import fields, replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
import trimesh

from arshoe_core.errors import BadInputError
from arshoe_render.glb_reader import load_glb
from arshoe_render.glb_writer import save_glb
from arshoe_render.mesh import Material, Mesh, smooth_tangents

RNG = np.random.default_rng(0)


def picture(channels=3, size=16):
    return RNG.integers(0, 256, (size, size, channels), np.uint8)


def full_material(name):
    return Material(
        base_color=(0.2, 0.4, 0.6, 0.8), base_color_texture=picture(4), metallic=0.25, roughness=0.5,
        metallic_roughness_texture=picture(), normal_texture=picture(), normal_scale=0.7,
        occlusion_texture=picture(), occlusion_strength=0.4, emissive=(0.5, 2.0, 0.0), emissive_texture=picture(),
        double_sided=True, alpha_mode="MASK", alpha_cutoff=0.3, name=name,
    )  # fmt: skip


def quad(material=None, **more):
    vertices = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0]], np.float32)
    uvs = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    normals = np.tile(np.float32([0, 0, 1]), (4, 1))
    return Mesh(
        vertices, np.array([[0, 1, 2], [0, 2, 3]], np.int32), normals, uvs, None, material or Material(), **more
    )


def assert_same(a, b):
    for field in fields(a):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if isinstance(x, dict):
            assert list(x) == list(y)
            for key in x:
                assert_same(x[key], y[key])
        elif isinstance(x, Material):
            assert_same(x, y)
        elif isinstance(x, np.ndarray | tuple):
            np.testing.assert_allclose(x, y, atol=1e-6, err_msg=field.name)
        else:
            assert x == y, field.name


def write_glb(path, document, binary=b""):
    """A GLB from its JSON part and its binary part."""
    document = {"asset": {"version": "2.0"}, "buffers": [{"byteLength": len(binary)}]} | document
    head = json.dumps(document).encode()
    head += b" " * (-len(head) % 4)
    total = 20 + len(head) + 8 + len(binary)
    parts = struct.pack("<4sIII4s", b"glTF", 2, total, len(head), b"JSON"), head
    path.write_bytes(b"".join(parts) + struct.pack("<I4s", len(binary), b"BIN\0") + binary)
    return path


def test_everything_is_read_as_written(tmp_path):
    first, second = full_material("first"), full_material("second")
    mesh = quad(first, variants={"night": second, "day": replace(first, roughness=0.9)})
    mesh = replace(mesh, tangents=smooth_tangents(mesh), colors=RNG.random((4, 4), np.float32))
    save_glb(tmp_path / "a.glb", [mesh, quad()], {"answer": [4.0, 2.0]})
    (read, plain), extras = load_glb(tmp_path / "a.glb")
    assert_same(mesh, read)
    assert_same(quad(), plain)
    assert extras == {"answer": [4.0, 2.0]}
    assert read.in_variant("night").material.name == "second" and read.in_variant("none").material.name == "first"


def test_shared_textures_are_stored_and_read_once(tmp_path):
    image = picture(size=32)
    materials = [Material(base_color_texture=image, roughness=r) for r in (0.1, 0.2, 0.3)]
    variants = dict(zip("abc", materials, strict=True))
    save_glb(tmp_path / "a.glb", [quad(materials[0], variants=variants), quad(materials[1])])
    (first, second), _ = load_glb(tmp_path / "a.glb")
    read = [first.material, second.material, *first.variants.values()]
    assert all(material.base_color_texture is read[0].base_color_texture for material in read)
    assert (tmp_path / "a.glb").stat().st_size < 8000


def test_an_independent_reader_agrees(tmp_path):
    mesh = quad(Material(base_color_texture=picture(), normal_texture=picture(), metallic=0.3, roughness=0.6))
    save_glb(tmp_path / "a.glb", [mesh])
    (other,) = trimesh.load_scene(tmp_path / "a.glb", process=False).geometry.values()
    np.testing.assert_array_equal(other.vertices, mesh.vertices)
    np.testing.assert_array_equal(other.faces, mesh.faces)
    np.testing.assert_allclose(other.visual.uv, mesh.uvs * (1, -1) + (0, 1))
    np.testing.assert_array_equal(np.asarray(other.visual.material.baseColorTexture), mesh.material.base_color_texture)
    assert (other.visual.material.metallicFactor, other.visual.material.roughnessFactor) == (0.3, 0.6)


def test_large_textures_lose_little(tmp_path):
    smooth = cv2.resize(picture(size=8), (128, 128), interpolation=cv2.INTER_CUBIC)
    save_glb(tmp_path / "a.glb", [quad(Material(base_color_texture=smooth))])
    (read,), _ = load_glb(tmp_path / "a.glb")
    assert np.abs(read.material.base_color_texture.astype(int) - smooth).mean() < 2


def test_files_of_others(tmp_path, caplog):
    """Quantised, interleaved and sparse attributes, a strip, uvs with a transform, blending."""
    position = np.zeros((4, 4), np.int16)
    position[:, :3] = [[0, 0, 0], [32767, 0, 0], [0, 32767, 0], [32767, 32767, 0]]
    color = np.array([[255, 0, 0, 255]] * 4, np.uint8)
    interleaved = b"".join(p.tobytes() + c.tobytes() for p, c in zip(position, color, strict=True))
    uv = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
    moved = struct.pack("<H2x", 3) + np.float32([5, 5]).tobytes()
    png = cv2.imencode(".png", picture())[1].tobytes()
    binary = interleaved + uv.tobytes() + moved + png
    ends = np.cumsum([0, len(interleaved), uv.nbytes, 4, 8, len(png)]).tolist()
    views = [{"buffer": 0, "byteOffset": a, "byteLength": b - a} for a, b in pairwise(ends)]
    views[0]["byteStride"] = 12
    sparse = {
        "count": 1,
        "indices": {"bufferView": 2, "componentType": 5123},
        "values": {"bufferView": 3},
    }
    turned = {"index": 0, "extensions": {"KHR_texture_transform": {"offset": [0.25, 0], "scale": [0.5, 1]}}}
    document = {
        "extensionsRequired": ["KHR_mesh_quantization", "KHR_texture_transform"],
        "nodes": [{"mesh": 0, "scale": [2] * 3, "rotation": [0, 0, 0.5**0.5, 0.5**0.5], "translation": [1, 0, 0]}],
        "meshes": [{"primitives": [
            {"attributes": {"POSITION": 0, "COLOR_0": 1, "TEXCOORD_0": 2}, "mode": 5, "material": 0}
        ]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5122, "normalized": True, "count": 4, "type": "VEC3"},
            {"bufferView": 0, "byteOffset": 8, "componentType": 5121, "normalized": True, "count": 4, "type": "VEC4"},
            {"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC2", "sparse": sparse},
        ],
        "bufferViews": views,
        "images": [{"bufferView": 4, "mimeType": "image/png"}],
        "textures": [{"source": 0}],
        "materials": [{"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorTexture": turned}}],
    }  # fmt: skip
    (mesh,), extras = load_glb(write_glb(tmp_path / "a.glb", document, binary))
    # Turned by 90 degrees about z, doubled, moved by 1.
    np.testing.assert_allclose(mesh.vertices, [[1, 0, 0], [1, 2, 0], [-1, 0, 0], [-1, 2, 0]], atol=1e-6)
    assert mesh.faces.tolist() == [[0, 1, 2], [2, 1, 3]] and extras == {}
    np.testing.assert_allclose(mesh.normals, [[0, 0, 1]] * 4, atol=1e-6)
    np.testing.assert_allclose(mesh.colors, [[1, 0, 0, 1]] * 4)
    np.testing.assert_allclose(mesh.uvs, [[0.25, 0], [0.75, 0], [0.25, 1], [2.75, 5]])
    assert mesh.material.alpha_mode == "MASK" and "blended" in caplog.text
    assert mesh.material.base_color_texture.shape == (16, 16, 3)


def test_what_cannot_be_read_is_said(tmp_path):
    triangle = {"meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}], "nodes": [{"mesh": 0}]}
    accessor = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}
    view = {"buffer": 0, "byteLength": 36}
    points = np.eye(3, dtype=np.float32).tobytes()
    good = triangle | {"accessors": [accessor], "bufferViews": [view]}
    assert len(load_glb(write_glb(tmp_path / "a.glb", good, points))[0]) == 1
    for document, message in (
        (good | {"extensionsRequired": ["KHR_draco_mesh_compression"]}, "KHR_draco_mesh_compression"),
        (good | {"buffers": [{"uri": "shoe.bin", "byteLength": 36}]}, "shoe.bin"),
        (good | {"accessors": [accessor | {"count": 9}]}, "can't be read"),
        (good | {"nodes": [{"mesh": 0, "children": [0]}], "scenes": [{"nodes": [0]}]}, "RecursionError"),
        (good | {"nodes": []}, "no triangles"),
    ):
        with pytest.raises(BadInputError, match=message) as error:
            load_glb(write_glb(tmp_path / "a.glb", document, points))
        assert "\n" not in str(error.value)


def test_tangents_follow_u_and_survive_mirroring():
    mesh = quad()
    tangents = smooth_tangents(mesh)
    # u runs along x and v against y, so the bitangent cross(z, x) = y points against v.
    np.testing.assert_allclose(tangents, [[1, 0, 0, 1]] * 4, atol=1e-6)
    mirror = np.diag([-1.0, 1, 1, 1])
    mirrored = replace(mesh, tangents=tangents).transformed(mirror)
    np.testing.assert_allclose(mirrored.tangents, smooth_tangents(mesh.transformed(mirror)), atol=1e-6)
    np.testing.assert_allclose(mirrored.tangents, [[-1, 0, 0, -1]] * 4, atol=1e-6)
