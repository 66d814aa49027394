"""network_node takes what the later stages tell it: where the feet are, and which frames are rendered."""

import time
from pathlib import Path

import pytest
import rclpy
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from arshoe_bench.ground_truth import true_poses
from arshoe_bench.roi_benchmark import Moment
from arshoe_media.bag_reader import BagReader
from arshoe_msgs.msg import FootPoseArray, NetworkOutput
from arshoe_perception.nodes.network_node import NetworkNode
from arshoe_ros import conversions, images, qos

BAG = Path(__file__).parents[2] / "launch/demo/wearer_view"
STEP_NS = 33_333_333


class Client:
    """Source and stabilizer in one: gives images and poses, takes what the network says."""

    def __init__(self, domain: int) -> None:
        frame = next(iter(BagReader(BAG)))
        self.moment = Moment(frame.image, frame.camera, 0.0, true_poses(BAG)[frame.stamp_ns]).farther(3)
        rclpy.init(domain_id=domain)
        self.node = rclpy.create_node("client", namespace="arshoe")
        self.image = self.node.create_publisher(Image, "image", qos.RELIABLE)
        self.info = self.node.create_publisher(CameraInfo, "camera_info", qos.RELIABLE)
        self.poses = self.node.create_publisher(FootPoseArray, "poses", qos.RELIABLE)
        self.rendered = self.node.create_publisher(Header, "rendered", qos.RELIABLE)
        self.outputs: list[NetworkOutput] = []
        self.node.create_subscription(NetworkOutput, "network_output", self.outputs.append, qos.RELIABLE)

    def wait_until(self, condition) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "timeout"
            rclpy.spin_once(self.node, timeout_sec=0.05)

    def connect(self) -> None:
        publishers = (self.image, self.info, self.poses)
        self.wait_until(lambda: all(p.get_subscription_count() for p in publishers))
        self.wait_until(lambda: self.node.count_publishers("network_output"))
        time.sleep(0.5)  # the network's publisher has to find this node too

    def send_image(self, frame: int) -> None:
        header = conversions.header(10**9 + frame * STEP_NS, "camera")
        self.info.publish(conversions.camera_to_msg(self.moment.camera, header))
        self.image.publish(images.image_message(self.moment.image, "bgr8", header))

    def send_poses(self, frame: int) -> None:
        header = conversions.header(10**9 + frame * STEP_NS, "camera")
        self.poses.publish(conversions.poses_to_msg(self.moment.truth, header))

    def say_rendered(self, frame: int) -> None:
        self.rendered.publish(conversions.header(10**9 + frame * STEP_NS, "camera"))

    def last_frame(self) -> int:
        """Of the network's outputs."""
        return round((conversions.stamp_ns(self.outputs[-1].header) - 10**9) / STEP_NS)

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
    assert widths[0] == pytest.approx(640) and min(widths) == pytest.approx(256)


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
    for frame in range(20):  # until the node has heard of the publisher of poses
        client.send_image(frame)
        if client.width_seen(frame) < 640:
            break
        client.send_poses(frame)
    client.send_image(frame + 1)
    time.sleep(0.3)
    client.send_poses(frame)
    assert client.width_seen(frame + 1) == pytest.approx(256), network.output
    assert "not repeatable" not in network.output


def test_images_are_dropped_while_three_frames_wait_to_be_rendered(graph, client):
    network = graph.start("network")
    client.connect()
    client.wait_until(client.rendered.get_subscription_count)
    frame = 0
    while not client.outputs:  # some images get lost on the way
        client.send_image(frame := frame + 1)
        rclpy.spin_once(client.node, timeout_sec=0.2)
    client.say_rendered(frame)
    before = len(client.outputs)
    for _ in range(15):
        client.send_image(frame := frame + 1)
        client.say_rendered(0)  # the last stage is alive, but has done none of these
        rclpy.spin_once(client.node, timeout_sec=0.1)
    assert 1 <= len(client.outputs) - before <= NetworkNode.FRAMES_UNDER_WAY, network.output
    held = len(client.outputs)
    client.say_rendered(client.last_frame())
    client.wait_until(lambda: client.send_image(frame + 1) or len(client.outputs) > held)
