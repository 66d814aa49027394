"""The try-on picture end to end, on rendered scenes."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.se3 import from_rt
from arshoe_core.types import FootPose
from arshoe_render import TryOnConfig, TryOnRenderer


@pytest.fixture(scope="module")
def renderer():
    return TryOnRenderer(TryOnConfig(occlusion="none", shoe_scale=1.0, contact_shadow=0.0))


def changed(picture, image):
    return (picture != image).any(2)


def test_shoe_lands_where_the_camera_projects_it(stage, renderer):
    """The outline's box equals that of the projected vertices to half a pixel."""
    for azimuth, elevation in ((0, 40), (120, 25), (-150, 60)):
        scene = stage.scene(azimuth, elevation, 0.6)
        drawn = changed(renderer.render(scene.image, scene.mask, scene.camera, [scene.pose]), scene.image)
        vertices = np.concatenate([mesh.vertices for mesh in renderer.shoe.meshes])
        pixels = scene.camera.project(vertices @ scene.pose.T_camera_foot[:3, :3].T + scene.pose.T_camera_foot[:3, 3])
        v, u = np.nonzero(drawn)
        np.testing.assert_allclose([u.min(), v.min()], pixels.min(0) + 0.5, atol=1.0)
        np.testing.assert_allclose([u.max(), v.max()], pixels.max(0) - 0.5, atol=1.0)


def test_input_is_kept_and_no_feet_give_a_copy(stage, renderer):
    scene = stage.scene(20, 40, 0.6)
    before = scene.image.copy()
    picture = renderer.render(scene.image, scene.mask, scene.camera, [])
    np.testing.assert_array_equal(picture, before)
    assert picture is not scene.image
    assert changed(renderer.render(scene.image, scene.mask, scene.camera, [scene.pose]), before).any()
    np.testing.assert_array_equal(scene.image, before)


def test_same_input_gives_the_same_picture(stage):
    scene = stage.scene(20, 40, 0.6)
    renderer = TryOnRenderer()
    pictures = [renderer.render(scene.image, scene.mask, scene.camera, [scene.pose]) for _ in range(2)]
    np.testing.assert_array_equal(*pictures)
    renderer.release()


def test_foot_length_scales_and_right_mirrors(renderer):
    camera = Camera.from_fov(320, 240)
    R = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]) @ np.diag([-1.0, 1, -1])  # seen from above
    image, mask = np.full((240, 320, 3), 90, np.uint8), np.zeros((240, 320), np.uint8)
    drawn = {}
    for side, length in ((Side.LEFT, 0.26), (Side.LEFT, 0.13), (Side.RIGHT, 0.26)):
        pose = FootPose(side, from_rt(R, R @ (-0.13 * length / 0.26, 0, 0) + (0, 0, 0.6)), length)
        drawn[side, length] = changed(renderer.render(image, mask, camera, [pose]), image)
    area = {key: value.sum() for key, value in drawn.items()}
    assert area[Side.LEFT, 0.13] / area[Side.LEFT, 0.26] == pytest.approx(0.25, rel=0.12)
    # The foot's x runs up the picture, so mirroring the foot mirrors the picture left to right.
    overlap = drawn[Side.LEFT, 0.26][:, ::-1] & drawn[Side.RIGHT, 0.26]
    assert overlap.sum() > 0.97 * area[Side.RIGHT, 0.26]


def test_nearer_shoe_is_in_front(renderer):
    camera = Camera.from_fov(320, 240)
    R = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # toe to the right, seen from the wearer's right
    image, mask = np.full((240, 320, 3), 90, np.uint8), np.zeros((240, 320), np.uint8)
    near = FootPose(Side.RIGHT, from_rt(R, (-0.13, 0.03, 0.7)))
    far = FootPose(Side.LEFT, from_rt(R, (-0.08, 0.0, 0.9)))
    both = [renderer.render(image, mask, camera, poses) for poses in ([near, far], [far, near])]
    np.testing.assert_array_equal(*both)
    alone = renderer.render(image, mask, camera, [near])
    inside = changed(alone, image)
    inside[1:-1, 1:-1] &= inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    # The light follows the mean pose of the feet, so compare loosely.
    assert np.abs(both[0].astype(int) - alone)[inside].mean() < 4


def test_any_size_and_feet_out_of_sight(stage, renderer):
    for width, height in ((64, 48), (1280, 720), (321, 243)):
        camera = Camera.from_fov(width, height)
        image, mask = np.full((height, width, 3), 120, np.uint8), np.zeros((height, width), np.uint8)
        pose = stage.scene(30, 40, 0.6).pose
        behind = replace(pose, T_camera_foot=from_rt(pose.T_camera_foot[:3, :3], (0, 0, -1)))
        aside = replace(pose, T_camera_foot=from_rt(pose.T_camera_foot[:3, :3], (9, 0, 1)))
        broken = replace(pose, T_camera_foot=np.full((4, 4), np.nan))
        close = replace(pose, T_camera_foot=from_rt(pose.T_camera_foot[:3, :3], (0, 0, 0.12)))
        picture = renderer.render(image, mask, camera, [pose, behind, aside, broken, close])
        assert picture.shape == image.shape and changed(picture, image).any()
        np.testing.assert_array_equal(renderer.render(image, mask, camera, [behind, aside, broken]), image)


def test_contact_shadow_darkens_the_floor_only(stage):
    scene = stage.scene(30, 35, 0.6)
    plain, shaded = (TryOnRenderer(TryOnConfig(contact_shadow=s)) for s in (0.0, 0.5))
    a = plain.render(scene.image, scene.mask, scene.camera, [scene.pose]).astype(int)
    b = shaded.render(scene.image, scene.mask, scene.camera, [scene.pose]).astype(int)
    assert (a - b).max() > 15 and (a - b).min() >= -1
    on_wearer = scene.mask != 0
    assert np.abs(a - b)[on_wearer].max() <= 1


def test_shoe_scale_grows_the_shoe_about_its_middle(stage, renderer):
    scene = stage.scene(30, 60, 0.8)
    larger = TryOnRenderer(TryOnConfig(occlusion="none", shoe_scale=1.2, contact_shadow=0.0))
    areas = [
        changed(each.render(scene.image, scene.mask, scene.camera, [scene.pose]), scene.image)
        for each in (renderer, larger)
    ]
    assert areas[1].sum() / areas[0].sum() == pytest.approx(1.2**2, rel=0.06)
    centres = [np.argwhere(area).mean(0) for area in areas]
    assert np.linalg.norm(centres[1] - centres[0]) < 5


def test_darker_picture_darker_shoe(stage, renderer):
    scene = stage.scene(30, 35, 0.6)
    dark = (scene.image // 4).astype(np.uint8)
    means = [
        renderer.render(image, scene.mask, scene.camera, [scene.pose])[changed(
            renderer.render(image, scene.mask, scene.camera, [scene.pose]), image)].mean()
        for image in (scene.image, dark)
    ]  # fmt: skip
    assert means[1] < 0.75 * means[0]


def test_sizes_that_do_not_fit_are_refused(renderer):
    camera = Camera.from_fov(320, 240)
    image, mask = np.zeros((240, 320, 3), np.uint8), np.zeros((240, 320), np.uint8)
    with pytest.raises(BadInputError, match="320x240"):
        renderer.render(image, mask[:100], camera, [])
    with pytest.raises(BadInputError, match="camera 64x48"):
        renderer.render(image, mask, Camera.from_fov(64, 48), [])
    with pytest.raises(BadInputError, match="uint8"):
        renderer.render(image.astype(np.float32), mask, camera, [])


def test_unknown_choices_are_refused():
    with pytest.raises(BadInputError, match="silhouette, mesh, none"):
        TryOnConfig(occlusion="stencil")
    with pytest.raises(BadInputError, match="clog"):
        TryOnRenderer(TryOnConfig(shoe="clog"))


def test_without_egl_the_error_names_the_packages(monkeypatch):
    import moderngl

    def no_context(**_):
        raise Exception("libEGL.so not loaded")  # what moderngl raises

    monkeypatch.setattr(moderngl, "create_context", no_context)
    with pytest.raises(BadInputError, match="libegl1") as error:
        TryOnRenderer()
    assert "\n" not in str(error.value)


def test_importing_makes_no_gl_context():
    code = "import moderngl; moderngl.create_context = None; import arshoe_render; print('fine')"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path = {sys.path!r}; {code}"], capture_output=True, text=True
    )
    assert done.stdout == "fine\n", done.stderr
