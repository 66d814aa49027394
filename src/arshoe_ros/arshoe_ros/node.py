"""The base of ARShoe's nodes: topics with the right QoS, stage timing, diagnostics, the end of the stream."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from arshoe_core.camera import Camera
from arshoe_core.parameters import parameter, validate
from arshoe_msgs.msg import FrameTiming
from arshoe_ros import conversions, parameters, qos
from arshoe_ros.diagnostics import FrameStatistics
from arshoe_ros.queued_subscription import QueuedSubscription
from arshoe_ros.stages import StageTimer
from arshoe_ros.topic_join import TopicJoin


@dataclass(frozen=True)
class GraphConfig:
    """Parameters that every node has."""

    lossless: bool = parameter(False, "image and mask topics are reliable, so that no frame is lost")

    def __post_init__(self) -> None:
        validate(self)


class ArshoeNode(Node):
    """A node that works frame by frame.

    A subclass makes its core object, publishers and subscriptions, and does its work inside
    `with self.frame(header):`.

    Attributes:
        lossless: the parameter of `GraphConfig`.
        stages: times parts of the work: `with self.stages("infer"):`.
        statistics: frames done and dropped.
        done: completes when the stream has ended; `arshoe_ros.runner.run_node` waits for it.
    """

    IDLE_S = 1.0

    def __init__(self, name: str) -> None:
        super().__init__(name, namespace="arshoe")
        self.lossless = parameters.declare(self, GraphConfig).lossless
        self.stages = StageTimer(self.get_name())
        self.statistics = FrameStatistics(self.get_fully_qualified_name(), self.stages)
        self.done = Future()
        self._joins: list[TopicJoin] = []
        self._outputs: list[Publisher] = []
        self._camera_info: CameraInfo | None = None
        self._camera_infos: QueuedSubscription | None = None
        self._first_camera_request: float | None = None
        self._end: Header | None = None
        self._last_input = time.monotonic()
        self._timing = self.publish_to(FrameTiming, "timing", qos.TIMING)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.RELIABLE)
        self.create_subscription(Header, "end_of_stream", self._on_end_of_stream, qos.END_OF_STREAM)
        # Steady timers: simulated time stands still when a bag has ended.
        self._last_diagnostics = 0.0
        self.steady_timer(0.2, self._publish_diagnostics)

    # Topics

    def publish_to(self, msg_type: type, topic: str, profile: QoSProfile = qos.RELIABLE) -> Publisher:
        """A publisher whose QoS can be overridden by parameters."""
        publisher = self.create_publisher(msg_type, topic, profile, qos_overriding_options=qos.overridable())
        self._outputs.append(publisher)
        return publisher

    def publish_image_to(self, topic: str) -> Publisher:
        """A publisher of images with the QoS of the mode (real time or lossless)."""
        return self.publish_to(Image, topic, qos.image(self.lossless))

    def subscribe_to(
        self, msg_type: type, topic: str, callback: Callable[[Any], None], profile: QoSProfile = qos.RELIABLE, **options
    ) -> Subscription:
        """A subscription whose QoS can be overridden by parameters."""

        def on_message(msg: Any) -> None:
            self._last_input = time.monotonic()
            callback(msg)

        return self.create_subscription(
            msg_type, topic, on_message, profile, qos_overriding_options=qos.overridable(), **options
        )

    def subscribe_to_image(self, topic: str, callback: Callable[[Image], None]) -> Subscription:
        """A subscription of images with the QoS of the mode (real time or lossless)."""
        return self.subscribe_to(Image, topic, callback, qos.image(self.lossless))

    def queue_of(
        self, msg_type: type, topic: str, callback: Callable[[Any], None], profile: QoSProfile = qos.RELIABLE
    ) -> QueuedSubscription:
        """A subscription that does not wake the node up; its QoS can be overridden by parameters."""

        def on_message(msg: Any) -> None:
            self._last_input = time.monotonic()
            callback(msg)

        overridable = qos.overridable()
        return QueuedSubscription(self, msg_type, topic, on_message, profile, qos_overriding_options=overridable)

    def join(
        self, types: dict[str, type], callback: Callable[..., None], early: Callable[..., None] | None = None
    ) -> TopicJoin:
        """Subscribe to several topics and call back with one message of each, all of one stamp.

        The last of `types` should be the topic that usually comes last: it alone wakes the node up. `early` is called
        with those of the other topics, as soon as they are there, to work on while the last is on its way.
        """
        join = TopicJoin(self, types, callback, early)
        self._joins.append(join)
        return join

    def leave(self, join: TopicJoin) -> None:
        """Undo `join`."""
        self._joins.remove(join)
        for queue in join.queues.values():
            self.destroy_subscription(queue.subscription)

    def steady_timer(self, period_s: float, callback: Callable[[], None]) -> Any:
        """A timer on the steady clock."""
        return self.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))

    # The camera: the latest CameraInfo, since drivers give all images the same

    def subscribe_to_camera_info(self) -> None:
        """Keep the latest CameraInfo of the topic beside the image topic, for `camera`."""
        beside = self.resolve_topic_name("image").rsplit("/", 1)[0] + "/camera_info"
        self._camera_infos = QueuedSubscription(self, CameraInfo, beside, self._on_camera_info, qos.CAMERA_INFO)

    def camera(self, width: int, height: int) -> Camera:
        """The camera for images of width x height px; one of the default field of view while none is known."""
        if (info := self.camera_info()) is not None:
            camera = conversions.camera_from_msg(info, width, height)
            if camera is not None:
                return camera
            self._warn_no_camera("camera_info has no calibration (K is zero)")
        elif self._first_camera_request is None:
            self._first_camera_request = time.monotonic()
        elif time.monotonic() - self._first_camera_request > 2.0:
            self._warn_no_camera("no camera_info has come for 2 s")
        return Camera.from_fov(width, height)

    def _warn_no_camera(self, reason: str) -> None:
        self.get_logger().warning(f"{reason}: a default field of view is assumed, so distances are rough", once=True)

    def camera_info(self) -> CameraInfo | None:
        """The latest CameraInfo, None while none has come or nobody has subscribed to it."""
        if self._camera_infos is not None:
            self._camera_infos.take_all()
        return self._camera_info

    def _on_camera_info(self, msg: CameraInfo) -> None:
        self._camera_info = msg

    # One frame

    @contextmanager
    def frame(self, header: Header) -> Iterator[None]:
        """Do the work of one frame in the body: resets after a jump back in time, publishes the frame's timing."""
        start_ns = time.monotonic_ns()
        stamp = conversions.stamp_ns(header)
        if stamp < self.statistics.stamp_ns:
            self.get_logger().info("time went backwards: starting afresh")
            self.reset()
        self.stages.frame_us.clear()
        with self.stages.frame(stamp):
            yield
        self.statistics.frames += 1
        self.statistics.stamp_ns = stamp
        names, durations = zip(*self.stages.frame_us, strict=True) if self.stages.frame_us else ((), ())
        self.publish_timing(header, start_ns, time.monotonic_ns(), names, durations)

    def publish_timing(self, header: Header, start_ns: int, end_ns: int, stages: tuple = (), us: tuple = ()) -> None:
        """Publish when this node worked on a frame, monotonic clock; `us` is microseconds per stage."""
        if not self._timing.get_subscription_count():
            return
        self._timing.publish(
            FrameTiming(
                header=header,
                node=self.get_name(),
                start_ns=start_ns,
                end_ns=end_ns,
                stages=list(stages),
                stage_us=list(us),
            )
        )

    def reset(self) -> None:
        """Called when time has gone backwards; a node with memory forgets it."""

    # The end

    def finished(self, end: Header, idle_s: float) -> bool:
        """Whether the node may end: the stream ends with the stamp of `end`, and nothing came for `idle_s` seconds."""
        return idle_s > self.IDLE_S

    def _on_end_of_stream(self, msg: Header) -> None:
        if self._end is None:
            self._last_input = time.monotonic()
            self.steady_timer(0.1, self._check_end)
        self._end = msg

    def _check_end(self) -> None:
        if not self.done.done() and self.finished(self._end, time.monotonic() - self._last_input):
            self.done.set_result(None)

    # Diagnostics

    def warnings(self) -> list[str]:
        """What is wrong right now, for /diagnostics."""
        now = time.monotonic()
        return [
            f"frames wait for {', '.join(silent)} of the same stamp"
            for join in self._joins
            if (silent := join.silent_topics(now))
        ]

    def dropped(self) -> int:
        """Frames given up since the start."""
        return self.statistics.dropped + sum(join.dropped for join in self._joins)

    def _publish_diagnostics(self) -> None:
        # Once a second; more often before the first frame, since the source waits for the numbers of subscribers.
        now = time.monotonic()
        if self.statistics.frames and now - self._last_diagnostics < 0.99:
            return
        self._last_diagnostics = now
        for join in self._joins:
            join.take_queued()  # or nobody would notice that the last topic is silent
        warnings = self.warnings()
        for text in warnings:
            self.get_logger().warning(text, throttle_duration_sec=10.0)
        subscribers = {publisher.topic_name: publisher.get_subscription_count() for publisher in self._outputs}
        ros_now = self.get_clock().now().nanoseconds
        self._diagnostics.publish(self.statistics.message(ros_now, now, self.dropped(), subscribers, warnings))
