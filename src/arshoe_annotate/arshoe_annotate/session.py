"""What one window is doing: which picture, which foot, which keypoint is clicked next. Knows nothing of the browser."""

from dataclasses import replace

import numpy as np

from arshoe_annotate.annotator import Annotator
from arshoe_annotate.fit import MIN_CLICKS
from arshoe_annotate.foot_label import FootLabel
from arshoe_annotate.models import PLAIN_FOOT
from arshoe_core.errors import BadInputError
from arshoe_core.foot import KEYPOINT_NAMES, NUM_KEYPOINTS, STANDARD_FOOT_LENGTH, Side

MAX_ZOOM = 16.0


class Session:
    """State and actions of one window.

    Attributes:
        name: the picture shown.
        selected: id of the foot that actions are about, 0 for none.
        clicks: keypoints clicked so far, name to pixel; None while no foot is being clicked.
        next_point: number of the keypoint that the next click sets.
        side: of the next clicked foot; UNKNOWN lets the fit decide.
        covering, model, foot_length: of new feet: those of the last one that was changed.
        zoom, centre: how much the picture is enlarged and the pixel in the middle of the view.
        shows_mask: whether the mask is shown.
    """

    def __init__(self, annotator: Annotator, name: str = "") -> None:
        self.annotator = annotator
        self.side = Side.UNKNOWN
        self.covering, self.model, self.foot_length = "shoe", PLAIN_FOOT, STANDARD_FOOT_LENGTH
        self.shows_mask = False
        self.show(name if name in annotator.names else self._first_without_feet())

    def _first_without_feet(self) -> str:
        names = self.annotator.names
        return next((name for name in names if not self.annotator.file.annotations(name)), names[0])

    # Pictures

    @property
    def index(self) -> int:
        """Number of the picture, from 0."""
        return self.annotator.names.index(self.name)

    def show(self, name: str) -> None:
        """Go to a picture."""
        self.annotator.file.refresh()
        self.name, self.clicks, self.next_point = name, None, 0
        feet = self.annotator.feet(name)
        self.selected = feet[0].id if feet else 0
        self.zoom_out()

    def step(self, by: int) -> None:
        """Go to a picture before or after this one, not beyond the ends."""
        names = self.annotator.names
        self.show(names[int(np.clip(self.index + by, 0, len(names) - 1))])

    # View

    def zoom_out(self) -> None:
        """Show the whole picture."""
        width, height = self.annotator.pictures.size(self.name)
        self.zoom, self.centre = 1.0, np.array([(width - 1) / 2, (height - 1) / 2])

    def zoom_by(self, factor: float) -> None:
        """Enlarge or reduce the view about its middle."""
        self.zoom = float(np.clip(self.zoom * factor, 1.0, MAX_ZOOM))
        if self.zoom == 1.0:
            self.zoom_out()

    def zoom_to_foot(self) -> None:
        """Fill the view with the selected foot."""
        label = self._selected_foot()
        points = self.annotator.camera(self.name).project(label.keypoints())
        size = np.array(self.annotator.pictures.size(self.name))
        self.zoom = float(np.clip((size / np.ptp(points, axis=0).max()).min() / 2.2, 1.0, MAX_ZOOM))
        self.centre = points.mean(0)

    def pan(self, by: np.ndarray) -> None:
        """Move the view by pixels (2,) of the picture."""
        self.centre = np.clip(self.centre + by, 0, np.array(self.annotator.pictures.size(self.name)) - 1.0)

    # Feet

    def feet(self) -> list[FootLabel]:
        """The feet of the picture."""
        return self.annotator.feet(self.name)

    def select(self, id: int) -> None:
        """Make a foot the one that actions are about."""
        self.annotator.foot(self.name, id)
        if id != self.selected:
            self.selected, self.clicks = id, None

    def select_next(self) -> None:
        """Select the next foot."""
        ids = [label.id for label in self.feet()]
        if ids:
            self.select(ids[(ids.index(self.selected) + 1) % len(ids)] if self.selected in ids else ids[0])

    def start_clicks(self) -> None:
        """Begin a new foot by clicks."""
        self.clicks, self.next_point, self.selected = {}, 0, 0

    def stop_clicks(self) -> None:
        """End clicking; a foot that has been fitted stays."""
        self.clicks = None

    def aim(self, point: int) -> None:
        """Choose the keypoint that the next click sets; begins a new foot where none is being clicked."""
        if self.clicks is None:
            self.start_clicks()
        self.next_point = point

    def click(self, pixel: np.ndarray) -> float | None:
        """Set the next keypoint; from the fourth on the foot is fitted.

        Returns:
            The fit's reprojection error in px RMS; None where nothing was fitted.
        """
        if self.clicks is None:
            return None
        self.clicks[KEYPOINT_NAMES[self.next_point]] = tuple(map(float, pixel))
        left = [n for n in range(NUM_KEYPOINTS) if KEYPOINT_NAMES[n] not in self.clicks]
        self.next_point = min(left, key=lambda n: (n < self.next_point, n), default=self.next_point)
        if len(self.clicks) < MIN_CLICKS:
            return None
        label, error = self.annotator.fit(
            self.name, self.clicks, self.side, self.foot_length, self.covering, self.model, self.selected
        )
        self.selected = label.id
        return error

    def nudge(self, **steps: float) -> None:
        """Move the selected foot, see `Annotator.nudge`; right_px, down_px in 1/160 of the view's longer side."""
        view = max(self.annotator.pictures.size(self.name)) / self.zoom / 160
        steps = {key: value * view if key.endswith("_px") else value for key, value in steps.items()}
        self.annotator.nudge(self.name, self._selected_foot().id, **steps)

    def place(self, T_camera_foot: np.ndarray) -> None:
        """Put the selected foot where the gizmo is."""
        self.annotator.update(self.name, self._selected_foot().with_pose(T_camera_foot))

    def relabel(self, **what) -> None:
        """Change what the selected foot is; new feet get the same covering, model and length."""
        for key in ("covering", "model", "foot_length"):
            setattr(self, key, what.get(key, getattr(self, key)))
        if self.selected:
            self.annotator.relabel(self.name, self.selected, **what)

    def flip_side(self) -> None:
        """Left becomes right and the other way round, in the same place."""
        label = self._selected_foot()
        self.annotator.update(self.name, replace(label, side=label.side.other))

    def remove(self) -> None:
        """Take the selected foot away."""
        self.annotator.remove(self.name, self._selected_foot().id)
        self._select_any()

    def snap_to_floor(self) -> None:
        """Set the selected foot on the floor of the nearest other one."""
        label = self._selected_foot()
        others = [other for other in self.feet() if other.id != label.id]
        if not others:
            raise BadInputError("snap to floor needs another foot in the picture, whose floor is taken")
        at = label.T_camera_foot[:3, 3]
        other = min(others, key=lambda other: np.linalg.norm(other.T_camera_foot[:3, 3] - at))
        self.annotator.snap_to_floor(self.name, label.id, other.id)

    def propose(self) -> None:
        """Add the network's feet."""
        added = self.annotator.propose(self.name, covering=self.covering, model=self.model)
        if not added:
            raise BadInputError("the network finds no foot here; click its keypoints instead")
        self.clicks, self.selected = None, added[0].id

    def propagate(self) -> None:
        """Take over the feet of the picture before, moved by optical flow."""
        if self.index == 0:
            raise BadInputError("there is no picture before the first one")
        self.annotator.propagate(self.annotator.names[self.index - 1], self.name)
        self._select_any()

    def paint(self, stroke: np.ndarray, value: int, radius: float) -> None:
        """Paint a stroke (N, 2) px into the mask, and show it."""
        self.shows_mask = True
        self.annotator.paint(self.name, stroke, radius, value)

    def make_mask(self) -> None:
        """Make the mask anew from the network and the models, and show it."""
        self.shows_mask = True
        self.annotator.save_mask(self.name, self.annotator.model_mask(self.name))

    def cut_mask(self) -> None:
        """Move the mask's edges to the picture's by GrabCut, and show it."""
        self.shows_mask = True
        self.annotator.cut_mask(self.name)

    def undo(self) -> None:
        """Take back the last change, wherever it was."""
        self._after_step(self.annotator.undo())

    def redo(self) -> None:
        """Do again what was taken back."""
        self._after_step(self.annotator.redo())

    def _after_step(self, name: str | None) -> None:
        if name is not None and name != self.name:
            self.show(name)
        self.clicks = None
        if self.selected not in [label.id for label in self.feet()]:
            self._select_any()

    def _select_any(self) -> None:
        feet = self.feet()
        self.selected = feet[-1].id if feet else 0

    def _selected_foot(self) -> FootLabel:
        if not self.selected:
            raise BadInputError("no foot is selected; click on one, or press N to make one")
        return self.annotator.foot(self.name, self.selected)
