"""The upper: the last's surface up to the topline, its rolled edge, the lining and the tongue."""

import numpy as np

from arshoe_render.curves import smoothstep
from arshoe_render.shoe_maker.design import Topline, along_foot
from arshoe_render.shoe_maker.last import A_TOP, Last
from arshoe_render.shoe_maker.parts import Part, grid, smooth_path, to_v

UPPER_ROWS, COLUMNS = 9, 39
ROLL = ((0.45, 0.35), (1.0, 0.35), (1.55, -0.1), (1.8, -1.2))
"""The upper's edge, in units of half its thickness: how far inwards and up from the topline."""
_FINE_A, _FINE_T = np.linspace(0, 1, 481), np.linspace(0, 1, 121)


class Upper:
    """The trimmed surface of one shoe."""

    def __init__(self, last: Last, topline: Topline) -> None:
        self.last, self.topline = last, topline
        self._t_end = {side: self._trim(side) for side in (1, -1)}
        covered = np.flatnonzero((self._t_end[1] > 0.01) & (self._t_end[-1] > 0.01))
        self.columns = self._spread(_FINE_A[covered[0]], _FINE_A[covered[-1]])

    def _openness(self, P: np.ndarray) -> np.ndarray:
        """Above 0 where points P (..., 3) are cut away, millimetres."""
        x = P[..., 0]
        collar = P[..., 2] - along_foot(self.topline.collar, x)
        if self.topline.throat is None:
            return collar
        front, low, high = self.topline.throat
        radius = 14.0
        rounded = np.sqrt(np.clip(1 - (1 - np.clip((front - x) / radius, 0, 1)) ** 2, 0, 1))
        gap = (low + (high - low) * np.clip((front - x) / (front - 115), 0, 1)) * rounded
        throat = gap - np.abs(P[..., 1] - self.last.middle(x))
        throat = np.where((x > front) | (x < 70) | (P[..., 2] < 35), -30, throat)
        # A smooth maximum: the corner between lacing and collar is round.
        h = np.clip(6 - np.abs(collar - throat), 0, None)
        return np.maximum(collar, throat) + h * h / 24

    def _trim(self, side: int) -> np.ndarray:
        a = _FINE_A[:, None]
        cut = self._openness(self.last.surface(side, a, _FINE_T[None]))
        first = np.where((cut > 0).any(1), (cut > 0).argmax(1), 0)
        rows = np.arange(len(_FINE_A))
        before, after = cut[rows, np.maximum(first - 1, 0)], cut[rows, first]
        part = np.clip(-before / np.where(after > before, after - before, 1), 0, 1)
        t = _FINE_T[np.maximum(first - 1, 0)] + part * _FINE_T[1]
        t = np.where(cut[:, 0] > 0, 0.0, t)
        return np.where((cut > 0).any(1), t, 1.0)

    def _spread(self, low: float, high: float) -> np.ndarray:
        """Columns `a` (COLUMNS,), evenly along the topline and the sole together."""
        a = np.linspace(low, high, 1200)
        speed = np.zeros(len(a) - 1)
        for side in (1, -1):
            edge = self.last.surface(side, a, self.t_end(side, a))
            speed += np.linalg.norm(np.diff(edge, axis=0), axis=1)
            speed += np.linalg.norm(np.diff(self.last.outline(side, a), axis=0), axis=1)
        along = np.concatenate([[0], np.cumsum(speed)])
        return np.interp(np.linspace(0, along[-1], COLUMNS), along, a)

    def t_end(self, side: int, a: np.ndarray) -> np.ndarray:
        """Where the curves are cut off; 1 where the upper is closed over the foot."""
        return np.interp(a, _FINE_A, self._t_end[side])

    def u(self, a: np.ndarray) -> np.ndarray:
        """u of the texture at columns a."""
        return np.interp(a, self.columns, np.linspace(0, 1, COLUMNS))

    def point(self, side: int, a: np.ndarray, q: np.ndarray) -> np.ndarray:
        """The surface (..., 3) at q from 0 at the sole to 1 at the topline."""
        return self.last.surface(side, a, self.t_end(side, a) * q)

    def thickness(self, side: int, a: np.ndarray) -> np.ndarray:
        """Of the rolled edge: none where the upper is closed, thin at the lacing."""
        t = self.t_end(side, a)
        collar = 2 + (self.topline.thickness - 2) * smoothstep(A_TOP - 0.04, A_TOP + 0.1, a)
        thick = collar if self.topline.throat else self.topline.thickness
        return thick * smoothstep(1.0, 0.985, t) * smoothstep(0.0, 0.2, t)

    def roll(self, side: int, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rolled edge: rows (len(ROLL), len(a), 3), and the middle of its thickness (len(a), 3)."""
        t = self.t_end(side, a)
        edge, below = self.last.surface(side, a, t), self.last.surface(side, a, np.maximum(t - 0.03, 0))
        up = edge - below
        up /= np.linalg.norm(up, axis=-1, keepdims=True).clip(1e-9)
        inwards = -self.last.normal(side, a, t)
        half = self.thickness(side, a)[:, None] / 1.8
        return np.stack([edge + half * (d * inwards + h * up) for d, h in ROLL]), edge + half * inwards

    def outside(self) -> list[Part]:
        """The outer surface with its rolled edge, one grid a side."""
        parts = []
        q = np.sin(np.linspace(0, 1, UPPER_ROWS) * np.pi / 2)[:, None] ** 0.9
        for side in (1, -1):
            points = np.concatenate([self.point(side, self.columns, q), self.roll(side, self.columns)[0]])
            v = np.concatenate([1 - q[:, 0], np.zeros(len(ROLL))])[:, None]
            parts.append(grid(points, self.u(self.columns)[None], to_v("upper", v), flip=side > 0))
        return parts

    def lining(self) -> list[Part]:
        """The inner surface from the rolled edge down to the insole."""
        a, parts = self.columns, []
        for side in (1, -1):
            # Where the upper is closed over the foot, its lining starts below it.
            closed = smoothstep(0.985, 1.0, self.t_end(side, a))[:, None]
            rows = [self.roll(side, a)[0][-1] - 4.0 * closed * self.last.normal(side, a, self.t_end(side, a))]
            for q, inset in ((0.8, 4.0), (0.45, 4.0), (0.05, 3.0)):
                t = self.t_end(side, a) * q
                rows.append(self.last.surface(side, a, t) - inset * self.last.normal(side, a, t))
            v = to_v("lining", np.linspace(0, 1, len(rows)))[:, None]
            parts.append(grid(np.stack(rows), self.u(a)[None] * 6, v, flip=side > 0))
        return parts

    def rim(self, count: int = 17) -> np.ndarray:
        """The closed line (K, 3) around the opening, on the middle of the edge; no point twice."""
        opened = self.columns[(self.t_end(1, self.columns) < 0.995)]
        a = np.linspace(opened[0], 1, 400)
        if self.topline.throat:  # in front the foot comes out behind the tongue
            edge = self.point(1, a, np.ones(1))
            a = a[edge[:, 0] < self.collar_front()]
        halves = []
        for side in (1, -1):
            middle = self.roll(side, a)[1]
            along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(middle, axis=0), axis=1))])
            at = np.linspace(0, along[-1], count)
            halves.append(np.stack([np.interp(at, along, c) for c in middle.T], 1))
        loop = np.concatenate([halves[0], halves[1][::-1][1:]])
        if self.topline.throat:
            return np.concatenate([loop, 0.5 * (loop[:1] + loop[-1:]) + (-4, 0, 4)])
        return loop[:-1] if np.linalg.norm(loop[0] - loop[-1]) < 1 else loop

    def collar_front(self) -> float:
        """x where the collar meets the crest."""
        _, points = self.last.crest
        above = points[:, 1] > along_foot(self.topline.collar, points[:, 0])
        return float(points[above.argmax() if above.any() else -1, 0])

    def tongue(self, beyond: float) -> Part:
        """The padded tongue under the lacing, `beyond` mm longer than the throat."""
        front, low, high = self.topline.throat
        path = self._under_the_crest(front + 16)
        direction = path[-1] - path[-3]
        direction /= np.linalg.norm(direction)
        upwards = np.array([0.25, 0, 1.0]) / np.hypot(0.25, 1)
        steps = beyond * np.array([0.3, 0.62, 0.86, 1.0])[:, None]
        blend = np.array([0.3, 0.55, 0.7, 0.75])[:, None]
        path = np.concatenate([path, path[-1] + steps * (direction * (1 - blend) + upwards * blend)])
        s = np.array([0, 0.07, 0.15, 0.24, 0.33, 0.42, 0.51, 0.60, 0.69, 0.78, 0.86, 0.92, 0.955, 0.975, 0.99, 1.0])
        middle = smooth_path(path, 201)[np.round(200 * s).astype(int)]
        width = low + 4 + (high + 5 - low) * s
        width[:2] *= (0.5, 0.85)
        width *= np.sqrt(np.clip(1 - np.clip((s - 0.9) / 0.105, 0, 1) ** 3, 0.06, 1))  # rounded corners
        thick = np.interp(s, [0, 0.5, 0.88, 0.96, 0.985, 1], [1, 2, 3.6, 3.4, 2.4, 0.3])
        along = np.gradient(middle, s, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        across = np.broadcast_to([0.0, 1.0, 0.0], along.shape)
        up = np.cross(across, along)
        section = np.linspace(0, 2 * np.pi, 15)
        c, sn = np.cos(section), np.sin(section)
        height = np.sign(sn) * np.abs(sn) ** 0.6 * thick[:, None] - c**2 * ((0.12 + 0.16 * s) * width)[:, None]
        points = middle[:, None] + c[None, :, None] * (across * width[:, None])[:, None]
        points = points + height[..., None] * up[:, None]
        return grid(points, section[None] / (2 * np.pi), to_v("tongue", s)[:, None])

    def _under_the_crest(self, front: float) -> np.ndarray:
        """A path (K, 3) 4.5 mm inside the crest, from x = front up to the collar."""
        length, points = self.last.crest
        start, end = (np.interp(-x, -points[:, 0], length) for x in (front, self.collar_front()))
        arc = np.linspace(start, end, 12)
        xz = np.stack([np.interp(arc, length, points[:, i]) for i in (0, 1)], 1)
        tangent = np.gradient(xz, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        xz = xz + 4.5 * np.stack([-tangent[:, 1], tangent[:, 0]], 1)
        return np.column_stack([xz[:, 0], self.last.middle(xz[:, 0]), xz[:, 1]])
