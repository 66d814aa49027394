"""The label file: COCO JSON that several windows and processes may change at once, and that no crash can spoil.

Every change is written at once: to a temporary name, synchronised to the disk, renamed. A change names the annotations
it touches. If the file was changed by somebody else meanwhile it is read again first, and the change is refused only
where it touches an annotation that somebody else has changed.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.files import write_file
from arshoe_learning.coco_format import CATEGORY

Annotation = dict[str, Any]
_CAMERA_KEYS = ("fx", "fy", "cx", "cy")


class ConflictError(BadInputError):
    """Somebody else has changed the same foot; theirs is kept."""


@dataclass
class Change:
    """What one step does to the labels of one picture; undone by its inverse.

    Attributes:
        name: of the picture.
        size: its width and height, pixels.
        annotations: id to what it was and what it becomes; None where it is not there. Ids below 0 are new and get
            theirs when written.
        camera: what it was and what it becomes, or None where it stays.
    """

    name: str
    size: tuple[int, int]
    annotations: dict[int, tuple[Annotation | None, Annotation | None]] = field(default_factory=dict)
    camera: tuple[Camera | None, Camera | None] | None = None

    def inverse(self) -> "Change":
        """The change that undoes this one."""
        swapped = {id: (after, before) for id, (before, after) in self.annotations.items()}
        return Change(self.name, self.size, swapped, self.camera and self.camera[::-1])


class LabelFile:
    """The content of a label file.

    Pictures, annotations and fields that it does not know of are kept as they are.
    """

    def __init__(self, path: Path) -> None:
        """Read the file; one that does not exist is made by the first change.

        Raises:
            BadInputError: if it can't be read as COCO keypoints JSON of feet. It is then left as it is.
        """
        self.path = Path(path)
        self._load()

    def _load(self) -> None:
        self._content: dict[str, Any] = {"info": {}, "images": [], "annotations": [], "categories": [CATEGORY]}
        self._signature: tuple | None = None
        self._index()
        self.refresh()

    def refresh(self) -> bool:
        """Read the file again if it has changed on the disk; says whether it had.

        Raises:
            BadInputError: if it can't be read any more.
        """
        signature = _signature(self.path)
        if signature is None or signature == self._signature:
            return False
        self._content, self._signature = _read(self.path), signature
        self._index()
        return True

    def _index(self) -> None:
        self._images = {entry["file_name"]: entry for entry in self._content["images"]}
        self._annotations = {a["id"]: a for a in self._content["annotations"]}
        self._of_image: dict[int, list[int]] = {}
        for a in self._content["annotations"]:
            self._of_image.setdefault(a["image_id"], []).append(a["id"])

    @property
    def names(self) -> list[str]:
        """File names of the pictures in the file."""
        return list(self._images)

    @property
    def info(self) -> dict[str, Any]:
        """A copy of the file's `info`."""
        return dict(self._content["info"])

    def annotations(self, name: str) -> list[Annotation]:
        """The annotations of a picture, in the file's order; none where the picture is not in the file."""
        entry = self._images.get(name)
        return [] if entry is None else [self._annotations[id] for id in self._of_image.get(entry["id"], [])]

    def size(self, name: str) -> tuple[int, int]:
        """Width and height of a picture in the file."""
        return self._images[name]["width"], self._images[name]["height"]

    def camera(self, name: str) -> Camera | None:
        """The camera that the file has for a picture."""
        entry = self._images.get(name)
        if entry is None or entry.get("camera") is None:
            return None
        return Camera(entry["width"], entry["height"], *(float(entry["camera"][key]) for key in _CAMERA_KEYS))

    def set_info(self, key: str, value: Any) -> None:
        """Write a value of the file's `info`."""
        with self._locked():
            self._content["info"][key] = value
            self._write()

    def apply(self, change: Change) -> Change:
        """Make a change and write the file.

        Returns:
            The same change with the ids that new annotations got.

        Raises:
            ConflictError: if somebody else has changed one of these annotations; nothing is written.
            BadInputError: if the file can't be read or written.
        """
        with self._locked():
            for id, (before, _) in change.annotations.items():
                if id > 0 and self._annotations.get(id) != before:
                    raise ConflictError(f"foot {id} of {change.name} was changed in another window; that is kept")
            entry = self._entry(change)
            done = Change(change.name, change.size, {}, change.camera)
            next_id = max(self._annotations, default=0) + 1
            for id, (before, after) in change.annotations.items():
                if id <= 0:
                    id, next_id = next_id, next_id + 1
                if after is not None:
                    after = after | {"id": id, "image_id": entry["id"]}
                self._put(id, after)
                done.annotations[id] = before, after
            self._write()
            self._index()
            return done

    def _entry(self, change: Change) -> dict[str, Any]:
        """The picture's entry, made if there is none, with the change's camera."""
        entry = self._images.get(change.name)
        if entry is None:
            id = max((e["id"] for e in self._content["images"]), default=0) + 1
            entry = {"id": id, "file_name": change.name, "width": change.size[0], "height": change.size[1]}
            self._content["images"].append(entry)
        if change.camera is not None and change.camera[1] is not None:
            camera = change.camera[1]
            entry["camera"] = {key: getattr(as_stored(camera), key) for key in _CAMERA_KEYS}
        return entry

    def _put(self, id: int, annotation: Annotation | None) -> None:
        listed = self._content["annotations"]
        at = next((i for i, a in enumerate(listed) if a["id"] == id), None)
        if annotation is None:
            if at is not None:
                del listed[at]
        elif at is None:
            listed.append(annotation)
        else:
            listed[at] = annotation

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else changes a file in this folder; what they changed before is read."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            folder = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise BadInputError(f"can't write in {str(self.path.parent)!r}: {error.strerror}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self.refresh()
            yield
        finally:
            os.close(folder)

    def _write(self) -> None:
        try:
            write_file(self.path, _text(self._content))
        except BadInputError as error:
            self._load()  # this change is not in the file, so it must not come into it with the next one
            raise BadInputError(f"{error}; nothing is saved") from error
        self._signature = _signature(self.path)


def as_stored(camera: Camera) -> Camera:
    """A camera as it is read back from the file, so that writing it again changes nothing."""
    return Camera(camera.width, camera.height, *(round(getattr(camera, key), 3) for key in _CAMERA_KEYS))


def _text(content: dict[str, Any]) -> str:
    """JSON with each picture and each foot on a line of its own, so that versions compare well."""
    parts = []
    for key, value in content.items():
        lines = isinstance(value, list) and key != "categories"
        text = "[\n" + ",\n".join(map(json.dumps, value)) + "\n]" if lines else json.dumps(value)
        parts.append(f"{json.dumps(key)}: {text}")
    return "{" + ",\n".join(parts) + "}\n"


def _signature(path: Path) -> tuple | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _read(path: Path) -> dict[str, Any]:
    """The content of a label file, checked as far as this module relies on it."""
    try:
        content = json.loads(path.read_text())
        images, annotations = content["images"], content["annotations"]
        ids = {entry["id"] for entry in images}
        if len({entry["file_name"] for entry in images}) < len(images) or len(ids) < len(images):
            raise ValueError("a picture is listed twice")
        if len({a["id"] for a in annotations}) < len(annotations):
            raise ValueError("an annotation's id is used twice")
        if not {a["image_id"] for a in annotations} <= ids:
            raise ValueError("an annotation belongs to no picture")
        names = [c.get("keypoints") for c in content.get("categories", [])]
        if names and CATEGORY["keypoints"] not in names:
            raise ValueError("its category is no foot")
        if not all(isinstance(entry[key], int) for entry in images for key in ("id", "width", "height")):
            raise ValueError("ids, width and height must be whole numbers")
    except OSError as error:
        raise BadInputError(f"labels is {str(path)!r}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInputError(
            f"labels is {str(path)!r}: not COCO keypoints JSON of feet ({error!r}); it is left as it is"
        ) from error
    content.setdefault("info", {})
    content.setdefault("categories", [CATEGORY])
    return content
