import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from arshoe_core.errors import BadInputError
from arshoe_ros import images

pytest.importorskip("cv_bridge", reason="cv_bridge is not installed here")
PICTURE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def test_bgr_shares_memory():
    msg = images.image_message(PICTURE, "bgr8", Header(frame_id="camera"))
    picture = images.to_bgr(msg)
    np.testing.assert_array_equal(picture, PICTURE)
    assert np.shares_memory(picture, np.frombuffer(msg.data, np.uint8))
    assert msg.header.frame_id == "camera"


def test_other_encodings_become_bgr():
    rgb = images.image_message(np.ascontiguousarray(PICTURE[..., ::-1]), "rgb8", Header())
    np.testing.assert_array_equal(images.to_bgr(rgb), PICTURE)
    grey = images.image_message(PICTURE[..., 0].copy(), "mono8", Header())
    np.testing.assert_array_equal(images.to_bgr(grey), np.repeat(PICTURE[..., :1], 3, 2))


def test_rows_may_be_padded():
    padded = np.zeros((4, 24), np.uint8)
    padded[:, :18] = PICTURE.reshape(4, 18)
    msg = Image(height=4, width=6, step=24, encoding="bgr8")
    msg.data.frombytes(padded.tobytes())
    np.testing.assert_array_equal(images.to_bgr(msg), PICTURE)


def test_unsupported_encodings_are_named():
    with pytest.raises(BadInputError, match=r"32FC1.*bgr8"):
        images.to_bgr(Image(height=1, width=1, step=4, encoding="32FC1", data=bytes(4)))
    with pytest.raises(BadInputError, match=r"bgr8.*mono8"):
        images.to_mask(images.image_message(PICTURE, "bgr8", Header()))


def test_too_little_data_is_refused():
    with pytest.raises(BadInputError, match="6x4"):
        images.to_bgr(Image(height=4, width=6, step=18, encoding="bgr8", data=bytes(10)))
