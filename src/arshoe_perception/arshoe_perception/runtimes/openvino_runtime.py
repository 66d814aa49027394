"""OpenVINO on the CPU (optional)."""

from pathlib import Path

import numpy as np

from arshoe_core.errors import BadInputError
from arshoe_perception.runtimes import OUTPUTS, Maps

try:
    import openvino
except ImportError as error:
    raise BadInputError("backend is 'openvino', but it is not installed: pip install openvino") from error


class OpenVinoRuntime:
    """Runs the ONNX file; OpenVINO chooses bf16 or fp32 by the processor."""

    def __init__(self, model: Path, threads: int = 1):
        """Load `model`.

        Raises:
            BadInputError: if it is no ONNX file, or its input or outputs differ from the network's.
        """
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        try:
            self._model = openvino.Core().compile_model(str(model), "CPU", options)
            self._outputs = [self._model.output(name) for name in OUTPUTS]
        except RuntimeError as error:
            names = ", ".join(OUTPUTS)
            raise BadInputError(f"model is {str(model)!r}: not an ONNX model with the outputs {names}") from error

    def __call__(self, network_input: np.ndarray) -> Maps:
        """See `Runtime`."""
        result = self._model(network_input)
        heatmaps, pafs, segmentation = (np.array(result[output][0], np.float32) for output in self._outputs)
        return heatmaps, pafs, segmentation
