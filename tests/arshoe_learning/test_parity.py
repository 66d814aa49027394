"""Parity of two models: on feet whose differences are known, and of the bundled int8 and fp32 weights."""

import itertools

import cv2
import numpy as np
import pytest

pytest.importorskip("pycocotools")

from arshoe_bench.bags import demo_bag
from arshoe_core import se3
from arshoe_core.foot import Side
from arshoe_core.types import MASK_FOOT, FootKeypoints, FootPose, NetworkOutput
from arshoe_learning.coco_dataset import LabelledImage
from arshoe_learning.evaluate import evaluate, main
from arshoe_learning.parity import ParityCounter
from arshoe_media.bag_reader import BagReader
from arshoe_perception import FootEstimator, FootEstimatorConfig
from arshoe_perception.foot_estimator import FootEstimate
from arshoe_perception.network_runner import NetworkConfig

FOOT = np.array([[0, 0], [100, 0], [0, 30], [80, -20], [70, 20], [20, -10], [20, 10], [60, 0]], np.float32) + 100
AFFINE = np.array([[8, 0, 3.5], [0, 8, 3.5]])


def estimator(feet, rows):
    """Finds these feet (8, 2), and takes the first rows of the 512x512 picture for foot."""

    def estimate(picture, camera):
        found = [FootKeypoints(np.float32(points), np.ones(8, np.float32), Side.LEFT) for points in feet]
        pose = FootPose(Side.LEFT, se3.from_rt(np.eye(3), (0, 0, 1)), score=0.9)
        mask = np.zeros((512, 512), np.uint8)
        mask[:rows] = MASK_FOOT
        empty = np.zeros((2, 64, 64), np.float32)
        return FootEstimate([pose] * len(feet), found, mask, NetworkOutput(empty, empty, empty, AFFINE, 512, 512))

    return estimate


def parity(images, one, other):
    """What evaluating `other` says of its parity with `one`."""
    counter = ParityCounter(one)
    return counter.result(evaluate(images, other, parity=counter))


@pytest.fixture
def image(tmp_path):
    """A picture of 512x512 px whose upper half is labelled foot."""
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((512, 512, 3), np.uint8))
    mask = np.zeros((512, 512), np.uint8)
    mask[:256] = MASK_FOOT
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    return LabelledImage(tmp_path / "a.png", 512, 512, (), tmp_path / "mask.png", None)


def test_distances_are_in_pixels_of_the_input(image):
    moved = FOOT.copy()
    moved[0] += (6, 8)
    result = parity([image], estimator([FOOT, FOOT + 300], 256), estimator([moved], 128))
    assert (result["feet_one"], result["feet_other"], result["feet_both"]) == (2, 1, 1)
    assert result["keypoint_px_median"] == 0 and result["keypoint_px_mean"] == pytest.approx(5 / 8)
    assert result["iou_foot_change"] == pytest.approx(-0.5)


def test_no_feet_give_no_distances(image):
    result = parity([image], estimator([FOOT], 0), estimator([], 0))
    assert result["feet_both"] == 0 and result["keypoint_px_mean"] is None


@pytest.fixture
def demo_pictures(tmp_path):
    """Every 40th frame of the demo bag, without labels."""
    images = []
    for i, frame in enumerate(itertools.islice(BagReader(demo_bag()), 0, None, 40)):
        height, width = frame.image.shape[:2]
        cv2.imwrite(str(tmp_path / f"{i}.png"), frame.image)
        images.append(LabelledImage(tmp_path / f"{i}.png", width, height, (), None, frame.camera))
    return images


def test_the_bundled_int8_weights_agree_with_the_fp32_ones(demo_pictures):
    fp32, int8 = (FootEstimator(FootEstimatorConfig(NetworkConfig(backend=name))) for name in ("onnx", "onnx_int8"))
    result = parity(demo_pictures, fp32, int8)
    assert result["feet_both"] == result["feet_one"] == result["feet_other"] == 2 * len(demo_pictures)
    assert result["keypoint_px_mean"] < 0.5


def test_the_labels_own_maps_have_no_parity(capsys):
    with pytest.raises(SystemExit):
        main(["--annotations", "a.json", "--ceiling", "--parity", "m.onnx"])
    assert "--parity and --ceiling" in capsys.readouterr().err
