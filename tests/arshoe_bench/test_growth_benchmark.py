"""What the rows of bench growth are made of."""

import numpy as np
import pytest

from arshoe_bench import bags
from arshoe_bench.growth_benchmark import subdivided
from arshoe_core.camera import Camera
from arshoe_media.bag_reader import BagReader
from arshoe_media.frames import Frame
from arshoe_render.mesh import Mesh


def area(mesh):
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2).astype(float)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_a_subdivided_mesh_is_the_same_surface():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 1]], np.float32)
    faces = np.array([[0, 1, 2], [2, 1, 3]], np.int32)
    normals = np.tile(np.array([[0, 0, 1]], np.float32), (4, 1))
    mesh = Mesh(vertices, faces, normals, uvs=vertices[:, :2].copy())
    finer = subdivided(mesh)
    assert len(finer.faces) == 8 and len(finer.vertices) == 4 + 5  # one vertex more for each of five edges
    assert area(finer) == pytest.approx(area(mesh), rel=1e-6)
    np.testing.assert_allclose(finer.uvs, finer.vertices[:, :2], atol=1e-7)
    for part in finer.faces:  # turned the same way round
        a, b, c = finer.vertices[part]
        assert np.cross(b - a, c - a)[2] > 0


@pytest.mark.parametrize("size", [(320, 240), (1280, 720), (500, 900)])
def test_a_resized_frame_keeps_its_camera(size):
    camera, point = Camera.from_fov(640, 480, 1.0), np.array([[0.05, -0.02, 1.0]])
    image = np.zeros((480, 640, 3), np.uint8)
    x, y = np.round(camera.project(point)[0]).astype(int)
    image[y - 4 : y + 5, x - 4 : x + 5] = 255
    (frame,) = bags.resized([Frame(0, image, camera)], *size)
    assert frame.image.shape[1::-1] == size
    rows, columns = np.nonzero(frame.image[..., 0] > 127)
    np.testing.assert_allclose(frame.camera.project(point)[0], [columns.mean(), rows.mean()], atol=1.5)


def test_a_written_bag_is_read_back(tmp_path):
    camera = Camera.from_fov(64, 48)
    frames = [Frame(10**9 + i, np.full((48, 64, 3), 40 * i, np.uint8), camera, "eye") for i in range(3)]
    read = list(BagReader(bags.write(tmp_path / "bag", frames)))
    assert [frame.stamp_ns for frame in read] == [frame.stamp_ns for frame in frames]
    assert [int(frame.image.mean()) for frame in read] == pytest.approx([0, 40, 80], abs=2)
    assert read[0].frame_id == "eye" and read[0].camera.fx == pytest.approx(camera.fx)
