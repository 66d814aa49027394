"""Parts as triangle grids in millimetres, and how they become one mesh. The layout of the texture is here too."""

from dataclasses import dataclass

import numpy as np

from arshoe_render.curves import catmull_rom, grid_faces, resample, sweep
from arshoe_render.mesh import Material, Mesh, smooth_normals

MM = 1e-3
_SIDES = 4
"""Edges of a lace's section."""

ROWS = {
    "upper": (0, 256),
    "wall": (256, 328),
    "under": (328, 408),
    "insole": (408, 448),
    "lining": (448, 464),
    "tongue": (464, 480),
    "lace": (480, 488),
    "trim": (488, 504),
    "metal": (504, 512),
}
"""First and last row of each region of a texture of 512 rows. Both halves of the shoe share it, mirrored."""


def to_v(region: str, v: np.ndarray | float) -> np.ndarray:
    """v of the texture from v (0 to 1) within a region; half a texel is kept from its borders."""
    low, high = ROWS[region]
    return (low + 1 + np.asarray(v) * (high - low - 2)) / 512


@dataclass(frozen=True)
class Part:
    """Vertices (N, 3) in mm, uvs (N, 2) and faces (M, 3)."""

    vertices: np.ndarray
    uvs: np.ndarray
    faces: np.ndarray


def grid(points: np.ndarray, u: np.ndarray, v: np.ndarray, flip: bool = False) -> Part:
    """A part of points (rows, columns, 3) with u and v broadcast to (rows, columns)."""
    rows, columns = points.shape[:2]
    uvs = np.stack([np.broadcast_to(u, (rows, columns)), np.broadcast_to(v, (rows, columns))], -1)
    return Part(points.reshape(-1, 3), uvs.reshape(-1, 2), grid_faces(rows, columns, flip))


def ribbon(
    path: np.ndarray, up: np.ndarray | None, width: float, thick: float, zone: str, across: np.ndarray | None = None
) -> Part:
    """A band along path (K, 3) with half axes `width` across and `thick` along up (3,) or (K, 3).

    A path that turns back on itself has no fixed up: give `across` (3,), the direction of its width, instead.
    """
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    if across is None:
        across = np.cross(np.broadcast_to(up, path.shape), along)
        across /= np.linalg.norm(across, axis=1, keepdims=True)
    across = np.broadcast_to(across, path.shape)
    up = np.cross(along, across)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    points = sweep(path, across * width, up * thick, _SIDES)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return grid(points, (length / 60)[:, None], to_v(zone, np.linspace(0, 1, _SIDES + 1))[None], flip=True)


def smooth_path(points: np.ndarray, samples: int) -> np.ndarray:
    """`samples` evenly spaced points of a smooth curve through points (K, 3)."""
    return resample(catmull_rom(np.asarray(points, np.float64), 8), samples)


def mesh(parts: list[Part], material: Material) -> Mesh:
    """One mesh (metres) of several parts, smooth across the seams of the texture."""
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    vertices = np.concatenate([part.vertices for part in parts])
    uvs = np.concatenate([part.uvs for part in parts])
    owner = np.concatenate([np.full(len(part.vertices), i) for i, part in enumerate(parts)])
    faces = np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)])
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    faces = faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-3]
    used, faces = np.unique(faces, return_inverse=True)
    vertices, uvs, owner, faces = vertices[used], uvs[used], owner[used], faces.reshape(-1, 3).astype(np.int32)
    # Seams of the texture have their vertices twice; the surface goes on smoothly there.
    _, same = np.unique(np.round(vertices, 2), axis=0, return_inverse=True)
    same = same.reshape(-1)
    welded = np.zeros((same.max() + 1, 3))
    welded[same] = vertices
    normals = smooth_normals(welded, same[faces])[same]
    return Mesh((vertices * MM).astype(np.float32), faces, normals, uvs.astype(np.float32), None, material)


def merged(meshes: list[Mesh]) -> Mesh:
    """One mesh of several with the first one's material."""
    offsets = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.faces + o for m, o in zip(meshes, offsets, strict=True)]).astype(np.int32),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.uvs for m in meshes]),
        material=meshes[0].material,
        variants=meshes[0].variants,
    )
