"""The parts of a parametric shoe as triangle grids, in millimetres, left foot: upper, sole, lining, tongue, laces."""

import numpy as np

from arshoe_render.curves import catmull_rom, grid_faces, resample, sweep
from arshoe_render.mesh import Material, Mesh, smooth_normals
from arshoe_render.shoe_form import A_THROAT, A_TOP, ShoeForm
from arshoe_render.shoe_paint import FABRIC_ROWS, eyelet_points

MM = 1e-3
A_COLUMNS = np.concatenate(
    [
        np.linspace(0, 0.26, 10),
        np.linspace(0.27, 0.31, 4),
        np.linspace(0.36, 0.6, 6),
        np.linspace(0.63, 0.9, 9),
        np.linspace(0.92, 1, 9),
    ]
)
"""Where the curves of the upper and the sole stand: close together where the outline bends."""
UPPER_ROWS = 11
LACE_SIDES = 4
ROLL = ((0.45, 0.35), (1.0, 0.35), (1.55, -0.1), (1.8, -1.2))
"""The upper's edge, in units of its thickness: how far inwards and up from the top line."""


Part = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Vertices (N, 3) in mm, uvs (N, 2), faces (M, 3)."""


def mesh(parts: list[Part], material: Material) -> Mesh:
    """One mesh (metres) of several parts, smooth across the seams of the texture."""
    offsets = np.cumsum([0] + [len(vertices) for vertices, _, _ in parts[:-1]])
    vertices = np.concatenate([v for v, _, _ in parts])
    uvs = np.concatenate([uv for _, uv, _ in parts])
    faces = np.concatenate([f + offset for (_, _, f), offset in zip(parts, offsets, strict=True)])
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    faces = faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-3]
    used, faces = np.unique(faces, return_inverse=True)
    vertices, uvs, faces = vertices[used], uvs[used], faces.reshape(-1, 3).astype(np.int32)
    # Seams of the texture have their vertices twice; the surface goes on smoothly there.
    _, same = np.unique(np.round(vertices, 2), axis=0, return_inverse=True)
    same = same.reshape(-1)
    welded = np.zeros((same.max() + 1, 3))
    welded[same] = vertices
    normals = smooth_normals(welded, same[faces])[same]
    return Mesh((vertices * MM).astype(np.float32), faces, normals, uvs.astype(np.float32), None, material)


def _grid(points: np.ndarray, u: np.ndarray, v: np.ndarray, flip: bool) -> Part:
    rows, columns = points.shape[:2]
    u, v = np.broadcast_arrays(u, v)
    return points.reshape(-1, 3), np.stack([u, v], -1).reshape(-1, 2), grid_faces(rows, columns, flip)


def rolled_edge(form: ShoeForm, side: int, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rolled edge of the upper: points (len(ROLL), len(a), 3), and the middle of its thickness (len(a), 3)."""
    top = form.top_line(side, a)
    ahead, behind = form.top_line(side, np.clip(a + 0.01, 0, 2)), form.top_line(side, np.clip(a - 0.01, 0, 1))
    along = ahead - behind
    inwards = np.stack([-along[..., 1], along[..., 0], np.zeros(a.shape)], -1) * side
    inwards /= np.linalg.norm(inwards, axis=-1, keepdims=True).clip(1e-9)
    thickness = np.interp(
        a, [A_THROAT - 0.01, A_THROAT + 0.01, A_TOP, A_TOP + 0.12, 0.93, 1], [0, 1.6, 1.8, 5, 5, 4.5]
    )[..., None]
    up = np.array([0.0, 0.0, 1.0])
    rows = np.stack([top + thickness * (d * inwards + h * up) for d, h in ROLL])
    return rows, top + thickness * inwards


def upper(form: ShoeForm) -> list[Part]:
    """The upper from the sole to its rolled edge, one grid a side."""
    parts = []
    a = A_COLUMNS
    t = np.sin(np.linspace(0, 1, UPPER_ROWS) * np.pi / 2)[:, None] ** 0.9
    for side in (1, -1):
        outside = form.upper(side, a, t)
        points = np.concatenate([outside, rolled_edge(form, side, a)[0]])
        v = np.concatenate([1 - t[:, 0], np.full(len(ROLL), 0.01)])[:, None]
        parts.append(_grid(points, (a / 2 if side > 0 else 1 - a / 2)[None], v, flip=side > 0))
    return parts


def sole(form: ShoeForm) -> list[Part]:
    """The sole's wall, one grid a side, and its underside."""
    a = A_COLUMNS
    flare = form.p.sole_flare
    # Rows from the lip down: how far out, and how far down the wall (0 top, 1 bottom).
    outsole = [(flare, 0.72), (flare - 0.5, 0.745), (flare - 0.2, 0.98), (flare - 3, 1.0)]
    profile = np.array([(-2, 0.06), (1.2, 0.0), (2.0, 0.06), (1.8, 0.30), (2.0, 0.38), *outsole])
    parts, borders = [], []
    for side in (1, -1):
        x = form.outline(side, a)[:, 0]
        top, bottom = form.sole_top(x), form.sole_bottom(x)
        xy = np.stack([form.outline(side, a, np.full(len(a), out)) for out, _ in profile])
        z = top + (bottom - top) * profile[:, 1:]
        points = np.concatenate([xy, z[..., None]], -1)
        u = a / 2 if side > 0 else 1 - a / 2
        parts.append(_grid(points, u[None], profile[:, 1:] * 0.48 + 0.01, flip=side < 0))
        borders.append(points[-1])
    across = np.linspace(0, 1, 5)[:, None, None]
    under = borders[0] * (1 - across) + borders[1] * across
    parts.append(_grid(under, (under[..., 0] + 10) / 280, 0.55 + 0.4 * (under[..., 1] + 60) / 120, flip=False))
    return parts


def lining(form: ShoeForm) -> list[Part]:
    """The inside: walls and insole."""
    low, high = FABRIC_ROWS["lining"]
    a = A_COLUMNS
    parts = []
    for side in (1, -1):
        rim = rolled_edge(form, side, a)[0][-1]
        foot = np.concatenate([form.outline(side, a, np.full(len(a), -4.0)), np.full((len(a), 1), 4.0)], 1)
        down = np.array([0, 0.25, 1.0])[:, None, None]
        points = rim * (1 - down) + foot * down
        parts.append(_grid(points, a[None] * 6, low + (high - low) * down[..., 0], flip=side > 0))
    low, high = FABRIC_ROWS["insole"]
    a = np.linspace(0, 1, 17)
    edges = [form.outline(side, a, np.full(len(a), -3.0)) for side in (1, -1)]
    across = np.linspace(0, 1, 3)[:, None, None]
    xy = edges[0] * (1 - across) + edges[1] * across
    points = np.concatenate([xy, np.full((*xy.shape[:2], 1), 4.0)], -1)
    parts.append(_grid(points, a[None], low + (high - low) * across[..., 0], flip=True))
    return parts


def tongue(form: ShoeForm) -> Part:
    """The padded tongue under the lacing."""
    low, high = FABRIC_ROWS["tongue"]
    x = np.array([226, 205, 165, 143, 128, 117, 109, 103, 98.5])
    z = form.ridge_height(x) - np.array([5, 5, 4.5, 4, 3.5, 2.5, -3, -9, -15])
    half = form.p.throat + np.array([0, 4, 7, 7, 7, 7, 7.5, 7.5, 7])
    middle = catmull_rom(np.column_stack([x, form.middle(x), z]), 2)
    width = catmull_rom(half[:, None], 2)[:, 0]
    width[-3:] *= (0.97, 0.88, 0.62)  # rounded corners
    thick = np.interp(
        np.arange(len(middle)), [0, 8, len(middle) - 4, len(middle) - 2, len(middle) - 1], [1, 2, 4, 3.6, 0.6]
    )
    crown = np.linspace(0.10, 0.30, len(middle))
    along = np.gradient(middle, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.array([0.0, 1.0, 0.0]) * np.ones_like(along)
    up = np.cross(across, along)
    section = np.linspace(0, 2 * np.pi, 17)
    c, s = np.cos(section), np.sin(section)
    flat = np.sign(s) * np.abs(s) ** 0.6
    height = flat * thick[:, None] - c**2 * (crown * width)[:, None]
    points = middle[:, None] + c[None, :, None] * (across * width[:, None])[:, None] + height[..., None] * up[:, None]
    v = low + (high - low) * np.linspace(0, 1, len(middle))[:, None]
    return _grid(points, section[None] / (2 * np.pi) * 4, v, flip=True)


def _ribbon(path: np.ndarray, up: np.ndarray, samples: int, width: float = 3.0, thick: float = 1.0) -> Part:
    low, high = FABRIC_ROWS["lace"]
    curve = resample(catmull_rom(path, 8), samples)
    along = np.gradient(curve, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    up = np.broadcast_to(up, curve.shape)
    across = np.cross(up, along)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    up = np.cross(along, across)
    points = sweep(curve, across * width, up * thick, LACE_SIDES)
    u = np.linspace(0, 1, samples)[:, None] * 4
    v = low + (high - low) * np.linspace(0, 1, LACE_SIDES + 1)[None]
    return _grid(points, u, v, flip=False)


def laces(form: ShoeForm, bow: bool) -> list[Part]:
    """Crossed laces through the eyelets, tied in a bow or not."""
    left, right = (eyelet_points(form, side) for side in (1, -1))
    count = len(left)
    top = np.array([0.0, 0.0, 1.0])
    parts = []

    def crossing(start: np.ndarray, end: np.ndarray, lift: float) -> Part:
        middle = (start + end) / 2
        height = form.ridge_height(middle[0]) + lift
        bridge = np.array([middle[0], middle[1], height])
        quarter = [0.75 * p + 0.25 * middle + (0, 0, 0.35 * (height - middle[2]) + 2.0) for p in (start, end)]
        out, down = np.array([0, 0, 0.8]), np.array([0, 0, 1.5])
        path = np.stack([start - down, start + out, quarter[0], bridge, quarter[1], end + out, end - down])
        return _ribbon(path, top, 7)

    parts.append(crossing(left[0], right[0], 1.0))
    for i in range(count - 1):
        parts.append(crossing(left[i], right[i + 1], 1.2))
        parts.append(crossing(right[i], left[i + 1], 3.0))
    if bow:
        parts += _bow(form, left[-1], right[-1])
    else:
        parts.append(crossing(left[-1], right[-1], 2.0))
    return parts


def _bow(form: ShoeForm, left: np.ndarray, right: np.ndarray) -> list[Part]:
    top = np.array([0.35, 0.0, 1.0])
    knot = (left + right) / 2
    knot[0] += 6
    knot[2] = form.ridge_height(knot[0]) + 5
    parts = [_ribbon(np.stack([p, 0.5 * (p + knot) + (0, 0, 2.5), knot]), top, 6) for p in (left, right)]
    loop_mm = [[0, 0, 0], [10, 16, 3], [16, 34, -6], [28, 38, -16], [27, 24, -4], [10, 8, 0], [0, 0, -1]]
    tail_mm = [[0, 0, 0], [14, 8, 1], [30, 15, -5], [44, 24, -18], [50, 30, -27]]
    for sign in (1, -1):
        loop, tail = (knot + np.array(points) * (1, sign, 1) for points in (loop_mm, tail_mm))
        parts += [_ribbon(loop, top, 14, 2.6), _ribbon(tail, top, 8, 2.6)]
    ball = knot + np.array([[0, 5, -1], [0, 2, 1], [0, -2, 1], [0, -5, -1]])
    parts.append(_ribbon(ball, np.array([0.0, 0, 1]), 6, 4.0, 2.4))
    return parts
