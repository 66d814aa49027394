"""Between the plain types of `arshoe_core.types` and the messages of arshoe_msgs."""

import array

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from arshoe_core import se3
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import NUM_KEYPOINTS, Side
from arshoe_core.types import FootKeypoints, FootPose, NetworkOutput, PoseStatus
from arshoe_msgs import msg as msgs

_DTYPES = {msgs.Tensor.FLOAT16: "<f2", msgs.Tensor.FLOAT32: "<f4", msgs.Tensor.UINT8: "u1"}
_HALVES = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
"""The value of each half: numpy takes four times as long to work them out."""


def stamp_ns(header: Header) -> int:
    """The header's stamp in nanoseconds."""
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def header(stamp: int, frame_id: str) -> Header:
    """A header of a stamp in nanoseconds."""
    result = Header(frame_id=frame_id)
    result.stamp.sec, result.stamp.nanosec = divmod(stamp, 1_000_000_000)
    return result


def tensor_to_msg(name: str, values: np.ndarray) -> msgs.Tensor:
    """A FLOAT16 tensor of a float array of any shape; magnitudes below 6.1e-5 become 0."""
    # Subnormal halves say nothing, and numpy takes 20 times as long to make them.
    values = values * (np.abs(values) >= np.finfo(np.float16).tiny)
    data = array.array("B")  # assigning an ndarray to uint8[] would copy it byte by byte
    data.frombytes(values.astype("<f2").tobytes())
    return msgs.Tensor(name=name, dtype=msgs.Tensor.FLOAT16, shape=list(values.shape), data=data)


def tensor_from_msg(msg: msgs.Tensor) -> np.ndarray:
    """The tensor's values as float32, in its shape.

    Raises:
        BadInputError: unknown dtype, or the data does not fill the shape.
    """
    if msg.dtype not in _DTYPES:
        raise BadInputError(f"tensor {msg.name!r} has dtype {msg.dtype}; allowed: {', '.join(map(str, _DTYPES))}")
    dtype = np.dtype(_DTYPES[msg.dtype])
    shape = tuple(int(n) for n in msg.shape)
    if len(msg.data) != np.prod(shape, dtype=int) * dtype.itemsize:
        raise BadInputError(f"tensor {msg.name!r} has {len(msg.data)} bytes; its shape {shape} of {dtype} needs others")
    values = np.frombuffer(msg.data, dtype).reshape(shape)
    return _HALVES.take(values.view("<u2")) if dtype == "<f2" else values.astype(np.float32)


def network_output_to_msg(output: NetworkOutput, header: Header) -> msgs.NetworkOutput:
    """Maps as float16 tensors."""
    return msgs.NetworkOutput(
        header=header,
        model_id=output.model_id,
        image_height=output.image_height,
        image_width=output.image_width,
        cell_to_image=np.asarray(output.cell_to_image, np.float64).ravel(),
        heatmaps=tensor_to_msg("heatmaps", output.heatmaps),
        pafs=tensor_to_msg("pafs", output.pafs),
        segmentation=tensor_to_msg("segmentation", output.segmentation),
    )


def network_output_from_msg(msg: msgs.NetworkOutput) -> NetworkOutput:
    """The network's maps; raises `BadInputError` as `tensor_from_msg` does."""
    return NetworkOutput(
        heatmaps=tensor_from_msg(msg.heatmaps),
        pafs=tensor_from_msg(msg.pafs),
        segmentation=tensor_from_msg(msg.segmentation),
        cell_to_image=np.array(msg.cell_to_image, np.float64).reshape(2, 3),
        image_width=msg.image_width,
        image_height=msg.image_height,
        model_id=msg.model_id,
    )


def keypoints_to_msg(feet: list[FootKeypoints], header: Header) -> msgs.FootKeypointsArray:
    """All feet of one image."""
    return msgs.FootKeypointsArray(
        header=header,
        feet=[
            msgs.FootKeypoints(
                side=int(foot.side),
                points=np.asarray(foot.points, np.float32).ravel(),
                scores=np.asarray(foot.scores, np.float32),
            )
            for foot in feet
        ],
    )


def keypoints_from_msg(msg: msgs.FootKeypointsArray) -> list[FootKeypoints]:
    """All feet of one image."""
    return [
        FootKeypoints(
            np.array(foot.points, np.float32).reshape(NUM_KEYPOINTS, 2),
            np.array(foot.scores, np.float32),
            Side(foot.side),
        )
        for foot in msg.feet
    ]


def pose_to_msg(pose: FootPose) -> msgs.FootPose:
    """One foot."""
    x, y, z = map(float, pose.T_camera_foot[:3, 3])
    position, orientation = Point(x=x, y=y, z=z), quaternion_to_msg(pose.T_camera_foot[:3, :3])
    return msgs.FootPose(
        side=int(pose.side),
        track_id=int(pose.track_id),
        status=int(pose.status),
        pose=PoseWithCovariance(
            pose=Pose(position=position, orientation=orientation),
            covariance=np.asarray(pose.covariance, np.float64).ravel(),
        ),
        score=float(pose.score),
        reprojection_error=float(pose.reprojection_error),
        foot_length=float(pose.foot_length),
    )


def pose_from_msg(msg: msgs.FootPose) -> FootPose:
    """One foot.

    Raises:
        BadInputError: the quaternion has length 0.
    """
    position, q = msg.pose.pose.position, msg.pose.pose.orientation
    wxyz = np.array([q.w, q.x, q.y, q.z])
    if not np.linalg.norm(wxyz) > 1e-9:
        raise BadInputError(f"foot pose has the quaternion {wxyz.tolist()} (w, x, y, z); allowed: any of length 1")
    return FootPose(
        side=Side(msg.side),
        T_camera_foot=se3.from_rt(se3.rotation(wxyz), (position.x, position.y, position.z)),
        foot_length=msg.foot_length,
        score=msg.score,
        reprojection_error=msg.reprojection_error,
        covariance=np.array(msg.pose.covariance).reshape(6, 6),
        track_id=msg.track_id,
        status=PoseStatus(msg.status),
    )


def poses_to_msg(poses: list[FootPose], header: Header) -> msgs.FootPoseArray:
    """All feet of one image."""
    return msgs.FootPoseArray(header=header, feet=[pose_to_msg(pose) for pose in poses])


def poses_from_msg(msg: msgs.FootPoseArray) -> list[FootPose]:
    """All feet of one image; raises `BadInputError` as `pose_from_msg` does."""
    return [pose_from_msg(foot) for foot in msg.feet]


def quaternion_to_msg(R: np.ndarray) -> Quaternion:
    """The unit quaternion of a rotation matrix (3, 3)."""
    w, x, y, z = map(float, se3.quaternion(R))
    return Quaternion(x=x, y=y, z=z, w=w)


def vector_to_msg(v: np.ndarray) -> Vector3:
    """A Vector3 of three numbers."""
    x, y, z = map(float, v)
    return Vector3(x=x, y=y, z=z)


def camera_to_msg(camera: Camera, header: Header) -> CameraInfo:
    """A CameraInfo with the distortion model plumb_bob."""
    K = camera.K
    return CameraInfo(
        header=header,
        width=camera.width,
        height=camera.height,
        distortion_model="plumb_bob",
        d=camera.distortion_array,
        k=K.ravel(),
        r=np.eye(3).ravel(),
        p=np.hstack([K, np.zeros((3, 1))]).ravel(),
    )


def camera_from_msg(msg: CameraInfo, width: int, height: int) -> Camera | None:
    """The camera for images of width x height pixels; None if the message says that it is not calibrated (K is 0).

    Raises:
        BadInputError: a distortion model other than plumb_bob.
    """
    if not msg.k[0] > 0:
        return None
    camera = Camera.from_calibration(msg.width or width, msg.height or height, msg.k, msg.distortion_model, msg.d)
    return camera if (camera.width, camera.height) == (width, height) else camera.resized(width, height)
