"""What skad is measured against: the same networks, trained and run by plain torch."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BATCH_SIZE = 128


class PlainLSTM(nn.Module):
    def __init__(self, n_channels):
        super().__init__()
        self.lstm = nn.LSTM(n_channels, 64, batch_first=True)
        self.output = nn.Linear(64, n_channels)

    def forward(self, inputs):
        states, _ = self.lstm(inputs)
        return self.output(states[:, -1]).unsqueeze(1)


class PlainConvAutoencoder(nn.Module):
    def __init__(self, n_channels):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(n_channels, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(32, 16, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose1d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose1d(32, n_channels, 3, padding=1),
        )

    def forward(self, windows):
        return self.layers(windows.transpose(1, 2)).transpose(1, 2)


def fit(network, split, windows, *, n_epochs, seed):
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for epoch in range(n_epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(windows))
        for start in range(0, len(windows), BATCH_SIZE):
            batch = torch.from_numpy(windows[order[start : start + BATCH_SIZE]])
            inputs, targets = split(batch)
            optimizer.zero_grad()
            loss = F.mse_loss(network(inputs), targets)
            loss.backward()
            optimizer.step()
    return network


def score(network, split, windows):
    errors = []
    with torch.inference_mode():
        for start in range(0, len(windows), BATCH_SIZE):
            batch = np.ascontiguousarray(windows[start : start + BATCH_SIZE])
            inputs, targets = split(torch.from_numpy(batch))
            differences = (network(inputs) - targets).square()
            errors.append(differences.flatten(1).mean(1))
    return -torch.cat(errors).numpy()
