"""A mesh and its textures in GPU memory."""

import moderngl
import numpy as np

from arshoe_render.mesh import Material, Mesh

SRGB8, SRGB8_ALPHA8 = 0x8C41, 0x8C43


class GpuMesh:
    """A mesh in GPU memory, made by `GlRenderer.upload`. Call `release` when it is no longer needed."""

    def __init__(self, context: moderngl.Context, mesh: Mesh) -> None:
        count = len(mesh.vertices)
        uvs = np.zeros((count, 2), np.float32) if mesh.uvs is None else mesh.uvs
        colors = np.ones((count, 4), np.float32) if mesh.colors is None else mesh.colors
        columns = [
            np.asarray(part, np.float32).reshape(count, -1) for part in (mesh.vertices, mesh.normals, uvs, colors)
        ]
        self.material: Material = mesh.material
        centre = (mesh.vertices.min(0) + mesh.vertices.max(0)) / 2
        self.sphere_centre = centre.astype(np.float64)
        self.sphere_radius = float(np.linalg.norm(mesh.vertices - centre, axis=1).max())
        self.vertex_buffer = context.buffer(np.ascontiguousarray(np.hstack(columns)).tobytes())
        self.index_buffer = context.buffer(np.ascontiguousarray(mesh.faces, np.int32).tobytes())
        self.vertex_arrays: dict[int, moderngl.VertexArray] = {}
        m = mesh.material
        white = np.full((1, 1, 3), 255, np.uint8)
        self.textures = {
            "base_texture": _texture(context, white if m.base_color_texture is None else m.base_color_texture, True)
        }
        if m.metallic_roughness_texture is not None:
            self.textures["metallic_roughness_texture"] = _texture(context, m.metallic_roughness_texture, False)
        if m.normal_texture is not None:
            self.textures["normal_texture"] = _texture(context, m.normal_texture, False)
        self._context = context

    def vertex_array(self, program: moderngl.Program) -> moderngl.VertexArray:
        """The vertex array that feeds this mesh to `program`; made on first use."""
        found = self.vertex_arrays.get(program.glo)
        if found is None:
            layout = [("3f", "in_position"), ("3f", "in_normal"), ("2f", "in_uv"), ("4f", "in_color")]
            used = [(f, name) if name in program else (f"{int(f[0]) * 4}x", None) for f, name in layout]
            formats, names = " ".join(f for f, _ in used), [name for _, name in used if name]
            found = self._context.vertex_array(
                program, [(self.vertex_buffer, formats, *names)], index_buffer=self.index_buffer
            )
            self.vertex_arrays[program.glo] = found
        return found

    def release(self) -> None:
        """Free the GPU memory; the mesh can't be drawn any more."""
        with self._context:
            for resource in (*self.vertex_arrays.values(), *self.textures.values()):
                resource.release()
            self.vertex_buffer.release()
            self.index_buffer.release()
        self.vertex_arrays.clear()
        self.textures.clear()


def _texture(context: moderngl.Context, image: np.ndarray, srgb: bool) -> moderngl.Texture:
    height, width, channels = image.shape
    internal = {3: SRGB8, 4: SRGB8_ALPHA8}[channels] if srgb else None
    data = np.ascontiguousarray(image).tobytes()
    texture = context.texture((width, height), channels, data, alignment=1, internal_format=internal)
    # No anisotropy: software GL was seen to hang on it.
    texture.build_mipmaps()
    texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    return texture
