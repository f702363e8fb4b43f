"""The table of detectors: one row each, from which all tests of detectors draw.

scikit-learn's checks and those of skad, the laws of scores, memory, warm start, seeds,
GPU, ONNX, files and docstrings: whoever adds a detector adds a row here.
"""

from dataclasses import dataclass, field

from sklearn.base import BaseEstimator

from skad.detectors import (
    ConvAutoencoder,
    LSTMAutoencoder,
    LSTMForecaster,
    NeighborsDetector,
    NetworkDetector,
    PCADetector,
    TCNForecaster,
    VariationalAutoencoder,
)
from skad.preprocessing import RandomConvolutions
from tests.support.shares import share

_SHORT = {"max_epochs": 1, "random_state": 0}


@dataclass(frozen=True)
class Row:
    """A detector, and the parameters with which tests can afford it."""

    kind: type
    # What makes it small, and nothing else.
    small: dict
    # Three sets or more, far from the defaults and from each other; of the last, ONNX.
    sets: tuple[dict, ...]
    # Each makes other weights, so that a warm start cannot go on.
    architectures: tuple[dict, ...] = ()
    # Goes with the last set where windows are longer than the two features that some
    # of scikit-learn's checks bring.
    if_long: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.kind.__name__

    @property
    def is_network(self) -> bool:
        return issubclass(self.kind, NetworkDetector)

    def cheap(self, **parameters) -> BaseEstimator:
        """Return the smallest, with a seed and one epoch unless told otherwise."""
        short = _SHORT if self.is_network else {}
        return self.kind(**{**short, **self.small, **parameters})

    def instances(self) -> list[BaseEstimator]:
        """Return one with two epochs, and one of each set, without seeds."""
        if not self.is_network:
            return [self.kind(**each) for each in (self.small, *self.sets)]
        sets = [{"max_epochs": 1, **each} for each in self.sets]
        return [self.kind(**{"max_epochs": 2, **each}) for each in (self.small, *sets)]

    def seeded(self) -> dict[str, BaseEstimator]:
        """Map a name for each set, and the name of the detector, to an instance."""
        names = [self.name, *(f"{self.name}, {n}" for n, _ in enumerate(self.sets, 1))]
        short = {**_SHORT, "batch_size": 16} if self.is_network else {}
        *sets, last = self.small, *self.sets
        sets = [{**each, **short} for each in (*sets, {**last, **self.if_long})]
        return {n: self.kind(**each) for n, each in zip(names, sets, strict=True)}

    def furthest(self) -> BaseEstimator:
        """Return the one that is furthest from the defaults."""
        return [*self.seeded().values()][-1]


ROWS = [
    Row(
        LSTMForecaster,
        small={"hidden_size": 4},
        sets=(
            {"hidden_size": 4, "early_stopping": True, "contamination": 0.1},
            {
                "hidden_size": 4,
                "input_noise": 0.1,
                "channel_aggregation": "standardised",
                "optimizer": "sgd",
                "lr": 0.1,
            },
            {
                "hidden_size": 3,
                "num_layers": 2,
                "cell": "gru",
                "window_scaling": "standard",
                "channel_aggregation": "mahalanobis",
                "error": "absolute",
            },
        ),
        architectures=({"hidden_size": 5}, {"cell": "gru"}, {"horizon": 2}),
        if_long={"horizon": 2},
    ),
    Row(
        TCNForecaster,
        small={"n_filters": 4},
        sets=(
            {
                "n_filters": 4,
                "kernel_size": 2,
                "window_scaling": "mean",
                "contamination": 0.1,
            },
            {
                "n_filters": 4,
                "input_noise": 0.1,
                "channel_aggregation": "standardised",
                "early_stopping": True,
            },
            {
                "n_filters": 3,
                "kernel_size": 4,
                "window_scaling": "standard",
                "channel_aggregation": "mahalanobis",
                "error": "absolute",
            },
        ),
        architectures=({"n_filters": 5}, {"kernel_size": 2}, {"horizon": 2}),
        if_long={"horizon": 2},
    ),
    Row(
        ConvAutoencoder,
        small={"channels": (4, 2)},
        sets=(
            {"channels": (4,), "stride": 2, "window_scaling": "mean"},
            {"channels": (4, 4, 2), "kernel_size": 2, "max_windows_per_epoch": 20},
            {
                "channels": (2,),
                "kernel_size": 1,
                "error": "absolute",
                "batch_size": 7,
                "contamination": 0.1,
            },
            {
                "channels": (4,),
                "pooling": "max",
                "bottleneck": 3,
                "channel_aggregation": "standardised_max",
            },
        ),
        architectures=({"channels": (4, 3)}, {"kernel_size": 5}, {"stride": 2}),
    ),
    Row(
        LSTMAutoencoder,
        small={"hidden_size": 4},
        sets=(
            {"hidden_size": 4, "window_scaling": "mean", "contamination": 0.1},
            {
                "hidden_size": 4,
                "input_noise": 0.1,
                "channel_aggregation": "standardised",
                "early_stopping": True,
            },
            {
                "hidden_size": 3,
                "num_layers": 2,
                "cell": "gru",
                "channel_aggregation": "mahalanobis",
                "error": "absolute",
            },
        ),
        architectures=({"hidden_size": 5}, {"num_layers": 2}, {"cell": "gru"}),
    ),
    Row(
        VariationalAutoencoder,
        small={"hidden_size": 8, "latent_size": 3},
        sets=(
            {"hidden_size": 8, "window_scaling": "mean", "contamination": 0.1},
            {
                "hidden_size": 8,
                "kl_weight": 0.1,
                "input_noise": 0.1,
                "channel_aggregation": "standardised",
                "early_stopping": True,
            },
            {
                "hidden_size": 5,
                "latent_size": 1,
                "kl_weight": 0,
                "channel_aggregation": "mahalanobis",
                "error": "absolute",
            },
        ),
        architectures=({"hidden_size": 5}, {"latent_size": 2}),
    ),
    Row(
        PCADetector,
        small={"n_components": 2},
        sets=(
            {
                "n_components": 0.5,
                "window_scaling": "mean",
                "channel_aggregation": "max",
            },
            {"error": "absolute", "contamination": 0.1},
            {"window_scaling": "standard", "channel_aggregation": "mahalanobis"},
            {"direction": "above", "min_deviation": 1e-3},
        ),
    ),
    Row(
        NeighborsDetector,
        small={"n_neighbors": 2},
        sets=(
            {
                "n_neighbors": 3,
                "window_scaling": "standard",
                "contamination": 0.1,
            },
            {
                "n_neighbors": 2,
                "features": RandomConvolutions(10, random_state=0),
                "channel_aggregation": "standardised",
                "max_bank": 50,
            },
            {
                "n_neighbors": 2,
                "window_scaling": None,
                "channel_aggregation": "standardised_max",
                "exclusion": 2,
            },
        ),
    ),
]
BY_NAME = {row.name: row for row in ROWS}
NETWORKS = [row for row in ROWS if row.is_network]
# What all networks inherit is tested on a forecaster and an autoencoder each time, and
# on all of them by `make test-whole`.
SOME_NETWORKS = share(NETWORKS, [BY_NAME["LSTMForecaster"], BY_NAME["ConvAutoencoder"]])
