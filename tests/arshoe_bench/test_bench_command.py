"""`bench`: the command and the figures it writes."""

import json

import pytest

from arshoe_bench.bench_command import main


def test_the_pipeline_subject_writes_every_stage(tmp_path, capsys):
    assert main(["--frames", "3", "--json", str(tmp_path / "figures.json")]) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert set(figures["stages"]) == {"network", "mask", "pose", "stabilizer", "render"}
    assert figures["in_process"]["fps"] > 0
    assert "| network |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--bag", "nothing.mcap"], ["--frames", "0"], ["--json", "no/such/folder/f.json", "--frames", "1"]]
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("bench: ")
