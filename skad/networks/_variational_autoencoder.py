"""A network that rebuilds a window from a point near the origin, known up to noise."""

import torch
from torch import nn
from torch.nn import functional as F

# Of a logarithm: its exponential is far beyond any variance, and finite.
_LARGEST = 40.0


class VariationalAutoencoderNetwork(nn.Module):
    """Dense layers to the mean and variance of a normal code, and back from it.

    While it is trained, the code is drawn, and the divergence of its distribution from
    the standard normal one is added to the loss. Once trained, the code is the mean.
    """

    def __init__(
        self,
        n_timesteps: int,
        n_channels: int,
        hidden_size: int,
        latent_size: int,
        kl_weight: float,
    ):
        super().__init__()
        self.shape = (n_timesteps, n_channels)
        n_readings = n_timesteps * n_channels
        self.weight = kl_weight / n_readings
        self.encoder = nn.Linear(n_readings, hidden_size)
        self.moments = nn.Linear(hidden_size, 2 * latent_size)
        self.decoder = nn.Linear(latent_size, hidden_size)
        self.output = nn.Linear(hidden_size, n_readings)
        self._divergence: torch.Tensor | None = None

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        hidden = F.relu(self.encoder(windows.flatten(1)))
        code, log_variance = self.moments(hidden).chunk(2, 1)
        if self.training:
            log_variance = log_variance.clamp(max=_LARGEST)
            # That of each window, in nats.
            terms = code.square() + log_variance.exp() - 1 - log_variance
            self._divergence = terms.sum(1).mean() / 2
            code = code + torch.randn_like(code) * (log_variance / 2).exp()
        return self.output(F.relu(self.decoder(code))).unflatten(1, self.shape)

    def training_penalty(self) -> torch.Tensor:
        """Return what the last batch adds to the loss, and forget it."""
        divergence, self._divergence = self._divergence, None
        return self.weight * divergence
