"""Starts nodes as processes of their own, on a ROS domain of their own."""

import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytest.importorskip("rclpy", reason="ROS 2 is not installed here")

NODES = {
    "source": "arshoe_media.nodes.source_node",
    "network": "arshoe_perception.nodes.network_node",
    "pose": "arshoe_perception.nodes.pose_node",
    "stabilizer": "arshoe_stabilizer.nodes.stabilizer_node",
    "render": "arshoe_render.nodes.render_node",
    "marker": "arshoe_render.nodes.marker_node",
    "recorder": "arshoe_media.nodes.recorder_node",
}


class Process:
    """A running node."""

    def __init__(self, name: str, command: list[str], env: dict[str, str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("w") as file:
            self._popen = subprocess.Popen(command, env=env, stdout=file, stderr=subprocess.STDOUT)

    def wait(self, timeout_s: float = 60.0) -> int:
        """The exit code; if the process does not end in time, fails with its output and what its threads are at."""
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._popen.send_signal(signal.SIGABRT)  # PYTHONFAULTHANDLER prints the stacks
            self._popen.wait()
            pytest.fail(f"{self.name} still runs after {timeout_s} s; it printed:\n{self.output}")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C does, if it has not ended."""
        self._popen.send_signal(signal.SIGINT)

    def end(self) -> None:
        """Interrupt what still runs, and kill it where that fails: a killed node leaves its shared memory behind."""
        self.interrupt()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    @property
    def output(self) -> str:
        """All it has printed."""
        return self.log.read_text()


class Graph:
    """Nodes on one domain."""

    def __init__(self, folder: Path) -> None:
        self.domain = _free_domain()
        self.processes: dict[str, Process] = {}
        self._folder = folder
        self._env = os.environ | {
            "ROS_DOMAIN_ID": str(self.domain),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "FASTDDS_DEFAULT_PROFILES_FILE": str(ROOT / "launch/config/fastdds_shared_memory.xml"),
            "OMP_NUM_THREADS": "1",
            "LP_NUM_THREADS": "1",
            "PYTHONFAULTHANDLER": "1",
        }

    def start(self, node: str, *ros_args: str, **parameters: object) -> Process:
        """Start a node of ours by its stage, or a Python file by its path."""
        program = ["-m", NODES[node]] if node in NODES else [node]
        arguments = [part for name, value in parameters.items() for part in ("-p", f"{name}:={_yaml(value)}")]
        command = [sys.executable, *program, "--ros-args", *arguments, *ros_args]
        log = self._folder / f"{len(self.processes)}_{Path(node).stem}.log"
        process = self.processes[node] = Process(node, command, self._env, log)
        return process

    def run(self, bag: Path, out: Path, swapped: dict[str, Path] | None = None, **source: object) -> None:
        """Run the whole graph without loss over a bag; every node must exit with 0 (swapped-in ones are ended)."""
        swapped = swapped or {}
        for stage in ("network", "pose", "stabilizer", "render", "marker"):
            self.start(str(swapped.get(stage, stage)), lossless=True)
        self.start("recorder", lossless=True, out=out)
        self.start("source", lossless=True, bag=bag, **source)
        for name, process in self.processes.items():
            if name in NODES:
                assert process.wait() == 0, process.output
            else:
                process.end()

    def close(self) -> None:
        """End what is left."""
        for process in self.processes.values():
            process.end()


@pytest.fixture
def graph(tmp_path):
    """An empty graph; what still runs at the end of the test is ended."""
    graph = Graph(tmp_path)
    yield graph
    graph.close()


@pytest.fixture(scope="session")
def make_graph(tmp_path_factory):
    """A function that makes graphs which outlive a test."""
    graphs = []

    def make() -> Graph:
        graphs.append(Graph(tmp_path_factory.mktemp("graph")))
        return graphs[-1]

    yield make
    for graph in graphs:
        graph.close()


@pytest.fixture(scope="session")
def bag(tmp_path_factory, write_bag) -> Path:
    """A bag of 12 pictures at 30 Hz, with CameraInfo and the true pose of one foot."""
    return write_bag(tmp_path_factory.mktemp("bags") / "bag")


def _free_domain() -> int:
    while True:
        domain = random.randint(1, 100)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                udp.bind(("", 7400 + 250 * domain))
            except OSError:
                continue
            return domain


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
