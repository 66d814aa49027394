"""What is put on the upper: laces, straps, buckles, bows, the loop at the heel."""

from itertools import pairwise

import numpy as np

from arshoe_render.shoe_maker.design import ShoeParameters, Strap, along_foot
from arshoe_render.shoe_maker.last import A_TOP, Last
from arshoe_render.shoe_maker.parts import Part, grid, ribbon, smooth_path, to_v
from arshoe_render.shoe_maker.upper import Upper

UP = np.array([0.0, 0.0, 1.0])


def eyelets(upper: Upper, count: int, side: int, distance: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """Eyelets of one side from front to back, `distance` mm from the lacing's edge: points and normals (count, 3)."""
    a = np.linspace(0.05, 1, 900)
    edge = upper.point(side, a, np.ones(1))
    # Where the lacing's gap cuts the upper, not the collar.
    inside = (upper.t_end(side, a) < 0.99) & (edge[:, 2] < along_foot(upper.topline.collar, edge[:, 0]) - 3)
    a, edge = a[inside], edge[inside]
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(edge, axis=0), axis=1))])
    at = np.interp(np.linspace(8, along[-1] - 9, count), along, a)
    q = np.linspace(1, 0.4, 90)
    line = upper.point(side, at[:, None], q[None])
    down = np.cumsum(np.linalg.norm(np.diff(line, axis=1, prepend=line[:, :1]), axis=2), 1)
    pick = np.abs(down - distance).argmin(1)
    rows = np.arange(count)
    return line[rows, pick], upper.last.normal(side, at, upper.t_end(side, at) * q[pick])


def laces(upper: Upper, p: ShoeParameters) -> list[Part]:
    """Crossed laces through the eyelets, tied in a bow if the shoe has one."""
    (left, left_up), (right, right_up) = (eyelets(upper, p.eyelets, side) for side in (1, -1))
    middle_up = left_up + right_up
    middle_up /= np.linalg.norm(middle_up, axis=1, keepdims=True)
    parts = []

    def crossing(i: int, j: int, lift: float) -> Part:
        start, end, up = left[i], right[j], (middle_up[i] + middle_up[j]) / 2
        bridge = (start + end) / 2 + up * (3.5 + lift)
        quarter = [0.7 * p + 0.3 * bridge + (1.5 + 0.4 * lift) * up for p in (start, end)]
        path = [start - 1.5 * left_up[i], start + 1.0 * left_up[i], quarter[0], bridge, quarter[1]]
        path += [end + 1.0 * right_up[j], end - 1.5 * right_up[j]]
        return ribbon(smooth_path(np.array(path), 7), up, 2.8, 0.9, "lace")

    parts.append(crossing(0, 0, 0.2))
    for i in range(p.eyelets - 1):
        parts += [crossing(i, i + 1, 0.4), crossing(i + 1, i, 2.0)]
    if p.bow == "laces":
        parts += _tied(left[-1], right[-1], middle_up[-1])
    else:
        parts.append(crossing(p.eyelets - 1, p.eyelets - 1, 1.5))
    return parts


def _tied(left: np.ndarray, right: np.ndarray, up: np.ndarray) -> list[Part]:
    """A bow between the last eyelets: two loops and two ends that hang to the sides."""
    knot = (left + right) / 2 + 6.5 * up
    forward = np.cross([0.0, 1.0, 0.0], up)
    frame = np.stack([forward, [0.0, 1.0, 0.0], up])
    parts = [ribbon(smooth_path(np.stack([p, (p + knot) / 2 + 2.5 * up, knot]), 6), up, 2.8, 0.9, "lace")
             for p in (left, right)]  # fmt: skip
    loop = np.array([[0, 0, 0], [6, 14, 4], [12, 30, -1], [22, 36, -9], [21, 25, -3], [9, 9, 1], [0, 0, -1]])
    tail = np.array([[0, 0, 0], [12, 8, 1], [26, 17, -5], [37, 25, -14], [43, 29, -22]])
    for sign in (1, -1):
        for shape, count in ((loop, 13), (tail, 8)):
            parts.append(ribbon(knot + smooth_path(shape * (1, sign, 1), count) @ frame, up, 2.5, 0.9, "lace"))
    ball = knot + np.array([[0, 5, -1], [0, 2, 1], [0, -2, 1], [0, -5, -1]]) @ frame
    return [*parts, ribbon(smooth_path(ball, 6), up, 4.0, 2.4, "lace")]


def strap(last: Last, s: Strap, samples: int = 26) -> list[Part]:
    """A band on the last with rounded edges, its buckle too."""
    path = smooth_path(np.column_stack([np.array(s.path), np.zeros(len(s.path))]), 200)
    crest_x, at = path[:, 0], path[:, 1]
    points, _ = _on_last(last, _a_of_crest(last, crest_x), at)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.linspace(0, length[-1], samples)
    a, at = _a_of_crest(last, np.interp(even, length, crest_x)), np.interp(even, length, at)
    half = (s.width[0] + (s.width[1] - s.width[0]) * (1 - np.linspace(-1, 1, samples) ** 2)) / 2
    # The width runs along the last's own curves, so that the band lies on it.
    ahead, behind = (_on_last(last, a + d, at)[0] for d in (0.005, -0.005))
    da = half / (np.linalg.norm(ahead - behind, axis=1) / 0.01)
    section = np.array([(0.97, -0.3), (1, 0.6), (0.93, 1.0), (0.45, 1.12), (0, 1.15), (-0.45, 1.12), (-0.93, 1.0),
                        (-1, 0.6), (-0.97, -0.3), (0, -0.3), (0.97, -0.3)])  # fmt: skip
    surface, normal = _on_last(last, a[:, None] + section[:, 0] * da[:, None], at[:, None])
    v = np.array([0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 1.0, 1.0])
    u = even / (220 if s.zone == "upper" else 60)
    parts = [grid(surface + (section[:, 1:] * s.thickness) * normal, u[:, None], to_v(s.zone, v)[None], flip=True)]
    if s.buckle >= 0:
        i = round(s.buckle * (samples - 1))
        parts += _buckle(surface[:, 4], normal[:, 4], i, 0.5 * half[i] + 3, s.thickness)
    return parts


def _on_last(last: Last, a: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points and normals (..., 3) of the last, `at` from -1 at the medial sole over 0 on the crest to 1."""
    a, at = np.broadcast_arrays(a, at)
    t, lateral = 1 - np.abs(at), (at >= 0)[..., None]
    return (
        np.where(lateral, last.surface(1, a, t), last.surface(-1, a, t)),
        np.where(lateral, last.normal(1, a, t), last.normal(-1, a, t)),
    )


def _buckle(points: np.ndarray, normals: np.ndarray, i: int, half: float, thickness: float) -> list[Part]:
    n = normals[i]
    along = points[i + 1] - points[i - 1]
    along /= np.linalg.norm(along)
    across = np.cross(n, along)
    centre = points[i] + n * (thickness * 1.3 + 1.0)
    long = 9.0
    corners = [(-long, -half), (-long, half), (long, half), (long, -half), (-long, -half)]
    path = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        path += [centre + (x0 + (x1 - x0) * f) * along + (y0 + (y1 - y0) * f) * across for f in (0.12, 0.5, 0.88)]
    frame = ribbon(np.array([*path, path[0], path[1]]), n, 1.7, 1.3, "metal")
    pin = ribbon(
        np.stack([centre - long * along + n, centre + 1.5 * n, centre + long * along + n]), n, 1.1, 1.0, "metal"
    )
    return [frame, pin]


def ribbon_bow(upper: Upper, size: float = 11.0) -> list[Part]:
    """A small flat bow at the front of the opening."""
    rim = upper.rim()
    front = rim[rim[:, 0].argmax()]
    at = front + np.array([5.0, 0.0, 2.5])
    slope, forward = np.array([0.35, 0, 1.0]), np.array([0.94, 0, -0.33])
    parts = []
    for sign in (1, -1):
        loop = np.array(
            [[0, 0, 0.8], [2.5, 0.6, 3.0], [2.5, 1.25, 3.4], [0, 1.5, 1.5], [-1.5, 1.15, 0.2], [-1, 0.5, 0], [0, 0, 0]]
        )
        loop = loop * (1.2, size * sign, 1.0)
        parts.append(ribbon(at + smooth_path(loop, 11), None, 3.6, 0.8, "trim", across=forward))
        tail = np.array([[0, 0, 0], [4, 0.35, -0.8], [10, 0.75, -4.5]]) * (1, size * sign, 1.0)
        parts.append(ribbon(at + smooth_path(tail, 5), slope, 2.2, 0.6, "trim"))
    knot = at + np.array([[-3.5, 0, 0.2], [-1.5, 0, 2.6], [1.5, 0, 2.4], [4.0, 0, -0.6]])
    return [*parts, ribbon(knot, np.array([0.0, 0, 1.0]), 2.8, 1.2, "trim")]


def pull_tab(upper: Upper, length: float) -> list[Part]:
    """A loop of webbing that stands up at the heel."""
    back = upper.point(1, np.array([1.0]), np.ones(1))[0]
    loop = np.array([[-1.2, 0, -22], [-1.6, 0, -4], [-2, 0, 0.55 * length], [1.5, 0, length], [5, 0, 0.5 * length],
                     [5.5, 0, -4], [5.0, 0, -14]])  # fmt: skip
    path = back + loop
    return [ribbon(smooth_path(path, 13), None, 6.0, 0.9, "trim", across=np.array([0.0, 1.0, 0.0]))]


def _a_of_crest(last: Last, x: np.ndarray) -> np.ndarray:
    a = np.linspace(0, A_TOP, 400)
    top = last.top(1, a)
    return np.interp(-x, -top[:, 0], a)
