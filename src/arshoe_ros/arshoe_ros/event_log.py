"""A plain log of what a node does and when, for `./arshoe trace` on machines without LTTng.

Written only when the environment variable ARSHOE_EVENT_LOG names a folder: one file per process, JSON lines. The first
is an object: format, node, pid. The others are arrays; times are nanoseconds of CLOCK_MONOTONIC:

    ["frame", start, thread, stamp, end]                      stamps are those of headers, nanoseconds
    ["stage", start, thread, name, end]                       before the frame that it belongs to
    ["take", time, thread, topic, stamp, source timestamp]    the last in nanoseconds of CLOCK_REALTIME
    ["publish", time, thread, topic, stamp]
    ["process", time, thread, CPU time of the process, CLOCK_REALTIME minus CLOCK_MONOTONIC]     once a second
"""

import atexit
import json
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from arshoe_core.errors import BadInputError

VARIABLE = "ARSHOE_EVENT_LOG"
FORMAT = "arshoe event log 1"
PERIOD_S = 1.0

_of_process: "EventLog | None" = None


def of_process(node_name: str) -> "EventLog | None":
    """The log of this process, named after its first node; None (nothing is wrapped) when the variable is not set.

    Raises:
        BadInputError: the folder can't be written.
    """
    global _of_process
    folder = os.environ.get(VARIABLE)
    if folder and _of_process is None:
        _of_process = EventLog(Path(folder), node_name)
        _watch_messages(_of_process)
    return _of_process


class EventLog:
    """Collects events in memory; a thread writes them once a second, and the rest at the exit."""

    def __init__(self, folder: Path, node_name: str) -> None:
        self._events: deque[tuple] = deque()  # append and popleft need no lock
        self._writing = threading.Lock()
        path = folder / f"{node_name}-{os.getpid()}.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w")
        except OSError as error:
            raise BadInputError(f"{VARIABLE} is {str(folder)!r}: {error.strerror}") from error
        self._file.write(json.dumps({"format": FORMAT, "node": node_name, "pid": os.getpid()}) + "\n")
        self._write()
        threading.Thread(target=self._write_for_ever, name="event log", daemon=True).start()
        atexit.register(self._write)

    def add(self, kind: str, time_ns: int, *values: Any) -> None:
        """Note an event of this thread."""
        self._events.append((kind, time_ns, threading.get_native_id(), *values))

    def _write_for_ever(self) -> None:
        while True:
            time.sleep(PERIOD_S)
            self._write()

    def _write(self) -> None:
        with self._writing:
            now = time.monotonic_ns()
            self.add("process", now, time.process_time_ns(), time.time_ns() - now)
            lines = [json.dumps(self._events.popleft()) + "\n" for _ in range(len(self._events))]
            self._file.write("".join(lines))
            self._file.flush()


def _watch_messages(log: EventLog) -> None:
    """Log every message with a header that this process takes or publishes.

    The functions wrapped are those of rclpy's C++ classes: everything goes through them, the executor and a node that
    takes messages by itself.
    """
    from rclpy.impl.implementation_singleton import rclpy_implementation as implementation

    take, publish = implementation.Subscription.take_message, implementation.Publisher.publish

    def take_message(handle: Any, msg_type: type, raw: bool) -> Any:
        taken = take(handle, msg_type, raw)
        header = getattr(taken[0], "header", None) if taken else None
        if header is not None:
            source_ns = taken[1]["source_timestamp"]
            log.add("take", time.monotonic_ns(), handle.get_topic_name(), _stamp_ns(header), source_ns)
        return taken

    def publish_message(handle: Any, msg: Any) -> None:
        header = getattr(msg, "header", None)
        if header is not None:
            log.add("publish", time.monotonic_ns(), handle.get_topic_name(), _stamp_ns(header))
        publish(handle, msg)

    implementation.Subscription.take_message = take_message
    implementation.Publisher.publish = publish_message


def _stamp_ns(header: Any) -> int:
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
