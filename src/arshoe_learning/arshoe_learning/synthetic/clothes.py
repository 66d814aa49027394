"""MakeHuman clothes (.mhclo): a mesh whose vertices hang on triangles of the base mesh, so it fits every body."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from arshoe_core.errors import BadInputError
from arshoe_learning.synthetic.body import BodyModel, Leg
from arshoe_learning.synthetic.surface import loop_subdivision


@dataclass(frozen=True)
class FittedShoe:
    """The left shoe of a .mhclo file, made finer by one step of Loop subdivision.

    Attributes:
        references: (N, 3) base-mesh vertices each coarse vertex hangs on, shares (N, 3), offsets (N, 3) in base axes.
        scale_references: for the axes x, y, z of the base mesh two vertices, and the distance that is scale 1.
        deleted: (V,) bool, the base-mesh vertices that the shoe hides.
        matrix, faces: subdivision.
    """

    references: np.ndarray
    shares: np.ndarray
    offsets: np.ndarray
    scale_references: tuple[tuple[int, int, float], ...]
    deleted: np.ndarray
    matrix: sparse.csr_matrix
    faces: np.ndarray

    def vertices(self, leg: Leg) -> np.ndarray:
        """The shoe on this leg, (K, 3) metres in the rest frame."""
        scale = [abs(leg.base[a, i] - leg.base[b, i]) / d for i, (a, b, d) in enumerate(self.scale_references)]
        coarse = (leg.base[self.references] * self.shares[..., None]).sum(1) + self.offsets * scale
        return leg.to_rest(self.matrix @ coarse)

    def weights(self, body: BodyModel) -> np.ndarray:
        """Skinning weights (K, 4), those of the base vertices it hangs on."""
        shares = self.shares.clip(0) + 1e-3
        weights = self.matrix @ (body.weights[self.references] * shares[..., None]).sum(1)
        return weights / weights.sum(1, keepdims=True)


def read_shoe(path: Path, body: BodyModel) -> FittedShoe:
    """Read a .mhclo file and its .obj and keep the left shoe.

    Raises:
        BadInputError: if it is no such file or holds no left shoe.
    """
    scales, rows, deleted, section = {}, [], np.zeros(len(body.base), bool), ""
    obj = path.with_suffix(".obj")
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] in ("verts", "delete_verts"):
            section = words[0]
        elif words[0] == "obj_file":
            obj = path.with_name(words[1])
        elif words[0] in ("x_scale", "y_scale", "z_scale"):
            scales[words[0][0]] = (int(words[1]), int(words[2]), float(words[3]))
        elif not words[0].lstrip("-").isdigit():
            continue
        elif section == "verts":
            rows.append([float(w) for w in (words if len(words) == 9 else [words[0]] * 3 + [1, 0, 0, 0, 0, 0])])
        elif section == "delete_verts":
            _delete(deleted, words)
    faces = [
        [int(w.split("/")[0]) - 1 for w in line.split()[1:]]
        for line in obj.read_text().splitlines()
        if line.startswith("f ")
    ]
    triangles = np.array([[f[0], f[i], f[i + 1]] for f in faces for i in range(1, len(f) - 1)])
    if not rows or len(scales) != 3 or not len(triangles):
        raise BadInputError(f"{str(path)!r} is no MakeHuman clothes file")
    table = np.array(rows)
    references = table[:, :3].astype(int)
    left = (body.weights[references].sum(2) > 0.3).all(1)
    triangles = triangles[left[triangles].all(1)]
    if not len(triangles):
        raise BadInputError(f"{str(path)!r} holds no left shoe")
    used, coarse = np.unique(triangles, return_inverse=True)
    matrix, fine = loop_subdivision(coarse.reshape(-1, 3), len(used))
    scale_references = tuple(scales[axis] for axis in "xyz")
    return FittedShoe(references[used], table[used, 3:6], table[used, 6:9], scale_references, deleted, matrix, fine)


def _delete(deleted: np.ndarray, words: list[str]) -> None:
    """Mark vertices written as `12 - 15 18 20 - 22`."""
    for number in " ".join(words).replace(" - ", "-").split():
        first, _, last = number.partition("-")
        deleted[int(first) : int(last or first) + 1] = True
