"""Whether the graph's memory grows: plays the demo bag over and over and watches every node's resident memory."""

import argparse
import time

import numpy as np

from arshoe_bench.bags import demo_bag
from arshoe_bench.graph_run import INSTRUMENT, Usage, last_line, running_graph
from arshoe_bench.pipeline_benchmark import machine
from arshoe_core.errors import BadInputError, require_range

WARM_UP_MIN = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench soak`."""
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, after a minute of warm-up (default 10)")


def run(options: argparse.Namespace) -> dict:
    """Print a table; return {machine, soak {minutes, nodes {name {rss_mb, growth_mb_per_min}}, growth_mb_per_min}}.

    The growth is the slope of a line fitted to the memory after the warm-up.
    """
    require_range("minutes", options.minutes, 0.05, 10_000)
    with running_graph({"bag": str(demo_bag()), "loop": "true"}) as (process, watcher, log):
        deadline = time.monotonic() + 60 * (WARM_UP_MIN + options.minutes)
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise BadInputError(f"the graph ended with {process.returncode} ({last_line(log)})")
            time.sleep(0.5)
        watcher.stop()
    nodes = {
        name: {"rss_mb": max(usage.rss_mb), "growth_mb_per_min": growth_mb_per_min(usage, options.minutes)}
        for name, usage in sorted(watcher.usage.items())
        if name != INSTRUMENT
    }
    total = sum(node["growth_mb_per_min"] for node in nodes.values())
    figures = {
        "machine": machine(),
        "soak": {"minutes": options.minutes, "nodes": nodes, "growth_mb_per_min": total},
    }
    print(f"| node | peak memory MB | growth MB per minute |\n|---|---|---|   ({options.minutes:g} minutes)")
    for name, node in nodes.items():
        print(f"| {name} | {node['rss_mb']:.0f} | {node['growth_mb_per_min']:.2f} |")
    print(f"| all | {sum(node['rss_mb'] for node in nodes.values()):.0f} | {total:.2f} |")
    return figures


def growth_mb_per_min(usage: Usage, minutes: float) -> float:
    """Slope of the resident memory over the last `minutes`."""
    at_min = (np.array(usage.times_ns) - usage.times_ns[-1]) / 60e9
    late = at_min >= -minutes
    if late.sum() < 2:
        return 0.0
    return float(np.polyfit(at_min[late], np.array(usage.rss_mb)[late], 1)[0])
