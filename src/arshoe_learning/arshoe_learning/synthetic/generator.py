"""Draws one labelled picture of feet after another; picture `index` of a seed is the same whoever draws it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.se3 import from_rt, inverse, transform_points
from arshoe_core.types import MASK_BACKGROUND, MASK_FOOT, MASK_LEG
from arshoe_learning.synthetic import scene
from arshoe_learning.synthetic.assets import SPLITS, find_assets
from arshoe_learning.synthetic.body import BodyModel
from arshoe_learning.synthetic.furniture import furniture, placed
from arshoe_learning.synthetic.paint import floor_texture
from arshoe_learning.synthetic.person import (
    LABEL_FIRST_FOOT,
    LABEL_OTHER,
    LabelledFoot,
    Person,
    build_person,
    torso,
)
from arshoe_learning.synthetic.photograph import photograph
from arshoe_learning.synthetic.skirts import with_skirt
from arshoe_learning.synthetic.stance import STANCES, rotation_zyx, sample_stance
from arshoe_learning.synthetic.view import VIEWS, View, sample_view
from arshoe_learning.synthetic.wardrobe import DressedLeg, Wardrobe
from arshoe_render.gl_renderer import Draw, GlRenderer, GpuMesh, Rendered
from arshoe_render.light import Light, sh_basis
from arshoe_render.mesh import Mesh

SUPERSAMPLING = 1.25
NO_FOOT, SECOND_PERSON, OBSTACLE, ODD_PAIR = 0.05, 0.12, 0.12, 0.04
SKIRT, EMPTY_SHOES = 0.35, 0.08
"""Shares of the people with bare legs, and of the scenes."""
SHOTS_PER_SCENE = 3
BLOCK, LEGS_PER_BLOCK, FLOORS_PER_BLOCK = 300, 36, 20
"""Dressed legs and floors are slow to make, so each block of pictures draws from its own few."""
MAX_VIEWS = 24
MIN_PIXELS, MIN_SHARE = 12, 0.06
"""A foot is labelled if it shows as many pixels, and as large a share of its keypoints' box."""
SURFACE_TOLERANCE = 0.02
"""A keypoint is visible if the rendered surface is at most this far in front of it, metres."""


@dataclass(frozen=True)
class VisibleFoot:
    """A labelled foot in the camera frame with its picture.

    Attributes:
        foot: ground truth, camera frame.
        pixels: (8, 2) float64 keypoints in pixels.
        visibility: (8,) int as COCO has it: 0 outside the picture, 1 hidden, 2 visible.
    """

    foot: LabelledFoot
    pixels: np.ndarray
    visibility: np.ndarray


@dataclass(frozen=True)
class Sample:
    """One labelled picture.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        mask: (H, W) uint8: 0 background, 1 leg, 2 foot.
        camera: of the picture.
        feet: those in the picture.
        view: which kind of view it is.
    """

    image: np.ndarray
    mask: np.ndarray
    camera: Camera
    feet: list[VisibleFoot]
    view: str


class Generator:
    """Draws pictures for one split.

    Args:
        folders: asset folders, see `arshoe_learning.synthetic.assets`.
        split: train, val or test; they share no asset and no random draw.
        seed: of the whole data set.
        size: side of the square pictures, pixels.
        views, stances: the kinds that are drawn, of VIEWS and STANCES, in the shares that these have there.

    Raises:
        BadInputError: if assets are missing.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        split: str,
        seed: int,
        size: int = 256,
        views: Sequence[str] = tuple(VIEWS),
        stances: Sequence[str] = tuple(STANCES),
    ) -> None:
        self.assets = find_assets(folders, split)
        self.body = BodyModel(self.assets.mpfb2)
        self.wardrobe = Wardrobe(self.assets, self.body)
        self._size, self._seed, self._stream = size, seed, SPLITS.index(split)
        self._views, self._stances = views, stances
        self._leg = lru_cache(2 * LEGS_PER_BLOCK)(self._make_leg)
        self._floor = lru_cache(2 * FLOORS_PER_BLOCK)(self._make_floor)
        self._scene = lru_cache(1)(self._make_scene)
        self.stage = Stage(size, size)

    def __call__(self, index: int) -> Sample:
        """Draw picture `index`; a few in a row show the same scene from other sides in other light."""
        rng = np.random.default_rng([self._seed, self._stream, index, 3])
        people = self._scene(index // SHOTS_PER_SCENE)
        shares = np.array([VIEWS[name] for name in self._views])
        name = str(rng.choice(self._views, p=shares / shares.sum()))
        for attempt in range(MAX_VIEWS):
            view = self._view(rng, people, name if attempt < MAX_VIEWS // 2 else "front")
            if not people or shows_feet(view, people):
                break
        extra = []
        for person in people:
            seat, trunk = torso(person, rng)
            extra += [seat] if view.name == "wearer" else [seat, trunk]  # the wearer's trunk is behind the camera
        if people and rng.random() < OBSTACLE:
            eye = inverse(view.T_camera_world)[:3, 3]
            feet = [foot for person in people for foot in person.feet]
            target = feet[rng.integers(len(feet))].points.mean(0)
            extra.append((scene.obstacle(rng, self.assets, eye, target), LABEL_OTHER))
        light, panorama = scene.sample_light(rng, self.assets)
        sample = self.stage.shoot(view, extra, exposed(light, rng.uniform(0.55, 1.15)), panorama)
        return replace(sample, image=photograph(sample.image, rng))

    def _make_scene(self, number: int) -> list[Person]:
        """Draw the people of a scene and put them on stage with floor and clutter."""
        rng = np.random.default_rng([self._seed, self._stream, number, 0])
        block = number * SHOTS_PER_SCENE // BLOCK
        people = [] if rng.random() < NO_FOOT else self._people(rng, block)
        centre = _middle(people)[:2]
        low = [mesh.vertices[mesh.vertices[:, 2] < 0.4] for person in people for mesh, _ in person.meshes]
        near = np.concatenate(low or [np.ones((1, 3))])
        others = scene.clutter(rng, self.assets, centre, near) + self._furniture(number, centre, near)
        floor = scene.floor_mesh(rng, self._floor(block, rng.integers(FLOORS_PER_BLOCK)), centre, near)
        self.stage.set(people, [(mesh, LABEL_OTHER) for mesh in others], floor)
        return people

    def _furniture(self, number: int, centre: np.ndarray, near: np.ndarray) -> list[Mesh]:
        rng = np.random.default_rng([self._seed, self._stream, number, 4])
        meshes = furniture(rng, self.assets, centre, near)
        if rng.random() < EMPTY_SHOES:
            place = np.append(centre + rng.uniform(-0.7, 0.7, 2), 0)
            meshes += placed(self.wardrobe.empty_shoes(rng), rng.uniform(0, 2 * np.pi), place, near)
        return meshes

    def _make_leg(self, block: int, number: int) -> DressedLeg:
        rng = np.random.default_rng([self._seed, self._stream, block, number, 1])
        return self.wardrobe.dress(self.body.sample(rng), rng)

    def _make_floor(self, block: int, number: int) -> tuple[np.ndarray, float]:
        return floor_texture(np.random.default_rng([self._seed, self._stream, block, number, 2]), self.assets.floors)

    def _people(self, rng: np.random.Generator, block: int) -> list[Person]:
        people = []
        for number in range(2 if rng.random() < SECOND_PERSON else 1):
            left = right = self._leg(block, rng.integers(LEGS_PER_BLOCK))
            if rng.random() < ODD_PAIR:
                right = self._leg(block, rng.integers(LEGS_PER_BLOCK))
            person = build_person(left, right, sample_stance(rng, self._stances), rng.normal(0.1, 0.12))
            if left.bare_legged and right.bare_legged and rng.random() < SKIRT:
                person = with_skirt(person, self.assets.fabrics, rng)
            turn, place = rng.uniform(0, 2 * np.pi), np.zeros(3)
            if number:
                place[:2] = rng.uniform(0.5, 1.1) * np.array([np.cos(turn), np.sin(turn)])
                turn = rng.uniform(0, 2 * np.pi)
            people.append(moved(person, from_rt(rotation_zyx(turn, 0, 0), place)))
        return people

    def _view(self, rng: np.random.Generator, people: list[Person], name: str) -> View:
        if not people:
            feet, heading, length = np.zeros((1, 3)), 0.0, 0.25
        else:
            first = people[0]
            feet = np.array([foot.points.mean(0) for foot in first.feet])
            forward = sum(foot.T_frame_foot[:2, 0] for foot in first.feet)
            heading, length = np.arctan2(forward[1], forward[0]), first.feet[0].foot_length
        return sample_view(rng, name, feet, heading, self._size, length)


class Stage:
    """Renders, labels and photographs people in a scene, with one renderer."""

    def __init__(self, width: int, height: int) -> None:
        self._renderer = GlRenderer(int(width * SUPERSAMPLING), int(height * SUPERSAMPLING))
        self._draws: list[tuple[GpuMesh, int, bool]] = []
        self._feet: list[LabelledFoot] = []

    def set(self, people: list[Person], others: list[tuple[Mesh, int]], floor: Mesh) -> None:
        """Take away what stands here and put up people, other labelled meshes and a floor, in the world frame."""
        for gpu, *_ in self._draws:
            gpu.release()
        self._draws, self._feet = [], []
        for person in people:
            for mesh, label in person.meshes:
                label += len(self._feet) if label >= LABEL_FIRST_FOOT else 0
                self._draws.append((self._renderer.upload(mesh), label, True))
            self._feet += person.feet
        self._draws += [(self._renderer.upload(mesh), label, True) for mesh, label in others]
        self._draws.append((self._renderer.upload(floor), LABEL_OTHER, False))

    def shoot(
        self,
        view: View,
        extra: list[tuple[Mesh, int]],
        light: Light,
        panorama: np.ndarray,
    ) -> Sample:
        """Take a picture without the camera's flaws.

        Args:
            extra: labelled meshes that are there for this picture only; like light and view in the world frame.
        """
        T = view.T_camera_world
        fine = view.camera.resized(*(int(SUPERSAMPLING * n) for n in (view.camera.width, view.camera.height)))
        uploaded = [(self._renderer.upload(mesh), label, True) for mesh, label in extra]
        draws = [Draw(gpu, T, label, casts_shadow=shadow) for gpu, label, shadow in uploaded + self._draws]
        background = scene.backdrop(panorama, fine, T)
        rendered = self._renderer.render(draws, fine, _in_camera(light, T[:3, :3]), background)
        for gpu, *_ in uploaded:
            gpu.release()
        return _develop(rendered, view, fine, self._feet)


def _develop(rendered: Rendered, view: View, fine: Camera, feet: list[LabelledFoot]) -> Sample:
    size = (view.camera.width, view.camera.height)
    picture = cv2.resize(np.ascontiguousarray(rendered.color[..., 2::-1]), size, interpolation=cv2.INTER_AREA)
    is_foot = rendered.label >= LABEL_FIRST_FOOT
    shares = [
        cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for part in (~is_foot & (rendered.label != MASK_LEG), rendered.label == MASK_LEG, is_foot)
    ]
    mask = np.array([MASK_BACKGROUND, MASK_LEG, MASK_FOOT], np.uint8)[np.argmax(shares, 0)]
    visible = []
    for number, foot in enumerate(feet):
        seen = look(foot.transformed(view.T_camera_world), view.camera, fine, rendered.depth)
        area = np.count_nonzero(rendered.label == LABEL_FIRST_FOOT + number) / SUPERSAMPLING**2
        if (seen.visibility > 0).any() and area > max(MIN_PIXELS, MIN_SHARE * np.prod(np.ptp(seen.pixels, axis=0))):
            visible.append(seen)
    return Sample(picture, mask, view.camera, visible, view.name)


def look(foot: LabelledFoot, camera: Camera, fine: Camera, depth: np.ndarray) -> VisibleFoot:
    """Project a foot of the camera frame and test its keypoints against the depth (H, W) that camera `fine` saw."""
    pixels = camera.project(foot.points)
    visibility = np.zeros(len(pixels), int)
    at = fine.project(foot.points)
    for i, ((x, y), (u, v)) in enumerate(zip(pixels, at, strict=True)):
        if -0.5 <= x < camera.width - 0.5 and -0.5 <= y < camera.height - 0.5:
            surface = depth[int(np.clip(round(v), 0, fine.height - 1)), int(np.clip(round(u), 0, fine.width - 1))]
            visibility[i] = 2 if surface > foot.points[i, 2] - SURFACE_TOLERANCE else 1
    return VisibleFoot(foot, pixels, visibility)


def moved(person: Person, T: np.ndarray) -> Person:
    """The person carried by a rigid T (4, 4)."""
    meshes = [(mesh.transformed(T), label) for mesh, label in person.meshes]
    feet = [foot.transformed(T) for foot in person.feet]
    return replace(person, meshes=meshes, feet=feet, waist=T[:3, :3] @ person.waist + T[:3, 3])


def _middle(people: list[Person]) -> np.ndarray:
    points = [foot.points.mean(0) for person in people[:1] for foot in person.feet]
    return np.mean(points, 0) if points else np.zeros(3)


def shows_feet(view: View, people: list[Person], cell: int = 8, near: float = 0.12) -> bool:
    """Whether the camera is outside the bodies and at least half of the first person's keypoints in one foot are
    in the picture and not behind legs, judged roughly by points in cells of `cell` pixels.
    """
    eye = inverse(view.T_camera_world)[:3, 3]
    points = np.concatenate([mesh.vertices[::2] for person in people for mesh, _ in person.meshes])
    trunks = [np.linalg.norm((eye - person.waist) / (0.4, 0.4, 1.0)) for person in people]
    if (np.abs(points - eye).max(1) < near).any() or (view.name != "wearer" and min(trunks) < 1):
        return False
    points = transform_points(view.T_camera_world, points)
    points = points[points[:, 2] > near]
    columns, rows = view.camera.width // cell, view.camera.height // cell
    depth = np.full((rows + 1, columns + 1), np.inf)
    pixels = (view.camera.project(points) / cell).astype(int)
    inside = ((pixels >= 0) & (pixels < (columns, rows))).all(1)
    np.minimum.at(depth, (pixels[inside, 1], pixels[inside, 0]), points[inside, 2])
    for foot in people[0].feet:
        seen = look(
            foot.transformed(view.T_camera_world), view.camera, view.camera.resized(columns, rows), depth + 0.06
        )
        if np.count_nonzero(seen.visibility == 2) >= len(seen.visibility) // 2:
            return True
    return False


def exposed(light: Light, level: float) -> Light:
    """The light scaled so that a white floor comes out at `level` of full white."""
    up = np.array([0.0, 0.0, 1.0])
    floor = float((sh_basis(up) @ light.sh + light.color * max(light.direction[2], 0)).mean())
    return replace(light, sh=light.sh * (level / floor), color=light.color * (level / floor))


def _in_camera(light: Light, R_camera_world: np.ndarray) -> Light:
    """The light in the camera frame; its spherical harmonics are fitted anew to turned directions."""
    normals = np.random.default_rng(0).standard_normal((64, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    values = sh_basis(normals) @ light.sh
    sh = np.linalg.lstsq(sh_basis(normals @ R_camera_world.T), values, rcond=None)[0]
    return replace(light, sh=sh, direction=R_camera_world @ light.direction)
