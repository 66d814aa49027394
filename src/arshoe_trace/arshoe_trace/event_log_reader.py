"""Reads the event logs that nodes write where ARSHOE_EVENT_LOG is set (arshoe_ros/event_log.py has the format)."""

import json
from pathlib import Path
from typing import Any

from arshoe_core.errors import BadInputError
from arshoe_trace.trace_model import FrameCollector, NodeFrame, ProcessTime, Publish, Stage, Take, Trace

FORMAT = "arshoe event log 1"


def find_event_logs(folder: Path) -> list[Path]:
    """The event logs in a folder or its subfolder `events`."""
    return sorted(path for path in [*folder.glob("*.jsonl"), *folder.glob("events/*.jsonl")] if _is_event_log(path))


def read_event_logs(files: list[Path]) -> Trace:
    """Read event logs, one per process, of one run. A last line that was cut off is left out.

    Raises:
        BadInputError: a file can't be read, or a line is not of the format.
    """
    collector = FrameCollector()
    processes: dict[str, ProcessTime] = {}
    for file in files:
        log = _Log(file, collector)
        if log.samples:
            processes[log.node] = ProcessTime(log.pid, tuple(log.samples))
    return Trace("event logs", collector.frames(), processes)


class _Log:
    """Goes through one file."""

    def __init__(self, file: Path, collector: FrameCollector) -> None:
        self.samples: list[tuple[int, int]] = []
        self._collector = collector
        self._clock_offset_ns = 0
        self._stages: list[tuple[int, Stage]] = []  # of (thread), not yet in a frame
        try:
            header, *lines = file.read_text().splitlines(keepends=True)
            head = json.loads(header)
            self.node, self.pid = head["node"], head["pid"]
        except (OSError, ValueError, KeyError) as error:
            raise BadInputError(f"{file} is no event log: {error}") from error
        for number, line in enumerate(lines, 2):
            if not line.endswith("\n"):
                break
            try:
                kind, *values = json.loads(line)
                getattr(self, f"_on_{kind}")(*values)
            except (ValueError, TypeError, AttributeError):
                raise BadInputError(f"{file} line {number} is {line.strip()[:80]!r}; allowed: {FORMAT}") from None

    def _on_frame(self, start_ns: int, thread: int, stamp_ns: int, end_ns: int) -> None:
        frame: NodeFrame = self._collector.frame(self.node, self.pid, thread, stamp_ns, start_ns, end_ns)
        frame.stages = [stage for of, stage in self._stages if of == thread and stage.start_ns >= start_ns]
        self._stages = [item for item in self._stages if item[0] != thread]

    def _on_stage(self, start_ns: int, thread: int, name: str, end_ns: int) -> None:
        self._stages.append((thread, Stage(name, start_ns, end_ns)))

    def _on_take(self, time_ns: int, _thread: int, topic: str, stamp_ns: int, source_ns: int) -> None:
        take = Take(topic, source_ns - self._clock_offset_ns, time_ns)
        self._collector.take(self.node, self.pid, stamp_ns, take)

    def _on_publish(self, time_ns: int, _thread: int, topic: str, stamp_ns: int) -> None:
        self._collector.publish(self.node, self.pid, stamp_ns, Publish(topic, time_ns))

    def _on_process(self, time_ns: int, _thread: int, cpu_ns: int, clock_offset_ns: int) -> None:
        self.samples.append((time_ns, cpu_ns))
        self._clock_offset_ns = clock_offset_ns


def _is_event_log(path: Path) -> bool:
    try:
        with path.open() as file:
            head: Any = json.loads(file.readline())
        return isinstance(head, dict) and head.get("format") == FORMAT
    except (OSError, ValueError):
        return False
