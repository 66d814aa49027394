"""Furniture of boxes and turned legs: what stands about in rooms, and looks like legs to a careless network."""

from collections.abc import Callable

import numpy as np

from arshoe_core.se3 import from_rt
from arshoe_learning.synthetic import paint
from arshoe_learning.synthetic.assets import Assets
from arshoe_learning.synthetic.scene import box, surface_material
from arshoe_learning.synthetic.stance import rotation_zyx
from arshoe_learning.synthetic.surface import grid_faces
from arshoe_render.mesh import Material, Mesh, smooth_normals

Parts = list[Mesh]
"""Of one piece, standing at the origin."""


def turned(profile: np.ndarray, place: np.ndarray, material: Material, sectors: int = 12) -> Mesh:
    """A body of revolution about a vertical axis through `place` (2,); profile (N, 2) of height and radius, metres."""
    angle = np.linspace(0, 2 * np.pi, sectors + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], -1)
    rings = [np.column_stack([radius * circle + place, np.full(sectors + 1, z)]) for z, radius in profile]
    faces = grid_faces(len(profile), sectors + 1)[:, [0, 2, 1]]  # they go upwards
    vertices = np.concatenate(rings).astype(np.float32)
    u, v = np.meshgrid(angle * profile[:, 1].max(), profile[:, 0])
    uvs = np.stack([u, v], -1).reshape(-1, 2).astype(np.float32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), uvs, None, material)


def _legs(rng: np.random.Generator, half: np.ndarray, height: float, material: Material) -> Parts:
    """Four legs at the corners (+-x, +-y) of `half` (2,), square or turned."""
    thick = rng.uniform(0.012, 0.04)
    corners = [np.array([x, y]) * (half - thick) for x in (-1, 1) for y in (-1, 1)]
    if rng.random() < 0.5:
        sides = np.array([2 * thick, 2 * thick, height])
        return [box(rng, np.append(corner, height / 2), sides, 0.0, material) for corner in corners]
    heights = np.linspace(0, height, 7)
    swell = thick * (1 + 0.4 * np.sin(rng.uniform(0, 12) * heights / height + rng.uniform(0, 6)))
    return [turned(np.column_stack([heights, swell]), corner, material) for corner in corners]


def _chair(rng: np.random.Generator, wood: Material, cloth: Material) -> Parts:
    half, seat = rng.uniform(0.18, 0.26, 2), rng.uniform(0.4, 0.5)
    back = rng.uniform(0.3, 0.55)
    parts = _legs(rng, half, seat, wood)
    parts.append(box(rng, np.array([0, 0, seat + 0.02]), np.array([*(2 * half), 0.05]), 0.0, cloth))
    if rng.random() < 0.8:
        place = np.array([-half[0] + 0.02, 0, seat + back / 2])
        parts.append(box(rng, place, np.array([0.03, 2 * half[1], back]), 0.0, cloth))
    return parts


def _table(rng: np.random.Generator, wood: Material, cloth: Material) -> Parts:
    half, height = rng.uniform([0.25, 0.3], [0.5, 0.9]), rng.uniform(0.38, 0.76)
    top = box(rng, np.array([0, 0, height + 0.02]), np.array([*(2 * half), rng.uniform(0.02, 0.05)]), 0.0, wood)
    return [*_legs(rng, half, height, wood), top]


def _sofa(rng: np.random.Generator, wood: Material, cloth: Material) -> Parts:
    depth, width, seat = rng.uniform(0.75, 0.95), rng.uniform(0.8, 2.2), rng.uniform(0.36, 0.46)
    sides = [np.array([depth, width, seat - 0.06]), np.array([0.2, width, 0.85])]
    places = [np.array([0, 0, 0.06 + sides[0][2] / 2]), np.array([-depth / 2, 0, 0.06 + 0.425])]
    for sign in (-1, 1):
        sides.append(np.array([depth, 0.18, seat + 0.12]))
        places.append(np.array([0, sign * width / 2, 0.06 + sides[-1][2] / 2]))
    blocks = [box(rng, place, side, 0.0, cloth) for place, side in zip(places, sides, strict=True)]
    return blocks + _legs(rng, np.array([depth, width]) / 2, 0.07, wood)


def _shelf(rng: np.random.Generator, wood: Material, cloth: Material) -> Parts:
    depth, width, height = rng.uniform(0.25, 0.5), rng.uniform(0.4, 1.2), rng.uniform(0.5, 2.0)
    board = np.array([depth, width, 0.025])
    boards = [box(rng, np.array([0, 0, z]), board, 0.0, wood) for z in np.arange(0.05, height, 0.35)]
    sides = [
        box(rng, np.array([0, sign * width / 2, height / 2]), np.array([depth, 0.025, height]), 0.0, wood)
        for sign in (-1, 1)
    ]
    return boards + sides


def _lamp(rng: np.random.Generator, wood: Material, cloth: Material) -> Parts:
    height = rng.uniform(0.5, 1.6)
    stand = np.array([[0, 0.14], [0.02, 0.14], [0.03, 0.012], [height, 0.012]])
    shade = np.array([[height - 0.05, 0.2], [height + 0.2, 0.1]])
    return [turned(stand, np.zeros(2), wood), turned(shade, np.zeros(2), cloth, 20)]


PIECES: tuple[Callable[[np.random.Generator, Material, Material], Parts], ...] = (_chair, _table, _sofa, _shelf, _lamp)
SHARES = (0.4, 0.25, 0.15, 0.1, 0.1)
CLEARANCE = 0.12
"""Of furniture from feet and legs, metres."""


def furniture(rng: np.random.Generator, assets: Assets, centre: np.ndarray, keep_free: np.ndarray) -> Parts:
    """None to four pieces about `centre` (2,), none over or near the points `keep_free` (N, 3)."""
    meshes: Parts = []
    for _ in range(rng.choice(5, p=[0.45, 0.2, 0.15, 0.12, 0.08])):
        make = PIECES[rng.choice(len(PIECES), p=SHARES)]
        piece = make(rng, surface_material(rng, assets), _cloth(rng, assets))
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.45, 2.2)
        place = np.append(centre + distance * np.array([np.cos(angle), np.sin(angle)]), 0)
        meshes += placed(piece, rng.uniform(0, 2 * np.pi), place, keep_free)
    return meshes


def placed(piece: Parts, yaw: float, place: np.ndarray, keep_free: np.ndarray) -> Parts:
    """The piece turned by `yaw` at `place` (3,); nothing if its box there comes near the points `keep_free` (N, 3)."""
    T = from_rt(rotation_zyx(yaw, 0, 0), place)
    local = (keep_free - place) @ T[:3, :3]
    corners = np.concatenate([mesh.vertices for mesh in piece])[:, :2]
    low, high = corners.min(0) - CLEARANCE, corners.max(0) + CLEARANCE
    if ((local[:, :2] > low) & (local[:, :2] < high)).all(1).any():
        return []
    return [mesh.transformed(T) for mesh in piece]


def _cloth(rng: np.random.Generator, assets: Assets) -> Material:
    color = (*paint.random_color(rng).clip(0, 1), 1)
    return Material(color, paint.cloth_texture(rng, assets.fabrics), roughness=0.95, double_sided=True)
