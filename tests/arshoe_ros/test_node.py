"""Parameters and frames of a node, in this process."""

import itertools
import time
from dataclasses import dataclass

import pytest
import rclpy
from rclpy.parameter import Parameter

from arshoe_core.errors import BadInputError
from arshoe_core.parameters import parameter, validate
from arshoe_ros import parameters
from arshoe_ros.conversions import header
from arshoe_ros.node import ArshoeNode
from arshoe_ros.stages import StageTimer

DOMAINS = itertools.cycle(range(85, 100))


@dataclass(frozen=True)
class Config:
    shoe: str = parameter("sneaker", "what to wear")
    size: float = parameter(42.0, "size", low=20.0, high=50.0)
    count: int = parameter(2, "how many", low=1, high=4)

    def __post_init__(self):
        validate(self)


@pytest.fixture
def start():
    """A function that starts rclpy with parameters and makes a node."""

    def start(factory, **values):
        arguments = [part for name, value in values.items() for part in ("-p", f"{name}:={value}")]
        rclpy.init(args=["--ros-args", *arguments], domain_id=next(DOMAINS))
        return factory("node")

    yield start
    rclpy.try_shutdown()


def test_defaults_come_from_the_dataclass(start):
    assert parameters.declare(start(rclpy.create_node), Config) == Config()


def test_numbers_serve_as_text_and_as_floats(start):
    config = parameters.declare(start(rclpy.create_node, shoe=7, size=40), Config)
    assert config == Config(shoe="7", size=40.0)


@pytest.mark.parametrize(
    ("name", "value"), [("size", "big"), ("size", 60.0), ("count", 2.5), ("count", 9), ("shoe", "true")]
)
def test_bad_values_are_named(start, name, value):
    with pytest.raises(BadInputError, match=name):
        parameters.declare(start(rclpy.create_node, **{name: value}), Config)


def test_only_live_parameters_may_be_set(start):
    node = start(rclpy.create_node)
    parameters.declare(node, Config, live=("size",))
    assert node.set_parameters([Parameter("size", value=30.0)])[0].successful
    assert not node.set_parameters([Parameter("size", value=99.0)])[0].successful
    assert not node.set_parameters([Parameter("shoe", value="boot")])[0].successful
    assert node.describe_parameter("size").description == "size"


class CountingNode(ArshoeNode):
    resets = 0

    def reset(self):
        self.resets += 1


def test_time_that_goes_backwards_resets(start):
    node = start(CountingNode)
    for stamp in (1, 2, 3, 1, 2):
        with node.frame(header(stamp, "")), node.stages("work"):
            pass
    assert node.resets == 1
    assert node.statistics.frames == 5


def test_without_camera_info_a_default_is_assumed(start):
    node = start(ArshoeNode)
    camera = node.camera(640, 480)
    assert (camera.width, camera.height) == (640, 480)


def test_stages_are_timed():
    stages = StageTimer("node")
    with stages("sleep"):
        time.sleep(0.01)
    ((name, duration_us),) = stages.frame_us
    assert name == "sleep" and duration_us >= 10_000


def test_camera_info_is_beside_the_image(start):
    rclpy.init(args=["--ros-args", "-r", "image:=/front/image_raw"], domain_id=next(DOMAINS))
    node = ArshoeNode("node")
    node.subscribe_to_camera_info()
    assert "/front/camera_info" in [subscription.topic_name for subscription in node.subscriptions]
