"""Shoes by name or from a GLB: meshes in the foot frame, and the opening the leg comes out of."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.resources import shared_file
from arshoe_render.glb_reader import load_glb
from arshoe_render.glb_writer import save_glb
from arshoe_render.mesh import Material, Mesh, smooth_normals

logger = logging.getLogger(__name__)

DEFAULT_SHOE = "sneaker"
CAP_DEPTH = 0.006
"""How far below the rim the opening's closing surface lies, m, so that the rim keeps its thickness (paper, 3.2)."""


@dataclass(frozen=True)
class Shoe:
    """A shoe for one foot, in the foot frame, metres.

    Attributes:
        name: what it is called.
        meshes: its surface.
        side: the foot it is modelled for.
        foot_length: the length of that foot.
        rim: (K, 3) float64, the closed line out of which the leg rises, first point not repeated: the opening's edge,
            or where `inside` ends.
        inside: the surface of the foot in the shoe, up to the ankle, for a shoe that shows much of it (a sandal): it
            closes the opening. None for one that a cap below the rim closes.
    """

    name: str
    meshes: list[Mesh]
    side: Side
    foot_length: float
    rim: np.ndarray
    inside: Mesh | None = None

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of its colourways; empty if it has only one."""
        return tuple(dict.fromkeys(name for mesh in self.meshes for name in mesh.variants))

    def in_variant(self, name: str) -> "Shoe":
        """The shoe in a colourway; '' is the default one.

        Raises:
            BadInputError: if there is none of that name.
        """
        if not name:
            return self
        if name not in self.variants:
            allowed = ", ".join(self.variants) or "only '', it has no variants"
            raise BadInputError(f"variant of shoe {self.name!r} is {name!r}; allowed: {allowed}")
        return replace(self, meshes=[mesh.in_variant(name) for mesh in self.meshes])

    def T_foot_model(self, side: Side, foot_length: float) -> np.ndarray:
        """The affine (4, 4) that fits the model on a foot: scaled by its length, mirrored for the other side."""
        scale = foot_length / self.foot_length
        mirror = 1 if side in (self.side, Side.UNKNOWN) else -1
        return np.diag([scale, mirror * scale, scale, 1.0])

    def opening_cap(self, depth: float = CAP_DEPTH) -> Mesh:
        """The surface that closes the opening: `inside`, or one `depth` metres below the rim and a little inside it."""
        if self.inside is not None:
            return self.inside
        centre = self.rim.mean(0)
        ring = centre + (self.rim - centre) * 0.97 - (0, 0, depth)
        return _surface(np.concatenate([ring, [centre - (0, 0, depth)]]), _fan(len(ring)))

    def leg_tube(self, height: float = 0.35) -> Mesh:
        """A plain ankle and shin that rise straight out of the opening; hides what lies behind the leg."""
        centre = self.rim.mean(0)
        levels = ((-0.03, 0.80), (-0.004, 0.90), (0.03, 0.84), (0.09, 0.88), (0.2, 1.15), (height, 1.3))
        rings = []
        for up, scale in levels:
            flattened = scale * np.array([1, 1, 0]) + (0, 0, np.clip(1 - up / 0.03, 0, 1))
            rings.append(centre + (self.rim - centre) * flattened + np.array([0, 0, up]))
        count = len(self.rim)
        i = np.arange(count)
        j = (i + 1) % count
        side = np.concatenate([np.stack([i, j, i + count], 1), np.stack([j, j + count, i + count], 1)])
        faces = np.concatenate([side + k * count for k in range(len(levels) - 1)])
        return _surface(np.concatenate(rings), faces)


def bundled_shoes() -> dict[str, Path]:
    """The shoes that come with the package: name to GLB file."""
    return {path.stem: path for path in sorted(shared_file("arshoe_render", "shoes").glob("*.glb"))}


def shoe_path(name_or_path: str) -> Path:
    """The file of a bundled shoe, or the path of a GLB as it is.

    Raises:
        BadInputError: if it is neither a bundled shoe's name nor ends with .glb.
    """
    shoes = bundled_shoes()
    if name_or_path not in shoes and not name_or_path.lower().endswith(".glb"):
        raise BadInputError(f"shoe is {name_or_path!r}; allowed: {', '.join(shoes)}, or the path of a .glb file")
    return shoes.get(name_or_path, Path(name_or_path))


def load_shoe(name_or_path: str, variant: str = "") -> Shoe:
    """Load a bundled shoe by its name, or any GLB by its path, in a variant ('' is its default).

    A GLB of `shoes make` or `shoes import` says how it sits on the foot. Any other is placed as `shoes import` would.

    Raises:
        BadInputError: if there is no such shoe or variant, or the file can't be used (see `load_glb`).
    """
    path = shoe_path(name_or_path)
    meshes, extras = load_glb(path)
    if "opening_rim" not in extras:
        from arshoe_render.shoe_import import fit_to_foot  # it makes a Shoe, so it imports this module

        shoe, found = fit_to_foot(meshes, path.stem)
        logger.warning("%s does not say how it sits on the foot; found: %s", path, ", ".join(found))
        return shoe.in_variant(variant)
    try:
        shoe = _from_extras(path.stem, meshes, extras)
    except (KeyError, ValueError, TypeError) as error:
        raise BadInputError(
            f"{str(path)!r} has unusable shoe metadata ({error}); remake it with `shoes make`"
        ) from error
    return shoe.in_variant(variant)


def save_shoe(path: Path, shoe: Shoe, license: str, jpeg_quality: int = 90) -> None:
    """Write a shoe as GLB; how it sits on the foot goes to the scene's extras.

    Raises:
        BadInputError: if the file can't be written.
    """
    extras = {
        "name": shoe.name,
        "license": license,
        "foot": shoe.side.name.lower(),
        "foot_length": shoe.foot_length,
        "opening_rim": np.round(shoe.rim, 5).tolist(),
    }
    if shoe.inside is not None:
        extras["inside"] = {
            "vertices": np.round(shoe.inside.vertices.astype(np.float64), 4).tolist(),
            "faces": shoe.inside.faces.tolist(),
        }
    save_glb(path, shoe.meshes, extras, jpeg_quality)


def _from_extras(name: str, meshes: list[Mesh], extras: dict[str, Any]) -> Shoe:
    rim = np.asarray(extras["opening_rim"], np.float64)
    if rim.ndim != 2 or rim.shape[1] != 3 or len(rim) < 3 or not np.isfinite(rim).all():
        raise ValueError(f"opening_rim has shape {rim.shape}; allowed: at least 3 points of 3 numbers")
    foot_length = float(extras["foot_length"])
    if not 0.05 < foot_length < 0.5:
        raise ValueError(f"foot_length is {foot_length}; allowed: 0.05 to 0.5 m")
    inside = None
    if "inside" in extras:
        vertices, faces = np.asarray(extras["inside"]["vertices"]), np.asarray(extras["inside"]["faces"])
        if vertices.shape[1:] != (3,) or faces.shape[1:] != (3,) or not 0 <= faces.min() <= faces.max() < len(vertices):
            raise ValueError(f"inside has vertices {vertices.shape} and faces {faces.shape}; allowed: (N, 3), (M, 3)")
        inside = _surface(vertices, faces)
    return Shoe(name, meshes, Side[extras["foot"].upper()], foot_length, rim, inside)


def _fan(count: int) -> np.ndarray:
    i = np.arange(count)
    return np.stack([i, (i + 1) % count, np.full(count, count)], 1)


def _surface(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    vertices, faces = vertices.astype(np.float32), faces.astype(np.int32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), material=Material(double_sided=True))
