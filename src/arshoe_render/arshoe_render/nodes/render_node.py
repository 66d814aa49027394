"""image, mask, camera_info, poses -> tryon, tryon/compressed, rendered."""

import os
from dataclasses import replace

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from arshoe_core.errors import BadInputError
from arshoe_msgs.msg import FootPoseArray
from arshoe_render import TryOnConfig, TryOnRenderer
from arshoe_render.shoe_loader import ShoeLoader
from arshoe_ros import conversions, images, parameters
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node


class RenderNode(ArshoeNode):
    """Puts shoes on the feet. The parameters shoe, variant and occlusion may be set while it runs."""

    def __init__(self) -> None:
        super().__init__("render_node")
        self.config = parameters.declare(self, TryOnConfig, live=("shoe", "variant", "occlusion"))
        self.renderer = TryOnRenderer(self.config)
        self.renderer.warm_up()
        self.loader = ShoeLoader()
        self.picture_publisher = self.publish_image_to("tryon")
        self.compressed_publisher = self.publish_to(CompressedImage, "tryon/compressed")
        self.rendered_publisher = self.publish_to(Header, "rendered")
        self.subscribe_to_camera_info()
        self.join({"image": Image, "mask": Image, "poses": FootPoseArray}, self.on_frame)
        self.add_pre_set_parameters_callback(self.with_variant)
        self.add_on_set_parameters_callback(self.on_set_parameters)

    def on_frame(self, image: Image, mask: Image, poses: FootPoseArray) -> None:
        """Render one frame."""
        with self.frame(image.header):
            with self.stages("decode"):
                picture, picture_mask = images.to_bgr(image), images.to_mask(mask)
                feet = conversions.poses_from_msg(poses)
                camera = self.camera(image.width, image.height)
            self.change_shoe()
            with self.stages("render"):
                tryon = self.renderer.render(picture, picture_mask, camera, feet)
            self.rendered_publisher.publish(image.header)  # first: it lets the next frame in
            if self.picture_publisher.get_subscription_count():
                with self.stages("publish"):
                    self.picture_publisher.publish(images.image_message(tryon, "bgr8", image.header))
        if self.compressed_publisher.get_subscription_count():
            self.compressed_publisher.publish(images.compressed_message(tryon, image.header))

    def reset(self) -> None:
        """Forget earlier frames."""
        self.renderer.reset()

    def with_variant(self, changes: list[Parameter]) -> list[Parameter]:
        """Another shoe comes in its default variant, unless one is set with it."""
        names = {change.name for change in changes}
        return [*changes, Parameter("variant", value="")] if "shoe" in names and "variant" not in names else changes

    def on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        """Change the shoe, its variant or the occlusion, or say why not."""
        values = {change.name: str(change.value) for change in changes if hasattr(self.config, change.name)}
        try:
            config = replace(self.config, **values)
            if (config.shoe, config.variant) != (self.config.shoe, self.config.variant):
                self.loader.request(config.shoe, config.variant)
            if config.occlusion != self.config.occlusion:
                self.renderer.set_occlusion(config.occlusion)
        except BadInputError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.config = config
        return SetParametersResult(successful=True)

    def change_shoe(self) -> None:
        """Take the shoe that was asked for, once it is loaded; if it can't be, the old one stays."""
        try:
            ready = self.loader.take()
        except BadInputError as error:
            self.get_logger().error(f"the shoe stays: {error}")
            return
        if ready is not None:
            with self.stages("change shoe"):
                self.renderer.set_shoe(ready)


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    # Software GL would otherwise start a thread per core and take the cores from the other nodes. Rendering is the
    # longest step of a frame, in which the other nodes mostly wait: two share it well (docs/latency.md).
    os.environ.setdefault("LP_NUM_THREADS", str(min(2, len(os.sched_getaffinity(0)))))
    return run_node(RenderNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
