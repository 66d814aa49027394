"""ReLUs that pass a part of the gradient where they are off, so that a channel that never fires can learn to."""

import torch
from torch import Tensor, nn

from arshoe_perception.network import relu_


class _LeakyGradient(torch.autograd.Function):
    """ReLU in place; its gradient is that of a leaky ReLU."""

    @staticmethod
    def forward(ctx, x: Tensor, slope: float) -> Tensor:
        ctx.mark_dirty(x)
        ctx.save_for_backward(relu_(x))
        ctx.slope = slope
        return x

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        # y instead of the input tells which were on: both are above 0 in the same places.
        return torch.ops.aten.leaky_relu_backward(gradient, y, ctx.slope, True), None


class LeakyGradientReLU(nn.Module):
    """A ReLU, in place, whose backward pass multiplies the gradient by `slope` where its input was negative.

    A surrogate gradient (Horuz et al., "The Resurrection of the ReLU", 2025): the network computes what it did.
    """

    def __init__(self, slope: float):
        super().__init__()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return _LeakyGradient.apply(x, self.slope) if self.training else x.relu_()


def leak_gradients(network: nn.Module, slope: float) -> None:
    """Give every ReLU of a network this slope, in place; a `LeakyGradientReLU` takes the place of an `nn.ReLU`."""
    for module in network.modules():
        if isinstance(module, LeakyGradientReLU):
            module.slope = slope
            continue
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, LeakyGradientReLU(slope))
