"""A stage as a user writes it for an experiment: plain rclpy, nothing of arshoe_ros. It sees a left foot, always."""

import rclpy
from rclpy.node import Node

from arshoe_msgs.msg import FootPose, FootPoseArray, NetworkOutput


class PlainPoseNode(Node):
    def __init__(self):
        super().__init__("plain_pose_node", namespace="arshoe")
        self.publisher = self.create_publisher(FootPoseArray, "poses_raw", 5)
        self.create_subscription(NetworkOutput, "network_output", self.on_output, 5)

    def on_output(self, msg):
        foot = FootPose(side=FootPose.LEFT, score=1.0, reprojection_error=0.5, foot_length=0.26)
        position, q = foot.pose.pose.position, foot.pose.pose.orientation
        position.x, position.y, position.z = 0.0, 0.05, 0.6
        q.x, q.y, q.z, q.w = 0.67082039, -0.67082039, 0.2236068, 0.2236068
        self.publisher.publish(FootPoseArray(header=msg.header, feet=[foot]))


rclpy.init()
rclpy.spin(PlainPoseNode())
