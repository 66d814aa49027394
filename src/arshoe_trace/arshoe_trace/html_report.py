"""report.html: one file without references to others, in light and dark mode."""

from html import escape

from arshoe_trace.frame_paths import NODES, frame_paths
from arshoe_trace.svg_plots import PARTS, histogram, latency_over_time, waterfall
from arshoe_trace.svg_timeline import timeline
from arshoe_trace.trace_model import Trace

STYLE = """
:root { color-scheme: light dark; --page: #f7f7f5; --card: #ffffff; --ink: #1c1c1a; --soft: #62625c; --line: #e3e2dd;
  --compute: #2a78d6; --transport: #1baf7a; --queueing: #eda100; --bad: #d03b3b; --other: #c9c8c2;
  --c0: #2a78d6; --c1: #eda100; --c2: #1baf7a; --c3: #7a5fd0; --c4: #e0607e; --on-bar: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --page: #131312; --card: #1d1d1b; --ink: #f1f0ec; --soft: #a5a49c; --line: #34332f;
    --compute: #3987e5; --transport: #199e70; --queueing: #c98500; --bad: #e66767; --other: #4c4b46;
    --c0: #3987e5; --c1: #c98500; --c2: #199e70; --c3: #8d74e0; --c4: #d55181; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px 20px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1040px; margin: 0 auto; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 0 0 4px; }
p { margin: 0 0 12px; color: var(--soft); max-width: 90ch; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 20px; margin: 16px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; }
.tile b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; } svg { display: block; width: 100%; min-width: 680px; height: auto; font-size: 12.5px; }
svg text { fill: var(--ink); } svg .tick { fill: var(--soft); font-size: 11.5px; } svg .label { font-size: 13px; }
svg .on-bar { fill: var(--on-bar); font-size: 11.5px; font-weight: 600; pointer-events: none; }
svg .on-queueing, svg .on-transport, svg .on-c1, svg .on-c2 { fill: #1c1c1a; }
.axis { stroke: var(--soft); } .grid { stroke: var(--line); } .level { stroke: var(--soft); stroke-dasharray: 4 4; }
.compute { fill: var(--compute); } .transport { fill: var(--transport); } .queueing { fill: var(--queueing); }
.dropped { fill: var(--bad); } .other { fill: var(--other); } .dot { fill: var(--compute); fill-opacity: .75; }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); }
.c4 { fill: var(--c4); }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 0 0 8px; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; } td:first-child, th:first-child { text-align: left; }
td.sub { padding-left: 28px; color: var(--soft); } dt { font-weight: 600; } dd { margin: 0 0 8px; color: var(--soft); }
"""


def html_report(figures: dict, trace: Trace) -> str:
    """The page."""
    done = [frame["end_to_end_ms"] for frame in figures["per_frame"] if frame["end_to_end_ms"] is not None]
    summary = figures["end_to_end_ms"]
    sections = []
    if figures["typical_frame"]:
        sections.append(_where(figures["typical_frame"]))
    if done:
        text = "From the publication of the image to the end of rendering. Red marks: frames that did not come out."
        sections += [
            _section("Each frame", text, latency_over_time(figures["per_frame"], summary)),
            _section("How the times spread", "", histogram(done, summary)),
        ]
    text = (
        "Ten frames in a row, numbered. Thick: a node works on the frame. Thin: a message for it is under way, or "
        "waits for the node or for the other messages it is joined with. Grey: other frames."
    )
    sections.append(_section("Who worked when", text, timeline(trace, frame_paths(trace))))
    sections += [_stage_table(figures), _node_table(figures), _drop_table(figures), _definitions()]
    lost = figures["lost_events"]
    title = "ARShoe: where each frame's time goes"
    return "\n".join([
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>",
        f"<p>{figures['frames']['in']} frames in {figures['duration_s']:.1f} s, recorded by {figures['recorder']}"
        f"{f'; {lost} events were lost in recording, so frames may be missing' if lost else ''}.</p>",
        _tiles(figures), *sections, "</main></body></html>\n",
    ])  # fmt: skip


def _tiles(figures: dict) -> str:
    frames, total = figures["frames"], figures["end_to_end_ms"]
    tiles = [(f"{frames['out']} of {frames['in']}", "frames came out")]
    if total:
        tiles = [(f"{total[key]:.1f} ms", f"end to end, {name}") for key, name in _THREE.items()] + tiles
    if figures["typical_frame"]:
        name, ms, share = _largest(figures["typical_frame"]["stages"])
        tiles.append((f"{100 * share:.0f} %", f"of the median frame is {name}: {ms:.1f} ms"))
    body = "".join(f'<div class="tile"><b>{escape(big)}</b><span>{escape(small)}</span></div>' for big, small in tiles)
    return f'<div class="tiles">{body}</div>'


_THREE = {"p50": "median", "p95": "95 % within", "max": "longest"}


def _largest(stages: list[dict]) -> tuple[str, float, float]:
    """The largest part of a frame: its name, milliseconds, share."""
    parts = [(stage[f"{part}_ms"], f"{stage['stage']} {name}") for stage in stages for part, name in PARTS]
    ms, name = max(parts)
    return name, ms, ms / max(sum(value for value, _ in parts), 1e-9)


def _where(typical: dict) -> str:
    legend = "".join(f'<span><i style="background:var(--{name})"></i>{name}</span>' for _, name in PARTS)
    text = (
        f"Mean of the {typical['frames']} frames next to the median. A stage's compute is counted here until it "
        "publishes what the next stage waits for, so that all parts add up."
    )
    plot = f'<div class="legend">{legend}</div><div class="scroll">{waterfall(typical["stages"])}</div>'
    return f"<section><h2>Where the median frame's milliseconds go</h2><p>{text}</p>{plot}</section>"


def _section(title: str, text: str, plot: str) -> str:
    paragraph = f"<p>{escape(text)}</p>" if text else ""
    return f'<section><h2>{escape(title)}</h2>{paragraph}<div class="scroll">{plot}</div></section>'


def _stage_table(figures: dict) -> str:
    parts = ("compute", "transport", "queueing")
    rows = [
        [stage, *(" / ".join(_cells(times[f"{part}_ms"])) for part in parts)]
        for stage, times in figures["stages"].items()
    ]
    head = ["ms, p50 / p95 / max", *parts]
    return _table("Stages", head, rows)


def _node_table(figures: dict) -> str:
    """Work, steps and CPU time of each node."""
    rows = []
    for node in {**figures["nodes"], **figures["cpu"]}:
        work = figures["nodes"].get(node, {"frames": "", "compute_ms": None, "steps_ms": {}})
        cpu = figures["cpu"].get(node)
        share = [f"{cpu['percent_of_a_core']:.0f} %", f"{cpu['ms_per_frame_in']:.1f}"] if cpu else ["", ""]
        rows.append([node, str(work["frames"]), *_cells(work["compute_ms"]), *share])
        rows += [[f"\t{step}", "", *_cells(times), "", ""] for step, times in work["steps_ms"].items()]
    head = ["node and step", "frames", *(f"{key}, ms" for key in _THREE), "of a core", "CPU ms per frame in"]
    return _table("Nodes", head, rows)


def _drop_table(figures: dict) -> str:
    dropped = figures["frames"]["dropped"]
    if not dropped:
        return ""
    rows = [[where, str(count)] for where, count in dropped.items()]
    return _table("Frames that did not come out", ["last seen when", "frames"], rows)


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = ["".join(_cell(cell) for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<section><h2>{title}</h2><div class="scroll"><table><tr>{cells}</tr>{body}</table></div></section>'


def _cell(text: str) -> str:
    return f'<td class="sub">{escape(text[1:])}</td>' if text.startswith("\t") else f"<td>{escape(text)}</td>"


def _cells(values: dict | None) -> list[str]:
    return ["-"] * 3 if values is None else [f"{values[key]:.1f}" for key in _THREE]


def _definitions() -> str:
    chain = " → ".join(["image", *NODES])
    terms = {
        "compute": "from the start to the end of a node's work on a frame",
        "queueing": "the part between the publication of the message a stage waits for and the start of its work, in "
        "which the node worked on other frames, or held the message and waited for the others that are joined with it",
        "transport": "the rest of that time: serialising, the middleware, waking the node, taking the message",
        "end to end": f"from the publication of the image to the end of the last stage, on the way {chain}",
    }
    items = "".join(f"<dt>{term}</dt><dd>{escape(text)}</dd>" for term, text in terms.items())
    return f"<section><h2>What the words mean</h2><dl>{items}</dl></section>"
