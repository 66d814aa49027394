"""The plots of report.html as SVG text."""

import math

import numpy as np

from arshoe_trace.svg import LEFT, RIGHT, WIDTH, bar, level, nice_step, scale, svg, text, title, x_axis, y_axis

PARTS = (("transport", "transport"), ("queueing", "queueing"), ("own", "compute"))
"""Parts of a stage in the order of time, and what they are called."""


def waterfall(stages: list[dict]) -> str:
    """A row per stage, each beginning where the one before ended.

    Args:
        stages: {"stage": name, "transport_ms", "queueing_ms", "own_ms"}, in order.
    """
    total = sum(max(stage[f"{part}_ms"], 0.0) for stage in stages for part, _ in PARTS)
    row, thick, top = 40, 24, 8
    height = top + row * len(stages) + 42
    x = scale(total, LEFT, WIDTH - RIGHT)
    body = [x_axis(total, x, top, height - 38, "ms since the image was published")]
    at = 0.0
    for index, stage in enumerate(stages):
        y = top + row * index + (row - thick) / 2
        body.append(text(LEFT - 12, y + thick / 2 + 4, stage["stage"], "end", "label"))
        begin = at
        for part, name in PARTS:
            value = max(stage[f"{part}_ms"], 0.0)
            left, right = x(at), x(at + value)
            body.append(bar(left, y, right - left, thick, name, f"{stage['stage']}: {name} {value:.2f} ms"))
            if right - left > 34:
                place = ((left + right) / 2, y + thick / 2 + 4)
                body.append(text(*place, f"{value:.1f}", "middle", f"on-bar on-{name}"))
            at += value
        body.append(text(x(at) + 6, y + thick / 2 + 4, f"{at - begin:.1f} ms", "start", "value"))
    return svg(height, body, "Where the milliseconds of the median frame go, per stage")


def latency_over_time(frames: list[dict], summary: dict) -> str:
    """A dot per frame that came out, a mark below for one that did not; what is far too long lies on the upper edge.

    Args:
        frames: "per_frame" of the figures.
        summary: {"p50", "p95", "max"}, ms.
    """
    height, top, bottom = 300, 18, 232
    high = _cap(summary)
    duration = max(max(frame["published_s"] for frame in frames), 1e-3)
    x = scale(duration, LEFT, WIDTH - RIGHT)
    y = scale(high, bottom, top)
    body = [y_axis(high, y, "ms"), x_axis(duration, x, top, bottom + 32, "s since the first image", grid=False)]
    for number, frame in enumerate(frames):
        across = x(frame["published_s"])
        if frame["end_to_end_ms"] is None:
            tip = f"frame {number}: dropped, last seen when {frame['last_seen']}"
            body.append(bar(across - 1, bottom + 10, 2, 12, "dropped", tip))
        else:
            value = frame["end_to_end_ms"]
            tip = title(f"frame {number}: {value:.1f} ms")
            body.append(f'<circle class="dot" cx="{across:.1f}" cy="{y(min(value, high)):.1f}" r="3">{tip}</circle>')
            if value > high:
                body.append(text(across + 6, y(high) + 4, f"{value:.0f}", "start", "value"))
    body.append(text(LEFT - 12, bottom + 20, "dropped", "end", "label"))
    body += [level(y(summary[key]), key) for key in ("p50", "p95")]
    return svg(height, body, "End-to-end time of each frame")


def histogram(values: list[float], summary: dict) -> str:
    """How often each end-to-end time (ms) came; the last bar holds all that is far too long."""
    height, top, bottom = 250, 22, 206
    high = _cap(summary)
    step = nice_step(high, 40)
    bins = math.floor(high / step) + 1
    counts, edges = np.histogram(np.minimum(values, high), bins=bins, range=(0, bins * step))
    longer = sum(value > high for value in values)
    unit = "ms end to end" + (f"; {longer} longer than {high:.0f} in the last bar" if longer else "")
    x = scale(bins * step, LEFT, WIDTH - RIGHT)
    y = scale(1.1 * float(counts.max()), bottom, top)  # room for the names of the levels
    body = [y_axis(float(counts.max()), y, "frames"), x_axis(bins * step, x, top, bottom, unit, grid=False)]
    for count, low in zip(counts, edges[:-1], strict=True):
        if count:
            tip = f"{low:g} to {low + step:g} ms: {count} frames"
            body.append(bar(x(low) + 1, y(count), x(low + step) - x(low) - 2, bottom - y(count), "compute", tip))
    for key, aside, anchor in (("p50", -5, "end"), ("p95", 5, "start")):
        across = x(summary[key])
        body.append(f'<line class="level" x1="{across:.1f}" y1="{top - 6}" x2="{across:.1f}" y2="{bottom}"/>')
        body.append(text(across + aside, top + 2, f"{key} {summary[key]:.0f}", anchor, "value"))
    return svg(height, body, "Histogram of end-to-end times")


def _cap(summary: dict) -> float:
    """The end of the axis: a single frame that took very long must not press all others together."""
    return min(summary["max"], 2 * summary["p95"])
