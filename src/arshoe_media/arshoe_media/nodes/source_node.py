"""A bag, a video, a folder of pictures or a camera -> image, camera_info, /ground_truth/..., end_of_stream."""

import itertools
import os
import threading
import time
from importlib import import_module

import cv2
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_media.bag_reader import BagReader
from arshoe_media.frames import Frame, clip, prefetch
from arshoe_media.nodes.lock_step import LockStep
from arshoe_media.nodes.pipeline import Pipeline
from arshoe_media.source import SourceConfig, open_input
from arshoe_ros import conversions, images, parameters, qos
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node


class SourceNode(ArshoeNode):
    """Publishes the input's frames from a thread of its own, in real time or in lock-step with the pipeline."""

    def __init__(self) -> None:
        super().__init__("source_node")
        self.config = parameters.declare(self, SourceConfig)
        self.reader = open_input(self.config)
        self.image_publisher = self.publish_image_to("image")
        self.info_publisher = self.publish_to(CameraInfo, "camera_info")
        self.end_publisher = self.create_publisher(Header, "end_of_stream", qos.END_OF_STREAM)
        self.raw_publishers = self.publish_raw_topics() if isinstance(self.reader, BagReader) else {}
        self.lock_step = LockStep(self, self.config.first_frame_timeout) if self.lossless else None
        self.pipeline = Pipeline(self)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="source")
        self.thread.start()

    def publish_raw_topics(self) -> dict[str, Publisher]:
        """Publishers of the bag's ground truth, as far as its types are known here."""
        self.get_logger().info(f"{self.reader.path}: {self.reader.image_topic}")
        publishers = {}
        for topic, type_name in self.reader.raw_topics.items():
            package, _, name = type_name.split("/")
            try:
                publishers[topic] = self.publish_to(getattr(import_module(f"{package}.msg"), name), topic)
            except (ModuleNotFoundError, AttributeError):
                self.get_logger().warning(f"{topic} is not replayed: its type {type_name} is not installed")
        return publishers

    def run(self) -> None:
        """The thread: play the input, then wait until everybody has heard of its end."""
        try:
            if self.pipeline.wait(self.config.wait, self.stopping):
                self.say_end(self.play())
            self.done.set_result(None)
        except Exception as error:  # raised again in the main thread
            if not self.stopping.is_set():
                self.done.set_exception(error)

    def play(self) -> Header:
        """Publish all frames and return the last header."""
        header = Header()
        for _ in itertools.count() if self.config.loop else range(1):
            first_ns = started = None
            for frame in prefetch(clip(self.reader, self.config.start, self.config.end)):
                if first_ns is None:
                    first_ns, started = frame.stamp_ns, time.monotonic()
                if not (self.lossless or self.config.camera):
                    due = started + (frame.stamp_ns - first_ns) / 1e9 / self.config.rate
                    self.stopping.wait(max(due - time.monotonic(), 0.0))
                if self.stopping.is_set():
                    return header
                header = conversions.header(frame.stamp_ns, frame.frame_id or self.config.frame_id)
                self.publish_frame(frame, header)
                if self.lock_step:
                    self.lock_step.wait_for(frame.stamp_ns, self.stopping)
            if first_ns is None:
                raise BadInputError(f"no frame between start:={self.config.start} and end:={self.config.end} s")
        return header

    def publish_frame(self, frame: Frame, header: Header) -> None:
        """Publish one frame with all that belongs to it, the picture last."""
        height, width = frame.image.shape[:2]
        info = conversions.camera_to_msg(frame.camera or Camera.from_fov(width, height), header)
        msg = images.image_message(frame.image, "bgr8", header)
        for raw in frame.raw_messages:
            if raw.topic in self.raw_publishers:
                self.raw_publishers[raw.topic].publish(raw.cdr)
        self.info_publisher.publish(info)
        with self.frame(header), self.stages("publish"):
            self.image_publisher.publish(msg)

    def say_end(self, header: Header) -> None:
        """Publish end_of_stream and stay until its subscribers have gone, since it would go with this node."""
        self.end_publisher.publish(header)
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline and self.count_subscribers("end_of_stream") > 1:  # one is this node's
            if self.stopping.wait(0.1):
                return

    def finished(self, end: Header, idle_s: float) -> bool:
        """Never: the thread decides."""
        return False

    def close(self) -> None:
        """Stop the thread."""
        self.stopping.set()
        self.thread.join(5.0)


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    # What OpenCV and FFmpeg print of a bad file would stand beside our one line about it.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if hasattr(cv2.utils, "logging"):  # not in every OpenCV 4
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return run_node(SourceNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
