"""The bundled demo bag: its topics, its stamps, and that its ground truth fits its pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.highlevel import AnyReader

from arshoe_core.camera import Camera
from arshoe_core.foot import Side, keypoints
from arshoe_core.se3 import from_rt, rotation, transform_points

BAG = Path(__file__).resolve().parents[2] / "launch/demo/wearer_view"
TOPICS = {
    "/camera/image_raw/compressed": "sensor_msgs/msg/CompressedImage",
    "/camera/camera_info": "sensor_msgs/msg/CameraInfo",
    "/ground_truth/poses": "arshoe_msgs/msg/FootPoseArray",
    "/ground_truth/mask": "sensor_msgs/msg/CompressedImage",
}


@pytest.fixture(scope="module")
def frames():
    """Every message, by topic, in order."""
    with AnyReader([BAG]) as reader:
        assert {c.topic: c.msgtype for c in reader.connections} == TOPICS
        found = {topic: [] for topic in TOPICS}
        for connection, _, data in reader.messages():
            found[connection.topic].append(reader.deserialize(data, connection.msgtype))
    return found


def test_ten_seconds_at_30_hz_with_the_same_headers(frames):
    assert sum(file.stat().st_size for file in BAG.iterdir()) < 12e6
    stamps = [[m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in frames[topic]] for topic in TOPICS]
    assert all(each == stamps[0] for each in stamps)
    assert len(stamps[0]) == 300
    np.testing.assert_allclose(np.diff(stamps[0]), 1e9 / 30, atol=1000)
    assert {m.header.frame_id for topic in TOPICS for m in frames[topic]} == {"camera"}


def test_ground_truth_lies_on_the_pictures_feet(frames):
    info = frames["/camera/camera_info"][0]
    camera = Camera(info.width, info.height, info.k[0], info.k[4], info.k[2], info.k[5])
    for i in range(0, 300, 50):
        picture = cv2.imdecode(frames["/camera/image_raw/compressed"][i].data, cv2.IMREAD_COLOR)
        mask = cv2.imdecode(frames["/ground_truth/mask"][i].data, cv2.IMREAD_UNCHANGED)
        assert picture.shape == (480, 640, 3) and mask.shape == (480, 640)
        assert set(np.unique(mask)) == {0, 1, 2}
        feet = frames["/ground_truth/poses"][i].feet
        assert sorted(foot.side for foot in feet) == [Side.LEFT, Side.RIGHT]
        around = cv2.dilate((mask == 2).astype(np.uint8), np.ones((41, 41)))
        for foot in feet:
            p, q = foot.pose.pose.position, foot.pose.pose.orientation
            T = from_rt(rotation(np.array([q.w, q.x, q.y, q.z])), (p.x, p.y, p.z))
            points = camera.project(transform_points(T, keypoints(Side(foot.side), foot.foot_length)))
            toe, instep = np.round(points[[1, 7]]).astype(int).clip(0, (639, 479))
            assert around[toe[1], toe[0]] and mask[instep[1], instep[0]] == 2
            assert np.ptp(points, axis=0).max() > 100
