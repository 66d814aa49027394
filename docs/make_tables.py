"""Write the parameter tables of docs/interfaces.md from the config dataclasses; `--check` only compares.

Run it as `./arshoe python docs/make_tables.py`.
"""

import argparse
import re
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).with_name("interfaces.md")

NODE_CONFIGS = {
    "source_node": ["arshoe_media.source:SourceConfig"],
    "network_node": [
        "arshoe_perception.network_runner:NetworkConfig",
        "arshoe_perception.region_of_interest:RegionConfig",
    ],
    "pose_node": ["arshoe_perception.pose_estimator:PoseConfig"],
    "stabilizer_node": ["arshoe_stabilizer:StabilizerConfig"],
    "render_node": ["arshoe_render:TryOnConfig"],
    "marker_node": ["arshoe_render.nodes.marker_node:MarkerConfig"],
    "recorder_node": ["arshoe_media.nodes.recorder_node:RecorderConfig"],
}


def load(spec: str) -> type:
    """Import `module:Class`."""
    module, name = spec.split(":")
    return getattr(import_module(module), name)


def allowed(info) -> str:
    """The choices or the range of a parameter in words."""
    if info.choices:
        return ", ".join(f"`{choice}`" for choice in info.choices)
    if info.low is not None and info.high is not None:
        return f"{info.low:g} to {info.high:g}"
    return ""


def table(specs: list[str]) -> str:
    """A Markdown table of the parameters of some config classes."""
    rows = ["| parameter | type | default | allowed | what |", "|---|---|---|---|---|"]
    for spec in specs:
        for f in fields(load(spec)):
            info = f.metadata["parameter"]
            kind = type(f.default).__name__
            rows.append(f"| `{f.name}` | {kind} | `{f.default!r}` | {allowed(info)} | {info.description} |")
    return "\n".join(rows)


def filled(page: str) -> str:
    """The page with the text between every pair of `<!-- parameters NODE -->` and `<!-- end -->` made anew."""

    def replace(match: re.Match) -> str:
        return f"<!-- parameters {match[1]} -->\n{table(NODE_CONFIGS[match[1]])}\n<!-- end -->"

    return re.sub(r"<!-- parameters (\w+) -->.*?<!-- end -->", replace, page, flags=re.DOTALL)


def main() -> int:
    """Write the page, or with --check exit with 1 when it is old."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the tables are up to date")
    check = parser.parse_args().check
    old = PAGE.read_text()
    new = filled(old)
    if check:
        return int(old != new)
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
