"""How a person stands, walks or sits: where each foot is, and the leg bent to it by two-bone inverse kinematics."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from arshoe_core.se3 import from_rt, inverse
from arshoe_learning.synthetic.body import Leg
from arshoe_learning.synthetic.surface import NUM_SEGMENTS

STRETCHED = 0.995
"""Share of the leg's full length that it is straightened to at most."""
STEEPEST = 1.2
"""Pitch that a raised heel adds up to at most, radians."""
STANCES = {"stand": 0.34, "walk": 0.2, "run": 0.09, "tiptoe": 0.05, "raise": 0.12, "cross": 0.05, "sit": 0.15}


@dataclass(frozen=True)
class FootPlacement:
    """Where one foot is put, in the person's frame (x forward, y left, z up, z = 0 the floor).

    Attributes:
        x, y: of the ankle, metres.
        clearance: height of the outer surface's lowest point over the floor, metres.
        yaw: toes out is positive for the left foot and negative for the right one, radians.
        pitch: heel up is positive; roll: about the foot's long axis; toes: bend of the toes upwards. Radians.
    """

    x: float
    y: float
    clearance: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    toes: float = 0.0

    def mirrored(self) -> "FootPlacement":
        """The same for the other foot."""
        return replace(self, y=-self.y, yaw=-self.yaw, roll=-self.roll)

    def lifted(self, lift: float) -> "FootPlacement":
        """The same in a shoe whose heel pitches the foot by `lift`, as far as an ankle bends."""
        pitch = max(self.pitch, min(self.pitch + lift, STEEPEST))
        return replace(self, pitch=pitch, toes=max(self.toes, min(self.toes + lift, STEEPEST)))


@dataclass(frozen=True)
class Stance:
    """Both feet and the middle of the hips (3,), which is lowered until both legs reach."""

    left: FootPlacement
    right: FootPlacement
    pelvis: np.ndarray
    name: str = "stand"


def rotation_zyx(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Rotation matrix (3, 3): roll about x, then pitch about y (positive tips +x down), then yaw about z."""
    (cz, sz), (cy, sy), (cx, sx) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    Rz = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    Ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    Rx = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    return Rz @ Ry @ Rx


def bend_leg(leg: Leg, R_foot: np.ndarray, ankle: np.ndarray, hip: np.ndarray, toes: float, twist: float) -> np.ndarray:
    """Segment transforms of a left leg for skinning.

    Args:
        R_foot: (3, 3) rotation of the foot against its rest pose.
        ankle, hip: (3,) where these joints are to be, metres; the hip moves nearer if the leg is too short.
        toes: bend of the toes upwards, radians.
        twist: turns the knee outwards from the foot's direction, radians.

    Returns:
        (4, 4, 4) transforms of thigh, shin, foot, toes from the rest frame.
    """
    thigh, shin = np.linalg.norm(leg.knee - leg.hip), np.linalg.norm(leg.ankle - leg.knee)
    reach = hip - ankle
    distance = np.clip(np.linalg.norm(reach), abs(thigh - shin) * 1.05 + 0.05, STRETCHED * (thigh + shin))
    up = reach / np.linalg.norm(reach)
    hip = ankle + distance * up
    forward = R_foot @ (np.cos(twist), np.sin(twist), 0.0) + (0, 0, 0.4 * max(0.0, -(R_foot @ (1, 0, 0))[2]))
    forward = forward - (forward @ up) * up
    forward /= np.linalg.norm(forward)
    along = (distance**2 + shin**2 - thigh**2) / (2 * distance)
    knee = ankle + along * up + np.sqrt(max(shin**2 - along**2, 0)) * forward
    lateral = np.cross(up, forward)
    T = np.tile(np.eye(4), (NUM_SEGMENTS, 1, 1))
    for index, (rest_top, rest_end, top, end) in enumerate(
        ((leg.hip, leg.knee, hip, knee), (leg.knee, leg.ankle, knee, ankle))
    ):
        R = _bone_frame(end - top, lateral) @ _bone_frame(rest_end - rest_top, np.array([0.0, 1, 0])).T
        T[index] = from_rt(R, top - R @ rest_top)
    T[2] = from_rt(R_foot, ankle - R_foot @ leg.ankle)
    bend = rotation_zyx(0, -toes, 0)
    T[3] = T[2] @ from_rt(bend, leg.ball - bend @ leg.ball)
    return T


def _bone_frame(axis: np.ndarray, lateral: np.ndarray) -> np.ndarray:
    z = -axis / np.linalg.norm(axis)
    x = np.cross(lateral, z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], 1)


def foot_rotation(T_rest_foot: np.ndarray, placement: FootPlacement) -> np.ndarray:
    """R_foot (3, 3) of `bend_leg` that points the foot frame at rest, T_rest_foot, as the placement says."""
    return rotation_zyx(placement.yaw, placement.pitch, placement.roll) @ inverse(T_rest_foot)[:3, :3]


def sample_stance(rng: np.random.Generator, names: Sequence[str] = tuple(STANCES)) -> Stance:
    """Draw one of these stances, in the shares of STANCES; feet never stand in each other."""
    shares = np.array([STANCES[name] for name in names])
    while True:
        name = rng.choice(names, p=shares / shares.sum())
        stance = _SAMPLERS[name](rng)
        if not _feet_collide(stance):
            return replace(stance, name=str(name))


def _feet_collide(stance: Stance) -> bool:
    """Whether the feet's middle lines (ankle - 5 cm to ankle + 19 cm) come nearer than 10 cm at like height."""
    left, right = stance.left, stance.right
    if abs(left.clearance - right.clearance) > 0.16:
        return False
    lines = [
        np.array([f.x, f.y]) + np.linspace(-0.05, 0.19, 9)[:, None] * (np.cos(f.yaw), np.sin(f.yaw))
        for f in (left, right)
    ]
    return np.linalg.norm(lines[0][:, None] - lines[1][None], axis=2).min() < 0.105


def _standing(rng: np.random.Generator) -> Stance:
    gap, stagger = rng.uniform(0.06, 0.2), rng.normal(0, 0.05)
    feet = [FootPlacement(s * stagger, gap * rng.uniform(0.8, 1.2), 0, rng.normal(0.12, 0.15)) for s in (0.5, -0.5)]
    pelvis = np.array([rng.normal(0, 0.04), rng.normal(0, 0.03), 0.95])
    return Stance(feet[0], feet[1].mirrored(), pelvis)


def _in_air(rng: np.random.Generator, foot: FootPlacement) -> FootPlacement:
    return replace(foot, yaw=foot.yaw + rng.normal(0, 0.15), roll=rng.normal(0, 0.15), toes=rng.normal(0, 0.15))


def _either_side(rng: np.random.Generator, stance: Stance) -> Stance:
    if rng.random() < 0.5:
        return stance
    return Stance(stance.right.mirrored(), stance.left.mirrored(), stance.pelvis * (1, -1, 1))


def _walking(rng: np.random.Generator) -> Stance:
    stance, stride, phase = _standing(rng), rng.uniform(0.2, 0.4), rng.random()
    front, back = stance.left, stance.right
    if phase < 0.5:  # heel strike: front foot's toes up, back foot's heel up on its bent toes
        lift = rng.uniform(0.1, 0.9)
        front = replace(front, x=stride, pitch=-rng.uniform(0, 0.4), clearance=rng.choice([0.0, 0.03]) * rng.random())
        back = replace(back, x=-stride, pitch=lift, toes=lift * rng.uniform(0.7, 1.0))
    else:  # swing: one foot flat, the other passes it
        back = _in_air(rng, replace(back, x=rng.uniform(-0.35, 0.25), clearance=rng.uniform(0.02, 0.14)))
        back = replace(back, pitch=rng.uniform(-0.2, 0.9))
    return _either_side(rng, Stance(front, back, stance.pelvis))


def _running(rng: np.random.Generator) -> Stance:
    stance = _standing(rng)
    push = rng.uniform(0, 0.7)
    ground = replace(stance.left, x=rng.uniform(-0.3, 0.25), pitch=push, toes=push, clearance=rng.choice([0, 0.06]))
    air = _in_air(rng, replace(stance.right, x=rng.uniform(-0.55, -0.1), clearance=rng.uniform(0.1, 0.5)))
    return _either_side(rng, Stance(ground, replace(air, pitch=rng.uniform(0.3, 1.7)), stance.pelvis))


def _tiptoe(rng: np.random.Generator) -> Stance:
    stance, lift = _standing(rng), rng.uniform(0.25, 0.85)
    left, right = (replace(f, pitch=lift, toes=lift * rng.uniform(0.8, 1)) for f in (stance.left, stance.right))
    return Stance(left, stance.right if rng.random() < 0.4 else right, stance.pelvis + np.array([0.05, 0, 0.08]))


def _raised(rng: np.random.Generator) -> Stance:
    stance = _standing(rng)
    raised = replace(stance.right, x=rng.uniform(-0.3, 0.5), y=-rng.uniform(0.05, 0.35))
    raised = _in_air(rng, replace(raised, clearance=rng.uniform(0.03, 0.45), pitch=rng.uniform(-0.6, 1.0)))
    return _either_side(rng, Stance(stance.left, raised, stance.pelvis))


def _crossed(rng: np.random.Generator) -> Stance:
    stance = _standing(rng)
    left = replace(stance.left, y=-rng.uniform(0, 0.1), x=rng.uniform(0.1, 0.25), yaw=rng.normal(0, 0.3))
    right = replace(stance.right, y=rng.uniform(-0.02, 0.08), x=rng.uniform(-0.12, 0.05), yaw=rng.normal(0, 0.3))
    return _either_side(rng, Stance(left, right, stance.pelvis))


def _sitting(rng: np.random.Generator) -> Stance:
    height, out = rng.uniform(0.3, 0.55), rng.uniform(0.25, 0.8)
    feet = []
    for _ in range(2):
        heel = -rng.uniform(0.0, 0.7) if out > 0.5 else rng.choice([0.0, rng.uniform(0, 0.5)])
        foot = FootPlacement(out + rng.normal(0, 0.07), rng.uniform(0.05, 0.22), 0, rng.normal(0.1, 0.2), heel)
        feet.append(replace(foot, toes=max(0.0, heel), clearance=max(0.0, rng.normal(-0.05, 0.08))))
    return Stance(feet[0], feet[1].mirrored(), np.array([0.0, 0.0, height]))


_SAMPLERS = {
    "stand": _standing, "walk": _walking, "run": _running, "tiptoe": _tiptoe, "raise": _raised, "cross": _crossed,
    "sit": _sitting,
}  # fmt: skip
