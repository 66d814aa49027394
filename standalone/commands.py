"""The commands of ./arshoe: what each runs and what it needs installed."""

import os
import sys
from dataclasses import dataclass

import bootstrap
import doctor
from environment import ROOT, VENV_PYTHON, executable, ros_environment


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        summary: for --help.
        run: what to run: a Python file or module of this repository with its first arguments, or (package, executable);
            empty for the arguments alone.
        extras: requirements files it needs beside runtime.txt.
        default_args: arguments when none are given.
    """

    summary: str
    run: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    default_args: tuple[str, ...] = ()


COMMANDS = {
    "tryon": Command(
        "run the pipeline; alone it plays the demo bag and writes to ./out (tryon --show-args lists arguments)",
        ("standalone/launch_runner.py", "launch/tryon.launch.yaml"),
        default_args=("out:=out",),
    ),
    "shoes": Command("list or preview the virtual shoes", ("arshoe_render", "shoes"), ("shoes",)),
    "dataset": Command("make synthetic training pictures", ("arshoe_learning", "dataset"), ("learning",)),
    "augment": Command("multiply a labelled data set by changed copies", ("arshoe_learning", "augment"), ("learning",)),
    "train": Command("train the network", ("arshoe_learning", "train"), ("learning",)),
    "export": Command("turn weights into ONNX models", ("arshoe_learning", "export"), ("learning",)),
    "evaluate": Command("measure a model on labelled pictures", ("arshoe_learning", "evaluate"), ("learning",)),
    "annotate": Command("label feet in pictures, in the browser", ("arshoe_annotate", "annotate"), ("annotate",)),
    "bench": Command("measure speed and accuracy (bench --help lists subjects)", ("arshoe_bench", "bench"), ("bench",)),
    "trace": Command(
        "run the pipeline and show where each frame's time goes; takes tryon's arguments",
        ("standalone/trace_runner.py",),
        ("trace",),
    ),
    "test": Command("run the test suite (arguments go to pytest)", ("-m", "pytest"), ("test",)),
    "python": Command("run Python with all of this at hand, e.g. python docs/make_tables.py"),
    "doctor": Command("check each part of the installation and say how to mend it", ()),
}


def main(argv: list[str]) -> int:
    """Run ./arshoe with these arguments; returns the exit code, or replaces the process by the command's."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    name, *arguments = argv
    command = COMMANDS.get(name)
    if command is None:
        print(f"arshoe: unknown command {name!r}; commands: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    if name == "doctor":  # it has to work where setting up does not
        return doctor.main()
    try:
        bootstrap.prepare(command.extras)
    except bootstrap.SetupError as error:
        print(f"arshoe: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\narshoe: interrupted; the next call goes on from here", file=sys.stderr)
        return 130
    if name == "test":
        os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(VENV_PYTHON, _command_line(command, arguments), ros_environment())


def _command_line(command: Command, arguments: list[str]) -> list[str]:
    if not command.run or command.run[0] == "-m":
        start = list(command.run)
    elif command.run[0].endswith(".py"):
        start = [str(ROOT / part) for part in command.run]
    else:
        start = [str(executable(*command.run))]
    return [str(VENV_PYTHON), *start, *(arguments or command.default_args)]


def _help() -> str:
    lines = ["usage: ./arshoe COMMAND [arguments]", ""]
    lines += [f"  {name:9} {command.summary}" for name, command in COMMANDS.items()]
    lines += [
        "",
        "The first use installs what is needed into .venv and .arshoe beside this file. Most commands take --help.",
    ]
    return "\n".join(lines)
