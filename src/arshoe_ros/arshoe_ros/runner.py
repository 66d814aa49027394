"""Run one node as a process: clean end on signals and at the end of the stream, one line for bad input."""

import gc
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from arshoe_core.errors import EXIT_BAD_INPUT, BadInputError


def run_node(factory: Callable[[], Node], args: list[str] | None = None) -> int:
    """Make the node, spin it until its end and return the exit code of the process.

    The node ends on SIGINT or SIGTERM, or when its attribute `done` (an rclpy Future, if it has one) is done. Its
    method `close`, if it has one, is then called: the place to finish files.

    Returns:
        0 after a clean end, 2 after a `BadInputError`. Any other error passes through with its traceback.
    """
    # rclpy's handlers shut the context down and then call this one, instead of raising KeyboardInterrupt anywhere.
    received = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: received.append(number))
    rclpy.init(args=args)
    if received:  # before rclpy's handlers were there
        return 0
    node = None
    try:
        node = factory()
        gc.collect()
        gc.freeze()  # what lives for ever need not be looked at by each collection
        _spin(node)
    except ExternalShutdownException:
        pass
    except BadInputError as error:
        print(f"{Path(sys.argv[0]).stem}: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
        return EXIT_BAD_INPUT
    except Exception:
        if rclpy.ok():
            raise
        # A signal ended the context while the node was being made or in the middle of a callback.
    finally:
        _close(node)
    return 0


def _spin(node: Node) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    done = getattr(node, "done", None)
    if done is None:
        executor.spin()
    else:
        executor.spin_until_future_complete(done)
        if done.done():
            done.result()  # raises what the node ended with


def _close(node: Node | None) -> None:
    try:
        if hasattr(node, "close"):
            node.close()
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
