"""The surroundings: floor, things that stand about or are in the way, light."""

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_learning.synthetic import paint
from arshoe_learning.synthetic.assets import Assets, read_panorama, read_picture
from arshoe_learning.synthetic.person import ellipsoid
from arshoe_learning.synthetic.stance import rotation_zyx
from arshoe_learning.synthetic.surface import grid_faces
from arshoe_render.light import Light, sh_from_radiance
from arshoe_render.mesh import Material, Mesh

FLOOR_HALF_SIDE = 9.0
CONTACT_CELLS, CONTACT_HALF_SIDE = 120, 0.9


def floor_mesh(
    rng: np.random.Generator, texture: tuple[np.ndarray, float], centre: np.ndarray, near: np.ndarray
) -> Mesh:
    """A floor at z = 0 around `centre` (2,), darkened where points `near` (N, 3) come close to it.

    Args:
        texture: a picture and how many metres its side is, from `paint.floor_texture`.
    """
    picture, metres = texture
    inner = np.linspace(-CONTACT_HALF_SIDE, CONTACT_HALF_SIDE, CONTACT_CELLS + 1)
    outer = np.array([1.5, 3, 5, FLOOR_HALF_SIDE])
    line = np.concatenate([-outer[::-1], inner, outer])
    x, y = np.meshgrid(line, line, indexing="ij")
    open_sky = np.ones_like(x)
    k = len(outer)
    open_sky[k:-k, k:-k] = 1 - rng.uniform(0.5, 0.9) * _contact(near - np.append(centre, 0))
    vertices = np.stack([x + centre[0], y + centre[1], np.zeros_like(x)], -1).reshape(-1, 3).astype(np.float32)
    colors = np.repeat(open_sky.reshape(-1, 1), 4, 1).astype(np.float32)
    n = len(line)
    normals = np.tile(np.float32([0, 0, 1]), (len(vertices), 1))
    turn = rng.uniform(0, 2 * np.pi)
    uvs = vertices[:, :2] @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / metres
    material = Material((1, 1, 1, 1), picture, roughness=rng.uniform(0.45, 1.0))
    return Mesh(vertices, grid_faces(n, n), normals, uvs.astype(np.float32), colors, material)


def _contact(points: np.ndarray) -> np.ndarray:
    """How much of the sky is hidden from the floor's inner vertices, 0 to 1, by points (N, 3) close above them."""
    cells = CONTACT_CELLS + 1
    total = np.zeros((cells, cells), np.float32)
    index = np.round((points[:, :2] / CONTACT_HALF_SIDE + 1) * CONTACT_CELLS / 2).astype(int)
    inside = ((index >= 0) & (index < cells)).all(1)
    for low, high, sigma, amount in ((-1, 0.03, 0.9, 0.75), (0.03, 0.08, 2.2, 0.6), (0.08, 0.3, 6.0, 0.5)):
        chosen = inside & (points[:, 2] >= low) & (points[:, 2] < high)
        layer = np.zeros((cells, cells), np.float32)
        layer[index[chosen, 0], index[chosen, 1]] = 1
        layer = cv2.GaussianBlur(cv2.dilate(layer, np.ones((3, 3))), (0, 0), sigma)
        total = 1 - (1 - total) * (1 - amount * layer.clip(0, 1))
    return total


def box(rng: np.random.Generator, centre: np.ndarray, sides: np.ndarray, yaw: float, material: Material) -> Mesh:
    """A box of `sides` (3,) metres about `centre` (3,)."""
    vertices, normals, uvs, faces = [], [], [], []
    for axis in range(3):
        for sign in (-1, 1):
            normal = np.zeros(3)
            normal[axis] = sign
            u, v = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            corners = [normal + a * u + b * v for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            start = len(vertices)
            quad = [start, start + 1, start + 2, start + 3][::sign]
            faces += [[quad[0], quad[1], quad[2]], [quad[0], quad[2], quad[3]]]
            vertices += [c * sides / 2 for c in corners]
            normals += [normal] * 4
            uvs += [((a + 1) * sides @ u, (b + 1) * sides @ v) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    R = rotation_zyx(yaw, 0, 0)
    arrays = (np.array(vertices) @ R.T + centre, faces, np.array(normals) @ R.T, np.array(uvs) * rng.uniform(0.7, 2))
    vertices, faces, normals, uvs = arrays
    return Mesh(
        np.float32(vertices), np.array(faces, np.int32), np.float32(normals), np.float32(uvs), None, material
    )  # fmt: skip


def clutter(rng: np.random.Generator, assets: Assets, centre: np.ndarray, keep_free: np.ndarray) -> list[Mesh]:
    """Boxes, balls and walls on the floor, none within 18 cm of the points `keep_free` (N, 3)."""
    meshes = []
    for _ in range(rng.poisson(1.3)):
        place = centre + rng.normal(0, 0.7, 2)
        size = rng.uniform(0.04, 0.5, 3)
        if np.linalg.norm(keep_free[:, :2] - place, axis=1).min() < 0.18 + size[:2].max() * 0.75:
            continue
        material = surface_material(rng, assets)
        if rng.random() < 0.7:
            meshes.append(box(rng, np.append(place, size[2] / 2), size, rng.uniform(0, 3), material))
        else:
            meshes.append(ellipsoid(np.append(place, size[0] / 2), np.full(3, size[0] / 2), material))
    for _ in range(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15])):
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 4)
        place = centre + distance * np.array([np.cos(angle), np.sin(angle)])
        sides = np.array([0.1, rng.uniform(1, 10), 2.6])
        meshes.append(box(rng, np.append(place, 1.2), sides, angle, surface_material(rng, assets)))
    return meshes


def obstacle(rng: np.random.Generator, assets: Assets, eye: np.ndarray, target: np.ndarray) -> Mesh:
    """Something small between the camera and a foot, which may hide part of it."""
    share, distance = rng.uniform(0.5, 0.85), np.linalg.norm(target - eye)
    centre = eye * (1 - share) + target * share + distance * rng.normal(0, 0.06, 3)
    size = distance * rng.uniform(0.03, 0.14, 3) * (1, 1, rng.choice([1, 2.5]))
    if rng.random() < 0.5:
        return ellipsoid(centre, size / 2, surface_material(rng, assets))
    return box(rng, centre, size, rng.uniform(0, 3), surface_material(rng, assets))


def surface_material(rng: np.random.Generator, assets: Assets) -> Material:
    """Something hard: a floor's picture, or one colour."""
    if assets.floors and rng.random() < 0.5:
        picture = read_picture(assets.floors[rng.integers(len(assets.floors))])
        return Material((1, 1, 1, 1), picture, roughness=0.9, double_sided=True)
    return Material((*paint.random_color(rng), 1), roughness=rng.uniform(0.3, 1), double_sided=True)


def sample_light(rng: np.random.Generator, assets: Assets) -> tuple[Light, np.ndarray]:
    """Draw ambient light and a lamp or sun, in the world frame, and the panorama (H, W, 3) behind it all."""
    if assets.panoramas and rng.random() < 0.92:
        panorama = read_panorama(assets.panoramas[rng.integers(len(assets.panoramas))])
        panorama = np.roll(panorama, rng.integers(panorama.shape[1]), 1)
    else:
        height = np.linspace(1.5, 0.4, 64)[:, None, None] * np.ones((1, 128, 1))
        panorama = (height * paint.random_color(rng)).astype(np.float32) + 0.05
    small = cv2.resize(panorama, (64, 32), interpolation=cv2.INTER_AREA)
    polar = (np.arange(32) + 0.5) / 32 * np.pi
    azimuth = (np.arange(64) + 0.5) / 64 * 2 * np.pi
    directions = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(azimuth),
            np.sin(polar)[:, None] * np.sin(azimuth),
            np.cos(polar)[:, None] * np.ones(64),
        ],
        -1,
    )
    areas = np.repeat(np.sin(polar)[:, None], 64, 1)
    areas *= 4 * np.pi / areas.sum()
    sh = sh_from_radiance(directions.reshape(-1, 3), small.reshape(-1, 3), areas.ravel())
    grey = sh.mean(1, keepdims=True)
    sh = grey + (sh - grey) * rng.uniform(0.3, 1.0)
    # sh[0] carries the mean: what a white surface sends on is about 0.282 sh[0].
    sh *= rng.uniform(0.25, 0.8) / max(0.282 * sh[0].mean(), 1e-3)
    elevation, turn = np.deg2rad(rng.uniform(20, 88)), rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(turn) * np.cos(elevation), np.sin(turn) * np.cos(elevation), np.sin(elevation)])
    warmth = np.array([1 + rng.uniform(-0.05, 0.15), 1.0, 1 - rng.uniform(-0.05, 0.2)])
    strength = rng.choice([rng.uniform(0.0, 0.25), rng.uniform(0.2, 0.7), rng.uniform(0.6, 1.3)])
    return Light(sh, direction, strength * warmth, shadow=True), panorama


def backdrop(panorama: np.ndarray, camera: Camera, T_camera_world: np.ndarray, step: int = 4) -> np.ndarray | None:
    """The panorama behind the scene, (H, W, 3) uint8 sRGB at a `step`th of the resolution and enlarged; None if only
    floor can be seen.
    """
    u, v = np.meshgrid(np.arange(0, camera.width, step), np.arange(0, camera.height, step))
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], -1)
    rays = rays @ T_camera_world[:3, :3]
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    if rays[..., 2].max() < -0.25:
        return None
    height, width = panorama.shape[:2]
    u = (np.arctan2(rays[..., 1], rays[..., 0]) % (2 * np.pi)) / (2 * np.pi) * width
    v = np.arccos(rays[..., 2].clip(-1, 1)) / np.pi * height
    linear = cv2.remap(
        panorama, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    srgb = ((0.8 * linear).clip(0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    return cv2.resize(srgb, (camera.width, camera.height), interpolation=cv2.INTER_CUBIC)
