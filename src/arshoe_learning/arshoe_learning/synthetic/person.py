"""A person from the feet to the waist in a stance: meshes and labelled feet in the person's frame."""

from dataclasses import dataclass

import numpy as np

from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side, keypoints
from arshoe_core.se3 import fit_similarity, from_rt
from arshoe_core.types import MASK_FOOT, MASK_LEG
from arshoe_learning.synthetic import paint
from arshoe_learning.synthetic.stance import FootPlacement, Stance, bend_leg, foot_rotation
from arshoe_learning.synthetic.surface import WHITE, grid_faces
from arshoe_learning.synthetic.wardrobe import DressedLeg
from arshoe_render.mesh import Material, Mesh, smooth_normals

HIP_HALF_WIDTH = 0.09
LABEL_OTHER, LABEL_FIRST_FOOT = 9, 10


@dataclass(frozen=True)
class LabelledFoot:
    """Ground truth of one foot.

    Attributes:
        side, covering: as the dataset format has them.
        points: (8, 3) keypoints on the outer surface, metres.
        T_frame_foot: (4, 4) similarity fit of the foot table to these points, less its scale.
        foot_length: the fit's scale as a foot length, metres.
    """

    side: Side
    covering: str
    points: np.ndarray
    T_frame_foot: np.ndarray
    foot_length: float

    @classmethod
    def from_points(cls, side: Side, covering: str, points: np.ndarray) -> "LabelledFoot":
        """Fit the pose to the keypoints (8, 3)."""
        scale, R, t = fit_similarity(keypoints(side), points)
        return cls(side, covering, points, from_rt(R, t), scale * STANDARD_FOOT_LENGTH)

    def transformed(self, T: np.ndarray) -> "LabelledFoot":
        """The same foot in another frame; T (4, 4) rigid."""
        points = self.points @ T[:3, :3].T + T[:3, 3]
        return LabelledFoot(self.side, self.covering, points, T @ self.T_frame_foot, self.foot_length)


@dataclass(frozen=True)
class Person:
    """Meshes with labels and the two feet; waist (3,) is the middle of the hips, cloth covers the seat.

    A mesh's label is MASK_LEG, LABEL_OTHER, or LABEL_FIRST_FOOT plus the index of the foot it belongs to.
    """

    meshes: list[tuple[Mesh, int]]
    feet: list[LabelledFoot]
    waist: np.ndarray
    cloth: Material = WHITE


def build_person(left: DressedLeg, right: DressedLeg, stance: Stance, twist: float = 0.0) -> Person:
    """Bend two left legs, the second as a right one, into a stance.

    Args:
        twist: turns both knees outwards against the feet, radians.
    """
    sides = [(Side.LEFT, left, stance.left), (Side.RIGHT, right, stance.right.mirrored())]
    sides = [(side, dressed, placement.lifted(dressed.lift)) for side, dressed, placement in sides]
    placed = [_place_foot(dressed, placement) for _, dressed, placement in sides]
    waist = stance.pelvis * 1.0
    for (_, dressed, _), (_, ankle) in zip(sides, placed, strict=True):
        waist[2] = min(waist[2], _highest_hip(dressed, ankle, waist))
    meshes, feet = [], []
    for (side, dressed, placement), (R_foot, ankle) in zip(sides, placed, strict=True):
        mirror = side == Side.RIGHT
        hip = waist * (1, -1 if mirror else 1, 1) + (0, HIP_HALF_WIDTH, 0)
        transforms = bend_leg(dressed.leg, R_foot, ankle, hip, placement.toes, twist)
        for surface in dressed.surfaces:
            label = LABEL_FIRST_FOOT + len(feet) if surface.label == MASK_FOOT else surface.label
            meshes.append((surface.posed(transforms, mirror), label))
        points = dressed.landmarks.posed(transforms, mirror)
        feet.append(LabelledFoot.from_points(side, dressed.covering, points))
    return Person(meshes, feet, waist, left.cloth)


def _place_foot(dressed: DressedLeg, placement: FootPlacement) -> tuple[np.ndarray, np.ndarray]:
    """Rotation of the foot and the ankle's place (3,) that leave the wanted clearance under the foot as worn."""
    R = foot_rotation(dressed.T_rest_foot, placement)
    origin = np.zeros(3)
    transforms = bend_leg(dressed.leg, R, origin, np.array([0, 0, 0.8]), placement.toes, 0.0)
    points, weights = dressed.sole
    lowest = np.einsum("ns,sj,nj->n", weights, transforms[:, 2], np.column_stack([points, np.ones(len(points))])).min()
    return R, np.array([placement.x, placement.y, placement.clearance - lowest])


def _highest_hip(dressed: DressedLeg, ankle: np.ndarray, waist: np.ndarray) -> float:
    leg = dressed.leg
    length = 0.985 * (np.linalg.norm(leg.knee - leg.hip) + np.linalg.norm(leg.ankle - leg.knee))
    side = waist[:2] * (1, np.sign(ankle[1] or 1)) + (0, HIP_HALF_WIDTH)
    across = np.linalg.norm(np.minimum(np.abs(side - ankle[:2]), 0.9 * length))
    return ankle[2] + np.sqrt(max(length**2 - across**2, 0.05))


def torso(person: Person, rng: np.random.Generator) -> list[tuple[Mesh, int]]:
    """Seat and trunk above the legs, rough: they only fill the picture's edge."""
    waist = person.waist
    shirt = Material((*paint.random_color(rng), 1), roughness=0.95)
    return [
        (ellipsoid(waist + np.array([0, 0, 0.02]), np.array([0.13, 0.19, 0.17]), person.cloth), MASK_LEG),
        (ellipsoid(waist + np.array([0, 0, 0.4]), np.array([0.14, 0.2, 0.34]), shirt), LABEL_OTHER),
    ]


def ellipsoid(centre: np.ndarray, radii: np.ndarray, material: Material) -> Mesh:
    """An ellipsoid of 24 x 12 quads, centre and radii (3,) in metres."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 25), np.linspace(0.001, np.pi - 0.001, 13))
    ball = np.stack([np.cos(u) * np.sin(v), np.sin(u) * np.sin(v), np.cos(v)], -1).reshape(-1, 3)
    faces = grid_faces(13, 25)
    vertices = (ball * radii + centre).astype(np.float32)
    uvs = np.stack([u, v], -1).reshape(-1, 2).astype(np.float32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), uvs, None, material)
