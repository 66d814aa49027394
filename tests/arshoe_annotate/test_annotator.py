"""Pictures, cameras, and the help that the tool gives."""

import os
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from arshoe_annotate import Annotator
from arshoe_annotate.annotate_command import main
from arshoe_annotate.pictures import open_pictures
from arshoe_annotate.review import review
from arshoe_core import se3
from arshoe_core.errors import BadInputError

NAME = "view_0.png"


def test_thousands_of_pictures_are_only_listed(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(5000):
        os.mknod(folder / f"{i:05d}.jpg")
    start = time.process_time()
    pictures = open_pictures(str(folder), tmp_path / "labels.json")
    assert time.process_time() - start < 2  # reading them would take much longer, and fail, as they are empty
    assert pictures.names[0] == "00000.jpg"
    assert len(pictures.names) == 5000


def test_several_folders_share_a_label_file_by_a_common_root(picture_folder, tmp_path, true_feet):
    labels = tmp_path / "labels.json"
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "b.jpg"), np.zeros((480, 640, 3), np.uint8))
    first = Annotator.open(str(picture_folder / "*_[02].png"), labels, root=tmp_path)
    assert first.names == ["pictures/view_0.png", "pictures/view_2.png"]
    first.add(first.names[0], true_feet[0])
    second = Annotator.open(str(other), labels, root=tmp_path)
    second.add("other/b.jpg", true_feet[1])
    assert second.file.names == ["pictures/view_0.png", "other/b.jpg"]
    assert len(second.feet("pictures/view_0.png")) == 1
    with pytest.raises(BadInputError, match="allowed: a folder that holds all pictures"):
        Annotator.open(str(other), labels, root=picture_folder)


def test_a_bag_gives_pictures_and_the_camera(write_bag, tmp_path):
    bag = write_bag(tmp_path / "bag", frames=7)
    annotator = Annotator.open(str(bag), tmp_path / "out" / "labels.json", every=3)
    assert annotator.names == ["bag_000000.jpg", "bag_000003.jpg", "bag_000006.jpg"]
    assert annotator.image("bag_000003.jpg").shape == (240, 320, 3)
    assert annotator.camera("bag_000003.jpg").fx == 300
    written = (annotator.pictures.root / "bag_000003.jpg").stat().st_mtime_ns
    again = Annotator.open(str(bag), tmp_path / "out" / "labels.json", every=3)
    assert again.names == annotator.names
    assert again.camera("bag_000006.jpg").fx == 300
    assert (annotator.pictures.root / "bag_000003.jpg").stat().st_mtime_ns == written


def test_exif_gives_the_focal_length_and_the_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0xA405] = 26
    Image.new("RGB", (400, 300)).save(tmp_path / "phone.jpg", exif=exif)
    annotator = Annotator.open(str(tmp_path), tmp_path / "labels.json")
    camera = annotator.camera("phone.jpg")
    assert (camera.width, camera.height) == (300, 400)
    assert annotator.image("phone.jpg").shape == (400, 300, 3)
    assert camera.fx == pytest.approx(26 / 43.27 * 500, rel=1e-3)


def test_the_field_of_view_is_kept_for_later_pictures(annotator, true_feet):
    label = annotator.add(NAME, true_feet[0])
    before = annotator.camera(NAME).project(label.T_camera_foot[:3, 3])
    annotator.set_fov(NAME, 40.0)
    after = annotator.camera(NAME).project(annotator.foot(NAME, label.id).T_camera_foot[:3, 3])
    np.testing.assert_allclose(after, before, atol=0.05)
    again = Annotator(annotator.pictures, annotator.file.path)
    assert again.fov_deg("view_2.png") == pytest.approx(40, abs=0.01)
    with pytest.raises(BadInputError, match="field of view is 200"):
        annotator.set_fov(NAME, 200)


def test_feet_are_carried_to_the_next_pictures_by_optical_flow(annotator, true_feet, camera):
    """The pictures move by 6 px each."""
    annotator.set_feet(NAME, true_feet)
    moved = annotator.propagate(NAME, "view_2.png")
    assert len(moved) == 2
    for label, true in zip(moved, true_feet, strict=True):
        shift = camera.project(label.keypoints()) - camera.project(true.keypoints())
        np.testing.assert_allclose(shift.mean(0), (12, 0), atol=1.5)
        assert label.side == true.side


def test_the_network_proposes_feet_of_any_kind(annotator):
    """What it finds in a rendered picture is its own affair; what is added must be what it found."""
    poses = annotator.estimate(NAME).poses[:2]
    added = annotator.propose(NAME, covering="sock")
    assert [label.side for label in added] == [pose.side for pose in poses]
    for label, pose in zip(added, poses, strict=True):
        np.testing.assert_allclose(label.T_camera_foot, pose.T_camera_foot, atol=1e-5)
        assert label.covering == "sock"


def test_masks_cover_the_models_and_are_painted_cut_and_undone(annotator, true_feet):
    annotator.set_feet(NAME, true_feet)
    models = annotator.renderer.labels(annotator.feet(NAME), annotator.camera(NAME)) > 0
    mask = annotator.model_mask(NAME)
    assert (mask[models] == 2).all()
    annotator.save_mask(NAME, mask)
    annotator.paint(NAME, np.array([[20, 30], [60, 30]]), 5, 1)
    painted = annotator.mask(NAME)
    assert (painted[26:35, 20:61] == 1).all()
    assert np.count_nonzero(painted != mask) < 12 * 60
    annotator.paint(NAME, np.array([[40, 30]]), 3, 0)
    assert annotator.mask(NAME)[30, 40] == 0
    assert [annotator.undo(), annotator.undo()] == [NAME, NAME]
    np.testing.assert_array_equal(annotator.mask(NAME), mask)
    annotator.undo()
    assert not annotator.mask_file(NAME).exists()
    annotator.redo()
    with pytest.raises(BadInputError, match="mask has the values"):
        annotator.save_mask(NAME, np.full((480, 640), 7, np.uint8))


def test_grabcut_brings_a_rough_mask_to_the_edge(tmp_path):
    picture = np.full((200, 300, 3), (40, 120, 60), np.uint8)
    cv2.ellipse(picture, (150, 100), (80, 40), 0, 0, 360, (200, 60, 60), -1)
    picture = np.clip(picture + np.random.default_rng(0).normal(0, 8, picture.shape), 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    truth = cv2.ellipse(np.zeros((200, 300), np.uint8), (150, 100), (80, 40), 0, 0, 360, 2, -1)
    annotator = Annotator.open(str(tmp_path / "a.png"), tmp_path / "labels.json")
    rough = np.roll(cv2.erode(truth, np.ones((9, 9))), 4, 1)
    annotator.save_mask("a.png", rough)
    annotator.cut_mask("a.png")
    wrong_before, wrong_after = (np.count_nonzero(m != truth) for m in (rough, annotator.mask("a.png")))
    assert wrong_after < 0.1 * wrong_before


def test_two_pictures_may_not_share_a_mask(tmp_path):
    for name in ("a.png", "a.jpg"):
        cv2.imwrite(str(tmp_path / name), np.zeros((10, 10, 3), np.uint8))
    annotator = Annotator.open(str(tmp_path), tmp_path / "labels.json")
    with pytest.raises(BadInputError, match=r"a\.png and a\.jpg would share the mask a\.png"):
        annotator.mask_file("a.png")


def test_snap_to_floor(annotator, true_feet):
    first, second = annotator.set_feet(NAME, true_feet)
    tilted = annotator.nudge(NAME, second.id, roll_deg=8, farther=0.05)
    snapped = annotator.snap_to_floor(NAME, tilted.id, first.id)
    to_first = se3.inverse(annotator.foot(NAME, first.id).T_camera_foot) @ snapped.T_camera_foot
    np.testing.assert_allclose(to_first[2, [0, 1, 2, 3]], (0, 0, 1, 0), atol=1e-4)


def test_review_finds_what_is_wrong(annotator, true_feet, tmp_path):
    left, right = annotator.set_feet(NAME, true_feet)
    assert "0 things look wrong" in review(annotator, tmp_path / "review")
    annotator.relabel(NAME, right.id, foot_length=0.35)
    annotator.add("view_1.png", true_feet[0])
    double = annotator.add("view_1.png", annotator.feet("view_1.png")[0])
    text = review(annotator, tmp_path / "review")
    assert f"{NAME} foot {right.id}: length is 35.0 cm" in text
    assert f"lengths are 26.0 and 35.0 cm (foot {left.id})" in text
    assert f"view_1.png foot {double.id}: lies on another foot" in text
    assert "sides left 3, right 1" in text
    sheet = cv2.imread(str(tmp_path / "review" / "sheet_000.jpg"))
    assert sheet.shape == (240, 6 * 240, 3)
    frame = sheet[2, 240 : 2 * 240]
    assert (frame[:, 2] > 200).mean() > 0.9  # the second foot is framed in red
    assert (sheet[2, :240, 2] > 200).mean() < 0.5


def test_the_command_reviews_and_refuses(annotator, picture_folder, true_feet, tmp_path, capsys):
    annotator.set_feet(NAME, true_feet)
    labels = str(annotator.file.path)
    assert main([str(picture_folder), "--out", labels, "--review", str(tmp_path / "sheets")]) == 0
    assert "feet 2, without pose 0" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere"), "--out", labels]) == 2
    assert capsys.readouterr().err.startswith("annotate: pictures is")
    assert main([str(picture_folder), "--out", labels, "--every", "0"]) == 2
    assert capsys.readouterr().err == "annotate: every is 0; allowed: 1 or more\n"
