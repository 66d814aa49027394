"""A headless OpenGL renderer (EGL; works on a software GL) of a few meshes into colour, depth and labels."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import cv2
import moderngl
import numpy as np

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_render import shaders
from arshoe_render.gl_geometry import depth_range, largest_r2, light_matrix, projection_matrix
from arshoe_render.gpu_mesh import GpuMesh
from arshoe_render.light import SH_FACTORS, Light
from arshoe_render.mesh import Mesh

Stage = Callable[[str], AbstractContextManager]
"""Takes the name of a part of the work and times what is inside."""

SHADOW_SIZE = 1024
_SHADOW_UNIT = 7


@dataclass(frozen=True)
class Rendered:
    """One picture, row 0 at the top.

    Attributes:
        packed: (H, W, 4) uint8, what comes from the GPU: sRGB R, G, B and label.
        label: (H, W) uint8, the draw's label, 0 where nothing is.
        depth: (H, W) float32 metres along the camera's z, inf where nothing is; None if not asked for.
    """

    packed: np.ndarray
    label: np.ndarray
    depth: np.ndarray | None

    @property
    def color(self) -> np.ndarray:
        """(H, W, 3) uint8 sRGB R, G, B, black where nothing is; a view."""
        return self.packed[..., :3]

    @property
    def drawn(self) -> np.ndarray:
        """(H, W) bool, where a visible surface was drawn (or there is a background)."""
        return self.packed[..., 1] != 0


@dataclass(frozen=True)
class Draw:
    """One mesh in a picture.

    Attributes:
        mesh: from the same renderer's `upload`.
        T_camera_model: (4, 4) affine, metres; scale and mirroring are allowed.
        label: 1 to 255, written to `Rendered.label`.
        far_label: written instead on the far side of `far_plane`; reading the depth back would cost 3 ms.
        far_plane: a, b, c, d of a plane of the camera frame, metres; its far side is a x + b y + c z + d > 0.
        casts_shadow: leave out what only receives shadows (a floor): the shadow map spans the casters only.
        visible: False writes depth and label but no colour. Such a mesh hides what is drawn after it, and marks
            where it lies in front of what was drawn before it.
    """

    mesh: GpuMesh
    T_camera_model: np.ndarray
    label: int = 1
    casts_shadow: bool = True
    visible: bool = True
    far_label: int = 0
    far_plane: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


def no_stage(name: str) -> AbstractContextManager:
    """A `Stage` that does nothing."""
    return nullcontext()


class GlRenderer:
    """Draws meshes as the camera sees them, lens distortion included. Use it from one thread at a time.

    Distortion moves vertices, so the edges of triangles stay straight: fine for meshes of small triangles.

    Args:
        width, height: the largest picture expected, pixels; a larger camera makes it grow.
        stage: called with "draw" and "readback" around these, to time them.

    Raises:
        BadInputError: if the machine has no EGL with OpenGL 3.3.
    """

    def __init__(self, width: int, height: int, stage: Stage = no_stage) -> None:
        self._stage = stage
        try:
            self._context = moderngl.create_context(standalone=True, backend="egl", require=330)
        except Exception as error:  # moderngl raises bare Exception
            raise BadInputError(
                f"no headless OpenGL 3.3 ({error}); install the Debian packages "
                "libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri"
            ) from error
        self._programs: dict[tuple[str, ...], moderngl.Program] = {}
        self._shadow_program: moderngl.Program | None = None
        self._shadow: moderngl.Framebuffer | None = None
        self._attachments: list[moderngl.Texture] = []
        self._framebuffer: moderngl.Framebuffer | None = None
        with self._context:
            self._resize(width, height)

    def upload(self, mesh: Mesh) -> GpuMesh:
        """Put a mesh and its textures into GPU memory."""
        with self._context:
            return GpuMesh(self._context, mesh)

    def render(
        self, draws: list[Draw], camera: Camera, light: Light, background: np.ndarray | None = None, depth: bool = True
    ) -> Rendered:
        """Draw the meshes.

        Args:
            camera: its size is the picture's.
            light: in the camera frame.
            background: (H, W, 3) uint8 RGB shown where nothing is drawn; black if None.
            depth: False saves reading the depth back (`Rendered.depth` is None).
        """
        near, far = depth_range([_sphere(draw) for draw in draws])
        with self._context:
            with self._stage("draw"):
                self._draw_all(draws, camera, light, _common_uniforms(camera, near, far, light))
                self._context.finish()
            with self._stage("readback"):
                return self._read(camera.width, camera.height, near, far, background, depth)

    def release(self) -> None:
        """Free everything, context included. Meshes uploaded to this renderer can't be used any more."""
        with self._context:
            self._release_framebuffer()
        self._context.release()

    def _resize(self, width: int, height: int) -> None:
        self._release_framebuffer()
        color, depth = self._context.texture((width, height), 4), self._context.depth_texture((width, height))
        self._attachments = [color, depth]
        self._framebuffer = self._context.framebuffer([color], depth)

    def _release_framebuffer(self) -> None:
        for resource in (self._framebuffer, *self._attachments):
            if resource is not None:
                resource.release()
        self._framebuffer, self._attachments = None, []

    def _program(self, draw: Draw, scene: tuple[str, ...]) -> moderngl.Program:
        features = (draw.mesh.features if draw.visible else ("LABEL_ONLY",)) + scene
        if features not in self._programs:
            defines = {"defines": "\n".join(f"#define {name}" for name in features)}
            fragment = shaders.FRAGMENT if draw.visible else shaders.LABEL_FRAGMENT
            program = self._context.program(vertex_shader=shaders.VERTEX % defines, fragment_shader=fragment % defines)
            units = {"base_texture": 0, "surface_texture": 1, "glow_texture": 2, "shadow_map": _SHADOW_UNIT}
            for name, unit in units.items():
                if name in program:
                    program[name].value = unit
            self._programs[features] = program
        return self._programs[features]

    def _draw_all(self, draws: list[Draw], camera: Camera, light: Light, common: dict[str, bytes]) -> None:
        width, height = camera.width, camera.height
        if width > self._framebuffer.width or height > self._framebuffer.height:
            self._resize(max(width, self._framebuffer.width), max(height, self._framebuffer.height))
        shadow_camera = self._draw_shadow_map(draws, light) if light.shadow else None
        if shadow_camera is not None:
            common |= {"shadow_camera": _gl(shadow_camera.T), "shadow_texel": _gl(1 / SHADOW_SIZE)}
            self._shadow.depth_attachment.use(_SHADOW_UNIT)
        self._framebuffer.use()
        self._context.viewport = (0, 0, width, height)
        self._context.scissor = (0, 0, width, height)
        self._framebuffer.color_mask = (True,) * 4
        self._framebuffer.clear(depth=1.0)
        self._context.enable_only(moderngl.DEPTH_TEST)
        wanted = {
            "DISTORTION": bool(camera.distortion),
            "SHADOW": shadow_camera is not None,
            "SH_SQUARES": _has_squares(light),
        }
        scene = tuple(name for name, yes in wanted.items() if yes)
        ready: set[int] = set()
        for draw in draws:
            program = self._program(draw, scene)
            if program.glo not in ready:
                _write(program, common)
                ready.add(program.glo)
            self._draw(draw, program)

    def _draw(self, draw: Draw, program: moderngl.Program) -> None:
        mesh, T = draw.mesh, np.asarray(draw.T_camera_model, np.float64)
        m, determinant = mesh.material, np.linalg.det(T[:3, :3])
        uniforms = {"camera_model": T.T, "label": draw.label / 255}
        if draw.visible:
            uniforms |= {
                "normal_model": np.linalg.inv(T[:3, :3]),
                "handedness": np.sign(determinant),
                "far_plane": draw.far_plane,
                "far_label": draw.far_label / 255,
                "base_color": m.base_color,
                "metallic": mesh.metallic,
                "roughness": mesh.roughness,
                "surface_scale": (m.normal_scale, m.normal_scale, 1 - m.occlusion_strength, m.occlusion_strength),
                "emissive": m.emissive,
                "alpha_cutoff": m.alpha_cutoff,
            }
            for unit, name in enumerate(("base_texture", "surface_texture", "glow_texture")):
                if name in mesh.textures:
                    mesh.textures[name].use(unit)
        _write(program, {name: _gl(value) for name, value in uniforms.items()})
        self._framebuffer.color_mask = (draw.visible, draw.visible, draw.visible, True)
        self._framebuffer.use()  # only now the mask counts
        self._cull(m.double_sided, mirrored=determinant < 0)
        mesh.vertex_array(program).render()

    def _cull(self, double_sided: bool, mirrored: bool) -> None:
        if double_sided:
            self._context.disable(moderngl.CULL_FACE)
            return
        self._context.enable(moderngl.CULL_FACE)
        # The picture's row 0 is GL's bottom row, which turns counter-clockwise faces clockwise.
        self._context.front_face = "ccw" if mirrored else "cw"

    def _draw_shadow_map(self, draws: list[Draw], light: Light) -> np.ndarray | None:
        """Render the casters from the light; returns shadow-map coordinates from the camera frame, (4, 4)."""
        spheres = [_sphere(draw) for draw in draws if draw.casts_shadow]
        if not spheres:
            return None
        if self._shadow is None:
            texture = self._context.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
            texture.compare_func = "<="
            texture.repeat_x = texture.repeat_y = False
            texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
            self._shadow = self._context.framebuffer(depth_attachment=texture)
            self._shadow_program = self._context.program(
                vertex_shader=shaders.SHADOW_VERTEX, fragment_shader=shaders.SHADOW_FRAGMENT
            )
        clip_light = light_matrix(spheres, light.direction)
        self._shadow.use()
        self._context.viewport = (0, 0, SHADOW_SIZE, SHADOW_SIZE)
        self._context.scissor = None
        self._shadow.clear(depth=1.0)
        self._context.enable_only(moderngl.DEPTH_TEST)
        for draw in draws:
            if draw.casts_shadow:
                self._shadow_program["clip_model"].write(_gl((clip_light @ draw.T_camera_model).T))
                draw.mesh.vertex_array(self._shadow_program).render()
        to_texture = np.diag([0.5, 0.5, 0.5, 1.0])
        to_texture[:3, 3] = 0.5
        return to_texture @ clip_light

    def _read(
        self, width: int, height: int, near: float, far: float, background: np.ndarray | None, with_depth: bool
    ) -> Rendered:
        viewport, target = (0, 0, width, height), self._framebuffer
        packed = np.empty((height, width, 4), np.uint8)
        target.read_into(packed, viewport, 4, attachment=0, alignment=1)
        label = cv2.extractChannel(packed, 3)
        depth = None
        if with_depth:
            depth = np.empty((height, width), np.float32)
            target.read_into(depth, viewport, 1, attachment=-1, alignment=1, dtype="f4")
            empty = depth == 1.0
            # z = far near / (far - (far - near) d), of the projection matrix below
            np.multiply(depth, near - far, out=depth)
            depth += far
            np.divide(far * near, depth, out=depth)
            depth[empty] = np.inf
        if background is not None:
            nothing = packed[..., 1] == 0
            packed[..., :3][nothing] = background[nothing]
        return Rendered(packed, label, depth)


def _common_uniforms(camera: Camera, near: float, far: float, light: Light) -> dict[str, bytes]:
    """What every draw of a picture has in common."""
    uniforms = {
        "clip_camera": projection_matrix(camera, near, far).T,
        "sh": (light.sh * SH_FACTORS[:, None])[: 9 if _has_squares(light) else 4],
        "light_direction": light.direction,
        "light_color": light.color,
    }
    if camera.distortion:
        uniforms |= {"k": camera.distortion, "largest_r2": largest_r2(camera.distortion)}
    return {name: _gl(value) for name, value in uniforms.items()}


def _has_squares(light: Light) -> bool:
    return bool(light.sh[4:].any())


def _gl(value: object) -> bytes:
    return np.asarray(value, np.float32).tobytes()


def _write(program: moderngl.Program, uniforms: dict[str, bytes]) -> None:
    """Write the uniforms that the program has; matrices are in GL's column order."""
    for name, value in uniforms.items():
        if name in program:
            program[name].write(value)


def _sphere(draw: Draw) -> tuple[np.ndarray, float]:
    """Bounding sphere of a draw in the camera frame: centre (3,), radius."""
    T = np.asarray(draw.T_camera_model)
    scale = np.linalg.norm(T[:3, :3], 2)
    return T[:3, :3] @ draw.mesh.sphere_centre + T[:3, 3], scale * draw.mesh.sphere_radius
