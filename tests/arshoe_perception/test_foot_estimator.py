import subprocess
import sys

import numpy as np
import pytest

import arshoe_perception
from arshoe_core.camera import Camera
from arshoe_core.errors import BadInputError
from arshoe_core.resources import shared_file


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
