"""What is painted on a shoe: grain, panels, seams, stitches, the sole's pattern and tread."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_render.curves import smoothstep
from arshoe_render.shoe_maker.canvas import Canvas, distance
from arshoe_render.shoe_maker.design import Color, Panel, ShoeParameters, along_foot
from arshoe_render.shoe_maker.last import Last
from arshoe_render.shoe_maker.parts import ROWS
from arshoe_render.shoe_maker.sole import SoleForm
from arshoe_render.shoe_maker.trims import eyelets
from arshoe_render.shoe_maker.upper import Upper


@dataclass(frozen=True)
class Textures:
    """The textures of a shoe, RGB uint8; one base colour per colourway. What varies little has half the size."""

    base_color: dict[str, np.ndarray]
    normal: np.ndarray
    occlusion_roughness: np.ndarray


def paint(p: ShoeParameters, last: Last, upper: Upper | None, sole: SoleForm) -> Textures:
    """Paint a shoe's textures."""
    size = p.texture_size
    canvases = {name: _region(name, p, last, upper, sole, size) for name in ROWS}

    def stacked(pick: Callable[[Canvas], np.ndarray]) -> np.ndarray:
        rows = np.concatenate([pick(canvas) for canvas in canvases.values()])
        return (np.clip(rows, 0, 1) * 255 + 0.5).astype(np.uint8)

    colors: dict[str, dict[str, Color]] = p.colors
    smooth = stacked(Canvas.occlusion)
    return Textures(
        {name: stacked(lambda c, way=way: c.color(way)) for name, way in colors.items()},
        stacked(Canvas.normal),
        cv2.resize(smooth, (size // 2, size // 2), interpolation=cv2.INTER_AREA),
    )


def _region(name: str, p: ShoeParameters, last: Last, upper: Upper | None, sole: SoleForm, size: int) -> Canvas:
    low, high = ROWS[name]
    height = (high - low) * size // 512
    v = ((np.arange(height) + 0.5) * 512 / size - 1) / (high - low - 2)
    u, v = np.meshgrid((np.arange(size) + 0.5) / size, np.clip(v, 0, 1))
    if name == "upper":
        return _paint_upper(p, last, upper, u, v) if upper else _paint_straps(p, u, v)
    if name == "wall":
        return _paint_wall(p, sole, u, v)
    flat = np.stack([u * 300 - 15, v * 64, np.zeros_like(u)], -1)
    if name == "under":
        return _paint_under(p, sole, flat)
    if name == "insole":
        return _paint_insole(p, flat)
    return _paint_strip(name, u, v)


def _grain(canvas: Canvas, material: str) -> None:
    """The relief of the material, and how rough it is."""
    c = canvas
    if material == "leather":
        c.height += 0.025 * c.noise(1.6)
        c.rough -= 0.12
    elif material == "suede":
        c.height += 0.03 * c.noise(1.1)
        c.shade *= 1 + 0.015 * c.noise(1.4) + 0.02 * c.noise(9.0, 2)
        c.rough += 0.35
    elif material == "canvas":
        c.height += 0.10 * np.sin(2 * np.pi * c.U / 2.4) * np.sin(2 * np.pi * c.V / 2.4)
        c.rough += 0.3
    elif material == "knit":
        cells = np.cos(2 * np.pi * c.U / 5.0) * np.cos(2 * np.pi * c.V / 6.0)
        hole = smoothstep(0.35, 0.8, cells) + smoothstep(0.35, 0.8, -cells)
        c.height += -0.25 * hole
        c.shade *= 1 - 0.16 * hole
        c.rough += 0.3
    elif material == "felt":
        c.height += 0.06 * c.noise(1.2) + 0.08 * c.noise(2.4, 2)
        c.shade *= 1 + 0.02 * c.noise(1.4) + 0.03 * c.noise(4.0, 3)
        c.rough += 0.38


@dataclass(frozen=True)
class _Surface:
    """What panels are measured on: a texel's x and z, its distance from the middle line, and from the topline."""

    P: np.ndarray
    x: np.ndarray
    z: np.ndarray
    across: np.ndarray
    last: Last
    upper: Upper
    sole: SoleForm

    def edge(self, of_throat: bool) -> np.ndarray:
        """Points on the topline (K, 3), of the lacing's gap or of the collar."""
        a = np.linspace(0, 1, 500)
        points = self.upper.point(1, a, np.ones(1))
        below = points[:, 2] < along_foot(self.upper.topline.collar, points[:, 0]) - 3
        open_ = (self.upper.t_end(1, a) < 0.995) & (self.upper.t_end(1, a) > 0.01)
        picked = points[open_ & (below == of_throat)]
        return picked[:: max(1, len(picked) // 70)]


def _paint_upper(p: ShoeParameters, last: Last, upper: Upper, u: np.ndarray, v: np.ndarray) -> Canvas:
    a = np.interp(u, np.linspace(0, 1, len(upper.columns)), upper.columns)
    P = upper.point(1, a, 1 - v)
    canvas = Canvas(P, "upper")
    sole = SoleForm(last, p.sole)
    s = _Surface(P, P[..., 0], P[..., 2], P[..., 1] - last.middle(P[..., 0]), last, upper, sole)
    _grain(canvas, p.material)
    for panel in p.panels:
        PANELS[panel.kind](canvas, s, panel)
    if p.eyelets and upper.topline.throat:
        hole = distance(P, eyelets(upper, p.eyelets, 1)[0])
        ring = smoothstep(3.6, 3.2, hole)
        if p.metal_eyelets:
            canvas.blend(ring, "metal", rough=0.3)
        else:
            canvas.blend(ring, "panel", 0.7)
        canvas.height += 0.5 * ring
        canvas.blend(smoothstep(2.1, 1.7, hole), "outsole", 0.15)
    # It is darker where it meets the sole.
    canvas.shade *= 0.62 + 0.38 * smoothstep(-2, 5, s.z - along_foot(p.sole.wall, s.x))
    return canvas


def _toe_cap(c: Canvas, s: _Surface, p: Panel) -> None:
    edge = 262 + s.last.p.toe_length - p.size - 0.010 * s.across**2 + 0.1 * (s.z - 40)
    c.overlay(edge - s.x, p.color, p.height, p.stitch)


def _mudguard(c: Canvas, s: _Surface, p: Panel) -> None:
    reach = p.size * (1.1 + 0.9 * smoothstep(205, 255, s.x)) * smoothstep(110, 190, s.x)
    c.overlay((s.z - along_foot(s.sole.shape.wall, s.x) - reach) * 0.9, p.color, p.height, p.stitch)


def _counter(c: Canvas, s: _Surface, p: Panel) -> None:
    c.overlay(s.x - (p.size - 0.38 * (s.z - 30) - 0.004 * (s.z - 30) ** 2), p.color, p.height, p.stitch)


def _clip(c: Canvas, s: _Surface, p: Panel) -> None:
    top = 16 + p.size * smoothstep(78, 0, s.x) ** 0.8
    c.overlay(np.maximum(s.z - top, s.x - 80) * 0.8, p.color, p.height, p.stitch)


def _eyestay(c: Canvas, s: _Surface, p: Panel) -> None:
    c.overlay(distance(s.P, s.edge(of_throat=True)) - p.size, p.color, p.height, p.stitch)


def _collar(c: Canvas, s: _Surface, p: Panel) -> None:
    d = distance(s.P, s.edge(of_throat=False)) - p.size
    c.overlay(d, p.color, p.height, p.stitch)


def _fleece(c: Canvas, s: _Surface, p: Panel) -> None:
    d = distance(s.P, s.edge(of_throat=False)) - p.size + 1.2 * c.noise(2.0, 5)
    inside = smoothstep(0.8, -0.8, d)
    c.blend(inside, p.color, rough=1.0)
    c.height += inside * (1.0 + 0.45 * c.noise(1.6, 6))
    c.shade *= 1 + 0.07 * inside * c.noise(1.6, 6)


def _band(c: Canvas, s: _Surface, p: Panel) -> None:
    along = s.x - 118 - 0.75 * (s.z - 40) - 0.004 * (s.z - 40) ** 2
    c.overlay(np.abs(along) - p.size / 2, p.color, p.height, p.stitch)
    c.overlay(np.abs(along + p.size * 0.5 + 6.5) - 2.2, p.color, p.height, 0)


def _wave(c: Canvas, s: _Surface, p: Panel) -> None:
    """A line that sweeps from the heel over the side up to the lacing, thick in its middle."""
    middle = 40 + 17 * np.sin((s.x - 70) / 34) * smoothstep(10, 60, s.x) + 0.10 * (s.x - 90)
    half = p.size / 2 * smoothstep(42, 85, s.x) * smoothstep(195, 120, s.x)
    d = (np.abs(s.z - middle) - half) * 0.85 + 3 * smoothstep(2.0, 0.3, half)
    c.overlay(d, p.color, p.height, p.stitch)


def _bars(c: Canvas, s: _Surface, p: Panel) -> None:
    """Slanted bars on the side."""
    along = s.x - 0.55 * (s.z - 30)
    for k, width in enumerate((1.0, 0.6)):
        d = np.abs(along - 82 - 19 * k) - p.size * width / 2
        c.overlay(np.maximum(np.maximum(d, 26 - s.z), s.z - 58 - 3 * k), p.color, p.height, 0)


def _lines(c: Canvas, s: _Surface, p: Panel) -> None:
    """Fine welded lines that run up the side from the sole."""
    phase = (s.x - 0.8 * s.z + 0.004 * s.z**2) % p.size - p.size / 2
    side = smoothstep(60, 80, s.x) * smoothstep(235, 205, s.x) * smoothstep(64, 46, s.z)
    d = np.abs(phase) - 1.1
    c.blend(smoothstep(0.4, -0.4, d) * side, p.color)
    c.height += p.height * smoothstep(0.6, -0.6, d) * side


def _tab(c: Canvas, s: _Surface, p: Panel) -> None:
    c.overlay(np.maximum(np.maximum(np.abs(s.P[..., 1]) - 9, s.x - 30), p.size - s.z), p.color, p.height, p.stitch)


def _quarter(c: Canvas, s: _Surface, p: Panel) -> None:
    """The rear part laid over the vamp: its edge falls from the lacing's front to the sole."""
    front = s.upper.topline.throat[0] if s.upper.topline.throat else 190
    z = np.clip(s.z, 0, 75)
    edge = front - p.size + p.size * np.clip((z - 12) / 46, 0, 1) ** 1.6
    lacing = distance(s.P, s.edge(of_throat=True)) - 13
    c.overlay(np.minimum(s.x - edge, np.where(s.x > front - 40, lacing, 99)), p.color, p.height, p.stitch)


def _apron(c: Canvas, s: _Surface, p: Panel) -> None:
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


def _gore(c: Canvas, s: _Surface, p: Panel) -> None:
    """The elastic on the side of a boot, narrower towards the sole."""
    centre = 66 + 0.08 * (s.z - 60)
    d = np.maximum(np.abs(s.x - centre) - p.size * (0.45 + 0.55 * smoothstep(30, 110, s.z)), 34 - s.z)
    inside = smoothstep(0.4, -0.4, d)
    c.blend(inside, p.color, rough=0.95)
    ribs = np.sin(2 * np.pi * (s.x - centre) / 2.6)
    c.height += inside * (0.3 * ribs - 0.6) + 0.3 * smoothstep(5, 1, d) * (d > 0)
    c.shade *= 1 - inside * (0.16 - 0.16 * ribs)
    c.stitches(d - 2.4, p.color)


def _perforations(c: Canvas, s: _Surface, p: Panel) -> None:
    pitch = p.size
    row = np.floor(s.x / pitch)
    dx = s.x - (row + 0.5) * pitch
    shifted = s.across + (row % 2) * pitch / 2
    dy = shifted - (np.floor(shifted / pitch) + 0.5) * pitch
    inside = (s.x > 211) & (s.x < 243) & (np.abs(s.across) < 24 - 0.012 * (s.x - 222) ** 2)
    hole = smoothstep(1.4, 0.9, np.hypot(dx, dy)) * inside
    c.blend(hole, p.color, 0.3)
    c.height -= 0.4 * hole


def _seam(c: Canvas, s: _Surface, p: Panel) -> None:
    """The vertical seam at the heel."""
    d = np.abs(s.P[..., 1]) + 60 * (s.x > 30)
    c.groove(d, 0.35, 0.7)
    if p.stitch:
        c.stitches(d - 2.4)


def _cross_seam(c: Canvas, s: _Surface, p: Panel) -> None:
    """A seam from the lacing or the gore's front down to the sole, size is its x at the sole."""
    edge = p.size + 0.55 * (s.z - 20) - 0.002 * (s.z - 20) ** 2
    c.overlay(s.x - edge, p.color, p.height, p.stitch)


PANELS: dict[str, Callable[[Canvas, _Surface, Panel], None]] = {
    "toe_cap": _toe_cap, "mudguard": _mudguard, "counter": _counter, "clip": _clip, "eyestay": _eyestay,
    "collar": _collar, "fleece": _fleece, "band": _band, "wave": _wave, "bars": _bars, "lines": _lines, "tab": _tab,
    "quarter": _quarter, "apron": _apron, "gore": _gore, "perforations": _perforations, "seam": _seam,
    "cross_seam": _cross_seam,
}  # fmt: skip
"""The overlays by name."""


def _paint_straps(p: ShoeParameters, u: np.ndarray, v: np.ndarray) -> Canvas:
    """Straps take the place of an upper: v runs across them, u along 220 mm."""
    canvas = Canvas(np.stack([u * 220, v * 50, np.zeros_like(u)], -1), "upper")
    _grain(canvas, p.material)
    for at in (0.15, 0.85):
        canvas.stitches((v - at) * 50)
    canvas.shade *= 0.75 + 0.25 * smoothstep(0.0, 0.08, v) * smoothstep(1.0, 0.92, v)
    return canvas


def _paint_wall(p: ShoeParameters, sole: SoleForm, u: np.ndarray, v: np.ndarray) -> Canvas:
    a = np.interp(u, np.linspace(0, 1, len(sole.columns)), sole.columns)
    c = Canvas(sole.wall(1, a, v), p.sole.rows[0][2], roughness=0.62)
    zone_rows = list(zip(sole.v[:-1], sole.v[1:], [row[2] for row in p.sole.rows[:-1]], strict=True))
    for low, high, zone in zone_rows:
        inside = (v >= low - 1e-9) & (v <= high)
        c.blend(inside.astype(np.float64), zone)
    midsole = np.max([(v >= low) & (v <= high) for low, high, zone in zone_rows if zone == "midsole"], 0)
    zone_v = np.clip((v - 0.25) / 0.4, 0, 1)
    pattern = p.sole.wall_pattern
    if pattern == "ribs":
        toe = smoothstep(0.22, 0.14, u) * smoothstep(0.1, 0.2, zone_v) * smoothstep(0.95, 0.85, zone_v)
        c.height += 0.5 * np.sin(2 * np.pi * c.U / 3.2) * toe
        c.groove((zone_v - 0.08) * 14, 0.4, 0.6)
    elif pattern == "foam":
        c.height += midsole * (0.10 * c.noise(1.2) + 0.06 * c.noise(2.5, 2))
        sweep = c.P[..., 2] + 5 * np.cos(c.P[..., 0] / 62.0) + 2
        c.groove(np.where(midsole > 0, sweep, 9), 0.7, 1.0)
    elif pattern == "stitches":
        c.shade *= np.where(v < 0.33, 1.0, 0.98)
        c.stitches((v - 0.16) * 24)
    elif pattern == "cork":
        speckle = c.noise(1.0, 4)
        c.height += midsole * 0.12 * speckle
        c.shade *= 1 + midsole * (0.07 * speckle + 0.08 * smoothstep(1.2, 2.0, c.noise(1.4, 5)) * -1.5)
        c.rough += 0.3 * midsole
    elif pattern == "line":
        c.blend(smoothstep(0.05, 0.03, np.abs(v - 0.42)), "accent")
        c.groove((v - 0.34) * 30, 0.25, 0.5)
        c.groove((v - 0.50) * 30, 0.25, 0.5)
    if p.sole.block:
        stack = np.sin(2 * np.pi * c.P[..., 2] / 4.5) * smoothstep(0.55, 0.65, v)
        c.height += 0.06 * stack
        c.shade *= 1 - 0.05 * stack
    else:
        notch = smoothstep(0.2, 0.5, np.sin(2 * np.pi * c.U / 7.0)) * smoothstep(0.86, 0.9, v)
        c.height -= 0.8 * notch
        c.shade *= 1 - 0.4 * notch
    c.shade *= 1 - 0.25 * smoothstep(0.05, 0.0, v)
    return c


def _paint_under(p: ShoeParameters, sole: SoleForm, P: np.ndarray) -> Canvas:
    c = Canvas(P, "outsole", roughness=0.8)
    x, y = P[..., 0], P[..., 1]
    if p.sole.tread == "wave":
        wave = np.sin(2 * np.pi * (x / 9 + 0.4 * np.sin(2 * np.pi * y / 30)))
        groove = smoothstep(0.2, 0.5, wave)
    elif p.sole.tread == "lug":
        row = np.floor(x / 20)
        lug = np.maximum(np.abs((x % 20) - 10) - 6.5, np.abs(((y + 9 * (row % 2)) % 26) - 13) - 9)
        groove = smoothstep(-0.5, 1.0, lug)
    else:
        groove = 0.15 * smoothstep(0.6, 0.9, np.sin(2 * np.pi * x / 6) * np.sin(2 * np.pi * y / 6))
    c.height -= 1.2 * groove
    c.shade *= 1 - 0.45 * groove
    return c


def _paint_insole(p: ShoeParameters, P: np.ndarray) -> Canvas:
    c = Canvas(P, "insole", roughness=0.9)
    c.shade *= 0.75 + 0.25 * smoothstep(48, 36, P[..., 1])
    return c


def _paint_strip(name: str, u: np.ndarray, v: np.ndarray) -> Canvas:
    c = Canvas(np.stack([u * 60, v * 12, np.zeros_like(u)], -1), name, roughness=0.9)
    if name == "metal":
        c.rough[:] = 0.3
    elif name == "trim":
        c.rough[:] = 0.5
        c.shade *= 0.85 + 0.15 * smoothstep(0, 0.15, v) * smoothstep(1, 0.85, v)
    elif name == "lace":
        c.shade *= 0.94 + 0.06 * np.sin(2 * np.pi * (c.U / 2.2 + v))
    elif name == "lining":
        c.shade *= 1 - 0.45 * smoothstep(0.0, 0.8, v)
    return c
