"""A wearer's leg and foot as plain solids, rendered as ground truth."""

import os
from dataclasses import dataclass

import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.se3 import inverse, transform_points
from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT, MASK_LEG, FootPose
from arshoe_render.curves import grid_faces
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.mesh import Material, Mesh, smooth_normals
from arshoe_render.preview import look_at
from arshoe_render.shoe import load_shoe

os.environ.setdefault("LP_NUM_THREADS", "1")

MM = 1e-3
SKIN = Material(base_color=(0.6, 0.36, 0.25, 1), roughness=0.6, double_sided=True)


def tube(rings: np.ndarray) -> Mesh:
    """A skin of rings (K, N, 3), N points around each."""
    closed = np.concatenate([rings, rings[:, :1]], 1)
    vertices = closed.reshape(-1, 3).astype(np.float32)
    faces = grid_faces(*closed.shape[:2])
    return Mesh(vertices, faces, smooth_normals(vertices, faces), material=SKIN)


def ellipses(centres: np.ndarray, half_x: np.ndarray, half_y: np.ndarray) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    offsets = np.stack(
        [np.outer(half_x, np.cos(angle)), np.outer(half_y, np.sin(angle)), np.zeros((len(half_x), 32))], -1
    )
    return (centres[:, None] + offsets) * MM


def leg_mesh(lean_x: float, lean_y: float) -> Mesh:
    """Ankle and shin above the collar (mm in, metres out), leaning by so many metres a metre."""
    z = np.array([84, 100, 130, 170, 230, 300, 380.0])
    centres = np.column_stack([54 + lean_x * (z - 84), lean_y * (z - 84), z])
    return tube(ellipses(centres, np.array([43, 39, 37, 40, 50, 56, 54]), np.array([28, 27, 28, 33, 44, 50, 50])))


def foot_meshes() -> list[Mesh]:
    """A bare foot that fits into the standard shoe."""
    z = np.array([3, 20, 50, 70, 85.0])
    ankle = ellipses(
        np.column_stack([[52, 50, 52, 54, 54], np.zeros(5), z]),
        np.array([46, 48, 46, 46, 43]),
        np.array([26, 28, 26, 26, 28]),
    )
    x = np.array([30, 90, 140, 190, 230, 252.0])
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    half_y, half_z = np.array([22, 26, 31, 36, 28, 10]), np.array([30, 32, 26, 17, 11, 6])
    fore = np.stack(
        [
            np.repeat(x[:, None], 32, 1),
            np.outer(half_y, np.cos(angle)) + np.array([0, 0, 2, 1, -5, -10])[:, None],
            np.outer(half_z, np.sin(angle)) + half_z[:, None] + 2,
        ],
        -1,
    )
    return [tube(ankle), tube(fore * MM)]


@dataclass(frozen=True)
class Scene:
    """What a camera sees of a left foot without and with the true shoe on it.

    Attributes:
        image: (H, W, 3) uint8 BGR, bare.
        mask: (H, W) uint8, bare: 0 background, 1 leg, 2 foot.
        hidden: (H, W) bool, where the shoe would be seen but for the leg and foot.
        visible: (H, W) bool, where the shoe is seen.
    """

    image: np.ndarray
    mask: np.ndarray
    camera: Camera
    pose: FootPose
    hidden: np.ndarray
    visible: np.ndarray


class Stage:
    """Renders scenes."""

    def __init__(self) -> None:
        self.renderer = GlRenderer(640, 480)
        self.foot = [self.renderer.upload(mesh) for mesh in foot_meshes()]
        self.shoe = [self.renderer.upload(mesh) for mesh in load_shoe("sneaker").meshes]

    def scene(
        self, azimuth: float, elevation: float, distance: float, lean: tuple[float, float] = (0, 0), sock: float = 0.0
    ) -> Scene:
        """A view of the foot from an azimuth and elevation in degrees; below `sock` metres the leg counts as foot."""
        camera = Camera.from_fov(640, 480)
        T = look_at(np.array([0.1, 0, 0.06]), np.deg2rad(azimuth), np.deg2rad(elevation), distance)
        light = Light.studio(T[:3, 2])
        leg = self.renderer.upload(leg_mesh(*lean))
        body = [Draw(leg, T, 1)] + [Draw(mesh, T, 2) for mesh in self.foot]
        shoe = [Draw(mesh, T, 3) for mesh in self.shoe]
        floor = np.full((480, 640, 3), 150, np.uint8)
        bare = self.renderer.render(body, camera, light, background=floor)
        worn = self.renderer.render(body + shoe, camera, light)
        alone = self.renderer.render(shoe, camera, light)
        leg.release()
        visible = worn.label == 3
        mask = np.choose(bare.label, [MASK_BACKGROUND, MASK_LEG, MASK_FOOT]).astype(np.uint8)
        v, u = np.nonzero(mask == MASK_LEG)
        z = bare.depth[v, u]
        points = np.stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z], 1)
        low = transform_points(inverse(T), points)[:, 2] < sock
        mask[v[low], u[low]] = MASK_FOOT
        return Scene(
            image=np.ascontiguousarray(bare.color[..., 2::-1]),
            mask=mask,
            camera=camera,
            pose=FootPose(Side.LEFT, T),
            hidden=(alone.label == 3) & ~visible & (worn.label > 0),
            visible=visible,
        )


@pytest.fixture(scope="session")
def stage() -> Stage:
    return Stage()
