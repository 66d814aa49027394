"""The controls at the side of one window."""

from collections.abc import Callable

import viser

from arshoe_annotate import masks
from arshoe_annotate.foot_label import MAX_LENGTH, MIN_LENGTH
from arshoe_annotate.keys import help_text
from arshoe_annotate.models import model_names
from arshoe_annotate.session import Session
from arshoe_core.foot import KEYPOINT_NAMES, Side
from arshoe_learning.coco_format import COVERINGS

_SIDES = {"left": Side.LEFT, "right": Side.RIGHT}
_AUTO = "auto"

Run = Callable[[Callable[[], object]], None]
"""Runs an action of the session: shows its error or its result."""


class Panel:
    """Buttons and fields; `update` shows the session's state in them.

    Attributes:
        paints: whether dragging on the picture paints the mask.
    """

    def __init__(self, client: viser.ClientHandle, session: Session, run: Run, set_opacity: Callable) -> None:
        self._session, self._run = session, run
        gui = client.gui
        gui.main_panel.dock_right()
        gui.configure_theme(show_logo=False, show_share_button=False)
        self._status = gui.add_markdown("")
        self._buttons(gui, {"previous": lambda: session.step(-1), "next": lambda: session.step(1)})
        self._buttons(gui, {"undo": session.undo, "redo": session.redo})
        with gui.add_folder("Foot"):
            self._buttons(gui, {"click": session.start_clicks, "network": session.propose, "flow": session.propagate})
            self._buttons(
                gui, {"next foot": session.select_next, "floor": session.snap_to_floor, "remove": session.remove}
            )
            self._side = self._field(gui.add_dropdown("side", (_AUTO, *_SIDES)), self._set_side)
            self._covering = self._field(gui.add_dropdown("covering", COVERINGS), lambda v: session.relabel(covering=v))
            self._model = self._field(
                gui.add_dropdown("drawn as", tuple(model_names())), lambda v: session.relabel(model=v)
            )
            self._length = self._field(
                gui.add_number("length, cm", 26.0, min=100 * MIN_LENGTH, max=100 * MAX_LENGTH, step=0.1),
                lambda v: session.relabel(foot_length=v / 100),
            )
        with gui.add_folder("View"):
            self._buttons(
                gui, {"whole": session.zoom_out, "to foot": session.zoom_to_foot, "in": lambda: session.zoom_by(1.5)}
            )
            opacity = gui.add_slider("opacity", 0.0, 1.0, 0.05, 0.5)
            self._on_user_change(opacity, set_opacity)
            self._fov = self._field(
                gui.add_slider("field of view, °", 10.0, 120.0, 0.5, 65.0),
                lambda v: session.annotator.set_fov(session.name, v),
            )
        with gui.add_folder("Mask", expand_by_default=False):
            self._shows_mask = self._field(gui.add_checkbox("show", False), self._show_mask)
            self._paint = gui.add_dropdown("drag paints", ("nothing", "foot", "leg", "background", "ignore"))
            self._radius = gui.add_slider("radius, px", 1, 100, 1, 10)
            self._buttons(gui, {"from the models": session.make_mask, "cut": session.cut_mask})
        with gui.add_folder("Keys", expand_by_default=False):
            gui.add_markdown(help_text())

    @property
    def brush(self) -> tuple[int, float] | None:
        """Mask value and radius in px that dragging paints with; None where it moves the view."""
        if self._paint.value == "nothing":
            return None
        return masks.VALUES[self._paint.value], float(self._radius.value)

    def update(self, message: str = "") -> None:
        """Show the session's state, and a line of text."""
        session = self._session
        feet = session.feet()
        foot = next((label for label in feet if label.id == session.selected), None)
        lines = [f"**{session.index + 1} / {len(session.annotator.names)}** {session.name}", f"feet: {len(feet)}"]
        if session.clicks is not None:
            number = session.next_point
            lines.append(f"click **{number} {KEYPOINT_NAMES[number]}** ({len(session.clicks)} set; Esc ends)")
        self._status.content = "\n\n".join([*lines, message or "saved"])
        self._side.value = foot.side.name.lower() if foot else (session.side.name.lower() if session.side else _AUTO)
        self._covering.value = foot.covering if foot else session.covering
        model = foot.model if foot else session.model
        self._model.options = tuple(dict.fromkeys([*model_names(), model]))
        self._model.value = model
        self._length.value = round(100 * (foot.foot_length if foot else session.foot_length), 1)
        self._fov.value = round(session.annotator.fov_deg(session.name) * 2) / 2
        self._shows_mask.value = session.shows_mask

    def _buttons(self, gui: viser.GuiApi, actions: dict[str, Callable[[], object]]) -> None:
        group = gui.add_button_group("", tuple(actions))

        async def clicked(_: viser.GuiEvent) -> None:
            self._run(actions[group.value])

        group.on_click(clicked)

    def _field(self, handle, action: Callable):
        self._on_user_change(handle, lambda value: self._run(lambda: action(value)))
        return handle

    @staticmethod
    def _on_user_change(handle, action: Callable) -> None:
        """Call action(value) for changes by the user, not for those by `update`."""

        async def changed(event: viser.GuiEvent) -> None:
            if event.client_id is not None:
                action(handle.value)

        handle.on_update(changed)

    def _set_side(self, value: str) -> None:
        self._session.side = _SIDES.get(value, Side.UNKNOWN)
        if value in _SIDES and self._session.selected:
            self._session.relabel(side=_SIDES[value])

    def _show_mask(self, shown: bool) -> None:
        self._session.shows_mask = shown
