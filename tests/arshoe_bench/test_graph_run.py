"""Watching the graph from outside."""

import subprocess
import sys

import pytest

from arshoe_bench.graph_benchmark import median_run
from arshoe_bench.graph_run import Usage, Watcher, last_line, launch_command
from arshoe_bench.soak_benchmark import growth_mb_per_min
from arshoe_core.errors import BadInputError


def test_processor_time_between_two_moments():
    usage = Usage(times_ns=[0, 10**9, 2 * 10**9], cpu_s=[0.0, 0.5, 0.7])
    assert usage.cpu_between(10**9 // 2, 3 * 10**9 // 2) == pytest.approx(0.25 + 0.1)


def test_a_node_is_watched_under_its_name():
    program = "import time; sum(range(10**7)); time.sleep(0.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}, '-r', '__node:=worker'])"
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        watcher = Watcher(process.pid)
        watcher.start()
        process.wait(30)
        watcher.stop()
    assert set(watcher.usage) == {"worker"}
    usage = watcher.usage["worker"]
    assert max(usage.rss_mb) > 1 and usage.cpu_s == sorted(usage.cpu_s) and usage.times_ns == sorted(usage.times_ns)


def test_growth_is_the_slope_of_the_last_minutes():
    minute = 60 * 10**9
    usage = Usage(times_ns=[i * minute for i in range(6)], rss_mb=[0.0, 90.0, 100.0, 102.0, 104.0, 106.0])
    assert growth_mb_per_min(usage, minutes=3) == pytest.approx(2.0)


def test_medians_go_through_nested_figures():
    runs = [{"fps": n, "latency_ms": {"p50": n, "p95": None}} for n in (1.0, 5.0, 2.0)]
    assert median_run(runs) == {"fps": 2.0, "latency_ms": {"p50": 2.0, "p95": None}}


def test_the_last_line_that_says_something(tmp_path):
    (tmp_path / "log").write_text("first\nlast\n\n")
    assert last_line(tmp_path / "log") == "last"


def test_without_ros_and_runner_it_says_so(monkeypatch):
    monkeypatch.delenv("ARSHOE_RUNNER", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInputError, match="ARSHOE_RUNNER"):
        launch_command()
