"""The docs say what the code does, and the rules of the house hold."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("src/**/*.md")])
SOURCES = sorted(ROOT.glob("src/*/arshoe_*/**/*.py"))
ROS = re.compile(r"^\s*(?:from|import) (rclpy|cv_bridge|\w+_msgs)\b", re.MULTILINE)
PACKAGE = re.compile(r"^\s*(?:from|import) arshoe_(\w+)", re.MULTILINE)
MAY_IMPORT = {
    "core": {"core"},
    "perception": {"core", "perception"},
    "stabilizer": {"core", "stabilizer"},
    "render": {"core", "render"},
    "media": {"core", "media"},
    "learning": {"core", "perception", "render", "learning"},
    "annotate": {"core", "media", "perception", "stabilizer", "render", "learning", "annotate"},
    "bench": {"core", "media", "perception", "stabilizer", "render", "learning", "bench"},
    "trace": {"core", "trace"},
    "ros": {"core", "msgs", "ros"},
}


def test_parameter_tables_are_up_to_date():
    pytest.importorskip("rclpy")
    command = [sys.executable, ROOT / "docs" / "make_tables.py", "--check"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr or "old: run ./arshoe python docs/make_tables.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text())
    links = [(page.parent / link if link else page, anchor) for link, anchor in links if "://" not in link]
    missing = [str(file) for file, _ in links if not file.exists()]
    missing += [f"{file}#{anchor}" for file, anchor in links if anchor and anchor not in _anchors(file)]
    assert not missing


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE) if page.suffix == ".md" else []
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_dependencies_point_one_way(source):
    package = source.relative_to(ROOT / "src").parts[0].removeprefix("arshoe_")
    text = source.read_text()
    in_node = "nodes" in source.parts
    if package != "ros" and not in_node:
        assert not ROS.findall(text)
    allowed = MAY_IMPORT[package] | ({"ros", "msgs"} if in_node else set())
    assert set(PACKAGE.findall(text)) <= allowed


@pytest.mark.parametrize("manifest", sorted(ROOT.glob("src/*/package.xml")), ids=lambda path: path.parent.name)
def test_manifests_name_the_ros_packages_imported(manifest):
    text = "\n".join(source.read_text() for source in manifest.parent.glob("arshoe_*/**/*.py"))
    used = {*ROS.findall(text), *(f"arshoe_{name}" for name in PACKAGE.findall(text))}
    named = set(re.findall(r"<(?:exec_)?depend>(\w+)<", manifest.read_text()))
    assert used - {manifest.parent.name} <= named
