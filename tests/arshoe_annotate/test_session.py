"""What a window does, without the browser."""

import numpy as np
import pytest

from arshoe_annotate.keys import KEYS
from arshoe_annotate.session import Session
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side


@pytest.fixture
def session(annotator):
    return Session(annotator)


def test_a_foot_is_labelled_by_its_keypoints_one_after_the_other(session, true_feet, camera):
    pixels = camera.project(true_feet[0].keypoints())
    session.start_clicks()
    assert [session.click(pixel) for pixel in pixels[:3]] == [None, None, None]
    assert session.click(pixels[3]) < 0.1
    session.aim(6)  # 4 and 5 are left out for now
    session.click(pixels[6])
    assert session.next_point == 7
    session.click(pixels[7])
    assert session.next_point == 4
    (label,) = session.feet()
    np.testing.assert_allclose(label.T_camera_foot, true_feet[0].T_camera_foot, atol=1e-3)
    assert (label.side, session.selected) == (Side.LEFT, label.id)
    session.stop_clicks()
    assert session.click(pixels[0]) is None


def test_new_feet_take_over_what_the_last_one_was(session, true_feet, camera):
    session.relabel(covering="bare", foot_length=0.24)
    session.start_clicks()
    for pixel in camera.project(true_feet[1].keypoints()):
        session.click(pixel)
    (label,) = session.feet()
    assert (label.covering, label.foot_length) == ("bare", 0.24)
    session.flip_side()
    assert session.feet()[0].side == Side.LEFT


def test_steps_stop_at_the_ends_and_undo_returns_to_its_picture(session, annotator, true_feet):
    annotator.add("view_0.png", true_feet[0])
    session.show("view_0.png")
    session.nudge(right_px=1)
    for _ in range(5):
        session.step(1)
    assert session.name == "view_2.png"
    session.undo()
    assert session.name == "view_0.png"
    session.step(-1)
    assert session.index == 0


def test_a_new_window_begins_at_the_first_picture_without_feet(annotator, true_feet):
    annotator.add("view_0.png", true_feet[0])
    assert Session(annotator).name == "view_1.png"
    assert Session(annotator, "view_2.png").name == "view_2.png"


def test_nudges_are_finer_when_zoomed_in(session, annotator, true_feet, camera):
    label = annotator.add("view_0.png", true_feet[0])
    session.show("view_0.png")

    def shift():
        before = camera.project(annotator.foot(session.name, label.id).keypoints().mean(0))
        session.nudge(right_px=1)
        return camera.project(annotator.foot(session.name, label.id).keypoints().mean(0)) - before

    assert shift()[0] == pytest.approx(4, abs=0.05)
    session.zoom_to_foot()
    assert session.zoom > 1.5
    assert shift()[0] == pytest.approx(4 / session.zoom, abs=0.05)


def test_what_needs_a_foot_says_so(session):
    for action in (session.remove, session.flip_side, session.snap_to_floor, session.zoom_to_foot):
        with pytest.raises(BadInputError, match="no foot is selected"):
            action()
    with pytest.raises(BadInputError, match="no picture before"):
        session.propagate()


def test_every_key_does_something_else_and_none_fails(annotator, true_feet):
    pytest.importorskip("viser")
    assert len({(key.key, key.modifier) for key in KEYS}) == len(KEYS)
    assert not {key.key for key in KEYS} & set("WASDQE")  # with these the viewer moves its camera
    for key in KEYS:
        if key.label.startswith(("feet", "snap")):
            continue
        session = Session(annotator, "view_0.png")
        annotator.set_feet("view_0.png", true_feet)
        session.select(annotator.feet("view_0.png")[-1].id)
        session.zoom, session.clicks = 2.0, {} if key.key == "escape" else None
        before = str((annotator.file.annotations("view_0.png"), vars(session)))
        key.action(session)
        after = str((annotator.file.annotations("view_0.png"), vars(session)))
        assert after != before or key.key == "backspace" or key.modifier == "cmd/ctrl+shift", key.label
