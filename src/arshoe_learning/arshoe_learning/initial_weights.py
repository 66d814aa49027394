"""The network to go on training with, made from an exported one."""

from pathlib import Path

import torch

from arshoe_perception.network import ConvBlock, FootNetwork
from arshoe_perception.preprocessing import normalise
from arshoe_perception.runtimes.torch_runtime import load_fused_network


def start_from(model: Path, images: torch.Tensor) -> FootNetwork:
    """A network to train on that computes what an exported one does, whose batch norms were folded away.

    Each batch norm gets the mean and variance that its convolution's output has on `images` (N, H, W, 3) uint8, and
    the scale and shift that undo them.

    Raises:
        BadInputError: if the file is no export of this network.
    """
    fused, network = load_fused_network(model), FootNetwork()
    moments = {}

    def measure(name: str, output: torch.Tensor) -> None:
        moments[name] = output.mean((0, 2, 3)), output.var((0, 2, 3))

    for name, block in fused.named_modules():
        if isinstance(block, ConvBlock):
            block[0].register_forward_hook(lambda _module, _inputs, output, name=name: measure(name, output))
    with torch.no_grad():
        fused(to_input(images, torch.device("cpu")))
    weights = network.state_dict()
    for name, value in fused.state_dict().items():
        block = name.removesuffix(".0.bias")
        if block in moments:
            mean, variance = moments[block]
            norm = {"weight": (variance + 1e-5).sqrt(), "bias": mean, "running_mean": mean - value}
            weights |= {f"{block}.1.{key}": part for key, part in (norm | {"running_var": variance}).items()}
        else:
            weights[name] = value
    network.load_state_dict(weights)
    return network


def to_input(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    """(N, H, W, 3) uint8 to the network's (N, 3, H, W) float32 in channels_last layout."""
    return normalise(images.to(device).permute(0, 3, 1, 2).float())
