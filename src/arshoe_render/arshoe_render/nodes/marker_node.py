"""poses, camera_info -> markers and a view frame for RViz; image, mask, keypoints, poses -> debug overlay.

Both only while somebody looks.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sensor_msgs.msg import Image
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from arshoe_core.camera import Camera
from arshoe_core.parameters import parameter, validate
from arshoe_msgs.msg import FootKeypointsArray, FootPoseArray
from arshoe_render.nodes.markers import MarkerBoard, ShoeResource, frame_markers, shoe_resource, view_transform
from arshoe_render.overlay import draw_overlay
from arshoe_render.shoe import DEFAULT_SHOE
from arshoe_ros import conversions, images, parameters
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node
from arshoe_ros.topic_join import TopicJoin


@dataclass(frozen=True)
class MarkerConfig:
    """What is shown."""

    shoe: str = parameter(DEFAULT_SHOE, "name of a bundled shoe, or path of a .glb file, whose mesh RViz shows")

    def __post_init__(self) -> None:
        validate(self)


class MarkerNode(ArshoeNode):
    """Shows what the pipeline sees."""

    def __init__(self) -> None:
        super().__init__("marker_node")
        self.config = parameters.declare(self, MarkerConfig)
        self.folder = TemporaryDirectory(prefix="arshoe_")
        self.shoe: ShoeResource | None = None
        self.board = MarkerBoard()
        self.afresh = True
        self.markers_publisher = self.publish_to(MarkerArray, "markers")
        self.tf_publisher = self.publish_to(TFMessage, "/tf")
        self.debug_publisher = self.publish_image_to("debug")
        self.subscribe_to_camera_info()
        self.subscribe_to(FootPoseArray, "poses", self.on_poses)
        self.debug_join: TopicJoin | None = None
        self.steady_timer(0.5, self.follow_debug_subscribers)

    def follow_debug_subscribers(self) -> None:
        """Take images only while somebody looks at the overlay: taking them is most of the work."""
        watched = self.debug_publisher.get_subscription_count() > 0
        if watched and self.debug_join is None:
            types = {"image": Image, "mask": Image, "keypoints": FootKeypointsArray, "poses": FootPoseArray}
            self.debug_join = self.join(types, self.on_frame)
        elif not watched and self.debug_join is not None:
            self.leave(self.debug_join)
            self.debug_join = None

    def on_poses(self, msg: FootPoseArray) -> None:
        """Publish the feet's shoes, lines and labels and the camera, if anybody looks."""
        if not self.markers_publisher.get_subscription_count():
            self.afresh = True  # who looks next may still show what an earlier run left
            return
        with self.frame(msg.header), self.stages("markers"):
            self.publish_markers(msg)

    def publish_markers(self, msg: FootPoseArray) -> None:
        """Replace all markers by those of the feet given."""
        if self.shoe is None:
            self.shoe = shoe_resource(self.config.shoe, Path(self.folder.name))
        if self.afresh:
            self.markers_publisher.publish(self.board.clear(msg.header))
            self.afresh = False
        markers = frame_markers(conversions.poses_from_msg(msg), msg.header, self.shoe, self.known_camera())
        self.tf_publisher.publish(TFMessage(transforms=[view_transform(msg.header)]))
        self.markers_publisher.publish(self.board.replace(markers, msg.header))

    def known_camera(self) -> Camera | None:
        """The camera as camera_info gives it; None until it has, or if it is not calibrated."""
        info = self.camera_info()
        return None if info is None or not info.width else conversions.camera_from_msg(info, info.width, info.height)

    def on_frame(self, image: Image, mask: Image, keypoints: FootKeypointsArray, poses: FootPoseArray) -> None:
        """Draw the overlay."""
        with self.stages("draw"):
            picture = draw_overlay(
                images.to_bgr(image),
                images.to_mask(mask),
                self.camera(image.width, image.height),
                conversions.keypoints_from_msg(keypoints),
                conversions.poses_from_msg(poses),
            )
            self.debug_publisher.publish(images.image_message(picture, "bgr8", image.header))

    def reset(self) -> None:
        """Take all markers away: RViz drops messages of the past and would keep the old ones."""
        self.afresh = True


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(MarkerNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
