"""What a parametric shoe is made from. Lengths are millimetres on a foot of 260 mm, colours sRGB from 0 to 1."""

from dataclasses import dataclass, field

import numpy as np

from arshoe_core.foot import Side
from arshoe_render.curves import hermite
from arshoe_render.shoe_maker.last import LastShape

Color = tuple[float, float, float]
Knots = tuple[tuple[float, float], ...]
"""Points (x, value) of a smooth curve along the foot, x rising from the heel (0) to the toe (260)."""


def along_foot(knots: Knots, x: np.ndarray) -> np.ndarray:
    """The value of a curve at x."""
    at, value = np.transpose(knots)
    return hermite(np.asarray(x), at, value)


@dataclass(frozen=True)
class Topline:
    """Where the upper ends.

    Attributes:
        collar: height of the edge along the foot. Where it is above the crest, the upper is closed over the foot;
            where it is below 0 there is no upper.
        throat: where the lacing's gap begins (x), and half its width there and at the collar; None for no gap.
        thickness: of the rolled edge at the collar; the gap's edge has 2 mm.
    """

    collar: Knots = ((0, 86), (12, 84), (60, 66), (95, 74), (122, 96))
    throat: tuple[float, float, float] | None = (207, 8, 14)
    thickness: float = 5.0


@dataclass(frozen=True)
class Sole:
    """The sole, below z = 0 where the foot stands.

    Attributes:
        wall: height of the sole's upper edge on the upper, along the foot.
        plate: z of the plate's underside, along the foot.
        rows: the wall's profile from the top down: outward offset, level (0 the upper edge, 1 the plate's underside,
            2 the heel block's), and the zone between this row and the next.
        block: height of the heel block below the plate; 0 for none.
        breast: x where the heel block ends.
        waist: how much narrower the sole is at the arch.
        tread: pattern of the underside: "wave", "lug", "smooth".
        wall_pattern: relief of the zone "midsole": "", "ribs", "foam", "stitches", "cork", "line".
    """

    wall: Knots = ((-10, 17), (50, 15), (120, 12), (200, 13), (275, 19))
    plate: Knots = ((-10, -16), (40, -16), (190, -11), (230, -8), (285, 2))
    rows: tuple[tuple[float, float, str], ...] = (
        (0.3, 0.06, "midsole"), (1.2, 0.0, "midsole"), (2.0, 0.05, "midsole"), (1.9, 0.38, "midsole"),
        (2.3, 0.72, "midsole"), (3.0, 0.75, "outsole"), (2.8, 0.97, "outsole"), (0.0, 1.0, "outsole"),
    )  # fmt: skip
    block: float = 0.0
    breast: float = 64.0
    waist: float = 3.0
    tread: str = "wave"
    wall_pattern: str = ""


@dataclass(frozen=True)
class Panel:
    """An overlay on the upper.

    Attributes:
        kind: which, see `panels.PANELS`.
        color: the zone it takes its colour from.
        size: its main measure.
        stitch: rows of stitches along its edge.
        height: how much it stands out; negative is a groove.
    """

    kind: str
    color: str = "panel"
    size: float = 0.0
    stitch: int = 1
    height: float = 0.7


@dataclass(frozen=True)
class Strap:
    """A flat band on the last.

    Attributes:
        path: points (x on the crest, s): s from -1 at the medial sole over 0 on the crest to 1 at the lateral sole.
        width: at its ends and in its middle.
        thickness: of the band.
        zone: of its colour.
        buckle: where along it (0 to 1) a buckle sits; negative for none.
    """

    path: tuple[tuple[float, float], ...]
    width: tuple[float, float] = (20.0, 20.0)
    thickness: float = 2.5
    zone: str = "trim"
    buckle: float = -1.0


@dataclass(frozen=True)
class ShoeParameters:
    """A shoe.

    Attributes:
        last, sole: its form.
        topline: where the upper ends; None for no upper.
        material: grain of the upper: "leather", "suede", "canvas", "knit", "felt".
        panels: drawn in this order.
        straps: bands on the upper or instead of it.
        eyelets: pairs of eyelets; 0 for no laces.
        metal_eyelets: whether they have rings.
        tongue: how far the tongue stands up beyond the topline.
        bow: "laces", "ribbon" (a small bow on the vamp) or "".
        pull_tab: length of the loop at the heel; 0 for none.
        open: whether skin is seen far forward, so that the foot's own form, not a flat cap, closes the opening.
        roughness: of the upper, as a factor on the texture's.
        colors: colourways, the first is the default; each names the colour of every zone.
        side: which foot; the right shoe is the left one mirrored.
        texture_size: width and height of the textures in pixels.
    """

    last: LastShape = field(default_factory=LastShape)
    sole: Sole = field(default_factory=Sole)
    topline: Topline | None = field(default_factory=Topline)
    material: str = "leather"
    panels: tuple[Panel, ...] = ()
    straps: tuple[Strap, ...] = ()
    eyelets: int = 6
    metal_eyelets: bool = False
    tongue: float = 18.0
    bow: str = "laces"
    pull_tab: float = 0.0
    open: bool = False
    roughness: float = 1.0
    colors: dict[str, dict[str, Color]] = field(default_factory=lambda: {"white": {}})
    side: Side = Side.LEFT
    texture_size: int = 512


ZONES: dict[str, Color] = {
    "upper": (0.93, 0.93, 0.91),
    "panel": (0.86, 0.85, 0.81),
    "accent": (0.10, 0.27, 0.42),
    "lining": (0.16, 0.24, 0.33),
    "tongue": (0.90, 0.90, 0.88),
    "lace": (0.95, 0.95, 0.93),
    "midsole": (0.94, 0.93, 0.89),
    "outsole": (0.72, 0.52, 0.33),
    "trim": (0.86, 0.85, 0.81),
    "metal": (0.78, 0.76, 0.72),
    "insole": (0.55, 0.55, 0.55),
    "thread": (0.95, 0.95, 0.93),
}
"""Every zone with the colour it has where a colourway names none."""
