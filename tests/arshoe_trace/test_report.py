"""What is written: the page, the figures, Perfetto's file."""

import json
import re
from html.parser import HTMLParser

import pytest

from arshoe_trace import report
from arshoe_trace.figures import figures
from arshoe_trace.html_report import html_report
from arshoe_trace.perfetto import chrome_trace
from arshoe_trace.text_report import text_report

VOID = {"meta", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """Checks that tags are closed in order; collects text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data.strip())


def test_the_page_parses_and_holds_the_numbers(three_frames):
    page = Page(html_report(figures(three_frames), three_frames))
    for words in ("45.0 ms", "3 of 4", "44 %", "11.0 / 11.0 / 11.0", "source_node published it", "infer", "50 %"):
        assert words in page.words, words
    assert page.tags.count("svg") == 4
    assert page.tags.count("circle") == 3  # a dot per frame


def test_the_page_needs_nothing_else(three_frames):
    text = html_report(figures(three_frames), three_frames)
    assert not re.search(r"https?:|//|src=|href=|url\(|@import", text)
    assert "prefers-color-scheme: dark" in text


def test_a_page_without_any_result(made):
    made.work("source_node", 1, 0, 1, {}, {"image": 0.5})
    trace = made.trace()
    assert "0 of 1" in Page(html_report(figures(trace), trace)).words


def test_perfetto_has_a_slice_per_frame_and_stage_and_an_arrow_per_message(three_frames):
    events = json.loads(json.dumps(chrome_trace(three_frames)))["traceEvents"]
    kinds = {kind: [event for event in events if event["ph"] == kind] for kind in "MXsf"}
    assert len(events) == sum(map(len, kinds.values()))
    assert {e["args"]["name"] for e in kinds["M"] if e["name"] == "process_name"} >= {"network_node", "render_node"}
    frames = [event for event in kinds["X"] if event["name"] == "frame"]
    assert len(frames) == 16 and {event["args"]["stamp_ns"] for event in frames} == {"0", "1", "2", "3"}
    infer = [event for event in kinds["X"] if event["name"] == "infer"]
    assert [event["dur"] for event in infer] == [6000.0] * 3
    # image to three nodes, network_output, mask to two, poses_raw, poses: of three frames
    assert len(kinds["s"]) == len(kinds["f"]) == 3 * 8
    for start, finish in zip(kinds["s"], kinds["f"], strict=True):
        assert start["id"] == finish["id"] and start["ts"] < finish["ts"] and start["pid"] != finish["pid"]
        assert any(inside(start, slice_) for slice_ in frames) and any(inside(finish, slice_) for slice_ in frames)


def inside(event: dict, frame: dict) -> bool:
    same = (event["pid"], event["tid"]) == (frame["pid"], frame["tid"])
    return same and frame["ts"] <= event["ts"] <= frame["ts"] + frame["dur"]


def test_the_text_has_a_line_per_stage(three_frames):
    lines = text_report(figures(three_frames))
    assert lines[0] == "3 of 4 frames came out in 0.3 s (LTTng)"
    pose = next(line for line in lines if line.startswith("pose"))
    assert " ".join(pose.split()) == "pose 6.0 / 6.0 / 6.0 1.5 / 1.5 / 1.5 0.5 / 0.5 / 0.5"


def test_files_are_written_whole(three_frames, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(report, "read_trace", lambda _folder: three_frames)
    written = report.write_report(tmp_path, tmp_path / "out", tmp_path / "copy.json")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["perfetto.json", "report.html", "report.json"]
    assert json.loads((tmp_path / "copy.json").read_text()) == json.loads(json.dumps(written))
    assert "end to end" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_a_recording_is_named(folder, tmp_path, capsys):
    assert report.main([str(tmp_path / folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path) in line and "allowed" in line
