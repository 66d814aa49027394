"""image, mask, camera_info, poses_raw -> poses, /tf."""

from geometry_msgs.msg import TransformStamped
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_msgs.msg import FootPoseArray
from arshoe_ros import conversions, images, parameters
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node
from arshoe_stabilizer import Stabilizer, StabilizerConfig

FRAMES = {Side.LEFT: "foot_left", Side.RIGHT: "foot_right"}


class StabilizerNode(ArshoeNode):
    """Steadies the poses from frame to frame."""

    def __init__(self) -> None:
        super().__init__("stabilizer_node")
        self.stabilizer = Stabilizer(parameters.declare(self, StabilizerConfig))
        self.poses_publisher = self.publish_to(FootPoseArray, "poses")
        self.tf_publisher = self.publish_to(TFMessage, "/tf")
        self.subscribe_to_camera_info()
        self.join({"image": Image, "mask": Image, "poses_raw": FootPoseArray}, self.on_frame, early=self.on_picture)

    def on_picture(self, image: Image, mask: Image) -> None:
        """Follow the feet into the picture while pose_node is still at work."""
        with self.stages("look"):
            camera = self.camera(image.width, image.height)
            stamp_s = conversions.stamp_ns(image.header) / 1e9
            self.stabilizer.look(images.to_bgr(image), images.to_mask(mask), camera, stamp_s)

    def on_frame(self, image: Image, mask: Image, poses_raw: FootPoseArray) -> None:
        """Stabilise one frame's poses; publish, even if there are no feet."""
        with self.frame(image.header):
            with self.stages("decode"):
                picture, picture_mask = images.to_bgr(image), images.to_mask(mask)
                measured = conversions.poses_from_msg(poses_raw)
                camera = self.camera(image.width, image.height)
            with self.stages("stabilize"):
                stamp_s = conversions.stamp_ns(image.header) / 1e9
                poses = self.stabilizer.update(picture, picture_mask, camera, stamp_s, measured)
            with self.stages("publish"):
                self.poses_publisher.publish(conversions.poses_to_msg(poses, image.header))
                if self.tf_publisher.get_subscription_count():
                    self.publish_transforms(poses, image.header)

    def publish_transforms(self, poses: list[FootPose], header: Header) -> None:
        """Publish camera <- foot of the surest foot of each side."""
        best = {pose.side: pose for pose in sorted(poses, key=lambda pose: pose.score)}
        transforms = []
        for side, pose in best.items():
            transform = TransformStamped(header=header, child_frame_id=FRAMES[side])
            transform.transform.translation = conversions.vector_to_msg(pose.T_camera_foot[:3, 3])
            transform.transform.rotation = conversions.quaternion_to_msg(pose.T_camera_foot[:3, :3])
            transforms.append(transform)
        self.tf_publisher.publish(TFMessage(transforms=transforms))

    def reset(self) -> None:
        """Forget all tracks."""
        self.stabilizer.reset()


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(StabilizerNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
