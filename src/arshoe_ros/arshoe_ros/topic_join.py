"""Topics of a node joined by stamp, of which one alone wakes the node up."""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sensor_msgs.msg import Image

from arshoe_ros import conversions, qos
from arshoe_ros.queued_subscription import QueuedSubscription
from arshoe_ros.stamp_join import StampJoin

if TYPE_CHECKING:
    from arshoe_ros.node import ArshoeNode


class TopicJoin(StampJoin):
    """A `StampJoin` fed by subscriptions of a node.

    Only the last topic wakes the node up; what has come on the others is taken from their queues then. If it is not
    there yet, the others wake the node up too until nothing waits for them.

    Attributes:
        queues: the subscription of each topic.
    """

    def __init__(self, node: "ArshoeNode", types: dict[str, type], callback: Callable[..., None]) -> None:
        super().__init__(tuple(types), callback)
        self._last = tuple(types)[-1]
        self.queues: dict[str, QueuedSubscription] = {}
        for topic, msg_type in types.items():
            profile = qos.queued_image(node.lossless) if msg_type is Image else qos.RELIABLE
            self.queues[topic] = node.queue_of(msg_type, topic, partial(self._on_message, topic), profile)
        self.queues[self._last].quiet = False

    def _on_message(self, topic: str, msg: Any) -> None:
        if topic == self._last:
            self.take_queued()
        self.add(topic, conversions.stamp_ns(msg.header), msg, time.monotonic())
        for name, queue in self.queues.items():
            queue.quiet = name != self._last and not self.waits(self._last)

    def take_queued(self) -> None:
        """Take what has come on the other topics."""
        for topic, queue in self.queues.items():
            if topic != self._last:
                for msg in queue.take():
                    self.add(topic, conversions.stamp_ns(msg.header), msg, time.monotonic())
