"""The decoders' other layout computes the same maps."""

import pytest

torch = pytest.importorskip("torch")

from arshoe_learning.wide_decoder import over_pairs, shuffle_order, shuffle_to_pairs, with_wide_decoders  # noqa: E402
from arshoe_perception.network import FootNetwork, fuse_batch_norm  # noqa: E402


def test_a_shuffle_of_sorted_channels_is_pixel_shuffle():
    x = torch.randn(2, 12, 5, 7)
    expected = torch.nn.functional.pixel_shuffle(x, 2)
    pairs = shuffle_to_pairs(x[:, shuffle_order(3)])
    assert torch.equal(pairs.reshape(2, 10, 14, 3).permute(0, 3, 1, 2), expected)


def test_a_convolution_over_pairs_is_the_convolution():
    conv, x = torch.nn.Conv2d(3, 5, 3, padding=1), torch.randn(1, 3, 6, 8)
    pairs = x.permute(0, 2, 3, 1).reshape(1, 6, 4, 6).permute(0, 3, 1, 2)
    out = over_pairs(conv)(pairs).permute(0, 2, 3, 1).reshape(1, 6, 8, 5).permute(0, 3, 1, 2)
    assert torch.allclose(out, conv(x), atol=1e-5)


@pytest.mark.parametrize("size", [128, 256])
def test_the_network_keeps_its_maps(size):
    torch.manual_seed(0)
    network = FootNetwork().eval()
    for decoder in network.decoders.values():
        torch.nn.init.normal_(decoder[-1].weight, std=0.1)
        torch.nn.init.normal_(decoder[-1].bias)
    network = fuse_batch_norm(network)
    image = torch.randn(1, 3, size, size)
    with torch.no_grad():
        for a, b in zip(with_wide_decoders(network)(image), network(image), strict=True):
            assert a.shape == b.shape and torch.allclose(a, b, atol=1e-4 * float(b.abs().max()))
