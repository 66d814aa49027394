"""Runs the processes of a graph: starts them, shows what they print, restarts what crashed, ends them together."""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from launch_file import Process

EXIT_CRASH, EXIT_BAD_INPUT = 1, 2
LAST_NODE = "source_node"
"""After the end of the input it waits for all nodes that listen to end_of_stream. Once it has ended too, what still
runs is told to: nodes that know nothing of end_of_stream."""
GRACE_S = 5.0
"""How long a process may take to end after SIGINT, and again after SIGTERM."""
STARTING_S = 10.0
"""A process younger than this gets SIGTERM for SIGINT: Python answers SIGINT with a traceback while it still imports,
or loses it. Nodes that run take both alike."""

_COLORS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
_PR_SET_PDEATHSIG = 1


class Supervisor:
    """Runs processes until all have ended.

    A process that exits with 0 has done its work. One that exits with 2 got bad input: the graph ends. Any other
    exit is a crash: the process is started again if it is to be respawned, unless others have already done their work.
    """

    def __init__(self, processes: Sequence[Process]) -> None:
        self._selector = selectors.DefaultSelector()
        width = max((len(process.name) for process in processes), default=0)
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._children = [
            _Child(process, self._selector, _prefix(process.name, width, i if color else None))
            for i, process in enumerate(processes)
        ]
        self._exit_code = 0
        self._stop_signals = iter((signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
        self._stopping = False
        self._stop_requested = False
        self._next_stop: float | None = None

    def run(self) -> int:
        """Run the processes; returns 0 after their end or a signal, 2 after bad input, 1 after a crash for good."""
        wakeup_read, wakeup_write = os.pipe()
        for end in (wakeup_read, wakeup_write):
            os.set_blocking(end, False)
        self._selector.register(wakeup_read, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up
        try:
            for child in self._children:
                child.start()
            while any(child.active for child in self._children):
                self._step(wakeup_read)
        finally:
            for child in self._children:
                child.signal(signal.SIGKILL)
        return self._exit_code

    def _on_signal(self, *_: object) -> None:
        self._stop_requested = True  # a second one does not wait for the end of the grace time

    def _step(self, wakeup: int) -> None:
        """Wait until something happens, at most until the next deadline, and deal with it."""
        now = time.monotonic()
        deadlines = [child.restart_at for child in self._children if child.restart_at is not None]
        if self._next_stop is not None:
            deadlines.append(self._next_stop)
        timeout = max(0.0, min(deadlines) - now) if deadlines else None
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(wakeup, 512)
            else:
                key.data.read()
        for child in self._children:
            code = child.poll()
            if code is not None:
                self._on_exit(child, code)
        now = time.monotonic()
        for child in self._children:
            if child.restart_at is not None and child.restart_at <= now:
                child.start()
        if self._stop_requested or (self._next_stop is not None and self._next_stop <= now):
            self._stop_requested = False
            self._escalate()

    def _on_exit(self, child: "_Child", code: int) -> None:
        if code == 0 and child.process.name == LAST_NODE and not self._stopping:
            self._escalate()
        if code == 0 or self._stopping:
            return
        if code == EXIT_BAD_INPUT:
            self._end(EXIT_BAD_INPUT)
            return
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        if not child.process.respawn or any(other.finished for other in self._children):
            child.say(f"crashed ({cause})")
            self._exit_code = EXIT_CRASH
        elif child.retries_left:
            child.say(f"crashed ({cause}); starting again in {child.process.respawn_delay:g} s")
            child.restart_at = time.monotonic() + child.process.respawn_delay
        else:
            child.say(f"crashed too often ({cause}); ending")
            self._end(EXIT_CRASH)

    def _end(self, code: int) -> None:
        self._exit_code = code
        self._escalate()

    def _escalate(self) -> None:
        """Send the next signal of SIGINT, SIGTERM, SIGKILL to all that still run."""
        self._stopping = True
        number = next(self._stop_signals, signal.SIGKILL)
        self._next_stop = time.monotonic() + GRACE_S
        for child in self._children:
            child.restart_at = None
            if number != signal.SIGINT and child.active:
                child.say(f"still running: {number.name}")
            child.signal(number)


class _Child:
    """One process, its restarts and its output."""

    def __init__(self, process: Process, selector: selectors.BaseSelector, prefix: str) -> None:
        self.process = process
        self.restart_at: float | None = None
        self.retries_left = process.respawn_max_retries + 1  # 0 after the last; never 0 for -1
        self.finished = False
        self._selector = selector
        self._prefix = prefix
        self._popen: subprocess.Popen | None = None
        self._started = 0.0
        self._rest = b""

    @property
    def active(self) -> bool:
        """Whether it runs, or will."""
        return self._popen is not None or self.restart_at is not None

    def start(self) -> None:
        self.restart_at = None
        self._started = time.monotonic()
        try:
            self._popen = subprocess.Popen(
                self.process.command,
                env=self.process.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches only this program, which then ends the others in order
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            self.say(f"can't start {self.process.command[0]}: {error.strerror}")
            raise SystemExit(EXIT_CRASH) from error
        os.set_blocking(self._popen.stdout.fileno(), False)
        self._selector.register(self._popen.stdout, selectors.EVENT_READ, self)

    def read(self) -> None:
        """Show what it has printed, line by line."""
        data = self._popen.stdout.read() if self._popen else None
        if data == b"":  # the end: it would wake the loop for ever
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._popen.stdout)
        if not data:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.say(line.decode(errors="replace"))

    def poll(self) -> int | None:
        """Its exit code if it has just ended, else None."""
        code = self._popen.poll() if self._popen else None
        if code is None:
            return None
        self.read()
        if self._rest:
            self.say(self._rest.decode(errors="replace"))
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._popen.stdout)
        self._popen.stdout.close()
        self._popen, self._rest = None, b""
        self.finished = code == 0 and self.process.respawn
        self.retries_left -= code != 0
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its process group, if it runs."""
        if number == signal.SIGINT and time.monotonic() - self._started < STARTING_S:
            number = signal.SIGTERM
        if self._popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, number)

    def say(self, line: str) -> None:
        print(f"{self._prefix}{line.rstrip()}", flush=True)


def _prefix(name: str, width: int, color: int | None) -> str:
    text = f"{name:{width}} | "
    return text if color is None else f"\033[{_COLORS[color % len(_COLORS)]}m{text}\033[0m"


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
