"""A convolutional network that rebuilds a window from a narrower copy of itself."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F


class ConvAutoencoderNetwork(nn.Module):
    """Convolutions down to ``channels[-1]`` and transposed convolutions back up.

    Every layer pads its input on both sides so that a stride ``s`` maps ``n`` steps
    to ``ceil(n / s)``, and the way back restores each of the lengths met on the way
    down, whether or not the stride divides them.
    """

    def __init__(
        self, n_channels: int, channels: tuple[int, ...], kernel_size: int, stride: int
    ):
        super().__init__()
        widths = [n_channels, *channels]
        options = {"kernel_size": kernel_size, "stride": stride}
        options["padding"] = (kernel_size - 1) // 2
        self.encoder = nn.ModuleList(
            nn.Conv1d(wide, narrow, **options) for wide, narrow in pairwise(widths)
        )
        self.decoder = nn.ModuleList(
            nn.ConvTranspose1d(narrow, wide, **options)
            for narrow, wide in pairwise(widths[::-1])
        )
        self.stride = stride
        self.is_even = kernel_size % 2 == 0

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        steps = windows.transpose(1, 2)  # (batch, n_channels, n_timesteps)
        lengths = []
        for layer in self.encoder:
            lengths.append(steps.shape[-1])
            # An even kernel has no middle: the odd step of padding goes to the right.
            steps = F.pad(steps, (0, 1)) if self.is_even else steps
            steps = F.relu(layer(steps))
        for layer in self.decoder:
            length = lengths.pop()
            shortest = (steps.shape[-1] - 1) * self.stride + 1 + self.is_even
            steps = layer(steps, output_size=[max(length, shortest)])[..., :length]
            steps = F.relu(steps) if lengths else steps
        return steps.transpose(1, 2)  # (batch, n_timesteps, n_channels)
