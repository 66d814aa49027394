"""An LTTng session that records the events of provider ros2 of every process of this user."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from lttng_setup import NoLttng

CHANNEL = "ros2"
CONTEXTS = ("vpid", "vtid", "procname")
SUBBUFFER, SUBBUFFERS = "1M", "8"
"""Per processor; the events of some seconds, so that a busy consumer loses none."""


@contextlib.contextmanager
def lttng_session(folder: Path) -> Iterator[None]:
    """Record into `folder` while the body runs.

    A session daemon is started, and ended afterwards, if none runs.

    Raises:
        NoLttng: when recording can't begin; the body has not run then.
    """
    with _session_daemon():
        name = f"arshoe-{os.getpid()}"
        _lttng("create", name, f"--output={folder}")
        try:
            where = ("--userspace", f"--session={name}")
            _lttng("enable-channel", *where, f"--subbuf-size={SUBBUFFER}", f"--num-subbuf={SUBBUFFERS}", CHANNEL)
            _lttng("enable-event", *where, f"--channel={CHANNEL}", "ros2:*")
            types = [f"--type={context}" for context in CONTEXTS]
            _lttng("add-context", *where, f"--channel={CHANNEL}", *types)
            _lttng("start", name)
            yield
            _lttng("stop", name)
        finally:
            _lttng("destroy", name)


@contextlib.contextmanager
def _session_daemon() -> Iterator[None]:
    if _daemon_runs():
        yield
        return
    # In a session of its own: Ctrl-C must not reach it before the recording is closed.
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    daemon = subprocess.Popen(["lttng-sessiond", "--quiet"], start_new_session=True, **quiet)
    try:
        deadline = time.monotonic() + 10
        while not _daemon_runs():
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise NoLttng("lttng-sessiond does not start")
            time.sleep(0.1)
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def _daemon_runs() -> bool:
    return subprocess.run(["lttng", "--no-sessiond", "list"], capture_output=True).returncode == 0


def _lttng(*arguments: str) -> None:
    done = subprocess.run(["lttng", "--no-sessiond", *arguments], capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise NoLttng(f"lttng {arguments[0]} failed: {lines[0].removeprefix('Error: ')}")
