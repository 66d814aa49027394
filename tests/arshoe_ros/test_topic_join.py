"""Topics of a node joined by stamp, of which one alone wakes it up; real messages in this process."""

import itertools
import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from arshoe_ros import qos
from arshoe_ros.conversions import stamp_ns
from arshoe_ros.node import ArshoeNode

DOMAINS = itertools.cycle(range(70, 85))


class Join:
    """A node that joins topics, and a publisher for each; `joined` holds the stamps of each call."""

    def __init__(self, *topics, early=False):
        self.node, self.joined = ArshoeNode("joiner"), []
        types = dict.fromkeys(topics, CameraInfo)
        options = {"early": self.note} if early else {}
        self.join = self.node.join(types, self.note, **options)
        self.publishers = {name: self.node.create_publisher(CameraInfo, name, qos.RELIABLE) for name in types}
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.until(lambda: all(p.get_subscription_count() for p in self.publishers.values()))

    def note(self, *msgs):
        self.joined.append(tuple(stamp_ns(msg.header) for msg in msgs))

    def publish(self, topic, stamp):
        header = Header()
        header.stamp.nanosec = stamp
        self.publishers[topic].publish(CameraInfo(header=header))

    def until(self, condition):
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "timeout"
            self.executor.spin_once(timeout_sec=0.05)

    def spin(self, seconds=0.2):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)


@pytest.fixture
def make_join():
    """make_join(*topics, early=False) -> Join."""
    made = []

    def make(*topics, **options):
        rclpy.init(domain_id=next(DOMAINS))
        made.append(Join(*topics, **options))
        return made[-1]

    yield make
    for join in made:
        join.executor.shutdown()
    rclpy.try_shutdown()


@pytest.fixture
def pair(make_join):
    return make_join("first", "last")


def test_frames_are_joined_when_the_last_topic_comes(pair):
    for stamp in (1, 2):
        pair.publish("first", stamp)
        pair.publish("last", stamp)
        pair.until(lambda stamp=stamp: len(pair.joined) == stamp)
    assert pair.joined == [(1, 1), (2, 2)]
    assert pair.join.dropped == 0


def test_the_last_topic_may_come_first(pair):
    pair.publish("last", 1)
    pair.until(lambda: pair.join.waits("last"))
    pair.publish("first", 1)
    pair.until(lambda: pair.joined == [(1, 1)])
    pair.publish("first", 2)
    pair.publish("last", 2)
    pair.until(lambda: len(pair.joined) == 2)


def test_what_waits_is_passed_over_by_a_later_match(pair):
    for stamp in (1, 2, 3):
        pair.publish("first", stamp)
    pair.spin()
    pair.publish("last", 3)
    pair.until(lambda: pair.joined == [(3, 3)])
    assert pair.join.dropped == 2


def test_a_silent_last_topic_is_noticed(pair):
    pair.publish("first", 1)
    pair.until(lambda: pair.join.waits("first"))
    assert pair.join.silent_topics(time.monotonic() + 2.1) == ["last"]


def test_what_needs_not_the_last_topic_is_done_before_it_comes(make_join):
    join = make_join("first", "second", "last", early=True)
    for stamp in (1, 2):
        join.publish("first", stamp)
        join.publish("second", stamp)
        join.until(lambda stamp=stamp: join.joined[-1:] == [(stamp, stamp)])
        join.publish("last", stamp)
        join.until(lambda stamp=stamp: join.joined[-1:] == [(stamp, stamp, stamp)])
    assert join.joined == [(1, 1), (1, 1, 1), (2, 2), (2, 2, 2)]


def test_a_frame_ends_before_the_next_begins(make_join):
    join = make_join("first", "second", "last", early=True)
    join.publish("first", 1)
    join.publish("second", 1)
    join.until(lambda: join.joined == [(1, 1)])
    for topic, stamp in (("first", 2), ("last", 1), ("second", 2), ("last", 2)):
        join.publish(topic, stamp)
    time.sleep(0.2)  # all have come when the node wakes up
    join.until(lambda: len(join.joined) == 4)
    assert join.joined == [(1, 1), (1, 1, 1), (2, 2), (2, 2, 2)]
