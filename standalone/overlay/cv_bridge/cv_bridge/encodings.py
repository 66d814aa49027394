"""The image encodings of sensor_msgs/image_encodings and conversion between them."""

import re
from dataclasses import dataclass

import cv2
import numpy as np


class CvBridgeError(TypeError):
    """An image or encoding that can't be converted."""


@dataclass(frozen=True)
class Encoding:
    """What an encoding's name says.

    Attributes:
        name: as in `Image.encoding`.
        dtype: of one channel.
        channels: how many values a pixel has.
        color: what they mean ("bgr", "gray", "bayer_rggb", …), "" where the name says nothing (e.g. 8UC3).
    """

    name: str
    dtype: np.dtype
    channels: int
    color: str = ""


_DTYPES = {"8U": "u1", "8S": "i1", "16U": "u2", "16S": "i2", "32S": "i4", "32F": "f4", "64F": "f8"}
_CHANNELS = {"mono": 1, "bgr": 3, "rgb": 3, "bgra": 4, "rgba": 4}
_YUV = {"yuv422": "uyvy", "uyvy": "uyvy", "yuv422_yuy2": "yuyv", "yuyv": "yuyv"}

# OpenCV names a Bayer pattern after the second row's second and third pixel: RGGB is its BayerBG.
_TO_BGR = {
    "bgr": None,
    "gray": cv2.COLOR_GRAY2BGR,
    "rgb": cv2.COLOR_RGB2BGR,
    "bgra": cv2.COLOR_BGRA2BGR,
    "rgba": cv2.COLOR_RGBA2BGR,
    "uyvy": cv2.COLOR_YUV2BGR_UYVY,
    "yuyv": cv2.COLOR_YUV2BGR_YUYV,
    "bayer_rggb": cv2.COLOR_BayerBG2BGR,
    "bayer_bggr": cv2.COLOR_BayerRG2BGR,
    "bayer_gbrg": cv2.COLOR_BayerGR2BGR,
    "bayer_grbg": cv2.COLOR_BayerGB2BGR,
}
_FROM_BGR = {
    "bgr": None,
    "gray": cv2.COLOR_BGR2GRAY,
    "rgb": cv2.COLOR_BGR2RGB,
    "bgra": cv2.COLOR_BGR2BGRA,
    "rgba": cv2.COLOR_BGR2RGBA,
}
# One step where two would lose alpha or cost a copy.
_DIRECT = {
    ("rgb", "gray"): cv2.COLOR_RGB2GRAY,
    ("rgb", "bgra"): cv2.COLOR_RGB2BGRA,
    ("rgb", "rgba"): cv2.COLOR_RGB2RGBA,
    ("bgra", "gray"): cv2.COLOR_BGRA2GRAY,
    ("bgra", "rgb"): cv2.COLOR_BGRA2RGB,
    ("bgra", "rgba"): cv2.COLOR_BGRA2RGBA,
    ("rgba", "gray"): cv2.COLOR_RGBA2GRAY,
    ("rgba", "rgb"): cv2.COLOR_RGBA2RGB,
    ("rgba", "bgra"): cv2.COLOR_RGBA2BGRA,
    ("gray", "rgb"): cv2.COLOR_GRAY2RGB,
    ("gray", "rgba"): cv2.COLOR_GRAY2RGBA,
}


def parse_encoding(name: str) -> Encoding:
    """Look up an encoding by its name.

    Raises:
        CvBridgeError: if the name is not one that is supported.
    """
    if match := re.fullmatch(r"(mono|bgr|rgb|bgra|rgba)(8|16)", name):
        color, bits = match.groups()
        return Encoding(name, np.dtype(f"u{int(bits) // 8}"), _CHANNELS[color], "gray" if color == "mono" else color)
    if match := re.fullmatch(r"(bayer_(?:rggb|bggr|gbrg|grbg))(8|16)", name):
        return Encoding(name, np.dtype(f"u{int(match[2]) // 8}"), 1, match[1])
    if name in _YUV:
        return Encoding(name, np.dtype("u1"), 2, _YUV[name])
    if match := re.fullmatch(r"(8U|8S|16U|16S|32S|32F|64F)C([1-9]\d?)?", name):
        return Encoding(name, np.dtype(_DTYPES[match[1]]), int(match[2] or 1))
    raise CvBridgeError(f"Unrecognized image encoding [{name}]")


def generic_name(image: np.ndarray) -> str:
    """The encoding of an array (H, W) or (H, W, C) by its type alone, e.g. "8UC3"."""
    depth = next((k for k, v in _DTYPES.items() if np.dtype(v) == image.dtype.newbyteorder("=")), None)
    if depth is None or image.ndim not in (2, 3):
        raise CvBridgeError(f"no encoding for an array of {image.dtype}, shape {image.shape}")
    return f"{depth}C{1 if image.ndim == 2 else image.shape[2]}"


def convert(image: np.ndarray, source: Encoding, target: Encoding) -> np.ndarray:
    """Convert an image between encodings; unsigned 8 and 16 bit are rescaled, equal encodings are not copied.

    Raises:
        CvBridgeError: if the colours of either are unknown and the conversion would need them.
    """
    if source == target:
        return image
    if source.color and target.color:
        image = _convert_color(image, source, target)
    elif target.color:
        raise CvBridgeError(f"[{source.name}] is not a color format. but [{target.name}] is. No conversion is possible")
    elif source.channels != target.channels:
        raise CvBridgeError(f"[{source.name}] has {source.channels} channels but [{target.name}] {target.channels}")
    if image.dtype == target.dtype:
        return image
    if image.dtype == np.uint8 and target.dtype == np.uint16:
        return image.astype(np.uint16) * np.uint16(257)
    if image.dtype == np.uint16 and target.dtype == np.uint8:
        return cv2.convertScaleAbs(image, alpha=1 / 257)
    return image.astype(target.dtype)


def _convert_color(image: np.ndarray, source: Encoding, target: Encoding) -> np.ndarray:
    if source.color == target.color:
        return image
    if (source.color, target.color) in _DIRECT:
        return cv2.cvtColor(image, _DIRECT[source.color, target.color])
    if target.color not in _FROM_BGR:
        raise CvBridgeError(f"no conversion from [{source.name}] to [{target.name}]")
    for code in (_TO_BGR[source.color], _FROM_BGR[target.color]):
        if code is not None:
            image = cv2.cvtColor(image, code)
    return image
