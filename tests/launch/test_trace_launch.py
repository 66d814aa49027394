"""launch/trace.launch.py, with stand-ins for the packages of a ROS install."""

import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "launch" / "trace.launch.py"
LAUNCH = """
import sys, types
from unittest.mock import MagicMock
for name in ("launch", "launch.actions", "launch.launch_description_sources", "launch.substitutions"):
    sys.modules[name] = MagicMock()
"""
TOOLS = """
for name in ("tracetools_launch", "tracetools_launch.action"):
    sys.modules[name] = MagicMock()
"""
RUN = f"""
import runpy
module = runpy.run_path({str(FILE)!r})
module["generate_launch_description"]()
(entities,), _ = sys.modules["launch"].LaunchDescription.call_args
trace = sys.modules["tracetools_launch.action"].Trace.call_args[1]
print(len(entities), trace["events_ust"], trace["context_fields"])
"""


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_recording_begins_before_the_graph():
    done = run(LAUNCH + TOOLS + RUN)
    assert done.stdout.strip() == "3 ['ros2:*'] ['vpid', 'vtid', 'procname']", done.stderr


def test_a_missing_tracetools_launch_is_one_line():
    done = run(LAUNCH + RUN)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and "tracetools_launch" in line
