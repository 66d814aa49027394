"""`shoes import`: a shoe model from anywhere becomes a GLB that `shoe:=` takes."""

import argparse
import dataclasses
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.foot import keypoints
from arshoe_core.se3 import transform_points
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.preview import look_at
from arshoe_render.shoe import Shoe, save_shoe
from arshoe_render.shoe_import import ShoeImportConfig, import_shoe

REVIEW_VIEWS = ((-90, 3), (90, 3), (0, 12), (180, 25), (-90, 88), (150, 45))
"""Azimuth from the toe towards the wearer's left, and elevation, degrees."""
_TILE = (520, 400)
_RIM, _TEXT = (0, 200, 255), (40, 40, 40)
_AXES = {"x toe": (50, 50, 220), "y left": (60, 170, 60), "z up": (220, 90, 40)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `shoes import`; those of `ShoeImportConfig` override what is found."""
    parser.add_argument("model", type=Path, help=".glb, .obj or .stl file of a shoe or a pair, any size, any axes")
    parser.add_argument("--out", type=Path, help="GLB file to write (default: MODEL's name with .shoe.glb, here)")
    parser.add_argument("--review", type=Path, help="picture to write: the shoe with the frame and opening found")
    parser.add_argument("--license", default="unknown", help="noted in the file")
    for field in dataclasses.fields(ShoeImportConfig):
        limits = field.metadata["parameter"]
        choices = [choice for choice in limits.choices or () if choice] or None
        option = "--" + field.name.replace("_", "-")
        kind = type(field.default)
        parser.add_argument(option, type=kind, default=field.default, choices=choices, help=limits.description)


def run(options: argparse.Namespace) -> Shoe:
    """Import, write the GLB, and say what was found; returns the shoe.

    Raises:
        BadInputError: if the model can't be used or a file can't be written.
    """
    config = ShoeImportConfig(**{f.name: getattr(options, f.name) for f in dataclasses.fields(ShoeImportConfig)})
    shoe, found = import_shoe(options.model, config)
    out = options.out or Path(options.model.stem + ".shoe.glb")
    save_shoe(out, shoe, options.license)
    print("\n".join(found))
    print(f"wrote {out} ({out.stat().st_size / 1000:.0f} kB); to wear it: ./arshoe tryon shoe:={out}")
    return shoe


def review_sheet(shoe: Shoe) -> np.ndarray:
    """A sheet (800, 1560, 3) uint8 BGR of the shoe with its foot's frame, keypoints and opening.

    Raises:
        BadInputError: if the machine has no headless OpenGL.
    """
    width, height = _TILE
    renderer = GlRenderer(width, height)
    parts = [renderer.upload(mesh) for mesh in shoe.meshes]
    camera = Camera.from_fov(width, height, np.deg2rad(33))
    grey = np.full((height, width, 3), 205, np.uint8)
    tiles = []
    for azimuth, elevation in np.deg2rad(REVIEW_VIEWS):
        T = look_at((0.13, 0, 0.05), azimuth, elevation, 0.66)
        color = renderer.render(
            [Draw(part, T) for part in parts], camera, Light.studio(T[:3, 2]), background=grey
        ).color
        tile = np.ascontiguousarray(color[..., 2::-1])
        _draw_frame(tile, shoe, camera, T)
        tiles.append(tile)
    renderer.release()
    return np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])])


def _draw_frame(tile: np.ndarray, shoe: Shoe, camera: Camera, T: np.ndarray) -> None:
    def pixels(points: np.ndarray) -> np.ndarray:
        return np.rint(camera.project(transform_points(T, np.asarray(points, np.float64)))).astype(np.int32)

    cv2.polylines(tile, [pixels(shoe.rim)], True, _RIM, 2, cv2.LINE_AA)
    origin, *ends = pixels(np.concatenate([np.zeros((1, 3)), 0.06 * np.eye(3)]))
    for (name, color), end in zip(_AXES.items(), ends, strict=True):
        cv2.arrowedLine(tile, origin.tolist(), end.tolist(), color, 2, cv2.LINE_AA)
        cv2.putText(tile, name, end.tolist(), cv2.FONT_HERSHEY_SIMPLEX, 0.4, color, 1, cv2.LINE_AA)
    for point in pixels(keypoints(shoe.side, shoe.foot_length)):
        cv2.circle(tile, point.tolist(), 3, _TEXT, -1, cv2.LINE_AA)
