"""The shapes of windows, the series, and the two detectors with their plain twins."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_random_state

from skad import ConvAutoencoder, LSTMForecaster, SlidingWindow
from tests.benchmarks.speed import plain_loop


class Shape(NamedTuple):
    n_channels: int
    n_timesteps: int

    def __str__(self):
        return f"{self.n_channels} x {self.n_timesteps}"


SHAPES = (Shape(1, 10), Shape(10, 60), Shape(59, 60))


@dataclass(frozen=True)
class Kind:
    """A detector of skad, and the same network for the plain loop."""

    name: str
    detector: type
    plain_network: type
    split: Callable

    def make_detector(self, n_epochs: int):
        return self.detector(max_epochs=n_epochs, random_state=0)

    def make_plain(self, shape: Shape) -> torch.nn.Module:
        """Draw the weights that the detector would draw."""
        torch.manual_seed(seed())
        return self.plain_network(shape.n_channels)

    def plain_twin(self, detector, shape: Shape) -> torch.nn.Module:
        """Give the plain network the weights of a fitted detector."""
        network = self.plain_network(shape.n_channels)
        weights = detector.net_.module_.state_dict().values()
        network.load_state_dict(dict(zip(network.state_dict(), weights, strict=True)))
        return network.eval()

    def fit_plain(self, shape: Shape, windows: np.ndarray, n_epochs: int):
        network = self.make_plain(shape)
        return plain_loop.fit(
            network, self.split, windows, n_epochs=n_epochs, seed=seed()
        )


LSTM = Kind(
    "LSTMForecaster",
    LSTMForecaster,
    plain_loop.PlainLSTM,
    lambda windows: (windows[:, :-1], windows[:, -1:]),
)
CONV = Kind(
    "ConvAutoencoder",
    ConvAutoencoder,
    plain_loop.PlainConvAutoencoder,
    lambda windows: (windows, windows),
)
KINDS = (LSTM, CONV)


def seed() -> int:
    """Return the seed that a detector with ``random_state=0`` draws for its network."""
    return check_random_state(0).randint(np.iinfo(np.int32).max)


def series(n_rows: int, n_channels: int) -> np.ndarray:
    """Return waves of different pace with noise, (n_rows, n_channels) of float32."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n_rows, n_channels), dtype=np.float32)
    rows *= 0.1
    for channel in range(n_channels):
        rows[:, channel] += np.sin(np.arange(n_rows) / (5 + channel % 7))
    return rows


def windows_of(rows: np.ndarray, shape: Shape) -> np.ndarray:
    return SlidingWindow(shape.n_timesteps).fit_transform(rows)


def isolation_forest(shape: Shape):
    return make_pipeline(
        SlidingWindow(shape.n_timesteps, flatten=True), IsolationForest(random_state=0)
    )


def pipeline(kind: Kind, shape: Shape, n_epochs: int = 1):
    return make_pipeline(SlidingWindow(shape.n_timesteps), kind.make_detector(n_epochs))
