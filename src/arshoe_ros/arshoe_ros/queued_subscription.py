"""A subscription whose messages wait in the queue until the node wants them."""

from collections.abc import Iterator
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription


class QueuedSubscription:
    """Messages of a topic that are taken when the node asks for them, not when they come.

    Each time rclpy's executor wakes up it gathers all that the node could wait for, about 0.3 ms of CPU however small
    the message. A node that works once a frame need only be woken by the message that completes the frame.

    Attributes:
        quiet: while it is, new messages do not wake the node up; set it to False to be called back for each.
    """

    def __init__(self, node: Node, msg_type: type, topic: str, callback, profile: QoSProfile, **options: Any) -> None:
        """Subscribe; `callback` takes a message, whether the node was woken up or `take_all` called."""
        self.quiet = True
        self._msg_type, self._callback = msg_type, callback
        group = _WhileNotQuiet(self)
        self.subscription: Subscription = node.create_subscription(
            msg_type, topic, callback, profile, callback_group=group, **options
        )

    def take(self) -> Iterator[Any]:
        """The messages that wait, oldest first."""
        while (taken := self.subscription.handle.take_message(self._msg_type, False)) is not None:
            yield taken[0]

    def take_all(self) -> None:
        """Hand over the messages that wait to the callback, oldest first."""
        for msg in self.take():
            self._callback(msg)


class _WhileNotQuiet(CallbackGroup):
    """Keeps a subscription out of the executor's sight while it is quiet."""

    def __init__(self, owner: QueuedSubscription) -> None:
        super().__init__()
        self._owner = owner

    def can_execute(self, entity: object) -> bool:
        return not self._owner.quiet

    def beginning_execution(self, entity: object) -> bool:
        return True

    def ending_execution(self, entity: object) -> None:
        pass
