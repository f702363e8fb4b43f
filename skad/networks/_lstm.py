"""A recurrent network that reads the start of a window and forecasts its end."""

import torch
from torch import nn


class LSTMNetwork(nn.Module):
    """Stacked LSTM layers, the last state mapped to ``horizon`` steps."""

    def __init__(
        self, n_channels: int, horizon: int, hidden_size: int, num_layers: int
    ):
        super().__init__()
        self.horizon = horizon
        self.lstm = nn.LSTM(n_channels, hidden_size, num_layers, batch_first=True)
        self.output = nn.Linear(hidden_size, horizon * n_channels)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        # The last state by itself: its gradient is no array of zeros for all others.
        _, (last, _) = self.lstm(inputs)  # (num_layers, batch, hidden_size)
        forecast = self.output(last[-1])  # (batch, horizon * n_channels)
        return forecast.unflatten(1, (self.horizon, -1))
