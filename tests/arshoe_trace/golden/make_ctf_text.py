"""Makes two_frames.txt, what babeltrace2 prints of a recording, without the events that the reader has no use for:

./arshoe trace --out out/golden lossless:=true end:=0.05
./arshoe python tests/arshoe_trace/golden/make_ctf_text.py out/golden/ctf
"""

import re
import subprocess
import sys
from pathlib import Path

from arshoe_trace.ctf_reader import COMMAND

TOPICS = ("image", "mask", "network_output", "poses_raw", "poses", "tryon")
HANDLE = re.compile(r"rmw_(?:publisher|subscription)_handle = (0x[0-9A-F]+)")


def main(folder: str) -> None:
    """Write the file beside this one."""
    lines = subprocess.run([*COMMAND, folder], capture_output=True, text=True, check=True).stdout.splitlines()
    named = tuple(f'topic_name = "/arshoe/{topic}"' for topic in TOPICS)
    handles = {HANDLE.search(line)[1] for line in lines if any(name in line for name in named)}

    def wanted(line: str) -> bool:
        if re.search(r"ros2:(rcl_node_init|rclcpp_callback_register|callback_start|callback_end): ", line):
            return True
        ours = re.search(r"ros2:(rcl_(publisher|subscription)_init|rmw_(publish|take)): ", line)
        return bool(ours) and HANDLE.search(line)[1] in handles and "taken = 0" not in line

    text = "\n".join(re.sub(r"\] \S+ ros2:", "] host ros2:", line) for line in lines if wanted(line))
    Path(__file__).with_name("two_frames.txt").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
