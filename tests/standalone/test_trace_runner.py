"""./arshoe trace: what is run, and real runs over a tiny bag."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import bootstrap
import lttng_setup
import pytest
import trace_runner

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 8


@pytest.fixture
def runs(monkeypatch, tmp_path) -> list[dict]:
    """The environments that the pipeline would have been run with."""
    monkeypatch.chdir(tmp_path)
    runs = []
    monkeypatch.setattr(trace_runner, "_run_pipeline", lambda _tryon, env, _file: runs.append(env) or 0)
    return runs


def test_without_lttng_the_nodes_write_event_logs(runs, monkeypatch, tmp_path, capsys):
    def prepare():
        raise lttng_setup.NoLttng("babeltrace2 is not installed")

    monkeypatch.setattr(lttng_setup, "prepare", prepare)
    assert trace_runner.record(tmp_path / "out", []) == 0
    (env,) = runs
    assert env["ARSHOE_EVENT_LOG"] == str(tmp_path / "out" / "events")
    (line,) = capsys.readouterr().out.splitlines()
    assert "event logs" in line and "babeltrace2 is not installed" in line


def test_event_logs_can_be_asked_for(runs, monkeypatch, tmp_path):
    monkeypatch.delattr(lttng_setup, "prepare")
    trace_runner.record(tmp_path, [], event_log=True)
    assert "ARSHOE_EVENT_LOG" in runs[0] and str(lttng_setup.LIBRARY_FOLDER) not in runs[0]["LD_LIBRARY_PATH"]


def test_only_an_earlier_recording_is_replaced(runs, tmp_path):
    for name in ("events", "ctf", "mine"):
        (tmp_path / name).mkdir()
    trace_runner.record(tmp_path, [], event_log=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("arguments", [["--report", "nowhere"], ["--out", "file"]])
def test_bad_input_is_one_line(runs, arguments, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert trace_runner.main([*arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_report_runs_nothing(runs, capsys):
    with pytest.raises(SystemExit) as ended:
        trace_runner.main(["--report", "folder", "shoe:=derby"])
    assert ended.value.code == 2 and not runs


def test_options_may_stand_between_arguments():
    options = trace_runner._parse(["bag:=b", "--out", "o", "shoe:=derby", "--event-log"])
    assert (options.tryon, options.out, options.event_log) == (["bag:=b", "shoe:=derby"], Path("o"), True)


def test_signals_go_to_the_pipeline():
    code = "import signal, sys; signal.signal(2, lambda *_: sys.exit(7)); print(flush=True); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE)
    child.stdout.readline()
    before = signal.getsignal(signal.SIGINT)
    with trace_runner._forwarded_signals(child):
        os.kill(os.getpid(), signal.SIGINT)
        assert child.wait(10) == 7
    assert signal.getsignal(signal.SIGINT) == before


# Real runs


def start(folder: Path, bag: Path, *arguments: str) -> subprocess.Popen:
    """Start ./arshoe trace in the environment of these tests."""
    env = os.environ | {"ROS_DOMAIN_ID": str(_free_domain())}
    command = [sys.executable, str(ROOT / "standalone" / "trace_runner.py"), "--out", str(folder), f"bag:={bag}"]
    return subprocess.Popen([*command, *arguments], env=env, stdout=subprocess.PIPE, text=True)


def _free_domain() -> int:
    while True:
        domain = random.randint(1, 100)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
            udp.bind(("", 7400 + 250 * domain))
            return domain


@pytest.fixture(scope="module")
def bag(tmp_path_factory, write_bag) -> Path:
    pytest.importorskip("rclpy", reason="ROS 2 is not installed here")
    return write_bag(tmp_path_factory.mktemp("bags") / "bag", FRAMES)


def check_report(folder: Path, recorder: str) -> None:
    figures = json.loads((folder / "report.json").read_text())
    assert figures["recorder"] == recorder
    assert figures["frames"] == {"in": FRAMES, "out": FRAMES, "dropped": {}}
    for frame in figures["per_frame"]:
        parts = [stage[part] for stage in frame["stages_ms"].values() for part in ("own", "transport", "queueing")]
        assert len(parts) == 12
        assert sum(parts) == pytest.approx(frame["end_to_end_ms"], abs=0.02)
    assert set(figures["nodes"]) >= {"source_node", "network_node", "stabilizer_node"}
    assert "infer" in figures["nodes"]["network_node"]["steps_ms"]
    assert (folder / "report.html").stat().st_size > 10_000
    assert json.loads((folder / "perfetto.json").read_text())["traceEvents"]


# Under load a node may not end with the stream (see tests/graph/test_graph.py).
@pytest.mark.flaky(reruns=2)
def test_a_run_with_event_logs(bag, tmp_path):
    run = start(tmp_path, bag, "lossless:=true", "--event-log")
    output = run.communicate(timeout=120)[0]
    assert run.returncode == 0, output
    assert "end to end" in output
    check_report(tmp_path, "event logs")
    assert set(json.loads((tmp_path / "report.json").read_text())["cpu"]) >= {"network_node", "render_node"}


@pytest.mark.flaky(reruns=2)
def test_ctrl_c_ends_with_a_report(bag, tmp_path):
    run = start(tmp_path, bag, "loop:=true", "--event-log")
    deadline = time.monotonic() + 60
    while not any('"frame"' in log.read_text() for log in tmp_path.glob("events/render_node-*.jsonl")):
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.2)
    run.send_signal(signal.SIGINT)
    output = run.communicate(timeout=60)[0]
    assert run.returncode == 0, output
    assert json.loads((tmp_path / "report.json").read_text())["frames"]["out"] > 0


@pytest.fixture(scope="module")
def lttng() -> None:
    missing = [name for name in lttng_setup.PROGRAMS if shutil.which(name) is None]
    missing += bootstrap.missing_apt_packages((lttng_setup.APT,))
    if missing:
        pytest.skip(f"LTTng is not installed: {missing[0]} is missing")


@pytest.mark.flaky(reruns=2)
def test_a_run_with_lttng(lttng, bag, tmp_path):
    run = start(tmp_path, bag, "lossless:=true")
    output = run.communicate(timeout=180)[0]
    assert run.returncode == 0, output
    assert "event logs" not in output, output
    check_report(tmp_path, "LTTng")
    again = tmp_path / "again"
    assert trace_runner.main(["--report", str(tmp_path), "--out", str(again)]) == 0
    assert (again / "report.json").read_text() == (tmp_path / "report.json").read_text()


def test_our_libtracetools_has_every_function_of_the_header(lttng):
    lttng_setup.prepare()
    header = (ROOT / ".venv" / "include" / "tracetools" / "tracetools" / "tracetools.h").read_text()
    names = re.findall(r"^_DECLARE_TRACEPOINT\(\s*(\w+)", header, re.MULTILINE)
    assert len(names) > 30
    exported = subprocess.run(
        ["nm", "-D", "--defined-only", str(lttng_setup.LIBRARY_FOLDER / "libtracetools.so")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    wanted = {f"ros_trace_{prefix}{name}" for name in names for prefix in ("", "do_", "enabled_")}
    assert {*wanted, "ros_trace_compile_status"} <= set(exported)
