"""The page in a real headless Chromium: what a person does, and what is in the label file then."""

import json
import shutil
import time

import numpy as np
import pytest

from arshoe_annotate import adjust
from arshoe_annotate.pictures import open_pictures
from arshoe_core import foot, se3
from arshoe_core.foot import Side

pytest.importorskip("viser")
playwright = pytest.importorskip("playwright.sync_api")

ARGUMENTS = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
TIMEOUT_S = 60  # software rendering on a busy machine; nothing waits as long as that


@pytest.fixture(scope="module")
def browser():
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        if shutil.which("apt-get"):
            pytest.fail("no Chromium; ./arshoe test installs it, by hand: apt-get install chromium")
        pytest.skip("no Chromium, and no apt to get it from")
    with playwright.sync_playwright() as runner:
        process = runner.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield process.new_context(viewport={"width": 800, "height": 420})  # its cache spares most of the loading
        process.close()


@pytest.fixture
def page(annotator):
    """The tool on the folder of pictures."""
    from arshoe_annotate.page import Page

    page = Page(annotator.pictures, annotator.file.path, port=8200)
    yield page
    page.stop()


class Tab:
    """One tab of the browser."""

    def __init__(self, browser, page, feet: int) -> None:
        known = set(page.server.get_clients())
        self.tab = browser.new_page()
        self.tab.set_default_timeout(1000 * TIMEOUT_S)
        self.tab.goto(f"http://localhost:{page.port}")
        self.tab.add_style_tag(content=".mantine-Notifications-root * { pointer-events: none !important }")
        self.shows(f"feet: {feet}")
        (new,) = set(page.server.get_clients()) - known
        self.client = page.server.get_clients()[new]

    def shows(self, text: str) -> None:
        self.tab.get_by_text(text).first.wait_for()

    def press(self, key: str) -> None:
        self.tab.keyboard.press(key)

    def place(self, point: np.ndarray) -> tuple[float, float]:
        """Where a point (3,) of the camera frame is on the screen, with the whole picture in view."""
        box = self.tab.locator("canvas").first.bounding_box()
        size = np.array([box["width"], box["height"]])
        focal = size[1] / 2 / np.tan(self.client.camera.fov / 2)
        x, y = size / 2 + focal * np.asarray(point)[:2] / point[2] + (box["x"], box["y"])
        return float(x), float(y)


@pytest.fixture
def open_tab(browser, page):
    """A function that opens a tab and waits until it shows so many feet."""
    tabs = []

    def open_tab(feet: int) -> Tab:
        tabs.append(Tab(browser, page, feet))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.tab.close()


def feet(annotator, name="view_0.png"):
    annotator.file.refresh()
    return annotator.feet(name)


def wait_for(condition):
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def test_keys_and_gizmo_move_a_foot_and_the_pose_is_there_after_a_reload(open_tab, page, annotator, camera, true_feet):
    annotator.set_feet("view_0.png", true_feet[:1])
    annotator.set_feet("view_1.png", true_feet)  # so that the first picture without feet is the last one
    page.last_name = "view_0.png"
    tab = open_tab(1)
    before = feet(annotator)[0]

    tab.press("l")
    wait_for(lambda: not feet(annotator)[0].is_same(before))
    moved = feet(annotator)[0]
    shift = camera.project(adjust.centre(moved)) - camera.project(adjust.centre(before))
    np.testing.assert_allclose(shift, (640 / 160, 0), atol=0.02)
    tab.press("Shift+H")
    wait_for(lambda: not feet(annotator)[0].is_same(moved))
    turned = feet(annotator)[0]
    angle = se3.rotation_angle(moved.T_camera_foot[:3, :3], turned.T_camera_foot[:3, :3])
    assert np.rad2deg(angle) == pytest.approx(1, abs=0.01)

    # The gizmo's arrow along the foot's y axis is dragged along itself.
    start, axis = adjust.centre(turned), turned.T_camera_foot[:3, 1]
    x, y = tab.place(start + 0.1 * axis)
    dx, dy = np.subtract(tab.place(start + 0.15 * axis), (x, y))
    mouse = tab.tab.mouse
    mouse.move(x, y)
    tab.tab.wait_for_timeout(300)
    mouse.down()
    for part in (0.3, 0.6, 1.0):
        mouse.move(x + dx * part, y + dy * part)
        tab.tab.wait_for_timeout(100)
    mouse.up()
    wait_for(lambda: not feet(annotator)[0].is_same(turned))
    dragged = feet(annotator)[0]
    way = dragged.T_camera_foot[:3, 3] - turned.T_camera_foot[:3, 3]
    assert way @ axis == pytest.approx(0.05, abs=0.02)
    assert np.linalg.norm(way - (way @ axis) * axis) < 1e-3

    tab.tab.close()
    again = open_tab(1)
    frame = again.client.scene.get_handle_by_name(f"/foot_{dragged.id}")
    np.testing.assert_allclose(frame.position, dragged.T_camera_foot[:3, 3], atol=1e-6)
    np.testing.assert_allclose(frame.wxyz, se3.quaternion(dragged.T_camera_foot[:3, :3]), atol=1e-6)
    again.press("Control+z")  # a new window has nothing to undo
    again.press("Space")
    again.shows("2 / 3")
    assert feet(annotator)[0].is_same(dragged)


def test_clicked_keypoints_become_a_foot(open_tab, annotator, true_feet):
    tab = open_tab(0)
    truth = true_feet[1]
    tab.press("n")
    for number, point in enumerate(truth.keypoints()):
        tab.shows(f"{number} {foot.KEYPOINT_NAMES[number]}")
        tab.tab.mouse.click(*tab.place(point))
        tab.shows(f"({number + 1} set")
    tab.press("Escape")
    tab.shows("feet: 1")
    (found,) = feet(annotator)
    assert found.side == Side.RIGHT
    assert np.rad2deg(se3.rotation_angle(found.T_camera_foot[:3, :3], truth.T_camera_foot[:3, :3])) < 3
    np.testing.assert_allclose(found.T_camera_foot[:3, 3], truth.T_camera_foot[:3, 3], atol=0.02)

    for _ in range(5):  # five fits, from the fourth click to the eighth
        tab.press("Control+z")
    tab.shows("feet: 0")
    tab.press("Control+Shift+z")
    tab.shows("feet: 1")


def test_two_tabs_on_one_file(open_tab, page, annotator, true_feet):
    first, second = annotator.set_feet("view_0.png", true_feet)
    page.last_name = "view_0.png"
    one, two = open_tab(2), open_tab(2)
    one.press("j")
    wait_for(lambda: not feet(annotator)[0].is_same(first))
    two.press("b")
    two.press("i")
    wait_for(lambda: not feet(annotator)[1].is_same(second))
    assert not feet(annotator)[0].is_same(first)  # the first tab's change is still there
    kept = feet(annotator)
    one.press("b")
    one.press("k")  # does not know of the second tab's change
    one.shows("was changed in another window")
    assert feet(annotator)[1].is_same(kept[1])
    one.press("k")  # it does now
    wait_for(lambda: not feet(annotator)[1].is_same(kept[1]))
    assert len(json.loads(annotator.file.path.read_text())["annotations"]) == 2


def test_a_bad_file_is_refused_before_anything_is_served(tmp_path, picture_folder):
    from arshoe_annotate.page import Page
    from arshoe_core.errors import BadInputError

    labels = tmp_path / "labels.json"
    labels.write_text("{")
    with pytest.raises(BadInputError, match="left as it is"):
        Page(open_pictures(str(picture_folder), labels), labels)
    assert labels.read_text() == "{"
