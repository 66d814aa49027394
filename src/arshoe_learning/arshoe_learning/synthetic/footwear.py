"""Shoes on a leg at rest: modelled and parametric ones attached to it, boots, sandals, and how fitted ones look."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from arshoe_core.foot import STANDARD_FOOT_LENGTH
from arshoe_core.se3 import transform_points
from arshoe_core.types import MASK_FOOT
from arshoe_learning.synthetic import paint
from arshoe_learning.synthetic.body import Leg
from arshoe_learning.synthetic.landmarks import MM, FootCoordinates
from arshoe_learning.synthetic.surface import FOOT, NUM_SEGMENTS, SHIN, TOES, Surface, smoothstep
from arshoe_render.mesh import Material, Mesh, smooth_normals


def normalised(meshes: list[Mesh]) -> list[Mesh]:
    """A modelled shoe (y up, any size and heading along its longest axis) in the standard foot's frame."""
    points = np.concatenate([m.vertices for m in meshes])
    low, high = points.min(0), points.max(0)
    span = high - low
    T = np.zeros((4, 4))
    long, side = (2, 0) if span[2] > span[0] else (0, 2)
    scale = 1.03 * STANDARD_FOOT_LENGTH / span[long]
    T[0, long], T[2, 1], T[3, 3] = scale, scale, 1
    T[1, side] = scale
    centre = (low + high) / 2
    T[:3, 3] = -T[:3, :3] @ np.array([centre[0], low[1], centre[2]])
    placed = [m.transformed(T) for m in meshes]
    points = np.concatenate([m.vertices for m in placed])
    # The toe box is low and the collar is high: turn the high end to the heel.
    high_end = points[points[:, 2] > 0.75 * points[:, 2].max(), 0].mean()
    turn = np.diag([1.0, 1, 1, 1]) if high_end < 0 else np.diag([-1.0, -1, 1, 1])
    turn[:3, 3] = np.array([0.5, 0, -22 * MM]) * STANDARD_FOOT_LENGTH
    return [m.transformed(turn) for m in placed]


def attach(mesh: Mesh, size: np.ndarray, foot: FootCoordinates, leg: Leg) -> Surface:
    """Put a shoe of the standard foot's frame on the leg, `size` (3,) times as large; it bends at the foot's ball."""
    points = mesh.vertices.astype(np.float64) / STANDARD_FOOT_LENGTH * size
    vertices = transform_points(foot.T_rest_foot, points * foot.length)
    ball = foot(leg.ball[None])[0, 0]
    weights = np.zeros((len(points), NUM_SEGMENTS))
    weights[:, TOES] = smoothstep((points[:, 0] - ball) / 0.2 + 0.5)
    weights[:, SHIN] = 0.8 * smoothstep((points[:, 2] - 0.3) / 0.25) * (points[:, 0] < 0.6)
    weights[:, FOOT] = 1 - weights.sum(1)
    normals = mesh.normals @ foot.T_rest_foot[:3, :3].T
    colors = np.ones((len(points), 3)) if mesh.colors is None else mesh.colors[:, :3]
    uvs = np.zeros((len(points), 2)) if mesh.uvs is None else mesh.uvs
    material = replace(mesh.material, normal_texture=None, double_sided=True)
    return Surface(vertices, normals.astype(np.float64), mesh.faces, weights, uvs, colors, MASK_FOOT, material)


def two_tone(foot: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colours (N, 3) of a shoe at foot-frame points (N, 3) in foot lengths: sole, upper, perhaps a cap and a heel."""
    upper, sole, accent = (paint.random_color(rng) for _ in range(3))
    colors = np.tile(upper, (len(foot), 1))
    x, _, z = foot.T
    if rng.random() < 0.3:
        colors[x > rng.uniform(0.72, 0.85)] = accent
    if rng.random() < 0.3:
        colors[x < rng.uniform(0.12, 0.25)] = accent
    if rng.random() < 0.7:
        colors[z < z.min() + rng.uniform(0.04, 0.11)] = sole
    return colors


def without(surface: Surface, leg: Leg, deleted: np.ndarray) -> Surface:
    """The surface less what lies nearest to deleted base vertices."""
    base = leg.to_rest(leg.base)
    near = np.flatnonzero((base[:, 1] > 0) & (base[:, 2] < 0.35))
    _, index = cKDTree(base[near]).query(surface.vertices, distance_upper_bound=0.05)
    hidden = np.append(deleted[near], False)[index]
    keep = ~hidden[surface.faces].any(1)
    return replace(surface, faces=surface.faces[keep])


def cloth_uvs(vertices: np.ndarray) -> np.ndarray:
    """Metres along the leg down to the toes, and across; rings of a pattern run around leg and foot."""
    x, y, z = vertices.T
    return np.column_stack([y + 0.35 * (x + z), z - x])


def boot(
    leg: Leg, sole: Mesh, foot: FootCoordinates, fabrics: Sequence[Path], rng: np.random.Generator
) -> tuple[list[Surface], float]:
    """A boot: leather over the smooth surface of a sock, on the sole of a made shoe.

    Returns:
        its surfaces, and the height of its top in foot lengths.
    """
    top = rng.uniform(0.42, 0.75) if rng.random() < 0.7 else rng.uniform(0.8, 1.3)
    x, _, z = foot(leg.tights.vertices).T
    wide = leg.scale * (0.04 + 0.05 * smoothstep((z - 0.25) / 0.3))
    folds = 0.001 * np.sin(leg.tights.vertices @ rng.normal(0, 90, 3)) * rng.random()
    vertices = leg.tights.vertices + (wide + folds)[:, None] * leg.tights.normals
    color = paint.random_color(rng) * rng.uniform(0.3, 1)
    if rng.random() < 0.3:
        color = paint.linear(rng.uniform(0.4, 1) * np.array([140, 85, 45]))  # brown leather
    colors = np.tile(color, (len(vertices), 1))
    if rng.random() < 0.25:
        colors[(x > 0.75) | (x < 0.12) & (z < 0.25)] = paint.random_color(rng)
    texture = paint.cloth_texture(rng, fabrics if rng.random() < 0.4 else ())
    upper = replace(
        leg.tights, vertices=vertices, normals=smooth_normals(vertices, leg.tights.faces).astype(np.float64),
        colors=colors, uvs=cloth_uvs(vertices) / 0.1, label=MASK_FOOT,
        material=Material((1, 1, 1, 1), texture, roughness=rng.uniform(0.25, 0.8), double_sided=True),
    )  # fmt: skip
    return [attach(sole, np.array([1.02, 1, 1]), foot, leg), upper.clipped(top - z)], top


def sandal(leg: Leg, skin: Surface, sole: Mesh, foot: FootCoordinates, rng: np.random.Generator) -> list[Surface]:
    """A sandal: the sole of a made shoe and straps over the skin's surface."""
    x, _, z = foot(skin.vertices).T
    bands = [x - rng.uniform(0.66, 0.76)]
    if rng.random() < 0.6:
        bands.append(x - rng.uniform(0.46, 0.58))
    if rng.random() < 0.6:
        bands.append(z - rng.uniform(0.27, 0.36))
    material = Material((*paint.random_color(rng), 1), roughness=rng.uniform(0.3, 0.9), double_sided=True)
    lifted = replace(
        skin, vertices=skin.vertices + 0.0025 * skin.normals, colors=np.ones_like(skin.colors), label=MASK_FOOT,
        material=material,
    )  # fmt: skip
    straps = [lifted.clipped(rng.uniform(0.02, 0.06) - np.abs(band)) for band in bands]
    return [attach(sole, np.array([1.0, 1, 0.7]), foot, leg), *(strap for strap in straps if len(strap.faces))]
