"""`bench [SUBJECT]`: measures the pipeline's speed (within 10 minutes), or one subject in depth, and prints tables."""

import argparse
import importlib
import json
import sys
from pathlib import Path

import cv2

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.files import write_file
from arshoe_core.memory import keep_large_blocks

SUBJECTS = {
    "pipeline": "every stage on the demo bag: milliseconds, and frames per second in one process",
    "runtimes": "the network alone under each runtime, on one thread",
    "graph": "the graph of real nodes on the demo bag: latency, frames rendered, processor time and memory",
    "growth": "the cost as the picture, the number of feet and the shoe's triangles grow, and with fewer cores",
    "soak": "whether memory grows while the graph runs for long",
    "peers": "the speed of finding feet, and what is found, beside MediaPipe Objectron's shoes on the same frames",
    "roi": "a region of interest against the full image: small feet, fast feet",
    "render": "two shoes on the demo bag's feet: each part of rendering, start, change of the shoe, memory",
    "occlusion": "the hidden part of shoes on rendered legs: IoU per method and mask, time",
    "stabilizer": "stabilisation methods on rendered clips: jitter, lag, errors, track switches",
    "pose": "decoding, grouping and pose of feet of known poses: errors, sides, covariance, time",
}
"""Each is a module `<subject>_benchmark` with add_arguments(parser) and run(options) that prints and returns a dict."""
SPEED, LONG = ("pipeline", "runtimes", "graph"), ("growth", "peers", "soak")
"""What runs without a subject, and what --all adds."""


def main(arguments: list[str] | None = None) -> int:
    """The command `bench`; returns its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser("bench", description=__doc__)
    subjects = parser.add_subparsers(dest="subject", metavar="SUBJECT")
    for name, summary in SUBJECTS.items():
        subject = subjects.add_parser(name, help=summary, description=summary)
        subject.add_argument("--json", type=Path, help="also write the figures to this file")
        _module(name).add_arguments(subject)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--all", action="store_true", help=f"{', '.join(LONG)} too, about half an hour")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    keep_large_blocks()  # as every node does
    try:
        figures = _module(options.subject).run(options) if options.subject else speed(options.all)
        if options.json:
            write_file(options.json, json.dumps(figures, indent=1) + "\n")
    except BadInputError as error:
        print(f"bench: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


def speed(everything: bool) -> dict:
    """All figures of speed, each subject with its default options; with the graph's cost over the pipeline's."""
    figures: dict = {}
    for name in (*SPEED, *(LONG if everything else ())):
        print(f"\n# {name}\n", flush=True)
        parser = argparse.ArgumentParser()
        _module(name).add_arguments(parser)
        figures |= _module(name).run(parser.parse_args([]))
    in_process = figures["in_process"]["cpu_ms_per_frame"]
    print("\n# the graph's CPU per rendered frame over that of the pipeline in one process\n")
    for name, run in figures["graph"].items():
        run["cpu_ratio"] = run["cpu_ms_per_frame"] * run["frames_in"] / max(run["frames_out"], 1) / in_process
        if "x" not in name:  # the pipeline was measured at the demo bag's size
            print(f"{name}: {run['cpu_ratio']:.2f}")
    return figures


def _module(subject: str):
    return importlib.import_module(f"arshoe_bench.{subject}_benchmark")


if __name__ == "__main__":
    sys.exit(main())
