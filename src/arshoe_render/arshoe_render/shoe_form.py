"""The form of a parametric low shoe around the standard foot: curves and surfaces, in millimetres, left foot.

Every curve from the sole's edge up to the top line has a number `a`: 0 at the toe's tip, `A_THROAT` where the
lacing begins, `A_TOP` where it ends and the collar begins, 1 at the middle of the heel. `t` runs along such a
curve, 0 at the sole and 1 at the top line. `side` is +1 for the lateral half (y > 0 on the left foot), -1 for the
medial half.
"""

from dataclasses import dataclass

import numpy as np

from arshoe_render.curves import catmull_rom, hermite, smoothstep

A_THROAT, A_TOP = 0.30, 0.60

# Outline of the foot seen from above, from the toe's tip along the lateral side to the heel and back (mm).
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
class FormParameters:
    """The measures of a shoe on a foot of 260 mm, in millimetres unless said.

    Attributes:
        width: factor on the shoe's width.
        toe_square: -1 pointed, 0 round, 1 square.
        toe_height: height of the toe box.
        sole_heel, sole_toe: thickness of the sole below the foot.
        sole_wall: how far the sole's wall covers the upper.
        sole_flare: how far the sole stands out beyond the upper.
        toe_spring: how far the sole's tip bends up.
        collar: height of the collar at the heel.
        collar_dip: how much lower the collar is at the ankle's sides.
        throat: half the gap between the eyelet rows.
    """

    width: float = 1.0
    toe_square: float = 0.0
    toe_height: float = 44.0
    sole_heel: float = 16.0
    sole_toe: float = 11.0
    sole_wall: float = 13.0
    sole_flare: float = 3.0
    toe_spring: float = 7.0
    collar: float = 86.0
    collar_dip: float = 21.0
    throat: float = 11.0


class ShoeForm:
    """Curves and surfaces of one shoe; all methods take arrays and give millimetres."""

    def __init__(self, p: FormParameters) -> None:
        self.p = p
        outline = _OUTLINE.copy()
        front = smoothstep(200, 262, outline[:, 0])
        middle = -10.0
        squareness = 1 + 0.35 * p.toe_square * front * (outline[:, 0] < 262)
        outline[:, 1] = middle * front + (outline[:, 1] - middle * front) * squareness
        outline[:, 1] *= p.width
        per_segment = 24
        loop = catmull_rom(outline, per_segment, closed=True)
        heel = _HEEL_POINT * per_segment
        self._paths = {1: self._path(loop[: heel + 1]), -1: self._path(np.concatenate([loop[heel:], loop[:1]])[::-1])}
        # Where on the outline the curve `a` starts: at the same x as its top, except at both ends.
        self._arc_at = {}
        for side, (length, points) in self._paths.items():
            at = [float(np.interp(-x, -points[:, 0], length)) for x in (207, 122, 45)]
            self._arc_at[side] = ([0, A_THROAT, A_TOP, 0.85, 1], [0, *at, length[-1]])

    @staticmethod
    def _path(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        return length, points

    def outline(self, side: int, a: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
        """The foot's edge seen from above (..., 2), moved outwards by `offset`."""
        length, points = self._paths[side]
        arc = hermite(a, *self._arc_at[side])

        def at(s: np.ndarray) -> np.ndarray:
            s = np.clip(s, 0, length[-1])
            return np.stack([np.interp(s, length, points[:, 0]), np.interp(s, length, points[:, 1])], -1)

        tangent = at(arc + 2.0) - at(arc - 2.0)
        normal = np.stack([-tangent[..., 1], tangent[..., 0]], -1) * -side
        # Both halves meet at the toe and at the heel, where the outline runs across.
        normal[..., 1] *= smoothstep(0, 0.02, a) * smoothstep(1, 0.98, a)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        return at(arc) + normal * np.asarray(offset)[..., None]

    def ridge_height(self, x: np.ndarray) -> np.ndarray:
        """Height of the shoe's middle line over the toes and the instep."""
        toe, top = self.p.toe_height, 92 + (self.p.collar - 86) * 0.9
        return hermite(
            -np.asarray(x),
            [-262, -243, -225, -205, -175, -143, -118],
            [toe - 16, toe - 5, toe + 1, toe + 8, 64, 76, top],
        )

    def middle(self, x: np.ndarray) -> np.ndarray:
        """y of the shoe's middle line."""
        return hermite(np.asarray(x), [0, 60, 143, 205, 262], [0, 0, -5, -9, -12]) * self.p.width

    def top_line(self, side: int, a: np.ndarray) -> np.ndarray:
        """Where the upper ends (..., 3): the toe box's ridge, the edge of the throat, the collar."""
        p = self.p
        lift = p.collar - 86
        # Reflected at the heel (a = 1), so that the halves join smoothly.
        knots = np.array([0, 0.15, 0.27, A_THROAT, 0.45, A_TOP, 0.67, 0.75, 0.85, 0.90, 0.94, 0.97, 1.0])
        x = np.array([243, 227, 210, 206, 163, 119, 99, 73, 41, 20.5, 9.5, 4.6, 3.0])
        wide = np.array([0, 0, 0, 0, 0, 0, 0.7, 1, 1, 0.8, 0.6, 0.3, 0]) * (2 if side > 0 else -1)
        throat = p.throat * np.array([0, 0, 0, 0.7, 1, 1.25])
        y = wide + np.concatenate([throat, [22, 28.5, 29.5, 24.5, 17, 9, 0]])
        top, dip = 92 + lift * 0.9, p.collar - p.collar_dip
        heel = p.collar - dip
        z_collar = dip + np.concatenate(
            [(top - dip) * np.array([1, 0.6, 0.1]), heel * np.array([0.1, 0.5, 0.8, 0.95, 1])]
        )
        mirrored = np.concatenate([knots, 2 - knots[-2::-1]])
        x_a = hermite(a, mirrored, np.concatenate([x, x[-2::-1]]))
        y_a = hermite(a, mirrored, np.concatenate([y, -y[-2::-1]])) * side * p.width + self.middle(x_a)
        collar_knots = np.concatenate([knots[5:], 2 - knots[-2:4:-1]])
        collar = hermite(a, collar_knots, np.concatenate([z_collar, z_collar[-2::-1]]))
        # The throat's edges lie lower than the middle line.
        drop = (np.abs(y_a - self.middle(x_a)) / 34) ** 2 * 9
        z = np.where(
            a < A_TOP,
            self.ridge_height(x_a) - drop,
            collar - 9 * ((p.throat + 3) / 34) ** 2 * smoothstep(0.7, A_TOP, a),
        )
        return np.stack([x_a, y_a, z], -1)

    def upper(self, side: int, a: np.ndarray, t: np.ndarray) -> np.ndarray:
        """The upper's outer surface (..., 3)."""
        a, t = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(t, np.float64))
        bottom, top = self.outline(side, a), self.top_line(side, a)
        rear = smoothstep(0.5, 0.72, a)
        angle = t * np.pi / 2
        inwards = (1 - rear) * (1 - np.cos(angle) ** 0.85) + rear * (0.25 * t + 0.75 * t**2.2)
        upwards = (1 - rear) * np.sin(angle) ** 0.92 + rear * t
        xy = bottom + (top[..., :2] - bottom) * inwards[..., None]
        bulge = np.sin(np.pi * np.clip(t, 0, 1)) * hermite(a, [0, 0.3, 0.6, 0.85, 1], [0.5, 1.5, 0.5, 2.5, 3.5])
        xy = xy + (self.outline(side, a, 1.0) - bottom) * bulge[..., None]
        z = 1 + (top[..., 2] - 1) * upwards
        return np.concatenate([xy, z[..., None]], -1)

    def sole_bottom(self, x: np.ndarray) -> np.ndarray:
        """z of the outsole's underside."""
        p = self.p
        flat = -p.sole_heel + (p.sole_heel - p.sole_toe) * np.clip((x - 40) / 150, 0, 1)
        return flat + 2 * p.toe_spring * smoothstep(185, 290, x)

    def sole_top(self, x: np.ndarray) -> np.ndarray:
        """z of the upper edge of the sole's wall."""
        wall = self.p.sole_wall
        return hermite(np.asarray(x), [-10, 50, 120, 200, 275], [wall + 3, wall + 1, wall - 2, wall - 1, wall + 5])
