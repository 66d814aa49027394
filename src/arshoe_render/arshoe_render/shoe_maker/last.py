"""The last: the closed form of a foot in a shoe that every part is laid out on. Millimetres, left foot of 260 mm.

Every curve from the sole's edge up has a number `a`: 0 at the toe's tip, `A_TOP` at the front of the shin, 1 at the
middle of the heel. Curves of a < A_TOP end on the crest, the middle line over toes, instep and shin; the others end on
the ring around the shaft. `t` runs along such a curve, 0 at the sole and 1 at its end. `side` is +1 for the lateral
half (y > 0 on the left foot), -1 for the medial half.
"""

from dataclasses import dataclass

import numpy as np

from arshoe_render.curves import catmull_rom, hermite, smoothstep

A_TOP = 0.60

# Outline of the foot seen from above, from the toe's tip along the lateral side to the heel and back.
_OUTLINE = np.array(
    [
        [265, -12], [256, 14], [232, 36], [195, 49], [160, 51.5], [120, 46], [80, 38.5], [45, 34.5], [15, 26], [-2, 12],
        [-6.5, 0], [-2, -12], [15, -26], [45, -34], [80, -34.5], [115, -35], [150, -41], [190, -47.5],
        [226, -46], [253, -34],
    ],
    dtype=np.float64,
)  # fmt: skip
_HEEL_POINT = 10


@dataclass(frozen=True)
class LastShape:
    """The measures of a last, millimetres unless said.

    Attributes:
        width: factor on the width.
        toe_square: -1 pointed, 0 round, 1 square.
        toe_length: how much longer than the standard toe.
        toe_height: height of the toe box.
        toe_fullness: 0 a toe box like a wedge, 1 like a box.
        instep: how much higher than the standard instep.
        shaft: height of the ring around the ankle; must be above the shoe's collar.
        shaft_width: half the width of that ring.
    """

    width: float = 1.0
    toe_square: float = 0.0
    toe_length: float = 0.0
    toe_height: float = 44.0
    toe_fullness: float = 0.5
    instep: float = 0.0
    shaft: float = 100.0
    shaft_width: float = 29.0


class Last:
    """Curves and surface of one last; all methods take arrays and give millimetres."""

    def __init__(self, p: LastShape) -> None:
        self.p = p
        outline = _OUTLINE.copy()
        front = smoothstep(190, 262, outline[:, 0])
        middle = -11.0
        squareness = 1 + 0.35 * p.toe_square * front * (outline[:, 0] < 262)
        outline[:, 1] = middle * front + (outline[:, 1] - middle * front) * squareness
        outline[:, 1] *= p.width
        outline[:, 0] += p.toe_length * front
        per_segment = 24
        loop = catmull_rom(outline, per_segment, closed=True)
        heel = _HEEL_POINT * per_segment
        self._paths = {
            1: _with_length(loop[: heel + 1]),
            -1: _with_length(np.concatenate([loop[heel:], loop[:1]])[::-1]),
        }
        # Where on the outline the curve `a` starts: near the x of its top, except at both ends.
        self._arc_at = {}
        for side, (length, points) in self._paths.items():
            at = [float(np.interp(-x, -points[:, 0], length)) for x in (207, 122, 45)]
            self._arc_at[side] = ([0, 0.3, A_TOP, 0.85, 1], [0, *at, length[-1]])
        self.crest = _with_length(self._crest_points())

    def _crest_points(self) -> np.ndarray:
        """x, z (K, 2) of the middle line from the toe's top up the shin, to the height of the shaft's ring."""
        p = self.p
        toe, up = p.toe_height, p.instep
        points = np.array(
            [
                [243, toe - 4], [227, toe + 1], [206, toe + 8 + 0.3 * up], [175, 0.5 * toe + 44 + 0.8 * up],
                [143, 81 + up], [122, 97 + 0.8 * up], [110, 115 + 0.5 * up], [104, 136], [102, 160], [103, 190],
                [105, 220],
            ]
        )  # fmt: skip
        points[:2, 0] += p.toe_length * np.array([1, 0.6])
        curve = catmull_rom(points, 24)
        return curve[: np.searchsorted(curve[:, 1], p.shaft)]

    def outline(self, side: int, a: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
        """The foot's edge seen from above (..., 2), moved outwards by `offset`."""
        a = np.asarray(a, np.float64)
        length, points = self._paths[side]
        arc = hermite(a, *self._arc_at[side])
        tangent = _at(length, points, arc + 2.0) - _at(length, points, arc - 2.0)
        normal = np.stack([-tangent[..., 1], tangent[..., 0]], -1) * -side
        # Both halves meet at the toe and at the heel, where the outline runs across.
        normal[..., 1] *= smoothstep(0, 0.02, a) * smoothstep(1, 0.98, a)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        return _at(length, points, arc) + normal * np.asarray(offset)[..., None]

    def middle(self, x: np.ndarray) -> np.ndarray:
        """y of the middle line over the foot."""
        return hermite(np.asarray(x), [0, 60, 143, 205, 262], [0, 0, -5, -9, -12]) * self.p.width

    def crest_height(self, x: np.ndarray) -> np.ndarray:
        """z of the crest over toes and instep; beyond the shin's front, of the shaft's ring."""
        _, points = self.crest
        return np.interp(-np.asarray(x), -points[:, 0], points[:, 1])

    def top(self, side: int, a: np.ndarray) -> np.ndarray:
        """Where the curves end (..., 3): the crest, then the ring."""
        a = np.asarray(a, np.float64)
        length, points = self.crest
        at_ball = float(np.interp(-206, -points[:, 0], length))
        arc = hermite(a, [0, 0.15, 0.3, A_TOP], [0, 0.42 * at_ball, at_ball, length[-1]])
        crest = _at(length, points, arc)
        front, back = points[-1, 0], 1.0 if self.p.shaft <= 110 else 5.0
        angle = np.pi * np.clip((a - A_TOP) / (1 - A_TOP), 0, 1)
        x = np.where(a < A_TOP, crest[..., 0], (front + back) / 2 + (front - back) / 2 * np.cos(angle))
        y = self.middle(x) + np.sin(angle) * side * self.p.shaft_width
        return np.stack([x, y, np.where(a < A_TOP, crest[..., 1], points[-1, 1])], -1)

    def surface(self, side: int, a: np.ndarray, t: np.ndarray) -> np.ndarray:
        """The last's surface (..., 3)."""
        a, t = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(t, np.float64))
        bottom, top = self.outline(side, a), self.top(side, a)
        # Over the toes the curves are arches, around the heel and the shin they are walls.
        wall = np.maximum(smoothstep(0.5, 0.72, a), smoothstep(80, 150, top[..., 2]))
        angle = t * np.pi / 2
        exponent = hermite(a, [0.5, 0.6, 0.8, 1], [1.0, 1.2, 2.0, 2.4])
        straight = 0.25 * t + 0.75 * t**exponent
        if self.p.shaft > 110:  # narrowest above the ankle
            high = 1 + (top[..., 2] - 1) * t
            pinched = hermite(high, [0, 30, 92, 122, 230], [0.0, 0.1, 0.85, 1.05, 1.0])
            straight = straight + (pinched - straight) * smoothstep(0.66, 0.85, a)
        arch_power = 1.1 - 0.5 * self.p.toe_fullness
        inwards = (1 - wall) * (1 - np.cos(angle) ** arch_power) + wall * straight
        upwards = (1 - wall) * np.sin(angle) ** 0.92 + wall * t
        z = 1 + (top[..., 2] - 1) * upwards
        xy = bottom + (top[..., :2] - bottom) * inwards[..., None]
        low = np.clip(z / 30, 0, None)
        bulge = low * np.exp(1 - low) * hermite(a, [0, 0.3, 0.6, 0.85, 1], [0.3, 1.2, 1.5, 2.5, 3.5]) * (1 - t**3)
        xy = xy + (self.outline(side, a, 1.0) - bottom) * bulge[..., None]
        return np.concatenate([xy, z[..., None]], -1)

    def normal(self, side: int, a: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Outward unit normals (..., 3) of the surface."""
        a, t = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(t, np.float64))
        d = 0.004
        a0, a1 = np.clip(a - d, 0.003, 0.997), np.clip(a + d, 0.003, 0.997)
        t0, t1 = np.clip(t - d, 0.0, 0.996), np.clip(t + d, 0.0, 0.996)
        along = self.surface(side, a1, t) - self.surface(side, a0, t)
        up = self.surface(side, a, t1) - self.surface(side, a, t0)
        normal = np.cross(up, along) * -side
        return normal / np.linalg.norm(normal, axis=-1, keepdims=True).clip(1e-9)


def _with_length(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]), points


def _at(length: np.ndarray, points: np.ndarray, arc: np.ndarray) -> np.ndarray:
    """Points (..., 2) of a polyline at arc lengths (...)."""
    arc = np.clip(arc, 0, length[-1])
    return np.stack([np.interp(arc, length, points[:, 0]), np.interp(arc, length, points[:, 1])], -1)
