"""Event logs, written by hand and by the nodes' own code."""

import json

import pytest

from arshoe_core.errors import BadInputError
from arshoe_trace.event_log_reader import find_event_logs, read_event_logs
from arshoe_trace.trace_model import ProcessTime, Publish, Stage, Take

HEAD = '{"format": "arshoe event log 1", "node": "pose_node", "pid": 12}\n'
LINES = [
    ["process", 10, 99, 5, 1000],
    ["take", 20, 12, "/arshoe/network_output", 7, 1018],
    ["take", 20, 12, "/arshoe/timing", 7, 1018],
    ["stage", 31, 12, "decode", 33],
    ["stage", 34, 12, "estimate", 38],
    ["publish", 39, 12, "/arshoe/poses_raw", 7],
    ["frame", 30, 12, 7, 40],
    ["process", 50, 99, 25, 1001],
    ["take", 60, 12, "/arshoe/network_output", 8, 1056],
]


def write(folder, lines=LINES, head=HEAD, rest="") -> list:
    (folder / "pose_node-12.jsonl").write_text(head + "".join(json.dumps(line) + "\n" for line in lines) + rest)
    return find_event_logs(folder)


def test_events_become_frames(tmp_path):
    trace = read_event_logs(write(tmp_path))
    worked, waiting = trace.frames
    assert (worked.node, worked.pid, worked.thread, worked.stamp_ns) == ("pose_node", 12, 12, 7)
    assert (worked.start_ns, worked.end_ns) == (30, 40)
    assert worked.stages == [Stage("decode", 31, 33), Stage("estimate", 34, 38)]
    # The middleware's time is on the real-time clock: 1000 ahead at first, then 1001.
    assert worked.takes == [Take("/arshoe/network_output", 18, 20)]
    assert worked.publishes == [Publish("/arshoe/poses_raw", 39)]
    assert (waiting.stamp_ns, waiting.start_ns, waiting.takes[0].published_ns) == (8, None, 55)
    assert trace.processes == {"pose_node": ProcessTime(12, ((10, 5), (50, 25)))}


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    assert len(read_event_logs(write(tmp_path, rest='["take", 70, 1')).frames) == 2


@pytest.mark.parametrize("line", ["nonsense", '["jump", 1]', '["frame", 1]', "{}"])
def test_other_lines_are_refused(tmp_path, line):
    with pytest.raises(BadInputError, match="line 11"):
        read_event_logs(write(tmp_path, rest=line + "\n"))


def test_other_files_are_no_event_logs(tmp_path):
    assert write(tmp_path, head='{"frame": 1}\n') == []
