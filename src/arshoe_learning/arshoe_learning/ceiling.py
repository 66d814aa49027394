"""The target maps in the network's place: what decoding and 64x64 maps leave of a perfect network."""

from collections.abc import Iterable

import numpy as np

from arshoe_core.types import NetworkOutput
from arshoe_learning.coco_dataset import LabelledImage, letterboxed_keypoints, letterboxed_mask
from arshoe_learning.targets import make_targets
from arshoe_perception.preprocessing import cell_to_image_transform, letterbox


class TargetMaps:
    """Takes a `NetworkRunner`'s place and says what the labels say."""

    def __init__(self, images: Iterable[LabelledImage]):
        """Get ready to be called with each of these pictures once, in this order."""
        self._images = iter(images)

    def __call__(self, image_bgr: np.ndarray) -> NetworkOutput:
        """The target maps of the next picture (H, W, 3) uint8."""
        label = next(self._images)
        input_to_image = letterbox(image_bgr)[1]
        mask = letterboxed_mask(label.file, label.mask, image_bgr.shape[:2], input_to_image)
        maps = make_targets(letterboxed_keypoints(label), mask)
        cell_to_image = cell_to_image_transform(input_to_image)
        return NetworkOutput(maps.heatmaps, maps.pafs, maps.segmentation, cell_to_image, label.width, label.height)
