"""One run of the real graph as processes of its own, watched from outside: processor time and memory of every node."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from ament_index_python import get_package_share_directory

from arshoe_core.errors import BadInputError

INSTRUMENT = "recorder_node"
"""Takes the times of a run; its own processor time and memory are not the pipeline's."""
PERIOD_S = 0.1
_NAME = re.compile(r"^__node:=(.+)$")


@dataclass
class Usage:
    """What one process used.

    Attributes:
        times_ns: when it was looked at, monotonic clock.
        cpu_s: its processor time so far, at each look.
        rss_mb: its resident memory, at each look.
    """

    times_ns: list[int] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)

    def cpu_between(self, start_ns: int, end_ns: int) -> float:
        """Seconds of processor time between two moments."""
        return float(np.diff(np.interp([start_ns, end_ns], self.times_ns, self.cpu_s))[0])


class Watcher(threading.Thread):
    """Looks at a process and all its descendants ten times a second until it is stopped.

    Attributes:
        usage: by name of the node.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True, name="watcher")
        self.usage: dict[str, Usage] = {}
        self._parent, self._names = psutil.Process(pid), {}
        self._stop_event = threading.Event()

    def run(self) -> None:
        """The thread."""
        while not self._stop_event.wait(PERIOD_S):
            try:
                children = self._parent.children(recursive=True)
            except psutil.NoSuchProcess:
                return
            for child in children:
                self._look(child)

    def stop(self) -> None:
        """End the thread."""
        self._stop_event.set()
        self.join()

    def _look(self, process: psutil.Process) -> None:
        try:
            if not self._names.get(process.pid):  # a child has its parent's command line at first
                found = [match[1] for match in map(_NAME.match, process.cmdline()) if match]
                self._names[process.pid] = found[-1] if found else ""
            if name := self._names[process.pid]:
                cpu, memory = process.cpu_times(), process.memory_info()
                usage = self.usage.setdefault(name, Usage())
                usage.times_ns.append(time.monotonic_ns())
                usage.cpu_s.append(cpu.user + cpu.system)
                usage.rss_mb.append(memory.rss / 1e6)
        except psutil.Error:  # it has just ended
            return


@contextmanager
def running_graph(arguments: dict[str, str]) -> Iterator[tuple[subprocess.Popen, Watcher, Path]]:
    """Start the graph without markers and video on a ROS domain of its own; ends it afterwards.

    Yields:
        its launch process, what watches it, and the file with what it prints.
    """
    with tempfile.TemporaryDirectory(prefix="arshoe_bench_") as folder:
        log = Path(folder) / "log.txt"
        env = os.environ | {"ROS_DOMAIN_ID": str(random.randint(1, 100))}
        given = {"markers": "false", "mp4": "false"} | arguments
        command = [*launch_command(), *(f"{name}:={value}" for name, value in given.items())]
        with log.open("w") as file:
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        watcher = Watcher(process.pid)
        watcher.start()
        try:
            yield process, watcher, log
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
            watcher.stop()


def launch_command() -> list[str]:
    """What starts the graph: ros2 launch, or on a machine without ROS the runner that ARSHOE_RUNNER names."""
    if runner := os.environ.get("ARSHOE_RUNNER"):
        return [sys.executable, runner, str(Path(get_package_share_directory("arshoe")) / "launch/tryon.launch.yaml")]
    if shutil.which("ros2"):
        return ["ros2", "launch", "arshoe", "tryon.launch.py"]
    raise BadInputError("the graph can't be started: neither ros2 nor ARSHOE_RUNNER is there; use ./arshoe bench")


def measure(bag: Path, rate: float, limit_s: float = 120.0, **arguments: str) -> dict:
    """Play a bag through the graph in real time and measure.

    Args:
        rate: of playing, 1 as recorded.
        limit_s: longest time the run may take.
        arguments: of tryon.launch.py, besides those for the input and the output.

    Returns:
        the recorder's summary, and cpu_ms_per_frame (all nodes but the recorder, between the first frame in and the
        last frame out, per frame sent), rss_mb (the sum of the nodes' peaks), nodes {name {cpu_ms, rss_mb}}.

    Raises:
        BadInputError: the graph failed; with the last line that it printed.
    """
    with tempfile.TemporaryDirectory(prefix="arshoe_bench_") as out:
        with running_graph({"bag": str(bag), "rate": str(rate), "out": out} | arguments) as (process, watcher, log):
            try:
                code = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                code = None
            if code != 0:
                raise BadInputError(f"the graph ended with {code} ({last_line(log)})")
        summary = json.loads((Path(out) / "summary.json").read_text())
    end_ns = summary["started_ns"] + round(summary["duration_s"] * 1e9)
    frames = max(summary["frames_in"], 1)
    nodes = {
        name: {
            "cpu_ms": 1e3 * usage.cpu_between(summary["started_ns"], end_ns) / frames,
            "rss_mb": max(usage.rss_mb),
        }
        for name, usage in sorted(watcher.usage.items())
        if name != INSTRUMENT
    }
    totals = {
        "cpu_ms_per_frame": sum(node["cpu_ms"] for node in nodes.values()),
        "rss_mb": sum(node["rss_mb"] for node in nodes.values()),
    }
    return summary | totals | {"nodes": nodes}


def last_line(log: Path) -> str:
    """The last line that says something."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it printed nothing"
