"""network_output, camera_info -> keypoints, poses_raw."""

from arshoe_msgs.msg import FootKeypointsArray, FootPoseArray, NetworkOutput
from arshoe_perception.pose_estimator import PoseConfig, PoseEstimator
from arshoe_ros import conversions, parameters
from arshoe_ros.node import ArshoeNode
from arshoe_ros.runner import run_node


class PoseNode(ArshoeNode):
    """Finds feet in the network's maps."""

    def __init__(self) -> None:
        super().__init__("pose_node")
        self.estimator = PoseEstimator(parameters.declare(self, PoseConfig))
        self.statistics.counters["rejected"] = self.estimator.rejected
        self.keypoints_publisher = self.publish_to(FootKeypointsArray, "keypoints")
        self.poses_publisher = self.publish_to(FootPoseArray, "poses_raw")
        self.subscribe_to_camera_info()
        self.subscribe_to(NetworkOutput, "network_output", self.on_network_output)

    def on_network_output(self, msg: NetworkOutput) -> None:
        """Decode, group, fit; publish, even if there are no feet."""
        with self.frame(msg.header):
            with self.stages("decode"):
                output = conversions.network_output_from_msg(msg)
            with self.stages("estimate"):
                keypoints, poses = self.estimator(output, self.camera(msg.image_width, msg.image_height))
            with self.stages("publish"):
                self.poses_publisher.publish(conversions.poses_to_msg(poses, msg.header))
                if self.keypoints_publisher.get_subscription_count():
                    self.keypoints_publisher.publish(conversions.keypoints_to_msg(keypoints, msg.header))


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    return run_node(PoseNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
