import subprocess
import sys

import numpy as np
import pytest

import arshoe_perception
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.foot import Side
from arshoe_core.resources import shared_file
from arshoe_core.se3 import from_rt
from arshoe_core.types import FootPose, NetworkOutput
from arshoe_perception import FootEstimator, FootEstimatorConfig
from arshoe_perception.network_runner import NetworkConfig, NetworkRunner, unmirrored


def test_importing_the_package_is_light():
    code = "import sys, arshoe_perception; sys.exit(any(m in sys.modules for m in ('torch', 'onnxruntime', 'cv2')))"
    env = {"PYTHONPATH": ":".join(p for p in sys.path if p)}
    assert subprocess.run([sys.executable, "-c", code], env=env).returncode == 0


def test_every_name_of_the_package_exists():
    assert all(getattr(arshoe_perception, name) for name in arshoe_perception.__all__)
    with pytest.raises(AttributeError, match="Shoe"):
        _ = arshoe_perception.Shoe


def test_an_image_gives_mask_and_as_many_keypoints_as_poses():
    try:
        shared_file("arshoe_perception", "models/arshoe.onnx")
    except BadInputError:
        pytest.skip("no weights are bundled yet")
    estimator = arshoe_perception.FootEstimator()
    image = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    estimate = estimator(image, Camera.from_fov(320, 240))
    assert estimate.mask.shape == (240, 320)
    assert len(estimate.poses) == len(estimate.keypoints)
    assert estimate.network_output.heatmaps.shape == (8, 64, 64)
    assert len(estimator(image).poses) == len(estimate.poses)


def test_averaged_maps_of_a_mirrored_image_are_the_mirrored_maps():
    run = NetworkRunner(NetworkConfig(mirror=True))
    image = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    straight, mirrored = run(image), run(np.ascontiguousarray(image[:, ::-1]))
    back = unmirrored(mirrored.heatmaps, mirrored.pafs, mirrored.segmentation)
    for name, maps in zip(("heatmaps", "pafs", "segmentation"), back, strict=True):
        np.testing.assert_allclose(maps, getattr(straight, name), atol=1e-5)
    assert np.abs(straight.heatmaps - NetworkRunner()(image).heatmaps).max() > 1e-3, "the mirrored image counts"


CAMERA = Camera.from_fov(640, 480)
R_FROM_ABOVE = np.array([[0.0, -1, 0], [-1, 0, 0], [0, 0, -1]])


class TwoLooks:
    """Stands for network and pose: a foot in the first look, one shifted by 1 cm, or none, in the second."""

    def __init__(self, distance: float, found_again: bool = True) -> None:
        self.regions, self.found_again = [], found_again
        self.first = FootPose(Side.LEFT, from_rt(R_FROM_ABOVE, (0.1, 0.1, distance)))
        self.second = FootPose(Side.LEFT, from_rt(R_FROM_ABOVE, (0.11, 0.1, distance)))
        self.estimator = FootEstimator(FootEstimatorConfig(second_look=True))
        self.estimator.network, self.estimator.pose = self.network, self.pose

    def network(self, image, region=None):
        self.regions.append(region)
        left, top, right, bottom = region or (0, 0, 640, 640)
        w, h = (right - left) / 64, (bottom - top) / 64
        cells = np.array([[w, 0, left + (w - 1) / 2], [0, h, top + (h - 1) / 2]])
        everywhere = np.full((2, 64, 64), (0.0 if region is None else 1.0), np.float32)
        return NetworkOutput(np.zeros((8, 64, 64)), np.zeros((14, 64, 64)), everywhere, cells, 640, 480)

    def pose(self, output, camera):
        if len(self.regions) == 1:
            return ["first"], [self.first]
        return (["second"], [self.second]) if self.found_again else ([], [])

    def __call__(self):
        return self.estimator(np.zeros((480, 640, 3), np.uint8), CAMERA)


def test_a_small_foot_is_looked_at_again_enlarged():
    looks = TwoLooks(distance=1.5)
    estimate = looks()
    left, top, right, bottom = looks.regions[1]
    pixels = CAMERA.project(looks.first.keypoints())
    assert ((pixels > (left, top)) & (pixels < (right, bottom))).all()
    assert (right - left) < 0.7 * 640
    assert estimate.poses == [looks.second] and estimate.keypoints == ["second"]
    assert estimate.network_output.cell_to_image[0, 0] == 10, "maps of the whole image"
    seen = np.zeros((480, 640), bool)
    seen[top:bottom, left:right] = True
    assert (estimate.mask[seen] > 0).all() and not estimate.mask[~seen].any()


def test_a_foot_that_is_not_found_again_stays():
    looks = TwoLooks(distance=1.5, found_again=False)
    estimate = looks()
    assert len(looks.regions) == 2 and estimate.poses == [looks.first] and not estimate.mask.any()


def test_a_large_foot_is_looked_at_once():
    looks = TwoLooks(distance=0.4)
    assert looks().poses == [looks.first] and looks.regions == [None]


def test_thorough_keeps_the_rest_of_the_config():
    config = FootEstimatorConfig(NetworkConfig(threads=2)).thorough()
    assert config.network == NetworkConfig(threads=2, mirror=True) and config.second_look
