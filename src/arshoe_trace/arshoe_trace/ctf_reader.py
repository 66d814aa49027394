"""Reads an LTTng trace of provider ros2: one of ours, or one that `ros2 trace` recorded on a ROS install."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from arshoe_core.errors import BadInputError
from arshoe_trace.frame_paths import is_input
from arshoe_trace.trace_model import FrameCollector, NodeFrame, ProcessTime, Publish, Stage, Take, Trace

COMMAND = ("babeltrace2", "--clock-seconds", "--no-delta", "--color=never")
EVENT = re.compile(r"\[(\d+)\.(\d{9})\] .*?\bros2:(\w+): (.*)")
FIELD = re.compile(r'(\w+) = (?:"((?:[^"\\]|\\.)*)"|([^\s,}]+))')
LOST = re.compile(r"[Dd]iscarded (\d+) events?")


def find_ctf(folder: Path) -> Path | None:
    """The folder of a CTF trace in or below `folder`, if there is one."""
    return folder if any(folder.rglob("metadata")) else None


def read_ctf(folder: Path) -> Trace:
    """Read a trace.

    Raises:
        BadInputError: babeltrace2 is not installed or can't read the folder, or the trace holds no frame of ARShoe.
    """
    if shutil.which(COMMAND[0]) is None:
        raise BadInputError(f"{COMMAND[0]} is not installed, and {folder} is an LTTng trace: install it to read that")
    with tempfile.TemporaryFile("w+", errors="replace") as messages:
        command = [*COMMAND, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=messages, text=True, errors="replace") as printed:
            reader = _Reader()
            reader.read(printed.stdout)
        messages.seek(0)
        said = messages.read()
    if printed.returncode:
        lines = said.strip().splitlines() or ["no reason given"]
        raise BadInputError(f"{folder} can't be read by {COMMAND[0]}: {lines[-1]}")
    trace = reader.trace()
    trace.lost_events = sum(int(count) for count in LOST.findall(said))
    return trace


def read_text(lines: Iterable[str]) -> Trace:
    """Read what babeltrace2 prints of a trace.

    Raises:
        BadInputError: it holds no frame of ARShoe, or began after the nodes did, so that no topic is known.
    """
    reader = _Reader()
    reader.read(lines)
    return reader.trace()


def read_cpu(trace: Trace, file: Path) -> None:
    """Add the CPU times that ./arshoe trace saved: {pid: [[CLOCK_REALTIME ns, CPU time ns], ...]}."""
    samples = json.loads(file.read_text())
    for node, process in trace.processes.items():
        found = tuple((time_ns, cpu_ns) for time_ns, cpu_ns in samples.get(str(process.pid), ()))
        trace.processes[node] = ProcessTime(process.pid, found)


class _Reader:
    """Follows the events in the order of time. A handle or callback is an address, so it belongs to a process."""

    def __init__(self) -> None:
        self.collector = FrameCollector()
        self.nodes: dict[int, str] = {}  # by process
        self.topics: dict[tuple[int, str], str] = {}  # by process and rmw handle
        self._callbacks: dict[tuple[int, str], list[str]] = {}  # node, stage, and the stamp before a frame
        self._frames: dict[tuple[int, int], NodeFrame] = {}  # being worked on, by process and thread
        self._stages: dict[tuple[int, str], int] = {}  # start
        self._published: dict[tuple[str, int], tuple[int, int | None]] = {}  # topic, rmw time: time, stamp
        self._takes: list[tuple[int, str, int, int]] = []  # process, topic, rmw time, time
        self._last_take: dict[tuple[int, int], dict[str, int]] = {}  # rmw time, by process and thread, and by topic

    def read(self, lines: Iterable[str]) -> None:
        """Take in events."""
        for line in lines:
            match = EVENT.match(line)
            handler = getattr(self, f"_on_{match[3]}", None) if match else None
            if handler is not None:
                fields = {key: text or bare for key, text, bare in FIELD.findall(match[4])}
                handler(int(match[1]) * 1_000_000_000 + int(match[2]), fields)

    def trace(self) -> Trace:
        """All that was read."""
        self._collect_takes()
        frames = self.collector.frames()
        if not any(frame.start_ns is not None for frame in frames):
            raise BadInputError("the trace has no events named arshoe/NODE/frame: was a pipeline of ARShoe recorded?")
        if not self.topics:
            raise BadInputError("the trace has no rcl_subscription_init: start recording before the nodes")
        return Trace("LTTng", frames, {node: ProcessTime(pid, ()) for pid, node in self.nodes.items()})

    def _on_rcl_node_init(self, _time_ns: int, fields: dict[str, str]) -> None:
        self.nodes.setdefault(int(fields["vpid"]), fields["node_name"])

    def _on_rcl_publisher_init(self, _time_ns: int, fields: dict[str, str]) -> None:
        self.topics[int(fields["vpid"]), fields["rmw_publisher_handle"]] = fields["topic_name"]

    def _on_rcl_subscription_init(self, _time_ns: int, fields: dict[str, str]) -> None:
        self.topics[int(fields["vpid"]), fields["rmw_subscription_handle"]] = fields["topic_name"]

    def _on_rclcpp_callback_register(self, _time_ns: int, fields: dict[str, str]) -> None:
        project, _, name = fields["symbol"].partition("/")
        if project == "arshoe":
            node, _, stage = name.partition("/")
            pid = int(fields["vpid"])
            self._callbacks[pid, fields["callback"]] = [node, *stage.split(" ")] if "frame " in stage else [node, stage]
            self.nodes[pid] = node

    def _on_callback_start(self, time_ns: int, fields: dict[str, str]) -> None:
        pid, callback = int(fields["vpid"]), fields["callback"]
        node, _, *stamp = self._callbacks.get((pid, callback), ("", ""))
        if stamp:
            thread = int(fields["vtid"])
            frame = self.collector.frame(node, pid, thread, int(stamp[0]), time_ns, None)
            self._frames[pid, thread] = frame
            self._give_stamp(pid, thread, frame)
        elif node:
            self._stages[pid, callback] = time_ns

    def _on_callback_end(self, time_ns: int, fields: dict[str, str]) -> None:
        pid, thread, callback = int(fields["vpid"]), int(fields["vtid"]), fields["callback"]
        _, stage, *stamp = self._callbacks.get((pid, callback), ("", ""))
        frame = self._frames.get((pid, thread))
        if frame is None:
            return
        if stamp:
            frame.end_ns = time_ns
            del self._frames[pid, thread]
        elif (start_ns := self._stages.pop((pid, callback), None)) is not None:
            frame.stages.append(Stage(stage, start_ns, time_ns))

    def _on_rmw_publish(self, time_ns: int, fields: dict[str, str]) -> None:
        pid, thread = int(fields["vpid"]), int(fields["vtid"])
        topic = self.topics.get((pid, fields["rmw_publisher_handle"]))
        if topic is None:
            return
        frame = self._frames.get((pid, thread))
        self._published[topic, int(fields["timestamp"])] = time_ns, frame.stamp_ns if frame else None
        if frame:
            self.collector.publish(frame.node, pid, frame.stamp_ns, Publish(topic, time_ns))

    def _on_rmw_take(self, time_ns: int, fields: dict[str, str]) -> None:
        pid, thread = int(fields["vpid"]), int(fields["vtid"])
        topic = self.topics.get((pid, fields["rmw_subscription_handle"]))
        if topic is not None and fields["taken"] != "0":
            self._takes.append((pid, topic, int(fields["source_timestamp"]), time_ns))
            self._last_take.setdefault((pid, thread), {})[topic] = int(fields["source_timestamp"])

    def _give_stamp(self, pid: int, thread: int, frame: NodeFrame) -> None:
        """Give a message that no node of ours published (a camera driver's image) the stamp of the frame it began.

        A stage works on its input as soon as it has it, so it is the last one that it took.
        """
        for topic, source_ns in self._last_take.get((pid, thread), {}).items():
            published_ns, stamp_ns = self._published.get((topic, source_ns), (source_ns, None))
            if stamp_ns is None and is_input(frame.node, topic):
                self._published[topic, source_ns] = published_ns, frame.stamp_ns

    def _collect_takes(self) -> None:
        """Give the messages taken to their frames, now that all is known.

        LTTng's clock, as babeltrace2 shows it, is CLOCK_REALTIME but for the drift since the session began: the event
        of the publication is exact, rmw's timestamp serves where the publisher was not recorded.
        """
        for pid, topic, source_ns, time_ns in self._takes:
            published_ns, stamp_ns = self._published.get((topic, source_ns), (source_ns, None))
            if stamp_ns is not None and pid in self.nodes:
                self.collector.take(self.nodes[pid], pid, stamp_ns, Take(topic, published_ns, time_ns))
