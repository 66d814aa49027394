"""What runs the network: one small class per inference library, imported only when it is chosen.

A runtime is a callable: input (1, 3, 256, 256) float32 → heatmaps (8, 64, 64), pafs (14, 64, 64), segmentation
(2, 64, 64), all float32. To add one, write such a class and name it in `make_runtime` and `BACKENDS`.
"""

from pathlib import Path
from typing import Protocol

import numpy as np

from arshoe_core.errors import BadInputError, require_choice

BACKENDS = ("onnx", "onnx_int8", "torch", "openvino")
OUTPUTS = ("heatmaps", "pafs", "segmentation")
Maps = tuple[np.ndarray, np.ndarray, np.ndarray]


class Runtime(Protocol):
    """What `NetworkRunner` needs of an inference library."""

    def __call__(self, network_input: np.ndarray) -> Maps:
        """Run the network on (1, 3, 256, 256) float32; see the module for the result."""
        ...


def make_runtime(backend: str, model: Path, device: str = "cpu", threads: int = 1) -> Runtime:
    """Load a model file into the chosen inference library.

    Args:
        backend: one of `BACKENDS`; "onnx_int8" differs from "onnx" only in the model file that it takes by default.
        device: "cpu" or, for torch, "cuda:N".
        threads: CPU threads.

    Raises:
        BadInputError: if the file is missing, is no such model, or the library or device is not there.
    """
    require_choice("backend", backend, BACKENDS)
    if not model.is_file():
        raise BadInputError(f"model is {str(model)!r}: no such file")
    if backend == "torch":
        from arshoe_perception.runtimes.torch_runtime import TorchRuntime

        return TorchRuntime(model, device, threads)
    if device != "cpu":
        raise BadInputError(f"device is {device!r}; allowed with backend {backend}: cpu (cuda:N needs backend torch)")
    if backend == "openvino":
        from arshoe_perception.runtimes.openvino_runtime import OpenVinoRuntime

        return OpenVinoRuntime(model, threads)
    from arshoe_perception.runtimes.onnx_runtime import OnnxRuntime

    return OnnxRuntime(model, threads)
