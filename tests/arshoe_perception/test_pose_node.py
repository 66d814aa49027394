"""pose_node in this process: what it publishes of groups that are no feet."""

import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed here")

from std_msgs.msg import Header  # noqa: E402

from arshoe_core.foot import Side  # noqa: E402
from arshoe_perception.nodes.pose_node import PoseNode  # noqa: E402
from arshoe_ros import conversions  # noqa: E402


def test_rejected_groups_are_counted_by_reason_in_the_diagnostics(render_maps, project, foot_transform, camera):
    feet = [project(foot_transform(1, 0.9, 0.8, at=(x, 0)), Side.LEFT, camera) for x in (-0.35, 0.0, 0.35)]
    rclpy.init(args=["--ros-args", "-p", "max_feet:=2"], domain_id=84)
    try:
        node = PoseNode()
        for _ in range(2):
            node.on_network_output(conversions.network_output_to_msg(render_maps(feet, camera), Header()))
        (status,) = node.statistics.message(0, 0.0, 0, {}, []).status
    finally:
        rclpy.try_shutdown()
    assert {value.key: value.value for value in status.values}["rejected: too_many"] == "2"
