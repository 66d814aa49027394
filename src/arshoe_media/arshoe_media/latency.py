"""Latency and frame rate from the timings that the nodes publish."""

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

SOURCE, NETWORK, RENDER = "source_node", "network_node", "render_node"
KEPT = 20_000
"""Values kept per stage (11 minutes at 30 Hz), the base of the percentiles."""


class LatencyStatistics:
    """Collects the nodes' timings of frames.

    Latency of a frame is from the start of source_node to the end of render_node. Without a source_node (frames from
    a driver) it counts from the start of network_node.

    Attributes:
        frames_in: frames sent by source_node, or else taken by network_node.
        frames_out: frames rendered.
        started_ns: when the first frame was sent, or else taken (monotonic clock, ns); None before.
        frame_index: stamp (ns) to the number of its frame in the input, of the last `KEPT` frames.
    """

    def __init__(self) -> None:
        self.frames_in = self.frames_out = 0
        self.started_ns: int | None = None
        self.frame_index: dict[int, int] = {}
        self._first_node = NETWORK
        self._starts: dict[int, int] = {}
        self._latency_ms: deque[float] = deque(maxlen=KEPT)
        self._stages_ms: dict[str, deque[float]] = {}
        self._ends_ns: deque[int] = deque(maxlen=KEPT)

    def add(
        self, stamp_ns: int, node: str, start_ns: int, end_ns: int, stages: Sequence[str] = (), us: Sequence[int] = ()
    ) -> None:
        """Take one FrameTiming: monotonic times in ns, durations of the stages in microseconds."""
        if node == SOURCE and self._first_node != SOURCE:
            self._first_node, self.frames_in, self.started_ns = SOURCE, 0, None
            self._starts.clear()
            self.frame_index.clear()
        if node == self._first_node:
            for kept, value in ((self._starts, start_ns), (self.frame_index, self.frames_in)):
                kept[stamp_ns] = value
                if len(kept) > KEPT:
                    del kept[next(iter(kept))]
            self.frames_in += 1
            self.started_ns = start_ns if self.started_ns is None else self.started_ns
        if node == RENDER:
            self.frames_out += 1
            self._ends_ns.append(end_ns)
            if stamp_ns in self._starts:
                self._latency_ms.append((end_ns - self._starts.pop(stamp_ns)) / 1e6)
        self._add_duration(node.removesuffix("_node"), (end_ns - start_ns) / 1e6)
        for stage, duration_us in zip(stages, us, strict=True):
            self._add_duration(f"{node.removesuffix('_node')}/{stage}", duration_us / 1e3)

    def duration_s(self) -> float:
        """Seconds from the first to the last rendered frame."""
        return (self._ends_ns[-1] - self._ends_ns[0]) / 1e9 if len(self._ends_ns) > 1 else 0.0

    def fps(self, last: int = KEPT) -> float:
        """Rendered frames per second, over the last frames."""
        ends_ns = list(self._ends_ns)[-last:]
        return (len(ends_ns) - 1) * 1e9 / (ends_ns[-1] - ends_ns[0]) if len(ends_ns) > 1 else 0.0

    def latency_ms(self, last: int = KEPT) -> dict[str, float | None]:
        """p50 and p95 of the end-to-end latency, over the last frames."""
        return percentiles(list(self._latency_ms)[-last:])

    def stages_ms(self, last: int = KEPT) -> dict[str, dict[str, float | None]]:
        """p50 and p95 of each node (`network`) and each of its stages (`network/infer`), over the last frames."""
        return {name: percentiles(list(values)[-last:]) for name, values in sorted(self._stages_ms.items())}

    def _add_duration(self, name: str, duration_ms: float) -> None:
        self._stages_ms.setdefault(name, deque(maxlen=KEPT)).append(duration_ms)


def percentiles(values: Iterable[float]) -> dict[str, float | None]:
    """p50 and p95, rounded to 0.001; None of no values."""
    values = list(values)
    if not values:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(values, (50, 95))
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
