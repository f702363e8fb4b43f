"""A recurrent network that reads the start of a window and forecasts its end."""

import torch
from torch import nn

from skad.networks._recurrent_layers import last_state, recurrent_layers


class LSTMNetwork(nn.Module):
    """Stacked layers of LSTM or GRU cells, the last state mapped to ``horizon`` steps.

    The layers are named after the cell.
    """

    def __init__(
        self,
        n_channels: int,
        horizon: int,
        hidden_size: int,
        num_layers: int,
        cell: str = "lstm",
    ):
        super().__init__()
        self.horizon, self.cell = horizon, cell
        layers = recurrent_layers(cell, n_channels, hidden_size, num_layers)
        self.add_module(cell, layers)
        self.output = nn.Linear(hidden_size, horizon * n_channels)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        state = last_state(getattr(self, self.cell), inputs)  # (batch, hidden_size)
        return self.output(state).unflatten(1, (self.horizon, -1))
