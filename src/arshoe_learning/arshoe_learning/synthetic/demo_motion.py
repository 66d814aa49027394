"""The motion of the demo: two feet that rest, step, turn and show themselves, and a hand-held camera above them."""

from dataclasses import dataclass

import numpy as np

from arshoe_core.se3 import from_rt, inverse
from arshoe_learning.synthetic.stance import FootPlacement, Stance, rotation_zyx
from arshoe_learning.synthetic.view import look_at

DURATION = 10.0
SWING = 0.42
"""Seconds a foot is in the air in one step."""
_STEPS = (  # second at which it starts, foot (0 left, 1 right)
    (1.0, 1), (1.55, 0), (2.1, 1), (2.65, 0), (3.3, 1), (3.85, 0),
    (4.4, 1), (4.95, 0), (5.5, 1), (6.05, 0), (6.6, 1), (7.15, 0),
)  # fmt: skip
_SHOW = (7.9, 9.4)
"""From when to when the right foot is held up and turned."""


@dataclass(frozen=True)
class Moment:
    """One instant: the stance in the person's frame, that frame in the world, and the camera's pose."""

    stance: Stance
    T_world_person: np.ndarray
    T_camera_world: np.ndarray


def moment(time: float) -> Moment:
    """The demo at `time` seconds."""
    place, heading = _body(time)
    T_world_person = from_rt(rotation_zyx(heading, 0, 0), np.append(place, 0.0))
    placements = [_foot(time, side, T_world_person, heading) for side in (0, 1)]
    stance = Stance(*placements, pelvis=np.array([-0.02, 0.015 * np.sin(1.9 * time), 0.93]), name="demo")
    return Moment(stance, T_world_person, _camera(time))


def _body(time: float) -> tuple[np.ndarray, float]:
    """Place (2,) and heading of the body: still, forward, turn to the left, to the right and back."""
    heading = np.interp(time, [0, 2.6, 4.2, 6.6, 7.6, 10], [0, 0, 0.75, -0.45, 0, 0])
    forward = np.interp(time, [0, 1, 2.6, 4.4, 6, 7.4, 10], [0, 0, 0.16, 0.16, 0.05, 0.0, 0.0])
    return np.array([forward, 0.03 * np.sin(0.9 * time)]), float(heading)


def _smooth_body(time: float, width: float = 0.9) -> tuple[np.ndarray, float]:
    """`_body` averaged over `width` seconds, which the camera follows."""
    samples = [_body(np.clip(t, 0, DURATION)) for t in time + width * np.linspace(-0.5, 0.5, 15)]
    return np.mean([place for place, _ in samples], 0), float(np.mean([heading for _, heading in samples]))


def _standing_place(time: float, side: int) -> np.ndarray:
    """Where the foot stands if it is put down for the body at `time`: x, y of the ankle and yaw, world frame."""
    place, heading = _body(time)
    sign = 1 - 2 * side
    offset = np.array([-0.06 + (0.03 if side else 0.0), sign * 0.105])
    c, s = np.cos(heading), np.sin(heading)
    return np.append(place + np.array([[c, -s], [s, c]]) @ offset, heading + sign * 0.16)


def _foot(time: float, side: int, T_world_person: np.ndarray, heading: float) -> FootPlacement:
    """Planted between its steps, on an arc during them, in the person's frame."""
    where, swing = _standing_place(0.0, side), 0.0
    for start, foot in _STEPS:
        if foot != side or time < start:
            continue
        target = _standing_place(start + SWING + 0.3, side)
        swing = np.clip((time - start) / SWING, 0, 1)
        where = where + (target - where) * _ease(swing)
    lift = np.sin(np.pi * swing) ** 2
    pitch = 0.6 * np.sin(2 * np.pi * swing) * np.sin(np.pi * swing) * (1 - 0.3 * swing)
    clearance, yaw, roll, forward, outward = 0.075 * lift, 0.0, 0.0, 0.0, 0.0
    if side == 1 and _SHOW[0] < time < _SHOW[1]:
        share = (time - _SHOW[0]) / (_SHOW[1] - _SHOW[0])
        up = _ease(min(share, 1 - share) / 0.3)
        clearance, forward, outward = 0.1 * up, 0.1 * up, -0.03 * up
        yaw, roll, pitch = -0.45 * up * np.sin(2 * np.pi * share), 0.3 * up * np.sin(4 * np.pi * share), -0.25 * up
    local = inverse(T_world_person) @ np.array([where[0], where[1], 0, 1])
    toes = max(0.0, pitch) * (1 - _ease(swing / 0.5))
    return FootPlacement(
        local[0] + forward, local[1] + outward, clearance, where[2] - heading + yaw, pitch, roll, toes
    )  # fmt: skip


def _camera(time: float) -> np.ndarray:
    """T_camera_world: held in front of the knees, looking down at the feet, swaying a little."""
    place, heading = _smooth_body(time)
    forward, left = np.array([np.cos(heading), np.sin(heading), 0]), np.array([-np.sin(heading), np.cos(heading), 0])

    def sway(amplitude: float, *rates: float) -> float:
        return amplitude * sum(np.sin(rate * time + 1.7 * i) / (i + 1) for i, rate in enumerate(rates))

    middle = np.append(place, 0.0)
    eye = middle + forward * (0.42 + sway(0.02, 0.8, 2.3)) + left * sway(0.035, 0.6, 1.9)
    eye[2] = 0.63 + sway(0.02, 1.1, 3.1)
    target = middle + forward * (0.04 + sway(0.012, 1.3, 2.9)) + left * sway(0.012, 0.9, 2.2) + np.array([0, 0, 0.03])
    return look_at(eye, target, forward, sway(0.025, 0.7, 2.6))


def _ease(t: float) -> float:
    t = float(np.clip(t, 0, 1))
    return t * t * (3 - 2 * t)
