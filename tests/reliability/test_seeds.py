"""How far the ranking of rows depends on the seed: on two real series and on three.

The other three are made up: a rhythm that quickens, one of three channels that lags
and catches up, and noise that grows.
"""

import numpy as np
import pytest

from skad import EnsembleDetector, make_detector
from skad.metrics import vus_pr
from tests.benchmarks.accuracy.series import LabelledSeries
from tests.benchmarks.accuracy.two_series import two_series
from tests.support.shares import share

N_ROWS, N_TRAIN = 3000, 1500
EVENTS = [slice(1900, 1960), slice(2300, 2340), slice(2700, 2800)]

CHAINS = {
    "LSTMForecaster": lambda seed: ranking("forecaster", seed),
    "three LSTMForecasters": lambda seed: three_forecasters(seed),
    "ConvAutoencoder": lambda seed: ranking("autoencoder", seed),
    "make_detector()": lambda seed: ranking(None, seed),
}


def ranking(name, seed):
    """Make a chain whose threshold costs nothing: the ranking alone is looked at."""
    return make_detector(name, contamination=0.01, random_state=seed)


def three_forecasters(seed):
    seeds = (10 * seed + number for number in range(3))
    return EnsembleDetector([(f"seed {n}", ranking("forecaster", n)) for n in seeds])


def with_events(name, spoil):
    """Plant a fault in three events of three noisy sines; the first rows are normal."""
    rng = np.random.default_rng(0)
    phase = np.full((N_ROWS, 3), 2 * np.pi / 40) * [1.0, 0.5, 0.7]
    noise = np.full((N_ROWS, 3), 0.1)
    y = np.ones(N_ROWS)
    for event in EVENTS:
        y[event] = -1
        spoil(phase[event], noise[event])
    X = np.sin(np.cumsum(phase, axis=0)) + noise * rng.normal(size=noise.shape)
    return LabelledSeries(name, "made up", X, y, N_TRAIN)


def quicken(phase, noise):
    phase *= 1.3


def lag(phase, noise):
    half = len(phase) // 2
    phase[:half, 1] *= 0.5
    phase[half:, 1] *= 1.5  # caught up: what comes after the event is normal


def grow(phase, noise):
    noise *= 2


def all_series():
    rhythm = with_events("rhythm", quicken)
    return [*two_series(), rhythm, with_events("lag", lag), with_events("noise", grow)]


def quality_by_seed(chain, series, n_seeds):
    found = []
    for seed in range(n_seeds):
        detector = chain(seed).fit(series.X[: series.n_train])
        scores = detector.score_samples(series.X)
        found.append(vus_pr(series.y, scores, max_window=series.max_window))
    return found


@pytest.mark.seeds
@pytest.mark.parametrize("name", share(list(CHAINS), ["ConvAutoencoder"]))
def test_the_seed_matters_little(name, record_property):
    deviations = []
    for series in share(all_series(), all_series()[4:]):
        found = quality_by_seed(CHAINS[name], series, share(10, 2))
        deviations.append(np.std(found, ddof=1))
        record_property(f"mean VUS-PR, {name}, {series.name}", np.mean(found))
        record_property(f"deviation of VUS-PR, {name}, {series.name}", deviations[-1])
    record_property("largest deviation on one series", max(deviations))
    record_property(f"mean deviation, {name}", np.mean(deviations))
    assert np.mean(deviations) <= 0.05
