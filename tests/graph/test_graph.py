"""The whole graph over a small bag, without loss."""

import json
from pathlib import Path

import av
import pytest

FRAMES = 12
PLAIN_POSE_NODE = Path(__file__).with_name("plain_pose_node.py")
# Before nodes were woken once a frame, render_node did not end with the stream in about one run of five under load (the
# cause was never found; the launch runners end such a node). 43 runs since, half of them under load, did not show it.
pytestmark = pytest.mark.flaky(reruns=2)


@pytest.fixture(scope="module")
def outputs(make_graph, bag, tmp_path_factory) -> list[Path]:
    """The folders of two runs with a plain node in the pose stage's place."""
    folders = [tmp_path_factory.mktemp("out") for _ in range(2)]
    for folder in folders:
        make_graph().run(bag, folder, swapped={"pose": PLAIN_POSE_NODE})
    return folders


def test_every_frame_comes_out_once(make_graph, bag, tmp_path):
    make_graph().run(bag, tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["frames_in"], summary["frames_out"], summary["dropped"]) == (FRAMES, FRAMES, 0)
    assert {"source", "network", "pose", "stabilizer", "render", "network/infer"} <= set(summary["stages"])
    assert summary["latency_ms"]["p50"] > 0
    assert _stamps(tmp_path / "tryon.mp4") == pytest.approx([i / 30 for i in range(FRAMES)], abs=1e-3)


def test_a_plain_node_takes_the_place_of_a_stage(outputs):
    records = [json.loads(line) for line in (outputs[0] / "poses.jsonl").read_text().splitlines()]
    assert [record["frame"] for record in records] == list(range(FRAMES))
    assert {record["side"] for record in records} == {"left"}
    assert records[0]["t"] == pytest.approx([0, 0.05, 0.6], abs=1e-3)
    assert len(records[0]["keypoints"]) == 8


def test_two_runs_are_identical(outputs):
    first, second = ((folder / "poses.jsonl").read_bytes() for folder in outputs)
    assert first == second


def test_the_summary_compares_with_the_ground_truth(outputs):
    truth = json.loads((outputs[0] / "summary.json").read_text())["ground_truth"]
    assert (truth["feet"], truth["matched"]) == (FRAMES, FRAMES)
    assert truth["rot_deg"] < 1 and truth["trans_cm"] < 1


def _stamps(video: Path) -> list[float]:
    with av.open(str(video)) as container:
        return [frame.time for frame in container.decode(video=0)]
