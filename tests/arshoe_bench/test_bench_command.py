"""`bench`: the command and the figures it writes."""

import json

import pytest

from arshoe_bench import graph_benchmark
from arshoe_bench.bench_command import main


def test_the_pipeline_subject_writes_every_stage(tmp_path, capsys):
    assert main(["pipeline", "--frames", "3", "--json", str(tmp_path / "figures.json")]) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert set(figures["stages"]) == {"source", "network", "mask", "pose", "stabilizer", "render"}
    assert figures["in_process"]["fps"] > 0
    assert "| network |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["pipeline", "--bag", "nothing.mcap"],
        ["pipeline", "--frames", "0"],
        ["pipeline", "--json", "/dev/null/f.json", "--frames", "1"],
        ["growth", "--frames", "1"],
        ["soak", "--minutes", "0"],
        ["graph", "--repeats", "0"],
        ["runtimes", "--frames", "0"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("bench: ")


def test_without_a_subject_all_figures_of_speed_go_to_one_file(tmp_path, monkeypatch, capsys):
    run = {
        "frames_in": 300, "frames_out": 297, "latency_ms": {"p50": 20.0, "p95": 30.0}, "duration_s": 10.0, "fps": 29.7,
        "cpu_ms_per_frame": 20.0, "rss_mb": 1000.0, "nodes": {"network_node": {"cpu_ms": 6.0, "rss_mb": 200.0}},
    }  # fmt: skip
    monkeypatch.setattr(graph_benchmark, "measure", lambda bag, rate, **arguments: run)
    assert main(["--json", str(tmp_path / "figures.json")]) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert {"machine", "stages", "in_process", "runtimes", "graph"} <= set(figures)
    assert {"30hz", "60hz"} <= set(figures["graph"])
    graph = figures["graph"]["30hz"]
    assert graph["cpu_ratio"] == pytest.approx(20.0 * 300 / 297 / figures["in_process"]["cpu_ms_per_frame"])
    assert "| 30hz | 297 of 300 | 29.7 | 20.0 / 30.0 | 20.0 | 1000 |" in capsys.readouterr().out
