"""What a foot is drawn as: a plain foot, or a shoe brought to the size that the keypoints have."""

from functools import cache

import numpy as np

from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_render.curves import hermite
from arshoe_render.mesh import bounds
from arshoe_render.shoe import bundled_shoes, load_shoe

PLAIN_FOOT = "foot"

# Half widths and height of a left foot of 260 mm along x: x, medial y, lateral y, top z (mm). It runs through the
# keypoints of arshoe_core.foot.
_SECTIONS = np.array(
    [
        [-3, -3, 3, 70], [2, -16, 16, 84], [14, -28, 28, 90], [37, -37, 37, 96], [80, -38, 42, 97], [110, -39, 50, 92],
        [142, -43, 56, 80], [175, -49, 56, 61], [195, -50, 51, 48], [220, -48, 38, 36], [242, -41, 20, 29],
        [254, -30, 4, 24], [260, -17, -9, 17],
    ]
)  # fmt: skip
# The ankle: height, first and last x, half width (mm).
_ANKLE = np.array(
    [[20, -2, 60, 28], [60, -3, 95, 33], [84, -3, 100, 34], [110, 0, 92, 33], [140, 0, 86, 34], [170, -4, 88, 37]]
)
_AROUND = 25


def model_names() -> list[str]:
    """The plain foot and the bundled shoes."""
    return [PLAIN_FOOT, *bundled_shoes()]


@cache
def model_mesh(model: str, side: Side, ankle: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of a foot of the standard length, foot frame, metres.

    A shoe is scaled so that its heel and toe are those of the keypoints, which lie on the outer surface of the foot
    as worn, and stands on the sole plane.

    Args:
        model: "foot", the name of a bundled shoe or a GLB file.
        ankle: whether the plain foot has an ankle, which is leg in a mask.

    Returns:
        vertices (N, 3) float32, faces (M, 3) int32 counter-clockwise seen from outside.

    Raises:
        BadInputError: if there is no such shoe.
    """
    vertices, faces = _plain_foot(ankle) if model == PLAIN_FOOT else _shoe(model)
    if side == Side.RIGHT:
        vertices, faces = vertices * (1, -1, 1), faces[:, ::-1]
    return vertices.astype(np.float32), np.ascontiguousarray(faces, np.int32)


def _shoe(name: str) -> tuple[np.ndarray, np.ndarray]:
    shoe = load_shoe(name)
    meshes = [mesh.transformed(shoe.T_foot_model(Side.LEFT, STANDARD_FOOT_LENGTH)) for mesh in shoe.meshes]
    low, high = bounds(meshes)
    scale = STANDARD_FOOT_LENGTH / (high[0] - low[0])
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    vertices = (np.concatenate([mesh.vertices for mesh in meshes]) - (low[0], 0, low[2])) * scale
    return vertices, np.concatenate([mesh.faces + o for mesh, o in zip(meshes, offsets[:-1], strict=True)])


def _plain_foot(ankle: bool) -> tuple[np.ndarray, np.ndarray]:
    """A loft along the foot, and an ankle."""
    x = np.concatenate([np.linspace(-3, 14, 6), np.linspace(20, 240, 23), np.linspace(244, 260, 7)])
    medial, lateral, top = (hermite(x, _SECTIONS[:, 0], _SECTIONS[:, k]) for k in (1, 2, 3))
    angle = np.linspace(0, 2 * np.pi, _AROUND)
    c, s = np.cos(angle), np.sin(angle)
    across, up = np.sign(c) * np.abs(c) ** 0.7, np.where(s > 0, np.abs(s) ** 0.9, 0.0)
    middle, half = (medial + lateral) / 2, (lateral - medial) / 2
    y = middle[:, None] + half[:, None] * across * np.where(s > 0, 1, np.abs(c) ** 0.3)
    foot_rings = np.stack([np.broadcast_to(x[:, None], y.shape), y, 2 + top[:, None] * up - 2 * (s < 0)], -1)
    if not ankle:
        vertices, faces = _tube(foot_rings)
        return vertices / 1000, faces
    z = np.linspace(_ANKLE[0, 0], _ANKLE[-1, 0], 8)
    back, front, wide = (hermite(z, _ANKLE[:, 0], _ANKLE[:, k]) for k in (1, 2, 3))
    ankle_rings = np.stack(
        [
            (back + front)[:, None] / 2 + (front - back)[:, None] / 2 * c,
            wide[:, None] * s,
            np.broadcast_to(z[:, None], (len(z), _AROUND)),
        ],
        -1,
    )
    parts = [_tube(foot_rings), _tube(ankle_rings)]
    vertices = np.concatenate([v for v, _ in parts]) / 1000
    return vertices, np.concatenate([parts[0][1], parts[1][1] + len(parts[0][0])])


def _tube(rings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rings (K, N, 3) joined, with both ends closed by a point in their middle."""
    count, around = rings.shape[:2]
    i = (np.arange(count - 1)[:, None] * around + np.arange(around - 1)).ravel()
    sides = np.concatenate([np.stack([i, i + 1, i + around], 1), np.stack([i + 1, i + around + 1, i + around], 1)])
    first, last = count * around, count * around + 1
    j = np.arange(around - 1)
    start = np.stack([np.full_like(j, first), j + 1, j], 1)
    k = j + (count - 1) * around
    end = np.stack([np.full_like(k, last), k, k + 1], 1)
    vertices = np.concatenate([rings.reshape(-1, 3), rings[0].mean(0, keepdims=True), rings[-1].mean(0, keepdims=True)])
    return vertices, np.concatenate([sides, start, end])
