"""Pictures of a shoe from all sides."""

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.se3 import from_rt
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.shoe import Shoe

VIEWS = ((60, 18), (-60, 18), (0, 20), (180, 22), (90, 4), (140, 50))
"""Azimuth from the toe towards the wearer's left, and elevation, degrees."""


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


def contact_sheet(shoe: Shoe, width: int = 640, height: int = 400, oversample: int = 2) -> np.ndarray:
    """A sheet (2 height, 3 width, 3) uint8 BGR of a shoe from six sides.

    Raises:
        BadInputError: if the machine has no headless OpenGL.
    """
    w, h = width * oversample, height * oversample
    renderer = GlRenderer(w, h)
    parts = [renderer.upload(mesh) for mesh in shoe.meshes]
    camera = Camera.from_fov(w, h, np.deg2rad(33))
    grey = np.full((h, w, 3), 205, np.uint8)
    tiles = []
    for azimuth, elevation in np.deg2rad(VIEWS):
        T = look_at((0.13, 0, 0.035), azimuth, elevation, 0.62)
        light = Light.studio(T[:3, 2], shadow=True)
        color = renderer.render([Draw(part, T) for part in parts], camera, light, background=grey).color
        tiles.append(cv2.resize(color[..., 2::-1], (width, height), interpolation=cv2.INTER_AREA))
    renderer.release()
    return np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])])
