"""Surfaces that bend with the leg, and the few mesh operations they need."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from arshoe_core.types import MASK_LEG
from arshoe_render.mesh import Material, Mesh

NUM_SEGMENTS = 4
THIGH, SHIN, FOOT, TOES = range(NUM_SEGMENTS)
SLACK = 1e-5
WHITE = Material(base_color=(1, 1, 1, 1))


@dataclass(frozen=True)
class Surface:
    """Triangles in the leg's rest pose, with what is needed to bend, paint and label them.

    Attributes:
        vertices, normals: (N, 3) metres, rest frame (x forward, y left, z up).
        faces: (M, 3) int, counter-clockwise from outside.
        weights: (N, 4) share of thigh, shin, foot, toes; rows sum to 1.
        uvs: (N, 2); colors: (N, 3) linear RGB in 0 to 1.
        label: MASK_LEG, MASK_FOOT or MASK_BACKGROUND.
        material: the look; colors multiply it.
    """

    vertices: np.ndarray
    normals: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    uvs: np.ndarray
    colors: np.ndarray
    label: int = MASK_LEG
    material: Material = WHITE

    def posed(self, transforms: np.ndarray, mirror: bool) -> Mesh:
        """Bend by linear blend skinning with segment transforms (4, 4, 4); `mirror` negates y of the result."""
        blended = np.einsum("ns,sij->nij", self.weights, transforms[:, :3])
        vertices = np.einsum("nij,nj->ni", blended[:, :, :3], self.vertices) + blended[:, :, 3]
        normals = np.einsum("nij,nj->ni", blended[:, :, :3], self.normals)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-9)
        faces = self.faces
        if mirror:
            vertices, normals, faces = vertices * (1, -1, 1), normals * (1, -1, 1), faces[:, ::-1]
        colors = np.column_stack([self.colors, np.ones(len(vertices))])
        floats = (a.astype(np.float32) for a in (normals, self.uvs, colors))
        return Mesh(vertices.astype(np.float32), faces.astype(np.int32), *floats, self.material)

    def clipped(self, field: np.ndarray) -> "Surface":
        """The part where the per-vertex field (N,) is positive, triangles cut at its zero line."""
        data = np.column_stack([self.vertices, self.normals, self.weights, self.uvs, self.colors])
        data, faces = clip(data, self.faces, field)
        vertices, normals, weights, uvs, colors = np.split(data, (3, 6, 6 + NUM_SEGMENTS, 8 + NUM_SEGMENTS), axis=1)
        return replace(self, vertices=vertices, normals=normals, faces=faces, weights=weights, uvs=uvs, colors=colors)


def clip(data: np.ndarray, faces: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut triangles where a scalar field is positive.

    Args:
        data: (N, D) per-vertex attributes, interpolated linearly at the cut.
        faces: (M, 3).
        field: (N,).

    Returns:
        data (K, D) and faces (L, 3) of the positive part.
    """
    inside = field[faces] > 0
    count = inside.sum(1)
    out, new_rows, next_index = [faces[count == 3]], [], len(data)

    def cut(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        nonlocal next_index
        t = (field[a] / (field[a] - field[b]))[:, None]
        new_rows.append(data[a] * (1 - t) + data[b] * t)
        index = np.arange(next_index, next_index + len(a))
        next_index += len(a)
        return index

    for lone_inside in (True, False):
        chosen = faces[count == (1 if lone_inside else 2)]
        mask = (field[chosen] > 0) == lone_inside
        first = mask.argmax(1)
        a, b, c = (np.take_along_axis(chosen, ((first + i) % 3)[:, None], 1)[:, 0] for i in range(3))
        ab, ac = cut(a, b), cut(a, c)
        if lone_inside:
            out.append(np.column_stack([a, ab, ac]))
        else:
            out += [np.column_stack([ab, b, c]), np.column_stack([ab, c, ac])]
    faces = np.concatenate(out)
    used, faces = np.unique(faces, return_inverse=True)
    return np.concatenate([data, *new_rows])[used], faces.reshape(-1, 3)


def loop_subdivision(faces: np.ndarray, num_vertices: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """One step of Loop subdivision (Loop 1987) as a matrix.

    Returns:
        matrix (num_vertices + num_edges, num_vertices) that takes old vertices to new ones, and faces (4 M, 3).
    """
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    opposite = np.concatenate([faces[:, 2], faces[:, 0], faces[:, 1]])
    edges, index, count = np.unique(np.sort(directed, 1), axis=0, return_inverse=True, return_counts=True)
    index = index.reshape(-1)
    inner = count == 2
    end_weight = np.where(inner, 3 / 8, 1 / 2)
    row = np.arange(len(edges))
    odd = sparse.coo_matrix(
        (
            np.concatenate([end_weight, end_weight, np.where(inner[index], 1 / 8, 0)]),
            (np.concatenate([row, row, index]), np.concatenate([edges[:, 0], edges[:, 1], opposite])),
        ),
        shape=(len(edges), num_vertices),
    )
    border = edges[~inner]
    on_border = np.zeros(num_vertices, bool)
    on_border[border] = True
    inner_edges = edges[~on_border[edges].all(1) | inner]
    i = np.concatenate([inner_edges[:, 0], inner_edges[:, 1]])
    j = np.concatenate([inner_edges[:, 1], inner_edges[:, 0]])
    i, j = i[~on_border[i]], j[~on_border[i]]
    valence = np.bincount(i, minlength=num_vertices).clip(1)
    beta = np.where(valence == 3, 3 / 16, 3 / (8 * valence))
    bi, bj = np.concatenate([border[:, 0], border[:, 1]]), np.concatenate([border[:, 1], border[:, 0]])
    diagonal = np.where(on_border, 3 / 4, 1 - valence * beta)
    diagonal[np.bincount(np.concatenate([i, bi]), minlength=num_vertices) == 0] = 1
    every = np.arange(num_vertices)
    even = sparse.coo_matrix(
        (
            np.concatenate([beta[i], np.full(len(bi), 1 / 8), diagonal]),
            (np.concatenate([i, bi, every]), np.concatenate([j, bj, every])),
        ),
        shape=(num_vertices, num_vertices),
    )
    e01, e12, e20 = index.reshape(3, -1) + num_vertices
    a, b, c = faces.T
    new = np.stack([np.stack(t, 1) for t in ((a, e01, e20), (b, e12, e01), (c, e20, e12), (e01, e12, e20))], 1)
    return sparse.vstack([even, odd]).tocsr(), new.reshape(-1, 3)


def first_hit(
    vertices: np.ndarray, faces: np.ndarray, axis: int, sign: int, point: np.ndarray
) -> tuple[int, np.ndarray] | None:
    """Where a ray along a coordinate axis first meets the triangles.

    Args:
        vertices: (N, 3); faces: (M, 3).
        axis, sign: the ray goes along `sign` times this axis, from infinitely far.
        point: (3,) any point of the ray.

    Returns:
        Index of the face and barycentric weights (3,) of its corners, or None for a miss.
    """
    others = [i for i in range(3) if i != axis]
    plane = vertices[:, others] - np.asarray(point)[others]
    i, j, k = faces.T
    near = np.ones(len(faces), bool)
    for beside in (*(plane < SLACK).T, *(plane > -SLACK).T):
        near &= beside[i] | beside[j] | beside[k]
    near = np.flatnonzero(near)
    a, b, c = plane[faces[near]].transpose(1, 0, 2)
    areas = np.stack([_cross2(b, c), _cross2(c, a), _cross2(a, b)], 1)
    total = areas.sum(1, keepdims=True)
    weights = areas / np.where(np.abs(total) < 1e-12, np.inf, total)
    # A little slack: a ray in a mesh's plane of symmetry runs exactly along edges.
    hit = (weights > -1e-3).all(1) & (weights.sum(1) > 0.5)
    if not hit.any():
        return None
    near, weights = near[hit], weights[hit].clip(0)
    depth = sign * (weights * vertices[faces[near], axis]).sum(1)
    return int(near[depth.argmin()]), weights[depth.argmin()]


def _cross2(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def grid_faces(rows: int, columns: int) -> np.ndarray:
    """Triangles (2 (rows - 1) (columns - 1), 3) int32 of a grid of vertices numbered row by row."""
    i, j = (a.ravel() for a in np.mgrid[: rows - 1, : columns - 1])
    a, b = i * columns + j, i * columns + j + 1
    c, d = a + columns, b + columns
    return np.concatenate([np.column_stack([a, c, b]), np.column_stack([b, c, d])]).astype(np.int32)


def smoothstep(t: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
