"""Writes meshes and materials to one self-contained GLB (glTF 2.0, binary)."""

import json
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from arshoe_core.files import write_file
from arshoe_render.mesh import Material, Mesh

_COMPONENTS = {"<f4": 5126, "<u4": 5125, "<u2": 5123}
_VERTICES, _INDICES = 34962, 34963
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
_VARIANTS, _STRENGTH = "KHR_materials_variants", "KHR_materials_emissive_strength"
_SMALLEST_JPEG = 64
"""Palettes and the like stay exact."""


def save_glb(
    path: str | os.PathLike, meshes: list[Mesh], extras: dict[str, Any] | None = None, jpeg_quality: int = 90
) -> None:
    """Write meshes, materials and variants to a GLB.

    Textures from 64 pixels on without alpha are kept as JPEG, others as PNG; one array is stored once.

    Args:
        extras: JSON types, become the scene's.
        jpeg_quality: 1 to 100; below 90 colours are kept at half the resolution too.

    Raises:
        BadInputError: if the file can't be written.
    """
    write_file(Path(path), _Writer(jpeg_quality).glb(meshes, extras or {}))


@dataclass
class _Writer:
    """A document being put together."""

    jpeg_quality: int
    binary: bytearray = field(default_factory=bytearray)
    views: list[dict] = field(default_factory=list)
    accessors: list[dict] = field(default_factory=list)
    images: list[dict] = field(default_factory=list)
    materials: list[dict] = field(default_factory=list)
    index_of: dict[int, int] = field(default_factory=dict)
    """id() of a texture or material: its index. The caller's meshes keep the objects alive meanwhile."""

    def glb(self, meshes: list[Mesh], extras: dict[str, Any]) -> bytes:
        variants = list(dict.fromkeys(name for mesh in meshes for name in mesh.variants))
        primitives = [self._primitive(mesh, variants) for mesh in meshes]
        names = [f"{mesh.material.name or 'part'}_{i}" for i, mesh in enumerate(meshes)]
        document = {
            "asset": {"version": "2.0", "generator": "ARShoe"},
            "scene": 0,
            "scenes": [{"nodes": list(range(len(meshes)))} | ({"extras": extras} if extras else {})],
            "nodes": [{"name": name, "mesh": i} for i, name in enumerate(names)],
            "meshes": [{"name": name, "primitives": [p]} for name, p in zip(names, primitives, strict=True)],
            "materials": self.materials,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.binary)}],
        }
        if self.images:
            document["images"] = self.images
            document["textures"] = [{"source": i} for i in range(len(self.images))]
        used = [_STRENGTH] if any("extensions" in material for material in self.materials) else []
        if variants:
            used.append(_VARIANTS)
            document["extensions"] = {_VARIANTS: {"variants": [{"name": name} for name in variants]}}
        if used:
            document["extensionsUsed"] = used
        head = json.dumps(document, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 4)
        body = bytes(self.binary)
        total = 12 + 8 + len(head) + 8 + len(body)
        start = struct.pack("<4sIII4s", b"glTF", 2, total, len(head), b"JSON")
        return start + head + struct.pack("<I4s", len(body), b"BIN\0") + body

    def _primitive(self, mesh: Mesh, variants: list[str]) -> dict:
        arrays = {
            "POSITION": mesh.vertices,
            "NORMAL": mesh.normals,
            "TANGENT": mesh.tangents,
            "TEXCOORD_0": mesh.uvs,
            "COLOR_0": mesh.colors,
        }
        index = "<u2" if len(mesh.vertices) < 65535 else "<u4"
        primitive = {
            "attributes": {k: self._accessor(v, "<f4", _VERTICES) for k, v in arrays.items() if v is not None},
            "indices": self._accessor(np.asarray(mesh.faces).reshape(-1, 1), index, _INDICES),
            "material": self._material(mesh.material),
        }
        if mesh.variants:
            mappings = [
                {"material": self._material(material), "variants": [variants.index(name)]}
                for name, material in mesh.variants.items()
            ]
            primitive["extensions"] = {_VARIANTS: {"mappings": mappings}}
        return primitive

    def _view(self, data: bytes, **more: int) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)} | more)
        self.binary += data + b"\0" * (-len(data) % 4)
        return len(self.views) - 1

    def _accessor(self, values: np.ndarray, dtype: str, target: int) -> int:
        values = np.ascontiguousarray(values, dtype)
        accessor = {
            "bufferView": self._view(values.tobytes(), target=target),
            "componentType": _COMPONENTS[dtype],
            "count": len(values),
            "type": _TYPES[values.shape[1]],
        }
        if values.shape[1] == 3:  # required of positions
            accessor |= {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def _texture(self, image: np.ndarray, **more: float) -> dict:
        if id(image) not in self.index_of:
            mime, data = _encoded(image, self.jpeg_quality)
            self.images.append({"bufferView": self._view(data), "mimeType": mime})
            self.index_of[id(image)] = len(self.images) - 1
        return {"index": self.index_of[id(image)]} | more

    def _material(self, m: Material) -> int:
        if id(m) not in self.index_of:
            self.materials.append(self._described(m))
            self.index_of[id(m)] = len(self.materials) - 1
        return self.index_of[id(m)]

    def _described(self, m: Material) -> dict:
        pbr = {
            "baseColorFactor": list(map(float, m.base_color)),
            "metallicFactor": float(m.metallic),
            "roughnessFactor": float(m.roughness),
        }
        out: dict[str, Any] = {"pbrMetallicRoughness": pbr, "doubleSided": m.double_sided}
        out |= {"name": m.name} if m.name else {}
        if m.base_color_texture is not None:
            pbr["baseColorTexture"] = self._texture(m.base_color_texture)
        if m.metallic_roughness_texture is not None:
            pbr["metallicRoughnessTexture"] = self._texture(m.metallic_roughness_texture)
        if m.normal_texture is not None:
            out["normalTexture"] = self._texture(m.normal_texture, scale=float(m.normal_scale))
        if m.occlusion_texture is not None:
            out["occlusionTexture"] = self._texture(m.occlusion_texture, strength=float(m.occlusion_strength))
        if m.emissive_texture is not None:
            out["emissiveTexture"] = self._texture(m.emissive_texture)
        if any(m.emissive):
            strength = max(1.0, *map(float, m.emissive))
            out["emissiveFactor"] = (np.array(m.emissive) / strength).tolist()
            if strength > 1:
                out["extensions"] = {_STRENGTH: {"emissiveStrength": strength}}
        if m.alpha_mode == "MASK":
            out |= {"alphaMode": "MASK", "alphaCutoff": float(m.alpha_cutoff)}
        return out


def _encoded(image: np.ndarray, jpeg_quality: int) -> tuple[str, bytes]:
    """A picture (H, W, 3 or 4) RGB first, as its MIME type and bytes."""
    if image.shape[2] == 4:
        return "image/png", cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    if min(image.shape[:2]) < _SMALLEST_JPEG:
        return "image/png", cv2.imencode(".png", bgr)[1].tobytes()
    # Full resolution of colour, or thin coloured lines wash out.
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if jpeg_quality >= 90 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return "image/jpeg", cv2.imencode(".jpg", bgr, options)[1].tobytes()
