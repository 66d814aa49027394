"""Triangle meshes and their materials, after glTF 2.0's metallic-roughness model."""

from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Material:
    """How a surface looks. Textures are uint8 with row 0 at v = 0, and multiply the numbers; None where there is none.

    Attributes:
        base_color: (4,) linear RGBA.
        base_color_texture: (H, W, 3 or 4) sRGB.
        metallic, roughness: 0 to 1.
        metallic_roughness_texture: (H, W, 3) linear; G is roughness, B metallic.
        normal_texture: (H, W, 3) linear, tangent-space normals: x along u, y against v.
        normal_scale: multiplies the texture's x and y.
        occlusion_texture: (H, W, 3) linear; R is the part of the ambient light that arrives.
        occlusion_strength: 0 ignores the texture, 1 takes it in full.
        emissive: (3,) linear RGB, light the surface sends out by itself; 1 is white.
        emissive_texture: (H, W, 3) sRGB.
        double_sided: draw the back of the faces too.
        alpha_mode: OPAQUE draws all, MASK leaves out what has an alpha below `alpha_cutoff`.
        alpha_cutoff: 0 to 1.
        name: for messages.
    """

    base_color: tuple[float, float, float, float] = (0.8, 0.8, 0.8, 1.0)
    base_color_texture: np.ndarray | None = None
    metallic: float = 0.0
    roughness: float = 0.8
    metallic_roughness_texture: np.ndarray | None = None
    normal_texture: np.ndarray | None = None
    normal_scale: float = 1.0
    occlusion_texture: np.ndarray | None = None
    occlusion_strength: float = 1.0
    emissive: tuple[float, float, float] = (0.0, 0.0, 0.0)
    emissive_texture: np.ndarray | None = None
    double_sided: bool = False
    alpha_mode: str = "OPAQUE"
    alpha_cutoff: float = 0.5
    name: str = ""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles of one material, in metres, counter-clockwise seen from outside.

    Attributes:
        vertices: (N, 3) float32.
        faces: (M, 3) int32.
        normals: (N, 3) float32, unit length.
        uvs: (N, 2) float32 with (0, 0) at the first texel of row 0 (as glTF has it), or None.
        colors: (N, 4) float32 linear RGBA, multiply the material's, or None.
        material: the surface.
        tangents: (N, 4) float32, the unit vector along u, and 1 or -1 for the sign of the bitangent
            cross(normal, tangent) along -v; None computes them where they are needed.
        variants: the surface under another name (a colourway), by KHR_materials_variants; empty where there are none.
    """

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    uvs: np.ndarray | None = None
    colors: np.ndarray | None = None
    material: Material = field(default_factory=Material)
    tangents: np.ndarray | None = None
    variants: dict[str, Material] = field(default_factory=dict)

    def transformed(self, T: np.ndarray) -> "Mesh":
        """The mesh carried by an affine T (4, 4); a mirroring T keeps the faces' outside outside."""
        linear = T[:3, :3]
        mirrors = np.linalg.det(linear) < 0
        tangents = self.tangents
        if tangents is not None:
            sign = -tangents[:, 3:] if mirrors else tangents[:, 3:]
            tangents = np.hstack([_unit(tangents[:, :3] @ linear.T), sign]).astype(np.float32)
        return replace(
            self,
            vertices=(self.vertices @ linear.T + T[:3, 3]).astype(np.float32),
            normals=_unit(self.normals @ np.linalg.inv(linear)).astype(np.float32),
            tangents=tangents,
            faces=(self.faces[:, ::-1] if mirrors else self.faces).copy(),
        )

    def in_variant(self, name: str) -> "Mesh":
        """The mesh with the material of a variant; as it is where it has none of that name."""
        return replace(self, material=self.variants.get(name, self.material))


def smooth_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted vertex normals (N, 3) float32 of vertices (N, 3) and faces (M, 3); z where faces cancel out."""
    a, b, c = (vertices[faces[:, i]].astype(np.float64) for i in range(3))
    face_normals = np.cross(b - a, c - a)
    normals = np.zeros((len(vertices), 3))
    for i in range(3):
        np.add.at(normals, faces[:, i], face_normals)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 1e-20, normals / length.clip(1e-20), (0, 0, 1)).astype(np.float32)


def smooth_tangents(mesh: Mesh) -> np.ndarray:
    """`Mesh.tangents` (N, 4) float32 from the mesh's uvs: the mean over the faces, made orthogonal to the normals.

    Faces whose uvs have no area, and meshes without uvs, give any tangent.
    """
    count, faces = len(mesh.vertices), mesh.faces
    along_u, along_v = np.zeros((count, 3)), np.zeros((count, 3))
    if mesh.uvs is not None:
        p, uv = mesh.vertices[faces].astype(np.float64), mesh.uvs[faces].astype(np.float64)
        (e1, e2), (d1, d2) = ((x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]) for x in (p, uv))
        area = d1[:, 0] * d2[:, 1] - d2[:, 0] * d1[:, 1]
        inverse = np.where(np.abs(area) > 1e-20, np.sign(area), 0)[:, None]
        u = (e1 * d2[:, 1:] - e2 * d1[:, 1:]) * inverse
        v = (e2 * d1[:, :1] - e1 * d2[:, :1]) * inverse
        for total, share in ((along_u, u), (along_v, v)):
            for column in range(3):  # bincount is ten times as fast as np.add.at
                for i in range(3):
                    total[:, column] += np.bincount(faces[:, i], share[:, column], count)
    n = mesh.normals.astype(np.float64)
    tangent = along_u - n * (n * along_u).sum(1, keepdims=True)
    none = np.linalg.norm(tangent, axis=1) < 1e-12
    tangent[none] = np.cross(n[none], np.eye(3)[np.abs(n[none]).argmin(1)])
    sign = np.where((np.cross(n, tangent) * along_v).sum(1) > 0, -1.0, 1.0)
    return np.column_stack([_unit(tangent), sign]).astype(np.float32)


def bounds(meshes: list[Mesh]) -> np.ndarray:
    """Lowest and highest corner (2, 3) of all meshes together, metres."""
    return np.stack(
        [np.min([m.vertices.min(0) for m in meshes], 0), np.max([m.vertices.max(0) for m in meshes], 0)]
    ).astype(np.float64)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12)
