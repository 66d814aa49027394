"""poses -> markers for RViz; image, mask, keypoints, poses -> debug overlay, while somebody looks at it."""

import numpy as np
from geometry_msgs.msg import Point
from sensor_msgs.msg import Image
from visualization_msgs.msg import Marker, MarkerArray

from arshoe_core import foot
from arshoe_core.types import FootPose
from arshoe_msgs.msg import FootKeypointsArray, FootPoseArray
from arshoe_render.overlay import SIDE_COLORS, draw_overlay
from arshoe_ros import conversions, images
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node
from arshoe_ros.stamp_join import StampJoin


class MarkerNode(ArshoeNode):
    """Shows what the pipeline sees."""

    def __init__(self) -> None:
        super().__init__("marker_node")
        self.markers_publisher = self.publish_to(MarkerArray, "markers")
        self.debug_publisher = self.publish_image_to("debug")
        self.subscribe_to_camera_info()
        self.subscribe_to(FootPoseArray, "poses", self.on_poses)
        self.debug_join: StampJoin | None = None
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
        """Publish the feet as lines with a label, if anybody looks."""
        if self.markers_publisher.get_subscription_count():
            with self.frame(msg.header), self.stages("markers"):
                self.publish_markers(msg)

    def publish_markers(self, msg: FootPoseArray) -> None:
        """Replace all markers by those of the feet given."""
        markers = [Marker(header=msg.header, action=Marker.DELETEALL)]
        for index, pose in enumerate(conversions.poses_from_msg(msg)):
            markers += [lines(pose, index, msg), label(pose, index, msg)]
        self.markers_publisher.publish(MarkerArray(markers=markers))

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


def lines(pose: FootPose, index: int, msg: FootPoseArray) -> Marker:
    """The foot model's limbs in the foot's frame, 5 mm wide."""
    marker = _marker(pose, index, msg, "foot", Marker.LINE_LIST)
    marker.scale.x = 0.005
    points = foot.keypoints(pose.side, pose.foot_length)
    marker.points = [_point(points[k]) for limb in foot.LIMBS for k in limb]
    return marker


def label(pose: FootPose, index: int, msg: FootPoseArray) -> Marker:
    """The side and the track's number, 3 cm high, above the instep."""
    marker = _marker(pose, index, msg, "label", Marker.TEXT_VIEW_FACING)
    marker.scale.z = 0.03
    above = pose.T_camera_foot @ [pose.foot_length / 2, 0.0, pose.foot_length / 2, 1.0]
    marker.pose.position = _point(above[:3])
    marker.text = f"{pose.side.name.lower()} {pose.track_id}"
    return marker


def _marker(pose: FootPose, index: int, msg: FootPoseArray, namespace: str, kind: int) -> Marker:
    marker = Marker(header=msg.header, ns=namespace, id=index, type=kind, action=Marker.ADD)
    marker.pose = msg.feet[index].pose.pose
    blue, green, red = SIDE_COLORS[pose.side]
    marker.color.r, marker.color.g, marker.color.b, marker.color.a = red / 255, green / 255, blue / 255, 1.0
    return marker


def _point(p: np.ndarray) -> Point:
    return Point(x=float(p[0]), y=float(p[1]), z=float(p[2]))


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(MarkerNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
