"""The exact-stamp join, without ROS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arshoe_ros.stamp_join import StampJoin


@pytest.fixture
def joined():
    return []


@pytest.fixture
def join(joined):
    return StampJoin(("a", "b"), lambda a, b: joined.append((a, b)), depth=3)


def feed(join, *items, now=0.0):
    for topic, stamp in items:
        join.add(topic, stamp, f"{topic}{stamp}", now)


def test_joins_in_any_order_of_topics(join, joined):
    feed(join, ("a", 1), ("b", 1), ("b", 2), ("a", 2))
    assert joined == [("a1", "b1"), ("a2", "b2")]
    assert join.dropped == 0


def test_counts_what_it_passes_over(join, joined):
    feed(join, ("a", 1), ("a", 2), ("a", 3), ("b", 3))
    assert joined == [("a3", "b3")]
    assert join.dropped == 2


def test_keeps_no_more_than_its_depth(join, joined):
    feed(join, *(("a", stamp) for stamp in range(10)))
    assert join.dropped == 7
    feed(join, ("b", 0), ("b", 8))
    assert joined == [("a8", "b8")]


def test_a_topic_that_lags_behind_a_loop_does_no_harm(join, joined):
    feed(join, ("a", 10), ("b", 10), ("a", 11), ("a", 1), ("b", 11), ("a", 2), ("b", 1), ("b", 2))
    assert joined == [("a10", "b10"), ("a1", "b1"), ("a2", "b2")]


def test_names_the_silent_topic_after_two_seconds(join):
    assert join.silent_topics(100.0) == []
    feed(join, ("a", 1), now=100.0)
    assert join.silent_topics(101.9) == []
    assert join.silent_topics(102.1) == ["b"]
    feed(join, ("b", 1), now=103.0)
    assert join.silent_topics(110.0) == []


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_joins_exactly_the_frames_that_arrive_on_all_topics(arrivals):
    joined = []
    join = StampJoin(("a", "b"), lambda a, b: joined.append((a, b)), depth=100)
    for stamp, (on_a, on_b) in enumerate(arrivals):
        if on_a:
            join.add("a", stamp, stamp, 0.0)
        if on_b:
            join.add("b", stamp, stamp, 0.0)
    complete = [stamp for stamp, both in enumerate(arrivals) if all(both)]
    assert joined == [(stamp, stamp) for stamp in complete]
    last = complete[-1] if complete else -1
    assert join.dropped == sum(any(a) and not all(a) for a in arrivals[: last + 1])
