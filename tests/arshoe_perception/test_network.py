"""The network is the paper's size and gives the maps the contract names."""

import pytest

torch = pytest.importorskip("torch")

from arshoe_perception.network import (  # noqa: E402
    ConvBlock,
    FootNetwork,
    ReLU,
    count_flops,
    count_parameters,
    fuse_batch_norm,
)


def test_parameters_and_flops_are_the_papers():
    network = FootNetwork().eval()
    assert count_parameters(network) == pytest.approx(1.292e6, rel=0.03)
    assert count_flops(network) == pytest.approx(0.984e9, rel=0.05)


@pytest.mark.parametrize("size, upsample", [(128, "pixel_shuffle"), (160, "pixel_shuffle"), (256, "bilinear")])
def test_maps_have_a_quarter_of_the_input_size(size, upsample):
    maps = FootNetwork(upsample=upsample).eval()(torch.zeros(2, 3, size, size))
    assert [tuple(m.shape) for m in maps] == [(2, c, size // 4, size // 4) for c in (8, 14, 2)]


def test_folding_batch_norms_changes_nothing():
    torch.manual_seed(0)
    network = FootNetwork().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    image = torch.randn(1, 3, 128, 128)
    with torch.no_grad():
        before = network(image)
        after = fuse_batch_norm(network)(image)
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("stride, groups", [(1, 1), (2, 8)])
def test_a_block_with_fixed_statistics_is_its_layers_one_after_another(stride, groups):
    block = ConvBlock(8, 16, stride=stride, groups=groups).eval()
    torch.nn.init.uniform_(block[1].weight, 0.5, 2)
    torch.nn.init.normal_(block[1].bias)
    block[1].running_mean.normal_()
    block[1].running_var.uniform_(0.5, 2)
    x = torch.randn(2, 8, 9, 12)
    with torch.no_grad():
        torch.testing.assert_close(block(x), torch.nn.Sequential(*block)(x), rtol=1e-4, atol=1e-5)


def test_training_computes_strided_depthwise_convolutions_in_float32():
    block = ConvBlock(8, 8, stride=2, groups=8).train()
    x = torch.randn(2, 8, 9, 12)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = block(x)
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, torch.nn.Sequential(*block)(x))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_relu_in_training_is_torchs(dtype):
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(2, 8, 5, 7, generator=generator).to(dtype, memory_format=torch.channels_last)
    values[0, 0, 0, :5] = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), 1e-40])
    gradient = torch.randn(values.shape, generator=generator).to(dtype)
    results = []
    for relu in (ReLU().train(), torch.nn.ReLU()):
        x = values.clone().requires_grad_()
        y = relu(x * 1)
        y.backward(gradient)
        results.append((y.detach(), x.grad))
    for ours, torchs in zip(*results, strict=True):
        torch.testing.assert_close(ours, torchs, rtol=0, atol=0)
