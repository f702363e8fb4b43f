"""A convolutional network that reads a window from its end and forecasts what follows.

In a stack of causal convolutions whose dilations grow by the kernel size, each number
that the last position needs is read once: the convolutions are products of blocks of
positions side by side, and nothing is computed that the forecast does not need::

    level 2     . . . . . . . . #      kernel_size=3
    level 1     . . # . . # . . #
    inputs      # # # # # # # # #
"""

import torch
from torch import nn
from torch.nn import functional as F


class TCNNetwork(nn.Module):
    """Causal dilated convolutions, the last position mapped to ``horizon`` steps."""

    def __init__(
        self,
        n_channels: int,
        n_inputs: int,
        horizon: int,
        n_filters: int,
        kernel_size: int,
    ):
        super().__init__()
        self.horizon, self.kernel_size = horizon, kernel_size
        self.reach, widths = kernel_size, [n_channels, n_filters]
        while self.reach < n_inputs:
            self.reach *= kernel_size
            widths.append(n_filters)
        self.levels = nn.ModuleList(
            nn.Linear(kernel_size * width, n_filters) for width in widths[:-1]
        )
        self.shortcut = nn.Linear(n_channels, n_filters, bias=False)
        self.output = nn.Linear(n_filters, horizon * n_channels)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        # Of a window that is shorter than the reach, what is missing is zero.
        steps = F.pad(inputs, (0, 0, self.reach - inputs.shape[1], 0))
        for number, level in enumerate(self.levels):
            last = steps[:, self.kernel_size - 1 :: self.kernel_size]
            blocks = steps.unflatten(1, (-1, self.kernel_size)).flatten(2)
            steps = F.relu(level(blocks)) + (last if number else self.shortcut(last))
        return self.output(steps[:, 0]).unflatten(1, (self.horizon, -1))
