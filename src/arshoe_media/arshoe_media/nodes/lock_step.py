"""Lock-step with the pipeline: one frame at a time, and a stage that does not answer is named."""

import struct
import threading
import time
from functools import partial

from rclpy.node import Node
from sensor_msgs.msg import Image

from arshoe_core.errors import BadInputError
from arshoe_msgs.msg import FootPoseArray, NetworkOutput
from arshoe_ros import qos

ANSWERS = {"network_output": NetworkOutput, "poses_raw": FootPoseArray, "poses": FootPoseArray, "tryon": Image}
"""What the stages publish for each frame, in order."""
STAGES = {"network_output": "network", "poses_raw": "pose", "poses": "stabilizer", "tryon": "render"}


class LockStep:
    """Watches the stages' answers."""

    def __init__(self, node: Node, first_timeout_s: float) -> None:
        """Subscribe to the answers; later frames get a third of the first one's timeout."""
        self._last = dict.fromkeys(ANSWERS, -1)
        self._changed = threading.Condition()
        self._timeout_s = first_timeout_s
        self._later_timeout_s = first_timeout_s / 3
        for topic, msg_type in ANSWERS.items():
            # Raw, since only the stamp is wanted.
            node.create_subscription(msg_type, topic, partial(self._on_answer, topic), qos.RELIABLE, raw=True)

    def wait_for(self, stamp_ns: int, stopping: threading.Event) -> None:
        """Wait until `tryon` of a stamp has come.

        Raises:
            BadInputError: it does not come in time; names the first stage without an answer.
        """
        deadline = time.monotonic() + self._timeout_s
        with self._changed:
            while self._last["tryon"] != stamp_ns and not stopping.is_set():
                if time.monotonic() > deadline:
                    late = next(topic for topic in ANSWERS if self._last[topic] != stamp_ns)
                    raise BadInputError(
                        f"stage {STAGES[late]} has published no {late} for stamp {stamp_ns / 1e9:.6f} s in "
                        f"{self._timeout_s:g} s; lossless needs an answer of every stage to every frame"
                    )
                self._changed.wait(0.2)
        self._timeout_s = self._later_timeout_s

    def _on_answer(self, topic: str, cdr: bytes) -> None:
        # All these messages begin with their header: 4 bytes of encapsulation, then the stamp.
        order = "<" if cdr[1] & 1 else ">"
        sec, nanosec = struct.unpack_from(f"{order}iI", cdr, 4)
        with self._changed:
            self._last[topic] = sec * 1_000_000_000 + nanosec
            self._changed.notify_all()
