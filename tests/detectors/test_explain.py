"""Which channel it was, and what was expected."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import nn

from skad.detectors import (
    ConvAutoencoder,
    LSTMForecaster,
    NetworkDetector,
    PCADetector,
)
from tests.support.checks import noisy, windows_of

DETECTORS = [
    LSTMForecaster(8, max_epochs=3, lr=1e-2, random_state=0),
    ConvAutoencoder((8, 4), max_epochs=3, lr=1e-2, random_state=0),
    PCADetector(5),
]
of_each_kind = pytest.mark.parametrize(
    "detector", DETECTORS, ids=lambda detector: type(detector).__name__
)


@of_each_kind
@pytest.mark.parametrize("aggregation", ["mean", "standardised", "mahalanobis"])
def test_a_fault_in_channel_7_of_20_ranks_first(detector, aggregation):
    rows = noisy(400, n_channels=20)
    rows[350:, 7] += 2.0
    windows = windows_of(rows)
    fitted = clone(detector).set_params(channel_aggregation=aggregation)
    fitted.fit(windows[:300])
    shares = fitted.explain(windows[350:366]).sum(axis=0)
    assert shares.argmax() == 7


@of_each_kind
@pytest.mark.parametrize("window_scaling", ["mean", "standard"])
def test_what_is_expected_is_in_the_units_of_the_rows(detector, window_scaling):
    rows = 40.0 + np.array([1.0, 10.0]) * noisy(300, n_channels=2)
    windows = windows_of(rows)
    fitted = clone(detector).set_params(window_scaling=window_scaling)
    if hasattr(fitted, "max_epochs"):
        fitted.set_params(max_epochs=15)
    expected = fitted.fit(windows).expected(windows)
    assert expected.shape == rows.shape
    assert expected.dtype == np.float64
    missed = abs(expected - rows)[16:].mean(axis=0)
    assert (missed < [1.0, 10.0]).all(), missed


@pytest.mark.parametrize("detector", DETECTORS[:2], ids=["forecast", "copy"])
def test_without_scaling_the_network_speaks_for_itself(detector):
    windows = windows_of(noisy(100, n_channels=2)).astype(np.float32)
    fitted = clone(detector).fit(windows)
    inputs, _ = fitted.inputs_and_targets(torch.from_numpy(windows.copy()))
    with torch.no_grad():
        answers = fitted.net_.module_(inputs)[:, -1].numpy()
    assert fitted.expected(windows) == pytest.approx(answers, rel=1e-4, abs=1e-6)


class Nothing(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, windows):
        return 0.0 * self.weight * windows


class ExpectsNothing(NetworkDetector):
    """Expects 0 of the scaled values, whatever it sees."""

    def make_network(self, n_timesteps, n_channels):
        return Nothing()


@pytest.mark.parametrize("window_scaling", ["mean", "standard"])
def test_scaling_is_undone_by_each_windows_own_numbers(window_scaling):
    windows = windows_of(noisy(100, n_channels=2) + [5.0, -100.0])
    detector = ExpectsNothing(window_scaling=window_scaling, max_epochs=1)
    expected = detector.fit(windows).expected(windows)
    assert expected == pytest.approx(windows.mean(axis=1), rel=1e-5)


def test_the_forecast_is_that_of_the_step_where_the_window_ends():
    rows = np.arange(300.0).reshape(-1, 1) / 100
    windows = windows_of(rows)
    detector = LSTMForecaster(
        8, horizon=4, window_scaling="mean", max_epochs=80, lr=1e-2, random_state=0
    ).fit(windows[16:])
    expected = detector.expected(windows[16:])
    assert expected == pytest.approx(rows[16:], abs=0.02)  # of 0.01 per step


@of_each_kind
def test_flattened_windows_are_explained_alike(detector):
    windows = windows_of(noisy(100, n_channels=2))
    flat = windows.reshape(len(windows), -1)
    fitted = clone(detector).fit(windows)
    assert np.array_equal(fitted.explain(flat), fitted.explain(windows))
    assert np.array_equal(fitted.expected(flat), fitted.expected(windows))


@of_each_kind
@pytest.mark.parametrize("method", ["explain", "expected"])
def test_only_what_is_fitted_and_fits_is_explained(detector, method):
    windows = windows_of(noisy(50))
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        getattr(clone(detector), method)(windows)
    fitted = clone(detector).fit(windows)
    with pytest.raises(ValueError, match="was fitted on 16 timesteps and 1 channels"):
        getattr(fitted, method)(windows[:, 1:])
