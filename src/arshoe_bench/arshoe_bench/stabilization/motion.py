"""How feet and camera move in the clips, as functions of time. World frame: z up, the floor is z = 0, metres."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arshoe_core import se3
from arshoe_core.foot import Side
from arshoe_core.types import FootPose

FEET = (Side.LEFT, Side.RIGHT)
MIDDLE = np.array([0.13, 0.0, 0.03])
"""Middle of the standard foot, foot frame."""


@dataclass(frozen=True)
class Moment:
    """One instant.

    Attributes:
        T_world_foot: (2, 4, 4), left and right.
        T_camera_world: (4, 4).
        hidden: (2,) bool, feet behind a thing held in front of them: drawn hidden and not measured.
        scene: number of the scene; another one looks different everywhere.
    """

    T_world_foot: np.ndarray
    T_camera_world: np.ndarray
    hidden: tuple[bool, bool] = (False, False)
    scene: int = 0

    def poses(self) -> list[FootPose]:
        """The true poses, left and right."""
        return [FootPose(side, self.T_camera_world @ T) for side, T in zip(FEET, self.T_world_foot, strict=True)]


Motion = Callable[[float], Moment]
"""Seconds to moment."""


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """R (3, 3): roll about x, then pitch about y (positive lifts the toe), then yaw about z; radians."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    yawed = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    pitched = np.array([[cp, 0, -sp], [0, 1, 0], [sp, 0, cp]])
    return yawed @ pitched @ np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])


def ease(share: float) -> float:
    """0 to 1 with a soft start and end."""
    share = float(np.clip(share, 0, 1))
    return share**3 * (10 - 15 * share + 6 * share**2)


def bump(time: float, start: float, duration: float) -> float:
    """0 outside start to start + duration, softly up to 1 and back within."""
    share = (time - start) / duration
    return ease(2 * share) if share < 0.5 else ease(2 - 2 * share)


@dataclass(frozen=True)
class Person:
    """Where feet stand and from where they are seen; drawn from the clip's seed.

    Attributes:
        own: the wearer's own view: the camera is held before the knees, its picture's upper edge away from the wearer.
        azimuth: of the camera around the feet, radians; 0 is in front of them.
        elevation: of the camera, radians.
        distance: from the feet's middle, metres.
        splay: how far each foot points outwards, radians.
        gap: between the feet's middle lines, metres.
        phases: (12,) of the sways, radians.
    """

    own: bool
    azimuth: float
    elevation: float
    distance: float
    splay: float
    gap: float
    phases: np.ndarray

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Person":
        """Half of them see their own feet, half are seen from the front or the side."""
        own = rng.random() < 0.5
        return cls(
            own=own,
            azimuth=rng.uniform(-0.3, 0.3) if own else rng.uniform(-1.2, 1.2),
            elevation=np.deg2rad(rng.uniform(55, 70) if own else rng.uniform(33, 50)),
            distance=rng.uniform(0.65, 0.95),
            splay=rng.uniform(0.05, 0.25),
            gap=rng.uniform(0.17, 0.24),
            phases=rng.uniform(0, 2 * np.pi, 12),
        )

    def foot(
        self, i: int, offset: tuple[float, float, float] = (0, 0, 0), yaw: float = 0, pitch: float = 0, roll: float = 0
    ) -> np.ndarray:
        """T_world_foot (4, 4) of foot i (0 left), moved by `offset` from where it stands and turned about its middle.

        `offset` y and `yaw` point outwards for both feet.
        """
        outward = 1 - 2 * i
        R = rotation(outward * (self.splay + yaw), pitch, outward * roll)
        lowest = MIDDLE[0] * abs(np.sin(pitch)) + 0.04 * abs(np.sin(roll))
        standing = np.array([MIDDLE[0], outward * self.gap / 2, MIDDLE[2] + lowest])
        return se3.from_rt(R, standing + np.multiply(offset, (1, outward, 1)) - R @ MIDDLE)

    def standing(self) -> np.ndarray:
        """Both feet flat on the floor, (2, 4, 4)."""
        return np.stack([self.foot(0), self.foot(1)])

    def camera(self, eye: np.ndarray | float = 0.0, aim: np.ndarray | float = 0.0, orbit: float = 0.0) -> np.ndarray:
        """T_camera_world (4, 4): looks at the middle between the feet from its place.

        Args:
            eye, aim: (3,) metres, where the camera and what it looks at are moved to.
            orbit: radians, how far it has gone around the feet.
        """
        azimuth = self.azimuth + orbit
        away = np.array([np.cos(azimuth), np.sin(azimuth), 0]) * np.cos(self.elevation)
        away[2] = np.sin(self.elevation)
        middle = np.array([MIDDLE[0], 0, 0.04])
        T = look_at(middle + away * self.distance + eye, middle + aim)
        return np.diag([-1.0, -1.0, 1.0, 1.0]) @ T if self.own else T

    def sway(self, time: float, size: float, rates: tuple[float, ...], first: int = 0) -> np.ndarray:
        """A smooth random walk to and fro (3,) of about `size`; rates in rad/s."""
        phases = self.phases[(first + np.arange(3 * len(rates))) % len(self.phases)].reshape(3, -1)
        return size * np.sin(np.array(rates) * time + phases).mean(1)


def look_at(eye: np.ndarray, target: np.ndarray) -> np.ndarray:
    """T_camera_world (4, 4) of an upright camera at eye (3,) that looks at target (3,)."""
    x, y, z = (target - eye) / np.linalg.norm(target - eye)
    level = np.hypot(x, y)
    R = np.array([[y / level, -x / level, 0], [x * z / level, y * z / level, -level], [x, y, z]])
    return se3.from_rt(R, -R @ eye)


def still(person: Person, time: float) -> Moment:
    """Camera and feet at rest."""
    return Moment(person.standing(), person.camera())


def handheld(person: Person, time: float) -> Moment:
    """Feet at rest, the camera held in a hand: slow sway and tremor."""
    eye = person.sway(time, 0.03, (1.1, 2.3)) + person.sway(time, 0.003, (23.0, 37.0), 6)
    aim = person.sway(time, 0.02, (1.7, 3.1), 3) + person.sway(time, 0.004, (29.0, 43.0), 9)
    return Moment(person.standing(), person.camera(eye, aim))


def turn(person: Person, time: float) -> Moment:
    """After 1 s the right foot is lifted, slowly turned to show itself, and put down again."""
    up = ease((time - 1) / 0.6) * ease((3.4 - time) / 0.6)
    angle = 1.8 * (time - 1.3)
    yaw, roll = 0.6 * up * np.sin(angle), 0.35 * up * np.sin(1.6 * angle)
    right = person.foot(1, (0.03 * up, 0, 0.06 * up), yaw, 0.15 * up, roll)
    return Moment(np.stack([person.foot(0), right]), person.camera())


def walk(person: Person, time: float, period: float = 1.1, start: float = 0.7) -> Moment:
    """Stepping to and fro after a rest, the camera held in a hand."""
    feet = []
    for i in (0, 1):
        x = lift = pitch = 0.0
        first = start + i * period / 2
        for step in range(int(max(time - first, 0) / period) + 1):
            share = (time - first - step * period) / (period / 2)
            forward = 0.16 if step % 2 == 0 else -0.16
            x += forward * ease(share)
            if 0 < share < 1:
                up = np.sin(np.pi * share)
                lift, pitch = 0.08 * up**2, -0.35 * np.sin(2 * np.pi * share) * up
        feet.append(person.foot(i, (x - 0.08, 0, lift), pitch=pitch))
    eye, aim = person.sway(time, 0.04, (1.3, 2.9)), person.sway(time, 0.025, (1.9, 5.7), 5)
    return Moment(np.stack(feet), person.camera(eye, aim))


def kick(person: Person, time: float) -> Moment:
    """Three fast kicks of the right foot, forward, outward and forward again, with rests between."""
    forward, outward = bump(time, 0.8, 0.45) + bump(time, 2.8, 0.35), bump(time, 1.8, 0.45)
    right = person.foot(
        1, (0.2 * forward, 0.16 * outward, 0.1 * forward + 0.04 * outward), 0.3 * outward, 0.6 * forward, 0.2 * outward
    )
    return Moment(np.stack([person.foot(0), right]), person.camera())


def occlusion(person: Person, time: float) -> Moment:
    """Something is held in front of a foot three times: 0.17 s and 0.33 s at rest, 0.67 s while the foot moves."""
    hidden = (0.8 <= time < 0.96, 1.6 <= time < 1.93 or 2.7 <= time < 3.36)
    x = 0.1 * (ease((time - 2.4) / 0.5) + 0.3 * np.sin(2.5 * max(time - 2.9, 0)))
    feet = np.stack([person.foot(0), person.foot(1, (x, 0, 0.1 * x))])
    return Moment(feet, person.camera(person.sway(time, 0.015, (1.3, 2.1))), hidden)


def cross(person: Person, time: float) -> Moment:
    """The right foot steps over the left one to its other side, rests there, and comes back."""
    over = ease((time - 0.7) / 0.9) - ease((time - 2.3) / 0.9)
    lift = 0.12 * (bump(time, 0.7, 0.9) + bump(time, 2.3, 0.9))
    right = person.foot(1, (0.12 * over, -(person.gap + 0.14) * over, lift), -0.2 * over)
    return Moment(np.stack([person.foot(0, (-0.03, 0, 0)), right]), person.camera(person.sway(time, 0.015, (1.1, 2.3))))


def orbit(person: Person, time: float) -> Moment:
    """The camera goes around resting feet, nearer and farther."""
    eye = np.array([0, 0, 0.12 * np.sin(1.7 * time)]) + person.sway(time, 0.01, (5.0, 11.0))
    return Moment(person.standing(), person.camera(eye, orbit=0.7 * np.sin(1.2 * time)))
