"""The plots of docs/stabilization.md."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from arshoe_bench.stabilization.measures import Tracks
from arshoe_bench.stabilization.trial import RAW, Truth
from arshoe_bench.stabilization.tuning import LAG_MS, Trial, front
from arshoe_core.files import replacing
from arshoe_stabilizer import StabilizerConfig

_SIZE = (6.4, 3.6)
_COLORS = {"raw": "0.6", "none": "0.6", "arshoe": "tab:blue", "kalman": "tab:orange", "one_euro": "tab:green"}
_OTHER = "tab:red"


def color(method: str) -> str:
    """Always the same for a method."""
    return _COLORS.get(method, _OTHER)


def plot_pareto(file: Path, tried: dict[str, list[Trial]]) -> None:
    """Jitter against lag of all configurations tried, by method; a ring around the default, a line along the best."""
    figure, axes = plt.subplots(figsize=_SIZE, layout="constrained")
    for method, trials in tried.items():
        axes.plot(*_lag_and_jitter(trials), ".", color=color(method), alpha=0.4, ms=4)
        axes.plot(*_lag_and_jitter(front(trials)), "-", color=color(method), lw=1, label=method)
        default = [trial for trial in trials if trial.config == StabilizerConfig(method=method)]
        axes.plot(*_lag_and_jitter(default), "o", color=color(method), mfc="none", ms=8)
    axes.axvline(LAG_MS, color="k", lw=0.5, ls=":")
    axes.set(xscale="symlog", yscale="log", xlabel="mean |lag| in motion, ms", ylabel="jitter at rest, px")
    axes.set_xlim(0)
    axes.legend(fontsize=8)
    _save(figure, file)


def plot_clip(file: Path, times: np.ndarray, truth: Truth, tracks: dict[str, Tracks], foot: int = 1) -> None:
    """Where the right foot's middle is over time (the larger of its x and y), and how far each method is off."""
    figure, (above, below) = plt.subplots(2, 1, figsize=_SIZE, sharex=True, layout="constrained")
    true_points = truth.points[:, foot]
    axis = int(np.ptp(true_points.mean(1), axis=0).argmax())
    above.plot(times, true_points[..., axis].mean(1), "k-", lw=2.5, alpha=0.3, label="truth")
    for method, track in tracks.items():
        style = {"color": color(method), "lw": 1, "label": "measured" if method == RAW else method}
        points = track.points[:, foot]
        above.plot(times, points[..., axis].mean(1), **style)
        below.plot(times, np.linalg.norm(points - true_points, axis=-1).mean(1), **style)
    for axes in (above, below):
        shade = axes.get_xaxis_transform()
        axes.fill_between(times, 0, 1, where=truth.hidden[:, foot], transform=shade, color="0.9", lw=0)
    above.set(ylabel=f"{'xy'[axis]}, px")
    below.set(xlabel="s", ylabel="error, px", ylim=(0, None))
    above.legend(fontsize=7, ncols=2)
    _save(figure, file)


def _lag_and_jitter(trials: list[Trial]) -> tuple[list[float], list[float]]:
    return [trial.figures["lag_ms"] for trial in trials], [trial.figures["jitter_px"] for trial in trials]


def _save(figure: plt.Figure, file: Path) -> None:
    with replacing(file) as partial:
        figure.savefig(partial, dpi=110, format="png", metadata={"Software": None})
    plt.close(figure)
