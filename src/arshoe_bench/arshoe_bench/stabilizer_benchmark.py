"""Stabilisation methods on rendered clips of known truth: how steady, how quick, how right, how fast."""

import argparse
import logging
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from arshoe_bench.pipeline_benchmark import machine
from arshoe_bench.stabilization.clips import KINDS, clips
from arshoe_bench.stabilization.noise import KeypointNoise
from arshoe_bench.stabilization.trial import know, measure, stabilize
from arshoe_core.errors import BadInputError, require_choice
from arshoe_stabilizer import StabilizerConfig
from arshoe_stabilizer.config import METHODS

TEST_SEED, DEVELOPMENT_SEED = 2, 1
REST_CLIPS = ("still", "turn", "kick")
"""Clips with a still camera at 30 Hz; their rest segments make the summary's jitter."""
MOTION_CLIPS = ("handheld", "turn", "walk", "kick", "cross", "orbit")
"""Clips at 30 Hz with motion; they make the summary's lag and errors in motion."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench stabilizer`."""
    parser.add_argument("--methods", nargs="+", default=list(METHODS), help=f"of {', '.join(METHODS)} (default: all)")
    parser.add_argument("--clip", nargs="+", default=list(KINDS), help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="parameters of the stabiliser")
    seeds = f"of clips and noise (default {TEST_SEED}; methods are tuned on {DEVELOPMENT_SEED})"
    parser.add_argument("--seed", type=int, default=TEST_SEED, help=seeds)
    parser.add_argument("--clips", type=Path, default=Path("out/stabilizer_clips"), help="folder that keeps the clips")


def run(options: argparse.Namespace) -> dict:
    """Print tables of methods and clips; return the figures as written by --json."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for name in options.methods:
        require_choice("methods", name, METHODS)
    for name in options.clip:
        require_choice("clip", name, tuple(KINDS))
    configs = {name: _config(name, options.set) for name in options.methods}
    by_clip = evaluate(configs, options.clip, options.seed, options.clips)
    figures = {"machine": machine(), "seed": options.seed, "summary": summary(by_clip), "clips": by_clip}
    _print(figures)
    return _without_nan(figures)


def evaluate(configs: dict[str, StabilizerConfig], names: list[str], seed: int, folder: Path) -> dict:
    """Measures (see `measure`, and ms) by clip, then by name of a configuration or RAW."""
    figures = {}
    for clip in clips(names, seed, folder):
        truth = know(clip)
        results = stabilize(clip, configs, KeypointNoise(), seed)
        figures[clip.name] = {
            name: {**measure(clip, truth, poses), "ms": ms} for name, (poses, ms) in results.items()
        }  # fmt: skip
    return figures


def summary(by_clip: dict) -> dict[str, dict[str, float]]:
    """Each method over all clips: RMS jitter of REST_CLIPS, means over MOTION_CLIPS, sums of switches, worst shares."""
    methods = next(iter(by_clip.values()))

    def values(method: str, key: str, names: tuple[str, ...] = tuple(KINDS)) -> np.ndarray:
        found = np.array([by_clip[name][method][key] for name in names if name in by_clip])
        return found[np.isfinite(found)] if np.isfinite(found).any() else np.array([np.nan])

    return {
        method: {
            "jitter_px": float(np.sqrt((values(method, "jitter_px", REST_CLIPS) ** 2).mean())),
            "handheld_jitter_px": float(values(method, "jitter_px", ("handheld",)).mean()),
            **{
                key: float(values(method, key, MOTION_CLIPS).mean())
                for key in ("lag_ms", "moving_px", "moving_deg", "moving_cm", "rest_px", "overshoot_px")
            },
            "hidden_px": float(values(method, "hidden_px").mean()),
            "switches": int(values(method, "switches").sum()),
            **{key: float(values(method, key).mean()) for key in ("wrong_side", "lost", "ghosts")},
            "ms": float(np.median(values(method, "ms"))),
        }
        for method in methods
    }


def _config(method: str, given: list[str]) -> StabilizerConfig:
    """The default configuration of a method with parameters given as name=value."""
    types = {f.name: type(f.default) for f in fields(StabilizerConfig)}
    changes = {}
    for item in given:
        name, _, value = item.partition("=")
        require_choice("set", name, tuple(types))
        try:
            changes[name] = types[name](value)
        except ValueError as error:
            raise BadInputError(f"{name} is {value!r}; allowed: {types[name].__name__}") from error
    return replace(StabilizerConfig(method=method), **changes)


def _print(figures: dict) -> None:
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()), end="\n\n")
    print(_table("method", figures["summary"]))
    for name, by_method in figures["clips"].items():
        print(f"\n{name}: {KINDS[name].summary}\n\n{_table('method', by_method)}")


def _table(first: str, rows: dict[str, dict[str, float]]) -> str:
    keys = list(next(iter(rows.values())))
    lines = [f"| {' | '.join([first, *keys])} |", "|---" * (len(keys) + 1) + "|"]
    lines += [f"| {' | '.join([name, *(_number(row[key]) for key in keys)])} |" for name, row in rows.items()]
    return "\n".join(lines)


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return "" if math.isnan(value) else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def _without_nan(figures: dict) -> dict:
    """The same with None for NaN, which JSON does not know."""
    if isinstance(figures, dict):
        return {key: _without_nan(value) for key, value in figures.items()}
    return None if isinstance(figures, float) and math.isnan(figures) else figures
