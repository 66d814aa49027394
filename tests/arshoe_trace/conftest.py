"""Traces made by hand, in milliseconds."""

from dataclasses import dataclass, field

import pytest

from arshoe_trace.trace_model import FrameCollector, ProcessTime, Publish, Stage, Take, Trace

NODES = ("source_node", "network_node", "pose_node", "stabilizer_node", "render_node")


def ns(ms: float) -> int:
    """Nanoseconds; times of these traces begin at 1 s, so that 0 is a time like any other."""
    return 1_000_000_000 + round(ms * 1e6)


@dataclass
class HandMade:
    """Collects what nodes did; `published` remembers when a topic's message of a stamp went out."""

    collector: FrameCollector = field(default_factory=FrameCollector)
    published: dict = field(default_factory=dict)

    def work(self, node: str, stamp: int, start: float, end: float, takes=None, publishes=None, stages=None) -> None:
        """A node takes {topic: ms}, works from start to end, publishes {topic: ms}, has stages {name: (ms, ms)}."""
        for topic, taken in (takes or {}).items():
            self.take(node, stamp, topic, taken)
        frame = self.collector.frame(node, NODES.index(node), 7, stamp, ns(start), ns(end))
        frame.stages = [Stage(name, ns(begin), ns(finish)) for name, (begin, finish) in (stages or {}).items()]
        for topic, at in (publishes or {}).items():
            self.published[topic, stamp] = at
            self.collector.publish(node, NODES.index(node), stamp, Publish(f"/arshoe/{topic}", ns(at)))

    def take(self, node: str, stamp: int, topic: str, taken: float) -> None:
        """A node takes a message."""
        take = Take(f"/arshoe/{topic}", ns(self.published[topic, stamp]), ns(taken))
        self.collector.take(node, NODES.index(node), stamp, take)

    def frame(self, stamp: int, at: float) -> None:
        """A frame that meets no other: image published at `at`; see test_the_parts_of_a_frame_alone for its times."""
        self.work("source_node", stamp, at - 1, at + 0.5, {}, {"camera_info": at - 0.9, "image": at})
        self.take("render_node", stamp, "image", at + 1.5)
        publishes = {"network_output": at + 10, "mask": at + 12}
        stages = {"infer": (at + 3, at + 9), "mask": (at + 10.5, at + 11.5)}
        self.work("network_node", stamp, at + 2, at + 13, {"image": at + 1}, publishes, stages)
        self.work("pose_node", stamp, at + 12, at + 18, {"network_output": at + 11.5}, {"poses_raw": at + 17})
        takes = {"image": at + 1, "mask": at + 13, "poses_raw": at + 18}
        self.work("stabilizer_node", stamp, at + 18.5, at + 23, takes, {"poses": at + 22})
        self.work("render_node", stamp, at + 25, at + 45, {"mask": at + 14, "poses": at + 24}, {"tryon": at + 44})

    def trace(self, processes: dict | None = None) -> Trace:
        """What a reader would return."""
        return Trace("LTTng", self.collector.frames(), processes or {})


@pytest.fixture
def made() -> HandMade:
    """An empty trace to fill."""
    return HandMade()


@pytest.fixture
def three_frames(made) -> Trace:
    """Frames at 0, 100 and 200 ms, none in the way of another, and a fourth image that nobody took."""
    for index in range(3):
        made.frame(index, 100.0 * index)
    made.work("source_node", 3, 299, 300.5, {}, {"image": 300})
    used = ((ns(-1000), 0), (ns(0), 10**8), (ns(300), 10**8 + 15 * 10**7))
    return made.trace({"render_node": ProcessTime(4, used)})
