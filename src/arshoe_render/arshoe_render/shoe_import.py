"""Turns a shoe model from anywhere (GLB, OBJ, STL; any size, any axes) into a `Shoe` on the standard foot."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.errors import BadInputError
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_core.parameters import parameter, validate
from arshoe_render.glb_reader import load_glb
from arshoe_render.mesh import Material, Mesh, smooth_normals
from arshoe_render.mesh_decimation import connected_components, decimate
from arshoe_render.shoe import Shoe
from arshoe_render.shoe_frame import AXES, RIM_POINTS, find_rim, sample_surface, upright, which_side

SHOE_BEYOND_FOOT = 0.017
"""How much longer a shoe is than its foot, m."""
_HEEL, _SOLE = -0.008, -0.012
"""x of the shoe's back and z of its underside in the foot frame, m."""
_UNITS = {"metres": 1.0, "centimetres": 0.01, "millimetres": 0.001, "inches": 0.0254}
_SHOE_LENGTHS = (0.15, 0.36)
"""From a child's to the largest, m."""
_TEXTURES = tuple(name for name in Material.__dataclass_fields__ if name.endswith("_texture"))


@dataclass(frozen=True)
class ShoeImportConfig:
    """What to take for granted instead of guessing it from the model, and how detailed the result is.

    Attributes:
        opening_back, opening_front, opening_width: an ellipse that is taken for the opening.
    """

    up: str = parameter("", "direction of the model that is up from the sole; empty finds it", choices=("", *AXES))
    toe: str = parameter("", "direction of the model from heel to toe; empty finds it", choices=("", *AXES))
    side: str = parameter("", "foot that the shoe is for; empty finds it", choices=("", "left", "right"))
    foot_length: float = parameter(0.0, "length of the foot that the shoe fits, m; 0 finds it", low=0.0, high=0.4)
    opening_back: float = parameter(0.0, "back of the opening, m from the back of the shoe", low=0.0, high=0.4)
    opening_front: float = parameter(0.0, "front of the opening, m from the back of the shoe", low=0.0, high=0.4)
    opening_width: float = parameter(0.0, "width of the opening, m; 0 finds the opening", low=0.0, high=0.2)
    triangles: int = parameter(5000, "most triangles", low=200, high=1_000_000)
    texture_size: int = parameter(1024, "longest side of a texture, px", low=16, high=8192)

    def __post_init__(self) -> None:
        validate(self)
        if self.opening_width and self.opening_back >= self.opening_front:
            raise BadInputError(
                f"opening_back is {self.opening_back}; it must be less than opening_front, {self.opening_front}"
            )


def import_shoe(path: Path, config: ShoeImportConfig | None = None) -> tuple[Shoe, list[str]]:
    """Read a model and find its frame, size, opening and side.

    Args:
        path: .glb, .obj or .stl file of one shoe or of a pair (of which one is taken).

    Returns:
        The shoe, and what was found, one line each.

    Raises:
        BadInputError: if the file can't be read, is no shoe, or has no opening.
    """
    config = config or ShoeImportConfig()
    meshes = read_model(path)
    try:
        shoe, found = fit_to_foot(meshes, path.stem, config)
    except BadInputError as error:
        raise BadInputError(f"{str(path)!r}: {error}") from error
    before = sum(len(mesh.faces) for mesh in shoe.meshes)
    shoe = replace(shoe, meshes=decimate(shoe.meshes, config.triangles))
    return shoe, [*found, f"triangles {sum(len(mesh.faces) for mesh in shoe.meshes)} of {before}"]


def read_model(path: Path) -> list[Mesh]:
    """The meshes of a GLB, OBJ or STL file in the model's own units and axes.

    Raises:
        BadInputError: if the file is missing, of another kind, can't be read or has no triangles.
    """
    kind = path.suffix.lower()
    if kind == ".glb":
        return load_glb(path)[0]
    if kind not in (".obj", ".stl"):
        raise BadInputError(f"model is {str(path)!r}; allowed: a .glb, .obj or .stl file")
    if not path.is_file():
        raise BadInputError(f"no file {str(path)!r}; expected a shoe model")
    try:
        import trimesh
    except ImportError as error:
        raise BadInputError(f"reading {kind} files needs trimesh: pip install trimesh") from error
    try:
        geometry = trimesh.load_scene(path, process=False).dump()
        meshes = [_from_trimesh(part) for part in geometry if isinstance(part, trimesh.Trimesh) and len(part.faces)]
    except Exception as error:  # trimesh raises many kinds for a broken file
        raise BadInputError(f"{str(path)!r} can't be read: {type(error).__name__}: {error}") from error
    if not meshes:
        raise BadInputError(f"{str(path)!r} holds no triangles")
    return meshes


def _from_trimesh(part) -> Mesh:
    vertices, faces = np.asarray(part.vertices, np.float32), np.asarray(part.faces, np.int32)
    material, uvs = Material(base_color=(0.5, 0.5, 0.5, 1.0)), None
    if part.visual.kind == "texture":
        uvs = part.visual.uv
        pbr = part.visual.material.to_pbr() if hasattr(part.visual.material, "to_pbr") else part.visual.material
        texture = None if pbr.baseColorTexture is None else np.asarray(pbr.baseColorTexture.convert("RGB"))
        factor = np.array([255, 255, 255, 255] if pbr.baseColorFactor is None else pbr.baseColorFactor) / 255
        material = Material((*(factor[:3] ** 2.2), 1.0), texture)
        if uvs is not None:  # OBJ counts v upwards
            uvs = np.column_stack([uvs[:, 0], 1 - uvs[:, 1]]).astype(np.float32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), uvs, material=material)


def fit_to_foot(meshes: list[Mesh], name: str, config: ShoeImportConfig | None = None) -> tuple[Shoe, list[str]]:
    """Place meshes of unknown scale and axes on the standard foot; see `import_shoe`."""
    config = config or ShoeImportConfig()
    if not all(np.isfinite(mesh.vertices).all() for mesh in meshes):
        raise BadInputError("the mesh is broken: it has coordinates that are no numbers")
    upright_shoes = [_set_up(half, config) for half in _halves(meshes)]
    chosen, side, how = _choose(upright_shoes, name, config.side)
    length = float(np.ptp(chosen.points[:, 0]))
    scale, unit = _scale(length, config.foot_length)
    low, high = chosen.points.min(0), chosen.points.max(0)
    shift = (_HEEL, 0, _SOLE) - scale * np.array([low[0], (low[1] + high[1]) / 2, low[2]])
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = scale * chosen.R, shift
    points = scale * chosen.points + shift
    rim = _given_rim(points, config) if config.opening_width else find_rim(points)
    size = 100 * np.ptp(rim, axis=0)
    found = [
        f"side     {side.name.lower()} ({how})",
        f"axes     up {_direction(chosen.R[2])}, toe {_direction(chosen.R[0])}",
        f"length   {100 * scale * length:.1f} cm ({unit})",
        f"opening  {size[0]:.1f} x {size[1]:.1f} cm, {100 * (rim[:, 2].mean() - _SOLE):.1f} cm above the ground",
    ]
    placed = [_finished(mesh.transformed(T), config.texture_size) for mesh in chosen.meshes]
    return Shoe(name, placed, side, scale * length - SHOE_BEYOND_FOOT, rim), found


@dataclass(frozen=True)
class _Upright:
    """A shoe of a model with the rotation that sets it up, and points (N, 3) on its turned surface."""

    R: np.ndarray
    meshes: list[Mesh]
    points: np.ndarray


def _set_up(meshes: list[Mesh], config: ShoeImportConfig) -> _Upright:
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)])
    points = sample_surface(np.concatenate([mesh.vertices for mesh in meshes]), faces)
    R = upright(points, AXES.get(config.up), AXES.get(config.toe))
    return _Upright(R, meshes, points @ R.T)


def _choose(shoes: list[_Upright], name: str, wanted: str) -> tuple[_Upright, Side, str]:
    """One shoe of one or two, its side, and how that was found."""
    if len(shoes) == 2:
        left, right = _sorted_pair(*shoes)
        return (right, Side.RIGHT, "of a pair") if wanted == "right" else (left, Side.LEFT, "of a pair")
    said = wanted or next((side for side in ("left", "right") if side in name.lower()), "")
    if said:
        return shoes[0], Side[said.upper()], "as said"
    side, sure = which_side(shoes[0].points)
    return shoes[0], side, "by its outline" if sure > 0.3 else "a guess: the outline is nearly symmetrical"


def _sorted_pair(a: _Upright, b: _Upright) -> tuple[_Upright, _Upright]:
    """The left and the right one: side by side by their places, otherwise by their outlines."""
    if a.R[0] @ b.R[0] > 0.5 and a.R[2] @ b.R[2] > 0.5:
        to_the_left = np.cross(a.R[2] + b.R[2], a.R[0] + b.R[0])
        place_a, place_b = ((shoe.points @ shoe.R).mean(0) @ to_the_left for shoe in (a, b))
        return (a, b) if place_a > place_b else (b, a)
    side, _ = which_side(a.points)
    return (a, b) if side == Side.LEFT else (b, a)


def _halves(meshes: list[Mesh]) -> list[list[Mesh]]:
    """The two shoes of a pair, each piece of the surface given to one of them; the meshes as they are if it is none.

    A pair comes apart into two groups of pieces with the same numbers of triangles and the same area.
    """
    pieces = [piece for mesh in meshes for piece in _pieces(mesh)]
    centres = np.array([mesh.vertices[np.unique(faces)].mean(0) for mesh, faces in pieces])
    counts = np.array([len(faces) for _, faces in pieces])
    areas = np.array([_area(mesh, faces) for mesh, faces in pieces])
    deviations = centres - np.average(centres, axis=0, weights=counts)
    axis = np.linalg.svd(deviations * np.sqrt(counts)[:, None], full_matrices=False)[2][0]
    first = deviations @ axis > 0
    alike = abs(areas[first].sum() - areas[~first].sum()) < 0.01 * areas.sum()
    if not alike or sorted(counts[first]) != sorted(counts[~first]):
        return [meshes]
    halves = []
    for group in (first, ~first):
        chosen = [pieces[i] for i in np.flatnonzero(group)]
        faces_of = [[faces for owner, faces in chosen if owner is mesh] for mesh in meshes]
        parts = zip(meshes, faces_of, strict=True)
        halves.append([replace(mesh, faces=np.concatenate(faces)) for mesh, faces in parts if faces])
    return halves


def _pieces(mesh: Mesh) -> list[tuple[Mesh, np.ndarray]]:
    """The connected pieces of a mesh, by the triangles of each."""
    weld = np.unique(mesh.vertices, axis=0, return_inverse=True)[1].ravel()
    label = connected_components(weld[mesh.faces], weld.max() + 1)[weld[mesh.faces[:, 0]]]
    return [(mesh, mesh.faces[label == k]) for k in np.unique(label)]


def _area(mesh: Mesh, faces: np.ndarray) -> float:
    a, b, c = (mesh.vertices[faces[:, i]].astype(np.float64) for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _scale(length: float, foot_length: float) -> tuple[float, str]:
    """Metres per unit of a shoe of this length, and how that was found."""
    if foot_length:
        return (foot_length + SHOE_BEYOND_FOOT) / length, "as said"
    for unit, metres in _UNITS.items():
        if _SHOE_LENGTHS[0] <= length * metres <= _SHOE_LENGTHS[1]:
            return metres, unit
    return (STANDARD_FOOT_LENGTH + SHOE_BEYOND_FOOT) / length, "unknown units, scaled to fit"


def _direction(axis: np.ndarray) -> str:
    """The name of the nearest axis, and how far it is off."""
    name = max(AXES, key=lambda key: AXES[key] @ axis)
    off = np.rad2deg(np.arccos(min(1.0, AXES[name] @ axis)))
    return name if off < 1 else f"{name} (off by {off:.0f} degrees)"


def _given_rim(points: np.ndarray, config: ShoeImportConfig) -> np.ndarray:
    """A rim (K, 3) where the config says, as high as the highest of the points (N, 3) nearby."""
    back, front = config.opening_back, config.opening_front
    angle = np.linspace(0, 2 * np.pi, RIM_POINTS, endpoint=False)
    x = points[:, 0].min() + (back + front) / 2 + (front - back) / 2 * np.cos(angle)
    xy = np.column_stack([x, config.opening_width / 2 * np.sin(angle)])
    near = ((points[None, ::8, :2] - xy[:, None]) ** 2).sum(2) < 0.008**2
    height = np.where(near, points[None, ::8, 2], -np.inf).max(1)
    known = np.isfinite(height)
    if not known.any():
        raise BadInputError(f"the opening from {back} to {front} m lies nowhere on the shoe")
    return np.column_stack([xy, np.where(known, height, height[known].mean())])


def _finished(mesh: Mesh, texture_size: int) -> Mesh:
    """The mesh with textures of a limited size, drawn from both sides, since many models have no lining."""

    def finish(material: Material) -> Material:
        textures = {name: _reduced(getattr(material, name), texture_size) for name in _TEXTURES}
        return replace(material, double_sided=True, **textures)

    variants = {name: finish(material) for name, material in mesh.variants.items()}
    return replace(mesh, material=finish(mesh.material), variants=variants)


def _reduced(texture: np.ndarray | None, size: int) -> np.ndarray | None:
    if texture is None or max(texture.shape[:2]) <= size:
        return texture
    factor = size / max(texture.shape[:2])
    return cv2.resize(texture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
