"""The swim lanes of some frames as SVG text: who worked on which frame when."""

from arshoe_trace.frame_paths import NODE_ORDER, FramePath
from arshoe_trace.svg import LEFT, RIGHT, WIDTH, Scale, bar, scale, svg, text, x_axis
from arshoe_trace.trace_model import NodeFrame, Trace

FRAMES = 10
COLORS = 5
"""Classes c0 to c4 of the page's style; frames take them in turn."""
LANE, BAR, TOP = 52, 22, 8
LABEL_PX = 26
"""Room that a number needs."""


def timeline(trace: Trace, paths: list[FramePath]) -> str:
    """Ten frames in a row that are typical of the recording; thick: work, thin: its message under way or waiting."""
    shown = typical_window(paths)
    begin_ns = shown[0].published_ns
    end_ns = max(path.end_ns or path.published_ns for path in shown)
    numbers = {path.stamp_ns: paths.index(path) for path in shown}
    x = scale((end_ns - begin_ns) / 1e6, LEFT, WIDTH - RIGHT)
    height = TOP + LANE * len(NODE_ORDER) + 40
    body = [x_axis((end_ns - begin_ns) / 1e6, x, TOP, height - 36, "ms since the first of these images")]
    for lane, node in enumerate(NODE_ORDER):
        y = TOP + LANE * lane
        body.append(text(LEFT - 12, y + BAR, node.removesuffix("_node"), "end", "label"))
        worked = [frame for frame in trace.frames if frame.node == node and frame.end_ns is not None]
        for frame in worked:
            if begin_ns <= frame.end_ns and frame.start_ns <= end_ns:
                body += _frame(frame, y, numbers.get(frame.stamp_ns), begin_ns, end_ns, x)
    free_from = LEFT
    for path in shown:
        across = x((path.published_ns - begin_ns) / 1e6)
        if across >= free_from:
            body.append(text(across, TOP + BAR + 19, str(numbers[path.stamp_ns]), "middle", "tick"))
            free_from = across + LABEL_PX
    return svg(height, body, f"Work of the nodes on {len(shown)} frames")


def typical_window(paths: list[FramePath]) -> list[FramePath]:
    """The run of ten frames whose mean end-to-end time is closest to the median of all, and with few drops."""
    total = [path.end_ns - path.published_ns for path in paths if path.end_ns is not None]
    if not total or len(paths) <= FRAMES:
        return paths
    median = sorted(total)[len(total) // 2]

    def oddness(start: int) -> float:
        done = [p.end_ns - p.published_ns for p in paths[start : start + FRAMES] if p.end_ns is not None]
        share = len(done) / FRAMES - len(total) / len(paths)
        return abs(sum(done) / len(done) - median) / median + abs(share) if done else float("inf")

    start = min(range(len(paths) - FRAMES + 1), key=oddness)
    return paths[start : start + FRAMES]


def _frame(frame: NodeFrame, y: float, number: int | None, begin_ns: int, end_ns: int, x: Scale) -> list[str]:
    def across(time_ns: int) -> float:
        return x((min(max(time_ns, begin_ns), end_ns) - begin_ns) / 1e6)

    color = "other" if number is None else f"c{number % COLORS}"
    name = f"frame {number}" if number is not None else "another frame"
    left, right = across(frame.start_ns), across(frame.end_ns)
    ms = (frame.end_ns - frame.start_ns) / 1e6
    parts = [bar(left, y + 6, max(right - left, 1.5), BAR, color, f"{frame.node}, {name}: {ms:.1f} ms")]
    if number is not None:
        if right - left > LABEL_PX:
            parts.append(text((left + right) / 2, y + 6 + BAR / 2 + 4, str(number), "middle", f"on-bar on-{color}"))
        thin_y = y + 6 + BAR + 3 + 4 * (number % 3)
        for take in frame.takes:
            if take.taken_ns <= frame.start_ns and not take.topic.endswith("camera_info"):
                waited = (frame.start_ns - take.published_ns) / 1e6
                tip = f"{name}: {take.topic} {waited:.1f} ms before the work on it"
                parts.append(bar(across(take.published_ns), thin_y, left - across(take.published_ns), 2.5, color, tip))
    return parts
