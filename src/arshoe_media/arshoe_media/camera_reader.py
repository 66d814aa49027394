"""Frames from a camera of this machine."""

import time
from collections.abc import Iterator

import cv2

from arshoe_core.errors import BadInputError
from arshoe_media.frames import Frame


class CameraReader:
    """Iterable of a camera's frames as they come, stamped with the wall clock."""

    def __init__(self, camera: str, fps: float = 0.0) -> None:
        """Open the camera.

        Args:
            camera: number (0 is the first) or device such as /dev/video0.
            fps: frames per second to ask the camera for; 0 leaves it.

        Raises:
            BadInputError: there is no such camera or it gives no pictures.
        """
        self._name = camera
        self._capture = cv2.VideoCapture(int(camera) if camera.isdigit() else camera)
        if fps:
            self._capture.set(cv2.CAP_PROP_FPS, fps)
        if not (self._capture.isOpened() and self._capture.grab()):
            self._capture.release()
            raise BadInputError(f"camera {camera!r} gives no pictures; allowed: a number (0 is the first) or a device")

    def __iter__(self) -> Iterator[Frame]:
        """Grab until stopped.

        Raises:
            BadInputError: the camera has gone.
        """
        try:
            while True:
                ok, image = self._capture.read()
                if not ok:
                    raise BadInputError(f"camera {self._name!r} gives no more pictures; is it still plugged in?")
                yield Frame(time.time_ns(), image)
        finally:
            self._capture.release()
