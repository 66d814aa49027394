"""Shoes by name or from a GLB: meshes in the foot frame, and the opening the leg comes out of."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arshoe_core.errors import BadInputError
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_core.resources import shared_file
from arshoe_render.glb_reader import load_glb
from arshoe_render.glb_writer import save_glb
from arshoe_render.mesh import Material, Mesh, bounds, smooth_normals

logger = logging.getLogger(__name__)

DEFAULT_SHOE = "sneaker"
CAP_DEPTH = 0.006
"""How far below the rim the opening's closing surface lies, m, so that the rim keeps its thickness (paper, 3.2)."""

_SHOE_BEYOND_FOOT = 0.017
"""How much longer a shoe is than its foot, m; used for a GLB that does not say for which foot it is."""


@dataclass(frozen=True)
class Shoe:
    """A shoe for one foot, in the foot frame, metres.

    Attributes:
        name: what it is called.
        meshes: its surface.
        side: the foot it is modelled for.
        foot_length: the length of that foot.
        rim: (K, 3) float64, the closed line around the opening, first point not repeated.
    """

    name: str
    meshes: list[Mesh]
    side: Side
    foot_length: float
    rim: np.ndarray

    def T_foot_model(self, side: Side, foot_length: float) -> np.ndarray:
        """The affine (4, 4) that fits the model on a foot: scaled by its length, mirrored for the other side."""
        scale = foot_length / self.foot_length
        mirror = 1 if side in (self.side, Side.UNKNOWN) else -1
        return np.diag([scale, mirror * scale, scale, 1.0])

    def opening_cap(self, depth: float = CAP_DEPTH) -> Mesh:
        """The surface that closes the opening, `depth` metres below the rim and a little inside it."""
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


def load_shoe(name_or_path: str) -> Shoe:
    """Load a bundled shoe by its name, or any GLB by its path.

    A GLB made by `shoes make` says how it sits on the foot. Any other is fitted by `fit_to_foot`.

    Raises:
        BadInputError: if there is no such shoe, or the file can't be used (see `load_glb`).
    """
    shoes = bundled_shoes()
    path = shoes.get(name_or_path)
    if path is None:
        if not name_or_path.lower().endswith(".glb"):
            raise BadInputError(f"shoe is {name_or_path!r}; allowed: {', '.join(shoes)}, or the path of a .glb file")
        path = Path(name_or_path)
    meshes, extras = load_glb(path)
    if "opening_rim" not in extras:
        return fit_to_foot(meshes, path.stem)
    try:
        return _from_extras(path.stem, meshes, extras)
    except (KeyError, ValueError, TypeError) as error:
        raise BadInputError(
            f"{str(path)!r} has unusable shoe metadata ({error}); remake it with `shoes make`"
        ) from error


def save_shoe(path: Path, shoe: Shoe, license: str) -> None:
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
    save_glb(path, shoe.meshes, extras)


def fit_to_foot(meshes: list[Mesh], name: str) -> Shoe:
    """Place a shoe of unknown scale and frame on the standard foot.

    Guessed: glTF's y is up; the longer horizontal axis is the shoe's length; the heel's end is the higher one; it is
    a single left shoe unless its name contains "right"; the opening is an ellipse over the heel, at the height of the
    surface there.

    Raises:
        BadInputError: if the mesh is flat.
    """
    size = np.ptp(bounds(meshes), axis=0)
    if size.min() <= 1e-4 * size.max():
        raise BadInputError(f"shoe {name!r} measures {size[0]:.3g} x {size[1]:.3g} x {size[2]:.3g}; it must be solid")
    # glTF (x right, y up, z to the viewer) to z up.
    T = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    if size[2] > size[0]:
        T = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ T
    points = np.concatenate([m.transformed(T).vertices for m in meshes])
    x = (points[:, 0] - points[:, 0].min()) / np.ptp(points[:, 0])
    if points[x > 0.7, 2].max() > points[x < 0.3, 2].max():
        T = np.diag([-1.0, -1, 1, 1]) @ T
    low, high = bounds([m.transformed(T) for m in meshes])
    scale = (STANDARD_FOOT_LENGTH + _SHOE_BEYOND_FOOT) / (high[0] - low[0])
    place = np.diag([scale, scale, scale, 1.0])
    place[:3, 3] = -scale * np.array([low[0], (low[1] + high[1]) / 2, low[2]]) + (-0.008, 0, -0.012)
    placed = [m.transformed(place @ T) for m in meshes]
    side = Side.RIGHT if "right" in name.lower() else Side.LEFT
    logger.warning("shoe %r has no metadata: placed as a %s shoe by its size", name, side.name.lower())
    return Shoe(name, placed, side, STANDARD_FOOT_LENGTH, _guess_rim(np.concatenate([m.vertices for m in placed])))


def _guess_rim(points: np.ndarray) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    xy = np.column_stack([0.056 + 0.052 * np.cos(angle), 0.029 * np.sin(angle)])
    distance = np.linalg.norm(points[None, :, :2] - xy[:, None], axis=2)
    height = np.where(distance < 0.015, points[None, :, 2], -np.inf).max(1)
    height = np.where(np.isfinite(height), height, 0.07)
    return np.column_stack([xy, np.clip(height, 0.04, 0.15)])


def _from_extras(name: str, meshes: list[Mesh], extras: dict[str, Any]) -> Shoe:
    rim = np.asarray(extras["opening_rim"], np.float64)
    if rim.ndim != 2 or rim.shape[1] != 3 or len(rim) < 3 or not np.isfinite(rim).all():
        raise ValueError(f"opening_rim has shape {rim.shape}; allowed: at least 3 points of 3 numbers")
    foot_length = float(extras["foot_length"])
    if not 0.05 < foot_length < 0.5:
        raise ValueError(f"foot_length is {foot_length}; allowed: 0.05 to 0.5 m")
    return Shoe(name, meshes, Side[extras["foot"].upper()], foot_length, rim)


def _fan(count: int) -> np.ndarray:
    i = np.arange(count)
    return np.stack([i, (i + 1) % count, np.full(count, count)], 1)


def _surface(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    vertices, faces = vertices.astype(np.float32), faces.astype(np.int32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), material=Material(double_sided=True))
