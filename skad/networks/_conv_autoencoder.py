"""A convolutional network that rebuilds a window from a narrower copy of itself."""

from itertools import pairwise
from math import ceil

import torch
from torch import nn
from torch.nn import functional as F


class ConvAutoencoderNetwork(nn.Module):
    """Convolutions down to ``channels[-1]`` and transposed convolutions back up.

    Every layer pads its input on both sides so that a stride ``s`` maps ``n`` steps
    to ``ceil(n / s)``, and the way back restores each of the lengths met on the way
    down, whether or not the stride divides them. Pooling, after each convolution down,
    halves the steps and leaves out an odd last one; on the way up each step is repeated
    instead. Between the two, a dense bottleneck may mix all that is left.

    The layers are one-dimensional, but run as two-dimensional ones of height 1: a batch
    of windows, channels innermost, already *is* an image in channels-last layout, for
    which the kernels are about twice as fast.
    """

    def __init__(
        self,
        n_channels: int,
        channels: tuple[int, ...],
        kernel_size: int,
        stride: int,
        *,
        pooling: str | None = None,
        bottleneck: int | None = None,
        n_timesteps: int | None = None,
    ):
        super().__init__()
        widths = [n_channels, *channels]
        self.encoder = nn.ModuleList(
            nn.Conv1d(wide, narrow, kernel_size, stride)
            for wide, narrow in pairwise(widths)
        )
        self.decoder = nn.ModuleList(
            nn.ConvTranspose1d(narrow, wide, kernel_size, stride)
            for narrow, wide in pairwise(widths[::-1])
        )
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = (kernel_size - 1) // 2
        self.pooling = pooling
        self.bottleneck = None
        if bottleneck is not None:
            n_last = self.lengths(n_timesteps)[len(channels) - 1]
            n_wide = (n_last // 2 if pooling else n_last) * channels[-1]
            self.bottleneck = nn.Sequential(
                nn.Linear(n_wide, bottleneck), nn.Linear(bottleneck, n_wide), nn.ReLU()
            )

    def extra_repr(self) -> str:
        return f"pooling={self.pooling!r}"

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        lengths, n_encoder = self.lengths(windows.shape[1]), len(self.encoder)
        for index, n_out in enumerate(lengths):
            if index == n_encoder and self.bottleneck is not None:
                mixed = self.bottleneck(windows.flatten(1))
                windows = mixed.view(windows.shape)
            if index >= n_encoder and self.pooling is not None:
                windows = _repeated(windows, lengths[2 * n_encoder - 1 - index])
            windows = self.apply_layer(index, windows, n_out)
            if index < n_encoder and self.pooling is not None:
                windows = _pooled(windows, self.pooling)
        return windows

    def lengths(self, n_timesteps: int) -> list[int]:
        """Return the number of steps that each layer gives."""
        reached, given = [n_timesteps], []
        for _ in self.encoder:
            given.append(ceil(reached[-1] / self.stride))
            reached.append(given[-1] // 2 if self.pooling else given[-1])
        return given + reached[-2::-1]

    def is_rectified(self, index: int) -> bool:
        """Tell the last layer, whose output is linear, from the others."""
        return index < 2 * len(self.encoder) - 1

    def apply_layer(self, index: int, steps: torch.Tensor, n_out: int) -> torch.Tensor:
        """Map (batch, n, channels) to (batch, n_out, channels) of the next layer."""
        steps = self.convolve(index, steps, n_out, self.layer(index).bias)
        return F.relu(steps) if self.is_rectified(index) else steps

    def layer(self, index: int) -> nn.Module:
        """Return the layer that holds the weights, counted from the input."""
        n_encoder = len(self.encoder)
        if index < n_encoder:
            return self.encoder[index]
        return self.decoder[index - n_encoder]

    def convolve(self, index: int, steps: torch.Tensor, n_out: int, bias=None):
        """Apply the linear part of a layer."""
        image = steps.unsqueeze(1).permute(0, 3, 1, 2)  # (batch, channels, 1, n)
        weight = self.layer(index).weight.unsqueeze(2)
        padding, stride = (0, self.padding), (1, self.stride)
        if index < len(self.encoder):
            if self.kernel_size % 2 == 0:
                # An even kernel has no middle: its odd step of padding goes right.
                image = F.pad(image, (0, 1))
            image = F.conv2d(image, weight, bias, stride, padding)
        else:
            reached = (
                (steps.shape[1] - 1) * self.stride + 1 + (1 - self.kernel_size % 2)
            )
            missing = (0, max(n_out - reached, 0))
            image = F.conv_transpose2d(image, weight, bias, stride, padding, missing)
        return image[..., :n_out].permute(0, 2, 3, 1).squeeze(1)


def _pooled(steps, kind):
    """Take the largest or the mean of each two steps."""
    pairs = steps[:, : steps.shape[1] // 2 * 2].unflatten(1, (-1, 2))
    return pairs.amax(2) if kind == "max" else pairs.mean(2)


def _repeated(steps, n_out):
    """Give each step twice, and an odd last one a third time."""
    twice = steps.unsqueeze(2).expand(-1, -1, 2, -1).flatten(1, 2)
    return torch.cat([twice, steps[:, -1:]], 1)[:, :n_out]
