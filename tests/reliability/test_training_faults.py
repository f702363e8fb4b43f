"""What training may stumble over: a named error, or finite scores in order.

In order means that a planted spike, in rows that were not trained on, is the lowest.
"""

import re

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from torch import nn

from skad import make_detector
from skad.detectors import (
    ConvAutoencoder,
    LSTMForecaster,
    NetworkDetector,
    PCADetector,
)
from skad.preprocessing import SlidingWindow
from tests.support.shares import share

pytestmark = pytest.mark.training_faults

N_TRAIN, SPIKE, WINDOW = 120, 150, 16
TIME = np.arange(200.0)[:, np.newaxis]
SINE = np.sin(TIME / 5) + np.random.default_rng(0).normal(scale=0.05, size=TIME.shape)
FLAT = np.zeros_like(SINE)
HUGE = np.finfo(np.float64).max

# A series, and what is added in one row.
SERIES = {
    "nothing but zeros": (FLAT, 1.0),
    "a constant": (FLAT + 7, 10.0),
    "a large constant": (FLAT + 1e9, 1e6),
    "a small constant": (FLAT + 1e-9, 10.0),
    "a constant but for rounding": (np.where(TIME % 2, 0.1 + 0.2, 0.3), 10.0),
    "a huge offset": (1e9 + SINE, 20.0),
    "a huge offset below zero": (-1e9 + SINE, -20.0),
    "an offset at which few digits are left": (1e12 + SINE, 20.0),
    "mixed scales, a spike in the large one": (
        np.hstack([1e-9 * SINE, 1e9 * SINE]),
        np.array([0, 20e9]),
    ),
    "a channel that is constant": (np.hstack([SINE, FLAT]), np.array([20.0, 0])),
    "a spike where all was constant": (np.hstack([SINE, FLAT]), np.array([0, 20.0])),
    "every row ten times": (np.repeat(SINE[::10], 10, axis=0), 20.0),
    "few values": (SINE.round(), 20.0),
    "steps": (np.where(TIME < 100, 0.0, 1e6) + SINE, 2e7),
    "as large as goes": (4e15 * SINE, 8e16),
    "values beyond single precision": (1e150 * SINE, 2e151),
    "values near the end of double precision": (HUGE / 1e4 * SINE, HUGE / 100),
    "values whose squares are zero": (1e-300 * SINE, 2e-299),
    "values that have few digits left": (5e-320 * SINE, 1e-318),
}
# Where the other channel is 1e18 times as large, only a scaler lets it be seen.
FOR_SCALERS = {
    "mixed scales, a spike in the small one": (
        np.hstack([1e-9 * SINE, 1e9 * SINE]),
        np.array([20e-9, 0]),
    ),
    "three magnitudes": (
        np.hstack([1e-6 * SINE, SINE, 1e6 + SINE]),
        np.array([20e-6, 0, 0]),
    ),
}
BRIEF = {"max_epochs": 2, "random_state": 0}
LSTM, CONV = LSTMForecaster(4, **BRIEF), ConvAutoencoder((4, 2), **BRIEF)
BARE = {"forecaster": LSTM, "autoencoder": CONV, "components": PCADetector(2)}
SCALERS = {
    "standard": StandardScaler(),
    "range": MinMaxScaler(),
    "robust": RobustScaler(quantile_range=(0, 100)),
}


def chain(estimator=None):
    """Recommend a chain that keeps spikes where they are, and is quick."""
    detector = make_detector(estimator, window_size=WINDOW, smoothing=1, random_state=0)
    quick = {"max_epochs": 2, "kernel_size": 5, "channels": (4, 2)}
    quick |= {"hidden_size": 4, "n_components": 3}
    given = {name: name.rpartition("__")[2] for name in detector.get_params()}
    return detector.set_params(
        **{name: quick[last] for name, last in given.items() if last in quick}
    )


def behind(detector, *steps):
    return make_pipeline(*map(clone, steps), SlidingWindow(WINDOW), clone(detector))


SCALED = {
    f"{name}, {scaler}": behind(detector, SCALERS[scaler])
    for name, detector in BARE.items()
    for scaler in SCALERS
}
SCALED |= {
    "recommended forecaster": chain("forecaster"),
    "recommended autoencoder": chain("autoencoder"),
    "recommended components": chain("pca"),
    "recommended ensemble": chain(),
}
BARE_CHAINS = [behind(detector) for detector in BARE.values()]
CHAINS = dict(zip(BARE, BARE_CHAINS, strict=True)) | SCALED
CAUSE_AND_CURE = re.compile(
    "Scale X|lower lr|Pass a longer series|The '.*' parameter of|impute it|replace it"
)


def said_of(detector, X, added):
    """Return the words of a named error, or None for finite scores in order."""
    spiked = X.copy()
    spiked[SPIKE] += added
    try:
        scores = clone(detector).fit(X[:N_TRAIN]).score_samples(spiked)
    except ValueError as error:
        return str(error)
    assert np.isfinite(scores).all()
    # Of a chain that spreads scores, some row of those windows is the lowest.
    lowest = int(scores.argmin())
    assert SPIKE - WINDOW < lowest < SPIKE + WINDOW, f"row {lowest} is the lowest"
    assert scores[lowest] < np.median(scores)
    return None


def note(record_property, said):
    named = [words for words in said if words is not None]
    for words in named:
        assert CAUSE_AND_CURE.search(words)
    record_property("faults planted", len(said))
    record_property("named errors", len(named))
    record_property("finite and ordered", len(said) - len(named))


def some(names, number):
    """Take all chains, or one that takes turns."""
    n = share(len(names), 1)
    return [names[(number + i) % len(names)] for i in range(n)]


@pytest.mark.filterwarnings("ignore:overflow encountered in:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered in:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.* of the channels of X drift:UserWarning")
@pytest.mark.parametrize("name", SERIES)
def test_a_strange_series_is_refused_by_name_or_scored_in_order(name, record_property):
    X, added = SERIES[name]
    chains = some(list(CHAINS), list(SERIES).index(name))
    note(record_property, [said_of(CHAINS[chain], X, added) for chain in chains])


@pytest.mark.parametrize(
    "name", ["nothing but zeros", "a small constant", "a constant but for rounding"]
)
def test_a_constant_series_is_not_refused(name):
    assert [said_of(detector, *SERIES[name]) for detector in BARE_CHAINS] == [None] * 3


@pytest.mark.parametrize("name", FOR_SCALERS)
def test_mixed_scales_are_scored_in_order_behind_a_scaler(name, record_property):
    X, added = FOR_SCALERS[name]
    chains = some(list(SCALED), list(FOR_SCALERS).index(name))
    said = [said_of(SCALED[chain], X, added) for chain in chains]
    assert said == [None] * len(said)
    note(record_property, said)


@pytest.mark.parametrize("name", ["forecaster", "autoencoder"])
@pytest.mark.parametrize("offset", [1e9, -1e9, 1e12])
def test_a_network_says_that_it_cannot_see_a_series_at_a_huge_offset(name, offset):
    with pytest.raises(ValueError, match=r"Channel 0 of X varies by 2.* near .*Scale"):
        behind(BARE[name]).fit(offset + SINE)
    said = said_of(behind(BARE[name], StandardScaler()), offset + SINE, 20.0)
    assert said is None


class ExplodingSGD(torch.optim.SGD):
    """Leaves weights behind that are no numbers, or are far out."""

    left = float("inf")

    def step(self, closure=None):
        loss = super().step(closure)
        with torch.no_grad():
            for weights in self.param_groups[0]["params"]:
                weights.fill_(self.left)
        return loss


class NaNSGD(ExplodingSGD):
    left = float("nan")


class FarSGD(ExplodingSGD):
    left = 1e15


DIVERGING = [
    {"lr": lr, "optimizer": optimizer, "max_epochs": max_epochs}
    for lr in (1e6, 1e18, 1e38, 1e300)
    for optimizer in ("adam", "adamw", "sgd")
    for max_epochs in (1, 2)
]
DIVERGING += [
    {"optimizer": optimizer, "max_epochs": max_epochs}
    for optimizer in (ExplodingSGD, NaNSGD, FarSGD)
    for max_epochs in (1, 2)
]
DIVERGING += [
    {"input_noise": 1e300},
    {"early_stopping": True, "lr": 1e18, "max_epochs": 30},
    {"channel_aggregation": "mahalanobis", "lr": 1e18},
    {"channel_aggregation": "standardised", "lr": 1e18},
    {"error": "absolute", "lr": 1e18},
    {"window_scaling": "standard", "lr": 1e18},
]
STEADY = [
    {"max_epochs": 1},
    {"max_epochs": 1, "batch_size": 1},
    {"batch_size": 10**9},
    {"batch_size": N_TRAIN - 1},
    {"batch_size": N_TRAIN},
    {"max_windows_per_epoch": 1},
    {"max_windows_per_epoch": 10**9},
    {"lr": 1e-300},
    {"lr": 5e-324},
    {"lr": 1.0, "optimizer": "sgd"},
    {"input_noise": 1e6},
    {"early_stopping": True},
    {"early_stopping": True, "validation_fraction": 1e-9},
    {"early_stopping": True, "n_iter_no_change": 1, "max_epochs": 20},
]
REFUSED = [
    {"lr": 0},
    {"lr": -1.0},
    {"lr": float("inf")},
    {"lr": float("nan")},
    {"input_noise": float("inf")},
    {"early_stopping": True, "validation_fraction": 0.99},
    {"max_epochs": 0},
    {"batch_size": 0},
]


def trained_with(parameters):
    detectors = [clone(LSTM).set_params(**parameters)]
    detectors += [clone(CONV).set_params(**parameters)]
    return [said_of(behind(detector), SINE, 20.0) for detector in detectors]


def quickly(table):
    return table[:: share(1, 4)]


@pytest.mark.parametrize("parameters", quickly(DIVERGING), ids=repr)
def test_training_that_runs_away_says_so(parameters, record_property):
    said = trained_with(parameters)
    for words in said:
        assert words is None or re.search("Training diverged: .* lower lr", words)
    note(record_property, said)


def test_a_rate_of_1e18_never_ends_in_scores():
    for optimizer in ("adam", "sgd"):
        for words in trained_with({"lr": 1e18, "optimizer": optimizer}):
            assert "Training diverged" in words


@pytest.mark.parametrize("parameters", quickly(STEADY), ids=repr)
def test_odd_parameters_that_train_give_scores_in_order(parameters, record_property):
    said = trained_with(parameters)
    assert said == [None, None]
    note(record_property, said)


@pytest.mark.parametrize("parameters", quickly(REFUSED), ids=repr)
def test_parameters_that_cannot_train_are_refused_by_name(parameters, record_property):
    said = trained_with(parameters)
    for words in said:
        assert list(parameters)[-1] in words
    note(record_property, said)


class DeadAutoencoder(NetworkDetector):
    """Answers nothing but zeros, and has no gradient to learn from."""

    def make_network(self, n_timesteps, n_channels):
        last = nn.Linear(n_channels, n_channels)
        nn.init.constant_(last.bias, -1e6)
        return nn.Sequential(last, nn.ReLU())


def test_a_dead_network_scores_by_what_it_misses(record_property):
    said = said_of(behind(DeadAutoencoder(**BRIEF)), SINE, 20.0)
    assert said is None
    note(record_property, [said])


@pytest.mark.filterwarnings("ignore:.* windows hold padding:UserWarning")
@pytest.mark.parametrize("n_rows", [1, 2, 3, WINDOW])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_few_rows_are_refused_by_name_or_scored(
    n_rows, early_stopping, record_property
):
    said = []
    for detector in (LSTM, CONV):
        asked = clone(detector).set_params(early_stopping=early_stopping)
        try:
            fitted = behind(asked).fit(SINE[:n_rows])
        except ValueError as error:
            said.append(str(error))
        else:
            assert np.isfinite(fitted.score_samples(SINE)).all()
            said.append(None)
    assert (said == [None, None]) == (n_rows > 1 and not early_stopping)
    note(record_property, said)
