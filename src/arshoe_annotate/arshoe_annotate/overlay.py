"""A picture with its labels drawn in: models see-through with their outline, and the eight keypoints."""

from dataclasses import replace

import cv2
import numpy as np

from arshoe_annotate.foot_label import FootLabel, visibility
from arshoe_annotate.models import model_mesh
from arshoe_core.camera import Camera
from arshoe_core.foot import KEYPOINT_NAMES, STANDARD_FOOT_LENGTH
from arshoe_render.gl_renderer import Draw, GlRenderer, GpuMesh, Rendered
from arshoe_render.light import Light
from arshoe_render.mesh import Mesh, smooth_normals
from arshoe_render.overlay import SIDE_COLORS

_LIGHT = Light.studio(np.array([0.0, -1, -0.5]))


class ModelRenderer:
    """Draws the models of labelled feet. Use it from one thread at a time.

    Raises:
        BadInputError: if the machine has no headless OpenGL.
    """

    def __init__(self) -> None:
        self._renderer = GlRenderer(640, 480)
        self._meshes: dict[tuple, GpuMesh] = {}

    def labels(self, feet: list[FootLabel], camera: Camera) -> np.ndarray:
        """Which foot is seen at each pixel (H, W) uint8: 1 for the first, 0 where none is; ankles are left out."""
        return self._render(feet, camera, ankle=False).label

    def draw(self, image_bgr: np.ndarray, camera: Camera, feet: list[FootLabel], opacity: float = 0.45) -> np.ndarray:
        """Draw feet into a picture: models, outlines, keypoints (filled where visible, hollow where hidden).

        Returns:
            A new picture (H, W, 3) uint8.
        """
        picture = image_bgr.copy()
        if feet:
            rendered = self._render(feet, camera)
            shown = rendered.label > 0
            color = rendered.color[..., 2::-1][shown].astype(np.float32)
            picture[shown] = np.rint(picture[shown] * (1 - opacity) + color * opacity).astype(np.uint8)
            thickness = max(1, round(max(camera.width, camera.height) / 800))
            for number, label in enumerate(feet, 1):
                outlines = cv2.findContours((rendered.label == number).astype(np.uint8), cv2.RETR_EXTERNAL, 2)[0]
                cv2.drawContours(picture, outlines, -1, SIDE_COLORS[label.side], thickness, cv2.LINE_AA)
                draw_keypoints(picture, camera, label, [other for other in feet if other is not label])
        return picture

    def _render(self, feet: list[FootLabel], camera: Camera, ankle: bool = True) -> Rendered:
        draws = []
        for number, label in enumerate(feet, 1):
            scale = label.foot_length / STANDARD_FOOT_LENGTH
            T = label.T_camera_foot @ np.diag([scale, scale, scale, 1.0])
            draws.append(Draw(self._mesh(label, ankle), T, number))
        return self._renderer.render(draws, replace(camera, distortion=()), _LIGHT, depth=False)

    def _mesh(self, label: FootLabel, ankle: bool) -> GpuMesh:
        key = label.model, label.side, ankle
        if key not in self._meshes:
            vertices, faces = model_mesh(*key)
            self._meshes[key] = self._renderer.upload(Mesh(vertices, faces, smooth_normals(vertices, faces)))
        return self._meshes[key]


def draw_keypoints(picture: np.ndarray, camera: Camera, label: FootLabel, others: list[FootLabel]) -> None:
    """Draw a foot's keypoints with their numbers into a picture (H, W, 3), in place."""
    size = max(picture.shape[:2])
    radius, font = max(2, round(size / 300)), max(0.35, size / 2200)
    seen = visibility(label, camera, others)
    for number, pixel in enumerate(camera.project(label.keypoints())):
        if seen[number] == 0:
            continue
        at = tuple(int(v) for v in np.rint(pixel))
        cv2.circle(picture, at, radius, SIDE_COLORS[label.side], -1 if seen[number] == 2 else 1, cv2.LINE_AA)
        cv2.putText(
            picture, str(number), (at[0] + radius, at[1] - radius), cv2.FONT_HERSHEY_SIMPLEX, font, (0, 255, 255), 1,
            cv2.LINE_AA,
        )  # fmt: skip


def draw_grid(picture: np.ndarray, scale: float, origin: tuple[float, float]) -> None:
    """Draw lines with their pixel numbers over a cut-out (H, W, 3), in place, so that positions can be read off.

    Args:
        scale: pixels of the cut-out per pixel of the whole picture.
        origin: x, y of the cut-out's first pixel in the whole picture.
    """
    height, width = picture.shape[:2]
    step = next(s for s in (5, 10, 20, 50, 100, 200, 500, 1000) if s * scale >= 60 or s == 1000)
    for axis, size in ((0, width), (1, height)):
        first = int(np.ceil(origin[axis] / step)) * step
        for value in range(first, int(origin[axis] + size / scale), step):
            at = round((value - origin[axis]) * scale)
            ends = ((at, 0), (at, height)) if axis == 0 else ((0, at), (width, at))
            cv2.line(picture, *ends, (255, 255, 0), 1)
            place = (at + 2, 12) if axis == 0 else (2, at - 2)
            cv2.putText(picture, str(value), place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 255), 1, cv2.LINE_AA)


def legend() -> str:
    """Which number is which keypoint."""
    return ", ".join(f"{i} {name}" for i, name in enumerate(KEYPOINT_NAMES))
