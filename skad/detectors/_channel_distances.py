"""One distance out of those of the channels."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

# How many channels, those with the largest distances, count.
AGGREGATIONS = {
    "standardised": lambda n_channels: n_channels,
    "standardised_top": lambda n_channels: -(-n_channels // 4),
    "standardised_max": lambda n_channels: 1,
}
_TINY = 1e-100


@dataclass(frozen=True)
class ChannelDistances:
    """How the distances of channels, (n, n_channels), become one.

    ``scale`` is None where there is one distance for all channels already.
    """

    aggregation: str = "joint"
    scale: np.ndarray | None = None
    scored: ClassVar[None] = None  # all channels are

    def of_windows(self, distances: np.ndarray) -> np.ndarray:
        """Map the distances of the channels to those of windows, (n,)."""
        return self.shares(distances).sum(axis=1)

    # Windows are compared with what is missing filled, so each channel has a distance.
    of_windows_there = of_windows

    def shares(self, distances: np.ndarray) -> np.ndarray:
        """Share out the distances of windows among their channels."""
        if self.scale is None:
            return distances
        distances = distances / self.scale
        n_channels = distances.shape[1]
        n_counted = AGGREGATIONS[self.aggregation](n_channels)
        if n_counted < n_channels:
            left_out = np.argsort(-distances, axis=1, kind="stable")[:, n_counted:]
            np.put_along_axis(distances, left_out, 0.0, axis=1)
        return distances / n_counted

    shares_there = shares

    def even_shares(self, n_channels: int) -> np.ndarray:
        """Share 1 out evenly among the channels: (n_channels,)."""
        return np.full(n_channels, 1 / n_channels)


def learnt_from(aggregation: str, distances: np.ndarray) -> ChannelDistances:
    """Learn from training distances, (n, n_channels), how large they usually are.

    The mean of all channels is added to each, so that a channel that hardly ever
    moved does not drown the others when it does.
    """
    usual = np.median(distances, axis=0)
    return ChannelDistances(aggregation, usual + usual.mean() + _TINY)


def channels_of(windows: np.ndarray) -> list[np.ndarray]:
    """View windows channel by channel, each as windows of one channel."""
    return [windows[:, :, c : c + 1] for c in range(windows.shape[2])]
