"""Which key does what. W A S D Q E and the arrows are left out, with which the viewer moves its camera, and
Tab, which moves the focus into a field."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from arshoe_annotate.session import Session
from arshoe_core.foot import KEYPOINT_NAMES

FINE = 0.2
"""With shift, a step is this much of its size."""


@dataclass(frozen=True)
class Key:
    """A key and what it does to a session; `modifier` as viser names it."""

    key: str
    label: str
    action: Callable[[Session], None]
    modifier: str | None = None


# Key, what it does, and the step.
_NUDGES = (
    ("J", "left", {"right_px": -1.0}),
    ("L", "right", {"right_px": 1.0}),
    ("I", "up", {"down_px": -1.0}),
    ("K", "down", {"down_px": 1.0}),
    ("U", "nearer", {"farther": -0.03}),
    ("O", "farther", {"farther": 0.03}),
    ("F", "turn left", {"yaw_deg": 5.0}),
    ("H", "turn right", {"yaw_deg": -5.0}),
    ("T", "toe up", {"pitch_deg": -5.0}),
    ("G", "toe down", {"pitch_deg": 5.0}),
    ("R", "roll to the left", {"roll_deg": -5.0}),
    ("Y", "roll to the right", {"roll_deg": 5.0}),
    ("9", "shorter foot", {"larger": -0.02}),
    ("8", "longer foot", {"larger": 0.02}),
)


def _nudge(session: Session, steps: dict[str, float], factor: float = 1.0) -> None:
    session.nudge(**{key: value * factor for key, value in steps.items()})


def _zoom_to_foot_or_out(session: Session) -> None:
    if session.zoom == 1.0 and session.selected:
        session.zoom_to_foot()
    else:
        session.zoom_out()


KEYS = (
    Key("space", "next picture", lambda s: s.step(1)),
    Key("backspace", "previous picture", lambda s: s.step(-1)),
    Key("N", "new foot: click its keypoints", Session.start_clicks),
    Key("escape", "stop clicking", Session.stop_clicks),
    Key("M", "feet by the network", Session.propose),
    Key("P", "feet of the picture before, by optical flow", Session.propagate),
    Key("B", "next foot", Session.select_next),
    Key("C", "the other side", Session.flip_side),
    Key("V", "snap to the other foot's floor", Session.snap_to_floor),
    Key("delete", "remove the foot", Session.remove),
    Key("Z", "zoom to the foot, or out", _zoom_to_foot_or_out),
    Key("X", "zoom in", lambda s: s.zoom_by(1.5)),
    Key("X", "zoom out", lambda s: s.zoom_by(1 / 1.5), "shift"),
    Key("Z", "undo", Session.undo, "cmd/ctrl"),
    Key("Z", "redo", Session.redo, "cmd/ctrl+shift"),
    *(Key(key, label, partial(_nudge, steps=steps)) for key, label, steps in _NUDGES),
    *(Key(key, f"{label}, fine", partial(_nudge, steps=steps, factor=FINE), "shift") for key, label, steps in _NUDGES),
    *(
        Key(str(number), f"click {name} next", lambda s, number=number: s.aim(number))
        for number, name in enumerate(KEYPOINT_NAMES)
    ),
)


def help_text() -> str:
    """The keys as a Markdown table."""
    nudges = {label for _, label, _ in _NUDGES}
    rows = ["| key | |", "|---|---|"]
    for k in KEYS:
        if k.label.endswith(", fine") or k.key in "01234567":
            continue
        name = {"cmd/ctrl": "Ctrl+", "cmd/ctrl+shift": "Ctrl+Shift+", "shift": "Shift+", None: ""}[k.modifier] + k.key
        rows.append(f"| {name} | {k.label}{' (Shift: fine)' if k.label in nudges else ''} |")
    rows.append("| 0 to 7 | click that keypoint next |")
    return "\n".join(rows)
