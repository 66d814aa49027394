"""The decoders rewritten for integer inference: the same function in a layout whose pixel shuffles cost little.

ONNX Runtime keeps int8 maps as (H, W, C), where a pixel shuffle scatters single bytes and the last 3x3 convolution
gathers runs of 24 of them: together 35 % of the network's time. Two changes help, and neither changes a value:

- Channels before a shuffle are ordered (row, column, channel) instead of (channel, row, column). The shuffle then moves
  runs of 48 bytes.
- Two neighbours in a row are taken as one pixel of twice the channels, which is no work in (H, W, C). The last
  convolution does its sum over pairs, and has at least 8 output channels, since with fewer it would take longer.
"""

import copy

import torch
from torch import Tensor, nn

from arshoe_perception.network import Decoder, FootNetwork

FACTOR = 2
"""Of a pixel shuffle."""
LEAST_CHANNELS = 8


class WideDecoder(nn.Module):
    """Computes what a `Decoder` with folded batch norms does."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        # The places of the two shuffles, 2 and 4, are taken by `shuffle_to_pairs`.
        self.widen, self.residual, _, self.point, _, last = copy.deepcopy(decoder)
        sorted_channels = shuffle_order(last.in_channels)
        for conv in (self.widen[0], self.residual.branch[1][0], self.point[0]):
            conv.weight.data, conv.bias.data = conv.weight.data[sorted_channels], conv.bias.data[sorted_channels]
        first = self.residual.branch[0][0]
        first.weight.data = first.weight.data[:, sorted_channels]
        self.channels = last.out_channels
        self.last = over_pairs(_with_spare_channels(last, LEAST_CHANNELS))

    def forward(self, x: Tensor) -> Tensor:
        x = shuffle_to_pairs(self.residual(self.widen(x)))
        x = shuffle_to_pairs(self.point(_split_pairs(x).permute(0, 3, 1, 2)))
        x = self.last(x.permute(0, 3, 1, 2))
        x = _split_pairs(x.permute(0, 2, 3, 1))
        return x[..., : self.channels].permute(0, 3, 1, 2)


def shuffle_order(channels: int) -> Tensor:
    """Where `nn.PixelShuffle(2)` to so many channels takes (row, column, channel), sorted like that, from."""
    return torch.arange(channels * FACTOR**2).reshape(channels, FACTOR**2).T.reshape(-1)


def shuffle_to_pairs(x: Tensor) -> Tensor:
    """(N, 4 C, H, W) in `shuffle_order` to (N, 2 H, W, 2 C), two neighbours of the shuffled picture in each pixel."""
    n, c, h, w = x.shape
    x = x.permute(0, 2, 3, 1).reshape(n, h, w, FACTOR, c // FACTOR)
    return x.permute(0, 1, 3, 2, 4).reshape(n, FACTOR * h, w, c // FACTOR)


def over_pairs(conv: nn.Conv2d) -> nn.Conv2d:
    """The 3x3 convolution from pairs of neighbours in a row to pairs of neighbours that does what `conv` does."""
    wide = nn.Conv2d(FACTOR * conv.in_channels, FACTOR * conv.out_channels, 3, padding=1)
    weight = torch.zeros(FACTOR, conv.out_channels, FACTOR, conv.in_channels, 3, 3)
    for to in range(FACTOR):
        for dx in (-1, 0, 1):
            pair, of = divmod(to + dx, FACTOR)
            weight[to, :, of, :, :, pair + 1] = conv.weight.data[:, :, :, dx + 1]
    wide.weight.data, wide.bias.data = weight.reshape(wide.weight.shape), conv.bias.data.repeat(FACTOR)
    return wide


def _with_spare_channels(conv: nn.Conv2d, least: int) -> nn.Conv2d:
    """The convolution with zeros as further outputs, if it has fewer than `least`."""
    spare = max(least - conv.out_channels, 0)
    wide = nn.Conv2d(conv.in_channels, conv.out_channels + spare, 3, padding=1)
    wide.weight.data = torch.cat([conv.weight.data, torch.zeros(spare, *conv.weight.shape[1:])])
    wide.bias.data = torch.cat([conv.bias.data, torch.zeros(spare)])
    return wide


def with_wide_decoders(network: FootNetwork) -> FootNetwork:
    """A copy of a network with folded batch norms whose decoders are `WideDecoder`s; its maps are the same."""
    network = copy.deepcopy(network)
    for name, decoder in network.decoders.items():
        network.decoders[name] = WideDecoder(decoder)
    return network


def _split_pairs(x: Tensor) -> Tensor:
    """(N, H, W, 2 C) to (N, H, 2 W, C)."""
    n, h, w, c = x.shape
    return x.reshape(n, h, FACTOR * w, c // FACTOR)
