"""Muon (Jordan, 2024) for convolutions: momentum whose matrix is made orthogonal before each step."""

import torch
from torch import Tensor, nn

_ITERATION = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic Newton-Schulz iteration, Jordan's."""
_STEPS = 5
_MOMENTUM = 0.95
_ADAM_SIZE = 0.2
"""Root mean square of an AdamW step over its learning rate, which Muon's steps are scaled to (Liu et al., 2025)."""


class Muon(torch.optim.Optimizer):
    """Muon for the convolutions over all channels, AdamW for the others, biases and norms; one learning rate for both.

    torch.optim.Muon takes matrices only; a convolution (out, in, k, k) is one of out rows here.
    """

    def __init__(self, network: nn.Module, lr: float, weight_decay: float) -> None:
        matrices, others, plain = [], [], []
        for parameter in network.parameters():
            if parameter.ndim <= 1:
                plain.append(parameter)
            else:  # depthwise filters are vectors
                (others if parameter.shape[1] == 1 else matrices).append(parameter)
        groups = [
            {"params": matrices, "weight_decay": weight_decay, "muon": True},
            {"params": others, "weight_decay": weight_decay, "muon": False},
            {"params": plain, "weight_decay": 0.0, "muon": False},
        ]
        super().__init__(groups, {"lr": lr, "betas": (0.9, 0.999)})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        """Change the parameters by their gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                change = self._muon(parameter) if group["muon"] else self._adam(parameter, group["betas"])
                parameter.add_(change, alpha=-group["lr"])

    def _muon(self, parameter: Tensor) -> Tensor:
        state, gradient = self.state[parameter], parameter.grad
        momentum = state.setdefault("momentum", torch.zeros_like(parameter))
        momentum.lerp_(gradient, 1 - _MOMENTUM)
        matrix = gradient.lerp(momentum, _MOMENTUM).flatten(1)
        return (orthogonal(matrix) * (_ADAM_SIZE * max(matrix.shape) ** 0.5)).reshape(parameter.shape)

    def _adam(self, parameter: Tensor, betas: tuple[float, float]) -> Tensor:
        state, gradient = self.state[parameter], parameter.grad
        if not state:
            state |= {"step": 0, "mean": torch.zeros_like(parameter), "square": torch.zeros_like(parameter)}
        state["step"] += 1
        state["mean"].lerp_(gradient, 1 - betas[0])
        state["square"].lerp_(gradient.square(), 1 - betas[1])
        mean, square = (
            state[name] / (1 - beta ** state["step"]) for name, beta in zip(("mean", "square"), betas, strict=True)
        )
        return mean / (square.sqrt() + 1e-8)


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix (R, C) with all singular values 1 (0.7 to 1.2), by Newton-Schulz."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    a, b, c = _ITERATION
    # Iterating the small x x^T and the factor before x takes half the time of iterating x.
    gram = x @ x.T
    factor = torch.eye(len(x), dtype=x.dtype, device=x.device)
    for _ in range(_STEPS):
        step = b * gram + c * gram @ gram
        step.diagonal().add_(a)
        factor, gram = step @ factor, step @ gram @ step
    x = factor @ x
    return x.T if tall else x
