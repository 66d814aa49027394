"""Panels of an upper: overlays, seams, stripes, holes, painted where a signed distance says so."""

from collections.abc import Callable

import numpy as np

from arshoe_render.curves import smoothstep
from arshoe_render.shoe_maker.canvas import Canvas, distance
from arshoe_render.shoe_maker.design import Panel, Sole, along_foot
from arshoe_render.shoe_maker.upper import Upper


class Surface:
    """The upper that panels are measured on, in millimetres.

    Attributes:
        P: (H, W, 3) the texels' places.
        x, z, across: (H, W) along the foot, above the sole, and from the middle line.
        upper, sole: the shoe's.
    """

    def __init__(self, P: np.ndarray, upper: Upper, sole: Sole) -> None:
        self.P, self.upper, self.sole = P, upper, sole
        self.x, self.z = P[..., 0], P[..., 2]
        self.across = P[..., 1] - upper.last.middle(self.x)

    def edge(self, of_throat: bool) -> np.ndarray:
        """Points on the topline (K, 3), of the lacing's gap or of the collar."""
        a = np.linspace(0, 1, 500)
        points = self.upper.point(1, a, np.ones(1))
        below = points[:, 2] < along_foot(self.upper.topline.collar, points[:, 0]) - 3
        open_ = (self.upper.t_end(1, a) < 0.995) & (self.upper.t_end(1, a) > 0.01)
        picked = points[open_ & (below == of_throat)]
        return picked[:: max(1, len(picked) // 70)]


def _toe_cap(c: Canvas, s: Surface, p: Panel) -> None:
    edge = 262 + s.upper.last.p.toe_length - p.size - 0.010 * s.across**2 + 0.1 * (s.z - 40)
    c.overlay(edge - s.x, p.color, p.height, p.stitch)


def _mudguard(c: Canvas, s: Surface, p: Panel) -> None:
    reach = p.size * (1.1 + 0.9 * smoothstep(205, 255, s.x)) * smoothstep(110, 190, s.x)
    c.overlay((s.z - along_foot(s.sole.wall, s.x) - reach) * 0.9, p.color, p.height, p.stitch)


def _counter(c: Canvas, s: Surface, p: Panel) -> None:
    c.overlay(s.x - (p.size - 0.38 * (s.z - 30) - 0.004 * (s.z - 30) ** 2), p.color, p.height, p.stitch)


def _clip(c: Canvas, s: Surface, p: Panel) -> None:
    top = 16 + p.size * smoothstep(78, 0, s.x) ** 0.8
    c.overlay(np.maximum(s.z - top, s.x - 80) * 0.8, p.color, p.height, p.stitch)


def _eyestay(c: Canvas, s: Surface, p: Panel) -> None:
    c.overlay(distance(s.P, s.edge(of_throat=True)) - p.size, p.color, p.height, p.stitch)


def _collar(c: Canvas, s: Surface, p: Panel) -> None:
    d = distance(s.P, s.edge(of_throat=False)) - p.size
    c.overlay(d, p.color, p.height, p.stitch)


def _fleece(c: Canvas, s: Surface, p: Panel) -> None:
    d = distance(s.P, s.edge(of_throat=False)) - p.size + 1.2 * c.noise(2.0, 5)
    inside = smoothstep(0.8, -0.8, d)
    c.blend(inside, p.color, rough=1.0)
    c.height += inside * (1.0 + 0.45 * c.noise(1.6, 6))
    c.shade *= 1 + 0.07 * inside * c.noise(1.6, 6)


def _band(c: Canvas, s: Surface, p: Panel) -> None:
    along = s.x - 118 - 0.75 * (s.z - 40) - 0.004 * (s.z - 40) ** 2
    c.overlay(np.abs(along) - p.size / 2, p.color, p.height, p.stitch)
    c.overlay(np.abs(along + p.size * 0.5 + 6.5) - 2.2, p.color, p.height, 0)


def _wave(c: Canvas, s: Surface, p: Panel) -> None:
    """A line that sweeps from the heel over the side up to the lacing, thick in its middle."""
    middle = 40 + 17 * np.sin((s.x - 70) / 34) * smoothstep(10, 60, s.x) + 0.10 * (s.x - 90)
    half = p.size / 2 * smoothstep(42, 85, s.x) * smoothstep(195, 120, s.x)
    d = (np.abs(s.z - middle) - half) * 0.85 + 3 * smoothstep(2.0, 0.3, half)
    c.overlay(d, p.color, p.height, p.stitch)


def _bars(c: Canvas, s: Surface, p: Panel) -> None:
    """Slanted bars on the side."""
    along = s.x - 0.55 * (s.z - 30)
    for k, width in enumerate((1.0, 0.6)):
        d = np.abs(along - 82 - 19 * k) - p.size * width / 2
        c.overlay(np.maximum(np.maximum(d, 26 - s.z), s.z - 58 - 3 * k), p.color, p.height, 0)


def _lines(c: Canvas, s: Surface, p: Panel) -> None:
    """Fine welded lines that run up the side from the sole."""
    phase = (s.x - 0.8 * s.z + 0.004 * s.z**2) % p.size - p.size / 2
    side = smoothstep(60, 80, s.x) * smoothstep(235, 205, s.x) * smoothstep(64, 46, s.z)
    d = np.abs(phase) - 1.1
    c.blend(smoothstep(0.4, -0.4, d) * side, p.color)
    c.height += p.height * smoothstep(0.6, -0.6, d) * side


def _tab(c: Canvas, s: Surface, p: Panel) -> None:
    c.overlay(np.maximum(np.maximum(np.abs(s.P[..., 1]) - 9, s.x - 30), p.size - s.z), p.color, p.height, p.stitch)


def _quarter(c: Canvas, s: Surface, p: Panel) -> None:
    """The rear part laid over the vamp: its edge falls from the lacing's front to the sole."""
    front = s.upper.topline.throat[0] if s.upper.topline.throat else 190
    z = np.clip(s.z, 0, 75)
    edge = front - p.size + p.size * np.clip((z - 12) / 46, 0, 1) ** 1.6
    lacing = distance(s.P, s.edge(of_throat=True)) - 13
    c.overlay(np.minimum(s.x - edge, np.where(s.x > front - 40, lacing, 99)), p.color, p.height, p.stitch)


def _apron(c: Canvas, s: Surface, p: Panel) -> None:
    """The raised seam around a moccasin's plate over the toes."""
    x0, long, wide = 150.0, p.size, 31.0
    ahead = np.clip((s.x - x0) / long, -3, 3)
    d = (np.hypot(np.maximum(ahead, 0), s.across / wide) - 1) * wide
    where = smoothstep(128, 150, s.x)
    c.blend(smoothstep(0.4, -0.4, d) * where, p.color)
    c.height += where * (p.height * np.exp(-((d / 1.3) ** 2)) - 0.5 * np.exp(-(((d - 2.8) / 1.2) ** 2)))
    c.shade *= 1 - where * 0.28 * np.exp(-(((d - 2.6) / 1.2) ** 2))
    pleats = smoothstep(0.2, 0.8, np.sin(2 * np.pi * np.arctan2(s.across / wide, ahead) * 14))
    ring = np.exp(-(((d - 1.5) / 2.2) ** 2)) * where * (ahead > -0.3)
    c.height += 0.25 * pleats * ring
    c.shade *= 1 - 0.12 * (1 - pleats) * ring


def _gore(c: Canvas, s: Surface, p: Panel) -> None:
    """The elastic on the side of a boot, narrower towards the sole."""
    centre = 66 + 0.08 * (s.z - 60)
    d = np.maximum(np.abs(s.x - centre) - p.size * (0.45 + 0.55 * smoothstep(30, 110, s.z)), 34 - s.z)
    inside = smoothstep(0.4, -0.4, d)
    c.blend(inside, p.color, rough=0.95)
    ribs = np.sin(2 * np.pi * (s.x - centre) / 2.6)
    c.height += inside * (0.3 * ribs - 0.6) + 0.3 * smoothstep(5, 1, d) * (d > 0)
    c.shade *= 1 - inside * (0.16 - 0.16 * ribs)
    c.stitches(d - 2.4, p.color)


def _perforations(c: Canvas, s: Surface, p: Panel) -> None:
    pitch = p.size
    row = np.floor(s.x / pitch)
    dx = s.x - (row + 0.5) * pitch
    shifted = s.across + (row % 2) * pitch / 2
    dy = shifted - (np.floor(shifted / pitch) + 0.5) * pitch
    inside = (s.x > 211) & (s.x < 243) & (np.abs(s.across) < 24 - 0.012 * (s.x - 222) ** 2)
    hole = smoothstep(1.4, 0.9, np.hypot(dx, dy)) * inside
    c.blend(hole, p.color, 0.3)
    c.height -= 0.4 * hole


def _seam(c: Canvas, s: Surface, p: Panel) -> None:
    """The vertical seam at the heel."""
    d = np.abs(s.P[..., 1]) + 60 * (s.x > 30)
    c.groove(d, 0.35, 0.7)
    if p.stitch:
        c.stitches(d - 2.4)


def _cross_seam(c: Canvas, s: Surface, p: Panel) -> None:
    """A seam from the lacing or the gore's front down to the sole, size is its x at the sole."""
    edge = p.size + 0.55 * (s.z - 20) - 0.002 * (s.z - 20) ** 2
    c.overlay(s.x - edge, p.color, p.height, p.stitch)


PANELS: dict[str, Callable[[Canvas, Surface, Panel], None]] = {
    "toe_cap": _toe_cap, "mudguard": _mudguard, "counter": _counter, "clip": _clip, "eyestay": _eyestay,
    "collar": _collar, "fleece": _fleece, "band": _band, "wave": _wave, "bars": _bars, "lines": _lines, "tab": _tab,
    "quarter": _quarter, "apron": _apron, "gore": _gore, "perforations": _perforations, "seam": _seam,
    "cross_seam": _cross_seam,
}  # fmt: skip
"""The overlays by name."""
