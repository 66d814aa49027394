"""The paper's multi-branch network (section 3.1 and figure 12), in PyTorch.

Where the paper leaves a width open it is chosen so that parameters and FLOPs meet the paper's: 1.292 M and 0.984 GFLOPs
(2 x multiply-accumulate) at 256x256.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from arshoe_core.foot import NUM_KEYPOINTS, NUM_LIMBS

INPUT_NAME = "image"
UPSAMPLES = ("pixel_shuffle", "bilinear")
"""How a decoder makes maps larger; the first is what models are exported with."""
OUTPUT_CHANNELS = {"heatmaps": NUM_KEYPOINTS, "pafs": 2 * NUM_LIMBS, "segmentation": 2}
"""The three branches in order. Segmentation is leg, foot."""


def relu_(x: Tensor) -> Tensor:
    """ReLU in place, outside of autograd; returns x.

    Where a bfloat16 is negative its bits are a negative integer. PyTorch's own goes through float32 on a CPU, and takes
    four times as long.
    """
    if x.dtype == torch.bfloat16 and x.device.type == "cpu":
        x.view(torch.int16).clamp_min_(0)
        return x
    return x.relu_()


class _InPlaceReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        ctx.save_for_backward(relu_(x))
        return x

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return torch.ops.aten.threshold_backward(gradient, y, 0)


class ReLU(nn.ReLU):
    """ReLU in place, trained by way of `relu_`."""

    def __init__(self):
        super().__init__(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return _InPlaceReLU.apply(x) if self.training else super().forward(x)


class ConvBlock(nn.Sequential):
    """Convolution, batch norm and, unless it ends a residual branch, ReLU; keeps the size at stride 1."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1, groups: int = 1, relu: bool = True
    ):
        conv = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False)
        super().__init__(conv, nn.BatchNorm2d(out_channels), ReLU() if relu else nn.Identity())

    def forward(self, x: Tensor) -> Tensor:
        conv, norm, relu = self
        if not isinstance(norm, nn.BatchNorm2d):
            return relu(conv(x))
        if norm.training:
            return relu(norm(self._convolve(x, conv.weight, None)))
        # With fixed statistics the norm is part of the convolution: no pass over the features of its own.
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        weight, bias = conv.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale
        return relu(self._convolve(x, weight, bias))

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        conv = self[0]
        slow_in_bf16 = x.device.type == "cpu" and conv.groups > 1 and conv.stride != (1, 1)
        if not (self.training and slow_in_bf16):
            return F.conv2d(x, weight, bias, conv.stride, conv.padding, groups=conv.groups)
        # A strided depthwise convolution's backward pass takes four to nine times as long in bfloat16.
        with torch.autocast("cpu", enabled=False):
            return F.conv2d(x.float(), weight, bias, conv.stride, conv.padding, groups=conv.groups)


class DSConv(nn.Sequential):
    """Depthwise separable convolution: a 3x3 per channel, then a 1x1 over channels."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1):
        super().__init__(
            ConvBlock(in_channels, in_channels, stride=stride, groups=in_channels),
            ConvBlock(in_channels, out_channels, kernel=1),
        )


class Bottleneck(nn.Module):
    """Inverted residual bottleneck (MobileNetV2): widen, filter per channel, narrow; identity at stride 1."""

    def __init__(self, channels: int, expansion: int = 4, stride: int = 1):
        super().__init__()
        wide = channels * expansion
        self.stride = stride
        self.branch = nn.Sequential(
            ConvBlock(channels, wide, kernel=1),
            ConvBlock(wide, wide, stride=stride, groups=wide),
            ConvBlock(wide, channels, kernel=1, relu=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x) if self.stride == 1 else self.branch(x)


class PyramidPooling(nn.Module):
    """Means over the whole picture down to eighths of it, joined with the features (PSPNet)."""

    BINS = (1, 2, 4, 8)

    def __init__(self, channels: int):
        super().__init__()
        self.reduce = nn.ModuleList(ConvBlock(channels, channels // len(self.BINS), kernel=1) for _ in self.BINS)
        self.join = ConvBlock(2 * channels, channels, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        pooled = []
        for bins, reduce in zip(self.BINS, self.reduce, strict=True):
            # A fixed window instead of adaptive pooling: every runtime has it, with the same result where bins divide.
            kernel = (max(height // bins, 1), max(width // bins, 1))
            mean = reduce(F.avg_pool2d(x, kernel))
            pooled.append(F.interpolate(mean, size=(height, width), mode="bilinear", align_corners=False))
        return self.join(torch.cat([x, *pooled], 1))


class ResBlock(nn.Module):
    """Two 3x3 convolutions around an identity."""

    def __init__(self, channels: int):
        super().__init__()
        self.branch = nn.Sequential(ConvBlock(channels, channels), ConvBlock(channels, channels, relu=False))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.branch(x))


def _twice_as_large(channels: int, upsample: str) -> nn.Module:
    """Features (N, channels, H, W) to (N, channels / 4, 2 H, 2 W)."""
    if upsample == "pixel_shuffle":
        return nn.PixelShuffle(2)
    narrow = nn.Conv2d(channels, channels // 4, 1, bias=False)
    return nn.Sequential(narrow, nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))


class Decoder(nn.Sequential):
    """The upsample module (figure 3), one per branch: conv block, ResBlock, two pixel shuffles; 16x16 to 64x64.

    With `upsample` "bilinear", which the paper compares it with (figure 4), a 1x1 convolution to as many channels and
    bilinear interpolation take the place of each pixel shuffle.
    """

    def __init__(self, in_channels: int, out_channels: int, width: int = 96, upsample: str = UPSAMPLES[0]):
        last = nn.Conv2d(width // 4, out_channels, 3, padding=1)
        # Small, so that training starts from empty maps: nearly all of a target is zero.
        nn.init.normal_(last.weight, std=0.001)
        nn.init.zeros_(last.bias)
        super().__init__(
            ConvBlock(in_channels, width),
            ResBlock(width),
            _twice_as_large(width, upsample),
            ConvBlock(width // 4, width, kernel=1),
            _twice_as_large(width, upsample),
            last,
        )


class FootNetwork(nn.Module):
    """Image (N, 3, H, W) to heatmaps (N, 8, H/4, W/4), PAFs (N, 14, H/4, W/4), segmentation (N, 2, H/4, W/4), float32.

    H and W are multiples of 128 for exact pooling bins, of 32 in any case; 256 in use. `preprocessing` makes the input.
    Models are exported with pixel shuffles; `upsample` "bilinear" is for comparison.
    """

    def __init__(self, width: int = 96, fused_width: int = 64, upsample: str = UPSAMPLES[0]):
        super().__init__()
        self.low = nn.Sequential(ConvBlock(3, 32, stride=2), DSConv(32, 48, stride=2), DSConv(48, width, stride=2))
        # The paper's three residual bottlenecks, each a pair.
        self.high = nn.Sequential(
            *(Bottleneck(width, stride=2 if i == 2 else 1) for i in range(6)),
            PyramidPooling(width),
            DSConv(width, width),
        )
        self.unify_low = ConvBlock(width, fused_width, stride=2, relu=False)
        self.unify_high = ConvBlock(width, fused_width, kernel=1, relu=False)
        self.decoders = nn.ModuleDict(
            {name: Decoder(fused_width, n, upsample=upsample) for name, n in OUTPUT_CHANNELS.items()}
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        low = self.low(image)
        features = F.relu(self.unify_low(low) + self.unify_high(self.high(low)))
        heatmaps, pafs, segmentation = (decoder(features) for decoder in self.decoders.values())
        return heatmaps, pafs, segmentation


def fuse_batch_norm(network: FootNetwork) -> FootNetwork:
    """Fold every batch norm of a network in eval mode into its convolution, in place; returns the network."""
    for block in network.modules():
        if isinstance(block, ConvBlock) and isinstance(block[1], nn.BatchNorm2d):
            block[0] = nn.utils.fuse_conv_bn_eval(block[0], block[1])
            block[1] = nn.Identity()
    return network


def count_parameters(network: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in network.parameters())


def count_flops(network: FootNetwork, size: int = 256) -> int:
    """FLOPs of the convolutions for one size x size image, counting 2 per multiply-accumulate."""
    macs = 0

    def add(module: nn.Conv2d, _inputs: tuple, output: Tensor) -> None:
        nonlocal macs
        macs += module.weight.numel() * output.shape[-2] * output.shape[-1]

    network = fuse_batch_norm(copy.deepcopy(network).eval())
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(add)
    with torch.no_grad():
        network(torch.zeros(1, 3, size, size))
    return 2 * macs


if __name__ == "__main__":
    net = FootNetwork().eval()
    print(f"parameters {count_parameters(net) / 1e6:.3f} M (paper 1.292)   GFLOPs {count_flops(net) / 1e9:.3f} (0.984)")
