"""The first stage holds back while the last one is behind, and only then."""

from hypothesis import given
from hypothesis import strategies as st

from arshoe_ros.flow_control import FlowControl


def sent(*stamps: int, limit: int = 3) -> FlowControl:
    """A flow control whose last stage has just done frame 0, and these frames on their way."""
    flow = FlowControl(limit)
    flow.sent(0)
    flow.done(0, now_s=10.0)
    for stamp in stamps:
        flow.sent(stamp)
    return flow


def test_it_is_full_at_the_limit():
    assert not sent(1, 2).full(10.1)
    assert sent(1, 2, 3).full(10.1)


def test_a_frame_that_is_done_makes_room():
    flow = sent(1, 2, 3)
    flow.done(1, 10.1)
    assert not flow.full(10.1)


def test_frames_passed_over_are_no_longer_under_way():
    flow = sent(1, 2, 3)
    flow.done(3, 10.1)
    flow.sent(4)
    flow.sent(5)
    assert not flow.full(10.1)


def test_without_a_word_from_the_last_stage_nothing_is_held_back():
    flow = FlowControl(2)
    for stamp in range(50):
        assert not flow.full(0.03 * stamp)
        flow.sent(stamp)


def test_a_last_stage_that_falls_silent_holds_nothing_back():
    flow = sent(1, 2, 3)
    assert flow.full(10.4) and not flow.full(10.6)


def test_a_frame_it_never_sent_changes_nothing():
    flow = sent(1, 2, 3)
    flow.done(99, 10.1)
    assert flow.full(10.1)


def test_reset_forgets_all_frames():
    flow = sent(1, 2, 3)
    flow.reset()
    assert not flow.full(10.1)


@given(st.lists(st.sampled_from(["send", "do", "lose"]), max_size=60), st.integers(1, 5))
def test_no_more_than_the_limit_is_under_way(events, limit):
    """A pipeline that keeps the order, and may lose frames between the stages."""
    flow, waiting, under_way, stamp = sent(limit=limit), [], 0, 0
    for event in events:
        if event == "send" and not flow.full(10.1):
            stamp += 1
            flow.sent(stamp)
            waiting.append(stamp)
            under_way += 1
        elif event == "do" and waiting:
            flow.done(waiting.pop(0), 10.1)
            under_way = len(waiting)
        elif event == "lose" and waiting:
            waiting.pop(0)
        assert under_way <= limit
