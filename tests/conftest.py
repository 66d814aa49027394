"""What tests of several packages share."""

from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]

FOOT_POSITION = (0.0, 0.05, 0.6)
FOOT_ORIENTATION = (0.67082039, -0.67082039, 0.2236068, 0.2236068)
"""A left foot seen by its wearer, 0.6 m in front of the camera: x, y, z (m) and quaternion x, y, z, w."""


@pytest.fixture(scope="session")
def write_bag():
    """A function that writes a bag of noise pictures with one true foot pose each, without ROS."""
    rosbag2 = pytest.importorskip("rosbags.rosbag2")
    return lambda *args, **kwargs: _write_bag(rosbag2, *args, **kwargs)


def _write_bag(
    rosbag2,
    path: Path,
    frames: int = 12,
    size: tuple[int, int] = (320, 240),
    storage: str = "mcap",
    encoding: str = "bgr8",
    compressed: bool = False,
    camera_info: bool = True,
) -> Path:
    import cv2

    store = _typestore()
    t = {name.rsplit("/", 1)[1]: store.types[name] for name in store.types}
    width, height = size
    noise = np.random.default_rng(0)
    plugin = {"mcap": rosbag2.StoragePlugin.MCAP, "sqlite3": rosbag2.StoragePlugin.SQLITE3}[storage]
    with rosbag2.Writer(path, version=9, storage_plugin=plugin) as writer:

        def write(topic: str, msg: object, stamp: int) -> None:
            known = [c for c in writer.connections if c.topic == topic]
            connection = known[0] if known else writer.add_connection(topic, msg.__msgtype__, typestore=store)
            writer.write(connection, stamp, store.serialize_cdr(msg, msg.__msgtype__))

        for i in range(frames):
            stamp = 1_000_000_000_000 + i * 33_333_333
            header = t["Header"](stamp=t["Time"](*divmod(stamp, 1_000_000_000)), frame_id="camera")
            picture = noise.integers(0, 255, (height, width, 3), np.uint8)
            if camera_info:
                write("/camera/camera_info", _camera_info(t, header, width, height), stamp)
            if compressed:
                data = cv2.imencode(".png", picture)[1].ravel()
                write("/camera/image_raw/compressed", t["CompressedImage"](header, "png", data), stamp)
            else:
                data = picture if encoding.endswith("8") else np.zeros((height, width, 3), np.uint8)
                write(
                    "/camera/image_raw", t["Image"](header, height, width, encoding, 0, 3 * width, data.ravel()), stamp
                )
            write("/ground_truth/poses", t["FootPoseArray"](header, [_foot(t)]), stamp)
    return path


def _typestore():
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_KILTED)
    for name in ("FootPose", "FootPoseArray"):
        text = (ROOT / f"src/arshoe_msgs/msg/{name}.msg").read_text()
        store.register(get_types_from_msg(text, f"arshoe_msgs/msg/{name}"))
    return store


def _camera_info(t: dict, header: object, width: int, height: int) -> object:
    k = np.array([300.0, 0, width / 2, 0, 300, height / 2, 0, 0, 1])
    p = np.zeros(12)
    p[[0, 2, 5, 6, 10]] = k[[0, 2, 4, 5, 8]]
    roi = t["RegionOfInterest"](0, 0, 0, 0, False)
    return t["CameraInfo"](header, height, width, "plumb_bob", np.zeros(5), k, np.eye(3).ravel(), p, 0, 0, roi)


def _foot(t: dict) -> object:
    pose = t["Pose"](t["Point"](*FOOT_POSITION), t["Quaternion"](*FOOT_ORIENTATION))
    pose = t["PoseWithCovariance"](pose, np.zeros(36))
    return t["FootPose"](1, 0, 0, pose, 1.0, 0.5, 0.26)
