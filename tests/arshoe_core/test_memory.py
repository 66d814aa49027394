"""What malloc keeps."""

import os
import subprocess
import sys

import pytest

THREADS, PICTURES, PICTURE = 12, 8, 1_000_000
GROWTH = f"""
import threading
from pathlib import Path
import numpy as np
from arshoe_core.memory import keep_large_blocks

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

def work(turn):
    turn.wait()
    [np.ones({PICTURE}, np.uint8) for _ in range({PICTURES})]
    done.release()
    end.wait()

print(keep_large_blocks())
done, end = threading.Semaphore(0), threading.Event()
turns = [threading.Event() for _ in range({THREADS})]
threads = [threading.Thread(target=work, args=[turn]) for turn in turns]
for thread in threads:
    thread.start()
before = resident_mb()
for turn in turns:
    turn.set()
    done.acquire()
print(resident_mb() - before)
end.set()
"""


def test_threads_share_what_is_kept():
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", GROWTH], env=env, capture_output=True, text=True, check=True)
    kept, growth_mb = run.stdout.split()
    if kept == "False":
        pytest.skip("no mallopt here")
    one_thread_mb = PICTURES * PICTURE / 1e6
    assert float(growth_mb) < 4 * one_thread_mb, "of 12 threads in turn"
