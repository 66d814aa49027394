"""The way of each frame through the pipeline: image -> network -> pose -> stabilizer -> render, and its times.

For a stage that begins work on a frame at `start`, and waited for a message (its input on the path) that was published
at `published` and taken at `taken`:

    queueing  = the part of published..taken in which the node worked on other frames  +  taken..start
    transport = the rest of published..taken
    own       = start until it published what the next stage waits for (the last stage: until its end)
    compute   = start until its end; longer than `own` where a stage publishes first and goes on working

taken..start is the wait for the other messages of a join. So own + transport + queueing of all stages add up to the
time from the publication of the image to the end of the last stage.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass

from arshoe_core.errors import BadInputError
from arshoe_trace.trace_model import NOT_OF_A_FRAME, NodeFrame, Take, Trace, by_node, last_name

SOURCE = "source_node"
NODES = {"network": "network_node", "pose": "pose_node", "stabilizer": "stabilizer_node", "render": "render_node"}
NODE_ORDER = (SOURCE, *NODES.values())
INPUTS = {"pose": "network_output", "stabilizer": "poses_raw", "render": "poses"}
"""Last name of the topic that each stage waits for; the network's is whatever carries the images."""
NO_IMAGE = ("poses", "camera_info", "clock", "parameter_events")
"""What else the source publishes and the network takes."""
FOREVER_NS = 1 << 63


@dataclass(frozen=True)
class StageTime:
    """One stage of one frame, nanoseconds; `compute_ns` is None where the node says nothing of its work."""

    stage: str
    start_ns: int
    compute_ns: int | None
    own_ns: int
    transport_ns: int
    queueing_ns: int


@dataclass(frozen=True)
class FramePath:
    """The way of one frame.

    Attributes:
        published_ns: when its image was published.
        end_ns: when the last stage had done it; None if it was dropped.
        stages: in order; empty if it was dropped or a message of its way is not in the trace.
        last_seen: node and what it did with the frame: published, took, began or finished.
    """

    stamp_ns: int
    published_ns: int
    end_ns: int | None
    stages: tuple[StageTime, ...]
    last_seen: str


def frame_paths(trace: Trace) -> list[FramePath]:
    """The way of every frame whose image was published, in order.

    Raises:
        BadInputError: no image is in the trace.
    """
    return _Paths(trace).paths()


def is_input(node: str, topic: str) -> bool:
    """Whether a node is a stage that waits for the messages of this topic."""
    if node == NODES["network"]:
        return last_name(topic) not in (*NO_IMAGE, *NOT_OF_A_FRAME)
    return any(NODES[stage] == node and last_name(topic) == name for stage, name in INPUTS.items())


def dropped(paths: list[FramePath]) -> dict[str, int]:
    """How many frames did not come out, by where they were last seen; the first node first."""
    count = Counter(path.last_seen for path in paths if path.end_ns is None)
    return dict(sorted(count.items(), key=lambda item: (NODE_ORDER.index(item[0].split()[0]), item[0])))


class _Paths:
    def __init__(self, trace: Trace) -> None:
        nodes = by_node(trace.frames)
        self._frames: dict[tuple[str, int], list[NodeFrame]] = defaultdict(list)
        for frame in trace.frames:
            self._frames[frame.node, frame.stamp_ns].append(frame)
        self._image = _image_topic(nodes)
        self._images = _published_images(nodes, self._image)
        self._busy = {
            node: sorted((f.start_ns, f.end_ns) for f in frames if f.start_ns is not None and f.end_ns is not None)
            for node, frames in nodes.items()
        }

    def paths(self) -> list[FramePath]:
        later: dict[int, int] = {}
        paths = []
        for published_ns, stamp_ns in reversed(self._images):
            paths.append(self._path(stamp_ns, published_ns, later.get(stamp_ns, FOREVER_NS)))
            later[stamp_ns] = published_ns  # where a bag is played again, the same stamps come again
        return paths[::-1]

    def _path(self, stamp_ns: int, published_ns: int, before_ns: int) -> FramePath:
        frames = {}
        for stage, node in NODES.items():
            here = [f for f in self._frames.get((node, stamp_ns), ()) if published_ns <= f.last_ns < before_ns]
            if here:
                frames[stage] = here[0]
        last = frames.get("render")
        took = frames["network"].take(self._image) if "network" in frames else None
        if took is not None:
            published_ns = took.published_ns
        end_ns = last.end_ns if last is not None else None
        stages = self._stages(frames) if end_ns is not None else ()
        return FramePath(stamp_ns, published_ns, end_ns, stages, self._last_seen(frames))

    def _stages(self, frames: dict[str, NodeFrame]) -> tuple[StageTime, ...]:
        """The times of a frame's stages; () where a message between them is not in the trace."""
        takes = {stage: self._input(stage, frames.get(stage)) for stage in NODES}
        stages = []
        names = list(NODES)
        for stage, following in zip(names, [*names[1:], None], strict=True):
            frame, take = frames.get(stage), takes[stage]
            until = frames[stage].end_ns if following is None else _handed_on(frame, following, takes[following])
            if frame is not None and frame.start_ns is not None and take is not None and until is not None:
                queueing_ns = self._queueing(frame, take)
                transport_ns = frame.start_ns - take.published_ns - queueing_ns
                compute_ns = None if frame.end_ns is None else frame.end_ns - frame.start_ns
                times = (frame.start_ns, compute_ns, until - frame.start_ns, transport_ns, queueing_ns)
            elif not self._busy.get(NODES[stage]) and stages and until is not None:  # a node that says nothing
                start_ns = stages[-1].start_ns + stages[-1].own_ns
                times = (start_ns, None, until - start_ns, 0, 0)
            else:
                return ()
            stages.append(StageTime(stage, *times))
        return tuple(stages)

    def _input(self, stage: str, frame: NodeFrame | None) -> Take | None:
        """The message on the path that a stage waited for."""
        if frame is None:
            return None
        if stage == "network":
            return frame.take(self._image)
        return next((take for take in frame.takes if last_name(take.topic) == INPUTS[stage]), None)

    def _queueing(self, frame: NodeFrame, take: Take) -> int:
        waited_ns = frame.start_ns - take.taken_ns
        busy = self._busy[frame.node]
        # The frames of a node follow one another: those before this one, from the last back.
        for start_ns, end_ns in reversed(busy[: bisect_left(busy, (frame.start_ns, 0))]):
            if end_ns <= take.published_ns:
                break
            waited_ns += max(0, min(end_ns, take.taken_ns) - max(start_ns, take.published_ns))
        return waited_ns

    def _last_seen(self, frames: dict[str, NodeFrame]) -> str:
        """How far it came: the last stage that took its input."""
        seen = f"{SOURCE} published it"
        for stage, node in NODES.items():
            frame = frames.get(stage)
            if frame is not None and (frame.start_ns is not None or self._input(stage, frame) is not None):
                did = "took it" if frame.start_ns is None else "began it" if frame.end_ns is None else "finished it"
                seen = f"{node} {did}"
            elif self._busy.get(node):
                break
        return seen


def _image_topic(nodes: dict[str, list[NodeFrame]]) -> str:
    """The topic of the images: what the source publishes while it works on a frame, or what the network takes."""
    published = [
        publish.topic
        for frame in nodes.get(SOURCE, ())
        for publish in frame.publishes
        if frame.start_ns is not None and frame.start_ns <= publish.published_ns <= (frame.end_ns or FOREVER_NS)
    ]
    taken = [take.topic for frame in nodes.get(NODES["network"], ()) for take in frame.takes]
    published, taken = ([t for t in topics if last_name(t) not in NO_IMAGE] for topics in (published, taken))
    if not (published or taken):
        raise BadInputError("the trace has no image: neither source_node published one nor network_node took one")
    return Counter(published or taken).most_common(1)[0][0]


def _published_images(nodes: dict[str, list[NodeFrame]], topic: str) -> list[tuple[int, int]]:
    """(time, stamp) of every image published, in order; of those taken by the network if the source is not known."""
    images = [(item.published_ns, frame.stamp_ns) for frame in nodes.get(SOURCE, ()) if (item := frame.publish(topic))]
    if not images:
        frames = nodes[NODES["network"]]
        images = [(item.published_ns, frame.stamp_ns) for frame in frames if (item := frame.take(topic))]
    return sorted(images)


def _handed_on(frame: NodeFrame | None, following: str, take: Take | None) -> int | None:
    """When a stage published what the following one waits for."""
    if take is not None:
        return take.published_ns
    publishes = frame.publishes if frame is not None else []
    return next((item.published_ns for item in publishes if last_name(item.topic) == INPUTS[following]), None)
