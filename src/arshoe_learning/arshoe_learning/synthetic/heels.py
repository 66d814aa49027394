"""High-heeled shoes on a leg at rest: pumps, sandals and boots over the smooth surface of a sock, and their heels."""

from dataclasses import dataclass, replace

import numpy as np

from arshoe_core.se3 import transform_points
from arshoe_core.types import MASK_FOOT
from arshoe_learning.synthetic import paint
from arshoe_learning.synthetic.body import Leg
from arshoe_learning.synthetic.landmarks import FootCoordinates
from arshoe_learning.synthetic.stance import rotation_zyx
from arshoe_learning.synthetic.surface import FOOT, NUM_SEGMENTS, Surface, grid_faces, smoothstep
from arshoe_render.mesh import Material, smooth_normals

HEEL_AT = 0.13
"""Where the middle of a heel carries the foot, in foot lengths from its back."""
RINGS, RING_POINTS = 6, 17


@dataclass(frozen=True)
class HeeledShoe:
    """A shoe that lifts the heel.

    Attributes:
        upper: all of the shoe but its heel.
        heel: from the sole down to the floor, once the foot is pitched by `lift` and its toes are bent up as much.
        inside: the part of the skin (a surface) that the shoe leaves to be seen.
        lift: radians.
    """

    upper: list[Surface]
    heel: Surface
    inside: list[Surface]
    lift: float


def heeled_shoe(leg: Leg, skin: list[Surface], foot: FootCoordinates, rng: np.random.Generator) -> HeeledShoe:
    """Draw a pump, a sandal or a boot with a heel of 3 to 11 cm under a foot of 26 cm.

    Args:
        skin: what is under the shoe, in surfaces.
    """
    kind = str(rng.choice(["pump", "sandal", "boot"], p=(0.45, 0.2, 0.35)))
    height = rng.uniform(0.12, 0.3 if kind == "boot" else 0.42)
    last, points = _last(leg, foot, rng, pointed=kind != "sandal")
    leather, sole = _materials(rng)
    x, _, z = points.T
    above_sole = z - rng.uniform(0.015, 0.05)
    if kind == "sandal":
        bands = [x - rng.uniform(0.68, 0.76), z - rng.uniform(0.28, 0.4)]
        bands += [x - rng.uniform(0.5, 0.6)] * (rng.random() < 0.4)
        upper = [rng.uniform(0.015, 0.06) - np.abs(band) for band in bands]
        inside = skin
    else:
        rim = _topline(rng) if kind == "pump" else np.array([[0, rng.uniform(0.4, 1.3)]])
        upper = [np.interp(x, *rim.T) - z]
        fields = ((points, np.interp(points[:, 0], *rim.T)) for points in (foot(s.vertices) for s in skin))
        inside = [s.clipped(p[:, 2] - top + 0.015) for s, (p, top) in zip(skin, fields, strict=True)]
    parts = [replace(last.clipped(np.minimum(field, above_sole)), material=leather) for field in upper]
    parts.append(replace(last.clipped(-above_sole), material=sole))
    lift, heel = _heel(leg, foot, z.min(), height, kind, rng)
    heel = replace(heel, material=sole if rng.random() < 0.5 else leather)
    return HeeledShoe([part for part in parts if len(part.faces)], heel, [s for s in inside if len(s.faces)], lift)


def _last(leg: Leg, foot: FootCoordinates, rng: np.random.Generator, pointed: bool) -> tuple[Surface, np.ndarray]:
    """The surface of a shoe that covers the whole leg, and its vertices (N, 3) in the foot's frame and lengths."""
    tights = leg.tights
    points = foot(tights.vertices + 0.0025 * tights.normals)
    front = smoothstep((points[:, 0] - 0.7) / 0.3)
    if pointed:
        middle = points[points[:, 0] > 0.7, 1].mean()
        points[:, 0] += rng.uniform(0, 0.1) * front
        points[:, 1] = middle + (points[:, 1] - middle) * (1 - rng.uniform(0, 0.5) * front**2)
    points[:, 2] -= rng.choice([0.004, rng.uniform(0, 0.1)]) * smoothstep((0.03 - points[:, 2]) / 0.02)  # platform
    vertices = transform_points(foot.T_rest_foot, points * foot.length)
    normals = smooth_normals(vertices, tights.faces).astype(np.float64)
    surface = replace(tights, vertices=vertices, normals=normals, colors=np.ones_like(tights.colors), label=MASK_FOOT)
    return surface, points


def _materials(rng: np.random.Generator) -> tuple[Material, Material]:
    """Of the upper and of the sole: mostly black, brown, beige or white leather, else any colour; smooth to dull."""
    usual = np.array([[20, 20, 22], [95, 55, 30], [205, 170, 140], [235, 230, 225], [150, 20, 30]])
    color = paint.random_color(rng)
    if rng.random() < 0.7:
        color = paint.linear(usual[rng.choice(5, p=(0.45, 0.15, 0.2, 0.1, 0.1))] * rng.uniform(0.8, 1.05))
    sole = color * rng.uniform(0.5, 1) if rng.random() < 0.5 else paint.linear(usual[rng.integers(5)])
    return tuple(
        Material((*np.clip(c, 0, 1), 1), roughness=rng.uniform(0.15, 0.8), double_sided=True) for c in (color, sole)
    )


def _topline(rng: np.random.Generator) -> np.ndarray:
    """(K, 2) foot lengths from the back and height up to which a pump reaches there; all of the toes."""
    throat, side = rng.uniform(0.64, 0.82), rng.uniform(0.08, 0.16)
    back = rng.uniform(0.2, 0.27) if rng.random() < 0.8 else -1.0  # a mule has none
    return np.array([[0, back], [0.12, back], [0.3, side], [throat, side], [throat + 0.04, 0.6]])


def _heel(
    leg: Leg, foot: FootCoordinates, sole: float, height: float, kind: str, rng: np.random.Generator
) -> tuple[float, Surface]:
    """The lift in radians, and a wedge, a stiletto or a block under a sole at this height; foot lengths."""
    ball = foot(leg.ball[None])[0]
    lift = float(np.arcsin(height / (ball[0] - HEEL_AT)))
    back = foot(leg.tights.vertices)
    back = back[(back[:, 0] < 0.2) & (back[:, 2] < 0.2)]
    top, top_half = np.array([HEEL_AT, back[:, 1].mean(), sole + 0.012]), np.array([rng.uniform(0.09, 0.125), 0.105])
    shape = rng.random()
    if shape < 0.15:  # a wedge is one with the sole
        top[0], top_half[0] = 0.34, 0.33
        bottom_half = top_half * rng.uniform(0.85, 1)
    elif shape < 0.55 and kind != "boot":
        bottom_half = np.full(2, rng.uniform(0.015, 0.035))
    else:
        bottom_half = top_half * rng.uniform(0.5, 1.05)
    forward = rng.uniform(-0.03, 0.05) * (shape >= 0.15)
    pitched = rotation_zyx(0.0, lift, 0.0)  # about the ball, so that the floor is level while the toes lie flat
    angle = np.linspace(0, 2 * np.pi, RING_POINTS)
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    upper = (np.column_stack([top[:2] + circle * top_half, np.full(RING_POINTS, top[2])]) - ball) @ pitched.T
    x, y = upper[:-1, :2].mean(0)
    end = np.array([x + forward, y, sole - ball[2]])
    lower = np.column_stack([end[:2] + circle * bottom_half, np.full(RING_POINTS, end[2])])
    rings = _rings(upper, lower, end, slimming=rng.uniform(0.4, 1.0)) @ pitched + ball
    vertices = transform_points(foot.T_rest_foot, rings * foot.length)
    faces = grid_faces(RINGS + 1, RING_POINTS)
    weights = np.zeros((len(vertices), NUM_SEGMENTS))
    weights[:, FOOT] = 1
    normals = smooth_normals(vertices, faces).astype(np.float64)
    uvs, colors = np.zeros((len(vertices), 2)), np.ones_like(vertices)
    return lift, Surface(vertices, normals, faces, weights, uvs, colors, MASK_FOOT)


def _rings(upper: np.ndarray, lower: np.ndarray, end: np.ndarray, slimming: float) -> np.ndarray:
    """Points (N, 3) of a tube from the ring `upper` (K, 3) to `lower` (K, 3), closed at the point `end` (3,);
    slimming below 1 takes it to the lower width early.
    """
    share = np.linspace(0, 1, RINGS)[:, None, None]
    slim = np.broadcast_to(share**slimming, (RINGS, 1, 2))
    rings = upper + (lower - upper) * np.concatenate([slim, share], 2)
    return np.concatenate([rings, np.broadcast_to(end, (1, *upper.shape))]).reshape(-1, 3)
