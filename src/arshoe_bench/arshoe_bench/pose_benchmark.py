"""Accuracy and time of decoding, grouping and pose on feet of known poses: the figures and plots of docs/pose.md."""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from arshoe_bench.pipeline_benchmark import machine
from arshoe_bench.pose_scenes import CAMERA, MAX_OVERLAP, make_scene, observe
from arshoe_bench.pose_trials import FEET, MISSING, NOISES, OUTLIERS, run_scenes
from arshoe_core.errors import require_range
from arshoe_perception.grouping import group_peaks
from arshoe_perception.peaks import find_peaks
from arshoe_perception.pose_estimator import PoseEstimator

_SCENES_PER_JOB = 20
_COLUMNS = ["found %", "side %", "grouped %", "kept %", "° p50", "° p95", "cm p50", "cm p95", "NEES / 6"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench pose`."""
    parser.add_argument("--count", type=int, default=10_000, help="how many poses (default 10000)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    parser.add_argument("--seed", type=int, default=0, help="of the random poses (default 0)")
    parser.add_argument("--plots", type=Path, help="also write the plots to this folder")


def run(options: argparse.Namespace) -> dict:
    """Print the tables; return them as written by --json."""
    require_range("count", options.count, 60, 10_000_000)
    require_range("workers", options.workers, 1, 1024)
    times = measure_times(options.seed)  # first, while the workers rest
    jobs = [
        (options.seed, feet, first, min(_SCENES_PER_JOB, scenes - first))
        for feet in FEET
        for scenes in [max(1, options.count // len(FEET) // feet)]
        for first in range(0, scenes, _SCENES_PER_JOB)
    ]
    with ProcessPoolExecutor(options.workers) as pool:
        trials = np.concatenate(list(pool.map(run_scenes, *zip(*jobs, strict=True))))
    figures = {"machine": machine(), **summarise(trials), "times_ms": times}
    _print(figures)
    if options.plots:
        from arshoe_bench import pose_plots  # matplotlib takes a second to import

        pose_plots.write(options.plots, figures)
    return figures


def measure_times(seed: int, count: int = 200) -> dict[str, float]:
    """Median milliseconds for pictures of two feet, of the processor: other programs disturb that little."""
    estimator = PoseEstimator()
    config, taken = estimator.config, {"decode and group": [], "pose per foot": []}
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        output = observe(make_scene(rng, 2), rng, (1.0,), 0)[0][0]
        start = time.process_time_ns()
        peaks = find_peaks(output.heatmaps, config.peak_threshold, 2 * config.max_feet)
        group_peaks(peaks, output.pafs, config.paf_threshold, config.min_keypoints)
        grouped = time.process_time_ns()
        feet = estimator(output, CAMERA)[1]
        done = time.process_time_ns()
        taken["decode and group"].append((grouped - start) / 1e6)
        taken["pose per foot"].append((done - 2 * grouped + start) / 1e6 / max(len(feet), 1))
    return {name: float(np.median(ms)) for name, ms in taken.items()}


def summarise(trials: np.ndarray) -> dict:
    """The tables, each a list of rows: what was done to the feet, and `row` of it."""

    def rows(kind: str, **values: tuple) -> list[dict]:
        """A row for each combination of values of TRIAL's fields."""
        chosen = [({}, trials[trials["kind"] == kind])]
        for name, choices in values.items():
            chosen = [({**key, name: v}, part[part[name] == v]) for key, part in chosen for v in choices]
        return [key | row(part) for key, part in chosen]

    crossing = trials[trials["kind"] == "crossing"]
    third = MAX_OVERLAP / 3
    bins = [*((i * third, (i + 1) * third) for i in range(3)), (0.0, MAX_OVERLAP)]
    return {
        "poses": int((trials["kind"] == "maps").sum()) // (len(NOISES) * len(MISSING)),
        "missing": rows("maps", noise=NOISES, missing=MISSING),
        "feet": rows("maps", noise=NOISES, missing=(0,), feet=FEET),
        "crossing": [
            {"noise": noise, "overlap": f"{low:.1f} to {high:.1f}"}
            | row(crossing[(crossing["noise"] == noise) & (crossing["overlap"] > low) & (crossing["overlap"] <= high)])
            for noise in NOISES
            for low, high in bins
        ],
        "told": rows("told", noise=NOISES[1:], outliers=(0,), missing=MISSING),
        "outliers": rows("given", noise=(1.0,), outliers=OUTLIERS),
        "told_outliers": rows("told", noise=(1.0,), outliers=OUTLIERS, missing=(0,)),
    }


def row(trials: np.ndarray) -> dict[str, float | None]:
    """What holds for some trials, fractions in 0 to 1, None without any; errors and nees where the side is right."""
    own, foreign = trials["own"].sum(), trials["foreign"].sum()
    figures = {
        "trials": len(trials),
        "found": _mean(trials["found"]),
        "side_right": _mean(trials["side"][trials["found"]]),
        "grouped": float(own / (own + foreign)) if own + foreign else None,
        "kept": float(own / trials["keypoints"].sum()) if len(trials) else None,
        "nees": _mean(trials["nees"]),
    }
    for name in ("rot_deg", "trans_cm"):
        values = trials[name][np.isfinite(trials[name])]
        for q in (50, 95):
            figures[f"{name}_p{q}"] = float(np.percentile(values, q)) if len(values) else None
    return figures


def _mean(values: np.ndarray) -> float | None:
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None


def _print(figures: dict) -> None:
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()))
    print(", ".join(f"{name} {ms:.2f} ms" for name, ms in figures["times_ms"].items()))
    print(f"{figures['poses']} poses")
    for table in ("missing", "feet", "crossing", "told", "outliers", "told_outliers"):
        keys = list(figures[table][0])[: list(figures[table][0]).index("trials")]
        print(f"\n{table}\n| {' | '.join(keys + _COLUMNS)} |\n|{'---|' * len(keys + _COLUMNS)}")
        for line in figures[table]:
            cells = [line[key] if isinstance(line[key], str) else f"{line[key]:g}" for key in keys]
            cells += [_text(line[key], 100) for key in ("found", "side_right", "grouped", "kept")]
            cells += [_text(line[f"{name}_p{q}"]) for name in ("rot_deg", "trans_cm") for q in (50, 95)]
            print(f"| {' | '.join([*cells, _text(line['nees'], 1 / 6, 2)])} |")


def _text(value: float | None, factor: float = 1.0, digits: int = 1) -> str:
    return "-" if value is None else f"{factor * value:.{digits}f}"
