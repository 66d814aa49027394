"""The figures of hand-made traces."""

import pytest

from arshoe_trace.figures import figures, percentiles


def test_percentiles():
    assert percentiles(range(101)) == {"p50": 50, "p95": 95, "max": 100}
    assert percentiles([]) is None


def test_figures_of_three_equal_frames_and_a_drop(three_frames):
    result = figures(three_frames)
    assert result["frames"] == {"in": 4, "out": 3, "dropped": {"source_node published it": 1}}
    assert result["end_to_end_ms"] == {"p50": 45, "p95": 45, "max": 45}
    assert result["duration_s"] == 0.3
    assert result["stages"]["network"]["compute_ms"] == {"p50": 11, "p95": 11, "max": 11}
    assert result["stages"]["pose"]["transport_ms"]["p50"] == 1.5
    assert result["nodes"]["network_node"]["steps_ms"]["infer"] == {"p50": 6, "p95": 6, "max": 6}
    assert list(result["nodes"]) == ["source_node", "network_node", "pose_node", "stabilizer_node", "render_node"]


def test_the_typical_frame_adds_up(three_frames):
    typical = figures(three_frames)["typical_frame"]
    parts = [stage[f"{part}_ms"] for stage in typical["stages"] for part in ("transport", "queueing", "own")]
    assert sum(parts) == pytest.approx(45)


def test_cpu_time_is_that_between_the_first_image_and_the_end(three_frames):
    cpu = figures(three_frames)["cpu"]["render_node"]
    assert cpu == {"pid": 4, "cpu_s": 0.15, "percent_of_a_core": 50, "ms_per_frame_in": 37.5}


def test_a_run_without_any_result(made):
    made.work("source_node", 1, 0, 1, {}, {"image": 0.5})
    result = figures(made.trace())
    assert (result["end_to_end_ms"], result["stages"], result["typical_frame"]) == (None, {}, None)
