"""Speed of the real graph, each node a process of its own: latency, frames rendered, processor time, memory."""

import argparse
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np

from arshoe_bench import bags
from arshoe_bench.graph_run import measure
from arshoe_bench.pipeline_benchmark import machine
from arshoe_core.errors import require_range
from arshoe_media.bag_reader import BagReader

RUNS = {"30hz": {"rate": 1.0}, "60hz": {"rate": 2.0}, "lossless": {"rate": 1.0, "lossless": "true"}}
"""The demo bag was recorded at 30 Hz; lossless, the source sends the next frame when the last one is done."""
LARGE = (1280, 720)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench graph`."""
    parser.add_argument("--repeats", type=int, default=3, help="runs of each kind, of which the median counts")
    parser.add_argument("--bag", type=Path, help="bag of 30 Hz to play (default: the demo bag)")
    parser.add_argument("--frames", type=int, default=300, help="frames of the 1280x720 run (default 300, 0: none)")


def run(options: argparse.Namespace) -> dict:
    """Print a table; return {machine, graph {"30hz", "60hz", "lossless", "30hz 1280x720" {as `measure` returns}}}."""
    require_range("repeats", options.repeats, 1, 100)
    require_range("frames", options.frames, 0, 100_000)
    bag = options.bag or bags.demo_bag()
    figures = {name: median_run([measure(bag, **run) for _ in range(options.repeats)]) for name, run in RUNS.items()}
    if options.frames:
        with tempfile.TemporaryDirectory(prefix="arshoe_bench_") as folder:
            large = bags.write(Path(folder) / "bag", bags.resized(islice(BagReader(bag), options.frames), *LARGE))
            name = "30hz {}x{}".format(*LARGE)
            figures[name] = median_run([measure(large, 1.0) for _ in range(options.repeats)])
    result = {"machine": machine(), "graph": figures}
    print_table(result)
    return result


def median_run(runs: list[dict]) -> dict:
    """The same figures as each run has, every number the median over the runs."""
    first = runs[0]
    if isinstance(first, dict):
        return {key: median_run([run[key] for run in runs if key in run]) for key in first}
    values = [value for value in runs if value is not None]
    return float(np.median(values)) if values else None


def print_table(figures: dict) -> None:
    """A row for each kind of run, and the nodes' shares below."""
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()))
    print("\n| graph | rendered | per second | latency p50 / p95 ms | CPU ms per frame | memory MB |")
    print("|---|---|---|---|---|---|")
    for name, run in figures["graph"].items():
        rendered, latency = f"{run['frames_out']:.0f} of {run['frames_in']:.0f}", run["latency_ms"]
        cells = [name, rendered, f"{run['fps']:.1f}", f"{latency['p50']:.1f} / {latency['p95']:.1f}"]
        print(f"| {' | '.join(cells)} | {run['cpu_ms_per_frame']:.1f} | {run['rss_mb']:.0f} |")
    runs = figures["graph"]
    print("\nCPU ms per frame and peak memory (MB) of each node\n")
    print("| node | " + " | ".join(runs) + " |\n|---|" + "---|" * len(runs))
    for node in next(iter(runs.values()))["nodes"]:
        cells = (run["nodes"].get(node) for run in runs.values())
        print(f"| {node} | " + " | ".join(f"{c['cpu_ms']:.1f}, {c['rss_mb']:.0f}" if c else "" for c in cells) + " |")
