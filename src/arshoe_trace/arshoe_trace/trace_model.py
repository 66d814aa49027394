"""What a trace says: what each node did with each frame, whatever recorded it.

All times are nanoseconds on one axis; which one does not matter. Stamps are those of the messages' headers.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from operator import attrgetter

NOT_OF_A_FRAME = ("timing", "diagnostics", "end_of_stream")
"""Last names of topics whose messages say something about frames but are no part of the work on them."""


@dataclass(frozen=True)
class Stage:
    """A part of a node's work on a frame."""

    name: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class Take:
    """A message that a node took.

    Attributes:
        published_ns: when the middleware published it (rmw source timestamp).
        taken_ns: when the node had it.
    """

    topic: str
    published_ns: int
    taken_ns: int


@dataclass(frozen=True)
class Publish:
    """A message that a node published."""

    topic: str
    published_ns: int


@dataclass
class NodeFrame:
    """One frame in one node.

    Attributes:
        start_ns: None where the node took messages of the frame and never worked on it.
        end_ns: None where it did not come to an end.
    """

    node: str
    stamp_ns: int
    pid: int
    thread: int = 0
    start_ns: int | None = None
    end_ns: int | None = None
    stages: list[Stage] = field(default_factory=list)
    takes: list[Take] = field(default_factory=list)
    publishes: list[Publish] = field(default_factory=list)

    @property
    def first_ns(self) -> int:
        """The earliest time noted."""
        times = [take.taken_ns for take in self.takes] + [publish.published_ns for publish in self.publishes]
        return min(times + ([] if self.start_ns is None else [self.start_ns]))

    @property
    def last_ns(self) -> int:
        """The latest time noted."""
        times = [take.taken_ns for take in self.takes] + [publish.published_ns for publish in self.publishes]
        return max(times + [time_ns for time_ns in (self.start_ns, self.end_ns) if time_ns is not None])

    def take(self, topic: str) -> Take | None:
        """The message of a topic that it took, if it did."""
        return next((take for take in self.takes if take.topic == topic), None)

    def publish(self, topic: str) -> Publish | None:
        """The message of a topic that it published, if it did."""
        return next((publish for publish in self.publishes if publish.topic == topic), None)


@dataclass(frozen=True)
class ProcessTime:
    """CPU time of a process: samples of (time, CPU time since its start), both nanoseconds."""

    pid: int
    samples: tuple[tuple[int, int], ...]


@dataclass
class Trace:
    """A recording.

    Attributes:
        recorder: "LTTng" or "event logs".
        frames: in the order of their first events.
        processes: by node, as far as known.
        lost_events: events that the recorder could not keep.
    """

    recorder: str
    frames: list[NodeFrame]
    processes: dict[str, ProcessTime] = field(default_factory=dict)
    lost_events: int = 0


class FrameCollector:
    """Makes `NodeFrame`s of a reader's events, which may come in any order."""

    def __init__(self) -> None:
        self._parts: list[NodeFrame] = []

    def frame(self, node: str, pid: int, thread: int, stamp_ns: int, start_ns: int, end_ns: int | None) -> NodeFrame:
        """Note the work on a frame; returns it, to add stages to, and the end if that is not yet known."""
        part = NodeFrame(node, stamp_ns, pid, thread, start_ns, end_ns)
        self._parts.append(part)
        return part

    def take(self, node: str, pid: int, stamp_ns: int, take: Take) -> None:
        """Note a message taken."""
        if last_name(take.topic) not in NOT_OF_A_FRAME:
            self._parts.append(NodeFrame(node, stamp_ns, pid, takes=[take]))

    def publish(self, node: str, pid: int, stamp_ns: int, publish: Publish) -> None:
        """Note a message published."""
        if last_name(publish.topic) not in NOT_OF_A_FRAME:
            self._parts.append(NodeFrame(node, stamp_ns, pid, publishes=[publish]))

    def frames(self) -> list[NodeFrame]:
        """All that was noted, joined by node and stamp.

        Stamps come again when a bag starts again: what comes a second time, the work or a topic, begins a new frame.
        """
        frames: list[NodeFrame] = []
        current: dict[tuple[str, int], NodeFrame] = {}
        for part in sorted(self._parts, key=attrgetter("first_ns")):
            frame = current.get((part.node, part.stamp_ns))
            if frame is None or _repeats(frame, part):
                frame = current[part.node, part.stamp_ns] = NodeFrame(part.node, part.stamp_ns, part.pid)
                frames.append(frame)
            if part.start_ns is not None:
                frame.thread, frame.start_ns, frame.end_ns = part.thread, part.start_ns, part.end_ns
                frame.stages = part.stages
            frame.takes += part.takes
            frame.publishes += part.publishes
        return frames


def _repeats(frame: NodeFrame, part: NodeFrame) -> bool:
    return (
        (part.start_ns is not None and frame.start_ns is not None)
        or any(frame.take(take.topic) for take in part.takes)
        or any(frame.publish(publish.topic) for publish in part.publishes)
    )


def by_node(frames: list[NodeFrame]) -> dict[str, list[NodeFrame]]:
    """The frames of each node, in order."""
    nodes: dict[str, list[NodeFrame]] = defaultdict(list)
    for frame in frames:
        nodes[frame.node].append(frame)
    return dict(nodes)


def last_name(topic: str) -> str:
    """The topic without its namespaces."""
    return topic.rsplit("/", 1)[-1]
