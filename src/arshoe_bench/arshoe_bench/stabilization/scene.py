"""Pictures of the clips: two feet in bundled shoes or socks on a procedural floor, drawn by the project's renderer."""

from dataclasses import replace

import cv2
import numpy as np

from arshoe_bench.stabilization.motion import FEET, Moment
from arshoe_core.camera import Camera
from arshoe_core.foot import STANDARD_FOOT_LENGTH
from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT, MASK_LEG, NetworkOutput
from arshoe_perception.mask import decode_mask
from arshoe_perception.preprocessing import INPUT_SIZE, STRIDE, cell_to_image_transform, letterbox
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.mesh import Material, Mesh
from arshoe_render.shoe import load_shoe

CAMERA = Camera.from_fov(640, 480)
CELL_PX = 10.0
"""Image px of a cell of the network's maps."""
_TEXELS = 512
"""Of the floor, per metre: about as many as pixels, so that it neither blurs nor flickers."""
_SENSOR_NOISE = 2.0
"""Grey levels, standard deviation of each pixel."""
_SHOES = ("court", "derby", "hightop", "loafer", "runner", "sneaker")
_SKIN, _CLOTH = (0.55, 0.33, 0.23), (0.05, 0.07, 0.13)


class Scene:
    """One look: a floor, a pair of shoes, legs and a light, all drawn from a seed. Use it from one thread at a time.

    Args:
        rng: decides the look.
        plain: a dark floor of one colour and dark shoes without texture, as hard as it gets for optical flow.
    """

    def __init__(self, renderer: GlRenderer, rng: np.random.Generator, plain: bool = False) -> None:
        self._renderer = renderer
        self._shoe = load_shoe(str(rng.choice(_SHOES)))
        meshes = [_plain(mesh) if plain else mesh for mesh in self._shoe.meshes]
        self._parts = [renderer.upload(mesh) for mesh in meshes]
        self._leg = renderer.upload(
            _speckled(self._shoe.leg_tube(height=0.3), rng, _SKIN if rng.random() < 0.5 else _CLOTH)
        )
        self._floor = np.full((_TEXELS, _TEXELS, 3), 40, np.uint8) if plain else floor_texture(rng, _TEXELS)
        self._board = renderer.upload(_square(0.09, floor_texture(rng, 256)))
        self._level = 0.35 if plain else rng.uniform(0.7, 1.0)

    def draw(self, moment: Moment, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The picture (H, W, 3) uint8 BGR with sensor noise, and its mask (H, W) uint8 as exact as the network's is."""
        cv2.setRNGSeed(int(rng.integers(2**31)))
        T = moment.T_camera_world
        draws = []
        for i, side in enumerate(FEET):
            T_foot = T @ moment.T_world_foot[i]
            T_model = T_foot @ self._shoe.T_foot_model(side, STANDARD_FOOT_LENGTH)
            draws += [Draw(part, T_model, MASK_FOOT) for part in self._parts] + [Draw(self._leg, T_model, MASK_LEG)]
            if moment.hidden[i]:
                draws.append(Draw(self._board, _in_front_of(T_foot), label=3))
        light = Light.studio(T[:3, 2], ambient=0.55 * self._level, key=0.6 * self._level)
        rendered = self._renderer.render(draws, CAMERA, light, self._floor_seen(T), depth=False)
        label = np.where(rendered.label == 3, MASK_BACKGROUND, rendered.label).astype(np.uint8)
        noise = cv2.randn(np.empty((*label.shape, 3), np.int16), np.zeros(3), np.full(3, _SENSOR_NOISE))
        image = cv2.add(rendered.color[..., 2::-1], noise, dtype=cv2.CV_8U)
        return image, network_mask(label)

    def _floor_seen(self, T_camera_world: np.ndarray) -> np.ndarray:
        """The picture (H, W, 3) uint8 RGB of the floor alone."""
        image_floor = CAMERA.K @ T_camera_world[:, [0, 1, 3]][:3] @ np.diag([1 / _TEXELS, 1 / _TEXELS, 1])
        size = (CAMERA.width, CAMERA.height)
        return cv2.warpPerspective(self._floor, image_floor, size, borderMode=cv2.BORDER_WRAP)

    def release(self) -> None:
        """Free the GPU memory."""
        for mesh in (*self._parts, self._leg, self._board):
            mesh.release()


def network_mask(mask: np.ndarray) -> np.ndarray:
    """A mask (H, W) uint8 as it comes back through maps of the network's resolution."""
    cells = INPUT_SIZE // STRIDE
    in_planes = np.dstack([mask == MASK_LEG, mask == MASK_FOOT, np.zeros(mask.shape, bool)]).astype(np.uint8) * 255
    square, input_to_image = letterbox(in_planes)
    square[square[..., 2] > 0] = 0  # the grey bars
    small = cv2.resize(square, (cells, cells), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    nothing = np.zeros((0, cells, cells), np.float32)
    transform = cell_to_image_transform(input_to_image)
    maps = np.ascontiguousarray(small[..., :2].transpose(2, 0, 1))
    return decode_mask(NetworkOutput(nothing, nothing, maps, transform, mask.shape[1], mask.shape[0]))


def floor_texture(rng: np.random.Generator, size: int = 512) -> np.ndarray:
    """Tiles, boards or carpet (size, size, 3) uint8 that can be repeated."""
    kind = rng.choice(["tiles", "boards", "carpet"])
    base = rng.uniform(0.25, 0.7) * np.array([1.0, rng.uniform(0.85, 1.0), rng.uniform(0.65, 1.0)])
    grain = {"tiles": (1, 1, 0.06), "boards": (24, 1, 0.14), "carpet": (1, 1, 0.2)}[kind]
    shade = 1 + grain[2] * _smooth_noise(rng, size, grain[0], grain[1]) + 0.08 * _smooth_noise(rng, size, 40, 40)
    if kind != "carpet":
        columns, rows = (4, 4) if kind == "tiles" else (1, 8)
        v, u = np.mgrid[:size, :size]
        cell = v // (size // rows) * columns + u // (size // columns)
        shade = shade * rng.uniform(0.85, 1.1, columns * rows)[cell]
        joint = (v % (size // rows) < 3) | ((u % (size // columns) < 3) & (columns > 1))
        shade[joint] *= 0.6
    return np.clip(255 * base * shade[..., None], 0, 255).astype(np.uint8)


def _smooth_noise(rng: np.random.Generator, size: int, width: float, height: float) -> np.ndarray:
    """(size, size) of standard deviation 1, smooth over width x height pixels, periodic."""
    noise = np.tile(rng.standard_normal((size, size)), (3, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), width, sigmaY=height)[size : 2 * size, size : 2 * size]
    return noise / noise.std()


def _square(half: float, texture: np.ndarray) -> Mesh:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    return Mesh(
        corners * half, np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.tile(np.float32([0, 0, 1]), (4, 1)),
        uvs=(corners[:, :2] + 1) / 2, material=Material((1, 1, 1, 1), texture, roughness=0.9, double_sided=True),
    )  # fmt: skip


def _plain(mesh: Mesh) -> Mesh:
    return replace(mesh, colors=None, material=Material((0.02, 0.02, 0.02, 1), double_sided=mesh.material.double_sided))


def _speckled(leg: Mesh, rng: np.random.Generator, color: tuple[float, float, float]) -> Mesh:
    shade = rng.uniform(0.75, 1.25, (len(leg.vertices), 1)).astype(np.float32)
    colors = np.hstack([np.float32(color) * shade, np.ones_like(shade)])
    return replace(leg, colors=colors, material=replace(leg.material, base_color=(1, 1, 1, 1)))


def _in_front_of(T_camera_foot: np.ndarray) -> np.ndarray:
    """A board's place (4, 4) that hides the foot from the camera: three quarters of the way, square to the view."""
    T = np.eye(4)
    T[:3, 3] = 0.75 * (T_camera_foot @ [0.12, 0, 0.05, 1])[:3]
    return T
