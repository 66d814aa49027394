"""Stages: what is noted of them, in the event log too; and frames as tracepoints."""

import json
import time

import pytest

from arshoe_core.errors import BadInputError
from arshoe_ros import event_log, stages
from arshoe_ros.event_log import EventLog
from arshoe_ros.stages import StageTimer, Tracepoint, stage_overhead_us


def test_a_stage_notes_its_time_also_when_it_fails():
    timer = StageTimer("node")
    with timer("one"):
        pass
    with pytest.raises(KeyError), timer("two"):
        raise KeyError
    assert [name for name, _ in timer.frame_us] == ["one", "two"]
    assert [len(history) for history in timer.history_ms.values()] == [1, 1]


def test_history_has_no_empty_stages():
    timer = StageTimer("node")
    timer("never entered")
    assert timer.history_ms == {}


def test_nothing_is_logged_by_default():
    assert StageTimer("node").log is None


def test_frames_and_stages_stand_in_the_event_log(tmp_path, monkeypatch):
    log = EventLog(tmp_path, "node")
    monkeypatch.setattr(event_log, "of_process", lambda _name: log)
    timer = StageTimer("node")
    before = time.monotonic_ns()
    with timer.frame(42), timer("work"):
        pass
    log._write()
    (file,) = tmp_path.glob("node-*.jsonl")
    head, *events = map(json.loads, file.read_text().splitlines())
    assert (head["format"], head["node"]) == (event_log.FORMAT, "node")
    stage, frame = (event for event in events if event[0] in ("stage", "frame"))
    assert (stage[3], frame[3]) == ("work", 42)
    assert before <= frame[1] <= stage[1] <= stage[4] <= frame[4] <= time.monotonic_ns()


def test_a_log_is_written_at_least_once_a_second(tmp_path, monkeypatch):
    monkeypatch.setattr(event_log, "PERIOD_S", 0.05)
    log = EventLog(tmp_path, "node")
    log.add("publish", 1, "/topic", 2)
    (file,) = tmp_path.iterdir()
    deadline = time.monotonic() + 10
    while '"publish", 1' not in file.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match="ARSHOE_EVENT_LOG"):
        EventLog(tmp_path / "file", "node")


class Recording:
    """Stands in for libtracetools."""

    def __init__(self) -> None:
        self.on = False
        self.names: list[str] = []

    def ros_trace_enabled_rclcpp_callback_register(self) -> bool:
        return self.on

    def ros_trace_rclcpp_callback_register(self, _address, name: bytes) -> None:
        self.names.append(name.decode())

    def ros_trace_callback_start(self, *_: object) -> None:
        self.names.append("start")

    def ros_trace_callback_end(self, *_: object) -> None:
        self.names.append("end")


def test_a_frame_says_its_stamp_only_while_it_is_recorded(monkeypatch):
    lib = Recording()
    monkeypatch.setattr(stages, "_libtracetools", lambda: lib)
    timer = StageTimer("node")
    with timer.frame(1), timer("work"):
        pass
    assert lib.names == ["arshoe/node/frame", "start", "arshoe/node/work", "start", "end", "end"]
    lib.names.clear()
    lib.on = True  # a recording begins: the names of the stages are said again
    for stamp in (2, 3):
        with timer.frame(stamp):
            pass
    assert lib.names == [
        *("arshoe/node/work", "arshoe/node/frame 2", "start", "end"),
        *("arshoe/node/frame 3", "start", "end"),
    ]


def test_without_the_library_nothing_happens(monkeypatch):
    monkeypatch.setattr(stages, "_libtracetools", lambda: None)
    tracepoint = Tracepoint("name")
    tracepoint.start()
    tracepoint.end()
    assert not tracepoint.enabled()


def test_the_overhead_can_be_measured():
    assert stage_overhead_us(100) > 0
