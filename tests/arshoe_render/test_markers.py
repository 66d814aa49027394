"""What RViz is given: meshes it can load, where they lie, and that nothing stays of feet that have gone."""

import json
import struct
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
import trimesh

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side, keypoints
from arshoe_core.types import FootPose, PoseStatus
from arshoe_render.shoe import bundled_shoes

packages = pytest.importorskip("ament_index_python.packages", reason="ROS 2 is not installed here")

from std_msgs.msg import Header  # noqa: E402
from visualization_msgs.msg import Marker  # noqa: E402

from arshoe_render.nodes.markers import (  # noqa: E402
    MarkerBoard,
    frame_markers,
    frustum,
    shoe_resource,
    view_transform,
)

HEADER = Header(frame_id="camera")
T = se3.from_rt(np.array([[0.0, -1, 0], [-0.6, 0, -0.8], [0.8, 0, -0.6]]), np.array([0.1, 0.2, 0.9]))


def pose(side=Side.LEFT, track=1, status=PoseStatus.MEASURED, foot_length=0.26):
    return FootPose(side, T, foot_length=foot_length, track_id=track, status=status)


def resolve(uri: str) -> Path:
    """The file of a mesh resource, as resource_retriever finds it."""
    parts = urlparse(uri)
    if parts.scheme == "package":
        return Path(packages.get_package_share_directory(parts.netloc)) / parts.path.lstrip("/")
    assert parts.scheme == "file" and not parts.netloc
    return Path(unquote(parts.path))


def seen_by_rviz(marker: Marker) -> np.ndarray:
    """Vertices (N, 3) of a mesh marker in its header's frame; RViz takes a GLB's axes as they are."""
    mesh = trimesh.load(resolve(marker.mesh_resource), force="mesh")
    p, q = marker.pose.position, marker.pose.orientation
    T_header_marker = se3.from_rt(se3.rotation(np.array([q.w, q.x, q.y, q.z])), np.array([p.x, p.y, p.z]))
    scale = np.array([marker.scale.x, marker.scale.y, marker.scale.z])
    return se3.transform_points(T_header_marker, mesh.vertices * scale)


def of_kind(markers, namespace):
    return [marker for marker in markers if marker.ns == namespace]


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
@pytest.mark.parametrize("name", bundled_shoes())
def test_bundled_shoes_lie_on_their_feet(name, side, tmp_path):
    resource = shoe_resource(name, tmp_path)
    assert resource.uri == f"package://arshoe_render/shoes/{name}.glb"
    assert not list(tmp_path.iterdir())
    (marker,) = of_kind(frame_markers([pose(side, foot_length=0.24)], HEADER, resource), "shoe")
    assert np.sign(marker.scale.y) == (1 if side == resource.shoe.side else -1)
    vertices = se3.transform_points(np.linalg.inv(T), seen_by_rviz(marker))
    points = keypoints(side, 0.24)
    margin = np.array([0.005, 0.012, 0.01])
    assert (vertices.min(0) < points.min(0) + margin).all()
    assert (vertices.max(0) > points.max(0) - margin)[:2].all()
    assert np.ptp(vertices[:, 0]) < 0.3
    toe = vertices[vertices[:, 0] > 0.95 * vertices[:, 0].max()]
    assert np.sign(toe[:, 1].mean()) == np.sign(points[1, 1])  # it leans to the other foot


@pytest.mark.parametrize("name", bundled_shoes())
def test_rviz_can_read_the_bundled_files(name):
    """What its loader supports: no extension that must be understood, plain pictures, and a colour map among them."""
    data = bundled_shoes()[name].read_bytes()
    document = json.loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])
    assert not document.get("extensionsRequired")
    assert {image["mimeType"] for image in document.get("images", [])} <= {"image/png", "image/jpeg"}
    for material in document["materials"]:
        textured = "Texture" in json.dumps(material)
        assert not textured or "baseColorTexture" in material["pbrMetallicRoughness"]


def test_a_shoe_of_ones_own_gets_a_file_resource(tmp_path):
    own = tmp_path / "my shoe.glb"
    own.write_bytes(bundled_shoes()["sneaker"].read_bytes())
    folder = tmp_path / "meshes"
    folder.mkdir()
    resource = shoe_resource(str(own), folder)
    assert resource.uri.startswith("file:///") and resolve(resource.uri).parent == folder
    markers = [frame_markers([pose()], HEADER, r)[-1] for r in (resource, shoe_resource("sneaker", folder))]
    own_vertices, bundled = map(seen_by_rviz, markers)
    np.testing.assert_allclose(own_vertices.min(0), bundled.min(0), atol=1e-6)


def test_an_unknown_shoe_is_named(tmp_path):
    with pytest.raises(BadInputError, match="clog"):
        shoe_resource("clog", tmp_path)


def test_limbs_label_and_pose_of_a_foot():
    markers = frame_markers([pose(Side.RIGHT, track=7)], HEADER)
    assert {marker.ns for marker in markers} == {"foot", "label"} and {marker.id for marker in markers} == {7}
    (limbs,) = of_kind(markers, "foot")
    points = np.array([[p.x, p.y, p.z] for p in limbs.points])
    assert len(points) == 14
    np.testing.assert_allclose(points[0], keypoints(Side.RIGHT)[1], atol=1e-9)
    p = limbs.pose.position
    np.testing.assert_allclose([p.x, p.y, p.z], T[:3, 3])
    assert of_kind(markers, "label")[0].text == "right 7"


def test_a_predicted_foot_is_faint():
    measured, predicted = (frame_markers([pose(status=status)], HEADER)[0] for status in PoseStatus)
    assert predicted.color.a < measured.color.a == 1.0


def test_markers_of_feet_that_have_gone_are_deleted():
    board = MarkerBoard()
    board.replace(frame_markers([pose(track=1), pose(Side.RIGHT, track=2)], HEADER), HEADER)
    message = board.replace(frame_markers([pose(track=1)], HEADER), HEADER)
    deleted = [(marker.ns, marker.id) for marker in message.markers if marker.action == Marker.DELETE]
    added = [(marker.ns, marker.id) for marker in message.markers if marker.action == Marker.ADD]
    assert deleted == [("foot", 2), ("label", 2)] and added == [("foot", 1), ("label", 1)]
    board.clear(HEADER)
    assert not board.replace([], HEADER).markers


def test_untracked_feet_have_markers_of_their_own():
    markers = frame_markers([pose(track=0), pose(Side.RIGHT, track=0)], HEADER)
    assert len({(marker.ns, marker.id) for marker in markers}) == len(markers) == 4


def test_the_frustum_ends_at_the_corners_of_the_image():
    camera = Camera(640, 480, 500.0, 510.0, 300.0, 250.0)
    points = np.array([[p.x, p.y, p.z] for p in frustum(camera, HEADER).points])
    corners = camera.project(np.unique(points[points[:, 2] > 0], axis=0))
    expected = [[-0.5, -0.5], [-0.5, 479.5], [639.5, -0.5], [639.5, 479.5]]
    np.testing.assert_allclose(corners[np.lexsort(corners.T[::-1])], expected, atol=1e-9)


def test_the_view_frame_looks_along_x_with_z_up():
    rotation = view_transform(HEADER).transform.rotation
    R = se3.rotation(np.array([rotation.w, rotation.x, rotation.y, rotation.z]))
    np.testing.assert_allclose(R @ [1, 0, 0], [0, 0, 1], atol=1e-9)  # forward
    np.testing.assert_allclose(R @ [0, 0, 1], [0, -1, 0], atol=1e-9)  # up
