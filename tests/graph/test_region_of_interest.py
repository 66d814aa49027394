"""network_node takes what the later stages tell it: where the feet are, and which frames are rendered."""

import itertools
import time
from collections.abc import Callable
from functools import partial
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

    def wait_until(self, condition: Callable[[], object], send: Callable[[], None] = lambda: None) -> None:
        """Wait; messages get lost until the nodes have heard of each other, so `send` is called ten times a second."""
        deadline = time.monotonic() + 30
        due = time.monotonic()
        while not condition():
            now = time.monotonic()
            assert now < deadline, f"timeout; widths seen: {self.widths}"
            if now >= due:
                send()
                due = now + 0.1
            rclpy.spin_once(self.node, timeout_sec=0.05)

    def connect(self) -> None:
        publishers = (self.image, self.info, self.poses)
        self.wait_until(lambda: all(p.get_subscription_count() for p in publishers))
        self.wait_until(lambda: self.node.count_publishers("network_output"))
        time.sleep(1.0)  # the network's publisher has to find this node too

    def send_image(self, frame: int) -> None:
        header = conversions.header(10**9 + frame * STEP_NS, "camera")
        self.info.publish(conversions.camera_to_msg(self.moment.camera, header))
        self.image.publish(images.image_message(self.moment.image, "bgr8", header))

    def send_poses(self, frame: int) -> None:
        header = conversions.header(10**9 + frame * STEP_NS, "camera")
        self.poses.publish(conversions.poses_to_msg(self.moment.truth, header))

    def say_rendered(self, frame: int) -> None:
        self.rendered.publish(conversions.header(10**9 + frame * STEP_NS, "camera"))

    @property
    def widths(self) -> dict[int, float]:
        """Pixels across the maps of each frame that came out."""
        return {self.frame_of(output): 64 * output.cell_to_image[0] for output in self.outputs}

    @property
    def last_seen(self) -> int:
        """The last frame that came out."""
        return self.frame_of(self.outputs[-1])

    @staticmethod
    def frame_of(output: NetworkOutput) -> int:
        return round((conversions.stamp_ns(output.header) - 10**9) / STEP_NS)

    def width_seen(self, frame: int, send: Callable[[], None] = lambda: None) -> float:
        """Pixels across the map of a frame, when it has come out."""
        self.wait_until(lambda: frame in self.widths, send)
        return self.widths[frame]


@pytest.fixture
def client(graph):
    client = Client(graph.domain)
    yield client
    rclpy.shutdown()


def test_poses_make_it_look_closer(graph, client):
    graph.start("network")
    client.connect()
    frames = itertools.count()

    def send_next() -> None:
        frame = next(frames)
        client.send_image(frame)
        client.send_poses(frame)

    client.wait_until(lambda: client.outputs and min(client.widths.values()) < 300, send_next)
    widths = list(client.widths.values())
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
    client.send_image(0)
    frame = 0
    while client.width_seen(frame, partial(client.send_poses, frame - 1)) > 600:  # it has not heard of our poses yet
        assert frame < 20, network.output
        frame += 1
        client.send_image(frame)
    client.send_image(frame + 1)
    time.sleep(0.3)
    assert client.width_seen(frame + 1, partial(client.send_poses, frame)) == pytest.approx(256), network.output
    assert "not repeatable" not in network.output


def test_images_are_dropped_while_three_frames_wait_to_be_rendered(graph, client):
    network = graph.start("network")
    client.connect()
    frames = itertools.count()
    rendered = seen = unanswered = 0

    def send_next() -> None:
        nonlocal seen, unanswered
        unanswered = unanswered + 1 if len(client.outputs) == seen else 0
        seen = len(client.outputs)
        client.send_image(next(frames))
        client.say_rendered(rendered)  # the last stage is alive, but gets no further

    client.wait_until(lambda: client.outputs and unanswered >= 10, send_next)
    before, rendered, unanswered = len(client.outputs), client.last_seen, 0
    client.wait_until(lambda: len(client.outputs) > before and unanswered >= 10, send_next)
    assert 1 <= len(client.outputs) - before <= NetworkNode.FRAMES_UNDER_WAY, network.output
