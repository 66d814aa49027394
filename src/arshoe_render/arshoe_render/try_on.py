"""Puts virtual shoes on the feet in a picture."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.parameters import parameter, validate
from arshoe_core.se3 import from_rt
from arshoe_core.types import MASK_BACKGROUND, FootPose
from arshoe_render import occlusion
from arshoe_render.composite import lay_over, shade_floor
from arshoe_render.floor_fill import fill_floor, hull_around, region_around
from arshoe_render.frame_look import FrameLook, FrameLookEstimator
from arshoe_render.gl_renderer import Draw, GlRenderer, Stage, no_stage
from arshoe_render.gpu_mesh import GpuMesh
from arshoe_render.mesh import bounds
from arshoe_render.occlusion import Occlusion
from arshoe_render.shoe import DEFAULT_SHOE, Shoe
from arshoe_render.shoe_loader import ReadyShoe, ready_shoe

_MARGIN = 24
"""Pixels around the shoes that are worked on, at least: room for the contact shadow and the leg above the shoe."""
_MIN_DEPTH = 0.05
_SHADOW_HEIGHT = 0.07
"""Of the part of a shoe that casts most of its shadow, m."""


@dataclass(frozen=True)
class TryOnConfig:
    """Parameters of `TryOnRenderer`."""

    shoe: str = parameter(DEFAULT_SHOE, "name of a bundled shoe, or path of a .glb file")
    variant: str = parameter("", "colourway of the shoe, by name; empty for its default")
    occlusion: str = parameter(
        "silhouette",
        "how the leg hides the shoe: the paper's method on the leg mask, a 3D leg, or not at all",
        choices=occlusion.METHODS,
    )
    shoe_scale: float = parameter(
        1.06, "size of the shoe relative to the foot as worn: a little larger covers socks and the wearer's own shoe",
        low=0.8, high=1.3,
    )  # fmt: skip
    hide_real: bool = parameter(False, "paint floor over what of the real shoe sticks out beyond the virtual one")
    contact_shadow: float = parameter(0.35, "strength of the shadow on the floor under the shoe", low=0.0, high=1.0)

    def __post_init__(self) -> None:
        validate(self)


@dataclass(frozen=True)
class _Placed:
    """A shoe on a foot: its label and the affine (4, 4) camera from model."""

    label: int
    T_camera_model: np.ndarray


class TryOnRenderer:
    """Draws a shoe on every foot, hidden by the leg where the leg is in front. Use it from one thread at a time.

    Args:
        config: its parameters.
        stage: called with a part's name around each part of the work, to time it: light, draw, readback, occlusion,
            composite.

    Raises:
        BadInputError: if the shoe can't be loaded or the machine has no headless OpenGL.
    """

    def __init__(self, config: TryOnConfig | None = None, stage: Stage = no_stage) -> None:
        self.config = config or TryOnConfig()
        self._stage = stage
        ready = ready_shoe(self.config.shoe, self.config.variant)
        self._renderer = GlRenderer(640, 480, stage)
        self._looks = FrameLookEstimator()
        self._parts: list[GpuMesh] = []
        self._occlusion: Occlusion | None = None
        self.set_shoe(ready)

    def set_shoe(self, ready: ReadyShoe) -> None:
        """Draw another shoe from the next picture on.

        Args:
            ready: from `ready_shoe`, or made in the background by `ShoeLoader`; only the upload is done here.
        """
        parts = [self._renderer.upload(mesh) for mesh in ready.meshes]
        for mesh in self._parts:
            mesh.release()
        self.shoe: Shoe = ready.shoe
        self._parts = parts
        self.set_occlusion(self.config.occlusion)
        low, high = bounds(self.shoe.meshes)
        self._corners = np.array(
            [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
        )
        self._hull = hull_around(self.shoe.meshes, self.shoe.rim)
        self._sole = _sole_outline(np.concatenate([m.vertices for m in self.shoe.meshes]))

    def set_occlusion(self, method: str) -> None:
        """Hide by another method from the next picture on.

        Raises:
            BadInputError: if there is no such method.
        """
        self.config = replace(self.config, occlusion=method)
        if self._occlusion is not None:
            self._occlusion.release()
        self._occlusion = Occlusion(method, self.shoe, self._renderer)

    def render(self, image_bgr: np.ndarray, mask: np.ndarray, camera: Camera, poses: list[FootPose]) -> np.ndarray:
        """Draw shoes on the feet.

        Args:
            image_bgr: (H, W, 3) uint8.
            mask: (H, W) uint8, 0 background, 1 leg, 2 foot.
            camera: of that size.
            poses: the feet; those behind the camera are left out.

        Returns:
            (H, W, 3) uint8, a new array.

        Raises:
            BadInputError: if picture, mask and camera differ in size, or the picture is not BGR uint8.
        """
        self._check(image_bgr, mask, camera)
        picture = image_bgr.copy()
        placed = self._place(poses)
        box = self._box(placed, camera)
        if box is None:
            return picture
        x0, y0, x1, y1 = box
        cropped_camera = replace(camera, width=x1 - x0, height=y1 - y0, cx=camera.cx - x0, cy=camera.cy - y0)
        window, window_mask = picture[y0:y1, x0:x1], mask[y0:y1, x0:x1]
        with self._stage("light"):
            ups = [foot.T_camera_model[:3, 2] / np.linalg.norm(foot.T_camera_model[:3, 2]) for foot in placed]
            look = self._looks(window, window_mask, np.mean(ups, 0))
        with self._stage("occlusion"):
            self._occlusion.prepare(mask, camera, [foot.T_camera_model for foot in placed])
        draws = self._draws(placed) + self._occlusion.draws()
        rendered = self._renderer.render(draws, cropped_camera, look.light, depth=False)
        with self._stage("occlusion"):
            hidden = self._occlusion.hidden(rendered.label, cropped_camera, (x0, y0))
            visible = rendered.drawn & ~hidden
        if self.config.hide_real:
            with self._stage("hide_real"):
                window_mask = self._hide_real(window, window_mask, cropped_camera, placed, hidden, max(mask.shape))
        with self._stage("composite"):
            if self.config.contact_shadow:
                self._shade_floor(window, window_mask, cropped_camera, placed, look)
            lay_over(window, rendered.packed, visible, look.blur, look.noise)
        return picture

    def warm_up(self) -> None:
        """Draw once for nobody and forget it: software GL compiles shaders when they are first used, for some 0.1 s."""
        camera = Camera.from_fov(640, 480)
        R_camera_foot = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]])  # a foot on the floor, seen from above
        feet = [
            FootPose(side, from_rt(R_camera_foot, (x, 0.1, 0.8))) for side, x in ((Side.LEFT, -0.1), (Side.RIGHT, 0.1))
        ]
        grey, mask = np.full((480, 640, 3), 127, np.uint8), np.zeros((480, 640), np.uint8)
        self.render(grey, mask, camera, feet)
        self.reset()

    def reset(self) -> None:
        """Forget earlier frames: the next one is another scene, or an earlier one."""
        self._occlusion.reset()
        self._looks.reset()

    def release(self) -> None:
        """Free the GPU memory and the GL context."""
        for mesh in self._parts:
            mesh.release()
        self._occlusion.release()
        self._renderer.release()

    def _check(self, image: np.ndarray, mask: np.ndarray, camera: Camera) -> None:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise BadInputError(f"image is {image.shape} {image.dtype}; allowed: (H, W, 3) uint8, BGR")
        size = image.shape[:2]
        if mask.shape != size or (camera.height, camera.width) != size:
            raise BadInputError(
                f"image is {size[1]}x{size[0]}, mask {mask.shape[::-1]}, camera {camera.width}x{camera.height}; "
                "all must have the image's size"
            )

    def _place(self, poses: list[FootPose]) -> list[_Placed]:
        placed = []
        for pose in poses[: occlusion.MAX_FEET]:
            T_foot_model = self.shoe.T_foot_model(pose.side, pose.foot_length)
            T = pose.T_camera_foot @ _scaling(self.config.shoe_scale, pose.foot_length) @ T_foot_model
            if np.isfinite(T).all() and (T @ [*self._corners.mean(0), 1.0])[2] > _MIN_DEPTH:
                placed.append(_Placed(len(placed) + 1, T))
        return placed

    def _box(self, placed: list[_Placed], camera: Camera) -> tuple[int, int, int, int] | None:
        """The part of the picture (x0, y0, x1, y1) that the shoes can reach; None if there is none."""
        boxes = []
        for foot in placed:
            corners = self._corners @ foot.T_camera_model[:3, :3].T + foot.T_camera_model[:3, 3]
            if corners[:, 2].min() < _MIN_DEPTH:  # partly behind the camera: it can reach anything
                return 0, 0, camera.width, camera.height
            pixels = camera.project(corners)
            boxes.append([*pixels.min(0), *pixels.max(0)])
        if not boxes:
            return None
        low, high = np.min(boxes, 0)[:2], np.max(boxes, 0)[2:]
        margin = max(_MARGIN, 0.15 * (high - low).max())
        (x0, y0), (x1, y1) = np.floor(low - margin), np.ceil(high + margin) + 1
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, camera.width), min(y1, camera.height)
        return (int(x0), int(y0), int(x1), int(y1)) if x1 - x0 > 1 and y1 - y0 > 1 else None

    def _draws(self, placed: list[_Placed]) -> list[Draw]:
        return [
            Draw(part, foot.T_camera_model, foot.label, far_label=foot.label + occlusion.BEHIND, far_plane=plane)
            for foot, plane in zip(placed, self._occlusion.far_planes, strict=True)
            for part in self._parts
        ]

    def _hide_real(
        self,
        window: np.ndarray,
        mask: np.ndarray,
        camera: Camera,
        placed: list[_Placed],
        hidden: np.ndarray,
        picture_size: int,
    ) -> np.ndarray:
        """Paint floor over the real feet around the shoes; returns the mask without them."""
        hulls = [self._hull @ foot.T_camera_model[:3, :3].T + foot.T_camera_model[:3, 3] for foot in placed]
        keep = hidden | self._occlusion.legs(camera)
        painted = fill_floor(window, mask, region_around(hulls, camera), keep, picture_size)
        return np.where(painted, MASK_BACKGROUND, mask)

    def _shade_floor(
        self, window: np.ndarray, mask: np.ndarray, camera: Camera, placed: list[_Placed], look: FrameLook
    ) -> None:
        """Darken the floor around the shoes; the wearer stays as it is."""
        soles, falls = [], []
        for foot in placed:
            T = foot.T_camera_model
            up = T[:3, 2] / np.linalg.norm(T[:3, 2])
            slant = look.light.direction - (look.light.direction @ up) * up
            soles.append(self._sole @ T[:3, :3].T + T[:3, 3])
            falls.append(-_SHADOW_HEIGHT * slant / max(look.light.direction @ up, 0.5))
        shade_floor(window, mask == MASK_BACKGROUND, camera, soles, falls, self.config.contact_shadow)


def _scaling(scale: float, foot_length: float) -> np.ndarray:
    """(4, 4) that scales the foot frame about the middle of the sole, so that heel and toe gain alike."""
    S = np.diag([scale, scale, scale, 1.0])
    S[0, 3] = (1 - scale) * foot_length / 2
    return S


def _sole_outline(points: np.ndarray) -> np.ndarray:
    """The outline (K, 3) of what lies near the floor, on the floor, of points (N, 3)."""
    low = points[:, 2].min()
    near = points[points[:, 2] < low + 0.02]
    hull = cv2.convexHull(np.ascontiguousarray(near[:, :2], np.float32))[:, 0]
    return np.column_stack([hull, np.full(len(hull), low)]).astype(np.float64)
