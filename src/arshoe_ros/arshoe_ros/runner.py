"""Run one node as a process: clean end on signals and at the end of the stream, one line for bad input."""

import gc
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError

STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM}


def run_node(factory: Callable[[], Node], args: list[str] | None = None) -> int:
    """Make the node, spin it until its end and return the exit code of the process.

    The node ends on SIGINT or SIGTERM, or when its attribute `done` (an rclpy Future, if it has one) is done. Its
    method `close`, if it has one, is then called: the place to finish files.

    Returns:
        0 after a clean end, 2 after a `BadInputError`. Any other error passes through with its traceback.
    """
    # A thread waits for the signals: rclpy's own handlers end the context at once, and with it logging in `close`.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    node = None
    try:
        node = factory()
        gc.collect()
        gc.freeze()  # what lives for ever need not be looked at by each collection
        _spin(node)
    except BadInputError as error:
        print(f"{Path(sys.argv[0]).stem}: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
        return EXIT_BAD_INPUT
    finally:
        _close(node)
    return 0


def _spin(node: Node) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    done = getattr(node, "done", None) or Future()
    threading.Thread(target=_finish_on_signal, args=(done,), daemon=True).start()
    executor.spin_until_future_complete(done)
    done.result()  # raises what the node ended with


def _finish_on_signal(done: Future) -> None:
    signal.sigwait(STOP_SIGNALS)
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
