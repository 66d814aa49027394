"""Rendered pictures whose feet are known, to label."""

import cv2
import numpy as np
import pytest

from arshoe_core.camera import Camera
from arshoe_core.foot import Side
from arshoe_core.se3 import from_rt

cv2.setNumThreads(1)
WIDTH, HEIGHT = 640, 480


def foot_pose(x: float = 0.0, tilt: float = 0.8, depth: float = 0.8) -> np.ndarray:
    """T_camera_foot of a foot that its wearer sees before him, toes away, `tilt` radians above the floor."""
    c, s = np.cos(tilt), np.sin(tilt)
    R = np.array([[0, -1.0, 0], [-s, 0, -c], [c, 0, -s]])
    return from_rt(R, (x, 0.1, depth))


@pytest.fixture(scope="session")
def camera() -> Camera:
    """Of the pictures, which carry no hint of it: what the tool assumes."""
    return Camera.from_fov(WIDTH, HEIGHT)


@pytest.fixture(scope="session")
def true_feet() -> list:
    """The feet in every picture of `picture_folder`."""
    from arshoe_annotate import FootLabel

    return [FootLabel(Side.LEFT, foot_pose(-0.07)), FootLabel(Side.RIGHT, foot_pose(0.07, depth=0.78))]


@pytest.fixture
def picture_folder(tmp_path, camera, true_feet):
    """A folder of three pictures with two feet; in each next one they are 6 px farther to the right."""
    from arshoe_annotate.overlay import ModelRenderer

    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(60, 200, (HEIGHT // 8, WIDTH // 8 + 8, 3), np.uint8)
    floor = cv2.resize(noise, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    picture = ModelRenderer().draw(floor[:, :WIDTH], camera, true_feet, 0.6)
    for i in range(3):
        moved = cv2.warpAffine(picture, np.array([[1.0, 0, 6 * i], [0, 1, 0]]), (WIDTH, HEIGHT))
        cv2.imwrite(str(folder / f"view_{i}.png"), moved)
    return folder


@pytest.fixture
def annotator(picture_folder, tmp_path):
    """On the folder, with no labels yet."""
    from arshoe_annotate import Annotator

    return Annotator.open(str(picture_folder), tmp_path / "labels.json")
