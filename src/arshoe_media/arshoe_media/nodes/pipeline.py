"""Wait until the stages of the graph are there and connected, so that the first frames are not lost."""

import threading
import time

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from arshoe_ros import qos
from arshoe_ros.diagnostics import SUBSCRIBERS_OF

PUBLISHED = ("network_output", "mask", "poses_raw", "poses", "tryon")
SUBSCRIBED = ("image", "network_output", "poses_raw", "poses", "timing")
"""Topics that must have a publisher or a subscriber before the first frame."""
SETTLE_S = 0.3


class Pipeline:
    """Watches the ROS graph and what the nodes say of their connections.

    A subscription shows up in the graph some time before each publisher is connected to it. So every node tells on
    /diagnostics how many subscriptions its topics are connected to, and that must be as many as the graph shows.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._connected: dict[str, dict[str, int]] = {}  # node: topic: number of subscriptions
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.DIAGNOSTICS)

    def wait(self, timeout_s: float, stopping: threading.Event) -> bool:
        """Wait until nothing is missing, or warn after `timeout_s` seconds and go on.

        Returns:
            False if `stopping` was set meanwhile.
        """
        deadline = time.monotonic() + timeout_s
        complete_since = None
        while time.monotonic() < deadline:
            if self.missing():
                complete_since = None
            elif complete_since is None:
                complete_since = time.monotonic()
            elif time.monotonic() - complete_since > SETTLE_S:
                return True
            if stopping.wait(0.05):
                return False
        if timeout_s and (missing := self.missing()):
            self._node.get_logger().warning(f"{'; '.join(missing)} after {timeout_s:g} s: starting without")
        return True

    def missing(self) -> list[str]:
        """What the pipeline still lacks, in words."""
        node = self._node
        missing = [f"no publisher of {topic}" for topic in PUBLISHED if not node.count_publishers(topic)]
        missing += [f"no subscriber of {topic}" for topic in SUBSCRIBED if not node.count_subscribers(topic)]
        for info in node.get_publishers_info_by_topic(node.resolve_topic_name("timing")):
            name = f"{info.node_namespace.rstrip('/')}/{info.node_name}"
            if name not in self._connected:
                missing.append(f"no word from {name}")
            missing += [
                f"{name} is not connected on {topic}"
                for topic, count in self._connected.get(name, {}).items()
                if count < node.count_subscribers(topic)
            ]
        return missing

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            self._connected[status.name] = {
                value.key.removeprefix(SUBSCRIBERS_OF): int(value.value)
                for value in status.values
                if value.key.startswith(SUBSCRIBERS_OF)
            }
