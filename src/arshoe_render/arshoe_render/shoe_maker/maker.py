"""Puts a parametric shoe together: meshes in the foot frame, their materials, the rim of the opening."""

from dataclasses import replace

import numpy as np

from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_render.mesh import Material, Mesh
from arshoe_render.shoe import Shoe
from arshoe_render.shoe_maker import parts, trims
from arshoe_render.shoe_maker.design import ShoeParameters
from arshoe_render.shoe_maker.last import A_TOP, Last
from arshoe_render.shoe_maker.paint import paint
from arshoe_render.shoe_maker.parts import MM, Part
from arshoe_render.shoe_maker.sole import SoleForm
from arshoe_render.shoe_maker.upper import Upper

MIRROR = np.diag([1.0, -1, 1, 1])
INSET = 3.5
"""Of the foot below the inner surface of an open shoe, mm."""


def make_shoe(p: ShoeParameters) -> list[Mesh]:
    """Build a shoe in the foot frame, for a foot of 0.26 m: the upper (or straps), the sole, and all else.

    Returns:
        Three meshes in metres, together about 5,000 triangles, that share one set of textures and have a variant for
        each colourway; z = 0 is the plane the foot stands on and the sole lies below it.
    """
    last = Last(p.last)
    upper = Upper(last, p.topline) if p.topline else None
    sole = SoleForm(last, p.sole)
    straps = [part for s in p.straps for part in trims.strap(last, s)]
    inner = [sole.insole(p.open), *_trims(p, upper)]
    if upper:
        outside, inner = upper.outside(), [*upper.lining(), *inner, *straps]
    else:
        outside = straps
    materials = _materials(p, upper, sole)
    default = next(iter(materials.values()))
    meshes = [replace(parts.mesh(group, default), variants=materials) for group in (outside, sole.parts(), inner)]
    return meshes if p.side == Side.LEFT else [m.transformed(MIRROR) for m in meshes]


def _trims(p: ShoeParameters, upper: Upper | None) -> list[Part]:
    found: list[Part] = []
    if upper is None:
        return found
    if p.topline.throat:
        found.append(upper.tongue(p.tongue))
        if p.eyelets:
            found += trims.laces(upper, p)
    if p.bow == "ribbon":
        found += trims.ribbon_bow(upper)
    if p.pull_tab:
        found += trims.pull_tab(upper, p.pull_tab)
    return found


def _materials(p: ShoeParameters, upper: Upper | None, sole: SoleForm) -> dict[str, Material]:
    textures = paint(p, upper, sole)
    orm = textures.occlusion_roughness
    return {
        name: Material(
            base_color=(1.0, 1.0, 1.0, 1.0),
            base_color_texture=base,
            metallic=0.0,
            roughness=p.roughness,
            metallic_roughness_texture=orm,
            occlusion_texture=orm,
            normal_texture=textures.normal,
            name=name,
        )
        for name, base in textures.base_color.items()
    }


def opening_rim(p: ShoeParameters) -> np.ndarray:
    """The closed line the leg rises out of (K, 3), metres, foot frame, first point not repeated.

    That is the opening's edge, of an open shoe a line around the ankle.
    """
    last = Last(p.last)
    rim = _ankle(last) if p.open else Upper(last, p.topline).rim()
    return rim * MM * ((1, 1, 1) if p.side == Side.LEFT else (1, -1, 1))


def _ankle(last: Last) -> np.ndarray:
    """The ring (K, 3) where the foot's form ends."""
    a = np.linspace(A_TOP, 1, 15)
    halves = [last.surface(side, a, np.ones(1)) - INSET * last.normal(side, a, np.ones(1)) for side in (1, -1)]
    halves[1][[0, -1]] = halves[0][[0, -1]]
    return np.concatenate([halves[0], halves[1][-2:0:-1]])


def make_model(name: str, p: ShoeParameters) -> Shoe:
    """The shoe as it is bundled: one mesh."""
    inside = _foot_form(Last(p.last)) if p.open else None
    if inside is not None and p.side == Side.RIGHT:
        inside = inside.transformed(MIRROR)
    return Shoe(name, [parts.merged(make_shoe(p))], p.side, STANDARD_FOOT_LENGTH, opening_rim(p), inside)


def _foot_form(last: Last) -> Mesh:
    """The foot's surface in the shoe, closed over the ankle."""
    a = np.concatenate([np.linspace(0, A_TOP, 14), np.linspace(A_TOP, 1, 10)[1:]])
    t = np.array([0.03, 0.2, 0.4, 0.6, 0.8, 0.93, 1.0])[:, None]
    halves = {side: last.surface(side, a, t) - INSET * last.normal(side, a, t) for side in (1, -1)}
    for joint in (np.s_[-1, a <= A_TOP], np.s_[:, 0], np.s_[:, -1]):  # crest, toe and heel: no crack between the halves
        middle = (halves[1][joint] + halves[-1][joint]) / 2
        halves[1][joint] = halves[-1][joint] = middle
    found = []
    for side, points in halves.items():
        found.append(parts.grid(points, 0.0, 0.0, flip=side > 0))
        ring = points[-1][a >= A_TOP]
        lid = np.stack([ring, np.column_stack([ring[:, 0], last.middle(ring[:, 0]), ring[:, 2]])])
        found.append(parts.grid(lid, 0.0, 0.0, flip=side > 0))
    return parts.mesh(found, Material(double_sided=True))
