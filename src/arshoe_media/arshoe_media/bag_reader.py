"""Frames from a ROS 2 bag (sqlite3 or MCAP; a folder or a single file), without ROS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.typesys import Stores, get_typestore

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_media.frames import Frame, RawMessage

RAW, COMPRESSED, CAMERA_INFO = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/CameraInfo"
GROUND_TRUTH = "/ground_truth/"

# Encoding of a raw image: channels, and how OpenCV makes it BGR.
_ENCODINGS = {
    "bgr8": (3, None),
    "rgb8": (3, cv2.COLOR_RGB2BGR),
    "bgra8": (4, cv2.COLOR_BGRA2BGR),
    "rgba8": (4, cv2.COLOR_RGBA2BGR),
    "mono8": (1, cv2.COLOR_GRAY2BGR),
    "yuv422_yuy2": (2, cv2.COLOR_YUV2BGR_YUY2),
    "yuv422": (2, cv2.COLOR_YUV2BGR_UYVY),
    # OpenCV names a Bayer pattern by the second row's second and third pixel, ROS by the first row's.
    "bayer_rggb8": (1, cv2.COLOR_BayerBG2BGR),
    "bayer_bggr8": (1, cv2.COLOR_BayerRG2BGR),
    "bayer_gbrg8": (1, cv2.COLOR_BayerGR2BGR),
    "bayer_grbg8": (1, cv2.COLOR_BayerGB2BGR),
}


class BagReader:
    """Iterable of the frames of one image topic, with the messages on /ground_truth/ topics beside them.

    Attributes:
        image_topic: the topic used.
        raw_topics: type name of each /ground_truth/ topic.
    """

    def __init__(self, path: str | Path, image_topic: str = "") -> None:
        """Open the bag and find its topics.

        Args:
            path: folder with metadata.yaml, or a single .mcap or .db3 file.
            image_topic: which image topic to read; empty takes a colour image topic, uncompressed if there is one.

        Raises:
            BadInputError: no such bag, not readable, or without images.
        """
        self.path = Path(path)
        with self._open() as reader:
            images = [c for c in reader.connections if c.msgtype in (RAW, COMPRESSED) and c.msgcount]
            images = [c for c in images if not c.topic.startswith(GROUND_TRUTH)]
            topics = sorted({c.topic for c in images}, key=_unlikeliness)
            if not topics:
                raise BadInputError(
                    f"bag {str(path)!r} has no images; allowed: a bag with a topic of {RAW} or {COMPRESSED} "
                    f"(it has {', '.join(sorted({c.topic for c in reader.connections})) or 'no topics'})"
                )
            if image_topic and image_topic not in topics:
                raise BadInputError(f"bag {str(path)!r} has no images on {image_topic!r}; allowed: {', '.join(topics)}")
            self.image_topic = image_topic or topics[0]
            self.raw_topics = {c.topic: c.msgtype for c in reader.connections if c.topic.startswith(GROUND_TRUTH)}
            infos = {c.topic for c in reader.connections if c.msgtype == CAMERA_INFO}
        beside = self.image_topic.removesuffix("/compressed").rsplit("/", 1)[0] + "/camera_info"
        self._info_topic = beside if beside in infos else (infos.pop() if len(infos) == 1 else "")

    def __iter__(self) -> Iterator[Frame]:
        """Read from the start.

        Raises:
            BadInputError: damaged data, or an encoding that can't be read.
        """
        with self._open() as reader:
            try:
                yield from self._frames(reader)
            except BadInputError:
                raise
            except _DAMAGED as error:
                raise BadInputError(f"bag {str(self.path)!r} is damaged: {error}") from None

    def _frames(self, reader: AnyReader) -> Iterator[Frame]:
        camera = self._first_camera(reader)
        wanted = [
            c for c in reader.connections
            if c.topic in (self.image_topic, self._info_topic) or c.topic.startswith(GROUND_TRUTH)
        ]  # fmt: skip
        picture, beside = None, []  # a picture waits for what is recorded after it at the same time
        for connection, log_time_ns, data in reader.messages(wanted):
            if connection.topic.startswith(GROUND_TRUTH):
                beside.append(RawMessage(connection.topic, connection.msgtype, bytes(data)))
                continue
            msg = reader.deserialize(data, connection.msgtype)
            if connection.topic == self._info_topic:
                camera = _camera(msg) or camera
                continue
            if picture is not None:
                yield Frame(*picture, tuple(beside))
                beside = []
            picture = (_stamp_ns(msg) or log_time_ns, _decode(msg), camera, msg.header.frame_id)
        if picture is not None:
            yield Frame(*picture, tuple(beside))

    def _first_camera(self, reader: AnyReader) -> Camera | None:
        infos = [c for c in reader.connections if c.topic == self._info_topic]
        for connection, _, data in reader.messages(infos) if infos else ():
            return _camera(reader.deserialize(data, connection.msgtype))
        return None

    @contextmanager
    def _open(self) -> Iterator[AnyReader]:
        if not self.path.exists():
            raise BadInputError(f"bag {str(self.path)!r} does not exist; allowed: a bag's folder, .mcap or .db3 file")
        try:
            reader = AnyReader([self.path], default_typestore=get_typestore(Stores.ROS2_KILTED))
            reader.open()
        except _DAMAGED as error:
            raise BadInputError(
                f"bag {str(self.path)!r} can't be read: {error}; allowed: a ROS 2 bag's folder, .mcap or .db3 file"
            ) from None
        try:
            yield reader
        finally:
            reader.close()


# rosbags lets the errors of the layers below through when a file is cut or overwritten.
_DAMAGED = (AnyReaderError, OSError, ValueError, KeyError, IndexError, EOFError, AssertionError, TypeError)


def _unlikeliness(topic: str) -> tuple:
    odd = any(word in topic for word in ("depth", "infra", "mask", "debug", "tryon", "confidence"))
    return (odd, topic.endswith("compressed"), topic)


def _stamp_ns(msg: Any) -> int:
    return msg.header.stamp.sec * 1_000_000_000 + msg.header.stamp.nanosec


def _camera(msg: Any) -> Camera | None:
    if not (msg.k[0] > 0 and msg.width and msg.height):
        return None
    return Camera.from_calibration(msg.width, msg.height, msg.k, msg.distortion_model, msg.d)


def _decode(msg: Any) -> np.ndarray:
    if msg.__msgtype__ == COMPRESSED:
        image = cv2.imdecode(msg.data, cv2.IMREAD_COLOR)
        if image is None:
            raise BadInputError(f"a compressed image ({msg.format!r}) can't be decoded; allowed: jpeg, png")
        return image
    if msg.encoding not in _ENCODINGS:
        raise BadInputError(f"image encoding is {msg.encoding!r}; allowed: {', '.join(_ENCODINGS)}")
    channels, code = _ENCODINGS[msg.encoding]
    rows = msg.data.reshape(msg.height, msg.step)[:, : msg.width * channels]
    image = rows.reshape(msg.height, msg.width, channels)
    return np.ascontiguousarray(image) if code is None else cv2.cvtColor(image, code)
