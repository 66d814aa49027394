"""The foot: THE table of keypoints, the limbs that join them, left and right.

Foot frame, right-handed for both feet: x towards the toe, y to the wearer's left, z up from the sole, origin at
heel_bottom's projection on the sole plane.
"""

from enum import IntEnum

import numpy as np


class Side(IntEnum):
    """Which foot of the wearer; the values are those of arshoe_msgs."""

    UNKNOWN = 0
    LEFT = 1
    RIGHT = 2

    @property
    def other(self) -> "Side":
        """The other foot; UNKNOWN stays UNKNOWN."""
        return {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}.get(self, Side.UNKNOWN)


STANDARD_FOOT_LENGTH = 0.26
"""Metres from heel_bottom to toe_tip along x; a pose's metric scale comes from the assumed foot length."""

KEYPOINT_NAMES = (
    "heel_bottom", "toe_tip", "heel_top", "ball_medial", "ball_lateral", "heel_medial", "heel_lateral", "instep",
)  # fmt: skip
NUM_KEYPOINTS = len(KEYPOINT_NAMES)

# The mean foot of the synthetic generator over bare feet, socks and shoes. Frozen: labels and weights depend on it.
_LEFT_FOOT_MM = np.array(
    [
        [0, 0, 5],
        [260, -13, 15],
        [-3, 0, 84],
        [191, -50, 15],
        [159, 58, 13],
        [37, -37, 14],
        [37, 37, 14],
        [142, -8, 80],
    ],
    dtype=np.float64,
)

LIMBS = ((1, 3), (3, 5), (1, 4), (4, 6), (1, 7), (7, 2), (2, 0))
"""PAF pairs (from, to): a tree rooted at the toe. PAF channels 2i and 2i + 1 hold the x and y of limb i."""
NUM_LIMBS = len(LIMBS)

OKS_SIGMAS = np.full(NUM_KEYPOINTS, 0.07)


def keypoints(side: Side, foot_length: float = STANDARD_FOOT_LENGTH) -> np.ndarray:
    """The eight keypoints (8, 3) in metres, foot frame, of a left or right foot of the given length in metres."""
    if side not in (Side.LEFT, Side.RIGHT):
        raise ValueError(f"side is {side!r}; allowed: Side.LEFT, Side.RIGHT")
    points = _LEFT_FOOT_MM * (foot_length / STANDARD_FOOT_LENGTH / 1000)
    return points if side == Side.LEFT else points * (1, -1, 1)
