"""The sole: its wall, its underside with the heel block, and the insole."""

import numpy as np

from arshoe_render.curves import smoothstep
from arshoe_render.shoe_maker.design import Sole, along_foot
from arshoe_render.shoe_maker.last import Last
from arshoe_render.shoe_maker.parts import Part, grid, to_v

COLUMNS = 36
LEVEL_HEIGHT = 24.0
"""Nominal millimetres of a level, for the texture's layout."""


class SoleForm:
    """The surfaces of one sole."""

    def __init__(self, last: Last, shape: Sole) -> None:
        self.last, self.shape = last, shape
        self.rows = np.array([row[:2] for row in shape.rows])
        step = np.hypot(np.diff(self.rows[:, 0]), np.diff(self.rows[:, 1]) * LEVEL_HEIGHT)
        self.v = np.concatenate([[0], np.cumsum(step)]) / step.sum()
        a = np.linspace(0, 1, 1200)
        path = np.concatenate([last.outline(1, a), self.bottom(last.outline(1, a)[:, 0])[:, None]], 1)
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        self.columns = np.interp(np.linspace(0, along[-1], COLUMNS), along, a)
        if shape.block:  # the heel's breast is a vertical face
            edge = np.interp(-shape.breast, -last.outline(1, a)[:, 0], a)
            order = np.abs(self.columns - edge).argsort()[:2]
            self.columns[np.sort(order)] = edge + np.array([-0.004, 0.004])

    def plate(self, x: np.ndarray) -> np.ndarray:
        """z of the plate's underside."""
        return along_foot(self.shape.plate, x)

    def bottom(self, x: np.ndarray) -> np.ndarray:
        """z of the lowest surface, heel block included."""
        breast = self.shape.breast
        return self.plate(x) - self.shape.block * smoothstep(breast + 1.2, breast - 1.2, x)

    def wall(self, side: int, a: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The wall's surface (..., 3) at v from 0 at its top to 1 at its bottom."""
        a, v = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(v, np.float64))
        offset = np.interp(v, self.v, self.rows[:, 0])
        level = np.interp(v, self.v, self.rows[:, 1])
        x = self.last.outline(side, a)[..., 0]
        arch = smoothstep(50, 95, x) * smoothstep(175, 130, x) * (1.0 if side < 0 else 0.6)
        offset = offset - self.shape.waist * arch * np.clip(level, 0, 1) ** 0.7
        top, plate, bottom = along_foot(self.shape.wall, x), self.plate(x), self.bottom(x)
        z = np.where(level < 1, top + (plate - top) * level, plate + (bottom - plate) * (level - 1))
        return np.concatenate([self.last.outline(side, a, offset), z[..., None]], -1)

    def parts(self) -> list[Part]:
        """The wall, one grid a side, and the underside."""
        parts, borders, columns = [], [], self.columns
        u = np.linspace(0, 1, COLUMNS)
        for side in (1, -1):
            points = self.wall(side, columns, self.v[:, None])
            parts.append(grid(points, u[None], to_v("wall", self.v)[:, None], flip=side < 0))
            borders.append(points[-1])
        across = np.linspace(0, 1, 5)[:, None, None]
        under = borders[0] * (1 - across) + borders[1] * across
        v = to_v("under", np.abs(under[..., 1] - self.last.middle(under[..., 0])) / 64)
        parts.append(grid(under, (under[..., 0] + 15) / 300, v))
        return parts

    def insole(self, open_: bool, height: float = 2.0) -> Part:
        """What the foot stands on; of an open shoe a bed that reaches the wall's upper edge."""
        a = self.columns if open_ else np.linspace(0, 1, 19)
        s = np.array([-1, -0.9, -0.7, 0, 0.7, 0.9, 1]) if open_ else np.array([-1.0, 0, 1])
        edges = []
        for side in (1, -1):
            edge = self.wall(side, a, np.zeros(1))
            if not open_:
                edge = np.concatenate([self.last.outline(side, a, -2.0), np.full((len(a), 1), height)], 1)
            edges.append(edge)
        across = (s[:, None, None] + 1) / 2
        points = edges[0] * (1 - across) + edges[1] * across
        points[..., 2] = height + (points[..., 2] - height) * np.abs(s[:, None]) ** 8
        v = to_v("insole", np.abs(points[..., 1] - self.last.middle(points[..., 0])) / 64)
        return grid(points, (points[..., 0] + 15) / 300, v, flip=True)
