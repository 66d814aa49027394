"""Picture files, with a clear error where there are none."""

from pathlib import Path

import cv2
import numpy as np

from arshoe_core.errors import BadInputError


def pictures_in(folder: Path, name: str) -> list[Path]:
    """All .jpg and .png files below a folder, sorted; `name` is what the error calls the folder.

    Raises:
        BadInputError: if there are none.
    """
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise BadInputError(f"{name} is {str(folder)!r}: no pictures (.jpg, .png) there")
    return found


def read_picture(file: Path, flags: int = cv2.IMREAD_COLOR, name: str = "picture") -> np.ndarray:
    """A picture as OpenCV reads it; `name` is what the error calls it.

    Raises:
        BadInputError: if it is missing or not a picture.
    """
    picture = cv2.imread(str(file), flags)
    if picture is None:
        raise BadInputError(f"{name} is {str(file)!r}: missing or not a picture")
    return picture
