"""Draws a session in a browser: the picture far behind, the feet before it, seen by a camera in the origin.

The world is the picture's camera frame. Zooming and panning change the field of view and the direction of the viewer's
camera but never its place, so that the feet stay where they are in the picture.
"""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import viser

from arshoe_annotate.foot_label import FootLabel, visibility
from arshoe_annotate.models import model_mesh
from arshoe_annotate.session import Session
from arshoe_core import foot, se3
from arshoe_core.camera import Camera
from arshoe_core.foot import KEYPOINT_NAMES, STANDARD_FOOT_LENGTH, Side

FAR = 30.0
"""Distance of the picture, metres."""
_MAX_TEXTURE = 4096
_COLORS = {Side.LEFT: (60, 200, 60), Side.RIGHT: (255, 120, 60)}
_SELECTED_POINT, _HIDDEN_POINT = (255, 255, 0), (120, 120, 120)


class Scene:
    """The 3D part of one window."""

    def __init__(self, client: viser.ClientHandle, session: Session) -> None:
        self._client, self._session = client, session
        self.opacity = 0.5
        self.on_foot_clicked = lambda id: None
        self.on_gizmo = lambda T: None
        self.on_picture_drag = lambda event: None
        self._feet: dict[int, tuple] = {}
        self._gizmo: viser.TransformControlsHandle | None = None
        self._gizmo_foot: FootLabel | None = None
        client.scene.set_up_direction("-y")
        client.scene.configure_default_lights(True, cast_shadow=False)

    @property
    def camera(self) -> Camera:
        """Of the picture."""
        return self._session.annotator.camera(self._session.name)

    def show_picture(self, image_bgr: np.ndarray) -> None:
        """Show another picture, or another version of it."""
        camera = self.camera
        scale = min(1.0, _MAX_TEXTURE / max(image_bgr.shape[:2]))
        if scale < 1:
            image_bgr = cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        middle = self._ray(np.array([(camera.width - 1) / 2, (camera.height - 1) / 2]), camera)
        picture = self._client.scene.add_image(
            "/picture",
            image_bgr[..., ::-1],
            camera.width / camera.fx * FAR,
            camera.height / camera.fy * FAR,
            format="jpeg",
            jpeg_quality=92,
            position=middle * FAR,
        )
        # Bound buttons do not turn the viewer's camera.
        for button in ("left", "middle", "right"):
            picture.on_drag(button)(self._drag)

    async def _drag(self, event: viser.SceneNodeDragEvent) -> None:
        self.on_picture_drag(event)

    def show_view(self) -> None:
        """Point the viewer's camera at the part of the picture that the session looks at."""
        session, camera, viewer = self._session, self.camera, self._client.camera
        ahead = self._ray(session.centre, camera)
        ahead /= np.linalg.norm(ahead)
        # A pixel off the axis fills a smaller angle; the slopes are those of the view's half width and height.
        half = np.array([camera.width, camera.height]) / 2 / session.zoom
        slopes = half / (camera.fx, camera.fy) * ahead[2]
        with self._client.atomic():
            viewer.max_orbit_distance = 1e4
            viewer.min_orbit_distance = 0.01
            viewer.up_direction = (0.0, -1.0, 0.0)
            viewer.position = (0.0, 0.0, 0.0)
            viewer.look_at = tuple(ahead)
            viewer.fov = 2 * np.arctan(max(slopes[1], slopes[0] / viewer.aspect) * 1.02)
            viewer.min_orbit_distance = 0.999
            viewer.max_orbit_distance = 1.001

    def pixel(self, ray: np.ndarray) -> np.ndarray:
        """The picture's pixel (2,) on a ray (3,) from the origin."""
        return self.camera.project(np.asarray(ray, np.float64))

    @staticmethod
    def _ray(pixel: np.ndarray, camera: Camera) -> np.ndarray:
        return np.array([(pixel[0] - camera.cx) / camera.fx, (pixel[1] - camera.cy) / camera.fy, 1.0])

    def show_feet(self) -> None:
        """Draw the feet, the clicks and the gizmo as the session has them."""
        feet = self._session.feet()
        with self._client.atomic():
            for id in set(self._feet) - {label.id for label in feet}:
                self._client.scene.remove_by_name(f"/foot_{id}")
                del self._feet[id]
            for label in feet:
                self._show_foot(label, [other for other in feet if other is not label])
            selected = next((label for label in feet if label.id == self._session.selected), None)
            self._show_gizmo(selected if self._session.clicks is None else None)  # it would take the clicks
            self._show_clicks()

    def _show_foot(self, label: FootLabel, others: list[FootLabel]) -> None:
        scene, name, is_selected = self._client.scene, f"/foot_{label.id}", label.id == self._session.selected
        scale = label.foot_length / STANDARD_FOOT_LENGTH
        wxyz, position = se3.quaternion(label.T_camera_foot[:3, :3]), label.T_camera_foot[:3, 3]
        look = (label.model, label.side, self.opacity, is_selected)
        if label.id not in self._feet or self._feet[label.id] != look:
            scene.add_frame(name, show_axes=False)
            mesh = scene.add_mesh_simple(
                f"{name}/model",
                *model_mesh(label.model, label.side),
                color=_COLORS[label.side],
                opacity=self.opacity,
                cast_shadow=False,
                receive_shadow=False,
                material="toon5",
            )
            if not is_selected:  # a clickable model would be in the gizmo's way
                mesh.on_click(self._foot_clicked(label.id))
            self._feet[label.id] = look
        frame = scene.get_handle_by_name(name)
        frame.wxyz, frame.position = wxyz, position
        scene.get_handle_by_name(f"{name}/model").scale = scale
        scene.add_line_segments(
            f"{name}/outline",
            outline(label),
            _COLORS[label.side] if is_selected else (200, 200, 200),
            thickness=2.0 if is_selected else 1.0,
            thickness_units="screen",
        )
        seen = visibility(label, self.camera, others)
        colors = np.array([_COLORS[label.side] if v == 2 else _HIDDEN_POINT for v in seen], np.uint8)
        points = foot.keypoints(label.side, label.foot_length)
        scene.add_point_cloud(
            f"{name}/keypoints", points, colors, point_size=0.006 * scale, point_shape="circle", precision="float32"
        )
        for number in range(len(points)):
            scene.add_label(f"{name}/keypoint_{number}", str(number), position=points[number], visible=is_selected)

    def _foot_clicked(self, id: int) -> Callable:
        async def callback(_: viser.SceneNodePointerEvent) -> None:
            self.on_foot_clicked(id)

        return callback

    def _show_gizmo(self, label: FootLabel | None) -> None:
        self._gizmo_foot = label
        if label is None:
            if self._gizmo is not None:
                self._gizmo.visible = False
            return
        if self._gizmo is None:
            self._gizmo = self._client.scene.add_transform_controls("/gizmo", depth_test=False, opacity=0.7)
            self._gizmo.on_update(self._gizmo_moved)
        T = label.T_camera_foot @ _T_foot_gizmo(label)
        self._gizmo.scale = 0.6 * label.foot_length
        self._gizmo.wxyz, self._gizmo.position = se3.quaternion(T[:3, :3]), T[:3, 3]
        self._gizmo.visible = True

    async def _gizmo_moved(self, event: viser.TransformControlsEvent) -> None:
        label = self._gizmo_foot
        if label is None or event.phase == "start":
            return
        T_camera_gizmo = se3.from_rt(se3.rotation(np.array(event.target.wxyz)), event.target.position)
        T = T_camera_gizmo @ se3.inverse(_T_foot_gizmo(label))
        frame = self._client.scene.get_handle_by_name(f"/foot_{label.id}")
        if frame is not None:
            frame.wxyz, frame.position = se3.quaternion(T[:3, :3]), T[:3, 3]
        if event.phase == "end":
            self.on_gizmo(T)

    def _show_clicks(self) -> None:
        clicks, scene = self._session.clicks or {}, self._client.scene
        for number, name in enumerate(KEYPOINT_NAMES):
            if name in clicks:
                at = self._ray(np.array(clicks[name]), self.camera) * FAR * 0.98
                scene.add_label(f"/click_{number}", f"+{number}", position=at, anchor="center-center")
            elif scene.get_handle_by_name(f"/click_{number}") is not None:
                scene.remove_by_name(f"/click_{number}")


def _T_foot_gizmo(label: FootLabel) -> np.ndarray:
    """The gizmo stands in the middle of the keypoints, along the foot's axes."""
    return se3.from_rt(np.eye(3), foot.keypoints(label.side, label.foot_length).mean(0))


def outline(label: FootLabel) -> np.ndarray:
    """The model's contour seen from the camera, (N, 2, 3) segments in the foot frame, metres.

    These are the edges between a face turned to the camera and one turned away.
    """
    vertices, edges, edge_faces, normals, centres = _edges(label.model, label.side)
    scale = label.foot_length / STANDARD_FOOT_LENGTH
    eye = se3.inverse(label.T_camera_foot)[:3, 3] / scale
    towards = ((eye - centres) * normals).sum(1) > 0
    on_contour = towards[edge_faces[:, 0]] != towards[edge_faces[:, 1]]
    return (vertices[edges[on_contour]] * scale).astype(np.float32)


@cache
def _edges(model: str, side: Side) -> tuple[np.ndarray, ...]:
    """Of a model: vertices, edges (E, 2) between two faces, those faces (E, 2), the faces' normals and centres."""
    vertices, faces = model_mesh(model, side)
    _, first, inverse = np.unique(np.round(vertices, 6), axis=0, return_index=True, return_inverse=True)
    faces = first[inverse.reshape(-1)][faces]  # vertices doubled at texture seams are one
    corners = vertices[faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
    owner = np.tile(np.arange(len(faces)), 3)
    order = np.lexsort(pairs.T[::-1])
    pairs, owner = pairs[order], owner[order]
    same = (pairs[1:] == pairs[:-1]).all(1)
    edge_faces = np.stack([owner[:-1][same], owner[1:][same]], 1)
    return vertices, pairs[:-1][same], edge_faces, normals, corners.mean(1)
