"""Augmented copies: labels move with the picture, and the same seed gives the same files."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arshoe_core.camera import Camera
from arshoe_core.foot import Side, keypoints
from arshoe_learning import offline_augmentation
from arshoe_learning.augment_command import main
from arshoe_learning.coco_dataset import read_annotations
from arshoe_learning.coco_format import foot_labels
from arshoe_learning.offline_augmentation import Labelled, augmented
from arshoe_learning.synthetic.stance import rotation_zyx

SIZE = 200
CAMERA = Camera(SIZE, SIZE, 180.0, 180.0, 96.0, 103.0)


def labelled_foot() -> Labelled:
    """A foot 1 m away; black, with a white dot at its toe tip."""
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation_zyx(0.4, 0.2, 2.4), (-0.08, 0.02, 1.0)
    pixels = CAMERA.project(keypoints(Side.LEFT) @ T[:3, :3].T + T[:3, 3])
    picture, mask = np.zeros((SIZE, SIZE, 3), np.uint8), np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(pixels.astype(np.float32)).astype(np.int32), 2)
    cv2.circle(picture, np.round(pixels[1]).astype(int).tolist(), 4, (255, 255, 255), -1)
    entry = {"id": 3, "camera": {key: getattr(CAMERA, key) for key in ("fx", "fy", "cx", "cy")}}
    return Labelled(picture, mask, entry, [foot_labels(pixels, np.full(8, 2), Side.LEFT, "bare", T, 0.26)])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_the_turned_pose_projects_to_the_moved_keypoints(seed):
    new = augmented(labelled_foot(), None, np.random.default_rng(seed))
    for foot in new.feet:
        points = np.reshape(foot["keypoints"], (8, 3))
        known, pose, camera = points[:, 2] > 0, foot["pose"], Camera(SIZE, SIZE, **new.entry["camera"])
        model = keypoints(Side.LEFT) @ np.reshape(pose["R"], (3, 3)).T + pose["t"]
        np.testing.assert_allclose(camera.project(model)[known], points[known, :2], atol=0.1)


def test_the_picture_moves_as_its_labels_do(monkeypatch):
    monkeypatch.setattr(offline_augmentation, "COVERED", 0.0)
    for seed in range(10):
        new = augmented(labelled_foot(), None, np.random.default_rng(seed))
        toe = np.reshape(new.feet[0]["keypoints"], (8, 3))[1]
        if toe[2]:
            dot = np.argwhere(new.picture[..., 0] > 200).mean(0)[::-1]
            assert np.linalg.norm(dot - toe[:2]) < 1


def test_a_new_background_leaves_the_foot(monkeypatch):
    monkeypatch.setattr(offline_augmentation, "COVERED", 0.0)
    monkeypatch.setattr(offline_augmentation, "NEW_BACKGROUND", 1.0)
    new = augmented(labelled_foot(), np.full((50, 90, 3), 200, np.uint8), np.random.default_rng(0))
    inside = cv2.erode((new.mask == 2).astype(np.uint8), np.ones((9, 9))) > 0
    outside = cv2.dilate((new.mask == 2).astype(np.uint8), np.ones((9, 9))) == 0
    assert np.isin(new.picture[outside], (199, 200)).all() and new.picture[inside].mean() < 10


def test_what_is_covered_is_hidden_and_a_foot_that_is_gone_has_no_label(monkeypatch):
    monkeypatch.setattr(offline_augmentation, "COVERED", 1.0)
    news = [augmented(labelled_foot(), None, np.random.default_rng(seed)) for seed in range(60)]
    assert 0 < sum(not new.feet for new in news) < 60
    hidden = [(np.reshape(f["keypoints"], (8, 3))[:, 2] == 1).sum() for new in news for f in new.feet]
    assert max(hidden) >= 2 and min(hidden) == 0


def test_the_command_writes_a_data_set_that_the_seed_decides(tmp_path, make_dataset):
    make_dataset(tmp_path / "data", 3)
    for out in ("a", "b"):
        arguments = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / out), "--copies", "2"]
        assert main([*arguments, "--seed", "5", "--backgrounds", str(tmp_path / "data" / "images")]) == 0
    files = [sorted(p for p in (tmp_path / out).rglob("*") if p.is_file()) for out in ("a", "b")]
    assert [f.read_bytes() for f in files[0]] == [f.read_bytes() for f in files[1]]
    images = read_annotations(tmp_path / "a" / "annotations.json")
    assert len(images) == 6 and all(image.mask is not None and image.file.exists() for image in images)
    content = json.loads((tmp_path / "a" / "annotations.json").read_text())
    assert [image["copy_of"][-7:] for image in content["images"][:3]] == ["000.png", "000.png", "001.png"]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"--data": "nowhere"}, "no annotations.json"),
        ({"--copies": "0"}, "copies is 0"),
        ({"--out": "data"}, "allowed: a new folder"),
        ({"--backgrounds": "data/masks/none"}, "no pictures"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, make_dataset, capsys, changes, message):
    make_dataset(tmp_path / "data", 1)
    arguments = {"--data": "data", "--out": "out"} | changes
    paths = {key: value if key == "--copies" else str(tmp_path / value) for key, value in arguments.items()}
    assert main([part for pair in paths.items() for part in pair]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("augment: ") and message in error
