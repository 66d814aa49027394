"""Stabilisation methods on rendered clips of known truth: how steady, how quick, how right, how fast."""

import argparse
import logging
import math
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
from ament_index_python import get_package_share_directory

from arshoe_bench.pipeline_benchmark import machine
from arshoe_bench.stabilization.clips import KINDS, clips
from arshoe_bench.stabilization.measures import follow
from arshoe_bench.stabilization.noise import KeypointNoise
from arshoe_bench.stabilization.noise_fit import fit_noise
from arshoe_bench.stabilization.real import evaluate_real
from arshoe_bench.stabilization.scene import CAMERA
from arshoe_bench.stabilization.trial import know, measure, stabilize
from arshoe_bench.stabilization.tuning import Trial, front, tune, tuned_fields
from arshoe_core.errors import BadInputError, require_choice, require_range
from arshoe_stabilizer import StabilizerConfig
from arshoe_stabilizer.config import METHODS

DEMO_BAG = Path("demo/wearer_view")
"""In the share folder of the package `arshoe`."""
TEST_SEED, DEVELOPMENT_SEED = 2, 1
REST_CLIPS = ("still", "turn", "kick")
"""Clips with a still camera at 30 Hz; their rest segments make the summary's jitter."""
MOTION_CLIPS = ("handheld", "turn", "walk", "kick", "cross", "orbit")
"""Clips at 30 Hz with motion; they make the summary's lag and errors in motion."""
TUNING_CLIPS = ("still", "handheld", "turn", "walk", "kick", "orbit")
"""Of the development seed; those that the objective needs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bench stabilizer`."""
    parser.add_argument("--methods", nargs="+", default=list(METHODS), help=f"of {', '.join(METHODS)} (default: all)")
    parser.add_argument("--clip", nargs="+", default=list(KINDS), help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="parameters of the stabiliser")
    parser.add_argument("--seed", type=int, default=TEST_SEED, help=f"of clips and noise (default {TEST_SEED})")
    parser.add_argument("--clips", type=Path, default=Path("out/stabilizer_clips"), help="folder that keeps the clips")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="also tune every method, and draw plots into DIR")
    instead = parser.add_argument_group("instead of the tables").add_mutually_exclusive_group()
    instead.add_argument("--tune", metavar="METHOD",
                         help=f"search its parameters on the development clips (seed {DEVELOPMENT_SEED})")  # fmt: skip
    instead.add_argument("--measure-noise", type=Path, nargs="?", const=DEMO_BAG, metavar="BAG",
                         help="measure keypoint noise on a bag with ground truth (default: the demo's)")  # fmt: skip
    instead.add_argument("--real", type=Path, metavar="DIR", help="a folder of pictures, one sequence")
    parser.add_argument("--labels", type=Path, metavar="F.json", help="labels of some pictures of --real (COCO)")
    parser.add_argument("--trials", type=int, default=16, help="configurations that --tune tries (default 16)")
    parser.add_argument("--fps", type=float, default=30.0, help="of the pictures of --real (default 30)")


def run(options: argparse.Namespace) -> dict:
    """Print tables of methods and clips; return the figures as written by --json."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for name in [*options.methods, *([options.tune] if options.tune else [])]:
        require_choice("method", name, METHODS)
    for name in options.clip:
        require_choice("clip", name, tuple(KINDS))
    require_range("trials", options.trials, 1, 10_000)
    if options.measure_noise:
        return _measure_noise(options.measure_noise)
    if options.tune:
        return _without_nan(_print_tuned(options.tune, _tune(options.tune, options)))
    configs = {name: _config(name, options.set) for name in options.methods}
    if options.real:
        figures = evaluate_real(options.real, options.fps, configs, options.labels)
        print(_table("method", figures))
        return _without_nan(figures)
    by_clip = evaluate(configs, options.clip, options.seed, options.clips)
    figures = {"machine": machine(), "seed": options.seed, "summary": summary(by_clip), "clips": by_clip}
    _print(figures)
    if options.plots:
        figures["tuned"] = _plot(configs, options)
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
    """Each method over all clips: RMS jitter of REST_CLIPS, means over MOTION_CLIPS (of |lag|), sum of switches."""
    methods = next(iter(by_clip.values()))

    def values(method: str, key: str, names: tuple[str, ...] = tuple(KINDS)) -> np.ndarray:
        found = np.array([by_clip[name][method][key] for name in names if name in by_clip])
        return found[np.isfinite(found)] if np.isfinite(found).any() else np.array([np.nan])

    return {
        method: {
            "jitter_px": float(np.sqrt((values(method, "jitter_px", REST_CLIPS) ** 2).mean())),
            "handheld_jitter_px": float(values(method, "jitter_px", ("handheld",)).mean()),
            **{
                key: float(np.abs(values(method, key, MOTION_CLIPS)).mean())
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


def _measure_noise(bag: Path) -> dict:
    if bag == DEMO_BAG:
        bag = Path(get_package_share_directory("arshoe")) / bag
    noise, lines = fit_noise(bag)
    print("\n".join(lines), end="\n\n")
    for name, value in asdict(noise).items():
        print(f"{name} = {value}")
    return asdict(noise)


def _tune(method: str, options: argparse.Namespace) -> list[Trial]:
    """`tune` on the development clips."""
    return tune(
        method,
        options.trials,
        lambda configs: summary(evaluate(configs, TUNING_CLIPS, DEVELOPMENT_SEED, options.clips)),
    )


def _print_tuned(method: str, tried: list[Trial]) -> dict:
    """Print the best configuration and the Pareto front of jitter and lag, and return them."""
    names = tuned_fields(method)

    def row(trial: Trial) -> dict[str, float]:
        figures = {
            key: trial.figures[key] for key in ("jitter_px", "lag_ms", "moving_px", "moving_deg", "overshoot_px")
        }
        return {**{name: getattr(trial.config, name) for name in names}, **figures, "objective": trial.objective}

    rows = {"best": row(tried[0]), **{f"front {i + 1}": row(trial) for i, trial in enumerate(front(tried))}}
    print(_table(method, rows))
    return rows


def _plot(configs: dict[str, StabilizerConfig], options: argparse.Namespace) -> dict:
    """Draw a kick, an occlusion, and jitter against lag of every method tuned; print and return what tuning found."""
    from arshoe_bench.stabilization import plots  # matplotlib is an optional extra

    configs = {method: config for method, config in configs.items() if method != "none"}
    for name in ("kick", "occlusion"):
        (clip,) = clips([name], options.seed, options.clips)
        results = stabilize(clip, configs, KeypointNoise(), options.seed)
        truth = know(clip)
        tracks = {method: follow(clip.truth, poses, CAMERA) for method, (poses, _) in results.items()}
        plots.plot_clip(options.plots / f"stabilization_{name}.png", clip.times, truth, tracks)
    tried, tuned = {}, {}
    for method in configs:
        print(f"\n{method}, tuned on the development clips\n", flush=True)
        tried[method] = _tune(method, options)
        tuned[method] = _print_tuned(method, tried[method])
    plots.plot_pareto(options.plots / "stabilization_pareto.png", tried)
    return tuned


def _print(figures: dict) -> None:
    print(", ".join(f"{key} {value}" for key, value in figures["machine"].items()), end="\n\n")
    print(_table("method", figures["summary"]))
    for name, by_method in figures["clips"].items():
        print(f"\n{name}: {KINDS[name].summary}\n\n{_table('method', by_method)}")


def _table(first: str, rows: dict[str, dict[str, float]]) -> str:
    keys = list(max(rows.values(), key=len))
    lines = [f"| {' | '.join([first, *keys])} |", "|---" * (len(keys) + 1) + "|"]
    for name, row in rows.items():
        lines.append(f"| {' | '.join([name, *(_number(row.get(key, math.nan)) for key in keys)])} |")
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
