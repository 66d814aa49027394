"""The label file survives crashes, other programs and other windows."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from arshoe_annotate import Annotator, FootLabel
from arshoe_annotate.label_file import ConflictError
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_learning.coco_dataset import read_annotations

NAME = "view_0.png"

WRITER = """
import sys
from arshoe_annotate import Annotator
annotator = Annotator.open(sys.argv[1], sys.argv[2])
name = sys.argv[3]
(foot,) = annotator.feet(name)
print("ready", flush=True)
for step in range(int(sys.argv[4])):
    annotator.relabel(name, foot.id, foot_length=0.2 + step * 1e-5)
    print(step, flush=True)
"""


def writer(annotator, name, steps):
    """A process that changes the length of a picture's only foot again and again and reports each saved step."""
    command = [sys.executable, "-c", WRITER, str(annotator.pictures.root), str(annotator.file.path), name, str(steps)]
    path = os.pathsep.join(p for p in sys.path if p)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path})
    assert process.stdout.readline() == "ready\n"
    return process


def test_labels_are_read_by_the_data_set_reader(annotator, true_feet):
    annotator.set_feet(NAME, true_feet)
    (image,) = read_annotations(annotator.file.path, annotator.pictures.root)
    assert [label.side for label in image.feet] == [Side.LEFT, Side.RIGHT]
    assert image.camera.fx == pytest.approx(annotator.camera(NAME).fx)
    for label, true in zip(image.feet, true_feet, strict=True):
        np.testing.assert_allclose(label.R, true.T_camera_foot[:3, :3], atol=1e-6)
        np.testing.assert_allclose(label.t, true.T_camera_foot[:3, 3], atol=1e-5)
        np.testing.assert_allclose(label.keypoints, image.camera.project(true.keypoints()), atol=0.05)


def test_points_outside_are_not_labelled_and_a_foot_wholly_outside_is_refused(annotator, true_feet):
    label = annotator.add(NAME, true_feet[0])
    camera = annotator.camera(NAME)
    half_out = annotator.nudge(NAME, label.id, right_px=-camera.project(label.keypoints())[:, 0].mean())
    (annotation,) = annotator.file.annotations(NAME)
    points = np.array(annotation["keypoints"]).reshape(-1, 3)
    assert 0 < (points[:, 2] == 0).sum() < 8
    assert annotation["num_keypoints"] == (points[:, 2] > 0).sum()
    with pytest.raises(BadInputError, match="would leave the picture"):
        annotator.nudge(NAME, label.id, right_px=-500)
    np.testing.assert_allclose(annotator.foot(NAME, label.id).T_camera_foot, half_out.T_camera_foot, atol=1e-5)


def test_what_others_wrote_is_kept(annotator, true_feet):
    theirs = {
        "info": {"by": "somebody"},
        "licenses": [{"id": 7}],
        "images": [
            {"id": 5, "file_name": "elsewhere.jpg", "width": 10, "height": 10, "mood": "blue"},
            {"id": 9, "file_name": NAME, "width": 640, "height": 480, "weather": "rain"},
        ],
        "annotations": [
            {"id": 3, "image_id": 9, "category_id": 1, "keypoints": [1, 2, 2] * 8, "bbox": [0, 0, 1, 1], "by": "hand"},
        ],
    }
    annotator.file.path.write_text(json.dumps(theirs))
    label = annotator.add(NAME, true_feet[0])
    annotator.relabel(NAME, label.id, covering="sock")
    annotator.set_fov(NAME, 50.0)
    content = json.loads(annotator.file.path.read_text())
    assert content["licenses"] == theirs["licenses"]
    assert content["info"]["by"] == "somebody"
    assert content["images"][0] == theirs["images"][0]
    assert theirs["images"][1].items() <= content["images"][1].items()
    assert content["annotations"][0] == theirs["annotations"][0]
    assert content["annotations"][1]["id"] == 4
    assert content["annotations"][1]["covering"] == "sock"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"images": []}',
        '{"images": [], "annotations": [{"id": 1, "image_id": 4}]}',
        '{"images": [], "annotations": [], "categories": [{"id": 1, "keypoints": ["nose"]}]}',
        '{"images": [{"id": 1, "file_name": "a"}], "annotations": []}',
        "\x00\x01",
    ],
)
def test_a_file_it_cannot_read_is_refused_and_left(tmp_path, picture_folder, content):
    path = tmp_path / "labels.json"
    path.write_text(content)
    with pytest.raises(BadInputError, match="left as it is"):
        Annotator.open(str(picture_folder), path)
    assert path.read_text() == content


def test_a_file_spoilt_while_open_is_not_overwritten(annotator, true_feet):
    annotator.add(NAME, true_feet[0])
    annotator.file.path.write_text("oops")
    with pytest.raises(BadInputError, match="left as it is"):
        annotator.add(NAME, true_feet[1])
    assert annotator.file.path.read_text() == "oops"


def test_a_change_that_cannot_be_written_does_not_come_with_the_next(annotator, true_feet, monkeypatch):
    def full_disk(_: int) -> None:
        raise OSError(28, "No space left")

    annotator.add(NAME, true_feet[0])
    with monkeypatch.context() as context:
        context.setattr("os.fsync", full_disk)
        with pytest.raises(BadInputError, match="No space left; nothing is saved"):
            annotator.add(NAME, true_feet[1])
    assert len(annotator.feet(NAME)) == 1
    annotator.nudge(NAME, annotator.feet(NAME)[0].id, right_px=1)
    assert len(json.loads(annotator.file.path.read_text())["annotations"]) == 1


def saved_step(annotator, name):
    annotator.file.refresh()
    return round((annotator.feet(name)[0].foot_length - 0.2) / 1e-5)


def test_kill_at_any_time_leaves_a_whole_file_with_all_that_was_reported(annotator, true_feet):
    label = annotator.add(NAME, true_feet[0])
    rng = np.random.default_rng(1)
    for _ in range(3):
        process = writer(annotator, NAME, 10000)
        time.sleep(rng.uniform(0.05, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        reported = [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        assert len(reported) > 2
        assert saved_step(annotator, NAME) - reported[-1] in (0, 1)  # the last one may have been saved unreported
    annotator.nudge(NAME, label.id, right_px=1)  # what a killed one left behind is in nobody's way


def test_processes_that_write_at_once_lose_nothing(annotator, true_feet):
    for name in annotator.names:
        annotator.add(name, true_feet[0])
    processes = [writer(annotator, name, 15) for name in annotator.names]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert [saved_step(annotator, name) for name in annotator.names] == [14, 14, 14]


def test_two_windows_merge_feet_and_refuse_the_second_change_of_one(annotator, true_feet):
    first, second = annotator.set_feet(NAME, true_feet)
    other = Annotator(annotator.pictures, annotator.file.path)
    annotator.nudge(NAME, first.id, right_px=5)
    other.nudge(NAME, second.id, right_px=-5)
    third = other.add(NAME, FootLabel(Side.LEFT, true_feet[0].T_camera_foot, covering="bare"))
    with pytest.raises(ConflictError, match=f"foot {second.id} of view_0.png was changed in another window"):
        annotator.nudge(NAME, second.id, down_px=3)
    assert {label.id for label in annotator.feet(NAME)} == {first.id, second.id, third.id}  # theirs is seen now
    annotator.nudge(NAME, second.id, down_px=3)
    with pytest.raises(ConflictError):
        other.remove(NAME, second.id)


def test_undo_and_redo_take_back_everything_in_order(annotator, true_feet):
    states = [[]]
    label = annotator.add(NAME, true_feet[0])
    states.append(annotator.file.annotations(NAME))
    annotator.nudge(NAME, label.id, right_px=4, yaw_deg=3)
    states.append(annotator.file.annotations(NAME))
    annotator.relabel(NAME, label.id, covering="bare", model="sneaker", foot_length=0.24)
    states.append(annotator.file.annotations(NAME))
    annotator.set_fov(NAME, 40.0)
    states.append(annotator.file.annotations(NAME))
    annotator.remove(NAME, label.id)
    states.append(annotator.file.annotations(NAME))
    for state in states[-2::-1]:
        assert annotator.undo() == NAME
        assert annotator.file.annotations(NAME) == state
    assert annotator.undo() is None
    for state in states[1:]:
        assert annotator.redo() == NAME
        assert annotator.file.annotations(NAME) == state
    assert annotator.redo() is None
    assert annotator.fov_deg(NAME) == pytest.approx(40, abs=0.01)


def test_labels_by_other_tools_change_only_with_their_foot(annotator, true_feet):
    first, second = annotator.set_feet(NAME, true_feet)
    content = json.loads(annotator.file.path.read_text())
    for annotation in content["annotations"]:
        del annotation["model"]
        annotation["keypoints"][0] += 1.5  # the generator knows each foot's own points
    annotator.file.path.write_text(json.dumps(content))
    annotator.file.refresh()
    annotator.nudge(NAME, first.id, right_px=1)
    after = annotator.file.annotations(NAME)
    assert after[1] == content["annotations"][1]
    assert after[0]["keypoints"] != content["annotations"][0]["keypoints"]
    assert after[1]["id"] == second.id
