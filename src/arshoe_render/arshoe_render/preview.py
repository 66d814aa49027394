"""Pictures of a shoe from all sides."""

from collections.abc import Iterable

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.se3 import from_rt
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.mesh import bounds
from arshoe_render.shoe import Shoe

VIEWS = ((60, 18), (-60, 18), (0, 20), (180, 22), (90, 4), (140, 50))
"""Azimuth from the toe towards the wearer's left, and elevation, degrees."""
_FIELD_OF_VIEW = np.deg2rad(33)
_BACKGROUND, _OVERSAMPLE = 205, 2


def look_at(target: np.ndarray, azimuth: float, elevation: float, distance: float) -> np.ndarray:
    """T_camera_world (4, 4) of a camera that looks at target (3,) metres, world z up.

    Args:
        azimuth, elevation: where the camera is, radians; azimuth 0 is on the x axis.
        distance: metres from the target.
    """
    away = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    R = np.stack([right, np.cross(-away, right), -away])
    return from_rt(R, -R @ (np.asarray(target) + away * distance))


def pictures(shoe: Shoe, views: Iterable[tuple[float, float]], width: int, height: int) -> list[np.ndarray]:
    """Pictures (height, width, 3) uint8 BGR of a shoe from views (azimuth, elevation) in degrees, all of one scale.

    Raises:
        BadInputError: if the machine has no headless OpenGL.
    """
    w, h = width * _OVERSAMPLE, height * _OVERSAMPLE
    renderer = GlRenderer(w, h)
    parts = [renderer.upload(mesh) for mesh in shoe.meshes]
    camera = Camera.from_fov(w, h, _FIELD_OF_VIEW)
    low, high = bounds(shoe.meshes)
    # The bounding sphere fits across, and what stands up fits the smaller height.
    half_angle = min(np.tan(_FIELD_OF_VIEW / 2), h / w * np.tan(_FIELD_OF_VIEW / 2) * 1.3)
    distance = 0.5 * np.linalg.norm(high - low) / half_angle + 0.06
    background = np.full((h, w, 3), _BACKGROUND, np.uint8)
    found = []
    for azimuth, elevation in views:
        T = look_at((low + high) / 2, np.deg2rad(azimuth), np.deg2rad(elevation), distance)
        light = Light.studio(T[:3, 2], shadow=True)
        color = renderer.render([Draw(part, T) for part in parts], camera, light, background=background).color
        found.append(cv2.resize(color[..., 2::-1], (width, height), interpolation=cv2.INTER_AREA))
    renderer.release()
    return found


def contact_sheet(shoe: Shoe, width: int = 640, height: int = 400) -> np.ndarray:
    """A sheet (2 height, 3 width, 3) uint8 BGR of a shoe from six sides; errors as `pictures`."""
    tiles = pictures(shoe, VIEWS, width, height)
    return np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])])


def catalogue_sheet(shoes: list[Shoe], width: int = 300, height: int = 190) -> np.ndarray:
    """A sheet (H, W, 3) uint8 BGR of many shoes, a row each: its colourways, four at most, then other sides."""
    rows = []
    for shoe in shoes:
        variants = list(shoe.variants or [""])[:4]
        tiles = [pictures(shoe.in_variant(name), [(62, 16)], width, height)[0] for name in variants]
        tiles += pictures(shoe, [(-35, 32), (150, 25), (0, 20), (-90, 4)][: 5 - len(tiles)], width, height)
        for tile, name in zip(tiles, [f"{shoe.name} {variant}" for variant in variants], strict=False):
            cv2.putText(tile, name, (8, height - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (60, 60, 60), 1, cv2.LINE_AA)
        rows.append(np.hstack(tiles))
    return np.vstack(rows)


def turntable(shoe: Shoe, frames: int = 48, width: int = 480, height: int = 320) -> list[np.ndarray]:
    """`frames` pictures (height, width, 3) uint8 BGR of a shoe that turns once round; errors as `pictures`."""
    return pictures(shoe, [(60 + 360 * i / frames, 18) for i in range(frames)], width, height)
