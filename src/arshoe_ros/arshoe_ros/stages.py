"""How long the parts of a node's work take: for diagnostics, for FrameTiming, as ros2 tracepoints, in the event log."""

import ctypes
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from arshoe_ros import event_log

WINDOW = 300
"""Durations kept per stage, the base of percentiles."""


class StageTimer:
    """Times frames and their stages: `with stages.frame(stamp_ns):` and in it `with stages("infer"):`.

    Attributes:
        frame_us: (stage, microseconds) of the current frame, in order.
        history_ms: the last `WINDOW` durations of each stage, milliseconds.
        log: the event log of the process, if it writes one.
    """

    def __init__(self, node_name: str) -> None:
        self.frame_us: list[tuple[str, int]] = []
        self.history_ms: dict[str, deque[float]] = {}
        self.log = event_log.of_process(node_name)
        self._prefix = f"arshoe/{node_name}/"
        self._stages: dict[str, _Stage] = {}
        self._frame = Tracepoint(f"{self._prefix}frame")
        self._recorded = False

    def __call__(self, stage: str) -> "_Stage":
        """Time the body as `stage` of the current frame."""
        known = self._stages.get(stage)
        if known is None:
            known = self._stages[stage] = _Stage(self, stage, Tracepoint(self._prefix + stage))
        return known

    @contextmanager
    def frame(self, stamp_ns: int) -> Iterator[None]:
        """Mark the body as the work on the frame of this stamp, for tracing."""
        recorded = self._frame.enabled()
        if recorded:
            if not self._recorded:  # a recording that began after this node did has not seen the names
                for stage in self._stages.values():
                    stage.tracepoint.register()
            self._frame.register(f" {stamp_ns}")
        self._recorded = recorded
        start_ns = time.monotonic_ns()
        self._frame.start()
        try:
            yield
        finally:
            self._frame.end()
            if self.log is not None:
                self.log.add("frame", start_ns, stamp_ns, time.monotonic_ns())


class _Stage:
    """Times a stage of one node; made once, entered for each frame, by one thread at a time."""

    __slots__ = ("_history_ms", "_name", "_start_ns", "_timer", "tracepoint")

    def __init__(self, timer: StageTimer, name: str, tracepoint: "Tracepoint") -> None:
        self.tracepoint = tracepoint
        self._timer = timer
        self._name = name
        self._history_ms: deque[float] | None = None
        self._start_ns = 0

    def __enter__(self) -> None:
        self.tracepoint.start()
        self._start_ns = time.monotonic_ns()

    def __exit__(self, *_: object) -> None:
        end_ns = time.monotonic_ns()
        self.tracepoint.end()
        duration_ns = end_ns - self._start_ns
        self._timer.frame_us.append((self._name, duration_ns // 1000))
        if self._history_ms is None:  # never an empty one: other threads compute percentiles
            self._history_ms = self._timer.history_ms[self._name] = deque((duration_ns / 1e6,), WINDOW)
        else:
            self._history_ms.append(duration_ns / 1e6)
        if self._timer.log is not None:
            self._timer.log.add("stage", self._start_ns, self._name, end_ns)


class Tracepoint:
    """A pair of events ros2:callback_start, callback_end under a name of our own.

    rclpy has no callback tracepoints, so libtracetools is called directly. Where the library is missing or built
    without LTTng, it does nothing.
    """

    __slots__ = ("_address", "_end", "_key", "_lib", "_name", "_start")

    def __init__(self, name: str) -> None:
        self._name = name
        self._key = ctypes.create_string_buffer(1)  # its address identifies the callback
        self._address = ctypes.c_void_p(ctypes.addressof(self._key))
        self._lib = _libtracetools()
        self._start = self._lib.ros_trace_callback_start if self._lib else None
        self._end = self._lib.ros_trace_callback_end if self._lib else None
        self.register()

    def enabled(self) -> bool:
        """Whether somebody records at the moment."""
        return bool(self._lib) and self._lib.ros_trace_enabled_rclcpp_callback_register()

    def register(self, suffix: str = "") -> None:
        """Emit ros2:rclcpp_callback_register: the name, and what is to be said of the next call."""
        if self._lib:
            self._lib.ros_trace_rclcpp_callback_register(self._address, (self._name + suffix).encode())

    def start(self) -> None:
        """Emit ros2:callback_start."""
        if self._start is not None:
            self._start(self._address, False)

    def end(self) -> None:
        """Emit ros2:callback_end."""
        if self._end is not None:
            self._end(self._address)


def stage_overhead_us(repetitions: int = 20_000) -> float:
    """What a stage costs: microseconds of `with stages("x"): pass`, the median of 9 runs of `repetitions`."""
    stages = StageTimer("overhead")
    runs_ns = []
    for _ in range(9):
        start_ns = time.perf_counter_ns()
        for _ in range(repetitions):
            with stages("x"):
                pass
        runs_ns.append(time.perf_counter_ns() - start_ns)
        stages.frame_us.clear()
    return sorted(runs_ns)[4] / repetitions / 1e3


def _libtracetools() -> ctypes.CDLL | None:
    try:
        lib = ctypes.CDLL("libtracetools.so")
        lib.ros_trace_rclcpp_callback_register.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        lib.ros_trace_callback_start.argtypes = [ctypes.c_void_p, ctypes.c_bool]
        lib.ros_trace_callback_end.argtypes = [ctypes.c_void_p]
        lib.ros_trace_enabled_rclcpp_callback_register.restype = ctypes.c_bool
        for name in ("rclcpp_callback_register", "callback_start", "callback_end"):
            getattr(lib, f"ros_trace_{name}").restype = None
    except (OSError, AttributeError):
        return None
    return lib
