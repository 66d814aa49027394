"""Gradients through ReLUs that are off."""

import copy

import pytest

torch = pytest.importorskip("torch")

from arshoe_learning.gradient_leak import LeakyGradientReLU, leak_gradients  # noqa: E402
from arshoe_perception.network import FootNetwork  # noqa: E402


def test_backward_is_a_leaky_relus_and_forward_a_relus():
    x = torch.tensor([-2.0, -0.5, 0.0, 3.0], requires_grad=True)
    y = LeakyGradientReLU(0.1)(x * 1)
    y.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert y.tolist() == [0, 0, 0, 3]
    torch.testing.assert_close(x.grad, torch.tensor([0.1, 0.2, 0.3, 4.0]))


def test_a_network_computes_the_same_and_channels_that_are_off_learn():
    torch.manual_seed(0)
    network = FootNetwork()
    last_norm = network.decoders["heatmaps"][3][1]
    torch.nn.init.constant_(last_norm.bias, -100)  # no channel before the heatmaps fires
    leaky = copy.deepcopy(network)
    for slope in (0.0, 0.1):
        leak_gradients(leaky, slope)
    image = torch.rand(2, 3, 64, 64)
    for net in (network, leaky):
        net.train()
        net(image)[0].mean().backward()
    torch.testing.assert_close(leaky.eval()(image), network.eval()(image), rtol=0, atol=0)
    assert leaky.state_dict().keys() == network.state_dict().keys()
    assert last_norm.weight.grad.abs().max() == 0
    assert leaky.decoders["heatmaps"][3][1].weight.grad.abs().max() > 0
