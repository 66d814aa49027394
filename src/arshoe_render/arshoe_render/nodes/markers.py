"""What RViz shows of one frame: a shoe, the keypoints' limbs and a label per foot, and the camera's field of view."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from geometry_msgs.msg import Point, TransformStamped
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from arshoe_core import foot
from arshoe_core.camera import Camera
from arshoe_core.types import FootPose, PoseStatus
from arshoe_render.overlay import SIDE_COLORS
from arshoe_render.shoe import Shoe, bundled_shoes, load_shoe, save_shoe
from arshoe_ros import conversions

VIEW_FRAME = "arshoe_view"
"""The camera's frame with x forward, y left, z up (REP-103): a name and a direction RViz can count on."""
_R_CAMERA_VIEW = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])
_FRUSTUM_DEPTH = 0.3
_PREDICTED_ALPHA = 0.35


@dataclass(frozen=True)
class ShoeResource:
    """A shoe, and where RViz finds its mesh: in the foot frame, metres, for one foot."""

    shoe: Shoe
    uri: str


def shoe_resource(name_or_path: str, folder: Path) -> ShoeResource:
    """Find the mesh of a shoe.

    RViz reads GLB (since Humble) with assimp as it is, which suits the bundled ones: they are in the foot frame. Any
    other is written to `folder` as it sits on the foot, and only RViz on the same machine finds it.

    Raises:
        BadInputError: no such shoe, or the file can't be used.
    """
    shoe = load_shoe(name_or_path)
    if name_or_path in bundled_shoes():
        return ShoeResource(shoe, f"package://arshoe_render/shoes/{name_or_path}.glb")
    path = folder.resolve() / f"{shoe.name}.glb"
    save_shoe(path, shoe, license="")
    return ShoeResource(shoe, path.as_uri())


def frame_markers(
    poses: list[FootPose], header: Header, resource: ShoeResource | None = None, camera: Camera | None = None
) -> list[Marker]:
    """All markers of a frame, in the frame of its header. A foot keeps its markers' number while it is tracked.

    Args:
        resource: the shoe to show; None shows none.
        camera: for its field of view; None shows none.
    """
    markers = [] if camera is None else [frustum(camera, header)]
    for index, pose in enumerate(poses):
        number = pose.track_id or -1 - index
        markers += [limbs(pose, number, header), label(pose, number, header)]
        if resource is not None:
            markers.append(shoe(pose, number, header, resource))
    return markers


class MarkerBoard:
    """Remembers which markers stand in RViz, and takes away those of feet that have gone."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, int]] = set()

    def replace(self, markers: list[Marker], header: Header) -> MarkerArray:
        """The message that leaves just these markers standing."""
        new = {(marker.ns, marker.id) for marker in markers}
        gone = [Marker(header=header, ns=ns, id=i, action=Marker.DELETE) for ns, i in sorted(self._shown - new)]
        self._shown = new
        return MarkerArray(markers=gone + markers)

    def clear(self, header: Header) -> MarkerArray:
        """The message that takes away everything, that of earlier runs too."""
        self._shown = set()
        return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])


def shoe(pose: FootPose, number: int, header: Header, resource: ShoeResource) -> Marker:
    """The shoe's mesh on the foot, in its side's colour; the other foot's is mirrored by a negative scale."""
    marker = _on_foot(pose, number, header, "shoe", Marker.MESH_RESOURCE)
    marker.mesh_resource = resource.uri
    scale = np.diag(resource.shoe.T_foot_model(pose.side, pose.foot_length))
    marker.scale = conversions.vector_to_msg(scale[:3])
    return marker


def limbs(pose: FootPose, number: int, header: Header) -> Marker:
    """The foot model's limbs, 5 mm wide."""
    marker = _on_foot(pose, number, header, "foot", Marker.LINE_LIST)
    marker.scale.x = 0.005
    points = foot.keypoints(pose.side, pose.foot_length)
    marker.points = [_point(points[k]) for limb in foot.LIMBS for k in limb]
    return marker


def label(pose: FootPose, number: int, header: Header) -> Marker:
    """The side and the track's number, 3 cm high, above the instep."""
    marker = _on_foot(pose, number, header, "label", Marker.TEXT_VIEW_FACING)
    marker.scale.z = 0.03
    above = pose.T_camera_foot @ [pose.foot_length / 2, 0.0, pose.foot_length / 2, 1.0]
    marker.pose.position = _point(above[:3])
    marker.text = f"{pose.side.name.lower()} {pose.track_id}"
    return marker


def frustum(camera: Camera, header: Header) -> Marker:
    """What the camera sees, 0.3 m deep: lines from its centre to the image's corners, without lens distortion."""
    x, y = camera.width - 0.5, camera.height - 0.5
    pixels = np.array([[-0.5, -0.5], [x, -0.5], [x, y], [-0.5, y]])
    rays = (pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    corners = _FRUSTUM_DEPTH * np.column_stack([rays, np.ones(4)])
    marker = Marker(header=header, ns="camera", id=0, type=Marker.LINE_LIST, action=Marker.ADD)
    marker.pose.orientation.w = 1.0
    marker.scale.x = 0.003
    marker.color.r = marker.color.g = marker.color.b = marker.color.a = 0.8
    around = zip(corners, np.roll(corners, -1, 0), strict=True)
    marker.points = [_point(p) for start, end in around for p in (np.zeros(3), start, start, end)]
    return marker


def view_transform(header: Header) -> TransformStamped:
    """The header's optical frame <- `VIEW_FRAME`."""
    transform = TransformStamped(header=header, child_frame_id=VIEW_FRAME)
    transform.transform.rotation = conversions.quaternion_to_msg(_R_CAMERA_VIEW)
    return transform


def _on_foot(pose: FootPose, number: int, header: Header, namespace: str, kind: int) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number, type=kind, action=Marker.ADD)
    marker.pose = conversions.pose_to_msg(pose).pose.pose
    blue, green, red = SIDE_COLORS[pose.side]
    marker.color.r, marker.color.g, marker.color.b = red / 255, green / 255, blue / 255
    marker.color.a = _PREDICTED_ALPHA if pose.status == PoseStatus.PREDICTED else 1.0
    return marker


def _point(p: np.ndarray) -> Point:
    return Point(x=float(p[0]), y=float(p[1]), z=float(p[2]))
