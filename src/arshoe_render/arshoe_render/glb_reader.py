"""Reads meshes and materials from GLB (glTF 2.0, binary), node transforms applied.

Of the extensions it knows KHR_materials_variants, KHR_materials_emissive_strength, the diffuse part of
KHR_materials_pbrSpecularGlossiness, KHR_mesh_quantization, KHR_texture_transform (one for all textures of a material)
and EXT_texture_webp. Skins, morph targets and animations are left out.
"""

import base64
import json
import logging
import os
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from transforms3d.quaternions import quat2mat

from arshoe_core.errors import BadInputError
from arshoe_render.mesh import Material, Mesh, smooth_normals

logger = logging.getLogger(__name__)

KNOWN_EXTENSIONS = {
    "EXT_texture_webp", "KHR_materials_emissive_strength", "KHR_materials_pbrSpecularGlossiness",
    "KHR_materials_unlit", "KHR_materials_variants", "KHR_mesh_quantization", "KHR_texture_transform",
}  # fmt: skip
_COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_Json = dict[str, Any]


def load_meshes(path: str | os.PathLike) -> list[Mesh]:
    """The meshes of `load_glb`."""
    return load_glb(path)[0]


def load_glb(path: str | os.PathLike) -> tuple[list[Mesh], dict[str, Any]]:
    """Read the triangles of a GLB and the `extras` of its scene. Materials that share a texture share the array.

    Raises:
        BadInputError: if the file is missing, is no GLB, can't be read, is compressed in a way not known here, or holds
            no triangles.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInputError(f"no file {str(path)!r}; expected a GLB file")
    data = path.read_bytes()
    if data[:4] != b"glTF":
        raise BadInputError(f"{str(path)!r} is no GLB (binary glTF 2.0) file")
    try:
        document, binary = _chunks(data)
        unknown = set(document.get("extensionsRequired", ())) - KNOWN_EXTENSIONS
        if unknown:
            raise BadInputError(f"{str(path)!r} needs {', '.join(sorted(unknown))}; export it without")
        scene = document["scenes"][document.get("scene", 0)] if "scenes" in document else {}
        meshes = _Reader(document, binary).scene(scene)
    except (LookupError, ValueError, TypeError, AttributeError, struct.error, cv2.error, RecursionError) as error:
        raise BadInputError(f"{str(path)!r} can't be read as GLB: {type(error).__name__}: {error}") from error
    if not meshes:
        raise BadInputError(f"{str(path)!r} holds no triangles; expected a GLB with a mesh")
    return meshes, dict(scene.get("extras") or {})


def glb_variants(path: str | os.PathLike) -> list[str]:
    """The names of a GLB's variants, from its header alone; errors as `load_glb`'s where they show there."""
    path = Path(path)
    if not path.is_file():
        raise BadInputError(f"no file {str(path)!r}; expected a GLB file")
    data = path.read_bytes()
    if data[:4] != b"glTF":
        raise BadInputError(f"{str(path)!r} is no GLB (binary glTF 2.0) file")
    try:
        document, _ = _chunks(data)
        variants = document.get("extensions", {}).get("KHR_materials_variants", {}).get("variants", ())
        return [variant["name"] for variant in variants]
    except (LookupError, ValueError, TypeError, AttributeError, struct.error) as error:
        raise BadInputError(f"{str(path)!r} can't be read as GLB: {type(error).__name__}: {error}") from error


def _chunks(data: bytes) -> tuple[_Json, bytes]:
    version, total = struct.unpack_from("<II", data, 4)
    if version != 2 or total > len(data):
        raise ValueError(f"glTF version {version}, {len(data)} of {total} bytes")
    (size,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + size])
    start = 20 + size
    if start + 8 > total:
        return document, b""
    (size,) = struct.unpack_from("<I", data, start)
    return document, data[start + 8 : start + 8 + size]


class _Reader:
    """One document's objects by their indices; pictures and materials are made once each."""

    def __init__(self, document: _Json, binary: bytes) -> None:
        self.document = document
        self.buffers = [_buffer(buffer, binary) for buffer in document.get("buffers", ())]
        self.pictures: dict[tuple[int, int], np.ndarray] = {}
        self.materials: dict[int | None, tuple[Material, int, np.ndarray | None]] = {}
        variants = document.get("extensions", {}).get("KHR_materials_variants", {}).get("variants", ())
        self.variants = [variant["name"] for variant in variants]

    def scene(self, scene: _Json) -> list[Mesh]:
        nodes = self.document.get("nodes", ())
        children = {child for node in nodes for child in node.get("children", ())}
        roots = scene.get("nodes", [index for index in range(len(nodes)) if index not in children])
        return [mesh for root in roots for mesh in self._node(root, np.eye(4))]

    def _node(self, index: int, T_world_parent: np.ndarray) -> list[Mesh]:
        node = self.document["nodes"][index]
        T = T_world_parent @ _transform(node)
        meshes = []
        if "mesh" in node:
            for primitive in self.document["meshes"][node["mesh"]]["primitives"]:
                mesh = self._mesh(primitive)
                meshes += [mesh.transformed(T)] if mesh is not None else []
        return meshes + [mesh for child in node.get("children", ()) for mesh in self._node(child, T)]

    def _mesh(self, primitive: _Json) -> Mesh | None:
        mode, attributes = primitive.get("mode", _TRIANGLES), primitive["attributes"]
        if mode not in (_TRIANGLES, _STRIP, _FAN) or "POSITION" not in attributes:
            return None
        vertices = self._accessor(attributes["POSITION"])
        count = len(vertices)
        index = self._accessor(primitive["indices"])[:, 0] if "indices" in primitive else np.arange(count)
        faces = _faces(index.astype(np.int32), mode)
        if not len(faces):
            return None
        if faces.min() < 0 or faces.max() >= count:
            raise ValueError(f"a triangle names vertex {faces.max()} of {count}")
        material, uv_set, uv_transform = self._material(primitive.get("material"))
        named = {
            name: None if key not in attributes else self._accessor(attributes[key])
            for name, key in (
                ("normals", "NORMAL"),
                ("tangents", "TANGENT"),
                ("uvs", f"TEXCOORD_{uv_set}"),
                ("colors", "COLOR_0"),
            )
        }
        if named["normals"] is None:
            named["normals"] = smooth_normals(vertices, faces)
        if named["uvs"] is not None and uv_transform is not None:
            named["uvs"] = (named["uvs"] @ uv_transform[:, :2].T + uv_transform[:, 2]).astype(np.float32)
        if named["colors"] is not None and named["colors"].shape[1] == 3:
            named["colors"] = np.hstack([named["colors"], np.ones((count, 1), np.float32)])
        variants = {
            self.variants[variant]: self._material(mapping["material"])[0]
            for mapping in primitive.get("extensions", {}).get("KHR_materials_variants", {}).get("mappings", ())
            for variant in mapping["variants"]
        }
        return Mesh(vertices, faces, material=material, variants=variants, **named)

    def _accessor(self, index: int) -> np.ndarray:
        """Values (count, width); floats are float32, integers stay so unless normalised."""
        accessor = self.document["accessors"][index]
        count, width = accessor["count"], _WIDTHS[accessor["type"]]
        dtype = np.dtype(_COMPONENTS[accessor["componentType"]])
        if "bufferView" in accessor:
            values = self._values(accessor["bufferView"], accessor.get("byteOffset", 0), dtype, count, width)
        else:
            values = np.zeros((count, width), dtype)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            where, what = sparse["indices"], sparse["values"]
            kind = np.dtype(_COMPONENTS[where["componentType"]])
            rows = self._values(where["bufferView"], where.get("byteOffset", 0), kind, sparse["count"], 1)[:, 0]
            values[rows] = self._values(what["bufferView"], what.get("byteOffset", 0), dtype, sparse["count"], width)
        if accessor.get("normalized"):
            return np.maximum(values / np.float32(np.iinfo(dtype).max), -1).astype(np.float32)
        is_index = accessor["type"] == "SCALAR"
        return values if is_index else values.astype(np.float32)

    def _values(self, view: int, offset: int, dtype: np.dtype, count: int, width: int) -> np.ndarray:
        item = dtype.itemsize
        stride = self.document["bufferViews"][view].get("byteStride", item * width)
        return np.ndarray((count, width), dtype, self._view(view), offset, (stride, item)).copy()

    def _view(self, index: int) -> bytes:
        view = self.document["bufferViews"][index]
        start = view.get("byteOffset", 0)
        return self.buffers[view["buffer"]][start : start + view["byteLength"]]

    def _material(self, index: int | None) -> tuple[Material, int, np.ndarray | None]:
        """A material, which set of uvs its textures take, and the (2, 3) transform of the uvs or None."""
        if index not in self.materials:
            source = {} if index is None else self.document["materials"][index]
            self.materials[index] = self._make_material(source)
        return self.materials[index]

    def _make_material(self, source: _Json) -> tuple[Material, int, np.ndarray | None]:
        pbr, extensions = dict(source.get("pbrMetallicRoughness", {})), source.get("extensions", {})
        glossy = extensions.get("KHR_materials_pbrSpecularGlossiness")
        if glossy is not None:
            pbr = {"baseColorFactor": glossy.get("diffuseFactor", [1] * 4), "metallicFactor": 0.0}
            pbr |= {"baseColorTexture": glossy["diffuseTexture"]} if "diffuseTexture" in glossy else {}
            pbr["roughnessFactor"] = 1 - glossy.get("glossinessFactor", 1.0)
        infos = [pbr.get("baseColorTexture"), pbr.get("metallicRoughnessTexture")]
        infos += [source.get(f"{name}Texture") for name in ("normal", "occlusion", "emissive")]
        first = next((info for info in infos if info), {})
        name = source.get("name", "")
        for i, info in enumerate(infos):
            if info and _uv_source(info) != _uv_source(first):
                logger.warning("material %r: texture %d has uvs of its own and is left out", name, info["index"])
                infos[i] = None
        base, rough, normal, occlusion, emissive = infos
        mode = source.get("alphaMode", "OPAQUE")
        if mode == "BLEND":
            logger.warning("material %r is blended; it is drawn where its alpha is above a half", name)
        strength = extensions.get("KHR_materials_emissive_strength", {}).get("emissiveStrength", 1.0)
        material = Material(
            base_color=tuple(map(float, pbr.get("baseColorFactor", (1, 1, 1, 1)))),
            base_color_texture=self._texture(base, None),
            metallic=float(pbr.get("metallicFactor", 1)),
            roughness=float(pbr.get("roughnessFactor", 1)),
            metallic_roughness_texture=self._texture(rough, 3),
            normal_texture=self._texture(normal, 3),
            normal_scale=float((normal or {}).get("scale", 1)),
            occlusion_texture=self._texture(occlusion, 3),
            occlusion_strength=float((occlusion or {}).get("strength", 1)),
            emissive=tuple(float(v) * strength for v in source.get("emissiveFactor", (0, 0, 0))),
            emissive_texture=self._texture(emissive, 3),
            double_sided=bool(source.get("doubleSided", False)),
            alpha_mode="OPAQUE" if mode == "OPAQUE" else "MASK",
            alpha_cutoff=float(source.get("alphaCutoff", 0.5)) if mode == "MASK" else 0.5,
            name=name,
        )
        uv_set, *transform = _uv_source(first)
        return material, uv_set, _uv_transform(*transform)

    def _texture(self, info: _Json | None, channels: int | None) -> np.ndarray | None:
        if not info:
            return None
        texture = self.document["textures"][info["index"]]
        source = texture.get("extensions", {}).get("EXT_texture_webp", texture)["source"]
        if (source, channels) not in self.pictures:
            image = self.document["images"][source]
            data = self._view(image["bufferView"]) if "bufferView" in image else _data_uri(image["uri"])
            self.pictures[source, channels] = _decoded(data, channels)
        return self.pictures[source, channels]


def _buffer(buffer: _Json, binary: bytes) -> bytes:
    return _data_uri(buffer["uri"]) if "uri" in buffer else binary


def _data_uri(uri: str) -> bytes:
    if not uri.startswith("data:"):
        raise ValueError(f"it refers to the file {uri!r}; a GLB with everything inside is needed")
    return base64.b64decode(uri.split(",", 1)[1])


def _decoded(data: bytes, channels: int | None) -> np.ndarray:
    """A picture as (H, W, 3) or, if it has alpha and `channels` is None, (H, W, 4) uint8, RGB first."""
    flags = cv2.IMREAD_UNCHANGED if channels is None else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise ValueError("a texture can't be decoded")
    if image.dtype != np.uint8:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _uv_source(info: _Json) -> tuple[int, float, tuple[float, ...], tuple[float, ...]]:
    """Which set of uvs a texture takes, and rotation, scale and offset of KHR_texture_transform."""
    t = info.get("extensions", {}).get("KHR_texture_transform", {})
    uv_set = t.get("texCoord", info.get("texCoord", 0))
    return uv_set, t.get("rotation", 0.0), tuple(t.get("scale", (1, 1))), tuple(t.get("offset", (0, 0)))


def _uv_transform(rotation: float, scale: tuple[float, ...], offset: tuple[float, ...]) -> np.ndarray | None:
    if (rotation, *scale, *offset) == (0, 1, 1, 0, 0):
        return None
    c, s = np.cos(rotation), np.sin(rotation)
    return np.array([[c * scale[0], s * scale[1], offset[0]], [-s * scale[0], c * scale[1], offset[1]]])


def _transform(node: _Json) -> np.ndarray:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    T = np.eye(4)
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    T[:3, :3] = quat2mat((w, x, y, z)) * np.array(node.get("scale", (1, 1, 1)), np.float64)
    T[:3, 3] = node.get("translation", (0, 0, 0))
    return T


def _faces(index: np.ndarray, mode: int) -> np.ndarray:
    """Triangles (M, 3) of a list, strip or fan of vertices (K,)."""
    if mode == _TRIANGLES:
        return index[: len(index) // 3 * 3].reshape(-1, 3)
    if len(index) < 3:
        return np.zeros((0, 3), np.int32)
    if mode == _FAN:
        return np.stack([np.full(len(index) - 2, index[0]), index[1:-1], index[2:]], 1)
    faces = np.stack([index[:-2], index[1:-1], index[2:]], 1)
    faces[1::2] = faces[1::2, [1, 0, 2]]
    return faces
