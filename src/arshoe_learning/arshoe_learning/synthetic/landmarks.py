"""The eight keypoints of arshoe_core.foot, measured on the outer surface of a foot as worn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arshoe_core.foot import NUM_KEYPOINTS, STANDARD_FOOT_LENGTH, Side, keypoints
from arshoe_core.se3 import fit_similarity, from_rt, inverse, transform_points
from arshoe_learning.synthetic.surface import Surface, first_hit

MM = 1 / 260
"""A millimetre of the standard foot, in foot lengths."""
FOOT_HEIGHT = 0.5
"""Only what lies below this share of the foot length above the sole is foot."""
HEEL_AND_TOE_ROUNDING = 0.1
"""How far in from the foot's ends, in foot lengths, heel and toe keypoints may lie."""


@dataclass(frozen=True)
class Landmarks:
    """Keypoints that bend with the leg.

    Attributes:
        points: (8, 3) metres, rest frame.
        weights: (8, 4) share of thigh, shin, foot, toes.
    """

    points: np.ndarray
    weights: np.ndarray

    def posed(self, transforms: np.ndarray, mirror: bool) -> np.ndarray:
        """The keypoints (8, 3) of a leg bent by segment transforms (4, 4, 4), of the right leg if `mirror`."""
        blended = np.einsum("ns,sij->nij", self.weights, transforms[:, :3])
        points = np.einsum("nij,nj->ni", blended[:, :, :3], self.points) + blended[:, :, 3]
        return points * (1, -1, 1) if mirror else points


def bare_foot_frame(skin: Surface) -> tuple[np.ndarray, float]:
    """The foot frame of a bare left foot at rest.

    Returns:
        T_rest_foot (4, 4) with the sole plane level, and the foot length in metres.
    """
    low = skin.vertices[skin.vertices[:, 2] < 0.06]
    heel, toe = low[low[:, 0].argmin()], low[low[:, 0].argmax()]
    length, yaw, origin = np.linalg.norm((toe - heel)[:2]), 0.0, np.append(heel[:2], 0.0)
    for _ in range(2):
        T_rest_foot = from_rt([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]], origin)
        points = measure([skin], T_rest_foot, length).points
        scale, R, t = fit_similarity(keypoints(Side.LEFT), points)
        length, yaw, origin = scale * STANDARD_FOOT_LENGTH, np.arctan2(R[1, 0], R[0, 0]), np.append(t[:2], 0.0)
    return from_rt([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]], origin), length


def measure(surfaces: Sequence[Surface], T_rest_foot: np.ndarray, length: float) -> Landmarks:
    """Find the keypoints of a left foot at rest on the outermost of the surfaces.

    Args:
        surfaces: skin, sock and shoe as they are drawn (no trousers).
        T_rest_foot: (4, 4) the bare foot's frame.
        length: the bare foot's length, metres.
    """
    vertices = np.concatenate([s.vertices for s in surfaces])
    weights = np.concatenate([s.weights for s in surfaces])
    starts = np.cumsum([0] + [len(s.vertices) for s in surfaces])
    faces = np.concatenate([s.faces + start for s, start in zip(surfaces, starts, strict=False)])
    foot = transform_points(inverse(T_rest_foot), vertices) / length
    foot[:, 2] -= foot[:, 2].min()
    low = foot[:, 2] < FOOT_HEIGHT
    faces = faces[low[faces].all(1)]
    found = [_on_surface(foot, faces, ray) for ray in _rays(foot[low])]
    index, share = (np.stack(x) for x in zip(*found, strict=True))
    assert index.shape == (NUM_KEYPOINTS, 3)
    rest = (vertices[index] * share[..., None]).sum(1)
    return Landmarks(rest, (weights[index] * share[..., None]).sum(1))


def _rays(foot: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Axis, sign and starts (K, 3) of the rays of each keypoint, the first of which to hit near its start counts;
    foot (N, 3) in foot lengths, z = 0 the sole.
    """
    low = foot[foot[:, 2] < 0.14]
    back, front = low[:, 0].min(), low[:, 0].max()
    span = front - back

    def at(share: float) -> float:
        return back + share * span

    heel = low[low[:, 0] < at(0.2)]
    heel_y = (heel[:, 1].min() + heel[:, 1].max()) / 2
    # The mean of all that is nearly foremost or widest: the very extreme jumps about on flat flanks.
    toe_y = low[low[:, 0] > front - 3 * MM, 1].mean()
    joint = low[(low[:, 0] > at(0.6)) & (low[:, 0] < at(0.85))]
    medial_x = joint[joint[:, 1] < joint[:, 1].min() + 3 * MM, 0].mean()
    joint = low[(low[:, 0] > at(0.5)) & (low[:, 0] < at(0.68))]
    lateral_x = joint[joint[:, 1] > joint[:, 1].max() - 3 * MM, 0].mean()
    # Where a sole is curved up at its end, the ray goes a little higher.
    points = (
        (0, 1, [(back, heel_y, z * MM) for z in (5, 9, 14, 20)]),
        (0, -1, [(front, toe_y, z * MM) for z in (20, 26, 32, 14)]),
        (0, 1, [(back, heel_y, 85 * MM)]),
        (1, 1, [(medial_x, low[:, 1].min(), 18 * MM)]),
        (1, -1, [(lateral_x, low[:, 1].max(), 15 * MM)]),
        (1, 1, [(at(0.173), low[:, 1].min(), 15 * MM)]),
        (1, -1, [(at(0.173), low[:, 1].max(), 15 * MM)]),
        (2, -1, [(at(0.55), heel_y - 8 * MM, 0.4)]),
    )
    return [(axis, sign, np.array(candidates)) for axis, sign, candidates in points]


def _on_surface(foot: np.ndarray, faces: np.ndarray, rays: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Vertex indices (3,) and weights (3,) of the keypoint; where all rays miss, the vertex nearest to a start."""
    axis, sign, starts = rays
    for start in starts:
        hit = first_hit(foot, faces, axis, sign, start)
        if hit is None:
            continue
        index, share = faces[hit[0]], hit[1]
        if axis != 0 or abs(share @ foot[index, 0] - start[0]) < HEEL_AND_TOE_ROUNDING:
            return index, share
    used = np.unique(faces)
    nearest = used[np.linalg.norm(foot[used] - starts[0], axis=1).argmin()]
    return np.repeat(nearest, 3), np.array([1.0, 0, 0])


class FootCoordinates:
    """Rest-frame points to foot-frame points in foot lengths."""

    def __init__(self, T_rest_foot: np.ndarray, length: float) -> None:
        self.T_rest_foot, self.length = T_rest_foot, length
        self._T_foot_rest = inverse(T_rest_foot)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return transform_points(self._T_foot_rest, points) / self.length
