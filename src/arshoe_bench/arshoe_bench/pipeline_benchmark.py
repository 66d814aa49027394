"""Speed of the pipeline in one process, without ROS: every stage by itself, and all of them one after another."""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from arshoe_bench.bags import demo_bag
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError, require_range
from arshoe_media.bag_reader import BagReader
from arshoe_media.frames import Frame
from arshoe_perception.mask import decode_mask
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner
from arshoe_perception.pose_estimator import PoseEstimator
from arshoe_render import TryOnRenderer
from arshoe_stabilizer import Stabilizer


class StageTimes:
    """Wall clock milliseconds of each stage, frame by frame."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the body as one frame's `stage`."""
        start = time.perf_counter()
        yield
        self.ms.setdefault(stage, []).append((time.perf_counter() - start) * 1e3)

    def summary(self) -> dict[str, dict[str, float]]:
        """Per stage its median and 95th percentile, milliseconds."""
        return {
            stage: {"ms_p50": float(np.median(ms)), "ms_p95": float(np.percentile(ms, 95))}
            for stage, ms in self.ms.items()
        }


def make_pipeline(backend: str, times: StageTimes) -> Callable[[np.ndarray, Camera, float], np.ndarray]:
    """A function of image (H, W, 3), camera and stamp in seconds that returns the try-on picture, timing each stage."""
    network, pose = NetworkRunner(NetworkConfig(backend=backend)), PoseEstimator()
    stabilizer, renderer = Stabilizer(), TryOnRenderer()

    def run(image: np.ndarray, camera: Camera, stamp_s: float) -> np.ndarray:
        with times("network"):
            output = network(image)
        with times("mask"):
            mask = decode_mask(output)
        with times("pose"):
            _, poses = pose(output, camera)
        with times("stabilizer"):
            poses = stabilizer.update(image, mask, camera, stamp_s, poses)
        with times("render"):
            return renderer.render(image, mask, camera, poses)

    return run


def machine() -> dict[str, str | int]:
    """What the figures were measured on; `matrix_gflops` is a 1024 x 1024 float32 matrix product, a yardstick."""
    a = np.random.default_rng(0).standard_normal((1024, 1024), np.float32)
    taken = []
    for _ in range(10):
        start = time.perf_counter()
        a @ a
        taken.append(time.perf_counter() - start)
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "matrix_gflops": round(2 * 1024**3 / np.median(taken) / 1e9),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench pipeline`."""
    parser.add_argument("--bag", type=Path, help="frames to run on (default: the demo bag)")
    parser.add_argument("--frames", type=int, default=150, help="how many of them (default 150)")
    parser.add_argument("--backend", default=NetworkConfig().backend, help="library that runs the network")


def run(options: argparse.Namespace) -> dict:
    """Print a table of stages and the whole; return machine, stages and in_process as written by --json."""
    require_range("frames", options.frames, 1, 1_000_000)
    times = StageTimes()
    pipeline = make_pipeline(options.backend, times)
    frames = iter(BagReader(options.bag or demo_bag()))
    play(frames, 1, pipeline, times)  # shaders and memory are made on the first frame
    times.ms.clear()
    start, cpu = time.perf_counter(), time.process_time()
    count = play(frames, options.frames, pipeline, times)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    figures = {
        "machine": machine(),
        "stages": times.summary(),
        "in_process": {"fps": count / seconds, "cpu_ms_per_frame": 1e3 * cpu / count},
    }
    _print(figures, count)
    return figures


def play(frames: Iterator[Frame], most: int, pipeline: Callable, times: StageTimes) -> int:
    """Run the pipeline on the next frames, at most so many; reading each from the bag is timed as a stage too.

    Raises:
        BadInputError: if there is none.
    """
    done = 0
    while done < most:
        with times("source"):
            frame = next(frames, None)
        if frame is None:
            break
        height, width = frame.image.shape[:2]
        pipeline(frame.image, frame.camera or Camera.from_fov(width, height), frame.stamp_ns / 1e9)
        done += 1
    if not done:
        raise BadInputError("the bag has too few frames to measure; at least 2 are needed")
    return done


def _print(figures: dict, frames: int) -> None:
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()))
    print(f"\n| stage | ms p50 | ms p95 |\n|---|---|---|   ({frames} frames)")
    for stage, ms in figures["stages"].items():
        print(f"| {stage} | {ms['ms_p50']:.2f} | {ms['ms_p95']:.2f} |")
    whole = figures["in_process"]
    print(f"\nin one process: {whole['fps']:.1f} frames per second, {whole['cpu_ms_per_frame']:.1f} ms CPU per frame")
