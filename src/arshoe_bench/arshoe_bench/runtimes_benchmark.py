"""Speed of the network alone under each runtime, on one thread, and its ratio to PyTorch in float32."""

import argparse

import numpy as np

from arshoe_bench.bags import demo_bag
from arshoe_bench.pipeline_benchmark import StageTimes, machine
from arshoe_core.errors import BadInputError, require_range
from arshoe_media.bag_reader import BagReader
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner

BACKENDS = ("torch", "onnx", "onnx_int8", "openvino")
REFERENCE = BACKENDS[0]
WARM_UP = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench runtimes`."""
    parser.add_argument("--frames", type=int, default=60, help="frames of the demo bag to run on (default 60)")


def run(options: argparse.Namespace) -> dict:
    """Print a table; return {machine, runtimes {backend {ms_p50, ms_p95, ratio} or {missing: why}}}."""
    require_range("frames", options.frames, 1, 100_000)
    images = [frame.image for frame, _ in zip(BagReader(demo_bag()), range(options.frames), strict=False)]
    runners, figures = {}, {}
    for backend in BACKENDS:
        try:
            runners[backend] = NetworkRunner(NetworkConfig(backend=backend))
        except BadInputError as error:
            figures[backend] = {"missing": str(error)}
    figures |= time_in_turn(runners, images)
    reference = figures[REFERENCE].get("ms_p50")
    for row in figures.values():
        if reference and "ms_p50" in row:
            row["ratio"] = row["ms_p50"] / reference
    result = {"machine": machine(), "runtimes": {backend: figures[backend] for backend in BACKENDS}}
    print_table(result)
    return result


def time_in_turn(runners: dict[str, NetworkRunner], images: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """Milliseconds of each runner; all take each image in turn, so that a slow moment meets all alike."""
    times = StageTimes()
    for image in images[:WARM_UP]:
        for runner in runners.values():
            runner(image)
    for image in images:
        for name, runner in runners.items():
            with times(name):
                runner(image)
    return times.summary()


def print_table(figures: dict) -> None:
    """One row for each runtime."""
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()))
    print(f"\n| network, one thread | ms p50 | ms p95 | of {REFERENCE} |\n|---|---|---|---|")
    for backend, row in figures["runtimes"].items():
        if "missing" in row:
            print(f"| {backend} | not installed | | |")
        else:
            ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
            print(f"| {backend} | {row['ms_p50']:.2f} | {row['ms_p95']:.2f} | {ratio} |")
