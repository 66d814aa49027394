"""Labelling without a browser: what the page does, as calls. See docs/annotation.md, "Scripting"."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from arshoe_annotate import adjust, fit, masks
from arshoe_annotate.document import AnnotationDocument
from arshoe_annotate.foot_label import FootLabel
from arshoe_annotate.models import model_mesh
from arshoe_annotate.overlay import ModelRenderer, draw_grid
from arshoe_annotate.pictures import open_pictures
from arshoe_annotate.propagation import propagated
from arshoe_core.foot import STANDARD_FOOT_LENGTH, Side
from arshoe_perception import FootEstimator, FootEstimatorConfig, PoseConfig
from arshoe_perception.foot_estimator import FootEstimate


class Annotator(AnnotationDocument):
    """A document with the means to label its pictures."""

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
        return FootEstimator(FootEstimatorConfig(pose=PoseConfig(max_feet=6)).thorough())

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
        frames = (self.image(name) for name in self.pictures.between(first, last))
        camera = self.camera(first)
        moved = propagated(self.feet(first), camera, frames)
        self._change(last, [replace(label, id=0) for label in moved], camera)
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

    def mask(self, name: str) -> np.ndarray:
        """The saved mask (H, W) uint8 of a picture; else the network's with the fitted models put over it."""
        saved = masks.read(self.mask_file(name))
        return self.model_mask(name) if saved is None else saved

    def model_mask(self, name: str) -> np.ndarray:
        """A mask (H, W) uint8 from the network and the fitted models."""
        estimate = self.estimate(name)
        return masks.combined(self.renderer.labels(self.feet(name), self.camera(name)) > 0, estimate.mask)

    def paint(self, name: str, stroke: np.ndarray, radius: float, value: int) -> None:
        """Paint a stroke (N, 2) px into the mask: 2 foot, 1 leg, 0 erases, 255 ignore."""
        self.save_mask(name, masks.painted(self.mask(name), stroke, radius, value))

    def cut_mask(self, name: str) -> None:
        """Move the edges of the mask's feet to the picture's by GrabCut."""
        self.save_mask(name, masks.cut(self.image(name), self.mask(name)))
