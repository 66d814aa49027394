"""The figures of a trace: what report.json holds and the pages show. Times are milliseconds unless a name says else."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from arshoe_trace.frame_paths import NODE_ORDER, NODES, FramePath, dropped, frame_paths
from arshoe_trace.trace_model import NodeFrame, ProcessTime, Trace, by_node

PARTS = ("transport", "queueing", "own", "compute")
TYPICAL_SHARE, TYPICAL_MAX = 0.1, 11


def figures(trace: Trace) -> dict:
    """Compute everything that the report says.

    Raises:
        BadInputError: no image is in the trace.
    """
    paths = frame_paths(trace)
    done = [path for path in paths if path.end_ns is not None]
    complete = [path for path in done if path.stages]
    nodes = by_node([frame for frame in trace.frames if frame.end_ns is not None])
    order = sorted(
        {*nodes, *trace.processes}, key=lambda node: (NODE_ORDER.index(node) if node in NODE_ORDER else 99, node)
    )
    begin_ns, end_ns = paths[0].published_ns, max([p.end_ns or p.published_ns for p in paths])
    return {
        "recorder": trace.recorder,
        "lost_events": trace.lost_events,
        "duration_s": round((end_ns - begin_ns) / 1e9, 3),
        "frames": {"in": len(paths), "out": len(done), "dropped": dropped(paths)},
        "end_to_end_ms": percentiles((path.end_ns - path.published_ns) / 1e6 for path in done),
        "stages": {stage: _stage(stage, complete) for stage in NODES} if complete else {},
        "typical_frame": _typical(complete),
        "nodes": {node: _node(frames) for node in order if (frames := nodes.get(node))},
        "cpu": {
            node: cpu for node in order
            if (cpu := _cpu(trace.processes.get(node), begin_ns, end_ns, len(paths))) is not None
        },
        "per_frame": [_frame(path, begin_ns) for path in paths],
    }  # fmt: skip


def percentiles(values: Iterable[float]) -> dict[str, float] | None:
    """p50, p95 and max, to the microsecond if the values are milliseconds; None without values."""
    values = list(values)
    if not values:
        return None
    p50, p95 = np.percentile(values, (50, 95))
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3), "max": round(max(values), 3)}


def typical_frames(paths: list[FramePath]) -> list[FramePath]:
    """The frames whose end-to-end time is closest to the median: a tenth of all, 1 to 11."""
    total = np.array([path.end_ns - path.published_ns for path in paths])
    count = int(np.clip(TYPICAL_SHARE * len(paths), 1, TYPICAL_MAX))
    return [paths[i] for i in np.argsort(np.abs(total - np.median(total)), kind="stable")[:count]]


def _stage(stage: str, paths: list[FramePath]) -> dict:
    times = [time for path in paths for time in path.stages if time.stage == stage]
    result = {}
    for part in PARTS:
        values = [getattr(time, f"{part}_ns") for time in times]
        result[f"{part}_ms"] = percentiles(value / 1e6 for value in values if value is not None)
    return result


def _typical(paths: list[FramePath]) -> dict | None:
    """Where the milliseconds of the median frame go: the means of the frames next to it, which add up."""
    if not paths:
        return None
    typical = typical_frames(paths)
    stages = []
    for index, stage in enumerate(NODES):
        entry: dict = {"stage": stage}
        for part in ("transport", "queueing", "own"):
            mean_ns = np.mean([getattr(path.stages[index], f"{part}_ns") for path in typical])
            entry[f"{part}_ms"] = round(float(mean_ns) / 1e6, 3)
        stages.append(entry)
    return {"frames": len(typical), "stages": stages}


def _node(frames: list[NodeFrame]) -> dict:
    """The work of a node on its frames, and the stages in the order of their first use."""
    steps: dict[str, list[float]] = defaultdict(list)
    for frame in frames:
        for stage in frame.stages:
            steps[stage.name].append((stage.end_ns - stage.start_ns) / 1e6)
    return {
        "frames": len(frames),
        "compute_ms": percentiles((frame.end_ns - frame.start_ns) / 1e6 for frame in frames),
        "steps_ms": {name: percentiles(values) for name, values in steps.items()},
    }


def _cpu(process: ProcessTime | None, begin_ns: int, end_ns: int, frames: int) -> dict | None:
    """CPU time of a process while frames were under way, interpolated between samples."""
    if process is None or len(process.samples) < 2:
        return None
    times, used = np.array(process.samples, float).T
    first, last = np.interp([begin_ns, end_ns], times, used)
    spent_s = (last - first) / 1e9
    share = spent_s / max((end_ns - begin_ns) / 1e9, 1e-9)
    return {
        "pid": process.pid,
        "cpu_s": round(float(spent_s), 3),
        "percent_of_a_core": round(float(100 * share), 1),
        "ms_per_frame_in": round(float(1e3 * spent_s / frames), 2),
    }


def _frame(path: FramePath, begin_ns: int) -> dict:
    total = None if path.end_ns is None else round((path.end_ns - path.published_ns) / 1e6, 3)
    return {
        "stamp_ns": path.stamp_ns,
        "published_s": round((path.published_ns - begin_ns) / 1e9, 6),
        "end_to_end_ms": total,
        "last_seen": path.last_seen,
        "stages_ms": {
            time.stage: {
                part: None if (value := getattr(time, f"{part}_ns")) is None else round(value / 1e6, 3)
                for part in PARTS
            }
            for time in path.stages
        },
    }
