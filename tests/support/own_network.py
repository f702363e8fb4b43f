"""A network of one's own, as the user guide shows how to bring it along."""

from torch import nn

from skad.detectors import NetworkDetector


class ImageAutoencoder(NetworkDetector):
    """Rebuild windows that are seen as images of one colour."""

    def make_network(self, n_timesteps, n_channels):
        n_pooled = -(-n_timesteps // 2) * -(-n_channels // 2)
        return nn.Sequential(
            nn.Unflatten(0, (-1, 1)),  # (batch, 1, n_timesteps, n_channels)
            nn.Conv2d(1, 32, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Flatten(),
            nn.Linear(64 * n_pooled, 10),
            nn.Linear(10, n_timesteps * n_channels),
            nn.Unflatten(1, (n_timesteps, n_channels)),
        )
