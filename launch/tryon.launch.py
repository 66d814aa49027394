"""The graph of tryon.launch.yaml, and what YAML can't say: when a node's end is for good."""

from pathlib import Path

from launch.actions import EmitEvent, IncludeLaunchDescription, LogInfo, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown, matches_action
from launch.events.process import ProcessExited, ShutdownProcess
from launch.launch_description_sources import AnyLaunchDescriptionSource

from launch import LaunchContext, LaunchDescription

EXIT_BAD_INPUT = 2
LAST_NODE = "source_node"
"""After the end of the input it waits for all nodes that listen to end_of_stream; what runs after it knows no end."""


def on_exit(event: ProcessExited, _context: LaunchContext) -> list | None:
    """Decide what the end of a process means; a crash gets the restart that the YAML asks for."""
    if event.returncode == EXIT_BAD_INPUT:
        reason = f"{event.process_name} got bad input"
        return [LogInfo(msg=reason), EmitEvent(event=Shutdown(reason=reason))]
    if event.returncode == 0 and event.process_name.startswith(LAST_NODE):
        return [EmitEvent(event=Shutdown(reason="the input has ended"))]
    if event.returncode == 0:
        # `respawn` would start it again after a clean end too.
        return [EmitEvent(event=ShutdownProcess(process_matcher=matches_action(event.action)))]
    return None


def generate_launch_description() -> LaunchDescription:
    """Include the graph and watch its processes."""
    graph = str(Path(__file__).parent / "tryon.launch.yaml")
    return LaunchDescription(
        [
            RegisterEventHandler(OnProcessExit(on_exit=on_exit)),
            IncludeLaunchDescription(AnyLaunchDescriptionSource(graph)),
        ]
    )
