"""Make the screenshots of docs/annotation.md on the demo bag: `./arshoe python docs/make_annotation_images.py`.

It needs what `./arshoe test` installs (Chromium). Software rendering takes a minute.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from arshoe_annotate import Annotator
from arshoe_annotate.page import Page

IMAGES = Path(__file__).parent / "images"
DEMO = Path(__file__).parents[1] / "launch" / "demo" / "wearer_view"
CHROMIUM = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
PICTURE = 3


def main() -> int:
    """Write docs/images/annotate_*.jpg."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        annotator = Annotator.open(str(DEMO), Path(folder) / "labels.json", every=30)
        page = Page(annotator.pictures, annotator.file.path)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        tab = browser.new_page(viewport={"width": 1280, "height": 760})
        tab.set_default_timeout(120_000)
        page.last_name = annotator.names[PICTURE]
        tab.goto(f"http://localhost:{page.port}")
        tab.get_by_text("feet: 0").wait_for()
        tab.keyboard.press("m")
        tab.get_by_text("feet: 2").wait_for()
        _shoot(tab, "annotate_page")
        tab.keyboard.press("z")
        _shoot(tab, "annotate_zoom")
        browser.close()
        page.stop()
        annotator.file.refresh()
        picture = annotator.overlay(annotator.names[PICTURE], grid=True, width=960)
        cv2.imwrite(str(IMAGES / "annotate_grid.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return 0


def _shoot(tab, name: str) -> None:
    close = tab.locator(".mantine-Notification-closeButton")
    while close.count():
        close.first.click()
        tab.wait_for_timeout(500)
    tab.wait_for_timeout(4000)
    picture = cv2.imdecode(np.frombuffer(tab.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    cv2.imwrite(str(IMAGES / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    sys.exit(main())
