"""A recurrent network that reads a window, and rebuilds it from what it remembers."""

import torch
from torch import nn

from skad.networks._recurrent_layers import last_state, recurrent_layers


class LSTMAutoencoderNetwork(nn.Module):
    """An encoder whose last state a decoder unrolls, from the last step to the first.

    The decoder gets the state at every step, and none of the steps that it rebuilds.
    """

    def __init__(
        self, n_channels: int, hidden_size: int, num_layers: int, cell: str = "lstm"
    ):
        super().__init__()
        self.encoder = recurrent_layers(cell, n_channels, hidden_size, num_layers)
        self.decoder = recurrent_layers(cell, hidden_size, hidden_size, num_layers)
        self.output = nn.Linear(hidden_size, n_channels)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        state = last_state(self.encoder, windows)
        states = state.unsqueeze(1).expand(-1, windows.shape[1], -1)
        steps, _ = self.decoder(states)
        return self.output(steps.flip(1))
