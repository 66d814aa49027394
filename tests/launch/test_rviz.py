"""The RViz configuration shows what the graph publishes."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((ROOT / "launch/rviz/tryon.rviz").read_text())["Visualization Manager"]
TYPES = {"rviz_default_plugins/Image": "sensor_msgs/Image", "rviz_default_plugins/MarkerArray": "MarkerArray"}


def test_displays_name_topics_of_the_graph():
    table = re.findall(r"^\| `([\w/]+)` \| (\S+)", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
    published = {f"/arshoe/{topic}": kind for topic, kind in table}
    shown = {d["Topic"]["Value"]: TYPES[d["Class"]] for d in CONFIG["Displays"] if "Topic" in d}
    assert {"/arshoe/tryon", "/arshoe/debug", "/arshoe/markers"} == set(shown)
    for topic, kind in shown.items():
        assert published[topic].endswith(kind)


def test_images_are_taken_best_effort_and_markers_reliably():
    for display in CONFIG["Displays"]:
        if "Topic" in display:
            wanted = "Best Effort" if display["Class"].endswith("Image") else "Reliable"
            assert display["Topic"]["Reliability Policy"] == wanted


def test_the_fixed_frame_is_one_that_the_graph_publishes():
    pytest.importorskip("rclpy")
    from arshoe_render.nodes.markers import VIEW_FRAME

    assert CONFIG["Global Options"]["Fixed Frame"] == VIEW_FRAME
    frames = {d.get("Reference Frame", "<Fixed Frame>") for d in CONFIG["Displays"]}
    assert frames == {"<Fixed Frame>"} == {CONFIG["Views"]["Current"]["Target Frame"]}
    assert any(d["Class"] == "rviz_default_plugins/TF" and d["Enabled"] for d in CONFIG["Displays"])
