"""The colour textures of a parametric shoe: panels, seams and stitches painted on the surface's own positions."""

from dataclasses import dataclass

import cv2
import numpy as np

from arshoe_render.curves import smoothstep
from arshoe_render.shoe_form import A_THROAT, A_TOP, ShoeForm

Color = tuple[float, float, float]
"""sRGB red, green, blue, 0 to 1."""


@dataclass(frozen=True)
class Colors:
    """The colours of a shoe, sRGB 0 to 1.

    Attributes:
        upper: the base of the upper.
        panel: overlays at the toe, the lacing and the heel.
        accent: the side band and the heel tab.
        lining: inside, collar and tongue.
        lace: the laces.
        sole: the sole's wall.
        outsole: the tread and its edge.
    """

    upper: Color = (0.93, 0.93, 0.91)
    panel: Color = (0.86, 0.85, 0.81)
    accent: Color = (0.10, 0.27, 0.42)
    lining: Color = (0.16, 0.24, 0.33)
    lace: Color = (0.95, 0.95, 0.93)
    sole: Color = (0.94, 0.93, 0.89)
    outsole: Color = (0.72, 0.52, 0.33)


@dataclass(frozen=True)
class Panels:
    """Which panels the upper has and how big they are, millimetres.

    Attributes:
        toe_cap: how far the toe cap reaches back from the tip; 0 for none.
        mudguard: height of the strip above the sole at the toe; 0 for none.
        counter: how far the heel's panel reaches forward; 0 for none.
        eyestay: width of the strip along the lacing.
        band: width of the slanted band on the sides; 0 for none.
        perforations: whether the toe box has small holes.
        stitch: strength of the stitching, 0 to 1.
    """

    toe_cap: float = 0.0
    mudguard: float = 15.0
    counter: float = 58.0
    eyestay: float = 13.0
    band: float = 15.0
    perforations: bool = True
    stitch: float = 1.0


EYELETS = 6


def eyelet_positions() -> np.ndarray:
    """The numbers `a` (EYELETS,) of the eyelet rows, front to back."""
    return np.linspace(A_THROAT + 0.025, A_TOP - 0.02, EYELETS)


def paint_upper(form: ShoeForm, colors: Colors, panels: Panels, size: int) -> np.ndarray:
    """Paint the upper's texture.

    Returns:
        (size / 4, size, 3) uint8 sRGB: the lateral half left with u = a / 2, the medial half right with
        u = 1 - a / 2, so that they meet at the heel and, around the edge, at the toe; v = 1 - t.
    """
    a, t = np.meshgrid((np.arange(size // 2) + 0.5) / (size // 2), 1 - (np.arange(size // 4) + 0.5) / (size // 4))
    halves = [_paint_half(form, colors, panels, side, a, t) for side in (1, -1)]
    picture = np.concatenate([halves[0], halves[1][:, ::-1]], 1)
    # Leather: a fine, weak grain, always the same.
    grain = np.random.default_rng(1).normal(0, 1, picture.shape[:2]).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
    return _to_uint8(picture * (1 + 0.02 * grain[..., None]))


def _paint_half(form: ShoeForm, colors: Colors, panels: Panels, side: int, a: np.ndarray, t: np.ndarray) -> np.ndarray:
    P = form.upper(side, a, t)
    x, z = P[..., 0], P[..., 2]
    across = (P[..., 1] - form.middle(x)) * side
    picture = np.empty((*a.shape, 3))
    picture[:] = colors.upper
    if panels.perforations:
        _perforate(picture, x, across, a)
    if panels.band:
        # Slanted from the lacing down to the sole behind the ball.
        along = x - 118 - 0.75 * (z - 40) - 0.004 * (z - 40) ** 2
        height = np.minimum(z - 4, 200)
        _overlay(picture, np.maximum(np.abs(along) - panels.band / 2, 4 - height), colors.accent, x, z, panels.stitch)
        thin = np.abs(along + panels.band * 0.5 + 6.5) - 2.2
        _overlay(picture, thin, colors.accent, x, z, 0)
    if panels.toe_cap:
        edge = 262 - panels.toe_cap - 0.012 * across**2 + 0.1 * (z - 40)
        _overlay(picture, edge - x, colors.panel, x, z, panels.stitch)
    if panels.mudguard:
        reach = panels.mudguard * (1.1 + 0.9 * smoothstep(205, 255, x)) * smoothstep(120, 190, x)
        _overlay(picture, (z - form.sole_top(x) - reach) * 0.9, colors.panel, x, z, panels.stitch)
    if panels.counter:
        edge = panels.counter - 0.38 * (z - 30) - 0.004 * (z - 30) ** 2
        _overlay(picture, x - edge, colors.panel, x, z, panels.stitch)
    edge_points = form.top_line(side, np.linspace(A_THROAT - 0.004, A_TOP + 0.012, 60))
    to_throat = _distance(P, edge_points)
    _overlay(picture, to_throat - panels.eyestay, colors.panel, x, z, panels.stitch)
    collar = _distance(P, form.top_line(side, np.linspace(A_TOP + 0.035, 1, 60))) - 11
    _overlay(picture, np.maximum(collar, -10), colors.lining, x, z, panels.stitch * 0.5)
    tab = np.maximum(np.maximum(np.abs(P[..., 1]) - 9, x - 30), 46 - z)
    _overlay(picture, tab, colors.accent, x, z, panels.stitch)
    hole = _distance(P, eyelet_points(form, side))
    _blend(picture, smoothstep(3.6, 3.2, hole), np.array(colors.panel) * 0.62)
    _blend(picture, smoothstep(2.2, 1.8, hole), np.array([0.05, 0.05, 0.05]))
    # The upper darkens where it meets the sole.
    picture *= (0.72 + 0.28 * smoothstep(-1, 6, z - form.sole_top(x)))[..., None]
    return picture


def eyelet_points(form: ShoeForm, side: int, distance: float = 5.0) -> np.ndarray:
    """The eyelets (EYELETS, 3) of one side, front to back, on the upper, `distance` mm from the throat's edge."""
    a = eyelet_positions()[:, None]
    t = np.linspace(1, 0.5, 60)[None]
    line = form.upper(side, a, t)
    length = np.concatenate([np.zeros((EYELETS, 1)), np.cumsum(np.linalg.norm(np.diff(line, axis=1), axis=2), 1)], 1)
    return line[np.arange(EYELETS), np.abs(length - distance).argmin(1)]


def _perforate(picture: np.ndarray, x: np.ndarray, across: np.ndarray, a: np.ndarray) -> None:
    pitch = 6.0
    row = np.floor(x / pitch)
    dx = x - (row + 0.5) * pitch
    shifted = across + (row % 2) * pitch / 2
    dy = shifted - (np.floor(shifted / pitch) + 0.5) * pitch
    inside = (x > 208) & (x < 244) & (across < 26 - 0.012 * (x - 222) ** 2)
    _blend(picture, smoothstep(1.3, 0.9, np.hypot(dx, dy)) * inside, picture.mean((0, 1)) * 0.35)


def _overlay(picture: np.ndarray, d: np.ndarray, color: Color, x: np.ndarray, z: np.ndarray, stitch: float) -> None:
    """Put a panel where d < 0 (signed distance to its edge, mm), with a shaded edge and a row of stitches."""
    picture *= (1 - 0.35 * smoothstep(2.5, 0.2, d) * (d > 0))[..., None]
    _blend(picture, smoothstep(0.35, -0.35, d), color)
    picture *= (1 + 0.10 * smoothstep(-1.6, -0.8, d) * smoothstep(0.0, -0.8, d))[..., None]
    if stitch:
        dash = np.sin(2 * np.pi * (x + 1.3 * z) / 3.6) > -0.35
        line = smoothstep(0.75, 0.35, np.abs(d + 2.8))
        picture *= (1 - 0.30 * stitch * line)[..., None]
        bright = 0.55 * np.array(color) + 0.45
        _blend(picture, line * dash * 0.75 * stitch, bright)


def _blend(picture: np.ndarray, weight: np.ndarray, color: np.ndarray | Color) -> None:
    picture += weight[..., None] * (np.asarray(color) - picture)


def _distance(P: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance (H, W) of P (H, W, 3) to the nearest of points (K, 3)."""
    best = np.full(P.shape[:2], np.inf, np.float32)
    P = P.astype(np.float32)
    for point in points.astype(np.float32):
        np.minimum(best, ((P - point) ** 2).sum(-1), out=best)
    return np.sqrt(best).astype(np.float64)


def paint_sole(form: ShoeForm, colors: Colors, size: int) -> np.ndarray:
    """Paint the sole's texture (size / 2, size, 3): upper half the wall (row 0 its top), lower half the underside."""
    rows = size // 4
    u = np.repeat((np.arange(size)[None] + 0.5) / size, rows, 0)
    v = np.repeat((np.arange(rows)[:, None] + 0.5) / rows, size, 1)
    wall = np.empty((rows, size, 3))
    wall[:] = colors.sole
    # A fine groove under the lip, a ribbed strip at the toe, and the tread's edge with its notches.
    wall *= (1 - 0.25 * np.exp(-(((v - 0.34) / 0.025) ** 2)))[..., None]
    toe = smoothstep(0.13, 0.08, np.abs(u - np.round(u)))
    ribs = 0.5 + 0.5 * np.sin(2 * np.pi * u * 260)
    wall *= (1 - 0.22 * ribs * toe * smoothstep(0.36, 0.40, v) * smoothstep(0.70, 0.66, v))[..., None]
    _blend(wall, smoothstep(0.735, 0.75, v), colors.outsole)
    wall *= (1 - 0.35 * np.exp(-(((v - 0.742) / 0.012) ** 2)))[..., None]
    notch = (np.sin(2 * np.pi * u * 110) > 0.55) & (v > 0.82)
    wall *= np.where(notch, 0.45, 1.0)[..., None]
    wall *= (1 - 0.2 * smoothstep(0.08, 0.0, v))[..., None]
    bottom = np.empty((size // 2 - rows, size, 3))
    bottom[:] = colors.outsole
    uu = np.arange(size)[None] / size * 70
    vv = np.arange(size // 2 - rows)[:, None] / (size // 2 - rows) * 22
    wave = np.sin(2 * np.pi * (uu * 0.5 + 0.35 * np.sin(2 * np.pi * vv * 0.22)))
    bottom *= (1 - 0.45 * smoothstep(0.3, 0.6, wave))[..., None]
    return _to_uint8(np.concatenate([wall, bottom], 0))


FABRIC_ROWS = {"lining": (0.02, 0.23), "tongue": (0.27, 0.48), "lace": (0.52, 0.73), "insole": (0.77, 0.98)}
"""Rows (v from, v to) of the fabric texture."""


def paint_fabric(colors: Colors, size: int = 128) -> np.ndarray:
    """Paint lining, tongue, laces and insole (size, size, 3), in the strips `FABRIC_ROWS`."""
    picture = np.empty((size, size, 3))
    quarter = size // 4
    tongue = 0.7 * np.array(colors.lining) + 0.3 * np.array(colors.panel)
    for index, color in enumerate((colors.lining, tongue, colors.lace, np.array(colors.lining) * 0.55 + 0.12)):
        picture[index * quarter : (index + 1) * quarter] = color
    y, x = np.mgrid[:size, :size]
    weave = np.where((x // 2 + y // 2) % 2, 1.0, 0.9)
    weave[3 * quarter :] = 1.0
    weave[2 * quarter : 3 * quarter] = np.where((x + y)[2 * quarter : 3 * quarter] % 4 < 2, 1.0, 0.82)
    return _to_uint8(picture * weave[..., None])


def _to_uint8(picture: np.ndarray) -> np.ndarray:
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
