"""The trace as Chrome JSON, which ui.perfetto.dev shows: a slice per frame and stage, an arrow per message."""

from collections.abc import Iterator

from arshoe_trace.frame_paths import NODE_ORDER
from arshoe_trace.trace_model import NodeFrame, Trace

MAIN_THREAD = "frames"


def chrome_trace(trace: Trace) -> dict:
    """The content of perfetto.json; times are microseconds since the first event."""
    worked = [frame for frame in trace.frames if frame.end_ns is not None]
    begin_ns = min((frame.start_ns for frame in worked), default=0)
    events = [*_names(worked)]
    for frame in worked:
        events += _slices(frame, begin_ns)
    events += _arrows(worked, begin_ns)
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"recorder": trace.recorder}}


def _names(frames: list[NodeFrame]) -> Iterator[dict]:
    for pid, node in {frame.pid: frame.node for frame in frames}.items():
        order = NODE_ORDER.index(node) if node in NODE_ORDER else len(NODE_ORDER)
        yield {"ph": "M", "name": "process_name", "pid": pid, "args": {"name": node}}
        yield {"ph": "M", "name": "process_sort_index", "pid": pid, "args": {"sort_index": order}}
    for pid, thread in dict.fromkeys((frame.pid, frame.thread) for frame in frames):
        yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": thread, "args": {"name": MAIN_THREAD}}


def _slices(frame: NodeFrame, begin_ns: int) -> list[dict]:
    common = {"ph": "X", "cat": "arshoe", "pid": frame.pid, "tid": frame.thread}
    args = {"stamp_ns": str(frame.stamp_ns)}  # a number would lose digits in JavaScript
    parts = [("frame", frame.start_ns, frame.end_ns, args)]
    parts += [(stage.name, stage.start_ns, stage.end_ns, {}) for stage in frame.stages]
    return [
        common | {"name": name, "ts": _us(start_ns - begin_ns), "dur": _us(end_ns - start_ns), "args": args}
        for name, start_ns, end_ns, args in parts
    ]


def _arrows(frames: list[NodeFrame], begin_ns: int) -> Iterator[dict]:
    """From the slice that published a message to the frame that began with it."""
    published: dict[tuple[str, int], list[tuple[int, NodeFrame]]] = {}
    for frame in frames:
        for item in frame.publishes:
            published.setdefault((item.topic, frame.stamp_ns), []).append((item.published_ns, frame))
    number = 0
    for frame in frames:
        for take in frame.takes:
            senders = [
                item for item in published.get((take.topic, frame.stamp_ns), ())
                if item[1].start_ns <= item[0] <= min(item[1].end_ns, take.taken_ns)
            ]  # fmt: skip
            if not senders or take.taken_ns > frame.start_ns:  # late: it was no part of this frame's work
                continue
            number += 1
            sent_ns, sender = senders[-1]
            arrow = {"cat": "message", "name": take.topic, "id": number}
            yield {"ph": "s", "ts": _us(sent_ns - begin_ns), "pid": sender.pid, "tid": sender.thread, **arrow}
            finish = {"ph": "f", "bp": "e", "ts": _us(frame.start_ns - begin_ns), "pid": frame.pid, "tid": frame.thread}
            yield finish | arrow


def _us(ns: int) -> float:
    return ns / 1e3
