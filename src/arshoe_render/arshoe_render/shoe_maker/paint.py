"""What is painted on a shoe: grain, panels, eyelets, the sole's pattern and tread."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_render.curves import smoothstep
from arshoe_render.shoe_maker.canvas import Canvas, distance
from arshoe_render.shoe_maker.design import ShoeParameters, along_foot
from arshoe_render.shoe_maker.panels import PANELS, Surface
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


def paint(p: ShoeParameters, upper: Upper | None, sole: SoleForm) -> Textures:
    """Paint a shoe's textures."""
    size = p.texture_size
    canvases = {name: _region(name, p, upper, sole, size) for name in ROWS}

    def stacked(pick: Callable[[Canvas], np.ndarray]) -> np.ndarray:
        rows = np.concatenate([pick(canvas) for canvas in canvases.values()])
        return (np.clip(rows, 0, 1) * 255 + 0.5).astype(np.uint8)

    smooth = stacked(Canvas.occlusion)
    return Textures(
        {name: stacked(lambda c, way=way: c.color(way)) for name, way in p.colors.items()},
        stacked(Canvas.normal),
        cv2.resize(smooth, (size // 2, size // 2), interpolation=cv2.INTER_AREA),
    )


def _region(name: str, p: ShoeParameters, upper: Upper | None, sole: SoleForm, size: int) -> Canvas:
    low, high = ROWS[name]
    height = (high - low) * size // 512
    v = ((np.arange(height) + 0.5) * 512 / size - 1) / (high - low - 2)
    u, v = np.meshgrid((np.arange(size) + 0.5) / size, np.clip(v, 0, 1))
    if name == "upper":
        return _paint_upper(p, upper, u, v) if upper else _paint_straps(p, u, v)
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


def _paint_upper(p: ShoeParameters, upper: Upper, u: np.ndarray, v: np.ndarray) -> Canvas:
    a = np.interp(u, np.linspace(0, 1, len(upper.columns)), upper.columns)
    P = upper.point(1, a, 1 - v)
    canvas = Canvas(P, "upper")
    surface = Surface(P, upper, p.sole)
    _grain(canvas, p.material)
    for panel in p.panels:
        PANELS[panel.kind](canvas, surface, panel)
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
    canvas.shade *= 0.62 + 0.38 * smoothstep(-2, 5, surface.z - along_foot(p.sole.wall, surface.x))
    return canvas


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
        c.stitches((v - 0.16) * 24)
    elif pattern == "cork":
        speckle = c.noise(1.0, 4)
        c.height += midsole * 0.12 * speckle
        c.shade *= 1 + midsole * (0.07 * speckle - 0.12 * smoothstep(1.2, 2.0, c.noise(1.4, 5)))
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
