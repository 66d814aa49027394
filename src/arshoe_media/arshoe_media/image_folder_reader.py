"""Frames from a folder of pictures."""

from collections.abc import Iterator
from pathlib import Path

import cv2

from arshoe_core.errors import BadInputError
from arshoe_media.frames import Frame

SUFFIXES = (".jpg", ".jpeg", ".png")


class ImageFolderReader:
    """Iterable of a folder's pictures, sorted by name; picture i has the stamp (i + 1) / fps seconds."""

    def __init__(self, folder: str | Path, fps: float = 30.0) -> None:
        """List the folder.

        Raises:
            BadInputError: no such folder, or no pictures in it.
        """
        self.fps = fps
        if not Path(folder).is_dir():
            raise BadInputError(f"image folder {str(folder)!r} does not exist; allowed: a folder of jpg or png files")
        self.files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in SUFFIXES)
        if not self.files:
            raise BadInputError(f"image folder {str(folder)!r} has no pictures; allowed: {', '.join(SUFFIXES)} files")

    def __iter__(self) -> Iterator[Frame]:
        """Read from the start.

        Raises:
            BadInputError: a file that is no picture, or has another size than the first.
        """
        size = None
        for index, path in enumerate(self.files):
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if image is None:
                raise BadInputError(f"{str(path)!r} can't be decoded; allowed: jpg or png files")
            size = size or image.shape
            if image.shape != size:
                raise BadInputError(
                    f"{str(path)!r} is {image.shape[1]}x{image.shape[0]} px; allowed: the size of the first picture, "
                    f"{size[1]}x{size[0]}"
                )
            yield Frame(round((index + 1) * 1e9 / self.fps), image)
