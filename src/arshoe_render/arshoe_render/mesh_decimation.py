"""Fewer triangles for textured meshes, without cracks between their parts."""

from collections.abc import Callable

import numpy as np

from arshoe_core.errors import BadInputError
from arshoe_render.mesh import Mesh


def decimate(meshes: list[Mesh], triangles: int) -> list[Mesh]:
    """Meshes that look alike with about so many triangles in all; the same ones where they have no more.

    Quadric error decimation (fast-simplification) of all parts welded together, so that seams stay closed. Fins along
    the seams, taken off afterwards, keep them in place: the decimation holds on to open edges. Every vertex left is
    moved to the nearest original one that it stands for, so that its normal and uvs are known exactly.

    Raises:
        BadInputError: if fast-simplification is not installed.
    """
    if sum(len(mesh.faces) for mesh in meshes) <= triangles:
        return meshes
    try:
        from fast_simplification import replay_simplification, simplify
    except ImportError as error:
        raise BadInputError("reducing triangles needs fast-simplification: pip install fast-simplification") from error
    soup = _Soup(meshes)
    points, faces = soup.with_fins()
    aim = triangles
    for _ in range(3):  # fins count too, so the aim has to be found
        moved, left, mapping = _simplify(points, faces, aim, simplify, replay_simplification)
        origin = _origins(faces, mapping, left)
        real = origin < len(soup.welded_faces)
        if 0.97 * triangles <= real.sum() <= triangles:
            break
        aim = int(len(left) + triangles - real.sum())
    standing_for = _nearest_originals(points, mapping, moved)
    return soup.rebuild(standing_for[left[real]], soup.face_charts[origin[real]])


def _simplify(
    points: np.ndarray, faces: np.ndarray, count: int, simplify: Callable, replay: Callable
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points (N, 3) and faces (count, 3) left, and (P,) which of them each point became."""
    points, faces = points.astype(np.float32), faces.astype(np.int32)
    *_, collapses = simplify(points, faces, target_count=count, return_collapses=True)
    moved, left, mapping = replay(points, faces, collapses)
    return np.asarray(moved, np.float64), np.asarray(left), np.asarray(mapping)


def _origins(faces: np.ndarray, mapping: np.ndarray, left: np.ndarray) -> np.ndarray:
    """(F,) which of the original faces each of those left is."""
    where = {tuple(sorted(face)): index for index, face in enumerate(mapping[faces].tolist())}
    return np.array([where[tuple(sorted(face))] for face in left.tolist()])


class _Soup:
    """All vertices of some meshes in one list, which of them are one point, and their charts.

    A chart is a connected piece of one mesh within which the uvs do not jump.

    Attributes:
        points: (P, 3) float64, welded.
        welded_faces: (F, 3) indices of points, without those that have no area.
        face_charts: (F,) chart of each.
    """

    def __init__(self, meshes: list[Mesh]) -> None:
        self.meshes = meshes
        starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
        vertices = np.concatenate([mesh.vertices for mesh in meshes]).astype(np.float64)
        self.part = np.repeat(np.arange(len(meshes)), np.diff(starts))
        self.first = starts
        grid = np.rint((vertices - vertices.min(0)) / (1e-5 * np.ptp(vertices, axis=0).max())).astype(np.int64)
        _, first, self.weld = np.unique(grid, axis=0, return_index=True, return_inverse=True)
        self.weld = self.weld.ravel()
        self.points = vertices[first]
        faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)])
        a, b, c = self.weld[faces].T
        faces = faces[(a != b) & (b != c) & (c != a)]
        self.welded_faces = self.weld[faces]
        uvs = np.concatenate([np.zeros((len(m.vertices), 2)) if m.uvs is None else m.uvs for m in meshes])
        keys = np.column_stack([self.part, self.weld, np.rint(uvs * 1e5).astype(np.int64)])
        same = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
        self.chart = connected_components(same[faces], same.max() + 1)[same]
        self.face_charts = self.chart[faces[:, 0]]

    def with_fins(self) -> tuple[np.ndarray, np.ndarray]:
        """Points and faces with a triangle that stands on every edge between two charts, after those of the surface."""
        a, b = self.welded_faces, np.roll(self.welded_faces, -1, axis=1)
        edges = np.sort(np.stack([a.ravel(), b.ravel()], 1), axis=1)
        face = np.repeat(np.arange(len(a)), 3)
        _, first, edge = np.unique(edges, axis=0, return_index=True, return_inverse=True)
        charts = self.face_charts[face]
        seam = np.zeros(len(first), bool)
        seam[edge.ravel()[charts != charts[first[edge.ravel()]]]] = True
        corners, owner = edges[first[seam]], face[first[seam]]
        p = self.points[self.welded_faces[owner]]
        normal = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True).clip(1e-30)
        tips = self.points[corners].mean(1) + 0.03 * np.ptp(self.points, axis=0).max() * normal
        fins = np.column_stack([corners, len(self.points) + np.arange(len(tips))])
        return np.concatenate([self.points, tips]), np.concatenate([self.welded_faces, fins])

    def rebuild(self, points: np.ndarray, charts: np.ndarray) -> list[Mesh]:
        """Meshes of triangles given by points (F, 3) and charts (F,)."""
        a, b, c = points.T
        real = (a != b) & (b != c) & (c != a)
        points, charts = points[real], charts[real]
        pairs, corner = np.unique(np.column_stack([points.ravel(), np.repeat(charts, 3)]), axis=0, return_inverse=True)
        vertices = self._vertices(pairs)
        corners = corner.reshape(-1, 3)
        part = self.part[vertices[corners[:, 0]]]
        return [
            self._mesh(k, corners[part == k], vertices, self.points[pairs[:, 0]])
            for k in range(len(self.meshes))
            if (part == k).any()
        ]

    def _vertices(self, pairs: np.ndarray) -> np.ndarray:
        """The original vertex for each (point, chart): at that point, or the nearest one of the chart."""
        known: dict[tuple[int, int], int] = {}
        for vertex, key in enumerate(zip(self.weld.tolist(), self.chart.tolist(), strict=True)):
            known.setdefault(key, vertex)
        found = np.array([known.get((p, c), -1) for p, c in pairs.tolist()])
        for i in np.flatnonzero(found < 0):
            members = np.flatnonzero(self.chart == pairs[i, 1])
            distance = ((self.points[self.weld[members]] - self.points[pairs[i, 0]]) ** 2).sum(1)
            found[i] = members[distance.argmin()]
        return found

    def _mesh(self, part: int, corners: np.ndarray, vertices: np.ndarray, positions: np.ndarray) -> Mesh:
        used, faces = np.unique(corners, return_inverse=True)
        source, index = self.meshes[part], vertices[used] - self.first[part]
        return Mesh(
            positions[used].astype(np.float32),
            faces.reshape(-1, 3).astype(np.int32),
            source.normals[index],
            None if source.uvs is None else source.uvs[index],
            None if source.colors is None else source.colors[index],
            source.material,
            variants=source.variants,
        )


def connected_components(faces: np.ndarray, count: int) -> np.ndarray:
    """(count,) the lowest vertex that each is connected to by faces (F, 3)."""
    label = np.arange(count)
    while True:
        low = label[faces].min(1)
        new = label.copy()
        np.minimum.at(new, faces.ravel(), np.repeat(low, 3))
        new = new[new]
        if (new == label).all():
            return label
        label = new


def _nearest_originals(points: np.ndarray, mapping: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """(N,) for each moved point (N, 3) the nearest of the points (P, 3) that mapping (P,) sends to it."""
    distance = ((points - moved[mapping]) ** 2).sum(1)
    order = np.lexsort((distance, mapping))
    ends, first = np.unique(mapping[order], return_index=True)
    nearest = np.zeros(len(moved), np.int64)
    nearest[ends] = order[first]
    return nearest
