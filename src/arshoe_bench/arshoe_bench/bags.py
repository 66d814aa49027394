"""The demo bag, and bags made for a benchmark from other frames."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from ament_index_python import get_package_share_directory
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from arshoe_core.camera import Camera
from arshoe_media.frames import Frame

JPEG_QUALITY = 80
"""That of the demo bag."""


def demo_bag() -> Path:
    """The bundled bag: 640x480, 30 Hz, two feet."""
    return Path(get_package_share_directory("arshoe")) / "demo" / "wearer_view"


def fill(
    image: np.ndarray, camera: Camera, width: int, height: int, interpolation: int = cv2.INTER_LINEAR
) -> tuple[np.ndarray, Camera]:
    """A picture scaled to fill width x height pixels, and its camera; what sticks out is cut off."""
    scale = max(width / camera.width, height / camera.height)
    camera = camera.resized(round(camera.width * scale), round(camera.height * scale))
    left, top = (camera.width - width) // 2, (camera.height - height) // 2
    image = cv2.resize(image, (camera.width, camera.height), interpolation=interpolation)
    image = np.ascontiguousarray(image[top : top + height, left : left + width])
    return image, Camera(width, height, camera.fx, camera.fy, camera.cx - left, camera.cy - top, camera.distortion)


def resized(frames: Iterable[Frame], width: int, height: int) -> Iterator[Frame]:
    """The frames at another size, as `fill` makes them."""
    for frame in frames:
        camera = frame.camera or Camera.from_fov(frame.image.shape[1], frame.image.shape[0])
        image, camera = fill(frame.image, camera, width, height)
        yield replace(frame, image=image, camera=camera, raw_messages=())


def write(folder: Path, frames: Iterable[Frame]) -> Path:
    """Write frames as a bag of JPEG pictures with CameraInfo; returns `folder`."""
    store = get_typestore(Stores.ROS2_KILTED)
    t = {name.rsplit("/", 1)[1]: kind for name, kind in store.types.items()}
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections: dict[str, object] = {}

        def add(topic: str, msg: object, stamp_ns: int) -> None:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, msg.__msgtype__, typestore=store)
            writer.write(connections[topic], stamp_ns, store.serialize_cdr(msg, msg.__msgtype__))

        for frame in frames:
            camera, stamp_ns = frame.camera, frame.stamp_ns
            header = t["Header"](t["Time"](*divmod(stamp_ns, 1_000_000_000)), frame.frame_id or "camera")
            K = camera.K.astype(np.float64)
            P, roi = np.hstack([K, np.zeros((3, 1))]).ravel(), t["RegionOfInterest"](0, 0, 0, 0, False)
            lens = ("plumb_bob", np.asarray(camera.distortion_array, np.float64), K.ravel(), np.eye(3).ravel(), P)
            info = t["CameraInfo"](header, camera.height, camera.width, *lens, 0, 0, roi)
            picture = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].ravel()
            add("/camera/camera_info", info, stamp_ns)
            add("/camera/image_raw/compressed", t["CompressedImage"](header, "jpeg", picture), stamp_ns)
    return folder
