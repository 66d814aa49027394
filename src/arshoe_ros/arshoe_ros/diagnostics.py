"""What a node says of itself once a second on /diagnostics."""

from collections import Counter

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from arshoe_ros.stages import StageTimer

SUBSCRIBERS_OF = "subscribers of "
"""Begins the key under which the number of connected subscriptions of a topic stands."""


class FrameStatistics:
    """Counts frames and turns the counts and the stage durations into a diagnostics message.

    Attributes:
        frames: frames finished since the start.
        dropped: frames that the node itself gave up since the start.
        stamp_ns: stamp of the last frame finished.
        counters: what else the node counts since the start: what it counts, and how many by reason.
    """

    def __init__(self, node_name: str, stages: StageTimer) -> None:
        self.frames = 0
        self.dropped = 0
        self.stamp_ns = 0
        self.counters: dict[str, Counter[str]] = {}
        self._name = node_name
        self._stages = stages
        self._last = (0, None)

    def message(
        self, now_ros_ns: int, now_s: float, dropped: int, subscribers: dict[str, int], warnings: list[str]
    ) -> DiagnosticArray:
        """Make the message.

        Args:
            now_ros_ns: the node's clock, for the age of the last stamp (years for a recorded one).
            now_s: a steady clock, for the rate.
            dropped: frames given up since the start, for whatever reason.
            subscribers: how many subscriptions each topic of the node is connected to.
            warnings: shown as the status; none means OK.
        """
        frames_before, before_s = self._last
        rate = (self.frames - frames_before) / (now_s - before_s) if before_s is not None else 0.0
        self._last = (self.frames, now_s)
        values = {"frames": str(self.frames), "dropped": str(dropped), "rate (Hz)": f"{rate:.1f}"}
        if self.stamp_ns:
            values["age of stamp (s)"] = f"{(now_ros_ns - self.stamp_ns) / 1e9:.3f}"
        for name, counter in self.counters.items():
            values |= {f"{name}: {reason}": str(count) for reason, count in counter.items()}
        values |= {SUBSCRIBERS_OF + topic: str(count) for topic, count in subscribers.items()}
        for stage, history in list(self._stages.history_ms.items()):  # may be another thread's
            p50, p95 = np.percentile(list(history), (50, 95))
            values[f"{stage} p50 (ms)"] = f"{p50:.2f}"
            values[f"{stage} p95 (ms)"] = f"{p95:.2f}"
        msg = DiagnosticArray()
        msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(now_ros_ns, 1_000_000_000)
        msg.status = [
            DiagnosticStatus(
                level=DiagnosticStatus.WARN if warnings else DiagnosticStatus.OK,
                name=self._name,
                message="; ".join(warnings) or "OK",
                hardware_id="",
                values=[KeyValue(key=key, value=value) for key, value in values.items()],
            )
        ]
        return msg
