"""marker_node: what RViz gets while it listens."""

import time

import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import CameraInfo
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import Marker, MarkerArray

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_msgs.msg import FootPoseArray
from arshoe_ros import conversions, qos


@pytest.fixture
def node(graph):
    """A plain node on the graph's domain."""
    rclpy.init(domain_id=graph.domain)
    yield rclpy.create_node("client", namespace="arshoe")
    rclpy.shutdown()


def test_shoes_camera_and_view_frame_come_and_go(graph, node):
    graph.start("marker", shoe="runner")
    poses = node.create_publisher(FootPoseArray, "poses", qos.RELIABLE)
    info = node.create_publisher(CameraInfo, "camera_info", qos.RELIABLE)
    arrays, transforms = [], []
    node.create_subscription(MarkerArray, "markers", arrays.append, qos.RELIABLE)
    node.create_subscription(TFMessage, "/tf", transforms.append, qos.RELIABLE)
    stamps = iter(range(10**9, 10**12, 33_333_333))

    def show(sides, until):
        feet = [FootPose(side, se3.from_rt(np.eye(3), np.array([0, 0, 1.0])), track_id=int(side)) for side in sides]
        deadline = time.monotonic() + 30
        while not any(map(until, arrays)):
            assert time.monotonic() < deadline, "timeout"
            header = conversions.header(next(stamps), "camera")
            info.publish(conversions.camera_to_msg(Camera.from_fov(640, 480), header))
            poses.publish(conversions.poses_to_msg(feet, header))
            rclpy.spin_once(node, timeout_sec=0.1)

    def names(array, action):
        return {(marker.ns, marker.id) for marker in array.markers if marker.action == action}

    both = {(ns, side) for ns in ("shoe", "foot", "label") for side in (1, 2)} | {("camera", 0)}
    show([Side.LEFT, Side.RIGHT], lambda array: names(array, Marker.ADD) == both)
    assert arrays[0].markers[0].action == Marker.DELETEALL
    shoes = [marker for marker in arrays[-1].markers if marker.ns == "shoe"]
    assert {marker.mesh_resource for marker in shoes} == {"package://arshoe_render/shoes/runner.glb"}
    show([Side.LEFT], lambda array: names(array, Marker.DELETE) == {("shoe", 2), ("foot", 2), ("label", 2)})
    frames = {(t.header.frame_id, t.child_frame_id) for message in transforms for t in message.transforms}
    assert frames == {("camera", "arshoe_view")}
