"""Random shoes for synthetic data: low laced ones of many forms, some slip-ons and high ones."""

import numpy as np

from arshoe_core.foot import Side
from arshoe_render.shoe_maker.design import Color, Panel, ShoeParameters, Sole, Topline
from arshoe_render.shoe_maker.last import LastShape


def random_parameters(rng: np.random.Generator) -> ShoeParameters:
    """A random shoe, from plain canvas shoes to padded trainers, in plausible colours, one colourway."""
    high = rng.random() < 0.15
    collar = rng.uniform(110, 135) if high else rng.uniform(74, 98)
    dip = rng.uniform(10, 28)
    laced = bool(high or rng.random() < 0.88)
    line = ((-5, collar), (8, collar - 2), (55, collar - dip), (92, collar - 0.5 * dip), (122, collar + 10))
    last = LastShape(
        width=rng.uniform(0.97, 1.10),
        toe_square=rng.uniform(-0.7, 0.9),
        toe_length=rng.uniform(-2, 5),
        toe_height=rng.uniform(36, 52),
        toe_fullness=rng.uniform(0.3, 0.8),
        instep=rng.uniform(-3, 4),
        shaft=collar + 16,
        shaft_width=33.0 if high else 29.0,
    )
    throat = (rng.uniform(190, 212), rng.uniform(4, 9), rng.uniform(9, 16)) if laced else None
    topline = Topline(line, throat, rng.uniform(2, 7))
    return ShoeParameters(
        last=last,
        sole=_sole(rng),
        topline=topline,
        material=str(rng.choice(["leather", "suede", "canvas", "knit", "felt"], p=[0.4, 0.2, 0.2, 0.15, 0.05])),
        panels=_panels(rng, laced),
        eyelets=int(rng.integers(4, 8)),
        metal_eyelets=bool(rng.random() < 0.2),
        tongue=rng.uniform(8, 22),
        bow="laces" if rng.random() < 0.8 else "",
        pull_tab=rng.uniform(12, 20) * (rng.random() < 0.2),
        roughness=rng.uniform(0.6, 1.2),
        colors={"": _colors(rng)},
        side=Side.LEFT if rng.random() < 0.5 else Side.RIGHT,
        texture_size=512,
    )


def _sole(rng: np.random.Generator) -> Sole:
    heel, toe, wall = rng.uniform(6, 30), rng.uniform(5, 18), rng.uniform(6, 20)
    flare, spring = rng.uniform(1, 6), rng.uniform(2, 10)
    edge = rng.uniform(0.6, 0.9)
    rows = (
        (0.3, 0.05, "midsole"), (0.6 * flare, 0.0, "midsole"), (0.8 * flare, 0.06, "midsole"),
        (flare * rng.uniform(0.4, 1.4), 0.45, "midsole"), (flare, edge, "outsole"), (flare, edge + 0.04, "outsole"),
        (flare - 0.3, 0.97, "outsole"), (flare - 3, 1.0, "outsole"),
    )  # fmt: skip
    welted = rng.random() < 0.15
    return Sole(
        wall=((-10, 3.0), (275, 3.0)) if welted else
        ((-10, wall + 3), (50, wall + 1), (120, wall - 2), (200, wall - 1), (275, wall + 5)),
        plate=((-10, -heel), (40, -heel), (190, -toe), (235, -toe + 0.4 * spring), (290, -toe + 2 * spring)),
        rows=rows,
        block=rng.uniform(8, 18) if welted else 0.0,
        waist=rng.uniform(0, 8),
        wall_pattern=str(rng.choice(["", "ribs", "foam", "stitches", "line"])),
    )  # fmt: skip


def _panels(rng: np.random.Generator, laced: bool) -> tuple[Panel, ...]:
    stitch = int(rng.integers(0, 3))
    chances = [
        (0.3, Panel("perforations", "outsole", rng.uniform(5, 7))),
        (0.3, Panel("cross_seam", str(rng.choice(["upper", "panel"])), rng.uniform(105, 150), stitch)),
        (0.25, Panel("band", "accent", rng.uniform(6, 28), stitch)),
        (0.2, Panel("wave", "accent", rng.uniform(8, 24), stitch)),
        (0.15, Panel("bars", "accent", rng.uniform(6, 14))),
        (0.15, Panel("lines", "accent", rng.uniform(9, 18))),
        (0.4, Panel("toe_cap", str(rng.choice(["panel", "midsole"])), rng.uniform(25, 60), stitch)),
        (0.5, Panel("mudguard", "panel", rng.uniform(4, 20), stitch)),
        (0.6, Panel("counter", "panel", rng.uniform(30, 75), stitch)),
        (0.2, Panel("clip", "accent", rng.uniform(20, 40), 0)),
        (0.8 * laced, Panel("eyestay", "panel", rng.uniform(8, 18), stitch)),
        (0.7, Panel("collar", "lining", rng.uniform(4, 14), 0, 0.2)),
        (0.4, Panel("tab", "accent", rng.uniform(40, 60), stitch)),
    ]
    return tuple(panel for chance, panel in chances if rng.random() < chance)


def _color(rng: np.random.Generator) -> Color:
    kind = rng.random()
    value = rng.choice([rng.uniform(0.03, 0.2), rng.uniform(0.35, 0.65), rng.uniform(0.8, 0.97)])
    if kind < 0.55:  # most shoes are white, grey or black
        tint = rng.uniform(-0.02, 0.02, 3)
        return tuple(np.clip(value + tint, 0.02, 0.98))
    return tuple(np.clip(value * (1 - rng.uniform(0.2, 1.0) * rng.random(3)), 0.02, 0.98))


def _colors(rng: np.random.Generator) -> dict[str, Color]:
    base = _color(rng)
    colors = {zone: _color(rng) for zone in ("accent", "lining", "outsole", "insole", "trim")}
    colors["upper"] = base
    colors["panel"] = base if rng.random() < 0.4 else _color(rng)
    colors["tongue"] = base if rng.random() < 0.6 else _color(rng)
    colors["lace"] = _color(rng) if rng.random() < 0.4 else (0.93, 0.93, 0.92)
    colors["midsole"] = (0.93, 0.92, 0.89) if rng.random() < 0.6 else _color(rng)
    colors["thread"] = base if rng.random() < 0.5 else _color(rng)
    return colors
