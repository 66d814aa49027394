"""The bundled int8 model finds what the fp32 one finds, on the demo bag."""

import numpy as np

from arshoe_bench.bags import demo_bag
from arshoe_media.bag_reader import BagReader
from arshoe_perception import FootEstimator, FootEstimatorConfig
from arshoe_perception.network_runner import NetworkConfig
from arshoe_perception.preprocessing import INPUT_SIZE


def test_int8_agrees_with_fp32_in_keypoints_and_masks():
    exact, fast = (
        FootEstimator(FootEstimatorConfig(network=NetworkConfig(backend=name))) for name in ("onnx", "onnx_int8")
    )
    distances, both, either = [], np.zeros(2), np.zeros(2)
    for frame in list(BagReader(demo_bag()))[::20]:
        a, b = (estimator(frame.image, frame.camera) for estimator in (exact, fast))
        scale = INPUT_SIZE / max(frame.image.shape[:2])
        for foot in a.keypoints:
            apart = [np.linalg.norm(foot.points - other.points, axis=1) for other in b.keypoints]
            nearest = min(apart, key=np.nanmean)
            distances += (scale * nearest[np.isfinite(nearest)]).tolist()
        both += [((a.mask == value) & (b.mask == value)).sum() for value in (1, 2)]
        either += [((a.mask == value) | (b.mask == value)).sum() for value in (1, 2)]
    assert len(distances) > 150 and np.median(distances) < 0.5 and np.mean(distances) < 1
    assert (both / either > 0.98).all()
