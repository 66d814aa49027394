"""network_node looks where the poses that come back say the feet are."""

import time

import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import CameraInfo, Image

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_msgs.msg import FootPoseArray, NetworkOutput
from arshoe_ros import conversions, images, qos

CAMERA = Camera.from_fov(640, 480)
POSE = FootPose(Side.LEFT, se3.from_rt(np.diag([1.0, -1, -1]), np.array([0, 0, 1.5])), track_id=1)
STEP_NS = 33_333_333


class Client:
    """Source and stabilizer in one: gives images and poses, takes what the network says."""

    def __init__(self, domain: int) -> None:
        rclpy.init(domain_id=domain)
        self.node = rclpy.create_node("client", namespace="arshoe")
        self.image = self.node.create_publisher(Image, "image", qos.RELIABLE)
        self.info = self.node.create_publisher(CameraInfo, "camera_info", qos.RELIABLE)
        self.poses = self.node.create_publisher(FootPoseArray, "poses", qos.RELIABLE)
        self.outputs: list[NetworkOutput] = []
        self.node.create_subscription(NetworkOutput, "network_output", self.outputs.append, qos.RELIABLE)

    def wait_until(self, condition) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "timeout"
            rclpy.spin_once(self.node, timeout_sec=0.05)

    def connect(self) -> None:
        publishers = (self.image, self.info)
        self.wait_until(lambda: all(p.get_subscription_count() for p in publishers))
        self.wait_until(lambda: self.node.count_publishers("network_output"))
        time.sleep(0.5)  # the network's publisher has to find this node too

    def send_image(self, frame: int) -> None:
        header = conversions.header(10**9 + frame * STEP_NS, "camera")
        self.info.publish(conversions.camera_to_msg(CAMERA, header))
        self.image.publish(images.image_message(np.full((480, 640, 3), 90, np.uint8), "bgr8", header))

    def send_poses(self, frame: int) -> None:
        self.poses.publish(conversions.poses_to_msg([POSE], conversions.header(10**9 + frame * STEP_NS, "camera")))

    def width_seen(self, frame: int) -> float:
        """Pixels across the map of a frame."""
        self.wait_until(lambda: len(self.outputs) > frame)
        return 64 * self.outputs[frame].cell_to_image[0]


@pytest.fixture
def client(graph):
    client = Client(graph.domain)
    yield client
    rclpy.shutdown()


def test_poses_make_it_look_closer(graph, client):
    graph.start("network")
    client.connect()
    for frame in range(40):  # some images get lost on the way
        client.send_image(frame)
        client.send_poses(frame)
        rclpy.spin_once(client.node, timeout_sec=0.2)
    widths = [64 * output.cell_to_image[0] for output in client.outputs]
    assert widths[0] == pytest.approx(640) and widths[-1] == pytest.approx(256)


def test_without_poses_it_sees_the_whole_image(graph, client):
    graph.start("network", lossless=True)
    client.connect()
    client.node.destroy_publisher(client.poses)
    for frame in range(3):
        client.send_image(frame)
        assert client.width_seen(frame) == pytest.approx(640)


def test_lossless_waits_for_the_poses_of_the_last_image(graph, client):
    network = graph.start("network", lossless=True)
    client.connect()
    client.send_image(0)
    client.width_seen(0)
    client.send_image(1)
    time.sleep(0.3)
    client.send_poses(0)
    assert client.width_seen(1) == pytest.approx(256)
    assert "not repeatable" not in network.output
