"""Where the camera is and what it sees: wearer's and other people's views, sized by the foot's length in pixels."""

from dataclasses import dataclass

import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.se3 import from_rt, inverse

VIEWS = {"wearer": 0.5, "front": 0.18, "side": 0.18, "behind": 0.07, "any": 0.07}
SMALL_FEET = 0.08
"""Share of pictures with feet of 25 to 50 px at 256; the others have 80 to 320 px before foreshortening, which leaves
about two thirds of all feet, second and cut ones included, with 50 to 220 px."""
NEAREST = 0.2
"""Least distance of the camera from what it looks at, metres."""


@dataclass(frozen=True)
class View:
    """A camera and its pose: T_camera_world (4, 4)."""

    camera: Camera
    T_camera_world: np.ndarray
    name: str


def look_at(eye: np.ndarray, target: np.ndarray, up: np.ndarray, roll: float) -> np.ndarray:
    """T_camera_world (4, 4) of a camera at `eye` that sees `target` in its middle, turned by `roll` about its axis."""
    z = target - eye
    z = z / np.linalg.norm(z)
    x = np.cross(z, up)
    x /= np.linalg.norm(x)
    c, s = np.cos(roll), np.sin(roll)
    y = np.cross(z, x)
    R = np.stack([c * x + s * y, c * y - s * x, z], 1)
    return inverse(from_rt(R, eye))


def sample_view(
    rng: np.random.Generator, name: str, feet: np.ndarray, heading: float, size: int, foot_length: float
) -> View:
    """Draw a camera.

    Args:
        name: one of VIEWS.
        feet: (F, 3) middles of the feet, world frame.
        heading: direction the wearer faces, radians about z.
        size: side of the square picture, pixels.
        foot_length: metres.
    """
    forward, left = np.array([np.cos(heading), np.sin(heading), 0]), np.array([-np.sin(heading), np.cos(heading), 0])
    small = rng.random() < SMALL_FEET
    pixels = rng.uniform(25, 50) if small else 80 * (320 / 80) ** rng.random()
    centre = feet[rng.integers(len(feet))] if rng.random() < 0.45 else feet.mean(0)
    if name == "wearer":
        # A hand holds the camera above the feet or in front of them; the toes point up in the picture.
        tilt, aside = np.clip(rng.normal(0.35, 0.3), -0.4, 1.0), rng.normal(0, 0.35)
        flat = forward * np.cos(aside) + left * np.sin(aside)
        direction = flat * np.sin(tilt) + np.array([0, 0, np.cos(tilt)])
        up = forward + left * rng.normal(0, 0.2)
    else:
        azimuth = {
            "front": rng.normal(0, 0.35), "side": rng.choice([-1, 1]) * rng.normal(np.pi / 2, 0.3),
            "behind": rng.normal(np.pi, 0.45), "any": rng.uniform(-np.pi, np.pi),
        }[name]  # fmt: skip
        elevation = np.deg2rad(rng.uniform(1, 35) if rng.random() < 0.7 else rng.uniform(30, 80))
        flat = forward * np.cos(azimuth) + left * np.sin(azimuth)
        direction = flat * np.cos(elevation) + np.array([0, 0, np.sin(elevation)])
        up = np.array([0, 0, 1.0])
    fov = rng.uniform(np.deg2rad(45), np.deg2rad(95))
    camera = Camera.from_fov(size, size, fov)
    distance = max(camera.fx * foot_length / (pixels * size / 256), NEAREST)
    eye = centre + direction / np.linalg.norm(direction) * distance
    eye[2] = max(eye[2], 0.06)
    roll = rng.normal(0, 0.12) + (rng.choice([-1, 1]) * np.pi / 2 if rng.random() < 0.05 else 0)
    if name == "wearer" and rng.random() < 0.1:
        roll += rng.uniform(-np.pi, np.pi)
    T = look_at(eye, centre, up, roll)
    # Not always in the middle: turn the camera by up to a third of its view.
    shift = rng.uniform(-0.3, 0.3, 2) * np.tan(fov / 2) * rng.uniform(0.2, 1.2)
    target = inverse(T) @ np.array([shift[0], shift[1], 1.0, 1.0])
    return View(camera, look_at(eye, target[:3], up, roll), name)
