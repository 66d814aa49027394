"""Triangle meshes with a material, read from and written to GLB (glTF 2.0, binary)."""

import io
import logging
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import PBRMaterial, SimpleMaterial

from arshoe_core.errors import BadInputError

logger = logging.getLogger(__name__)

GLB_MAGIC = b"glTF"


@dataclass(frozen=True)
class Material:
    """How a surface looks, after the glTF metallic-roughness model. Textures are RGB(A), row 0 at v = 0.

    Attributes:
        base_color: (4,) linear RGBA, multiplies the texture.
        base_color_texture: (H, W, 3 or 4) uint8 sRGB, or None.
        metallic, roughness: 0 to 1.
        metallic_roughness_texture: (H, W, 3) uint8 linear, G roughness, B metallic, multiply the numbers; or None.
        normal_texture: (H, W, 3) uint8 tangent-space normals, or None.
        double_sided: draw the back of the faces too.
        alpha_cutoff: pixels with less alpha are not drawn; 0 draws all.
        name: for messages.
    """

    base_color: tuple[float, float, float, float] = (0.8, 0.8, 0.8, 1.0)
    base_color_texture: np.ndarray | None = None
    metallic: float = 0.0
    roughness: float = 0.8
    metallic_roughness_texture: np.ndarray | None = None
    normal_texture: np.ndarray | None = None
    double_sided: bool = False
    alpha_cutoff: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class Mesh:
    """Triangles of one material, in metres, counter-clockwise seen from outside.

    Attributes:
        vertices: (N, 3) float32.
        faces: (M, 3) int32.
        normals: (N, 3) float32, unit length.
        uvs: (N, 2) float32 with (0, 0) at the first texel of row 0 (as glTF has it), or None.
        colors: (N, 4) float32 linear RGBA, multiply the material's, or None.
        material: the surface.
    """

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    uvs: np.ndarray | None = None
    colors: np.ndarray | None = None
    material: Material = field(default_factory=Material)

    def transformed(self, T: np.ndarray) -> "Mesh":
        """The mesh carried by an affine T (4, 4); a mirroring T keeps the faces' outside outside."""
        linear = T[:3, :3]
        normals = self.normals @ np.linalg.inv(linear)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-12)
        faces = self.faces[:, ::-1] if np.linalg.det(linear) < 0 else self.faces
        vertices = self.vertices @ linear.T + T[:3, 3]
        return replace(
            self, vertices=vertices.astype(np.float32), normals=normals.astype(np.float32), faces=faces.copy()
        )


def smooth_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted vertex normals (N, 3) float32 of vertices (N, 3) and faces (M, 3); z where faces cancel out."""
    a, b, c = (vertices[faces[:, i]].astype(np.float64) for i in range(3))
    face_normals = np.cross(b - a, c - a)
    normals = np.zeros((len(vertices), 3))
    for i in range(3):
        np.add.at(normals, faces[:, i], face_normals)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 1e-20, normals / length.clip(1e-20), (0, 0, 1)).astype(np.float32)


def bounds(meshes: list[Mesh]) -> np.ndarray:
    """Lowest and highest corner (2, 3) of all meshes together, metres."""
    return np.stack(
        [np.min([m.vertices.min(0) for m in meshes], 0), np.max([m.vertices.max(0) for m in meshes], 0)]
    ).astype(np.float64)


def load_meshes(path: str | os.PathLike) -> list[Mesh]:
    """Read the triangles of a GLB, node transforms applied.

    Raises:
        BadInputError: if the file is missing, is no GLB, can't be read or holds no triangles.
    """
    return load_glb(path)[0]


def load_glb(path: str | os.PathLike) -> tuple[list[Mesh], dict[str, Any]]:
    """Read the triangles of a GLB and the `extras` of its scene; errors as `load_meshes`."""
    path = Path(path)
    if not path.is_file():
        raise BadInputError(f"no file {str(path)!r}; expected a GLB file")
    with path.open("rb") as file:
        if file.read(4) != GLB_MAGIC:
            raise BadInputError(f"{str(path)!r} is no GLB (binary glTF 2.0) file")
    try:
        scene = trimesh.load_scene(path, process=False)
    except Exception as error:  # a damaged file makes trimesh raise almost anything
        raise BadInputError(f"{str(path)!r} can't be read as GLB: {type(error).__name__}: {error}") from error
    meshes = []
    order = {name: index for index, name in enumerate(scene.geometry)}
    for node in sorted(scene.graph.nodes_geometry, key=lambda node: order[scene.graph[node][1]]):
        T, name = scene.graph[node]
        geometry = scene.geometry[name]
        if isinstance(geometry, trimesh.Trimesh) and len(geometry.faces):
            meshes.append(_from_trimesh(geometry).transformed(np.asarray(T)))
    if not meshes:
        raise BadInputError(f"{str(path)!r} holds no triangles; expected a GLB with a mesh")
    return meshes, dict(scene.metadata)


def save_glb(path: str | os.PathLike, meshes: list[Mesh], extras: dict[str, Any] | None = None) -> None:
    """Write meshes to a GLB; `extras` (JSON types) becomes the scene's.

    Raises:
        BadInputError: if the file can't be written.
    """
    path = Path(path)
    scene = trimesh.Scene(metadata=dict(extras or {}))
    for index, mesh in enumerate(meshes):
        name = mesh.material.name or f"part{index}"
        scene.add_geometry(_to_trimesh(mesh), node_name=f"{name}_{index}", geom_name=f"{name}_{index}")
    data = scene.export(file_type="glb", include_normals=True)
    temporary = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise BadInputError(f"can't write {str(path)!r}: {error.strerror}") from error


def _image(picture: Any, mode: str | None = None) -> np.ndarray | None:
    """A PIL picture as (H, W, 3 or 4) uint8."""
    if picture is None:
        return None
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    return np.asarray(picture.convert(mode or ("RGBA" if has_alpha else "RGB")))


def _picture(image: np.ndarray | None, lossy: bool = False) -> Image.Image | None:
    """An array as a PIL picture; `lossy` without alpha is kept as JPEG, a tenth of the size."""
    if image is None or not lossy or image.shape[2] == 4:
        return None if image is None else Image.fromarray(image)
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "JPEG", quality=88, subsampling=0)
    return Image.open(encoded)


def _linear_factor(factor: Any) -> tuple[float, float, float, float]:
    """trimesh keeps colour factors as uint8 RGBA or floats, 3 or 4 of them."""
    if factor is None:
        return (1.0, 1.0, 1.0, 1.0)
    factor = np.asarray(factor)
    values = factor / 255.0 if factor.dtype == np.uint8 else factor.astype(np.float64)
    return tuple(float(v) for v in [*values, 1.0][:4])


def _from_trimesh(geometry: trimesh.Trimesh) -> Mesh:
    visual, uvs, colors, material = geometry.visual, None, None, Material()
    if isinstance(visual, TextureVisuals):
        source = visual.material.to_pbr() if isinstance(visual.material, SimpleMaterial) else visual.material
        material = _from_pbr(source)
        if visual.uv is not None and len(visual.uv) == len(geometry.vertices):
            # trimesh turns v upside down on loading.
            uvs = np.column_stack([visual.uv[:, 0], 1 - visual.uv[:, 1]]).astype(np.float32)
    elif isinstance(visual, ColorVisuals) and visual.kind == "vertex":
        colors = (visual.vertex_colors / 255.0).astype(np.float32)
        material = Material(base_color=(1.0, 1.0, 1.0, 1.0))
    return Mesh(
        vertices=np.asarray(geometry.vertices, np.float32),
        faces=np.asarray(geometry.faces, np.int32),
        normals=np.asarray(geometry.vertex_normals, np.float32),
        uvs=uvs,
        colors=colors,
        material=material,
    )


def _from_pbr(source: PBRMaterial) -> Material:
    cutoff = 0.0
    if source.alphaMode == "MASK":
        cutoff = 0.5 if source.alphaCutoff is None else float(source.alphaCutoff)
    elif source.alphaMode == "BLEND":
        cutoff = 0.5  # no blending here: a half-transparent surface is drawn or not
    return Material(
        base_color=_linear_factor(source.baseColorFactor),
        base_color_texture=_image(source.baseColorTexture),
        metallic=1.0 if source.metallicFactor is None else float(source.metallicFactor),
        roughness=1.0 if source.roughnessFactor is None else float(source.roughnessFactor),
        metallic_roughness_texture=_image(source.metallicRoughnessTexture, "RGB"),
        normal_texture=_image(source.normalTexture, "RGB"),
        double_sided=bool(source.doubleSided),
        alpha_cutoff=cutoff,
        name=source.name or "",
    )


def _to_trimesh(mesh: Mesh) -> trimesh.Trimesh:
    m = mesh.material
    material = PBRMaterial(
        name=m.name or None,
        baseColorFactor=np.asarray(m.base_color, np.float64),
        baseColorTexture=_picture(m.base_color_texture, lossy=True),
        metallicFactor=m.metallic,
        roughnessFactor=m.roughness,
        metallicRoughnessTexture=_picture(m.metallic_roughness_texture),
        normalTexture=_picture(m.normal_texture),
        doubleSided=m.double_sided,
        alphaMode="MASK" if m.alpha_cutoff else None,
        alphaCutoff=m.alpha_cutoff or None,
    )
    uvs = (
        np.zeros((len(mesh.vertices), 2)) if mesh.uvs is None else np.column_stack([mesh.uvs[:, 0], 1 - mesh.uvs[:, 1]])
    )
    return trimesh.Trimesh(
        vertices=mesh.vertices,
        faces=mesh.faces,
        vertex_normals=mesh.normals,
        visual=TextureVisuals(uv=uvs, material=material),
        process=False,
    )
