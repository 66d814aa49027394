"""A mesh and its textures in GPU memory."""

from dataclasses import dataclass

import cv2
import moderngl
import numpy as np

from arshoe_render.light import SRGB_TO_LINEAR
from arshoe_render.mesh import Material, Mesh, smooth_tangents

_LINEAR16 = np.rint(SRGB_TO_LINEAR * 65535).astype(np.uint16)
_ROOT8 = np.rint(255 * np.sqrt(SRGB_TO_LINEAR)).astype(np.uint8)
_ANISOTROPY = 8.0
_SOFTWARE = ("llvmpipe", "softpipe", "SWR")
_JPEG_NOISE = 6


@dataclass(frozen=True, eq=False)
class PackedMesh:
    """A mesh as the GPU takes it: all the work that needs no GL, so that another thread may do it.

    Attributes:
        material: its surface.
        metallic, roughness: the material's, times what its texture has everywhere.
        features: names of the parts of the shader that the mesh needs.
        layout: name and width of each attribute in a row of `vertices`.
        vertices: (N, widths) float32.
        faces: (M, 3) int32.
        pictures: sampler name to mipmap levels, see `packed_textures`.
        sphere_centre, sphere_radius: a sphere around it, (3,) and metres, model frame.
    """

    material: Material
    metallic: float
    roughness: float
    features: tuple[str, ...]
    layout: list[tuple[str, int]]
    vertices: np.ndarray
    faces: np.ndarray
    pictures: dict[str, list[np.ndarray]]
    sphere_centre: np.ndarray
    sphere_radius: float


def pack(mesh: Mesh) -> PackedMesh:
    """Make a mesh ready for `GlRenderer.upload`."""
    nothing = ({}, 1.0, 1.0, False)
    pictures, rough, metal, metallic_in_alpha = nothing if mesh.uvs is None else packed_textures(mesh.material)
    count = len(mesh.vertices)
    columns = {
        "in_position": mesh.vertices,
        "in_normal": mesh.normals,
        "in_uv": np.zeros((count, 2), np.float32) if mesh.uvs is None else mesh.uvs,
    }
    if mesh.colors is not None:
        columns["in_color"] = mesh.colors
    if "surface_texture" in pictures:
        columns["in_tangent"] = smooth_tangents(mesh) if mesh.tangents is None else mesh.tangents
    wanted = {
        "VERTEX_COLOR": mesh.colors is not None,
        "EMISSIVE": any(mesh.material.emissive),
        "ALPHA_MASK": mesh.material.alpha_mode == "MASK",
        "METALLIC_IN_ALPHA": metallic_in_alpha,
    }
    centre = (mesh.vertices.min(0) + mesh.vertices.max(0)) / 2
    return PackedMesh(
        material=mesh.material,
        metallic=mesh.material.metallic * metal,
        roughness=mesh.material.roughness * rough,
        features=tuple([name.upper() for name in pictures] + [name for name, yes in wanted.items() if yes]),
        layout=[(name, np.shape(column)[1]) for name, column in columns.items()],
        vertices=np.hstack([np.asarray(column, np.float32) for column in columns.values()]),
        faces=np.ascontiguousarray(mesh.faces, np.int32),
        pictures=pictures,
        sphere_centre=centre.astype(np.float64),
        sphere_radius=float(np.linalg.norm(mesh.vertices - centre, axis=1).max()),
    )


class GpuMesh:
    """A mesh in GPU memory, made by `GlRenderer.upload`. Call `release` when it is no longer needed.

    Attributes:
        material, metallic, roughness, features, sphere_centre, sphere_radius: of `PackedMesh`.
        textures: sampler name to texture.
    """

    def __init__(self, context: moderngl.Context, mesh: Mesh | PackedMesh) -> None:
        packed = mesh if isinstance(mesh, PackedMesh) else pack(mesh)
        self._context = context
        self.material = packed.material
        self.metallic, self.roughness, self.features = packed.metallic, packed.roughness, packed.features
        self.sphere_centre, self.sphere_radius = packed.sphere_centre, packed.sphere_radius
        self._layout = packed.layout
        self._vertices = context.buffer(packed.vertices.tobytes())
        self._indices = context.buffer(packed.faces.tobytes())
        self._vertex_arrays: dict[int, moderngl.VertexArray] = {}
        self.textures = {name: _texture(context, levels) for name, levels in packed.pictures.items()}

    def vertex_array(self, program: moderngl.Program) -> moderngl.VertexArray:
        """The vertex array that feeds this mesh to `program`; made on first use."""
        found = self._vertex_arrays.get(program.glo)
        if found is None:
            used = [(f"{width}f", name) if name in program else (f"{4 * width}x", None) for name, width in self._layout]
            formats, names = " ".join(f for f, _ in used), [name for _, name in used if name]
            found = self._context.vertex_array(program, [(self._vertices, formats, *names)], index_buffer=self._indices)
            self._vertex_arrays[program.glo] = found
        return found

    def release(self) -> None:
        """Free the GPU memory; the mesh can't be drawn any more."""
        with self._context:
            for resource in (*self._vertex_arrays.values(), *self.textures.values(), self._vertices, self._indices):
                resource.release()
        self._vertex_arrays.clear()
        self.textures.clear()


def packed_textures(m: Material) -> tuple[dict[str, list[np.ndarray]], float, float, bool]:
    """A material's textures as the shader takes them, each a list of mipmap levels (H, W, 4) uint8.

    Few fetches: `base_texture` holds colour and alpha, `surface_texture` x and y of the normal, roughness and
    occlusion, `glow_texture` emission and metallic. An opaque material that does not glow has metallic in place of
    alpha and saves the third fetch (an eighth of the time of drawing the sneaker). Colours are kept as their square
    root, which the shader squares: software GL filters plain 8-bit numbers much faster than sRGB.

    Returns:
        The textures by name, factors of roughness and metallic where their texture is the same everywhere, and whether
        metallic has taken the place of alpha.
    """
    packed = {}
    rough = m.metallic_roughness_texture
    roughness, rough_factor = _split(None if rough is None else rough[..., 1])
    metallic, metal_factor = _split(None if rough is None else rough[..., 2])
    base = m.base_color_texture
    alpha_is_free = base is not None and m.alpha_mode == "OPAQUE" and m.emissive_texture is None
    metallic_in_alpha = metallic is not None and alpha_is_free
    if metallic_in_alpha:
        base, metallic = _stacked([*np.moveaxis(base[..., :3], 2, 0), metallic]), None
    if base is not None:
        packed["base_texture"] = _color_levels(base)
    if m.normal_texture is not None or m.occlusion_texture is not None or roughness is not None:
        flat = np.full((1, 1, 3), (128, 128, 255), np.uint8)
        normal = flat if m.normal_texture is None else m.normal_texture
        occlusion = None if m.occlusion_texture is None else m.occlusion_texture[..., 0]
        channels = [normal[..., 0], normal[..., 1], _or_white(roughness), _or_white(occlusion)]
        packed["surface_texture"] = _levels(_stacked(channels))
    if m.emissive_texture is not None or metallic is not None:
        glow = np.full((1, 1, 3), 255, np.uint8) if m.emissive_texture is None else m.emissive_texture
        packed["glow_texture"] = _color_levels(_stacked([*np.moveaxis(glow, 2, 0), _or_white(metallic)]))
    return packed, rough_factor, metal_factor, metallic_in_alpha


def _split(channel: np.ndarray | None) -> tuple[np.ndarray | None, float]:
    """What varies of a texture's channel, and a factor; a few grey levels are only noise of a JPEG."""
    if channel is None:
        return None, 1.0
    return (None, float(channel.mean()) / 255) if np.ptp(channel) <= _JPEG_NOISE else (channel, 1.0)


def _or_white(channel: np.ndarray | None) -> np.ndarray:
    return np.full((1, 1), 255, np.uint8) if channel is None else channel


def _stacked(channels: list[np.ndarray]) -> np.ndarray:
    """Channels (H, W) of perhaps different sizes as one (H, W, C) of the largest."""
    height, width = np.max([c.shape for c in channels], 0).tolist()
    same = [np.ascontiguousarray(c) for c in channels]
    return np.dstack([c if c.shape == (height, width) else cv2.resize(c, (width, height)) for c in same])


def _color_levels(image: np.ndarray) -> list[np.ndarray]:
    """Mipmaps of sRGB colours (H, W, 3 or 4), averaged as light, stored as square roots, with alpha."""
    alpha = image[..., 3] if image.shape[2] == 4 else np.full(image.shape[:2], 255, np.uint8)
    color = np.ascontiguousarray(image[..., :3])
    linear = cv2.LUT(color, _LINEAR16)
    levels = [np.dstack([cv2.LUT(color, _ROOT8), alpha])]
    while max(linear.shape[:2]) > 1:
        size = _half(linear)
        linear, alpha = (cv2.resize(x, size, interpolation=cv2.INTER_AREA) for x in (linear, alpha))
        levels.append(np.dstack([_root(linear), alpha]))
    return levels


def _root(linear: np.ndarray) -> np.ndarray:
    return cv2.convertScaleAbs(cv2.sqrt(linear.astype(np.float32)), alpha=255 / 65535**0.5)


def _levels(image: np.ndarray) -> list[np.ndarray]:
    """Mipmaps of numbers (H, W, 4) uint8."""
    levels = [image]
    while max(image.shape[:2]) > 1:
        image = cv2.resize(image, _half(image), interpolation=cv2.INTER_AREA)
        levels.append(image)
    return levels


def _half(image: np.ndarray) -> tuple[int, int]:
    return max(image.shape[1] // 2, 1), max(image.shape[0] // 2, 1)


def _texture(context: moderngl.Context, levels: list[np.ndarray]) -> moderngl.Texture:
    height, width = levels[0].shape[:2]
    texture = context.texture((width, height), 4, levels[0].tobytes(), alignment=4)
    texture.build_mipmaps(max_level=len(levels) - 1)
    for number, level in enumerate(levels[1:], 1):
        texture.write(level.tobytes(), level=number, alignment=4)
    texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    # Software GL was seen to hang on anisotropic filtering.
    if not any(name in context.info["GL_RENDERER"] for name in _SOFTWARE):
        texture.anisotropy = _ANISOTROPY
    return texture
