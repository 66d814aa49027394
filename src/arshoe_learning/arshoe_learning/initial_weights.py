"""The network to go on training with, made from an exported one."""

from pathlib import Path

import torch
from torch import nn

from arshoe_perception.network import ConvBlock, FootNetwork
from arshoe_perception.preprocessing import normalise
from arshoe_perception.runtimes.torch_runtime import load_fused_network

_FILTER_SIZE, _DEPTHWISE_SIZE = 0.1, 0.5
"""Root mean square of a filter's weights. At a learning rate of 2e-3 a step of `Muon` changes either kind by 0.4 %."""


def start_from(model: Path, images: torch.Tensor) -> FootNetwork:
    """A network to train on that computes what an exported one does, whose batch norms were folded away.

    Each batch norm gets the mean and variance that its convolution's output has on `images` (N, H, W, 3) uint8, and
    the scale and shift that undo them. Before a batch norm the size of a filter's weights only sets how much a step
    changes it, and folding leaves sizes that differ by a factor of 1000: all get the same.

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
        if name.removesuffix(".0.weight") not in moments and name.removesuffix(".0.bias") not in moments:
            weights[name] = value
    network.load_state_dict(weights)
    for name, (mean, variance) in moments.items():
        _unfold(fused.get_submodule(name)[0], network.get_submodule(name), mean, variance)
    return network


@torch.no_grad()
def _unfold(fused: nn.Conv2d, block: ConvBlock, mean: torch.Tensor, variance: torch.Tensor) -> None:
    """Make a block compute what its fused convolution does, whose output has this mean and variance per channel."""
    conv, norm, _relu = block
    size = fused.weight.square().mean((1, 2, 3)).sqrt()
    factor = (_DEPTHWISE_SIZE if conv.groups > 1 else _FILTER_SIZE) / size.clamp(min=1e-9)
    conv.weight.copy_(fused.weight * factor[:, None, None, None])
    norm.running_mean.copy_((mean - fused.bias) * factor)
    norm.running_var.copy_(variance * factor**2)
    norm.weight.copy_((norm.running_var + norm.eps).sqrt() / factor)
    norm.bias.copy_(mean)


def to_input(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    """(N, H, W, 3) uint8 to the network's (N, 3, H, W) float32 in channels_last layout."""
    return normalise(images.to(device).permute(0, 3, 1, 2).float())
