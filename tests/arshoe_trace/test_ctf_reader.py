"""LTTng traces as babeltrace2 prints them. golden/make_ctf_text.py says how two_frames.txt was made."""

from pathlib import Path

import pytest

from arshoe_core.errors import BadInputError
from arshoe_trace import ctf_reader
from arshoe_trace.ctf_reader import read_ctf, read_text
from arshoe_trace.frame_paths import frame_paths
from arshoe_trace.trace_model import by_node

GOLDEN = Path(__file__).parent / "golden" / "two_frames.txt"
STAMPS = [1700000000000000000, 1700000000033333248]


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return GOLDEN.read_text().splitlines()


def time_ns(lines: list[str], *words: str) -> int:
    """The time of the first line that has all the words."""
    line = next(line for line in lines if all(word in line for word in words))
    return int(line[1:11]) * 1_000_000_000 + int(line[12:21])


def test_nodes_frames_and_stages(lines):
    nodes = by_node(read_text(lines).frames)
    path = ["source_node", "network_node", "pose_node", "stabilizer_node", "render_node", "recorder_node"]
    assert set(path) <= set(nodes)
    for name in path:
        assert [frame.stamp_ns for frame in nodes[name] if frame.end_ns is not None] == STAMPS
    stages = [stage.name for stage in nodes["network_node"][0].stages]
    assert stages == ["decode", "infer", "publish_output", "mask", "publish_mask"]
    for frame in nodes["network_node"]:
        times = [time for stage in frame.stages for time in (stage.start_ns, stage.end_ns)]
        assert times == sorted(times) and frame.start_ns <= times[0] and times[-1] <= frame.end_ns


def test_messages_are_joined_across_processes(lines):
    nodes = by_node(read_text(lines).frames)
    for sender, topic, receiver in (
        ("source_node", "image", "network_node"),
        ("network_node", "network_output", "pose_node"),
        ("pose_node", "poses_raw", "stabilizer_node"),
        ("network_node", "mask", "render_node"),
        ("stabilizer_node", "poses", "render_node"),
    ):
        for sent, received in zip(nodes[sender], nodes[receiver], strict=False):
            take = received.take(f"/arshoe/{topic}")
            assert take.published_ns == sent.publish(f"/arshoe/{topic}").published_ns < take.taken_ns
            assert sent.start_ns < take.published_ns < sent.end_ns


def test_the_way_of_a_frame_has_the_times_of_the_text(lines):
    first = frame_paths(read_text(lines))[0]
    begin = next(i for i, line in enumerate(lines) if f"arshoe/source_node/frame {STAMPS[0]}" in line)
    assert first.published_ns == time_ns(lines[begin:], "ros2:rmw_publish")
    render = next(i for i, line in enumerate(lines) if f"arshoe/render_node/frame {STAMPS[0]}" in line)
    callback = lines[render].split("callback = ")[1].split(",")[0]
    assert first.stages[3].start_ns == time_ns(lines[render:], "callback_start", callback)
    assert first.end_ns == time_ns(lines[render:], "callback_end", callback)
    assert len(first.stages) == 4


def test_the_image_of_a_driver_gets_the_stamp_of_the_frame_that_it_began(lines):
    pid = next(line for line in lines if "arshoe/source_node/frame" in line).split("vpid = ")[1].split(",")[0]
    trace = read_text([line for line in lines if f"vpid = {pid}," not in line])
    assert "source_node" not in by_node(trace.frames)
    known, unknown = frame_paths(read_text(lines)), frame_paths(trace)
    assert [path.stamp_ns for path in unknown] == STAMPS
    for one, other in zip(known, unknown, strict=True):
        assert other.end_ns == one.end_ns
        assert abs(other.published_ns - one.published_ns) < 1_000_000  # from rmw's clock instead of the event


def test_a_plain_node_in_the_place_of_a_stage(lines):
    """Of the pose node only its messages are left."""
    pid = next(line for line in lines if "arshoe/pose_node/frame" in line).split("vpid = ")[1].split(",")[0]
    trace = read_text([line for line in lines if f"vpid = {pid}," not in line or "callback" not in line])
    for path, known in zip(frame_paths(trace), frame_paths(read_text(lines)), strict=True):
        assert path.stages[1].compute_ns is None
        assert (path.stages[2], path.stages[3], path.end_ns) == (known.stages[2], known.stages[3], known.end_ns)


def test_a_trace_without_names_is_refused(lines):
    with pytest.raises(BadInputError, match="start recording before the nodes"):
        read_text([line for line in lines if "_init: " not in line])
    with pytest.raises(BadInputError, match="arshoe/NODE/frame"):
        read_text([line for line in lines if "callback_" not in line])


def test_a_missing_babeltrace2_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ctf_reader, "COMMAND", ("no-such-babeltrace2",))
    with pytest.raises(BadInputError, match="no-such-babeltrace2 is not installed"):
        read_ctf(tmp_path)


def test_what_babeltrace2_can_not_read_is_named(tmp_path):
    if ctf_reader.shutil.which("babeltrace2") is None:
        pytest.skip("babeltrace2 is not installed")
    (tmp_path / "metadata").write_text("nonsense")
    with pytest.raises(BadInputError, match="can't be read by babeltrace2"):
        read_ctf(tmp_path)


def test_events_that_were_lost_are_counted(tmp_path, monkeypatch):
    program = tmp_path / "babeltrace2"
    program.write_text(f"#!/bin/sh\ncat '{GOLDEN}'\necho 'WARNING: Tracer discarded 12 events between ...' >&2\n")
    program.chmod(0o755)
    monkeypatch.setattr(ctf_reader, "COMMAND", (str(program),))
    trace = read_ctf(tmp_path)
    assert trace.lost_events == 12 and len(frame_paths(trace)) == 2
