"""Makes low sneakers from a few numbers: the bundled shoes, and any number of others for synthetic data."""

from dataclasses import dataclass, field, replace

import numpy as np

from arshoe_core.foot import Side
from arshoe_render.curves import catmull_rom, grid_faces, resample, sweep
from arshoe_render.mesh import Material, Mesh, smooth_normals
from arshoe_render.shoe_form import A_THROAT, A_TOP, FormParameters, ShoeForm
from arshoe_render.shoe_paint import (
    FABRIC_ROWS,
    Colors,
    Panels,
    eyelet_points,
    paint_fabric,
    paint_sole,
    paint_upper,
)

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


@dataclass(frozen=True)
class ShoeParameters:
    """What a shoe is made from.

    Attributes:
        form: its measures.
        colors, panels: its look.
        side: which foot; the right shoe is the left one mirrored.
        texture_size: width of the upper's texture in pixels (the height is half).
        bow: whether the laces are tied.
    """

    form: FormParameters = field(default_factory=FormParameters)
    colors: Colors = field(default_factory=Colors)
    panels: Panels = field(default_factory=Panels)
    side: Side = Side.LEFT
    texture_size: int = 1024
    bow: bool = True


def make_shoe(p: ShoeParameters) -> list[Mesh]:
    """Build a shoe in the foot frame, for a foot of 0.26 m: the upper, the sole, and lining, tongue and laces.

    Returns:
        Three meshes in metres, about 6,000 triangles, textured; z = 0 is the plane the foot stands on and the
        sole lies below it.
    """
    form = ShoeForm(p.form)
    upper = Material(base_color=(1, 1, 1, 1), roughness=0.55, name="upper", double_sided=False)
    rubber = replace(upper, roughness=0.7, name="sole")
    fabric = replace(upper, roughness=0.95, name="fabric")
    parts = [
        _mesh(_upper(form), replace(upper, base_color_texture=paint_upper(form, p.colors, p.panels, p.texture_size))),
        _mesh(_sole(form), replace(rubber, base_color_texture=paint_sole(form, p.colors, p.texture_size))),
        _mesh(
            [*_lining(form), _tongue(form), *_laces(form, p.bow)],
            replace(fabric, base_color_texture=paint_fabric(p.colors)),
        ),
    ]
    return parts if p.side == Side.LEFT else [m.transformed(np.diag([1.0, -1, 1, 1])) for m in parts]


def opening_rim(p: ShoeParameters) -> np.ndarray:
    """The closed line around the shoe's opening (K, 3), metres, foot frame, first point not repeated."""
    form = ShoeForm(p.form)
    a = np.linspace(A_TOP, 1, 17)
    collar = np.concatenate([_edge(form, 1, a)[1], _edge(form, -1, a[::-1])[1][1:]])
    # In front the foot comes out behind the tongue.
    front = 0.5 * (collar[0] + collar[-1]) + (-4, 0, 4)
    rim = np.concatenate([collar, front[None]]) * MM
    return rim if p.side == Side.LEFT else rim * (1, -1, 1)


def random_parameters(rng: np.random.Generator) -> ShoeParameters:
    """A random shoe, from plain canvas shoes to padded trainers, in plausible colours."""
    form = FormParameters(
        width=rng.uniform(0.97, 1.10),
        toe_square=rng.uniform(-0.7, 0.9),
        toe_height=rng.uniform(38, 52),
        sole_heel=rng.uniform(6, 30),
        sole_toe=rng.uniform(5, 18),
        sole_wall=rng.uniform(6, 20),
        sole_flare=rng.uniform(1, 6),
        toe_spring=rng.uniform(2, 10),
        collar=rng.uniform(74, 98) if rng.random() < 0.85 else rng.uniform(110, 135),
        collar_dip=rng.uniform(10, 28),
        throat=rng.uniform(8, 14),
    )

    def color() -> tuple[float, float, float]:
        kind = rng.random()
        value = rng.choice([rng.uniform(0.03, 0.2), rng.uniform(0.35, 0.65), rng.uniform(0.8, 0.97)])
        if kind < 0.55:  # most shoes are white, grey or black
            tint = rng.uniform(-0.02, 0.02, 3)
            return tuple(np.clip(value + tint, 0.02, 0.98))
        return tuple(np.clip(value * (1 - rng.uniform(0.2, 1.0) * rng.random(3)), 0.02, 0.98))

    base = color()
    colors = Colors(
        upper=base,
        panel=base if rng.random() < 0.4 else color(),
        accent=color(),
        lining=color(),
        lace=color() if rng.random() < 0.4 else (0.93, 0.93, 0.92),
        sole=(0.93, 0.92, 0.89) if rng.random() < 0.6 else color(),
        outsole=color(),
    )
    panels = Panels(
        toe_cap=rng.uniform(25, 60) * (rng.random() < 0.4),
        mudguard=rng.uniform(4, 20) * (rng.random() < 0.6),
        counter=rng.uniform(30, 75) * (rng.random() < 0.7),
        eyestay=rng.uniform(8, 18),
        band=rng.uniform(6, 28) * (rng.random() < 0.6),
        perforations=bool(rng.random() < 0.3),
        stitch=rng.uniform(0, 1),
    )
    side = Side.LEFT if rng.random() < 0.5 else Side.RIGHT
    return ShoeParameters(form, colors, panels, side, texture_size=512, bow=bool(rng.random() < 0.8))


DESIGNS = {
    "sneaker": ShoeParameters(),
    "court": ShoeParameters(
        form=FormParameters(toe_square=0.4, toe_height=42, sole_heel=14, sole_toe=11, sole_wall=15, toe_spring=4),
        colors=Colors(
            upper=(0.11, 0.11, 0.12), panel=(0.16, 0.16, 0.17), accent=(0.85, 0.84, 0.80), lining=(0.22, 0.21, 0.20),
            lace=(0.90, 0.89, 0.86), sole=(0.93, 0.92, 0.88), outsole=(0.24, 0.23, 0.22),
        ),
        panels=Panels(toe_cap=44, mudguard=0, counter=48, eyestay=15, band=0, perforations=False),
    ),
    "runner": ShoeParameters(
        form=FormParameters(
            toe_height=46, sole_heel=24, sole_toe=15, sole_wall=14, sole_flare=6, toe_spring=11, collar=90
        ),
        colors=Colors(
            upper=(0.86, 0.25, 0.13), panel=(0.68, 0.14, 0.09), accent=(0.98, 0.86, 0.66), lining=(0.14, 0.14, 0.17),
            lace=(0.97, 0.95, 0.90), sole=(0.96, 0.95, 0.92), outsole=(0.13, 0.13, 0.14),
        ),
        panels=Panels(mudguard=9, counter=64, eyestay=11, band=20, perforations=True),
    ),
}  # fmt: skip
"""The bundled shoes."""

Part = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Vertices (N, 3) in mm, uvs (N, 2), faces (M, 3)."""


def _mesh(parts: list[Part], material: Material) -> Mesh:
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


def _edge(form: ShoeForm, side: int, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _upper(form: ShoeForm) -> list[Part]:
    parts = []
    a = A_COLUMNS
    t = np.sin(np.linspace(0, 1, UPPER_ROWS) * np.pi / 2)[:, None] ** 0.9
    for side in (1, -1):
        outside = form.upper(side, a, t)
        points = np.concatenate([outside, _edge(form, side, a)[0]])
        v = np.concatenate([1 - t[:, 0], np.full(len(ROLL), 0.01)])[:, None]
        parts.append(_grid(points, (a / 2 if side > 0 else 1 - a / 2)[None], v, flip=side > 0))
    return parts


def _sole(form: ShoeForm) -> list[Part]:
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


def _lining(form: ShoeForm) -> list[Part]:
    low, high = FABRIC_ROWS["lining"]
    a = A_COLUMNS
    parts = []
    for side in (1, -1):
        rim = _edge(form, side, a)[0][-1]
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


def _tongue(form: ShoeForm) -> Part:
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


def _laces(form: ShoeForm, bow: bool) -> list[Part]:
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
