"""Frames from a video file."""

from collections.abc import Iterator
from pathlib import Path

import cv2

from arshoe_core.errors import BadInputError
from arshoe_media.frames import Frame


class VideoReader:
    """Iterable of a video's frames; frame i has the stamp (i + 1) / fps seconds (a stamp of 0 means none in ROS)."""

    def __init__(self, path: str | Path, fps: float = 0.0) -> None:
        """Open the video.

        Args:
            fps: frames per second for the stamps; 0 takes the video's own.

        Raises:
            BadInputError: no such file, or it is no video.
        """
        self.path = Path(path)
        if not self.path.is_file():
            raise BadInputError(f"video {str(path)!r} does not exist; allowed: a video file such as .mp4")
        capture = self._open()
        self.fps = fps or capture.get(cv2.CAP_PROP_FPS) or 30.0
        capture.release()

    def __iter__(self) -> Iterator[Frame]:
        capture = self._open()
        try:
            index = 0
            while True:
                ok, image = capture.read()
                if not ok:
                    return
                index += 1
                yield Frame(round(index * 1e9 / self.fps), image)
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        if not (capture.isOpened() and capture.grab()):
            raise BadInputError(f"video {str(self.path)!r} can't be decoded; allowed: a video file such as .mp4")
        capture.release()
        return cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
