"""The overlay's CvBridge against OpenCV's own conversions."""

import array

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

cv_bridge = pytest.importorskip("cv_bridge")
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

BRIDGE = cv_bridge.CvBridge()
ENCODINGS = {"mono8": (1, "u1"), "bgr8": (3, "u1"), "rgb8": (3, "u1"), "bgra8": (4, "u1"), "rgba8": (4, "u1")}
ENCODINGS |= {"mono16": (1, "u2"), "bgr16": (3, "u2"), "16UC1": (1, "u2"), "32FC1": (1, "f4"), "8UC3": (3, "u1")}


def picture(channels: int, dtype: str = "u1", seed: int = 0) -> np.ndarray:
    shape = (6, 8) if channels == 1 else (6, 8, channels)
    return (np.random.default_rng(seed).random(shape) * 250).astype(dtype)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_there_and_back(encoding):
    image = picture(*ENCODINGS[encoding])
    msg = BRIDGE.cv2_to_imgmsg(image, encoding, Header(frame_id="camera"))
    assert (msg.encoding, msg.width, msg.height, msg.header.frame_id) == (encoding, 8, 6, "camera")
    assert isinstance(msg.data, array.array)
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(msg), image)


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["mono8", "bgr8"]), st.integers(0, 9))
def test_reads_padded_rows(height, width, encoding, padding):
    channels = ENCODINGS[encoding][0]
    rows = np.random.default_rng(0).integers(0, 256, (height, width * channels + padding), np.uint8)
    msg = Image(height=height, width=width, encoding=encoding, step=rows.shape[1])
    msg.data = rows.tobytes()
    expected = rows[:, : width * channels].reshape((height, width, channels) if channels > 1 else (height, width))
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(msg), expected)


def test_reads_without_a_copy_and_writes_views():
    image = picture(3)
    msg = BRIDGE.cv2_to_imgmsg(image[:, ::2], "bgr8")
    view = BRIDGE.imgmsg_to_cv2(msg, "bgr8")
    view[0, 0] = (1, 2, 3)
    assert list(msg.data[:3]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("rgb8", "bgr8", cv2.COLOR_RGB2BGR),
        ("bgr8", "mono8", cv2.COLOR_BGR2GRAY),
        ("mono8", "bgr8", cv2.COLOR_GRAY2BGR),
        ("rgba8", "bgr8", cv2.COLOR_RGBA2BGR),
        ("bgra8", "rgba8", cv2.COLOR_BGRA2RGBA),
        ("yuv422", "bgr8", cv2.COLOR_YUV2BGR_UYVY),
        ("yuv422_yuy2", "bgr8", cv2.COLOR_YUV2BGR_YUYV),
        ("bayer_rggb8", "bgr8", cv2.COLOR_BayerBG2BGR),
        ("bayer_grbg8", "bgr8", cv2.COLOR_BayerGB2BGR),
    ],
)
def test_converts_like_opencv(source, target, code):
    channels = {"yuv": 2, "bay": 1}.get(source[:3]) or ENCODINGS[source][0]
    image = picture(channels)
    msg = BRIDGE.cv2_to_imgmsg(image, source)
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(msg, target), cv2.cvtColor(image, code))


def test_bayer_pattern_is_that_of_its_name():
    red = np.zeros((8, 8), np.uint8)
    red[::2, ::2] = 200  # RGGB: red stands at even rows and columns
    converted = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(red, "bayer_rggb8"), "bgr8")[4, 4]
    assert converted[2] > 150 and converted[0] < 50


def test_depths_are_rescaled():
    image = np.array([[0, 128, 255]], np.uint8)
    wide = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(image, "mono8"), "mono16")
    np.testing.assert_array_equal(wide, [[0, 128 * 257, 65535]])
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(wide, "mono16"), "mono8"), image)


def test_big_endian():
    msg = Image(height=1, width=2, encoding="16UC1", step=4, is_bigendian=1, data=[1, 2, 3, 4])
    image = BRIDGE.imgmsg_to_cv2(msg)
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image, [[0x0102, 0x0304]])


@pytest.mark.parametrize(
    ("encoding", "desired", "size"),
    [("jpeg", "passthrough", 24), ("8UC3", "mono8", 24), ("bgr8", "nonsense", 24), ("bgr8", "bgr8", 10)],
)
def test_bad_images_are_errors(encoding, desired, size):
    msg = Image(height=2, width=4, encoding=encoding, step=12, data=bytes(size))
    with pytest.raises(cv_bridge.CvBridgeError):
        BRIDGE.imgmsg_to_cv2(msg, desired)


def test_wrong_encoding_for_an_array_is_an_error():
    with pytest.raises(cv_bridge.CvBridgeError, match="8UC1"):
        BRIDGE.cv2_to_imgmsg(picture(1), "bgr8")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_there_and_back(channels):
    image = picture(channels)
    msg = BRIDGE.cv2_to_compressed_imgmsg(image, "png")
    assert msg.format == "png"
    np.testing.assert_array_equal(BRIDGE.compressed_imgmsg_to_cv2(msg), image)
    assert BRIDGE.compressed_imgmsg_to_cv2(msg, "bgr8").shape == (6, 8, 3)


def test_data_that_is_no_picture_is_an_error():
    for data in (b"", b"no picture"):
        with pytest.raises(cv_bridge.CvBridgeError, match="no picture"):
            BRIDGE.compressed_imgmsg_to_cv2(CompressedImage(format="jpeg", data=data))
