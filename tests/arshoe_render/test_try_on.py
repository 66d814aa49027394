"""The try-on picture end to end, on rendered scenes."""

import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.se3 import from_rt
from arshoe_core.types import FootPose
from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_render.frame_look import FrameLook, FrameLookEstimator
from arshoe_render.light import Light
from arshoe_render.preview import look_at


@pytest.fixture(scope="module")
def renderer():
    return TryOnRenderer(TryOnConfig(occlusion="none", shoe_scale=1.0, contact_shadow=0.0))


@pytest.fixture(autouse=True)
def another_video(renderer):
    renderer.reset()


def changed(picture, image):
    """Where a picture shows more than a trace of a shoe."""
    return (np.abs(picture.astype(int) - image) > 12).any(2)


def coverage(renderer, camera, pose):
    """How much of each pixel the shoe covers, (H, W): the same shoe over two plain floors."""
    renderer._looks = lambda *_: FrameLook(Light.studio(np.array([0, -1.0, 0])), 0.6, 0.0)
    mask = np.zeros((camera.height, camera.width), np.uint8)
    floors = [np.full((camera.height, camera.width, 3), level, np.uint8) for level in (20, 220)]
    dark, light = (renderer.render(floor, mask, camera, [pose])[..., 1].astype(float) for floor in floors)
    renderer._looks = FrameLookEstimator()
    return 1 - (light - dark) / 200


def farthest(points, directions):
    """How far points (N, 2) reach in each direction (2, K)."""
    return (points @ directions).max(0)


@pytest.mark.parametrize("lens", [(), (-0.25, 0.08, 0.001, -0.0005, 0.0)])
@pytest.mark.parametrize(
    ("side", "azimuth", "elevation", "aside"),
    [(Side.LEFT, 0, 40, 0.0), (Side.RIGHT, 120, 25, 0.15), (Side.LEFT, -150, 60, -0.12), (Side.RIGHT, 70, 20, 0.0)],
)
def test_reprojection_error_is_below_half_a_pixel(renderer, lens, side, azimuth, elevation, aside):
    """The outline reaches as far in 24 directions as the vertices projected by OpenCV.

    The mean of four pictures shifted by parts of a pixel, as one picture shows an outline only to half a pixel.
    """
    T = look_at(np.array([0.1, 0, 0.05]), np.deg2rad(azimuth), np.deg2rad(elevation), 0.75)
    T[0, 3] += aside
    pose = FootPose(side, T, 0.25)
    T_camera_model = T @ renderer.shoe.T_foot_model(side, pose.foot_length)
    vertices = np.concatenate([mesh.vertices for mesh in renderer.shoe.meshes])
    points = vertices @ T_camera_model[:3, :3].T + T_camera_model[:3, 3]
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    directions = np.stack([np.cos(angle), np.sin(angle)])
    errors = []
    for shift in ((0, 0), (0.25, 0.5), (0.5, 0.25), (0.75, 0.75)):
        camera = Camera(640, 480, 520, 525, 311 + shift[0], 246 + shift[1], lens)
        pixels = cv2.projectPoints(points, np.zeros(3), np.zeros(3), camera.K, camera.distortion_array)[0][:, 0]
        corner = np.maximum(np.floor(pixels.min(0)).astype(int) - 5, 0)
        part = coverage(renderer, camera, pose)[
            corner[1] : int(pixels[:, 1].max()) + 6, corner[0] : int(pixels[:, 0].max()) + 6
        ]
        # The outline at half coverage, to an eighth of a pixel.
        fine = cv2.resize(part, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
        outlines, _ = cv2.findContours((fine > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        drawn = (np.concatenate(outlines)[:, 0] + 0.5) / 8 - 0.5 + corner
        errors.append(farthest(drawn, directions) - farthest(pixels, directions))
    assert np.abs(np.mean(errors, 0)).max() < 0.5, np.mean(errors, 0).round(2)
    assert abs(np.mean(errors)) < 0.2


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


def test_reset_forgets_earlier_frames(stage, renderer):
    scene = stage.scene(20, 40, 0.6)
    frames = [(image, scene.mask, scene.camera, [scene.pose]) for image in (scene.image // 4, scene.image)]
    fresh = renderer.render(*frames[1])
    renderer.reset()
    after_dark = [renderer.render(*frame) for frame in frames][1]
    assert (after_dark != fresh).any()
    renderer.reset()
    np.testing.assert_array_equal(renderer.render(*frames[1]), fresh)


def test_warming_up_makes_the_shaders_and_leaves_no_trace(stage):
    scene = stage.scene(20, 40, 0.6)
    cold, warm = TryOnRenderer(), TryOnRenderer()
    warm.warm_up()
    shaders = set(warm._renderer._programs)
    pictures = [r.render(scene.image, scene.mask, scene.camera, [scene.pose]) for r in (cold, warm)]
    np.testing.assert_array_equal(*pictures)
    assert shaders and set(warm._renderer._programs) == shaders
    cold.release()
    warm.release()


def test_foot_length_scales_and_right_mirrors(renderer):
    camera = Camera.from_fov(320, 240)
    R = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]) @ np.diag([-1.0, 1, -1])  # seen from above
    drawn = {}
    for side, length in ((Side.LEFT, 0.26), (Side.LEFT, 0.13), (Side.RIGHT, 0.26)):
        pose = FootPose(side, from_rt(R, R @ (-0.13 * length / 0.26, 0, 0) + (0, 0, 0.6)), length)
        drawn[side, length] = coverage(renderer, camera, pose)
    area = {key: value.sum() for key, value in drawn.items()}
    assert area[Side.LEFT, 0.13] / area[Side.LEFT, 0.26] == pytest.approx(0.25, rel=0.05)
    # The foot's x runs up the picture, so mirroring the foot mirrors the picture left to right.
    difference = drawn[Side.LEFT, 0.26][:, ::-1] - drawn[Side.RIGHT, 0.26]
    assert np.abs(difference).sum() < 0.03 * area[Side.RIGHT, 0.26]


def test_nearer_shoe_is_in_front(renderer):
    camera = Camera.from_fov(320, 240)
    R = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # toe to the right, seen from the wearer's right
    image, mask = np.full((240, 320, 3), 90, np.uint8), np.zeros((240, 320), np.uint8)
    near = FootPose(Side.RIGHT, from_rt(R, (-0.13, 0.03, 0.7)))
    far = FootPose(Side.LEFT, from_rt(R, (-0.08, 0.0, 0.9)))
    both = []
    for poses in ([near, far], [far, near]):
        renderer.reset()
        both.append(renderer.render(image, mask, camera, poses))
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
    means = []
    for image in (scene.image, (scene.image // 4).astype(np.uint8)):
        renderer.reset()
        means.append(renderer.render(image, scene.mask, scene.camera, [scene.pose])[scene.visible].mean())
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
