"""Round trips between plain types and messages, through the wire format."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.types import FootKeypoints, FootPose, NetworkOutput, PoseStatus
from arshoe_ros import conversions

HEADER = conversions.header(12_345_678_901, "camera")
seeds = st.integers(0, 2**32 - 1)


def wire(msg):
    """The message as it arrives."""
    return deserialize_message(serialize_message(msg), type(msg))


def test_header_keeps_its_nanoseconds():
    assert conversions.stamp_ns(HEADER) == 12_345_678_901
    assert (HEADER.stamp.sec, HEADER.stamp.nanosec) == (12, 345_678_901)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_network_output(seed):
    random = np.random.default_rng(seed)
    output = NetworkOutput(
        *(random.normal(size=(channels, 64, 64)).astype(np.float32) for channels in (8, 14, 2)),
        random.normal(size=(2, 3)), 640, 480, "model-1",
    )  # fmt: skip
    back = conversions.network_output_from_msg(wire(conversions.network_output_to_msg(output, HEADER)))
    for name in ("heatmaps", "pafs", "segmentation"):
        np.testing.assert_allclose(getattr(back, name), getattr(output, name), rtol=1e-3, atol=6.2e-5)
        assert getattr(back, name).dtype == np.float32
    np.testing.assert_array_equal(back.cell_to_image, output.cell_to_image)
    assert (back.image_width, back.image_height, back.model_id) == (640, 480, "model-1")


@given(seeds, st.sampled_from([Side.LEFT, Side.RIGHT]), st.sampled_from(PoseStatus), st.floats(0.1, 0.4))
@settings(max_examples=50, deadline=None)
def test_poses(seed, side, status, length):
    random = np.random.default_rng(seed)
    pose = FootPose(
        side, se3.from_rt(se3.rotation(random.normal(size=4)), random.normal(size=3)), length, 0.5, 1.5,
        random.normal(size=(6, 6)), 7, status,
    )  # fmt: skip
    (back,) = conversions.poses_from_msg(wire(conversions.poses_to_msg([pose], HEADER)))
    np.testing.assert_allclose(back.T_camera_foot, pose.T_camera_foot, atol=1e-9)
    np.testing.assert_array_equal(back.covariance, pose.covariance)
    assert (back.side, back.status, back.track_id) == (side, status, 7)
    assert back.foot_length == pytest.approx(length)
    assert (back.score, back.reprojection_error) == (0.5, 1.5)


def test_keypoints_keep_what_is_missing():
    foot = FootKeypoints(np.full((8, 2), np.nan, np.float32), np.linspace(0, 1, 8, dtype=np.float32), Side.RIGHT)
    foot.points[3] = 10.5, 20.25
    (back,) = conversions.keypoints_from_msg(wire(conversions.keypoints_to_msg([foot], HEADER)))
    np.testing.assert_array_equal(back.points, foot.points)
    np.testing.assert_array_equal(back.scores, foot.scores)
    assert back.side == Side.RIGHT


def test_every_normal_half_comes_back_exactly():
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    normal = halves[np.abs(halves) >= np.finfo(np.float16).tiny].reshape(2, -1)  # infinities too
    back = conversions.tensor_from_msg(wire(conversions.tensor_to_msg("pafs", normal)))
    np.testing.assert_array_equal(back, normal)
    assert back.dtype == np.float32


def test_a_tensor_that_does_not_fill_its_shape_is_refused():
    msg = conversions.tensor_to_msg("pafs", np.zeros((2, 3)))
    msg.shape = [2, 4]
    with pytest.raises(BadInputError, match="pafs"):
        conversions.tensor_from_msg(msg)


@pytest.mark.parametrize("distortion", [(), (0.1, -0.2, 0.001, 0.002, 0.05)])
def test_camera(distortion):
    camera = Camera(640, 480, 500.0, 510.0, 320.5, 240.5, distortion)
    assert conversions.camera_from_msg(wire(conversions.camera_to_msg(camera, HEADER)), 640, 480) == camera


def test_camera_is_scaled_to_the_image():
    msg = conversions.camera_to_msg(Camera(640, 480, 500.0, 500.0, 319.5, 239.5), HEADER)
    camera = conversions.camera_from_msg(msg, 320, 240)
    assert (camera.width, camera.fx, camera.cx) == (320, 250.0, 159.5)


def test_an_uncalibrated_camera_is_none():
    assert conversions.camera_from_msg(CameraInfo(width=640, height=480), 640, 480) is None


def test_an_unknown_lens_is_refused():
    msg = conversions.camera_to_msg(Camera.from_fov(640, 480), HEADER)
    msg.distortion_model, msg.d = "rational_polynomial", [0.1] * 8
    with pytest.raises(BadInputError, match="rational_polynomial"):
        conversions.camera_from_msg(msg, 640, 480)
