"""From an image to the network's maps."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arshoe_core.parameters import parameter, validate
from arshoe_core.resources import shared_file
from arshoe_core.types import NetworkOutput
from arshoe_perception.preprocessing import Region, preprocess
from arshoe_perception.runtimes import BACKENDS, make_runtime


@dataclass(frozen=True)
class NetworkConfig:
    """Which network runs where."""

    model: str = parameter("", "ONNX file; empty for the bundled one")
    backend: str = parameter("onnx_int8", "library that runs the network", choices=BACKENDS)
    device: str = parameter("cpu", "cpu, or cuda:N with backend torch")
    threads: int = parameter(1, "CPU threads of the network", low=1, high=64)
    mirror: bool = parameter(False, "average the maps with the mirrored image's: more exact, in twice the time")

    def __post_init__(self) -> None:
        validate(self)


class NetworkRunner:
    """Callable that takes an image to a `NetworkOutput`."""

    def __init__(self, config: NetworkConfig | None = None):
        """Load the model.

        Raises:
            BadInputError: see `runtimes.make_runtime`.
        """
        config = config or NetworkConfig()
        bundled = "models/arshoe_int8.onnx" if config.backend == "onnx_int8" else "models/arshoe.onnx"
        model = Path(config.model) if config.model else shared_file("arshoe_perception", bundled)
        self._runtime = make_runtime(config.backend, model, config.device, config.threads)
        self._mirror = config.mirror
        self.model_id = f"{model.stem}-{hashlib.sha256(model.read_bytes()).hexdigest()[:8]}"

    def __call__(self, image_bgr: np.ndarray, region: Region | None = None) -> NetworkOutput:
        """Run the network on an image (H, W, 3) uint8, or on a region of it.

        Raises:
            BadInputError: if the image has another shape or type.
        """
        network_input, cell_to_image = preprocess(image_bgr, region=region)
        maps = self._runtime(network_input)
        if self._mirror:
            mirrored = unmirrored(*self._runtime(np.ascontiguousarray(network_input[..., ::-1])))
            maps = tuple((a + b) / 2 for a, b in zip(maps, mirrored, strict=True))
        heatmaps, pafs, segmentation = maps
        height, width = image_bgr.shape[:2]
        return NetworkOutput(heatmaps, pafs, segmentation, cell_to_image, width, height, self.model_id)


def unmirrored(
    heatmaps: np.ndarray, pafs: np.ndarray, segmentation: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The maps (C, H, W) of an image from those of its mirror image.

    Keypoints are anatomical (medial, lateral), so each keeps its channel; of the PAFs' vectors x changes its sign.
    """
    signs = np.tile(np.array([-1, 1], pafs.dtype), len(pafs) // 2)
    return heatmaps[..., ::-1], pafs[..., ::-1] * signs[:, None, None], segmentation[..., ::-1]
