"""The class CvBridge."""

import array
import sys

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from cv_bridge.encodings import CvBridgeError, convert, generic_name, parse_encoding

__all__ = ["CvBridge", "CvBridgeError"]


class CvBridge:
    """Converts between sensor_msgs and OpenCV images, with the calls and defaults of ROS's cv_bridge."""

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> np.ndarray:
        """Convert an image message to an array (H, W) or (H, W, C).

        The array shares the message's memory where no conversion is needed.

        Args:
            img_msg: an Image with any supported encoding, step and byte order.
            desired_encoding: encoding of the result; "passthrough" keeps the message's.

        Raises:
            CvBridgeError: unsupported encoding or conversion, or data shorter than the size says.
        """
        source = parse_encoding(img_msg.encoding)
        dtype = source.dtype.newbyteorder(">" if img_msg.is_bigendian else "<")
        pixel = source.channels * dtype.itemsize
        height, width = img_msg.height, img_msg.width
        if img_msg.step < width * pixel or len(img_msg.data) < img_msg.step * height:
            raise CvBridgeError(
                f"{width}x{height} {img_msg.encoding} needs {width * pixel} bytes a row and {height} rows; "
                f"step is {img_msg.step}, data has {len(img_msg.data)} bytes"
            )
        shape, strides = (height, width), (img_msg.step, pixel)
        if source.channels > 1:
            shape, strides = (*shape, source.channels), (*strides, dtype.itemsize)
        image = np.ndarray(shape, dtype, buffer=img_msg.data, strides=strides)
        if not dtype.isnative:
            image = image.astype(source.dtype)
        if desired_encoding in ("passthrough", ""):
            return image
        return convert(image, source, parse_encoding(desired_encoding))

    def cv2_to_imgmsg(self, cvim: np.ndarray, encoding: str = "passthrough", header=None) -> Image:
        """Convert an array (H, W) or (H, W, C) to an image message.

        Args:
            cvim: the image.
            encoding: what the array holds; "passthrough" names it by its type, e.g. 8UC3.
            header: std_msgs/Header for the message, or None for an empty one.

        Raises:
            CvBridgeError: if the array does not fit the encoding.
        """
        if not isinstance(cvim, np.ndarray):
            raise CvBridgeError(f"image is a {type(cvim).__name__}; allowed: numpy.ndarray")
        actual = parse_encoding(generic_name(cvim))
        name = actual.name if encoding == "passthrough" else encoding
        wanted = parse_encoding(name)
        if (wanted.dtype, wanted.channels) != (actual.dtype, actual.channels):
            raise CvBridgeError(f"encoding specified as {name}, but image has incompatible type {actual.name}")
        msg = Image(height=cvim.shape[0], width=cvim.shape[1], encoding=name)
        if header is not None:
            msg.header = header
        msg.is_bigendian = cvim.dtype.byteorder == ">" or (cvim.dtype.byteorder == "=" and sys.byteorder == "big")
        msg.step = cvim.shape[1] * actual.channels * cvim.dtype.itemsize
        msg.data = _bytes_array(cvim)
        return msg

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = "passthrough"
    ) -> np.ndarray:
        """Decode a compressed image (jpeg, png, …) to an array, BGR unless `desired_encoding` says otherwise.

        Raises:
            CvBridgeError: if the data can't be decoded or converted.
        """
        data = np.frombuffer(cmprs_img_msg.data, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
        if image is None:
            raise CvBridgeError(f"compressed image of {data.size} bytes, format {cmprs_img_msg.format!r}: no picture")
        if desired_encoding in ("passthrough", ""):
            return image
        channels = 1 if image.ndim == 2 else image.shape[2]
        color = {1: "mono", 3: "bgr", 4: "bgra"}[channels]
        source = parse_encoding(f"{color}{image.dtype.itemsize * 8}")
        return convert(image, source, parse_encoding(desired_encoding))

    def cv2_to_compressed_imgmsg(self, cvim: np.ndarray, dst_format: str = "jpg") -> CompressedImage:
        """Encode an array as cv2.imencode does, e.g. with `dst_format` "jpg" or "png".

        Raises:
            CvBridgeError: if OpenCV can't write the array in this format.
        """
        try:
            ok, data = cv2.imencode(f".{dst_format}", cvim)
        except cv2.error as error:
            raise CvBridgeError(f"can't write {generic_name(cvim)} as {dst_format!r}: {error.err}") from error
        if not ok:
            raise CvBridgeError(f"can't write {generic_name(cvim)} as {dst_format!r}")
        msg = CompressedImage(format=dst_format)
        msg.data = _bytes_array(data)
        return msg


def _bytes_array(image: np.ndarray) -> array.array:
    # The only fast way into a message: its setter takes an array.array as it is, and checks anything else
    # value by value.
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(image).data.cast("B"))
    return data
