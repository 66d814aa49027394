"""./arshoe doctor: checks each part of the installation, one line each, and says how to mend what is broken."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bootstrap
import lttng_setup
from environment import INSTALL, ROOT, VENV_PYTHON, ros_environment

FAST_DDS_PROFILE = ROOT / "launch" / "config" / "fastdds_shared_memory.xml"
SHARED_MEMORY_MIB = 512
"""Every process of the graph maps a segment of 64 MiB."""


class Problem(Exception):
    """What is wrong, and how to mend it."""


def main() -> int:
    """Print the result of every check; returns 1 if one failed."""
    failed = 0
    for name, check in CHECKS.items():
        try:
            print(f"ok      {name}: {check()}", flush=True)
        except Problem as problem:
            failed += 1
            print(f"BROKEN  {name}: {problem}", flush=True)
    return 1 if failed else 0


def _python() -> str:
    return f"{sys.version.split()[0]}, {sys.executable}"


def _system_packages() -> str:
    if missing := bootstrap.missing_apt_packages():
        raise Problem(f"missing; run: sudo apt-get install {' '.join(missing)}")
    return "all there" if shutil.which("dpkg-query") else "not checked: this is not Debian or Ubuntu"


def _environment() -> str:
    if not bootstrap.venv_is_current(()):
        raise Problem("not installed, or interrupted; run: ./arshoe tryon --show-args")
    return str(VENV_PYTHON.parent.parent)


def _build() -> str:
    if not bootstrap.build_is_current():
        raise Problem("not built, or sources have changed; run: ./arshoe tryon --show-args")
    return str(INSTALL)


def _shared_memory() -> str:
    free = shutil.disk_usage("/dev/shm").free >> 20
    if free < SHARED_MEMORY_MIB:
        raise Problem(f"{free} MiB free in /dev/shm, needed: {SHARED_MEMORY_MIB}; with Docker: --shm-size=1g")
    return f"{free} MiB free"


def _probe(name: str, remedy: str) -> Callable[[], str]:
    """A check that runs a function of this file in the environment of the pipeline."""

    def check() -> str:
        if not VENV_PYTHON.exists():
            raise Problem("no Python environment yet; run: ./arshoe tryon --show-args")
        env = ros_environment() | {"FASTDDS_DEFAULT_PROFILES_FILE": str(FAST_DDS_PROFILE), "ROS_DOMAIN_ID": "97"}
        command = [str(VENV_PYTHON), str(Path(__file__).resolve()), name]
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            raise Problem(f"no answer within 60 s; {remedy}") from None
        lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["died without a word"]
        if done.returncode:
            raise Problem(f"{lines[-1]}; {remedy}")
        return lines[-1]

    return check


# Probes: run in .venv, each prints what it found.


def probe_render() -> None:
    """Draw on an off-screen EGL context."""
    import moderngl

    context = moderngl.create_context(standalone=True, backend="egl")
    context.simple_framebuffer((64, 64)).clear(1.0, 0.0, 0.0)
    print(f"{context.info['GL_RENDERER']}, OpenGL {context.version_code / 100}")


def probe_ros() -> None:
    """Send a picture from this process to another."""
    import time

    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image

    child = os.fork()
    rclpy.init()
    node = rclpy.create_node("doctor")
    if child == 0:
        publisher = node.create_publisher(Image, "doctor", qos_profile_sensor_data)
        message = Image(height=480, width=640, step=1920, encoding="bgr8", data=bytes(480 * 1920))
        while True:
            publisher.publish(message)
            time.sleep(0.1)
    try:
        received = []
        node.create_subscription(Image, "doctor", received.append, qos_profile_sensor_data)
        deadline = time.monotonic() + 20
        while not received:
            if time.monotonic() > deadline:
                sys.exit("no picture came through within 20 s")
            rclpy.spin_once(node, timeout_sec=0.1)
    finally:
        os.kill(child, 9)
    print(f"a picture of {len(received[0].data)} bytes went from process to process")


def probe_model() -> None:
    """Run the bundled network once."""
    import numpy as np

    from arshoe_perception.network_runner import NetworkConfig, NetworkRunner

    output = NetworkRunner(NetworkConfig())(np.zeros((480, 640, 3), np.uint8))
    print(f"{output.model_id} runs")


def probe_demo() -> None:
    """Read a frame of the demo bag."""
    from ament_index_python.packages import get_package_share_directory

    from arshoe_media.bag_reader import BagReader

    reader = BagReader(str(Path(get_package_share_directory("arshoe")) / "demo" / "wearer_view"))
    height, width = next(iter(reader)).image.shape[:2]
    print(f"{reader.image_topic}, {width}x{height}")


def probe_torch() -> None:
    """Say whether torch is there; it is optional."""
    try:
        import torch
    except ModuleNotFoundError:
        print("not installed (the pipeline runs without; train, evaluate, export and dataset install it)")
    else:
        print(torch.__version__)


def _lttng() -> str:
    missing = [name for name in lttng_setup.PROGRAMS if shutil.which(name) is None]
    if missing or bootstrap.missing_apt_packages((lttng_setup.APT,)):
        return "not installed (./arshoe trace installs it, or lets the nodes write event logs)"
    return "all there"


CHECKS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "system packages": _system_packages,
    "Python environment": _environment,
    "build": _build,
    "shared memory": _shared_memory,
    "rendering": _probe("render", "run: sudo apt-get install libegl1 libegl-mesa0 libgl1 libgl1-mesa-dri"),
    "ROS 2": _probe("ros", "is UDP multicast on the loopback interface blocked?"),
    "network": _probe("model", "is src/arshoe_perception/models complete? (git status)"),
    "LTTng": _lttng,
    "demo bag": _probe("demo", "is launch/demo complete? (git status)"),
    "torch": _probe("torch", "remove .venv and run ./arshoe train --help"),
}

if __name__ == "__main__":
    globals()[f"probe_{sys.argv[1]}"]()
