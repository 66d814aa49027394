"""The true poses that a bag carries."""

from pathlib import Path

import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from arshoe_core import se3
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.types import FootPose
from arshoe_media.bag_reader import BagReader

_TOPIC = "/ground_truth/poses"


def true_poses(bag: Path) -> dict[int, list[FootPose]]:
    """The feet of each frame, by its stamp in ns.

    Raises:
        BadInputError: if the bag can't be read or has no ground truth.
    """
    if _TOPIC not in BagReader(bag).raw_topics:
        raise BadInputError(f"bag is {str(bag)!r}; allowed: one with true poses on {_TOPIC}")
    truth = {}
    with AnyReader([bag], default_typestore=get_typestore(Stores.ROS2_KILTED)) as reader:
        connections = [c for c in reader.connections if c.topic == _TOPIC]
        for connection, _, data in reader.messages(connections):
            message = reader.deserialize(data, connection.msgtype)
            stamp = message.header.stamp
            truth[stamp.sec * 10**9 + stamp.nanosec] = [_pose(foot) for foot in message.feet]
    return truth


def _pose(foot: object) -> FootPose:
    q, p = foot.pose.pose.orientation, foot.pose.pose.position
    T = se3.from_rt(se3.rotation(np.array([q.w, q.x, q.y, q.z])), np.array([p.x, p.y, p.z]))
    return FootPose(Side(foot.side), T, foot_length=float(foot.foot_length))
