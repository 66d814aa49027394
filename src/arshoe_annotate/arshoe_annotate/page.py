"""The page in the browser, by viser. Each window (client) has a session of its own on the same label file."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import viser

from arshoe_annotate import masks
from arshoe_annotate.annotator import Annotator
from arshoe_annotate.keys import KEYS
from arshoe_annotate.panel import Panel
from arshoe_annotate.pictures import Pictures
from arshoe_annotate.scene import Scene
from arshoe_annotate.session import Session
from arshoe_core.errors import BadInputError

logger = logging.getLogger(__name__)


class Page:
    """Serves the tool until `stop`.

    Attributes:
        port: where.
        last_name: picture that was shown last, in any window; a new window goes on there.
    """

    def __init__(self, pictures: Pictures, labels: Path, port: int = 8080, fov_deg: float | None = None) -> None:
        """Start serving.

        Args:
            port: the first one to try; a taken one is passed over.

        Raises:
            BadInputError: if the label file can't be read.
        """
        Annotator(pictures, labels, fov_deg)  # what is wrong with the file is said here, not in the browser
        self.last_name = ""
        self.server = viser.ViserServer(host="127.0.0.1", port=port, label="ARShoe annotate", verbose=False)
        self.port = self.server.get_port()
        self.server.scene.world_axes.visible = False

        self._windows: dict[int, Window] = {}

        @self.server.on_client_connect
        def _(client: viser.ClientHandle) -> None:
            session = Session(Annotator(pictures, labels, fov_deg), self.last_name)
            self._windows[client.client_id] = Window(client, session, self._shown)

        @self.server.on_client_disconnect
        def _(client: viser.ClientHandle) -> None:
            window = self._windows.pop(client.client_id, None)
            if window is not None:
                window.close()

    def _shown(self, name: str) -> None:
        self.last_name = name

    def stop(self) -> None:
        """Stop serving; everything is saved already."""
        self.server.stop()


class Window:
    """One window: hands keys, clicks and drags to the session and shows what came of them.

    Events arrive on the server's event loop. All work is done in one thread, in their order.
    """

    def __init__(self, client: viser.ClientHandle, session: Session, on_shown: Callable[[str], None]) -> None:
        self._client, self._session, self._on_shown = client, session, on_shown
        self._worker = ThreadPoolExecutor(1, "window")
        self._shown: tuple = ()
        self._canvas = 0.0
        self._drag_from: np.ndarray | None = None
        self._stroke: list[np.ndarray] = []
        self._scene = Scene(client, session)
        self._scene.on_foot_clicked = lambda id: session.clicks is None and self.run(lambda: session.select(id))
        self._scene.on_gizmo = lambda T: self.run(lambda: session.place(T))
        self._scene.on_picture_drag = self._drag
        self._panel = Panel(client, session, self.run, self._set_opacity)
        for key in KEYS:
            command = client.gui.add_command(key.label, hotkey=key.key, modifier=key.modifier)
            command.on_trigger(self._trigger(key.action))
        client.scene.on_click()(self._clicked)
        client.camera.on_update(self._camera_moved)
        self.run(lambda: None)

    def run(self, action: Callable[[], object]) -> None:
        """Do something to the session, then show its state; an error is shown and changes nothing."""
        self._worker.submit(self._do, action)

    def close(self) -> None:
        """Finish what was begun; nothing more is taken."""
        self._worker.shutdown(wait=False)

    def _trigger(self, action: Callable[[Session], None]) -> Callable:
        async def callback(_: viser.CommandEvent) -> None:
            self.run(lambda: action(self._session))

        return callback

    def _do(self, action: Callable[[], object]) -> None:
        message = ""
        try:
            result = action()
            if isinstance(result, float):
                message = f"reprojection error {result:.1f} px"
        except BadInputError as error:
            message = f"⚠ {error}"
            self._client.add_notification("Not done", str(error), color="red", auto_close_seconds=6)
        except Exception:
            logger.exception("an action failed")
            message = "⚠ internal error, see the terminal"
        try:
            self._show(message)
        except Exception:
            logger.exception("the page can't be drawn")

    def _show(self, message: str) -> None:
        session = self._session
        try:
            mask = session.annotator.mask(session.name) if session.shows_mask else None
            # What the picture shows changes seldom and is large: it is sent only then.
            shown = (session.name, session.annotator.camera(session.name), mask is not None and mask.tobytes())
            if shown != self._shown:
                image = session.annotator.image(session.name)
                self._scene.show_picture(image if mask is None else masks.tinted(image, mask))
                self._shown = shown
            self._scene.show_feet()
            self._scene.show_view()
        except BadInputError as error:
            message = f"⚠ {error}"
        self._panel.update(message)
        self._on_shown(session.name)

    def _set_opacity(self, opacity: float) -> None:
        self._scene.opacity = opacity
        self.run(lambda: None)

    async def _clicked(self, event: viser.SceneClickEvent) -> None:
        if self._session.clicks is not None:
            self.run(lambda: self._session.click(self._scene.pixel(event.ray_direction)))

    async def _camera_moved(self, camera: viser.CameraHandle) -> None:
        """Fit the view to a resized window, and take back what the viewer's own keys did to its camera."""
        if camera.aspect != self._canvas or np.linalg.norm(camera.position) > 1e-3:
            self._canvas = camera.aspect
            self._worker.submit(self._scene.show_view)

    def _drag(self, event: viser.SceneNodeDragEvent) -> None:
        """Dragging on the picture moves the view, or paints the mask."""
        at = np.array(event.end_screen_pos)
        if self._panel.brush is not None:
            self._stroke.append(at)
            if event.phase == "end":
                stroke, self._stroke = np.array([self._screen_to_pixel(at) for at in self._stroke]), []
                self.run(lambda: self._session.paint(stroke, *self._panel.brush))
            return
        if event.phase != "start" and self._drag_from is not None:
            self._session.pan(self._screen_to_pixel(self._drag_from) - self._screen_to_pixel(at))
            self._worker.submit(self._scene.show_view)
        self._drag_from = None if event.phase == "end" else at

    def _screen_to_pixel(self, at: np.ndarray) -> np.ndarray:
        """The picture's pixel at a place on the screen, x and y from 0 to 1."""
        camera = self._client.camera
        half = np.tan(camera.fov / 2)
        ray = np.array([(2 * at[0] - 1) * half * camera.aspect, (2 * at[1] - 1) * half, 1.0])
        return self._scene.pixel(viser.transforms.SO3(camera.wxyz).apply(ray))
