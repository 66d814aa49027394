"""`report FOLDER`: reports on a recorded trace: prints a table, writes report.json, report.html and perfetto.json."""

import argparse
import json
import sys
from pathlib import Path

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.files import write_file
from arshoe_trace.ctf_reader import find_ctf, read_cpu, read_ctf
from arshoe_trace.event_log_reader import find_event_logs, read_event_logs
from arshoe_trace.figures import figures
from arshoe_trace.html_report import html_report
from arshoe_trace.perfetto import chrome_trace
from arshoe_trace.text_report import text_report
from arshoe_trace.trace_model import Trace


def main(arguments: list[str] | None = None) -> int:
    """The command `report`; returns its exit code."""
    parser = argparse.ArgumentParser("report", description=__doc__)
    parser.add_argument("folder", type=Path, help="a recording of ./arshoe trace or ros2 trace")
    parser.add_argument("--out", type=Path, help="folder for the report (default: the recording's)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    try:
        write_report(options.folder, options.out or options.folder, options.json)
    except BadInputError as error:
        print(f"report: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return 0


def read_trace(folder: Path) -> Trace:
    """Read a recording: an LTTng trace or event logs.

    Raises:
        BadInputError: the folder holds neither, or it can't be read.
    """
    if logs := find_event_logs(folder):
        return read_event_logs(logs)
    ctf = find_ctf(folder)
    if ctf is None:
        raise BadInputError(f"folder is {str(folder)!r}; allowed: one with an LTTng trace or with event logs of ARShoe")
    trace = read_ctf(ctf)
    if (folder / "cpu.json").exists():
        read_cpu(trace, folder / "cpu.json")
    return trace


def write_report(folder: Path, out: Path, json_file: Path | None = None) -> dict:
    """Read the recording in `folder`, print the table, write the files to `out`; returns the figures.

    Raises:
        BadInputError: the recording can't be read, or the files can't be written.
    """
    trace = read_trace(folder)
    result = figures(trace)
    print("\n".join(["", *text_report(result), ""]))
    text = json.dumps(result, indent=1) + "\n"
    files = {
        out / "report.json": text,
        out / "report.html": html_report(result, trace),
        out / "perfetto.json": json.dumps(chrome_trace(trace)),
    }
    if json_file is not None:
        files[json_file] = text
    for file, content in files.items():
        write_file(file, content)
    print(f"written: {out / 'report.html'}, report.json, perfetto.json (open the last at ui.perfetto.dev)")
    return result


if __name__ == "__main__":
    sys.exit(main())
