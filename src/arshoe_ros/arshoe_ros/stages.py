"""How long the parts of a node's work take: for diagnostics, for FrameTiming and as ros2 tracepoints."""

import ctypes
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

WINDOW = 300
"""Durations kept per stage, the base of percentiles."""


class StageTimer:
    """Times stages: `with stages("infer"): ...`.

    Attributes:
        frame_us: (stage, microseconds) of the current frame, in order.
        history_ms: the last `WINDOW` durations of each stage, milliseconds.
    """

    def __init__(self, node_name: str) -> None:
        self.frame_us: list[tuple[str, int]] = []
        self.history_ms: dict[str, deque[float]] = {}
        self._node_name = node_name
        self._tracepoints: dict[str, Tracepoint] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time the body as `stage` of the current frame."""
        tracepoint = self._tracepoints.get(stage)
        if tracepoint is None:
            tracepoint = self._tracepoints[stage] = Tracepoint(f"arshoe/{self._node_name}/{stage}")
        tracepoint.start()
        start = time.monotonic_ns()
        try:
            yield
        finally:
            duration_ns = time.monotonic_ns() - start
            tracepoint.end()
            self.frame_us.append((stage, duration_ns // 1000))
            self.history_ms.setdefault(stage, deque(maxlen=WINDOW)).append(duration_ns / 1e6)


class Tracepoint:
    """A pair of events ros2:callback_start, callback_end under a name of our own.

    rclpy has no callback tracepoints, so libtracetools is called directly. Not traced, a pair costs under 1 us;
    where the library is missing or built without LTTng, it does nothing.
    """

    def __init__(self, name: str) -> None:
        self._lib = _libtracetools()
        self._key = ctypes.create_string_buffer(1)  # its address identifies the callback
        self._address = ctypes.c_void_p(ctypes.addressof(self._key))
        if self._lib:
            self._lib.ros_trace_rclcpp_callback_register(self._address, name.encode())

    def start(self) -> None:
        """Emit ros2:callback_start."""
        if self._lib:
            self._lib.ros_trace_callback_start(self._address, False)

    def end(self) -> None:
        """Emit ros2:callback_end."""
        if self._lib:
            self._lib.ros_trace_callback_end(self._address)


def _libtracetools() -> ctypes.CDLL | None:
    try:
        lib = ctypes.CDLL("libtracetools.so")
        lib.ros_trace_rclcpp_callback_register.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        lib.ros_trace_callback_start.argtypes = [ctypes.c_void_p, ctypes.c_bool]
        lib.ros_trace_callback_end.argtypes = [ctypes.c_void_p]
    except (OSError, AttributeError):
        return None
    return lib
