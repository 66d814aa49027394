"""Where the renderer puts things, against the camera's own projection and analytic depth."""

import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.se3 import from_rt
from arshoe_render.gl_renderer import Draw, GlRenderer
from arshoe_render.light import Light, sh_basis, sh_from_radiance, sky_sh
from arshoe_render.mesh import Material, Mesh, smooth_normals

UP = np.array([0.0, -1.0, 0.0])
LIGHT = Light.studio(UP)


def flat_mesh(polygon, **material):
    """A convex polygon (N, 2) in the plane z = 0, facing a camera that looks along z; u along x, v along y."""
    vertices = np.column_stack([polygon, np.zeros(len(polygon))]).astype(np.float32)
    faces = np.array([[0, i + 1, i] for i in range(1, len(polygon) - 1)], np.int32)
    uvs = ((polygon - polygon.min(0)) / np.ptp(polygon, axis=0)).astype(np.float32)
    return Mesh(vertices, faces, smooth_normals(vertices, faces), uvs, material=Material(**material))


SQUARE = np.array([[-0.1, -0.1], [0.1, -0.1], [0.1, 0.1], [-0.1, 0.1]])


@pytest.fixture(scope="module")
def renderer():
    return GlRenderer(320, 240)


def at(x, y, z, R=None):
    return from_rt(np.eye(3) if R is None else R, (x, y, z))


def coverage_centroid(label):
    v, u = np.nonzero(label)
    return np.array([u.mean(), v.mean()])


@pytest.mark.parametrize("camera", [Camera(320, 240, 300, 310, 150.3, 130.8), Camera(101, 77, 90, 90, 50.2, 38.3)])
@pytest.mark.parametrize("position", [(0, 0, 1.0), (0.12, -0.05, 0.9), (-0.2, 0.1, 2.0)])
def test_position_equals_camera_projection(renderer, camera, position):
    mesh = renderer.upload(flat_mesh(SQUARE))
    label = renderer.render([Draw(mesh, at(*position))], camera, LIGHT).label
    corners = camera.project(np.column_stack([SQUARE, np.zeros(4)]) + position)
    # A pixel is drawn when its centre lies inside, so the count on each axis tells the edge to half a pixel.
    v, u = np.nonzero(label)
    assert u.min() == np.ceil(corners[:, 0].min()) and u.max() == np.floor(corners[:, 0].max())
    assert v.min() == np.ceil(corners[:, 1].min()) and v.max() == np.floor(corners[:, 1].max())
    mesh.release()


def test_far_label(renderer):
    camera = Camera(320, 240, 300, 300, 159.5, 119.5)
    tilted = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])  # the square's y runs away from the camera
    mesh = renderer.upload(flat_mesh(SQUARE, double_sided=True))
    draw = Draw(mesh, at(0, 0.2, 1.0, tilted), label=3, far_label=7, far_plane=(0, 0, 1, -1.02))
    rendered = renderer.render([draw], camera, LIGHT)
    assert set(np.unique(rendered.label)) == {0, 3, 7}
    clear = np.abs(rendered.depth - 1.02) > 0.002
    assert ((rendered.depth > 1.02) == (rendered.label == 7))[clear & (rendered.label > 0)].all()
    mesh.release()


def test_subpixel_position(renderer):
    """Centroids over many shifts agree with the projection to 0.1 px, so there is no half-pixel offset."""
    camera = Camera(320, 240, 300, 300, 159.5, 119.5)
    mesh = renderer.upload(flat_mesh(SQUARE * 0.3))
    errors = []
    for shift in np.linspace(0, 0.01, 23):
        label = renderer.render([Draw(mesh, at(shift, 0.7 * shift, 1.0))], camera, LIGHT).label
        errors.append(coverage_centroid(label) - camera.project(np.array([shift, 0.7 * shift, 1.0])))
    assert np.abs(np.mean(errors, 0)).max() < 0.1
    mesh.release()


def test_depth_is_metres_along_z(renderer):
    camera = Camera(160, 120, 150, 150, 79.5, 59.5)
    c, s = np.cos(0.5), np.sin(0.5)
    R = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    mesh = renderer.upload(flat_mesh(SQUARE * 3, double_sided=True))
    rendered = renderer.render([Draw(mesh, at(0, 0, 1.5, R))], camera, LIGHT)
    v, u = np.nonzero(rendered.label)
    ray_x = (u - camera.cx) / camera.fx
    # The plane through (0, 0, 1.5) with normal R z: z = 1.5 n_z / (n_x x + n_z).
    expected = 1.5 * R[2, 2] / (R[0, 2] * ray_x + R[2, 2])
    np.testing.assert_allclose(rendered.depth[v, u], expected, rtol=1e-4)
    assert np.isinf(rendered.depth[rendered.label == 0]).all()
    mesh.release()


def test_labels_alpha_and_which_is_in_front(renderer):
    camera = Camera(160, 120, 150, 150, 79.5, 59.5)
    near, far = renderer.upload(flat_mesh(SQUARE)), renderer.upload(flat_mesh(SQUARE * 3))
    for draws in (
        [Draw(near, at(0, 0, 1), 7), Draw(far, at(0, 0, 1.2), 9)],
        [Draw(far, at(0, 0, 1.2), 9), Draw(near, at(0, 0, 1), 7)],
    ):
        rendered = renderer.render(draws, camera, LIGHT)
        assert rendered.label[60, 80] == 7 and rendered.label[60, 110] == 9 and rendered.label[0, 0] == 0
        np.testing.assert_array_equal(rendered.drawn, rendered.label > 0)
    near.release()
    far.release()


def test_invisible_mesh_hides_what_comes_after_it(renderer):
    camera = Camera(160, 120, 150, 150, 79.5, 59.5)
    near, far = renderer.upload(flat_mesh(SQUARE)), renderer.upload(flat_mesh(SQUARE * 3))
    rendered = renderer.render([Draw(near, at(0, 0, 1), 7, visible=False), Draw(far, at(0, 0, 1.2), 9)], camera, LIGHT)
    assert not rendered.drawn[60, 80] and rendered.drawn[60, 110]
    assert rendered.label[60, 80] == 7
    near.release()
    far.release()


def test_invisible_mesh_keeps_the_colour_of_what_came_before_it(renderer):
    camera = Camera(160, 120, 150, 150, 79.5, 59.5)
    near, far = renderer.upload(flat_mesh(SQUARE)), renderer.upload(flat_mesh(SQUARE * 3))
    alone = renderer.render([Draw(far, at(0, 0, 1.2), 9)], camera, LIGHT)
    marked = renderer.render([Draw(far, at(0, 0, 1.2), 9), Draw(near, at(0, 0, 1), 7, visible=False)], camera, LIGHT)
    assert marked.label[60, 80] == 7
    np.testing.assert_array_equal(marked.color, alone.color)
    near.release()
    far.release()


def test_back_faces_are_culled_also_when_mirrored(renderer):
    camera = Camera(160, 120, 150, 150, 79.5, 59.5)
    mesh = renderer.upload(flat_mesh(SQUARE))
    turned = np.diag([-1.0, 1, -1])
    assert renderer.render([Draw(mesh, at(0, 0, 1))], camera, LIGHT).label.any()
    assert not renderer.render([Draw(mesh, at(0, 0, 1, turned))], camera, LIGHT).label.any()
    mirror = np.diag([-1.0, 1, 1])
    assert renderer.render([Draw(mesh, at(0, 0, 1, mirror))], camera, LIGHT).label.any()
    assert not renderer.render([Draw(mesh, at(0, 0, 1, turned @ mirror))], camera, LIGHT).label.any()
    mesh.release()


def test_base_color_is_srgb_correct(renderer):
    """A white ambient light of 1 shows a texture in its own colours."""
    texture = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    mesh = renderer.upload(
        flat_mesh(SQUARE, base_color=(1, 1, 1, 1), base_color_texture=texture, metallic=0, roughness=1)
    )
    sh = np.zeros((9, 3))
    sh[0] = 1 / 0.282095
    light = Light(sh, UP, np.zeros(3))
    color = renderer.render([Draw(mesh, at(0, 0, 1))], Camera(160, 120, 150, 150, 79.5, 59.5), light).color[60, 80, :3]
    # The dielectric's 4 % reflection adds a little to the diffuse colour.
    np.testing.assert_allclose(color.astype(int), (200, 100, 50), atol=13)
    mesh.release()


def test_shadow_darkens_the_floor_below(renderer):
    camera = Camera(160, 120, 150, 150, 79.5, 59.5)
    small, floor = renderer.upload(flat_mesh(SQUARE * 0.3)), renderer.upload(flat_mesh(SQUARE * 4))
    toward = np.array([0.3, 0.0, -1.0])
    lights = [
        Light(sky_sh(UP, 0.3), toward / np.linalg.norm(toward), np.full(3, 0.6), shadow) for shadow in (True, False)
    ]
    draws = [Draw(small, at(0.1, 0, 0.9), 1), Draw(floor, at(0, 0, 1.2), 2, casts_shadow=False)]
    with_shadow, without = (renderer.render(draws, camera, light).color.astype(int) for light in lights)
    darker = (without - with_shadow)[..., 1] > 20
    # The shadow falls 0.09 m to the left of the small square, on the floor.
    u, v = camera.project(np.array([0.1 - 0.3 * 0.3, 0, 1.2])).round().astype(int)
    assert darker[v, u]
    assert not darker[20, 20]
    small.release()
    floor.release()


def test_size_follows_the_camera(renderer):
    mesh = renderer.upload(flat_mesh(SQUARE))
    for width, height in ((64, 48), (800, 600), (320, 240), (101, 33)):
        camera = Camera.from_fov(width, height)
        rendered = renderer.render([Draw(mesh, at(0, 0, 0.5))], camera, LIGHT)
        assert rendered.color.shape == (height, width, 3)
        centre = camera.project(np.array([0, 0, 0.5]))
        np.testing.assert_allclose(coverage_centroid(rendered.label), centre, atol=0.5)
    mesh.release()


def test_nothing_to_draw_gives_the_background(renderer):
    background = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    rendered = renderer.render([], Camera.from_fov(64, 48), LIGHT, background)
    np.testing.assert_array_equal(rendered.color[..., :3], background)
    assert not rendered.label.any()


def test_sh_of_uniform_radiance_is_that_radiance():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(20000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    sh = sh_from_radiance(directions, np.full((20000, 3), 0.7), np.full(20000, 4 * np.pi / 20000))
    np.testing.assert_allclose(sh_basis(directions[:50]) @ sh, 0.7, atol=0.03)
