"""Setting up: what is done when, on a copy of the repository's shape whose steps are recorded, not run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import bootstrap
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def steps(tmp_path, monkeypatch) -> list[str]:
    """A small repository in `tmp_path` without anything set up; returns the list of commands that are run."""
    for name in ("VENV", "VENV_PYTHON", "WORKSPACE", "BUILD", "INSTALL", "REQUIREMENTS", "LOG", "ROOT"):
        monkeypatch.setattr(bootstrap, name, tmp_path / getattr(bootstrap, name).relative_to(bootstrap.ROOT))
    monkeypatch.setattr(bootstrap, "VENV_STAMP", bootstrap.VENV / "arshoe-stamp.json")
    monkeypatch.setattr(bootstrap, "BUILD_STAMP", bootstrap.WORKSPACE / "stamp.json")
    monkeypatch.setattr(bootstrap, "PACKAGE_FOLDERS", (tmp_path / "src",))
    monkeypatch.setattr(bootstrap, "missing_apt_packages", lambda _extras: [])
    bootstrap.REQUIREMENTS.mkdir(parents=True)
    for name in ("constraints", "runtime", "learning", "test"):
        (bootstrap.REQUIREMENTS / f"{name}.txt").write_text(name)
    package = tmp_path / "src" / "a_package"
    package.mkdir(parents=True)
    (package / "package.xml").write_text("<package><name>a_package</name></package>")
    (package / "code.py").write_text("a = 1")
    commands = []

    def run(_self, command, _env):
        words = [word for word in ("venv", "pip", "build", "apt-get") if word in command]
        if "venv" in words:
            bootstrap.VENV_PYTHON.parent.mkdir(parents=True)
            bootstrap.VENV_PYTHON.touch()
        commands.extend(words)
        if "--packages-select" in command:
            commands[-1] += (
                f" {' '.join(command[command.index('--packages-select') + 1 : command.index('--cmake-args')])}"
            )
        if "-r" in command:
            commands[-1] += "".join(f" {Path(arg).stem}" for arg in command if arg.endswith(".txt"))

    monkeypatch.setattr(bootstrap._Setup, "_run", run)
    return commands


def prepare(*extras: str) -> None:
    bootstrap.prepare(extras)


def test_first_use_does_everything_and_the_next_nothing(steps):
    prepare()
    assert steps == ["venv", "pip constraints runtime", "build a_package"]
    steps.clear()
    prepare()
    assert steps == []


def test_extras_are_added_once_and_kept(steps):
    prepare()
    steps.clear()
    prepare("learning")
    assert steps == ["pip constraints runtime learning"]
    steps.clear()
    prepare()
    prepare("learning")
    assert steps == []
    (bootstrap.REQUIREMENTS / "constraints.txt").write_text("newer")
    prepare()
    assert steps == ["pip constraints runtime learning"]


@pytest.mark.parametrize(
    ("file", "rebuilds"),
    [("package.xml", True), ("new_shoe.glb", True), ("code.py", False), ("__pycache__/code.pyc", False)],
)
def test_only_what_matters_is_rebuilt(steps, file, rebuilds):
    prepare()
    steps.clear()
    path = bootstrap.ROOT / "src" / "a_package" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("<package><name>a_package</name> changed</package>")
    prepare()
    assert steps == (["build a_package"] if rebuilds else [])


def test_other_packages_are_left_alone(steps):
    prepare()
    steps.clear()
    other = bootstrap.ROOT / "src" / "another"
    other.mkdir()
    (other / "package.xml").write_text("<package><name>another_package</name></package>")
    prepare()
    assert steps == ["build another_package"]
    steps.clear()
    (other / "package.xml").unlink()
    prepare()
    assert steps == ["build a_package"]  # all of it, so that nothing of the other is left


@pytest.mark.parametrize("step", ["venv", "pip", "build"])
def test_an_interrupted_step_is_done_again(steps, monkeypatch, step):
    recorded = bootstrap._Setup._run

    def interrupted(self, command, env):
        recorded(self, command, env)
        if step in command:
            raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(bootstrap._Setup, "_run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare()
    steps.clear()
    leftover = bootstrap.VENV / "half a package" if step != "build" else bootstrap.BUILD / "half a build"
    leftover.parent.mkdir(parents=True, exist_ok=True)
    leftover.touch()
    prepare()
    assert steps == (["build a_package"] if step == "build" else ["venv", "pip constraints runtime", "build a_package"])
    assert not leftover.exists()


@pytest.mark.parametrize("change", [{"root": "/elsewhere"}, {"python": "3.10"}])
def test_a_moved_folder_or_another_python_is_set_up_again(steps, change):
    prepare()
    steps.clear()
    stamp = json.loads(bootstrap.VENV_STAMP.read_text())
    bootstrap.VENV_STAMP.write_text(json.dumps(stamp | change))
    prepare()
    assert steps == ["venv", "pip constraints runtime", "build a_package"]


def test_a_removed_venv_is_made_again(steps):
    prepare()
    steps.clear()
    bootstrap.VENV_PYTHON.unlink()
    prepare()
    assert steps == ["venv", "pip constraints runtime", "build a_package"]


def test_system_packages_are_installed_by_root_only(steps, monkeypatch):
    monkeypatch.setattr(bootstrap, "missing_apt_packages", lambda _extras: ["libegl1", "g++"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    with pytest.raises(bootstrap.SetupError, match=r"run: sudo apt-get update && sudo apt-get install .* libegl1 g"):
        prepare()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    prepare()
    assert steps[:2] == ["apt-get", "apt-get"]


def test_the_tests_need_a_browser_and_nothing_else_does(steps, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    installed = []
    monkeypatch.setattr(
        bootstrap,
        "missing_apt_packages",
        lambda extras: [] if installed else [p for e in extras for p in bootstrap.EXTRA_APT_PACKAGES.get(e, ())],
    )
    prepare("learning")
    assert "apt-get" not in steps
    prepare("test")
    assert steps.count("apt-get") == 2  # update, install
    steps.clear()
    prepare("test")  # the environment is current, but the browser is still missing
    assert steps == ["apt-get", "apt-get"]
    installed.append("chromium")
    steps.clear()
    prepare("test")
    assert steps == []


def test_a_program_that_is_there_is_not_installed(monkeypatch):
    programs = {"dpkg-query", "apt-get", "google-chrome"}
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_args, **_: subprocess.CompletedProcess([], 0, stdout=""))
    assert "chromium" not in bootstrap.missing_apt_packages(("test",))
    assert "g++" in bootstrap.missing_apt_packages(("test",))
    programs.remove("google-chrome")
    assert "chromium" in bootstrap.missing_apt_packages(("test",))
    assert "chromium" not in bootstrap.missing_apt_packages()


def test_cmake_exports_are_mended_once(tmp_path):
    share = tmp_path / "share" / "msgs" / "cmake"
    share.mkdir(parents=True)
    export = share / "export.cmake"
    wheel = "/opt/python/cp311-cp311"
    export.write_text(f'"{wheel}/include/python3.11;{wheel}/lib/python3.11/site-packages/numpy/_core/include"')
    bootstrap._mend_cmake_exports(tmp_path)
    mended = export.read_text()
    include, numpy_include = mended.strip('"').split(";")
    assert (Path(include) / "Python.h").exists()
    assert numpy_include.startswith(f"{tmp_path}/lib/python3.")
    bootstrap._mend_cmake_exports(tmp_path)
    assert export.read_text() == mended


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(ROOT / "arshoe"), *arguments], capture_output=True, text=True)


def test_help_names_every_command():
    import commands

    done = run("--help")
    assert done.returncode == 0
    assert all(f"\n  {name} " in done.stdout for name in commands.COMMANDS)


def test_unknown_command():
    done = run("bake")
    assert done.returncode == 2
    assert done.stderr.startswith("arshoe: unknown command 'bake'; commands: tryon, ")
    assert len(done.stderr.splitlines()) == 1


def test_packages_that_can_not_be_installed_are_named_and_nothing_is_begun(steps, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "missing_apt_packages", lambda _extras: ["lttng-tools"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    with pytest.raises(bootstrap.SetupError, match=r"sudo apt-get install .*lttng-tools"):
        bootstrap.install_apt_packages(("lttng",))
    assert steps == [] and capsys.readouterr().out == ""
