"""The measures against cases counted by hand, and the command on a small data set."""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("pycocotools")

from arshoe_core import se3
from arshoe_core.foot import OKS_SIGMAS, Side
from arshoe_core.resources import shared_file
from arshoe_core.types import FootKeypoints, FootPose, NetworkOutput
from arshoe_learning.coco_dataset import LabelledFoot, LabelledImage
from arshoe_learning.evaluate import WITHOUT_FEET, evaluate, main
from arshoe_learning.metrics import PckCounter, PixelCounter, keypoint_ap, match
from arshoe_perception.foot_estimator import FootEstimate

FOOT = np.array([[0, 0], [100, 0], [0, 30], [80, -20], [70, 20], [20, -10], [20, 10], [60, 0]], np.float32) + 200
AREA = 100.0 * 50.0


def test_matching_is_nearest_first_and_one_to_one():
    far = FOOT + np.array([300, 0])
    assert match([FOOT, far], [far + 5, FOOT + 10, FOOT + 2]) == {0: 2, 1: 0}
    assert match([FOOT], [FOOT + np.array([60, 0])]) == {}
    assert match([np.full((8, 2), np.nan)], [FOOT]) == {}


def test_pck_counts_missed_feet_as_wrong():
    counter = PckCounter((0.1, 0.2))
    moved = FOOT.copy()
    moved[:4] += (15, 0)
    counter.add(FOOT, moved)
    counter.add(FOOT, None)
    assert counter.result() == {"pck_0.1": 4 / 16, "pck_0.2": 8 / 16}


def test_ap_of_perfect_and_shifted_feet():
    label = (0, LabelledFoot(FOOT, Side.LEFT, AREA))
    assert keypoint_ap([label], [(0, FOOT, 0.9)]) == pytest.approx(
        dict.fromkeys(("mAP", "AP50", "AP75", "AP90", "AR"), 1)
    )
    # OKS = exp(-d² / (2 area (2 sigma)²)) = 0.8 for all points: thresholds 0.5 to 0.8 pass, 7 of 10 (0.80 by a hair).
    d = np.sqrt(-np.log(0.801) * 2 * AREA * (2 * OKS_SIGMAS[0]) ** 2)
    shifted = keypoint_ap([label], [(0, FOOT + np.array([d, 0]), 0.9)])
    assert shifted["AP75"] == pytest.approx(1) and shifted["AP90"] == 0 and shifted["mAP"] == pytest.approx(0.7)
    assert keypoint_ap([label], [])["mAP"] == 0 and keypoint_ap([], [(0, FOOT, 0.9)])["mAP"] is None


def test_pixels_are_counted_without_the_ignored():
    label = np.zeros((256, 256), np.uint8)
    label[:128, :128], label[128:, :128] = 1, 255
    mask = np.zeros_like(label)
    mask[:64, :128] = 1
    mask[:, 128:] = 2
    segmentation = np.zeros((2, 64, 64), np.float32)
    segmentation[0, :32, :32] = 1
    empty = np.zeros((0, 64, 64), np.float32)
    affine = np.array([[4, 0, 1.5], [0, 4, 1.5]])
    counter = PixelCounter()
    counter.add(label, FootEstimate([], [], mask, NetworkOutput(empty, empty, segmentation, affine, 256, 256)))
    result = counter.result()
    assert result["iou_leg"] == pytest.approx(0.5) and result["iou_foot"] == 0
    assert result["seg_AP"] == pytest.approx(0.5)


def test_the_command_writes_every_key(tmp_path, make_dataset):
    file = make_dataset(tmp_path, 3)
    assert main(["--annotations", str(file), "--json", str(tmp_path / "r.json")]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    assert set(result) == {
        "images", "feet", "mAP", "AP50", "AP75", "AP90", "AR", "side_accuracy", "iou_leg", "iou_foot", "mIoU",
        "seg_AP", "rot_deg", "trans_cm", "rot_deg_median",
        "trans_cm_median", "pck_0.1", "pck_0.2", "feet_found", "false_feet_per_image", "ms_per_image",
    }  # fmt: skip
    assert (result["images"], result["feet"], result["rot_deg"]) == (3, 3, None)


def test_real_masks_give_what_masks_can_tell(tmp_path, make_dataset, capsys):
    make_dataset(tmp_path, 6)
    (tmp_path / "images").rename(tmp_path / "img")
    (tmp_path / "masks").rename(tmp_path / "mask")
    arguments = ["--real-masks", str(tmp_path), "--json", str(tmp_path / "r.json")]
    assert main(arguments) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    assert set(result) == set(WITHOUT_FEET) and result["images"] == 2 and 0 <= result["iou_foot"] <= 1
    sorted((tmp_path / "img").iterdir())[-1].unlink()
    assert main(arguments) == 2
    assert "mask/annotations_005.png has no img/annotations_005.*" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--images", "x"], ["--masks", "x"], ["--sizes", "50", "220"], ["--failures"], ["--ceiling"]]
)
def test_real_masks_refuse_what_is_about_feet(option, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--real-masks", "x", *option])
    assert stop.value.code == 2 and f"{option[0]} needs --annotations" in capsys.readouterr().err


def test_the_labels_own_maps_take_no_second_look(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--annotations", "x", "--ceiling", "--thorough"])
    assert stop.value.code == 2 and "--thorough and --ceiling: allowed is one" in capsys.readouterr().err


def test_only_some_of_the_pictures_count(tmp_path, make_dataset, capsys):
    arguments = ["--annotations", str(make_dataset(tmp_path, 3)), "--json", str(tmp_path / "r.json")]
    assert main([*arguments, "--only", "_001"]) == 0
    assert json.loads((tmp_path / "r.json").read_text())["images"] == 1
    assert main([*arguments, "--only", "_001", "_002", "elsewhere"]) == 0
    assert json.loads((tmp_path / "r.json").read_text())["images"] == 2
    assert main([*arguments, "--only", "elsewhere", "nowhere"]) == 2
    assert "only is 'elsewhere nowhere': in no picture's path" in capsys.readouterr().err


def test_thorough_evaluates_too(tmp_path, make_dataset):
    file = make_dataset(tmp_path, 2)
    assert main(["--annotations", str(file), "--thorough", "--json", str(tmp_path / "r.json")]) == 0
    assert json.loads((tmp_path / "r.json").read_text())["feet"] == 2


def test_a_backend_is_compared_with_onnx(tmp_path, make_dataset):
    arguments = ["--annotations", str(make_dataset(tmp_path, 2)), "--json", str(tmp_path / "r.json")]
    model = str(shared_file("arshoe_perception", "models/arshoe.onnx"))
    assert main([*arguments, "--parity", model, "--backend", "torch"]) == 0
    found = json.loads((tmp_path / "r.json").read_text())["parity"]
    assert found["feet_one"] == found["feet_other"] == found["feet_both"]
    assert abs(found["iou_leg_change"]) < 1e-3 and abs(found["iou_foot_change"]) < 1e-3


def test_the_papers_figures_stand_beside_ours(tmp_path, make_dataset, capsys):
    assert main(["--annotations", str(make_dataset(tmp_path, 1))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("AP75")).split()[2] == "0.855"
    assert len(next(line for line in lines if line.startswith("pck_0.2")).split()) == 2


def test_the_ceiling_is_nearly_reached_on_easy_pictures(tmp_path, make_dataset):
    file = make_dataset(tmp_path, 4)
    assert main(["--annotations", str(file), "--ceiling", "--json", str(tmp_path / "r.json")]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["pck_0.1"] == 1 and result["mAP"] > 0.95 and result["iou_foot"] > 0.95


def test_more_feet_than_two_need_saying(tmp_path, make_dataset, capsys):
    file = make_dataset(tmp_path, 1)
    assert main(["--annotations", str(file), "--max-feet", "9"]) == 2
    assert "max_feet is 9" in capsys.readouterr().err


def test_failures_are_printed_and_written(tmp_path, make_dataset, capsys):
    file = make_dataset(tmp_path, 3)
    assert main(["--annotations", str(file), "--failures", "--json", str(tmp_path / "r.json")]) == 0
    rows = json.loads((tmp_path / "r.json").read_text())["failures"]
    assert rows[-1]["feet"] == "all" and rows[-1]["count"] == 3
    assert f"| all | 3 | {rows[-1]['failures']} |" in capsys.readouterr().out


def test_sizes_choose_the_feet_that_count(tmp_path, make_dataset):
    file = make_dataset(tmp_path, 3)
    assert main(["--annotations", str(file), "--sizes", "1000", "2000", "--json", str(tmp_path / "r.json")]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    assert (result["feet"], result["feet_found"], result["mAP"], result["pck_0.2"]) == (0, None, None, None)


def test_feet_of_other_sizes_are_neither_missed_nor_false(tmp_path):
    cv2.imwrite(str(tmp_path / "two.png"), np.zeros((512, 512, 3), np.uint8))
    small = 0.2 * FOOT + 400
    labels = (LabelledFoot(FOOT, Side.LEFT, AREA), LabelledFoot(small, Side.LEFT, 0.04 * AREA))
    image = LabelledImage(tmp_path / "two.png", 512, 512, labels, None, None)
    pose = FootPose(Side.LEFT, se3.from_rt(np.eye(3), (0, 0, 1)), score=0.9)

    def estimator(picture, camera):
        found = [FootKeypoints(points, np.ones(8, np.float32), Side.LEFT) for points in (FOOT, small + 3)]
        return FootEstimate([pose, pose], found, np.zeros((512, 512), np.uint8), None)

    result = evaluate([image], estimator, sizes=(40, 100))
    assert (result["feet"], result["feet_found"], result["false_feet_per_image"]) == (1, 1, 0)
    assert result["mAP"] == pytest.approx(1) and result["pck_0.1"] == 1
    assert evaluate([image], estimator)["feet"] == 2


def test_sizes_that_are_no_range_are_named(tmp_path, make_dataset, capsys):
    file = make_dataset(tmp_path, 1)
    assert main(["--annotations", str(file), "--sizes", "220", "50"]) == 2
    assert "sizes is 220 50" in capsys.readouterr().err


def test_bad_input_is_one_line(tmp_path, capsys):
    assert main(["--annotations", str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
