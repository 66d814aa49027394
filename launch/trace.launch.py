"""tryon.launch.py while LTTng records it: ros2 launch arshoe trace.launch.py trace_folder:=out/trace bag:=feet_bag"""

import sys
from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from launch import LaunchDescription

try:
    from tracetools_launch.action import Trace
except ModuleNotFoundError:
    sys.exit("trace.launch.py needs the package tracetools_launch: sudo apt install ros-$ROS_DISTRO-tracetools-launch")


def generate_launch_description() -> LaunchDescription:
    """Start the recording, then the graph: the names of nodes and topics are said once, at their start."""
    graph = str(Path(__file__).parent / "tryon.launch.py")
    return LaunchDescription(
        [
            DeclareLaunchArgument("trace_folder", default_value="out/trace", description="where the recording goes"),
            Trace(
                session_name="arshoe",
                append_timestamp=True,
                base_path=LaunchConfiguration("trace_folder"),
                events_ust=["ros2:*"],
                events_kernel=[],
                context_fields=["vpid", "vtid", "procname"],
            ),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(graph)),
        ]
    )
