"""Recurrent layers of one kind or another, and what they have read in the end."""

import torch
from torch import nn

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


def recurrent_layers(
    cell: str, n_inputs: int, hidden_size: int, num_layers: int
) -> nn.Module:
    """Stack ``num_layers`` layers of cells."""
    return CELLS[cell](n_inputs, hidden_size, num_layers, batch_first=True)


def last_state(layers: nn.Module, steps: torch.Tensor) -> torch.Tensor:
    """Map (batch, n, n_inputs) to the last state of the last layer.

    The state by itself: its gradient is no array of zeros for all others.
    """
    _, state = layers(steps)  # (num_layers, batch, hidden_size), of an LSTM two of them
    return (state[0] if isinstance(layers, nn.LSTM) else state)[-1]
