"""ONNX Runtime on the CPU."""

from pathlib import Path

import numpy as np
import onnxruntime

from arshoe_core.errors import BadInputError
from arshoe_perception.runtimes import OUTPUTS, Maps

INPUT_SHAPE = [1, 3, 256, 256]


class OnnxRuntime:
    """Runs fp32 and int8 ONNX models."""

    def __init__(self, model: Path, threads: int = 1):
        """Load `model`.

        Raises:
            BadInputError: if it is no ONNX file, or its input or outputs differ from the network's.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Idle threads that spin would take the core away from the other nodes.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no base class
            raise BadInputError(f"model is {str(model)!r}: not an ONNX model ({_first_line(error)})") from error
        inputs, outputs = self._session.get_inputs(), [o.name for o in self._session.get_outputs()]
        if len(inputs) != 1 or inputs[0].shape != INPUT_SHAPE or sorted(outputs) != sorted(OUTPUTS):
            found = ", ".join(f"{i.name} {i.shape}" for i in inputs)
            raise BadInputError(
                f"model is {str(model)!r} with input {found}, outputs {', '.join(outputs)}; "
                f"allowed: one input {INPUT_SHAPE}, outputs {', '.join(OUTPUTS)}"
            )
        self._input = inputs[0].name

    def __call__(self, network_input: np.ndarray) -> Maps:
        """See `Runtime`."""
        heatmaps, pafs, segmentation = self._session.run(OUTPUTS, {self._input: network_input})
        return heatmaps[0], pafs[0], segmentation[0]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
