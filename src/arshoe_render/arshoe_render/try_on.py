"""Puts virtual shoes on the feet in a picture."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.parameters import parameter, validate
from arshoe_core.types import MASK_LEG, FootPose
from arshoe_render.gl_renderer import Draw, GlRenderer, GpuMesh, Rendered
from arshoe_render.light import Light
from arshoe_render.mesh import bounds
from arshoe_render.occlusion import silhouette_occlusion, soft_alpha
from arshoe_render.shoe import DEFAULT_SHOE, Shoe, load_shoe

MAX_FEET = 60
_BEHIND, _OPENING = 60, 120
"""Added to a foot's label where its shoe is seen behind the opening's middle, and where its opening or leg tube is."""
_MARGIN = 24
"""Pixels around the shoes that are worked on, at least: room for the contact shadow and the leg above the shoe."""
_MIN_DEPTH = 0.05


@dataclass(frozen=True)
class TryOnConfig:
    """Parameters of `TryOnRenderer`."""

    shoe: str = parameter(DEFAULT_SHOE, "name of a bundled shoe, or path of a .glb file")
    occlusion: str = parameter(
        "silhouette",
        "how the leg hides the shoe: the paper's method on the leg mask, a 3D leg, or not at all",
        choices=("silhouette", "mesh", "none"),
    )
    shoe_scale: float = parameter(
        1.06, "size of the shoe relative to the foot as worn: a little larger covers socks and the wearer's own shoe",
        low=0.8, high=1.3,
    )  # fmt: skip
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

    Raises:
        BadInputError: if the shoe can't be loaded or the machine has no headless OpenGL.
    """

    def __init__(self, config: TryOnConfig | None = None) -> None:
        self.config = config or TryOnConfig()
        self.shoe: Shoe = load_shoe(self.config.shoe)
        self._renderer = GlRenderer(640, 480)
        self._parts = [self._renderer.upload(mesh) for mesh in self.shoe.meshes]
        self._cap: GpuMesh = self._renderer.upload(self.shoe.opening_cap())
        self._tube: GpuMesh = self._renderer.upload(self.shoe.leg_tube())
        low, high = bounds(self.shoe.meshes)
        self._corners = np.array(
            [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
        )
        self._sole = _sole_outline(np.concatenate([m.vertices for m in self.shoe.meshes]))

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
        light = _estimate_light(image_bgr, placed)
        rendered = self._renderer.render(self._draws(placed), cropped_camera, light, depth=False)
        visible = self._visible(rendered, window_mask, placed)
        if self.config.contact_shadow:
            self._shade_floor(window, window_mask, cropped_camera, placed)
        _blend(window, rendered.packed, soft_alpha(visible))
        return picture

    def release(self) -> None:
        """Free the GPU memory and the GL context."""
        for mesh in (*self._parts, self._cap, self._tube):
            mesh.release()
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
        for pose in poses[:MAX_FEET]:
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
        rim = np.array([*self.shoe.rim.mean(0), 1.0])
        shoes = [
            Draw(part, T, foot.label, far_label=foot.label + _BEHIND, far_depth=(T @ rim)[2])
            for foot in placed
            for part in self._parts
            for T in [foot.T_camera_model]
        ]
        if self.config.occlusion == "none":
            return shoes
        hidden = self._tube if self.config.occlusion == "mesh" else self._cap
        invisible = [Draw(hidden, foot.T_camera_model, foot.label + _OPENING, visible=False) for foot in placed]
        # The leg hides what is drawn after it; the opening marks where it is seen in front of the shoe.
        return invisible + shoes if self.config.occlusion == "mesh" else shoes + invisible

    def _visible(self, rendered: Rendered, mask: np.ndarray, placed: list[_Placed]) -> np.ndarray:
        visible = rendered.drawn
        if self.config.occlusion == "mesh":
            visible &= rendered.label < _OPENING
        elif self.config.occlusion == "silhouette":
            leg, wearer = mask == MASK_LEG, mask != 0
            for foot in placed:
                near, behind, opening = (rendered.label == foot.label + part for part in (0, _BEHIND, _OPENING))
                visible &= ~silhouette_occlusion(near | behind, opening, leg, wearer, behind)
        return visible

    def _shade_floor(self, window: np.ndarray, mask: np.ndarray, camera: Camera, placed: list[_Placed]) -> None:
        """Darken the floor around the soles, at a quarter of the size; the wearer stays as it is."""
        height, width = mask.shape
        shade = np.zeros((height // 4 + 1, width // 4 + 1), np.uint8)
        for foot in placed:
            points = camera.project(self._sole @ foot.T_camera_model[:3, :3].T + foot.T_camera_model[:3, 3])
            if np.isfinite(points).all() and np.abs(points).max() < 1e5:
                cv2.fillPoly(shade, [np.round((points + 0.5) / 4 - 0.5).astype(np.int32)], 255)
        shade = cv2.blur(cv2.blur(shade, (5, 5)), (5, 5))
        shade = cv2.resize(shade, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)[:height, :width]
        light = 255 - cv2.convertScaleAbs(shade, alpha=self.config.contact_shadow)
        light[mask != 0] = 255
        cv2.multiply(window, cv2.merge([light] * 3), dst=window, scale=1 / 255)


def _scaling(scale: float, foot_length: float) -> np.ndarray:
    """(4, 4) that scales the foot frame about the middle of the sole, so that heel and toe gain alike."""
    S = np.diag([scale, scale, scale, 1.0])
    S[0, 3] = (1 - scale) * foot_length / 2
    return S


def _blend(window: np.ndarray, rgba: np.ndarray, alpha: np.ndarray) -> None:
    """Put a picture (H, W, 4), R, G, B first, over window (H, W, 3) BGR with opacity alpha (H, W) uint8, in place."""
    bgr = cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGR)
    ys, xs = np.divmod(np.flatnonzero(alpha - 1 < 254), alpha.shape[1])  # 1 to 254; 0 - 1 wraps round to 255
    weight = alpha[ys, xs, None].astype(np.float32) / 255
    edge = window[ys, xs] * (1 - weight) + bgr[ys, xs] * weight
    cv2.copyTo(bgr, (alpha == 255).view(np.uint8), window)
    window[ys, xs] = np.rint(edge).astype(np.uint8)


def _estimate_light(image_bgr: np.ndarray, placed: list[_Placed]) -> Light:
    """Light from above the feet, brighter and more tinted as the picture is.

    Both are roots of what a scene of middle grey would give: a dark or green picture is partly a dark or green floor.
    """
    sample = image_bgr[::16, ::16].reshape(-1, 3)[:, ::-1].astype(np.float64) / 255
    mean = (sample**2.2).mean(0) + 1e-4
    level = np.clip((mean.mean() / 0.22) ** 0.5, 0.4, 1.2)
    tint = np.clip((mean / mean.mean()) ** 0.25, 0.85, 1.15)
    up = np.mean([foot.T_camera_model[:3, 2] for foot in placed], 0)
    light = Light.studio(up, ambient=0.55 * level, key=0.5 * level)
    return replace(light, sh=light.sh * tint, color=light.color * tint)


def _sole_outline(points: np.ndarray) -> np.ndarray:
    """The outline (K, 3) of what lies near the floor, on the floor, of points (N, 3)."""
    low = points[:, 2].min()
    near = points[points[:, 2] < low + 0.02]
    hull = cv2.convexHull(np.ascontiguousarray(near[:, :2], np.float32))[:, 0]
    return np.column_stack([hull, np.full(len(hull), low)]).astype(np.float64)
