"""Runs a ROS 2 YAML launch file without ros2 launch: launch_runner.py FILE [--show-args] [name:=value …]"""

import os
import signal
import sys
from pathlib import Path

from launch_file import Argument, read_launch_file
from substitutions import LaunchError
from supervisor import EXIT_BAD_INPUT, Supervisor


def main(argv: list[str]) -> int:
    """Run with the arguments of the command line; returns the exit code: 0, 1 after a crash, 2 after bad input."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "| head" ends it quietly
    path, *rest = argv
    flags = [arg for arg in rest if arg.startswith("-")]
    show = any(flag in ("-s", "--show-args", "-h", "--help") for flag in flags)
    try:
        given = _parse([arg for arg in rest if not arg.startswith("-")])
        if flags and not show:
            raise LaunchError(f"unknown option {flags[0]!r}; allowed: --show-args, and arguments as name:=value")
        graph = read_launch_file(Path(path), {} if show else given, _environment())
    except LaunchError as error:
        print(f"arshoe: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    if show:
        print("\n".join(["arguments (name:=value):", *map(_describe, graph.arguments)]))
        return 0
    return Supervisor(graph.processes).run()


def _parse(arguments: list[str]) -> dict[str, str]:
    given = {}
    for argument in arguments:
        name, separator, value = argument.partition(":=")
        if not (separator and name):
            raise LaunchError(f"argument {argument!r} is not of the form name:=value")
        given[name] = value
    return given


def _describe(argument: Argument) -> str:
    choices = f" ({', '.join(argument.choices)})" if argument.choices else ""
    return f"  {argument.name}:={argument.default or ''}".ljust(36) + f" {argument.description}{choices}"


def _environment() -> dict[str, str]:
    defaults = {"PYTHONUNBUFFERED": "1", "RCUTILS_CONSOLE_OUTPUT_FORMAT": "[{severity}] {message}"}
    if sys.stdout.isatty():
        defaults["RCUTILS_COLORIZED_OUTPUT"] = "1"
    return defaults | os.environ


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
