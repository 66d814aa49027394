"""Wait until the stages of the graph are there."""

import threading
import time

from rclpy.node import Node

LINKS = ("image", "network_output", "poses_raw", "poses", "timing")
"""Topics that must have a publisher and a subscriber before the first frame."""
SETTLE_S = 0.3
"""The graph shows endpoints a little before data flows between them."""


def missing(node: Node) -> list[str]:
    """Topics of the pipeline that still lack a publisher or a subscriber."""
    absent = [topic for topic in LINKS if not (node.count_publishers(topic) and node.count_subscribers(topic))]
    return absent + [topic for topic in ("mask", "tryon") if not node.count_publishers(topic)]


def wait_for_pipeline(node: Node, timeout_s: float, stopping: threading.Event) -> bool:
    """Wait until every stage is connected, or warn after `timeout_s` seconds and go on.

    Returns:
        False if `stopping` was set meanwhile.
    """
    deadline = time.monotonic() + timeout_s
    connected_since = subscribers = None
    while time.monotonic() < deadline:
        if missing(node) or node.count_subscribers("image") != subscribers:
            connected_since, subscribers = time.monotonic(), node.count_subscribers("image")
        elif time.monotonic() - connected_since > SETTLE_S:
            return True
        if stopping.wait(0.05):
            return False
    if timeout_s and missing(node):
        node.get_logger().warning(f"nobody on {', '.join(missing(node))} after {timeout_s:g} s: starting without")
    return True
