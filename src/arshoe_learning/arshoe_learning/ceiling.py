"""The target maps in the network's place: what decoding and 64x64 maps leave of a perfect network."""

from collections.abc import Iterable

import numpy as np

from arshoe_core.types import NetworkOutput
from arshoe_learning.coco_dataset import LabelledImage, letterboxed_keypoints, read_letterboxed
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
        maps = make_targets(letterboxed_keypoints(label), read_letterboxed(label.file, label.mask)[1])
        cell_to_image = cell_to_image_transform(letterbox(image_bgr)[1])
        return NetworkOutput(maps.heatmaps, maps.pafs, maps.segmentation, cell_to_image, label.width, label.height)
