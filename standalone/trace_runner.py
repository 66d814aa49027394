"""./arshoe trace: runs the pipeline while it is recorded, and reports where each frame's time goes."""

import argparse
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import lttng_setup
import psutil
from environment import ROOT, ros_environment
from lttng_session import lttng_session
from lttng_setup import NoLttng

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_trace.report import write_report

DEFAULT_OUT = Path("out/trace")
CPU_PERIOD_S = 0.5
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str] | None = None) -> int:
    """The command `trace`; returns its exit code."""
    options = _parse(arguments)
    try:
        if options.report is not None:
            write_report(options.report, options.out or options.report, options.json)
            return 0
        out = options.out or DEFAULT_OUT
        code = record(out, options.tryon, event_log=options.event_log)
        if code == EXIT_BAD_INPUT:
            return code
        write_report(out, out, options.json)
    except BadInputError as error:
        print(f"trace: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return code


def record(out: Path, tryon: list[str], event_log: bool = False) -> int:
    """Run the pipeline, recorded by LTTng or else in event logs, into `out`.

    Args:
        out: folder; a recording that is there already is replaced.
        tryon: arguments of ./arshoe tryon.
        event_log: don't try LTTng.

    Returns:
        The exit code of the pipeline.

    Raises:
        BadInputError: the folder can't be written.
    """
    _make_room(out)
    if not event_log:
        try:
            lttng_setup.prepare()
            with lttng_session(out.resolve() / "ctf"):
                return _run_pipeline(tryon, lttng_setup.environment(), out / "cpu.json")
        except NoLttng as error:
            print(f"trace: no LTTng, so the nodes write event logs: {error}", flush=True)
    log = {"ARSHOE_EVENT_LOG": str(out.resolve() / "events")}
    return _run_pipeline(tryon, ros_environment() | log, out / "cpu.json")


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("trace", description=__doc__)
    parser.add_argument("tryon", nargs="*", metavar="name:=value", help="arguments of ./arshoe tryon")
    parser.add_argument("--out", type=Path, help=f"folder for trace and report (default: {DEFAULT_OUT})")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--event-log", action="store_true", help="record event logs of the nodes, not LTTng's events")
    parser.add_argument(
        "--report", type=Path, metavar="FOLDER", help="report on this recording, ours or ros2 trace's, and run nothing"
    )
    options = parser.parse_intermixed_args(arguments)
    if options.report is not None and (options.tryon or options.event_log):
        parser.error("--report runs nothing: it takes only --out and --json")
    return options


def _make_room(out: Path) -> None:
    """Make the folder; take away an earlier recording, and nothing else."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in ("ctf", "events"):
            if (out / name).exists():
                shutil.rmtree(out / name)
        (out / "cpu.json").unlink(missing_ok=True)
    except OSError as error:
        raise BadInputError(f"out is {str(out)!r}: {error.strerror}") from error


def _run_pipeline(tryon: list[str], env: dict[str, str], cpu_file: Path) -> int:
    """Run the launch file until its end; Ctrl-C ends it in order, and returns like the end of the input."""
    launch = [str(ROOT / "standalone" / "launch_runner.py"), str(ROOT / "launch" / "tryon.launch.yaml")]
    # In a session of its own, so that it gets each signal once: from here.
    pipeline = subprocess.Popen(
        [sys.executable, *launch, *tryon], env=env, start_new_session=True, preexec_fn=_end_with_parent
    )
    with _forwarded_signals(pipeline), _cpu_times(pipeline.pid, cpu_file):
        return pipeline.wait()


@contextlib.contextmanager
def _forwarded_signals(process: subprocess.Popen) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, lambda received, _: process.send_signal(received)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def _cpu_times(pid: int, file: Path) -> Iterator[None]:
    """Sample the CPU time of the processes under `pid`; writes {pid: [[CLOCK_REALTIME ns, CPU time ns], ...]}."""
    samples: dict[int, list[tuple[int, int]]] = {}
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(CPU_PERIOD_S):
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(pid).children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        used = child.cpu_times()
                        cpu_ns = int((used.user + used.system) * 1e9)
                        samples.setdefault(child.pid, []).append((time.time_ns(), cpu_ns))

    thread = threading.Thread(target=sample, name="cpu times")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        temporary = file.with_name(file.name + ".part")
        temporary.write_text(json.dumps(samples))
        os.replace(temporary, file)


if __name__ == "__main__":
    sys.exit(main())
