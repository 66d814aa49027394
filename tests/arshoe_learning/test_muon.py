"""The optimizer for convolutions."""

import pytest
import torch
from torch import nn

from arshoe_learning.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(96, 384), (384, 96), (32, 27), (8, 8)])
def test_singular_values_come_near_to_one(shape):
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 7
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert values.min() > 0.6 and values.max() < 1.3
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    assert (orthogonal(matrix) * (u @ v)).sum() / (u @ v).norm() ** 2 > 0.8, "the same directions"


def test_orthogonal_is_jordans_iteration():
    """The iteration of the matrix itself, in double precision; also for a matrix of few, very different directions."""
    generator = torch.Generator().manual_seed(0)
    for matrix in (torch.randn(96, 384, generator=generator), torch.randn(64, 7, generator=generator).cumprod(1)):
        x = matrix.double().T if len(matrix) > matrix.shape[1] else matrix.double()
        x = x / x.norm()
        for _ in range(5):
            gram = x @ x.T
            x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
        expected = x.T if len(matrix) > matrix.shape[1] else x
        torch.testing.assert_close(orthogonal(matrix).double(), expected, rtol=1e-3, atol=1e-3)


def test_a_step_is_as_large_as_adam_makes_it():
    conv = nn.Conv2d(16, 32, 3, bias=False)
    before = conv.weight.detach().clone()
    conv.weight.grad = torch.randn_like(conv.weight)
    Muon(conv, lr=0.01, weight_decay=0.0).step()
    size = (conv.weight.detach() - before).square().mean().sqrt()
    assert 0.0014 < size < 0.0026  # 0.2 of the learning rate, as singular values are 0.7 to 1.2


def test_a_small_network_learns_and_its_state_survives():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 1, 1)
    )
    images, targets = torch.randn(8, 3, 12, 12), torch.randn(8, 1, 12, 12)
    targets = nn.functional.avg_pool2d(targets, 3, 1, 1) + images.mean(1, keepdim=True)

    def loss():
        return ((network(images) - targets) ** 2).mean()

    optimizer = Muon(network, lr=5e-3, weight_decay=0.0)
    first = loss().item()
    for _ in range(60):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert loss().item() < 0.6 * first
    again = Muon(network, lr=5e-3, weight_decay=0.0)
    again.load_state_dict(optimizer.state_dict())
    assert again.state_dict()["state"].keys() == optimizer.state_dict()["state"].keys()
