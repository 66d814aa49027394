"""Skirts and dresses: cloth that hangs from the waist around both legs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.types import MASK_LEG
from arshoe_learning.synthetic import paint
from arshoe_learning.synthetic.person import Person
from arshoe_learning.synthetic.surface import grid_faces
from arshoe_render.mesh import Material, Mesh, smooth_normals

RINGS, SECTORS = 24, 48
LEAST_DROP = 0.25
"""Of the hem below the waist, metres; who sits lower than that wears no skirt here."""


def with_skirt(person: Person, fabrics: Sequence[Path], rng: np.random.Generator) -> Person:
    """The person in a skirt of any length, from above the knee to above the ankle; unchanged if it sits.

    The cloth is the outline of both legs at each height, never narrower than above it, with folds that deepen
    downwards.
    """
    points = np.concatenate([mesh.vertices for mesh, _ in person.meshes]).astype(np.float64)
    top, hem = person.waist[2] + 0.06, rng.uniform(0.14, 0.55)
    if top - hem < LEAST_DROP or np.linalg.norm(np.ptp(points[:, :2], axis=0)) > 1.2:
        return person
    z = np.linspace(top, hem, RINGS)
    angle = np.linspace(0, 2 * np.pi, SECTORS, endpoint=False)
    rays = np.stack([np.cos(angle), np.sin(angle)], -1)
    centre, reach = np.empty((RINGS, 2)), np.zeros((RINGS, SECTORS))
    for k, height in enumerate(z):
        near = points[np.abs(points[:, 2] - min(height, person.waist[2] - 0.06)) < 0.04, :2]
        centre[k] = near.mean(0) if len(near) else person.waist[:2]
        reach[k] = ((near - centre[k]) @ rays.T).max(0) if len(near) else reach[k - 1]
    centre, reach = (cv2.blur(values, (1, 5), borderType=cv2.BORDER_REPLICATE) for values in (centre, reach))
    down = np.linspace(0, 1, RINGS)[:, None]
    flare = rng.uniform(0.0, 0.3) * (top - hem)
    radius = np.maximum.accumulate(reach, 0) + 0.012 + flare * down**1.3
    count, phase = rng.integers(5, 16), rng.uniform(0, 2 * np.pi)
    radius *= 1 + rng.uniform(0, 0.08) * down * np.sin(count * angle + phase)
    rings = np.concatenate([centre[:, None] + radius[..., None] * rays, np.repeat(z[:, None, None], SECTORS, 1)], 2)
    material = Material(
        (*paint.random_color(rng).clip(0, 1), 1), _cloth(rng, fabrics), roughness=0.95, double_sided=True
    )  # fmt: skip
    return replace(person, meshes=[*person.meshes, (_tube(rings, material), MASK_LEG)])


def _cloth(rng: np.random.Generator, fabrics: Sequence[Path]) -> np.ndarray:
    texture = paint.cloth_texture(rng, fabrics)
    return paint.pattern(rng, texture) if rng.random() < 0.4 else texture


def _tube(rings: np.ndarray, material: Material) -> Mesh:
    """A tube of rings (R, S, 3), closed around; its seam's vertices are doubled for the texture."""
    rings = np.concatenate([rings, rings[:, :1]], 1)
    count, across = rings.shape[:2]
    faces = grid_faces(count, across)
    vertices = rings.reshape(-1, 3).astype(np.float32)
    u, v = np.meshgrid(np.linspace(0, 6, across), np.linspace(0, 5, count))
    uvs = np.stack([u, v], -1).reshape(-1, 2).astype(np.float32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), uvs, None, material)
