"""image, camera_info, poses, rendered -> network_output, mask."""

import time

from rclpy.subscription import Subscription
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from arshoe_msgs.msg import FootPoseArray, NetworkOutput
from arshoe_perception.mask import decode_mask
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner
from arshoe_perception.region_of_interest import RegionConfig, RegionOfInterest
from arshoe_ros import conversions, images, parameters
from arshoe_ros.flow_control import FlowControl
from arshoe_ros.node import ArshoeNode
from arshoe_ros.queued_subscription import QueuedSubscription
from arshoe_ros.runner import run_node


class NetworkNode(ArshoeNode):
    """Runs the network on the newest image; images that came while it was busy, or while as many frames as the
    pipeline can work on at a time are not yet rendered, are dropped (not if lossless).

    With `roi:=track` it looks where the stabilizer's poses say the feet are. Which poses it has by then depends on
    timing; lossless, it waits for those of the image before, so that two runs give the same.
    """

    POSES_TIMEOUT_S, DISCOVERY_S = 5.0, 1.0
    FRAMES_UNDER_WAY = 3  # with two, fewer frames come out; with four no more, and later (docs/latency.md)

    def __init__(self) -> None:
        super().__init__("network_node")
        network = NetworkRunner(parameters.declare(self, NetworkConfig))
        region = parameters.declare(self, RegionConfig)
        self.network = RegionOfInterest(network, region)
        self.image_size = (0, 0)
        self.poses_stamp_ns = 0
        self.mask_publisher = self.publish_image_to("mask")
        self.output_publisher = self.publish_to(NetworkOutput, "network_output")
        self.poses: QueuedSubscription | None = None
        if region.roi == "track":
            self.subscribe_to_camera_info()
            self.poses = self.queue_of(FootPoseArray, "poses", self.on_poses)
        self.flow = FlowControl(self.FRAMES_UNDER_WAY)
        self.rendered = None if self.lossless else self.queue_of(Header, "rendered", self.on_rendered)
        self.images: Subscription = self.subscribe_to_image("image", self.on_image)

    def on_image(self, msg: Image) -> None:
        """Run the network and publish its maps and the mask."""
        msg = self.newest(msg)
        if self.rendered is not None:
            self.rendered.take_all()
            if self.flow.full(time.monotonic()):
                self.statistics.dropped += 1
                return
            self.flow.sent(conversions.stamp_ns(msg.header))
        if self.poses is not None:
            self.poses.take_all()
            if self.lossless and self.statistics.frames:
                self.wait_for_poses()
        with self.frame(msg.header):
            with self.stages("decode"):
                image = images.to_bgr(msg)
                self.image_size = (msg.width, msg.height)
            with self.stages("infer"):
                output = self.network(image, conversions.stamp_ns(msg.header) / 1e9)
            with self.stages("publish_output"):
                self.output_publisher.publish(conversions.network_output_to_msg(output, msg.header))
            with self.stages("mask"):
                mask = decode_mask(output)
            with self.stages("publish_mask"):
                self.mask_publisher.publish(images.image_message(mask, "mono8", msg.header))

    def on_rendered(self, msg: Header) -> None:
        """Learn which frame the last stage has done."""
        self.flow.done(conversions.stamp_ns(msg), time.monotonic())

    def on_poses(self, msg: FootPoseArray) -> None:
        """Learn where the feet were."""
        self.poses_stamp_ns = conversions.stamp_ns(msg.header)
        if any(self.image_size):
            camera = self.camera(*self.image_size)
            self.network.update(self.poses_stamp_ns / 1e9, conversions.poses_from_msg(msg), camera)

    def wait_for_poses(self) -> None:
        """Take the poses of the last image; they are on their way, unless nobody publishes any."""
        deadline = time.monotonic() + self.POSES_TIMEOUT_S
        # Who publishes may be known only some time after the stages have found one another.
        alone = time.monotonic() + (self.DISCOVERY_S if self.statistics.frames == 1 else 0)
        while self.poses_stamp_ns != self.statistics.stamp_ns:
            if not self.count_publishers("poses") and time.monotonic() > alone:
                return
            if time.monotonic() > deadline:
                self.get_logger().warning("no poses of the last image: the region is not repeatable", once=True)
                return
            time.sleep(0.001)
            self.poses.take_all()

    def reset(self) -> None:
        """Forget where the feet were, and which frames are under way."""
        self.network.reset()
        self.flow.reset()

    def newest(self, msg: Image) -> Image:
        """The last image that waits in the subscription's queue, or `msg` if none does."""
        while not self.lossless and (taken := self.images.handle.take_message(Image, False)) is not None:
            self.statistics.dropped += 1
            msg = taken[0]
        return msg


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(NetworkNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
