"""Fair tuning: every method's own parameters, searched alike on the development clips with one objective."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from arshoe_bench.stabilization.trial import RAW
from arshoe_core.parameters import info
from arshoe_stabilizer import StabilizerConfig

JITTER_SHARE, LAG_MS = 0.25, 10.0
"""What is asked of a method: jitter at rest at most this share of the measured poses', lag at most this."""
_WIDE, _NEAR = 100.0, 3.0
"""Factors around the default, then around the best, within which parameters are searched."""
_SHIFTS = np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0]) % 1

Figures = dict[str, float]
Evaluate = Callable[[dict[str, StabilizerConfig]], dict[str, Figures]]
"""Configurations by name to summaries by name, one of the measured poses ("raw") among them."""


@dataclass(frozen=True)
class Trial:
    """A configuration, its summary and objective."""

    config: StabilizerConfig
    figures: Figures
    objective: float


def objective(figures: Figures, raw: Figures) -> float:
    """The worst of three shares of what is allowed: jitter at rest, lag, error in motion. At most 1 meets them all."""
    return max(
        figures["jitter_px"] / (JITTER_SHARE * raw["jitter_px"]),
        figures["lag_ms"] / LAG_MS,
        figures["moving_px"] / raw["moving_px"],
    )


def tune(method: str, trials: int, evaluate: Evaluate) -> list[Trial]:
    """Search a method's parameters: half of the trials far and wide, half around the best of them.

    Args:
        method: its parameters are the float fields of `StabilizerConfig` named after it.
        trials: how many configurations, the default among them.

    Returns:
        all trials, the best first.
    """
    start, tried = StabilizerConfig(method=method), []
    for factor, count in ((_WIDE, trials - trials // 2), (_NEAR, trials // 2)):
        configs = {str(i): config for i, config in enumerate(_around(start, method, factor, count))}
        results = evaluate(configs)
        tried += [Trial(config, results[i], objective(results[i], results[RAW])) for i, config in configs.items()]
        tried.sort(key=lambda trial: np.nan_to_num(trial.objective, nan=np.inf))
        start = tried[0].config
    return tried


def tuned_fields(method: str) -> list[str]:
    """Names of the parameters that are searched."""
    prefix = f"{method.removeprefix('arshoe_')}_"  # those of arshoe_plus start with plus_
    return [f.name for f in fields(StabilizerConfig) if isinstance(f.default, float) and f.name.startswith(prefix)]


def front(tried: list[Trial]) -> list[Trial]:
    """Those that no other beats in jitter and lag alike, by jitter."""
    best, kept = np.inf, []
    for trial in sorted(tried, key=lambda trial: (trial.figures["jitter_px"], trial.figures["lag_ms"])):
        if trial.figures["lag_ms"] < best:
            best = trial.figures["lag_ms"]
            kept.append(trial)
    return kept


def _around(start: StabilizerConfig, method: str, factor: float, count: int) -> list[StabilizerConfig]:
    """The start and others whose parameters are spread evenly in logarithm from 1 / factor to factor of its own."""
    names, configs = tuned_fields(method), [start]
    for i in range(1, count if names else 1):
        places = (0.5 + i * _SHIFTS[: len(names)]) % 1  # Kronecker sequence: even in all of them at once
        changes = {}
        for name, place in zip(names, places, strict=True):
            limits = info(StabilizerConfig, name)
            changes[name] = float(np.clip(getattr(start, name) * factor ** (2 * place - 1), limits.low, limits.high))
        configs.append(replace(start, **changes))
    return configs
