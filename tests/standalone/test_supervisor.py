"""The supervisor, with processes that are a line of Python each."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import supervisor
from launch_file import Process
from supervisor import Supervisor

STANDALONE = Path(sys.modules["supervisor"].__file__).parent


@pytest.fixture(autouse=True)
def no_time_to_start(monkeypatch):
    """The processes of these tests import nothing."""
    monkeypatch.setattr(supervisor, "STARTING_S", 0.0)


def process(name: str, code: str, **options) -> Process:
    return Process(name, (sys.executable, "-c", textwrap.dedent(code)), dict(os.environ), **options)


def test_ends_with_0_when_all_have_ended(capfd):
    processes = [process("one", "print('done\\nin two lines')"), process("second", "import time; time.sleep(0.3)")]
    assert Supervisor(processes).run() == 0
    assert capfd.readouterr().out.splitlines() == ["one    | done", "one    | in two lines"]


def test_shows_a_last_line_without_newline_and_stderr(capfd):
    assert Supervisor([process("a", "import sys; sys.stderr.write('half a line')")]).run() == 0
    assert capfd.readouterr().out == "a | half a line\n"


def test_restarts_a_crashed_process(tmp_path, capfd):
    code = f"""
        import os, pathlib, sys
        flag = pathlib.Path({str(tmp_path / "flag")!r})
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), 9)
        print("second time")
    """
    assert Supervisor([process("a", code, respawn=True, respawn_delay=0.1)]).run() == 0
    assert capfd.readouterr().out.splitlines() == ["a | crashed (SIGKILL); starting again in 0.1 s", "a | second time"]


def test_gives_up_when_restarts_are_used_up(capfd):
    other = process("other", "import time; time.sleep(60)")
    crashing = process("a", "raise SystemExit(7)", respawn=True, respawn_delay=0.01, respawn_max_retries=2)
    assert Supervisor([crashing, other]).run() == 1
    assert capfd.readouterr().out.count("starting again") == 2


def test_a_crash_at_the_end_is_not_restarted(capfd):
    done = process("done", "", respawn=True)
    crashing = process("late", "import time; time.sleep(0.5); raise SystemExit(3)", respawn=True)
    assert Supervisor([done, crashing]).run() == 1
    assert "starting again" not in capfd.readouterr().out


def test_a_starting_process_ends_without_a_traceback(monkeypatch, capfd):
    monkeypatch.setattr(supervisor, "STARTING_S", 10.0)
    starting = process("starting", "import time; time.sleep(60)")
    bad = process("bad", "import time; time.sleep(0.3); raise SystemExit(2)")
    assert Supervisor([starting, bad]).run() == 2
    assert capfd.readouterr().out == ""


def test_bad_input_ends_the_graph_with_2(capfd):
    start = time.monotonic()
    waiting = process("waiting", "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('told')")
    bad = process("bad", "import time; time.sleep(0.5); print('no such shoe'); raise SystemExit(2)", respawn=True)
    assert Supervisor([waiting, bad]).run() == 2
    assert time.monotonic() - start < 5
    assert set(capfd.readouterr().out.splitlines()) == {"waiting | told", "bad     | no such shoe"}


def test_the_end_of_the_source_ends_nodes_that_know_no_end(capfd):
    start = time.monotonic()
    endless = process("endless", "import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: print('told')")
    source = process("source_node", "import time; time.sleep(0.5)", respawn=True)
    assert Supervisor([endless, source]).run() == 0
    assert time.monotonic() - start < 5
    assert "told" in capfd.readouterr().out


def run_in_background(code: str, tmp_path: Path) -> subprocess.Popen:
    """A supervisor in a process of its own, with one child that writes its pid to `tmp_path`/pid."""
    child = f"import os, pathlib\npathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
    script = f"""if True:
        import os, sys
        sys.path.insert(0, {str(STANDALONE)!r})
        import supervisor
        from launch_file import Process
        supervisor.GRACE_S = 0.3
        supervisor.STARTING_S = 0.0
        child = Process("child", (sys.executable, "-c", {child + code!r}), dict(os.environ))
        sys.exit(supervisor.Supervisor([child]).run())
    """
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_0(number, tmp_path):
    running = run_in_background("import time; time.sleep(60)", tmp_path)
    time.sleep(0.2)
    running.send_signal(number)
    assert running.wait(10) == 0
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_a_deaf_process_is_killed(tmp_path):
    deaf = "import signal, time\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    running = run_in_background(deaf, tmp_path)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=10)
    assert running.returncode == 0
    assert output.splitlines() == ["child | still running: SIGTERM", "child | still running: SIGKILL"]


def test_no_orphans_when_it_is_killed(tmp_path):
    running = run_in_background("import time; time.sleep(60)", tmp_path)
    running.kill()
    running.wait()
    deadline = time.monotonic() + 5
    while is_alive(int((tmp_path / "pid").read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
