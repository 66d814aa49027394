"""The pictures to label: a folder, a pattern, one file, or the frames of a bag or a video."""

import glob
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.files import write_file
from arshoe_media.image_folder_reader import SUFFIXES
from arshoe_media.source import SourceConfig, open_input

logger = logging.getLogger(__name__)

_EXIF_IFD, _EXIF_ORIENTATION, _EXIF_FOCAL_LENGTH_35MM = 0x8769, 0x0112, 0xA405
_DIAGONAL_35MM = 43.27
"""Diagonal of the 36 x 24 mm picture that equivalent focal lengths refer to."""


@dataclass(frozen=True)
class Pictures:
    """Pictures by name, read when asked for.

    Attributes:
        root: the folder that names are relative to.
        names: those to label, sorted.
        all_names: with those between them, which optical flow goes through.
        known_camera: of all of them, where the bag has one.
    """

    root: Path
    names: list[str]
    all_names: list[str] = field(default_factory=list)
    known_camera: Camera | None = None

    def image(self, name: str) -> np.ndarray:
        """A picture (H, W, 3) uint8 BGR, turned upright.

        Raises:
            BadInputError: if it can't be read.
        """
        image = cv2.imread(str(self.root / name), cv2.IMREAD_COLOR)
        if image is None:
            raise BadInputError(f"picture is {str(self.root / name)!r}: missing or not a picture")
        return image

    def size(self, name: str) -> tuple[int, int]:
        """Width and height of a picture, from its header.

        Raises:
            BadInputError: if it can't be read.
        """
        return _header(self.root / name)[0]

    def camera(self, name: str) -> Camera | None:
        """The camera by the bag's CameraInfo or the picture's EXIF focal length; None if neither says."""
        if self.known_camera is not None:
            return self.known_camera
        (width, height), focal_35mm = _header(self.root / name)
        if not focal_35mm > 0:
            return None
        focal = focal_35mm / _DIAGONAL_35MM * np.hypot(width, height)
        return Camera(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)

    def between(self, first: str, last: str) -> list[str]:
        """The names from `first` to `last`, both included, in either direction."""
        i, j = self.all_names.index(first), self.all_names.index(last)
        return self.all_names[i : j + 1] if i <= j else self.all_names[j : i + 1][::-1]


def open_pictures(source: str, labels: Path, every: int = 1, root: Path | None = None) -> Pictures:
    """Find the pictures; folders are only listed, not read.

    Args:
        source: folder, file or pattern (with * or ?) of jpg or png pictures, bag (folder, .mcap, .db3) or video.
        labels: the label file; frames of a bag or video are written to `images/` beside it.
        every: label only every so many pictures.
        root: names are relative to this folder; by default the pictures' own.

    Raises:
        BadInputError: if there are none.
    """
    path, camera = Path(source), None
    if path.suffix in (".mcap", ".db3") or (path / "metadata.yaml").exists():
        files, camera = _extract(SourceConfig(bag=source), path, labels.parent / "images", every)
    elif path.is_file() and path.suffix.lower() not in SUFFIXES:
        files, camera = _extract(SourceConfig(video=source), path, labels.parent / "images", every)
    elif path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES]
    else:
        files = [Path(file) for file in glob.glob(source, recursive=True) if Path(file).suffix.lower() in SUFFIXES]
    if not files:
        raise BadInputError(f"pictures is {source!r}: no {', '.join(SUFFIXES)} files, bag or video there")
    root = (root or _common_folder(files)).absolute()
    try:
        names = sorted(file.absolute().relative_to(root).as_posix() for file in files)
    except ValueError:
        raise BadInputError(f"root is {str(root)!r}; allowed: a folder that holds all pictures of {source!r}") from None
    extracted = files[0].parent == labels.parent / "images"
    return Pictures(root, names if extracted else names[::every], names, camera)


def _common_folder(files: list[Path]) -> Path:
    folder = files[0].parent
    while not all(file.is_relative_to(folder) for file in files):
        folder = folder.parent
    return folder


def _header(path: Path) -> tuple[tuple[int, int], float]:
    """Upright width and height, and the 35 mm equivalent focal length, 0 where unknown."""
    try:
        with Image.open(path) as image:
            exif = image.getexif()
            width, height = image.size
    except (OSError, UnidentifiedImageError) as error:
        raise BadInputError(f"picture is {str(path)!r}: missing or not a picture") from error
    if exif.get(_EXIF_ORIENTATION, 1) in (5, 6, 7, 8):
        width, height = height, width
    focal = exif.get_ifd(_EXIF_IFD).get(_EXIF_FOCAL_LENGTH_35MM, 0)
    return (width, height), float(focal)


def _extract(config: SourceConfig, source: Path, folder: Path, every: int) -> tuple[list[Path], Camera | None]:
    """Write the frames of a bag or a video, undistorted, as pictures; frames written before are kept as they are."""
    listing = folder / f"{source.stem}.json"
    if listing.exists():
        known = json.loads(listing.read_text())
        if known["source"] == str(source.absolute()) and known["every"] == every:
            camera = known["camera"] and Camera(**known["camera"])
            return [folder / name for name in known["frames"]], camera
    names, camera = [], None
    for index, frame in enumerate(open_input(config)):
        if index % every:
            continue
        image, camera = frame.image, frame.camera or camera
        if camera is not None and camera.distortion:
            image = cv2.undistort(image, camera.K, camera.distortion_array)
        names.append(f"{source.stem}_{index:06d}.jpg")
        if not (folder / names[-1]).exists():
            encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
            write_file(folder / names[-1], encoded.tobytes())
    pinhole = camera and {key: getattr(camera, key) for key in ("width", "height", "fx", "fy", "cx", "cy")}
    known = {"source": str(source.absolute()), "every": every, "frames": names, "camera": pinhole}
    write_file(listing, json.dumps(known))
    logger.info("wrote %d frames of %s to %s", len(names), source, folder)
    return [folder / name for name in names], pinhole and Camera(**pinhole)
