"""Labelling without a browser: what the page does, as calls. See docs/annotation.md, "Scripting"."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from arshoe_annotate import adjust, fit, masks
from arshoe_annotate.foot_label import FootLabel, from_annotation, to_annotation
from arshoe_annotate.label_file import Change, LabelFile, as_stored
from arshoe_annotate.models import model_mesh
from arshoe_annotate.overlay import ModelRenderer, draw_grid
from arshoe_annotate.pictures import Pictures, open_pictures
from arshoe_core.camera import DEFAULT_HORIZONTAL_FOV, Camera
from arshoe_core.errors import BadInputError, require_range
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_perception import FootEstimator, FootEstimatorConfig, PoseConfig
from arshoe_perception.foot_estimator import FootEstimate

_FOV_KEY = "horizontal_fov_deg"


class Annotator:
    """Pictures, their labels and the means to change them. Every change is saved before the call returns.

    Several annotators, in one process or many, may work on one file. Errors are BadInputError, one line each.
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

    @classmethod
    def open(
        cls,
        source: str,
        labels: str | Path,
        every: int = 1,
        root: str | Path | None = None,
        fov_deg: float | None = None,
    ) -> "Annotator":
        """Open pictures (folder, pattern, bag or video) and a label file, see `open_pictures`."""
        labels = Path(labels)
        return cls(open_pictures(str(source), labels, every, root and Path(root)), labels, fov_deg)

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

    # Help

    def fit(
        self,
        name: str,
        clicks: dict[str, tuple[float, float]],
        side: Side = Side.UNKNOWN,
        foot_length: float = STANDARD_FOOT_LENGTH,
        covering: str = "shoe",
        model: str = "foot",
        id: int = 0,
    ) -> tuple[FootLabel, float]:
        """A foot from clicked keypoints, see `fit.fit_clicks`; it is added, or takes the place of foot `id`.

        Returns:
            The foot and its reprojection error in px RMS.
        """
        others = [label for label in self.feet(name) if label.id != id]
        side, T, error = fit.fit_clicks(clicks, self.camera(name), foot_length, side, others)
        label = FootLabel(side, T, foot_length, covering, model, id)
        return (self.update(name, label) if id else self.add(name, label)), error

    def nudge(
        self,
        name: str,
        id: int,
        right_px: float = 0.0,
        down_px: float = 0.0,
        farther: float = 0.0,
        roll_deg: float = 0.0,
        pitch_deg: float = 0.0,
        yaw_deg: float = 0.0,
        larger: float = 0.0,
    ) -> FootLabel:
        """Move a foot a little.

        Args:
            right_px, down_px: in the picture.
            farther: along the line of sight, as a fraction of its distance.
            roll_deg, pitch_deg, yaw_deg: about the foot's own x (to the toe), y (to the wearer's left), z (up). A
                positive roll lifts its left edge, a positive pitch lowers the toe, a positive yaw turns the toe left.
            larger: growth of the foot's length, as a fraction.
        """
        label = self.foot(name, id)
        for axis, angle in enumerate((roll_deg, pitch_deg, yaw_deg)):
            if angle:
                label = adjust.turned(label, axis, np.deg2rad(angle))
        if larger:
            label = adjust.resized(label, 1 + larger)
        if farther:
            label = adjust.pushed(label, 1 + farther)
        if right_px or down_px:
            label = adjust.moved(label, self.camera(name), right_px, down_px)
        return self.update(name, label)

    def relabel(
        self,
        name: str,
        id: int,
        side: Side | None = None,
        covering: str | None = None,
        model: str | None = None,
        foot_length: float | None = None,
    ) -> FootLabel:
        """Change what a foot is; a new foot length moves it along its line of sight, so that the picture stays."""
        label = self.foot(name, id)
        if model is not None:
            model_mesh(model, label.side)  # refuses unknown ones
        known = {"side": side, "covering": covering, "model": model}
        label = replace(label, **{key: value for key, value in known.items() if value is not None})
        if foot_length is not None:
            label = adjust.with_length(label, foot_length)
        return self.update(name, label)

    def snap_to_floor(self, name: str, id: int, to: int) -> FootLabel:
        """Set a foot on the floor that foot `to` stands on, see `adjust.on_floor`."""
        return self.update(name, adjust.on_floor(self.foot(name, id), self.foot(name, to)))

    @cached_property
    def estimator(self) -> FootEstimator:
        """The network and its pose estimation, loaded when first used."""
        return FootEstimator(FootEstimatorConfig(pose=PoseConfig(max_feet=6)))

    def estimate(self, name: str) -> FootEstimate:
        """What the network sees in a picture."""
        return self.estimator(self.image(name), self.camera(name))

    def propose(self, name: str, max_feet: int = 2, covering: str = "shoe", model: str = "foot") -> list[FootLabel]:
        """Add the feet that the network is most certain of to a picture; returns those added."""
        poses = self.estimate(name).poses[:max_feet]
        return [self.add(name, FootLabel(p.side, p.T_camera_foot, p.foot_length, covering, model)) for p in poses]

    def propagate(self, first: str, last: str) -> list[FootLabel]:
        """Carry the feet of one picture to another by optical flow through those between; replaces the feet there.

        Returns:
            The feet of picture `last`.
        """
        from arshoe_annotate.propagation import propagated

        frames = (self.image(name) for name in self.pictures.between(first, last))
        camera = self.camera(first)
        moved = propagated(self.feet(first), camera, frames)
        if self.camera(last) != camera:
            self._change(last, [], camera=camera)
        self._change(last, [replace(label, id=0) for label in moved])
        return self.feet(last)

    # Looking

    @cached_property
    def renderer(self) -> ModelRenderer:
        """Draws the models, made when first used."""
        return ModelRenderer()

    def overlay(
        self,
        name: str,
        opacity: float = 0.45,
        box: tuple[float, float, float, float] | None = None,
        width: int = 0,
        grid: bool = False,
        mask: bool = False,
    ) -> np.ndarray:
        """The picture with its feet drawn in, (H, W, 3) uint8 BGR; to look at.

        Args:
            opacity: of the models, 0 to 1.
            box: cut out x0, y0, x1, y1 (px); see `box_of`.
            width: enlarge or reduce the result to this many pixels.
            grid: draw lines with the whole picture's pixel numbers, to read positions off.
            mask: tint the mask too.
        """
        picture = self.image(name)
        if mask:
            picture = masks.tinted(picture, self.mask(name))
        picture = self.renderer.draw(picture, self.camera(name), self.feet(name), opacity)
        x0, y0 = 0, 0
        if box is not None:
            x0, y0 = (max(0, int(v)) for v in box[:2])
            picture = picture[y0 : int(box[3]), x0 : int(box[2])].copy()
        scale = width / picture.shape[1] if width else 1.0
        if width:
            size = (width, max(1, round(picture.shape[0] * scale)))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        if grid:
            draw_grid(picture, scale, (x0, y0))
        return picture

    def box_of(self, name: str, id: int, margin: float = 0.5) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 (px) around a foot with a margin in extents of the foot."""
        points = self.camera(name).project(self.foot(name, id).keypoints())
        room = margin * np.ptp(points, axis=0).max()
        return (*(points.min(0) - room), *(points.max(0) + room))

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

    def mask(self, name: str) -> np.ndarray:
        """The saved mask (H, W) uint8 of a picture; else the network's with the fitted models put over it."""
        saved = masks.read(self.mask_file(name))
        return self.model_mask(name) if saved is None else saved

    def model_mask(self, name: str) -> np.ndarray:
        """A mask (H, W) uint8 from the network and the fitted models."""
        estimate = self.estimate(name)
        return masks.combined(self.renderer.labels(self.feet(name), self.camera(name)) > 0, estimate.mask)

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

    def paint(self, name: str, stroke: np.ndarray, radius: float, value: int) -> None:
        """Paint a stroke (N, 2) px into the mask: 2 foot, 1 leg, 0 erases, 255 ignore."""
        self.save_mask(name, masks.painted(self.mask(name), stroke, radius, value))

    def cut_mask(self, name: str) -> None:
        """Move the edges of the mask's feet to the picture's by GrabCut."""
        self.save_mask(name, masks.cut(self.image(name), self.mask(name)))


def _checked_fov(fov_deg: float) -> float:
    require_range("field of view", fov_deg, 5, 150)
    return float(fov_deg)
