"""Run one node as a process: clean end on signals and at the end of the stream, one line for bad input."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError
from arshoe_core.memory import keep_large_blocks


def run_node(factory: Callable[[], Node], args: list[str] | None = None) -> int:
    """Make the node, spin it until its end and return the exit code of the process.

    The node ends on SIGINT or SIGTERM, or when its attribute `done` (an rclpy Future, if it has one) is done. Its
    method `close`, if it has one, is then called: the place to finish files.

    Returns:
        0 after a clean end, 2 after a `BadInputError`. Any other error passes through with its traceback.
    """
    keep_large_blocks()
    cv2.setNumThreads(1)  # the other cores are the other nodes'
    # rclpy's own handlers end the context at once, and with it logging in `close`.
    stop = _pipe_of_signals()
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    node = None
    try:
        node = factory()
        gc.collect()
        gc.freeze()  # what lives for ever need not be looked at by each collection
        _spin(node, stop)
    except BadInputError as error:
        print(f"{Path(sys.argv[0]).stem}: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
        return EXIT_BAD_INPUT
    finally:
        _close(node)
    return 0


def _pipe_of_signals() -> int:
    """A file descriptor from which a byte can be read as soon as SIGINT or SIGTERM has come, in whatever thread."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return read


def _spin(node: Node, stop: int) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    done = getattr(node, "done", None) or Future()
    threading.Thread(target=_finish_on_signal, args=(stop, done), daemon=True).start()
    executor.spin_until_future_complete(done)
    done.result()  # raises what the node ended with


def _finish_on_signal(stop: int, done: Future) -> None:
    os.read(stop, 1)
    if not done.done():
        done.set_result(None)


def _close(node: Node | None) -> None:
    try:
        if hasattr(node, "close"):
            node.close()
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
