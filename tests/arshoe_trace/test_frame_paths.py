"""The parts of a frame's time, on traces whose every time is known."""

import pytest

from arshoe_core.errors import BadInputError
from arshoe_trace.frame_paths import dropped, frame_paths
from arshoe_trace.trace_model import Trace


def parts(path) -> dict[str, tuple]:
    """Stage: (compute, own, transport, queueing), milliseconds."""
    return {
        time.stage: tuple(value / 1e6 for value in (time.compute_ns, time.own_ns, time.transport_ns, time.queueing_ns))
        for time in path.stages
    }


def test_the_parts_of_a_frame_alone(made):
    made.frame(5, 0)
    (path,) = frame_paths(made.trace())
    assert parts(path) == {
        # published 0, taken 1, start 2, publishes network_output at 10, end 13
        "network": (11, 8, 1, 1),
        # published 10, taken 11.5, start 12, publishes poses_raw at 17, end 18
        "pose": (6, 5, 1.5, 0.5),
        # published 17, taken 18, start 18.5, publishes poses at 22, end 23
        "stabilizer": (4.5, 3.5, 1, 0.5),
        # published 22, taken 24, start 25, end 45
        "render": (20, 20, 2, 1),
    }
    assert (path.stamp_ns, path.end_ns - path.published_ns) == (5, 45_000_000)


def test_the_parts_add_up(made):
    made.frame(1, 0)
    made.frame(2, 20)  # meets the first in every node
    for path in frame_paths(made.trace()):
        own_transport_queueing = sum(t.own_ns + t.transport_ns + t.queueing_ns for t in path.stages)
        assert own_transport_queueing == path.end_ns - path.published_ns


def test_a_busy_node_makes_queueing(made):
    made.frame(1, 0)
    made.frame(2, 20)
    render = parts(frame_paths(made.trace())[1])["render"]
    # Its poses were published at 42; until 45 the renderer drew frame 1. It took them at 44 in this trace: 2 ms of
    # work on another frame, none of transport, and 1 ms until the start.
    assert render == (20, 20, 0, 3)


def test_work_that_began_before_the_message_counts_in_part(made):
    made.work("source_node", 1, 0, 0, {}, {"image": 0})
    made.work("network_node", 1, 1, 20, {"image": 1}, {"network_output": 19})
    made.work("source_node", 2, 5, 5, {}, {"image": 5})
    made.work("network_node", 2, 24, 30, {"image": 23}, {"network_output": 29})
    made.work("pose_node", 2, 31, 32, {"network_output": 30}, {"poses_raw": 31})
    made.work("stabilizer_node", 2, 33, 34, {"poses_raw": 32}, {"poses": 34})
    made.work("render_node", 2, 36, 40, {"poses": 35})
    # Published at 5; busy until 20, taken at 23, start at 24.
    assert parts(frame_paths(made.trace())[1])["network"] == (6, 5, 3, 16)


def test_waiting_for_the_others_of_a_join_is_queueing(made):
    made.work("source_node", 1, 0, 0, {}, {"image": 0})
    made.work("network_node", 1, 1, 9, {"image": 1}, {"network_output": 2, "mask": 9})
    made.work("pose_node", 1, 3, 5, {"network_output": 3}, {"poses_raw": 4})
    made.work("stabilizer_node", 1, 11, 12, {"poses_raw": 5, "mask": 11}, {"poses": 12})
    made.work("render_node", 1, 13, 20, {"poses": 13})
    assert parts(frame_paths(made.trace())[0])["stabilizer"] == (1, 1, 1, 6)


def test_drops_are_counted_where_they_were_last_seen(made):
    made.frame(1, 0)
    for stamp in (2, 3, 4, 5, 6):
        made.work("source_node", stamp, stamp * 100, stamp * 100, {}, {"image": stamp * 100})
    made.take("render_node", 2, "image", 201)  # the image alone is not on the path
    made.take("network_node", 3, "image", 301)
    for stamp in (4, 5, 6):
        made.work("network_node", stamp, stamp * 100 + 1, stamp * 100 + 2, {"image": stamp * 100 + 1})
    for stamp in (5, 6):
        made.published["network_output", stamp] = stamp * 100 + 2
        made.take("pose_node", stamp, "network_output", stamp * 100 + 3)
    paths = frame_paths(made.trace())
    assert dropped(paths) == {
        "source_node published it": 1,
        "network_node took it": 1,
        "network_node finished it": 1,
        "pose_node took it": 2,
    }
    assert [path.end_ns is not None for path in paths] == [True, *[False] * 5]


def test_a_stage_that_says_nothing_of_its_work(made):
    made.work("source_node", 1, 0, 0, {}, {"image": 0})
    made.work("network_node", 1, 1, 9, {"image": 1}, {"network_output": 8})
    made.published["poses_raw", 1] = 15  # by a plain node in the pose stage's place
    made.work("stabilizer_node", 1, 17, 19, {"poses_raw": 16}, {"poses": 19})
    made.work("render_node", 1, 20, 30, {"poses": 20})
    (path,) = frame_paths(made.trace())
    pose = path.stages[1]
    assert (pose.compute_ns, pose.own_ns, pose.transport_ns) == (None, 7_000_000, 0)
    assert sum(t.own_ns + t.transport_ns + t.queueing_ns for t in path.stages) == 30_000_000


def test_the_same_stamps_again_are_other_frames(made):
    for lap in range(2):
        for stamp in (1, 2):
            made.frame(stamp, 1000 * lap + 100 * stamp)
    made.work("source_node", 1, 2000, 2000, {}, {"image": 2000})
    paths = frame_paths(made.trace())
    assert [path.stamp_ns for path in paths] == [1, 2, 1, 2, 1]
    total = [None if path.end_ns is None else path.end_ns - path.published_ns for path in paths]
    assert total == [45_000_000] * 4 + [None]


def test_images_of_a_camera_driver_are_those_the_network_takes(made):
    for stamp in (1, 2):
        made.published["image", stamp] = 100 * stamp
        made.frame(stamp, 100 * stamp)
    trace = made.trace()
    trace.frames = [frame for frame in trace.frames if frame.node != "source_node"]
    assert [path.end_ns - path.published_ns for path in frame_paths(trace)] == [45_000_000] * 2


def test_a_trace_without_images_is_refused():
    with pytest.raises(BadInputError, match="no image"):
        frame_paths(Trace("LTTng", []))
