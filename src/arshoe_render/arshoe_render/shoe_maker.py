"""Makes low sneakers from a few numbers: the bundled shoes, and any number of others for synthetic data."""

from dataclasses import dataclass, field, replace

import numpy as np

from arshoe_core.foot import Side
from arshoe_render import shoe_parts
from arshoe_render.mesh import Material, Mesh
from arshoe_render.shoe_form import A_TOP, FormParameters, ShoeForm
from arshoe_render.shoe_paint import Colors, Panels, paint_fabric, paint_sole, paint_upper
from arshoe_render.shoe_parts import MM, rolled_edge


@dataclass(frozen=True)
class ShoeParameters:
    """What a shoe is made from.

    Attributes:
        form: its measures.
        colors, panels: its look.
        side: which foot; the right shoe is the left one mirrored.
        texture_size: width of the textures in pixels.
        bow: whether the laces are tied.
    """

    form: FormParameters = field(default_factory=FormParameters)
    colors: Colors = field(default_factory=Colors)
    panels: Panels = field(default_factory=Panels)
    side: Side = Side.LEFT
    texture_size: int = 1024
    bow: bool = True


def make_shoe(p: ShoeParameters) -> list[Mesh]:
    """Build a shoe in the foot frame, for a foot of 0.26 m: the upper, the sole, and lining, tongue and laces.

    Returns:
        Three meshes in metres, about 5,000 triangles, textured; z = 0 is the plane the foot stands on and the
        sole lies below it.
    """
    form = ShoeForm(p.form)
    upper = Material(base_color=(1, 1, 1, 1), roughness=0.55, name="upper")
    rubber = replace(upper, roughness=0.7, name="sole")
    fabric = replace(upper, roughness=0.95, name="fabric")
    fabric_parts = [*shoe_parts.lining(form), shoe_parts.tongue(form), *shoe_parts.laces(form, p.bow)]
    upper_texture = paint_upper(form, p.colors, p.panels, p.texture_size)
    sole_texture = paint_sole(form, p.colors, p.texture_size)
    meshes = [
        shoe_parts.mesh(shoe_parts.upper(form), replace(upper, base_color_texture=upper_texture)),
        shoe_parts.mesh(shoe_parts.sole(form), replace(rubber, base_color_texture=sole_texture)),
        shoe_parts.mesh(fabric_parts, replace(fabric, base_color_texture=paint_fabric(p.colors))),
    ]
    return meshes if p.side == Side.LEFT else [m.transformed(np.diag([1.0, -1, 1, 1])) for m in meshes]


def opening_rim(p: ShoeParameters) -> np.ndarray:
    """The closed line around the shoe's opening (K, 3), metres, foot frame, first point not repeated."""
    form = ShoeForm(p.form)
    a = np.linspace(A_TOP, 1, 17)
    collar = np.concatenate([rolled_edge(form, 1, a)[1], rolled_edge(form, -1, a[::-1])[1][1:]])
    # In front the foot comes out behind the tongue.
    front = 0.5 * (collar[0] + collar[-1]) + (-4, 0, 4)
    rim = np.concatenate([collar, front[None]]) * MM
    return rim if p.side == Side.LEFT else rim * (1, -1, 1)


def random_parameters(rng: np.random.Generator) -> ShoeParameters:
    """A random shoe, from plain canvas shoes to padded trainers, in plausible colours."""
    form = FormParameters(
        width=rng.uniform(0.97, 1.10),
        toe_square=rng.uniform(-0.7, 0.9),
        toe_height=rng.uniform(38, 52),
        sole_heel=rng.uniform(6, 30),
        sole_toe=rng.uniform(5, 18),
        sole_wall=rng.uniform(6, 20),
        sole_flare=rng.uniform(1, 6),
        toe_spring=rng.uniform(2, 10),
        collar=rng.uniform(74, 98) if rng.random() < 0.85 else rng.uniform(110, 135),
        collar_dip=rng.uniform(10, 28),
        throat=rng.uniform(8, 14),
    )

    def color() -> tuple[float, float, float]:
        kind = rng.random()
        value = rng.choice([rng.uniform(0.03, 0.2), rng.uniform(0.35, 0.65), rng.uniform(0.8, 0.97)])
        if kind < 0.55:  # most shoes are white, grey or black
            tint = rng.uniform(-0.02, 0.02, 3)
            return tuple(np.clip(value + tint, 0.02, 0.98))
        return tuple(np.clip(value * (1 - rng.uniform(0.2, 1.0) * rng.random(3)), 0.02, 0.98))

    base = color()
    colors = Colors(
        upper=base,
        panel=base if rng.random() < 0.4 else color(),
        accent=color(),
        lining=color(),
        lace=color() if rng.random() < 0.4 else (0.93, 0.93, 0.92),
        sole=(0.93, 0.92, 0.89) if rng.random() < 0.6 else color(),
        outsole=color(),
    )
    panels = Panels(
        toe_cap=rng.uniform(25, 60) * (rng.random() < 0.4),
        mudguard=rng.uniform(4, 20) * (rng.random() < 0.6),
        counter=rng.uniform(30, 75) * (rng.random() < 0.7),
        eyestay=rng.uniform(8, 18),
        band=rng.uniform(6, 28) * (rng.random() < 0.6),
        perforations=bool(rng.random() < 0.3),
        stitch=rng.uniform(0, 1),
    )
    side = Side.LEFT if rng.random() < 0.5 else Side.RIGHT
    return ShoeParameters(form, colors, panels, side, texture_size=512, bow=bool(rng.random() < 0.8))


DESIGNS = {
    "sneaker": ShoeParameters(),
    "court": ShoeParameters(
        form=FormParameters(toe_square=0.4, toe_height=42, sole_heel=14, sole_toe=11, sole_wall=15, toe_spring=4),
        colors=Colors(
            upper=(0.11, 0.11, 0.12), panel=(0.16, 0.16, 0.17), accent=(0.85, 0.84, 0.80), lining=(0.22, 0.21, 0.20),
            lace=(0.90, 0.89, 0.86), sole=(0.93, 0.92, 0.88), outsole=(0.24, 0.23, 0.22),
        ),
        panels=Panels(toe_cap=44, mudguard=0, counter=48, eyestay=15, band=0, perforations=False),
    ),
    "runner": ShoeParameters(
        form=FormParameters(
            toe_height=46, sole_heel=24, sole_toe=15, sole_wall=14, sole_flare=6, toe_spring=11, collar=90
        ),
        colors=Colors(
            upper=(0.86, 0.25, 0.13), panel=(0.68, 0.14, 0.09), accent=(0.98, 0.86, 0.66), lining=(0.14, 0.14, 0.17),
            lace=(0.97, 0.95, 0.90), sole=(0.96, 0.95, 0.92), outsole=(0.13, 0.13, 0.14),
        ),
        panels=Panels(mudguard=9, counter=64, eyestay=11, band=20, perforations=True),
    ),
}  # fmt: skip
"""The bundled shoes."""
