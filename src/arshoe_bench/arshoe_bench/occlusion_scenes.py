"""Random views of one or two legs that stand in virtual shoes, rendered as ground truth for occlusion."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_core.se3 import from_rt, transform_points
from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT, MASK_LEG, FootPose
from arshoe_render.curves import grid_faces
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light
from arshoe_render.mesh import Material, Mesh, smooth_normals
from arshoe_render.preview import look_at
from arshoe_render.shoe import Shoe, bundled_shoes, load_shoe

MM = 1e-3
ANKLE = np.array([54.0, 0.0, 84.0])
"""Where the leg bends on the foot, mm of the standard foot."""
SKIN_LABEL_HEIGHT = 88.0
"""Below this a bare foot is labelled foot, above it leg, mm of the standard foot (as the training data have it)."""
POKE = 0.006
"""Skin or sock that comes through the shoe's wall by less than this is inside it (shoes give way), m."""
LABEL_CLOTH = 3
SECTORS = 40


@dataclass(frozen=True)
class Wearer:
    """What one leg is like. Lengths in mm of the standard foot, angles in radians.

    Attributes:
        tilt: forward and sideways lean of the shin against the foot.
        girth: of the leg relative to a common one.
        own_shoe: name of the bundled shoe worn in the bare picture; empty for none.
        cuff: height of a sock's upper end above the sole; 0 for no sock.
        hem: height of the trousers' lower end above the sole; 0 for no trousers.
        hem_radius: of the trousers there.
    """

    tilt: tuple[float, float]
    girth: float
    own_shoe: str
    cuff: float
    hem: float
    hem_radius: float


@dataclass(frozen=True)
class OcclusionScene:
    """One view.

    Attributes:
        image: (H, W, 3) uint8 BGR, the wearer without the virtual shoes.
        mask: (H, W) uint8, the same: 0 background, 1 leg, 2 foot.
        shoes: (H, W) bool, where virtual shoes would be seen if nobody wore them.
        hidden: (H, W) bool, the part of it that leg, foot or trousers hide.
        shoe: name of the virtual shoe.
        kind: how the legs are dressed, and from where they are seen.
    """

    image: np.ndarray
    mask: np.ndarray
    camera: Camera
    poses: list[FootPose]
    shoes: np.ndarray
    hidden: np.ndarray
    shoe: str
    kind: dict[str, str]


class OcclusionStage:
    """Draws scenes at random. Virtual shoes have the foot's size (`shoe_scale` 1)."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._renderer = GlRenderer(640, 640)
        self._shoes = {name: load_shoe(name) for name in bundled_shoes()}
        self._parts = {
            name: [self._renderer.upload(mesh) for mesh in shoe.meshes] for name, shoe in self._shoes.items()
        }
        self._foot = [self._renderer.upload(mesh) for mesh in _foot_meshes()]

    def scenes(self, least_hidden: float = 0.02, least_shoe: int = 1500) -> Iterator[OcclusionScene]:
        """Random scenes without end; left out are those that show fewer than `least_shoe` pixels of shoes, or of them
        less than the share `least_hidden` behind the leg."""
        while True:
            scene = self._scene()
            if scene is not None and scene.hidden.sum() > least_hidden * scene.shoes.sum() > least_hidden * least_shoe:
                yield scene

    def _scene(self) -> OcclusionScene | None:
        rng = self._rng
        name = str(rng.choice(list(self._shoes)))
        shoe = self._shoes[name]
        feet = _stance(rng)
        dressed = _dress(rng, list(self._shoes))
        camera, T_camera_world, view = _view(rng, feet)
        poses = [FootPose(side, T_camera_world @ T, length) for side, T, length in feet]
        wearers = [replace(dressed, tilt=_tilt(rng)) for _ in poses]
        legs = [_leg_meshes(wearer, shoe, rng) for wearer in wearers]
        for pose, leg in zip(poses, legs, strict=True):
            points = np.concatenate([mesh.vertices for mesh, _ in leg])
            if transform_points(_T_camera_standard(pose), points)[:, 2].min() < 0.15:
                return None  # the camera is in the leg, or the leg behind the camera
        covering = "trousers" if dressed.hem else "sock" if dressed.cuff else "bare"
        kind = {
            "dress": covering,
            "view": view,
            "feet": str(len(poses)),
            "own shoe": "yes" if dressed.own_shoe else "no",
        }
        return self._render(poses, wearers, legs, camera, name, kind)

    def _render(
        self,
        poses: list[FootPose],
        wearers: list[Wearer],
        legs: list[list[tuple[Mesh, int]]],
        camera: Camera,
        name: str,
        kind: dict[str, str],
    ) -> OcclusionScene:
        light = Light.studio(poses[0].T_camera_foot[:3, 2])
        cloth, body, own, virtual, uploaded = [], [], [], [], []
        for number, (pose, wearer, leg) in enumerate(zip(poses, wearers, legs, strict=True)):
            T = _T_camera_standard(pose)
            for mesh, label in leg:
                uploaded.append(self._renderer.upload(mesh))
                (cloth if label == LABEL_CLOTH else body).append(Draw(uploaded[-1], T, label))
            body += [Draw(part, T, MASK_FOOT) for part in self._foot]
            for shoe_name, draws in ((wearer.own_shoe, own), (name, virtual)):
                if not shoe_name:
                    continue
                shoe = self._shoes[shoe_name]
                T_shoe = pose.T_camera_foot @ shoe.T_foot_model(pose.side, pose.foot_length)
                label = MASK_FOOT if draws is own else 3 + number
                draws += [Draw(part, T_shoe, label) for part in self._parts[shoe_name]]
        background = np.full((camera.height, camera.width, 3), 150, np.uint8)
        bare = self._renderer.render(cloth + body + own, camera, light, background)
        alone = self._renderer.render(virtual, camera, light)
        body_depth = self._renderer.render(body, camera, light).depth + POKE
        cloth_depth = self._renderer.render(cloth, camera, light).depth if cloth else np.inf
        for mesh in uploaded:
            mesh.release()
        shoes = alone.label > 0
        labels = np.array([MASK_BACKGROUND, MASK_LEG, MASK_FOOT, MASK_LEG], np.uint8)
        return OcclusionScene(
            image=np.ascontiguousarray(bare.color[..., 2::-1]),
            mask=labels[bare.label],
            camera=camera,
            poses=poses,
            shoes=shoes,
            hidden=shoes & (np.minimum(body_depth, cloth_depth) < alone.depth),
            shoe=name,
            kind=kind,
        )


def _stance(rng: np.random.Generator) -> list[tuple[Side, np.ndarray, float]]:
    """One or two feet: side, T_world_foot (4, 4), foot length in metres. The world's z is up."""
    length = rng.uniform(0.22, 0.29)
    sides = [Side.LEFT, Side.RIGHT] if rng.random() < 0.6 else [Side(int(rng.integers(1, 3)))]
    feet = []
    for side in sides:
        mirror = 1 if side == Side.LEFT else -1
        yaw = mirror * rng.uniform(-0.1, 0.35)
        lifted = rng.random() < 0.3
        pitch = rng.uniform(0, 0.7) if lifted else 0.0
        R = _turn(2, yaw) @ _turn(1, pitch)
        x = rng.normal(0, 0.18 if rng.random() < 0.5 else 0.03)
        feet.append((side, from_rt(R, [x, mirror * rng.uniform(0.07, 0.14), 0.0]), length))
        # A lifted heel turns the foot about its ball, which stays near the floor.
        feet[-1][1][2, 3] = -(R @ [0.7 * length, 0, 0])[2] + (rng.uniform(0, 0.08) if lifted else 0)
    return feet


def _tilt(rng: np.random.Generator) -> tuple[float, float]:
    return (float(np.clip(rng.normal(0.08, 0.22), -0.5, 0.6)), float(np.clip(rng.normal(0, 0.08), -0.2, 0.2)))


def _dress(rng: np.random.Generator, shoes: list[str]) -> Wearer:
    """Half in trousers of any hem, the others in socks or bare; half of all in a shoe of their own."""
    trousers, sock = rng.random() < 0.5, rng.random() < 0.5
    hem = rng.uniform(45, 220) if trousers else 0.0
    return Wearer(
        tilt=(0.0, 0.0),
        girth=rng.uniform(0.88, 1.15),
        own_shoe=str(rng.choice(shoes)) if rng.random() < 0.5 else "",
        cuff=rng.uniform(95, 300) if sock else 0.0,
        hem=hem,
        hem_radius=rng.uniform(58, 95),
    )


def _view(rng: np.random.Generator, feet: list[tuple[Side, np.ndarray, float]]) -> tuple[Camera, np.ndarray, str]:
    """A camera, T_camera_world (4, 4) and the view's name: a quarter are the wearer's own."""
    width, height = (480, 640) if rng.random() < 0.3 else (640, 480)
    camera = Camera.from_fov(width, height, np.deg2rad(rng.uniform(50, 70)))
    middle = np.mean([T[:3, 3] + T[:3, 0] * 0.4 * length for _, T, length in feet], 0)
    middle[2] += 0.05
    if rng.random() < 0.25:
        eye = np.array([rng.uniform(0.0, 0.5), rng.normal(0, 0.08), rng.uniform(0.75, 1.3)])
        away = eye - middle
        distance = np.linalg.norm(away)
        azimuth, elevation = np.arctan2(away[1], away[0]), np.arcsin(away[2] / distance)
        turn, view = rng.choice([0, np.pi]) + rng.normal(0, 0.15), "wearer"
        if width < height or turn < 1:  # the wearer's phone: their toes point up in the picture
            turn = np.pi + rng.normal(0, 0.15)
    else:
        azimuth, elevation = rng.uniform(-np.pi, np.pi), np.deg2rad(rng.uniform(2, 70))
        distance, turn = rng.uniform(0.45, 1.3), rng.normal(0, 0.1)
        view = ("front", "side", "back")[int(np.searchsorted([50, 130], np.abs(np.rad2deg(azimuth))))]
    target = middle + rng.normal(0, 0.12 * distance, 3) * (1, 1, 0.6)
    T = look_at(target, azimuth, elevation, distance)
    return camera, from_rt(_turn(2, turn), [0, 0, 0]) @ T, view


def _T_camera_standard(pose: FootPose) -> np.ndarray:
    """(4, 4) camera from the standard left foot of 0.26 m, mirrored for a right one."""
    scale = pose.foot_length / STANDARD_FOOT_LENGTH
    return pose.T_camera_foot @ np.diag([scale, scale if pose.side == Side.LEFT else -scale, scale, 1.0])


def _leg_meshes(wearer: Wearer, shoe: Shoe, rng: np.random.Generator) -> list[tuple[Mesh, int]]:
    """Ankle and shin, sock and trousers of a left leg in the standard foot's frame, with their labels."""
    z = np.array([70, 84, 100, 130, 170, 230, 300, 380, 440.0])
    girth = 1 + (wearer.girth - 1) * np.clip((z - 84) / 46, 0, 1)  # the ankle fits the shoe
    x_radius = girth * np.array([43, 42, 39, 37, 40, 50, 56, 55, 52])
    y_radius = girth * np.array([28, 28, 28, 29, 33, 44, 50, 50, 50])
    fine = np.linspace(z[0], z[-1], 75)
    radii = np.column_stack([np.interp(fine, z, x_radius), np.interp(fine, z, y_radius)])
    # In a boot the leg bends above the shaft, which is stiff here.
    bend = max(ANKLE[2], shoe.rim[:, 2].max() * STANDARD_FOOT_LENGTH / shoe.foot_length / MM - 10)
    split = wearer.cuff or SKIN_LABEL_HEIGHT
    meshes = []
    for label, part in ((MASK_FOOT, fine <= split + 5), (MASK_LEG, fine > split)):
        grown = 2.0 if wearer.cuff and label == MASK_FOOT else 0.0
        meshes.append((_tube(_bent(fine[part], radii[part] + grown, wearer.tilt, bend)), label))
    if wearer.hem:
        rise = np.linspace(wearer.hem, 440, 60)
        hang = np.clip((rise - wearer.hem) / 200, 0, 1)[:, None]
        least = np.column_stack([np.interp(rise, fine, radii[:, i]) for i in (0, 1)]) + 5
        radii = np.maximum(least, wearer.hem_radius * (1 - 0.25 * hang) * [1.05, 0.95])
        angle = np.linspace(0, 2 * np.pi, SECTORS, endpoint=False)
        k = rng.integers(1, 5)
        folds = 1 + 0.04 * np.sin(k * angle[None] + rise[:, None] * rng.uniform(0.005, 0.03) + rng.uniform(0, 6))
        rings = _bent(rise, radii, wearer.tilt, bend, folds)
        meshes.append((_tube(_draped(rings, shoe)), LABEL_CLOTH))
    return meshes


def _bent(
    z: np.ndarray, radii: np.ndarray, tilt: tuple[float, float], bend: float, factor: np.ndarray | float = 1.0
) -> np.ndarray:
    """Rings (K, N, 3) mm of elliptic sections (K, 2) about the vertical at heights z (K,), bent at a height, mm."""
    angle = np.linspace(0, 2 * np.pi, SECTORS, endpoint=False)
    rings = np.stack([np.outer(radii[:, 0], np.cos(angle)), np.outer(radii[:, 1], np.sin(angle))], -1)
    rings = np.concatenate(
        [rings * np.broadcast_to(factor, rings.shape[:2])[..., None], np.zeros((*rings.shape[:2], 1))], -1
    )
    share = np.clip((z - bend + 30) / 60, 0, 1)
    for ring, s in zip(rings, share, strict=True):
        ring[:] = ring @ (_turn(1, s * tilt[0]) @ _turn(0, s * tilt[1])).T
    up = _turn(1, tilt[0]) @ _turn(0, tilt[1]) @ [0, 0, 1.0]
    above = np.maximum(z - bend, 0)
    centres = ANKLE + above[:, None] * up + (np.minimum(z, bend) - ANKLE[2])[:, None] * [0, 0, 1]
    return rings + centres[:, None]


def _draped(rings: np.ndarray, shoe: Shoe) -> np.ndarray:
    """Trousers (K, N, 3) mm whose lower end lies on the shoe where it would go into it."""
    points = np.concatenate([mesh.vertices[::2] for mesh in shoe.meshes]) * (
        STANDARD_FOOT_LENGTH / shoe.foot_length / MM
    )
    if shoe.side == Side.RIGHT:
        points = points * (1, -1, 1)
    draped = rings.copy()
    for ring in draped:
        if ring[:, 2].min() < points[:, 2].max():
            near = ((ring[:, None, :2] - points[None, :, :2]) ** 2).sum(2) < 12**2
            top = np.where(near, points[None, :, 2], -np.inf).max(1)
            ring[:, 2] = np.maximum(ring[:, 2], top + 4)
    return draped


def _foot_meshes() -> list[Mesh]:
    """A bare left foot, some millimetres slimmer than the standard foot's keypoints (which lie on what is worn)."""
    z = np.array([3, 20, 50, 70, 88.0])
    radii = np.array([[46, 26], [48, 28], [46, 26], [46, 26], [42, 28.0]])
    angle = np.linspace(0, 2 * np.pi, SECTORS, endpoint=False)
    ankle = np.stack([np.outer(radii[:, 0], np.cos(angle)), np.outer(radii[:, 1], np.sin(angle))], -1)
    ankle = np.concatenate([ankle + np.array([53, 0]), np.repeat(z[:, None, None], SECTORS, 1)], -1)
    x = np.array([6, 30, 60, 95, 140, 178, 215, 240, 254.0])
    half_y, half_z = np.array([15, 27, 29, 30, 36, 42, 38, 28, 12]), np.array([16, 28, 32, 32, 26, 19, 13, 10, 6])
    middle_y = np.array([0, 0, 0, 1, 2, 0, -5, -9, -10])
    fore = np.stack(
        [
            np.repeat(x[:, None], SECTORS, 1),
            np.outer(half_y, np.cos(angle)) + middle_y[:, None],
            np.outer(half_z, np.sin(angle)) + half_z[:, None] + 2,
        ],
        -1,
    )
    return [_tube(ankle), _tube(fore)]


def _tube(rings: np.ndarray) -> Mesh:
    """A skin of rings (K, N, 3) mm, N points around each, closed at the last."""
    rings = np.concatenate([rings, np.broadcast_to(rings[-1:].mean(1, keepdims=True), rings[:1].shape)])
    closed = np.concatenate([rings, rings[:, :1]], 1)
    vertices = (closed.reshape(-1, 3) * MM).astype(np.float32)
    faces = grid_faces(*closed.shape[:2])
    skin = Material(base_color=(0.6, 0.36, 0.25, 1), roughness=0.6, double_sided=True)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), material=skin)


def _turn(axis: int, angle: float) -> np.ndarray:
    """Rotation (3, 3) about an axis of the frame."""
    vector = np.zeros(3)
    vector[axis] = angle
    return cv2.Rodrigues(vector)[0]
