"""Trousers and shorts: tubes around the leg, cut off at a hem."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.types import MASK_LEG
from arshoe_learning.synthetic import paint
from arshoe_learning.synthetic.body import Leg
from arshoe_learning.synthetic.surface import NUM_SEGMENTS, SHIN, THIGH, Surface, grid_faces, smoothstep
from arshoe_render.mesh import Material, smooth_normals

KINDS = {"none": 0.18, "shorts": 0.27, "long": 0.55}


def sample_trousers(leg: Leg, length: float, fabrics: Sequence[Path], rng: np.random.Generator) -> list[Surface]:
    """Draw the left leg of trousers or shorts, or nothing; `length` is the foot's, metres."""
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind == "none":
        return []
    ease = rng.uniform(0.004, 0.02)
    if kind == "shorts":
        hem, width = leg.knee[2] + rng.uniform(-0.05, 0.2), rng.uniform(0.0, 0.05)
    else:
        hem = rng.uniform(0.16, 1.0) * length if rng.random() < 0.75 else rng.uniform(0.05, 0.2) * length
        width = rng.uniform(0.0, 0.05)
    texture = paint.cloth_texture(rng, fabrics)
    if rng.random() < 0.12:
        texture, color = paint.pattern(rng, texture), np.ones(3)
    elif rng.random() < 0.3:  # denim
        color = paint.linear(rng.uniform(0.5, 1.3) * np.array([60, 80, 118]))
    else:
        color = paint.random_color(rng)
    material = Material((*color.clip(0, 1), 1), texture, roughness=0.95, double_sided=True)
    return [_tube(leg, hem, ease, width, rng, material)]


def _tube(leg: Leg, hem: float, ease: float, width: float, rng: np.random.Generator, material: Material) -> Surface:
    """A trouser leg: rings around the bones from the hip down to the hem, wider than the leg by `ease`, and by
    `width` more at the hem; heights in metres above the bare sole.
    """
    rings, sectors = 40, 36
    z = np.linspace(leg.hip[2] + 0.03, hem, rings)
    joints = np.stack([leg.ankle - (0, 0, 0.2), leg.ankle, leg.knee, leg.hip, leg.hip + np.array([0, 0, 0.1])])
    centre = np.stack([np.interp(z, joints[:, 2], joints[:, i]) for i in (0, 1)], 1)
    skin = leg.tights.vertices[leg.tights.vertices[:, 2] > leg.ankle[2] + 0.02]
    radius = np.zeros((rings, 2))
    for i in range(rings):
        near = skin[np.abs(skin[:, 2] - max(z[i], leg.ankle[2] + 0.05)) < 0.03]
        if (i and z[i] > leg.hip[2] - 0.05) or not len(near):
            near = skin[np.abs(skin[:, 2] - leg.hip[2] + 0.08) < 0.03]
        radius[i] = np.abs(near[:, :2] - centre[i]).max(0)
    radius = cv2.blur(radius, (1, 5), borderType=cv2.BORDER_REPLICATE) + ease
    radius += width * np.linspace(0, 1, rings)[:, None] ** 1.5
    if hem < leg.knee[2] - 0.1:  # cloth hangs straight from the knee: it does not follow the ankle
        calf = radius[z > leg.knee[2] - 0.18][-1]
        hang = np.clip((leg.knee[2] - z) / (leg.knee[2] - hem), 0, 1)[:, None]
        radius = np.maximum(radius, calf * rng.uniform(0.45, 0.85) * hang)
    angle = np.linspace(0, 2 * np.pi, sectors + 1)
    folds = sum(
        rng.uniform(0, 0.004) * np.sin(k * angle[None] + rng.uniform(4, 45) * z[:, None] + rng.uniform(0, 6))
        for k in rng.integers(1, 6, 4)
    )
    sag = rng.uniform(0, 0.012) * np.exp(-(((z - hem) / 0.1) ** 2))[:, None] * np.sin(rng.uniform(40, 110) * z[:, None])
    radii = radius[:, None, :] + (folds + sag)[..., None]
    ring = np.stack([np.cos(angle), np.sin(angle)], -1)
    points = np.concatenate([centre[:, None] + radii * ring, np.repeat(z[:, None, None], sectors + 1, 1)], 2)
    faces = grid_faces(rings, sectors + 1)
    vertices = points.reshape(-1, 3)
    weights = np.zeros((len(vertices), NUM_SEGMENTS))
    weights[:, SHIN] = smoothstep((leg.knee[2] - vertices[:, 2]) / 0.16 + 0.5)
    weights[:, THIGH] = 1 - weights[:, SHIN]
    uvs = np.column_stack([np.tile(angle / (2 * np.pi), rings) * 4, vertices[:, 2] * rng.uniform(8, 14)])
    normals = smooth_normals(vertices, faces).astype(np.float64)
    return Surface(vertices, normals, faces, weights, uvs, np.ones((len(vertices), 3)), MASK_LEG, material)
