"""PyTorch, on the CPU or a CUDA device, with the weights of the same ONNX file."""

from pathlib import Path

import numpy as np

from arshoe_core.errors import BadInputError
from arshoe_perception.runtimes import Maps

try:
    import onnx
    import torch
except ImportError as error:
    raise BadInputError(f"backend is 'torch', but {error.name} is not installed: pip install torch onnx") from error

from arshoe_perception.network import FootNetwork, fuse_batch_norm


class TorchRuntime:
    """Runs `FootNetwork`; takes weights from an fp32 (or fp16-stored) ONNX file that `export` wrote."""

    def __init__(self, model: Path, device: str = "cpu", threads: int = 1):
        """Load `model` onto `device`.

        Raises:
            BadInputError: if the device is not there, or the file holds other weights than `FootNetwork`'s.
        """
        try:
            self._device = torch.device(device)
        except RuntimeError as error:
            raise BadInputError(f"device is {device!r}; allowed: cpu, cuda:N") from error
        if self._device.type == "cuda" and (self._device.index or 0) >= torch.cuda.device_count():
            raise BadInputError(f"device is {device!r}; this machine has {torch.cuda.device_count()} CUDA devices")
        if self._device.type == "cpu":
            torch.set_num_threads(threads)
        self._network = load_fused_network(model)
        self._network.to(self._device, memory_format=torch.channels_last)

    def __call__(self, network_input: np.ndarray) -> Maps:
        """See `Runtime`."""
        with torch.inference_mode():
            image = torch.from_numpy(network_input).to(self._device, memory_format=torch.channels_last)
            heatmaps, pafs, segmentation = (maps[0].contiguous().cpu().numpy() for maps in self._network(image))
        return heatmaps, pafs, segmentation


def load_fused_network(model: Path) -> FootNetwork:
    """The network in eval mode, batch norms folded away, with the weights of an ONNX file that `export` wrote.

    Raises:
        BadInputError: if the file holds other weights than `FootNetwork`'s.
    """
    network = fuse_batch_norm(FootNetwork().eval())
    try:
        # The exporter leaves out biases that are zero.
        biases = {k: torch.zeros_like(v) for k, v in network.state_dict().items() if k.endswith(".bias")}
        network.load_state_dict(biases | _weights(model))
    except Exception as error:  # protobuf, onnx and torch each raise their own
        raise BadInputError(f"model is {str(model)!r}: not an fp32 ONNX file of the foot network") from error
    return network


def _weights(model: Path) -> dict[str, "torch.Tensor"]:
    """The file's initialisers; `export` names them like the fused network's parameters."""
    return {
        tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).astype(np.float32))
        for tensor in onnx.load(str(model)).graph.initializer
        if tensor.name.endswith((".weight", ".bias"))
    }
