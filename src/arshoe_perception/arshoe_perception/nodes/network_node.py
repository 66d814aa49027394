"""image -> network_output, mask."""

from rclpy.subscription import Subscription
from sensor_msgs.msg import Image

from arshoe_msgs.msg import NetworkOutput
from arshoe_perception.mask import decode_mask
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner
from arshoe_ros import conversions, images, parameters
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node


class NetworkNode(ArshoeNode):
    """Runs the network on the newest image; images that came while it was busy are dropped (not if lossless)."""

    def __init__(self) -> None:
        super().__init__("network_node")
        self.network = NetworkRunner(parameters.declare(self, NetworkConfig))
        self.mask_publisher = self.publish_image_to("mask")
        self.output_publisher = self.publish_to(NetworkOutput, "network_output")
        self.images: Subscription = self.subscribe_to_image("image", self.on_image)

    def on_image(self, msg: Image) -> None:
        """Run the network and publish its maps and the mask."""
        msg = self.newest(msg)
        with self.frame(msg.header):
            with self.stages("decode"):
                image = images.to_bgr(msg)
            with self.stages("infer"):
                output = self.network(image)
            with self.stages("publish_output"):
                self.output_publisher.publish(conversions.network_output_to_msg(output, msg.header))
            with self.stages("mask"):
                mask = decode_mask(output)
            with self.stages("publish_mask"):
                self.mask_publisher.publish(images.image_message(mask, "mono8", msg.header))

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
