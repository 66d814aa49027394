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

    Args:
        early: called with the messages of all topics but the last, if they are there before it; the last but one wakes
            the node up too, then.

    Attributes:
        queues: the subscription of each topic.
    """

    def __init__(
        self,
        node: "ArshoeNode",
        types: dict[str, type],
        callback: Callable[..., None],
        early: Callable[..., None] | None = None,
    ) -> None:
        super().__init__(tuple(types), callback)
        *others, self._last = types
        self._waking = {self._last, others[-1]} if early else {self._last}
        self._early = StampJoin(tuple(others), early) if early else None
        self.queues: dict[str, QueuedSubscription] = {}
        for topic, msg_type in types.items():
            profile = qos.queued_image(node.lossless) if msg_type is Image else qos.RELIABLE
            self.queues[topic] = node.queue_of(msg_type, topic, partial(self._on_message, topic), profile)
        for topic in self._waking:
            self.queues[topic].quiet = False

    def take_queued(self) -> None:
        """Take what has come, on the last topic first: a frame ends before the next begins, even if both have come."""
        for topic, queue in reversed(self.queues.items()):
            for msg in queue.take():
                self._take(topic, msg)

    def _on_message(self, topic: str, msg: Any) -> None:
        if topic == self._last:
            self._take(topic, msg)
        if topic in self._waking:
            self.take_queued()
        if topic != self._last:
            self._take(topic, msg)
        for name, queue in self.queues.items():
            queue.quiet = name not in self._waking and not self.waits(self._last)

    def _take(self, topic: str, msg: Any) -> None:
        stamp, now = conversions.stamp_ns(msg.header), time.monotonic()
        if self._early and topic != self._last:
            self._early.add(topic, stamp, msg, now)
        self.add(topic, stamp, msg, now)
