"""The bundled shoes."""

from arshoe_render.shoe_maker.design import Color, Panel, ShoeParameters, Sole, Strap, Topline
from arshoe_render.shoe_maker.last import LastShape

WHITE: Color = (0.93, 0.93, 0.91)
CREAM: Color = (0.91, 0.88, 0.80)
BLACK: Color = (0.075, 0.075, 0.08)
GREY: Color = (0.45, 0.46, 0.48)
NAVY: Color = (0.09, 0.14, 0.27)
RED: Color = (0.66, 0.10, 0.11)
GREEN: Color = (0.08, 0.32, 0.22)
GUM: Color = (0.66, 0.44, 0.25)
COGNAC: Color = (0.52, 0.27, 0.12)
BROWN: Color = (0.24, 0.14, 0.09)
OXBLOOD: Color = (0.33, 0.07, 0.08)
SAND: Color = (0.74, 0.62, 0.47)
STONE: Color = (0.70, 0.67, 0.61)


def _all(color: Color, *zones: str, **others: Color) -> dict[str, Color]:
    return dict.fromkeys(zones, color) | others


def _leather(color: Color, lining: Color = SAND, sole: Color = BLACK, thread: Color | None = None) -> dict[str, Color]:
    """Leather of one colour, a little darker where it is laid over."""
    darker = tuple(0.9 * v for v in color)
    return _all(color, "upper", "tongue", panel=darker, trim=darker, accent=BLACK, lace=darker, lining=lining,
                insole=lining, midsole=sole, outsole=tuple(0.7 * v for v in sole), thread=thread or darker)  # fmt: skip


_WELT = (
    (-2, 0.0, "midsole"), (3.2, 0.0, "midsole"), (3.8, 0.14, "midsole"), (3.8, 0.4, "midsole"), (3.2, 0.45, "midsole"),
    (3.6, 0.5, "outsole"), (3.4, 0.95, "outsole"), (2.0, 1.0, "outsole"), (2.0, 1.03, "outsole"),
    (2.6, 1.85, "outsole"), (2.4, 1.97, "outsole"), (1.0, 2.0, "outsole"),
)  # fmt: skip
_WELT_WALL = ((-10, 3.0), (120, 3.0), (275, 3.0))
_LOW_COLLAR = ((-5, 86), (8, 84), (55, 64), (92, 73), (122, 97))

DESIGNS = {
    "sneaker": ShoeParameters(
        last=LastShape(toe_height=43, toe_fullness=0.55),
        panels=(
            Panel("perforations", "outsole", 6.0), Panel("seam"), Panel("wave", "accent", 19, 1),
            Panel("mudguard", "panel", 13), Panel("counter", "panel", 54), Panel("eyestay", "panel", 13),
            Panel("collar", "lining", 10, 0, 0.2), Panel("tab", "accent", 52),
        ),
        sole=Sole(wall_pattern="ribs"),
        colors={
            "white-green": _all(WHITE, "upper", "tongue", "lace", panel=(0.87, 0.87, 0.84), accent=GREEN, lining=GREEN,
                                midsole=WHITE, outsole=GUM, insole=GREY),
            "white-navy": _all(WHITE, "upper", "tongue", "lace", panel=(0.82, 0.83, 0.85), accent=NAVY, lining=NAVY,
                               midsole=WHITE, outsole=NAVY, insole=GREY),
            "black": _all(BLACK, "upper", "accent", "lining", "tongue", panel=(0.13, 0.13, 0.14), lace=WHITE,
                          midsole=WHITE, outsole=BLACK, insole=GREY, thread=GREY),
            "sand": _all(SAND, "upper", "tongue", panel=(0.60, 0.47, 0.34), accent=CREAM, lining=CREAM, lace=CREAM,
                         midsole=CREAM, outsole=GUM, insole=CREAM, thread=CREAM),
        },
    ),
    "hightop": ShoeParameters(
        last=LastShape(toe_height=40, toe_fullness=0.6, shaft=150, shaft_width=33),
        topline=Topline(((-5, 131), (30, 130), (70, 127), (102, 136), (115, 150)), (206, 8, 15), 3.0),
        material="canvas",
        panels=(
            Panel("seam"), Panel("cross_seam", "upper", 112, 2, 0.2), Panel("eyestay", "upper", 14, 2, 0.3),
            Panel("collar", "upper", 6, 1, 0.2), Panel("tab", "accent", 30, 0), Panel("toe_cap", "midsole", 40, 0, 1.5),
        ),
        sole=Sole(
            wall=((-10, 19), (50, 17), (120, 15), (200, 16), (275, 22)), wall_pattern="line", waist=2.0,
            plate=((-10, -13), (40, -13), (190, -10), (230, -8), (285, -1)),
        ),
        eyelets=8, metal_eyelets=True, tongue=14,
        colors={
            "black": _all(BLACK, "upper", "tongue", "panel", lace=WHITE, midsole=WHITE, accent=BLACK, lining=CREAM,
                          outsole=GUM, insole=CREAM),
            "red": _all(RED, "upper", "tongue", "panel", lace=WHITE, midsole=WHITE, accent=NAVY, lining=CREAM,
                        outsole=GUM, insole=CREAM),
            "cream": _all(CREAM, "upper", "tongue", "panel", lace=WHITE, midsole=WHITE, accent=RED, lining=WHITE,
                          outsole=GUM, insole=WHITE, thread=GREY),
            "navy": _all(NAVY, "upper", "tongue", "panel", lace=WHITE, midsole=WHITE, accent=RED, lining=CREAM,
                         outsole=GUM, insole=CREAM),
        },
    ),
    "runner": ShoeParameters(
        last=LastShape(toe_height=44, toe_fullness=0.45, toe_square=-0.15),
        topline=Topline(((-5, 93), (8, 88), (55, 65), (92, 74), (122, 99)), (204, 6, 12), 6.5),
        material="knit",
        panels=(
            Panel("lines", "accent", 13, 0, 0.4), Panel("clip", "accent", 34, 0, 1.0), Panel("mudguard", "panel", 7, 0),
            Panel("eyestay", "panel", 10, 0), Panel("collar", "lining", 9, 0, 0.3),
        ),
        sole=Sole(
            wall=((-12, 25), (20, 23), (60, 15), (120, 9), (190, 11), (240, 14), (280, 19)),
            plate=((-12, -19), (5, -24), (40, -25), (110, -20), (190, -17), (230, -12), (285, 6)),
            rows=((0.5, 0.05, "midsole"), (1.5, 0.0, "midsole"), (3.2, 0.05, "midsole"), (5.0, 0.25, "midsole"),
                  (4.8, 0.48, "midsole"), (6.5, 0.68, "midsole"), (6.5, 0.84, "midsole"), (5.6, 0.88, "outsole"),
                  (5.0, 0.97, "outsole"), (1.0, 1.0, "outsole")),
            waist=7.0, wall_pattern="foam", tread="lug",
        ),
        pull_tab=14.0, tongue=20,
        colors={
            "coral": _all((0.88, 0.33, 0.24), "upper", "tongue", panel=(0.74, 0.20, 0.16), accent=(0.98, 0.80, 0.55),
                          lining=BLACK, lace=WHITE, midsole=WHITE, outsole=BLACK, trim=BLACK),
            "volt": _all((0.70, 0.80, 0.20), "upper", "tongue", panel=BLACK, accent=(0.16, 0.20, 0.20), lining=BLACK,
                         lace=BLACK, midsole=WHITE, outsole=BLACK, trim=BLACK),
            "grey": _all((0.55, 0.58, 0.62), "upper", "tongue", panel=(0.30, 0.33, 0.38), accent=(0.20, 0.55, 0.75),
                         lining=(0.18, 0.2, 0.24), lace=WHITE, midsole=WHITE, outsole=GREY, trim=NAVY),
            "black": _all(BLACK, "upper", "tongue", "panel", "lining", "lace", "trim", accent=(0.30, 0.30, 0.32),
                          midsole=WHITE, outsole=BLACK),
        },
    ),
    "court": ShoeParameters(
        last=LastShape(toe_height=41, toe_fullness=0.6, toe_square=0.4),
        material="suede",
        panels=(
            Panel("seam"), Panel("cross_seam", "upper", 128, 2, 0.3), Panel("bars", "accent", 10),
            Panel("toe_cap", "panel", 44, 2), Panel("counter", "panel", 48), Panel("eyestay", "panel", 14, 2),
            Panel("collar", "lining", 9, 0, 0.2),
        ),
        sole=Sole(
            wall=((-10, 19), (50, 17), (120, 15), (200, 16), (275, 21)), waist=1.5, wall_pattern="line",
            plate=((-10, -14), (40, -14), (190, -11), (230, -9), (285, -3)),
        ),
        colors={
            "black-gum": _all(BLACK, "upper", "tongue", "lining", panel=(0.12, 0.12, 0.125), accent=WHITE, lace=WHITE,
                              midsole=GUM, outsole=(0.5, 0.32, 0.17), thread=GREY),
            "navy": _all(NAVY, "upper", "tongue", "lining", panel=(0.07, 0.11, 0.22), accent=WHITE, lace=WHITE,
                         midsole=WHITE, outsole=GUM),
            "olive": _all((0.30, 0.31, 0.19), "upper", "tongue", panel=(0.25, 0.26, 0.15), accent=CREAM, lining=BLACK,
                          lace=CREAM, midsole=CREAM, outsole=GUM, thread=CREAM),
        },
    ),
    "loafer": ShoeParameters(
        last=LastShape(toe_height=36, toe_fullness=0.45, instep=-2, shaft=96, width=0.99),
        topline=Topline(((-5, 72), (10, 68), (55, 55), (100, 58), (128, 68), (143, 78), (156, 108)), None, 2.5),
        panels=(Panel("seam", stitch=0), Panel("apron", "upper", 92, 0, 1.4), Panel("collar", "upper", 4, 1, 0.1)),
        straps=(Strap(((158, -0.97), (166, -0.5), (168, 0.0), (166, 0.5), (158, 0.97)), (30, 20), 2.2),),
        sole=Sole(wall=_WELT_WALL, plate=((-10, -8), (60, -9), (110, -8), (190, -9), (235, -7), (290, 0)), rows=_WELT,
                  block=15, breast=62, waist=8, tread="smooth", wall_pattern="stitches"),
        eyelets=0, roughness=0.62,
        colors={
            "oxblood": _leather(OXBLOOD), "black": _leather(BLACK), "cognac": _leather(COGNAC, sole=BROWN),
        },
    ),
    "derby": ShoeParameters(
        last=LastShape(toe_height=37, toe_fullness=0.5, toe_length=7, shaft=98),
        topline=Topline(((-5, 74), (10, 70), (55, 56), (95, 64), (122, 96)), (200, 5, 11), 2.5),
        panels=(
            Panel("toe_cap", "upper", 58, 2, 0.5), Panel("quarter", "upper", 52, 2, 0.8),
            Panel("counter", "upper", 46, 2, 0.5), Panel("collar", "upper", 4, 1, 0.1), Panel("seam", stitch=0),
        ),
        sole=Sole(wall=_WELT_WALL, plate=((-10, -9), (60, -10), (110, -9), (190, -10), (235, -8), (295, 0)), rows=_WELT,
                  block=16, breast=64, waist=8, tread="smooth", wall_pattern="stitches"),
        eyelets=5, tongue=12, bow="laces", roughness=0.6,
        colors={
            "black": _leather(BLACK), "cognac": _leather(COGNAC, sole=BROWN), "oxblood": _leather(OXBLOOD),
            "navy": _leather(NAVY, sole=COGNAC),
        },
    ),
    "boot": ShoeParameters(
        last=LastShape(toe_height=46, toe_fullness=0.65, shaft=165, shaft_width=37, instep=3, width=1.02),
        topline=Topline(((-5, 140), (30, 139), (70, 137), (104, 147), (115, 160)), (196, 6, 16), 6.0),
        material="suede",
        panels=(
            Panel("toe_cap", "upper", 62, 2, 0.5), Panel("quarter", "upper", 60, 2, 0.8),
            Panel("counter", "upper", 58, 2, 0.6), Panel("collar", "lining", 16, 1, 0.4), Panel("seam"),
        ),
        sole=Sole(wall=_WELT_WALL, plate=((-10, -13), (60, -14), (110, -13), (190, -15), (235, -13), (290, -5)),
                  rows=_WELT, block=16, breast=66, waist=4, tread="lug", wall_pattern="stitches"),
        eyelets=7, metal_eyelets=True, tongue=12, pull_tab=16,
        colors={
            "wheat": _all((0.70, 0.47, 0.22), "upper", "tongue", "panel", "trim", lining=BROWN, lace=(0.45, 0.28, 0.12),
                          midsole=GUM, outsole=(0.30, 0.19, 0.10), thread=CREAM, accent=BROWN, insole=SAND),
            "brown": _all(BROWN, "upper", "tongue", "panel", "trim", lining=(0.15, 0.09, 0.06), lace=COGNAC,
                          midsole=COGNAC, outsole=BLACK, thread=SAND, insole=SAND),
            "black": _all(BLACK, "upper", "tongue", "panel", "trim", "lining", "lace", midsole=BLACK, outsole=BLACK,
                          thread=GREY, insole=GREY),
        },
    ),
    "chelsea": ShoeParameters(
        last=LastShape(toe_height=38, toe_fullness=0.45, toe_length=5, shaft=165, shaft_width=34, toe_square=-0.1),
        topline=Topline(((-5, 150), (30, 148), (66, 141), (95, 147), (112, 152)), None, 2.5),
        panels=(
            Panel("cross_seam", "upper", 96, 2, 0.5), Panel("gore", "accent", 25), Panel("collar", "upper", 4, 1, 0.2),
            Panel("seam"),
        ),
        sole=Sole(wall=_WELT_WALL, plate=((-10, -9), (60, -10), (110, -9), (190, -10), (235, -8), (290, 0)), rows=_WELT,
                  block=20, breast=63, waist=7, tread="smooth", wall_pattern="stitches"),
        eyelets=0, pull_tab=18, roughness=0.62,
        colors={
            "black": _leather(BLACK), "brown": _leather(BROWN, sole=BLACK),
            "tan": _leather((0.60, 0.42, 0.25), sole=BROWN) | {"accent": BROWN},
        },
    ),
    "ballerina": ShoeParameters(
        last=LastShape(toe_height=28, toe_fullness=0.35, instep=-8, shaft=90, width=1.04, toe_length=-1),
        topline=Topline(((-5, 58), (6, 56), (35, 40), (80, 29), (150, 27), (190, 32), (203, 38), (213, 60)), None, 2.0),
        panels=(Panel("seam", stitch=0), Panel("collar", "trim", 3.2, 0, 0.6)),
        sole=Sole(wall=((-10, 1.5), (120, 1.5), (275, 1.5)),
                  plate=((-10, -5), (60, -5), (190, -5), (235, -4), (290, 0)),
                  rows=((-2, 0.0, "midsole"), (0.8, 0.0, "midsole"), (1.2, 0.2, "midsole"), (1.0, 0.9, "outsole"),
                        (0.0, 1.0, "outsole"), (-0.4, 1.04, "outsole"), (-1.0, 1.95, "outsole"),
                        (-2.0, 2.0, "outsole")),
                  block=8, breast=52, waist=9, tread="smooth"),
        eyelets=0, bow="ribbon", open=True, roughness=0.6,
        colors={
            "red": _leather(RED), "black": _leather(BLACK),
            "nude": _leather((0.80, 0.62, 0.52)) | {"trim": BLACK, "outsole": BROWN, "midsole": BROWN},
        },
    ),
    "sandal": ShoeParameters(
        last=LastShape(toe_height=38, toe_fullness=0.5, toe_length=4, toe_square=0.3, shaft=95, width=1.03),
        topline=None,
        straps=(
            Strap(((195, -0.99), (203, -0.5), (206, 0.0), (202, 0.5), (190, 0.99)), (46, 40), 2.6, "upper", 0.66),
            Strap(((128, -0.99), (140, -0.5), (146, 0.0), (140, 0.5), (126, 0.99)), (46, 40), 2.6, "upper", 0.66),
        ),
        sole=Sole(
            wall=((-10, 12), (50, 8), (110, 9), (190, 5), (275, 7)),
            plate=((-10, -20), (40, -20), (110, -17), (190, -16), (240, -14), (290, -8)),
            rows=((-4, 0.12, "insole"), (-2, 0.0, "insole"), (2.5, 0.02, "midsole"), (3.8, 0.1, "midsole"),
                  (2.6, 0.4, "midsole"), (2.8, 0.74, "midsole"), (3.2, 0.76, "outsole"), (3.0, 0.97, "outsole"),
                  (1.0, 1.0, "outsole")),
            waist=5, wall_pattern="cork",
        ),
        eyelets=0, open=True, roughness=0.9,
        colors={
            "taupe": _all((0.42, 0.35, 0.28), "upper", "trim", insole=(0.66, 0.52, 0.37), midsole=(0.60, 0.43, 0.27),
                          outsole=BROWN, thread=SAND),
            "black": _all(BLACK, "upper", "trim", insole=(0.66, 0.52, 0.37), midsole=(0.60, 0.43, 0.27), outsole=BLACK,
                          thread=GREY),
            "white": _all(WHITE, "upper", "trim", insole=(0.80, 0.74, 0.66), midsole=(0.60, 0.43, 0.27), outsole=WHITE,
                          thread=STONE),
        },
    ),
    "slipper": ShoeParameters(
        last=LastShape(toe_height=43, toe_fullness=0.7, toe_square=0.2, shaft=98, width=1.03),
        topline=Topline(((40, -30), (84, -12), (97, 8), (114, 42), (132, 72), (146, 84), (160, 120)), None, 7.0),
        material="felt",
        panels=(Panel("fleece", "lining", 14), Panel("apron", "upper", 88, 0, 0.8)),
        sole=Sole(
            wall=((-10, 7), (100, 6), (275, 8)),
            plate=((-10, -13), (60, -13), (190, -11), (240, -9), (290, -3)),
            rows=((-4, 0.2, "insole"), (-2, 0.0, "insole"), (2.0, 0.05, "midsole"), (3.0, 0.3, "midsole"),
                  (2.6, 0.6, "outsole"), (2.6, 0.95, "outsole"), (0.0, 1.0, "outsole")),
            waist=4, wall_pattern="",
        ),
        eyelets=0, open=True, roughness=1.0,
        colors={
            "grey": _all(GREY, "upper", "midsole", "panel", lining=CREAM, insole=CREAM, outsole=(0.2, 0.2, 0.21)),
            "red": _all((0.55, 0.13, 0.13), "upper", "midsole", "panel", lining=CREAM, insole=CREAM, outsole=BROWN),
            "blue": _all((0.17, 0.25, 0.38), "upper", "midsole", "panel", lining=CREAM, insole=CREAM, outsole=BLACK),
        },
    ),
}  # fmt: skip
"""The bundled shoes by name."""
