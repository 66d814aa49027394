"""Pictures and their labels, with undo; every change is saved before the call returns."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from arshoe_annotate import adjust, masks
from arshoe_annotate.foot_label import FootLabel, from_annotation, to_annotation
from arshoe_annotate.label_file import Change, LabelFile, as_stored
from arshoe_annotate.pictures import Pictures
from arshoe_core.camera import DEFAULT_HORIZONTAL_FOV, Camera
from arshoe_core.errors import BadInputError, require_range

_FOV_KEY = "horizontal_fov_deg"


class AnnotationDocument:
    """The pictures to label and what their label file says.

    Several documents, in one process or many, may be on one file. Errors are BadInputError, one line each.
    """

    def __init__(self, pictures: Pictures, labels: Path, fov_deg: float | None = None) -> None:
        """
        Args:
            labels: file to read and write; made by the first change.
            fov_deg: horizontal field of view (across the longer side) of pictures whose camera nobody knows, kept in
                the file; by default the file's, else that of a phone.
        """
        self.pictures = pictures
        self.file = LabelFile(labels)
        self._undo: list[Change | masks.MaskChange] = []
        self._redo: list[Change | masks.MaskChange] = []
        if fov_deg is not None:
            self._default_fov = _checked_fov(fov_deg)
        else:
            self._default_fov = float(self.file.info.get(_FOV_KEY, np.rad2deg(DEFAULT_HORIZONTAL_FOV)))

    @property
    def names(self) -> list[str]:
        """The pictures to label."""
        return self.pictures.names

    def image(self, name: str) -> np.ndarray:
        """A picture (H, W, 3) uint8 BGR."""
        return self.pictures.image(name)

    def camera(self, name: str) -> Camera:
        """A picture's camera: the label file's, else the bag's or EXIF's, else by the field of view."""
        known = self.file.camera(name) or self.pictures.camera(name)
        return as_stored(known or Camera.from_fov(*self.pictures.size(name), np.deg2rad(self._default_fov)))

    def fov_deg(self, name: str) -> float:
        """The field of view across the longer side of a picture, degrees."""
        camera = self.camera(name)
        return float(np.rad2deg(2 * np.arctan(max(camera.width, camera.height) / 2 / camera.fx)))

    def set_fov(self, name: str, fov_deg: float) -> None:
        """Say a picture's field of view; its feet keep their place in the picture, and later pictures take it over."""
        old = self.camera(name)
        new = as_stored(Camera.from_fov(old.width, old.height, np.deg2rad(_checked_fov(fov_deg))))
        self._change(name, [adjust.refocused(label, old, new) for label in self.feet(name)], camera=new)
        self._default_fov = fov_deg
        self.file.set_info(_FOV_KEY, fov_deg)

    def feet(self, name: str) -> list[FootLabel]:
        """The labelled feet of a picture that have a pose."""
        labels = [from_annotation(a) for a in self.file.annotations(name)]
        return [label for label in labels if label is not None]

    def foot(self, name: str, id: int) -> FootLabel:
        """One foot of a picture."""
        for label in self.feet(name):
            if label.id == id:
                return label
        ids = ", ".join(str(label.id) for label in self.feet(name))
        raise BadInputError(f"foot is {id}; allowed in {name}: {ids or 'there is none'}")

    # Changes

    def add(self, name: str, label: FootLabel) -> FootLabel:
        """Add a foot; returns it with its id."""
        before = {old.id for old in self.feet(name)}
        self._change(name, [*self.feet(name), replace(label, id=0)])
        return next(new for new in self.feet(name) if new.id not in before)

    def update(self, name: str, label: FootLabel) -> FootLabel:
        """Put a changed foot in the place of the one with its id."""
        self.foot(name, label.id)
        self._change(name, [label if old.id == label.id else old for old in self.feet(name)])
        return label

    def remove(self, name: str, id: int) -> None:
        """Take a foot away."""
        self.foot(name, id)
        self._change(name, [label for label in self.feet(name) if label.id != id])

    def set_feet(self, name: str, feet: list[FootLabel]) -> list[FootLabel]:
        """Replace all feet of a picture; those with the id of one of its feet change it, others are new."""
        self._change(name, feet)
        return self.feet(name)

    def undo(self) -> str | None:
        """Take back the last change; returns the picture it was on, None where there is nothing to take back."""
        return self._step(self._undo, self._redo)

    def redo(self) -> str | None:
        """Do again what was taken back; returns the picture it is on, None where there is nothing."""
        return self._step(self._redo, self._undo)

    def _step(self, source: list, target: list) -> str | None:
        if not source:
            return None
        change = source.pop().inverse()
        target.append(change.apply() if isinstance(change, masks.MaskChange) else self.file.apply(change))
        return change.name

    def _change(self, name: str, feet: list[FootLabel], camera: Camera | None = None) -> None:
        """Write a picture's feet and camera. What is hidden depends on all feet, so all labels are made anew."""
        known = self.camera(name)
        used = camera or known
        old = {a["id"]: a for a in self.file.annotations(name) if from_annotation(a) is not None}
        new = {}
        for number, label in enumerate(feet):
            id = label.id if label.id in old else -number
            before = old.get(id, {})
            # Labels by other tools may know the keypoints better than the model does: they stay until the foot moves.
            if before and "model" not in before and camera is None and label.is_same(from_annotation(before)):
                new[id] = before
            else:
                new[id] = before | to_annotation(label, used, [other for other in feet if other is not label])
        steps = {id: (old.get(id), new.get(id)) for id in {**old, **new}}
        steps = {id: step for id, step in steps.items() if step[0] != step[1]}
        change = Change(name, (used.width, used.height), steps, (known, used))
        if steps or camera is not None:
            self._undo.append(self.file.apply(change))
            self._redo.clear()

    # Masks

    def mask_file(self, name: str) -> Path:
        """Where the mask of a picture is kept: `masks/<stem>.png` beside the label file.

        Raises:
            BadInputError: if another picture has the same stem.
        """
        stem = Path(name).stem
        same = {other for other in {*self.pictures.all_names, *self.file.names} if Path(other).stem == stem} - {name}
        if same:
            raise BadInputError(f"{name} and {min(same)} would share the mask {stem}.png; give one another name")
        return self.file.path.parent / "masks" / f"{stem}.png"

    def save_mask(self, name: str, mask: np.ndarray) -> None:
        """Write a picture's mask; undone like any other change.

        Raises:
            BadInputError: if it has another size than the picture or other values than 0, 1, 2, 255.
        """
        width, height = self.pictures.size(name)
        if mask.shape != (height, width) or mask.dtype != np.uint8:
            raise BadInputError(f"mask is {mask.shape} {mask.dtype}; allowed: ({height}, {width}) uint8")
        if not np.isin(mask, list(masks.VALUES.values())).all():
            raise BadInputError(f"mask has the values {np.unique(mask)[:8]}; allowed: {masks.VALUES}")
        file = self.mask_file(name)
        before = file.read_bytes() if file.exists() else None
        change = masks.MaskChange(name, file, before, cv2.imencode(".png", mask)[1].tobytes())
        self._undo.append(change.apply())
        self._redo.clear()


def _checked_fov(fov_deg: float) -> float:
    require_range("field of view", fov_deg, 5, 150)
    return float(fov_deg)
