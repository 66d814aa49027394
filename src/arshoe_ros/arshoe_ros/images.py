"""Images between messages and arrays, by cv_bridge."""

import numpy as np
from cv_bridge import CvBridge, CvBridgeError
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from arshoe_core.errors import BadInputError

ENCODINGS = (
    "bgr8", "rgb8", "mono8", "bgra8", "rgba8", "yuv422", "yuv422_yuy2",
    "bayer_rggb8", "bayer_bggr8", "bayer_gbrg8", "bayer_grbg8",
)  # fmt: skip
"""Encodings of an image topic that the nodes take."""

_bridge = CvBridge()


def to_bgr(msg: Image) -> np.ndarray:
    """The picture (H, W, 3), BGR uint8; for bgr8 it shares the message's memory.

    Raises:
        BadInputError: the encoding is not one of `ENCODINGS`, or the data is too short for the size.
    """
    if msg.encoding not in ENCODINGS:
        raise BadInputError(f"image encoding is {msg.encoding!r}; allowed: {', '.join(ENCODINGS)}")
    return _to_array(msg, "bgr8")


def to_mask(msg: Image) -> np.ndarray:
    """The mask (H, W), uint8 of values `arshoe_core.types.MASK_...`; shares the message's memory.

    Raises:
        BadInputError: the encoding is not mono8, or the data is too short for the size.
    """
    if msg.encoding not in ("mono8", "8UC1"):
        raise BadInputError(f"mask encoding is {msg.encoding!r}; allowed: mono8")
    return _to_array(msg, msg.encoding)


def image_message(image: np.ndarray, encoding: str, header: Header) -> Image:
    """An Image message of a bgr8 (H, W, 3) or mono8 (H, W) uint8 array, with the header given."""
    return _bridge.cv2_to_imgmsg(image, encoding, header)


def compressed_message(image: np.ndarray, header: Header) -> CompressedImage:
    """A JPEG CompressedImage message of a BGR uint8 array (H, W, 3), with the header given."""
    msg = _bridge.cv2_to_compressed_imgmsg(image, dst_format="jpg")
    msg.header = header
    return msg


def _to_array(msg: Image, encoding: str) -> np.ndarray:
    wanted = "passthrough" if msg.encoding == encoding else encoding  # passthrough makes no copy
    try:
        return _bridge.imgmsg_to_cv2(msg, wanted)
    except (CvBridgeError, TypeError, ValueError) as error:
        raise BadInputError(
            f"image of {msg.width}x{msg.height} {msg.encoding}, step {msg.step}, {len(msg.data)} bytes "
            f"can't be read: {error}"
        ) from None
