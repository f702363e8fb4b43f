"""Bands around what is expected, by the residuals of training windows."""

import numpy as np
import pytest

from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.detectors import NeighborsDetector as Neighbors
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of

DETECTORS = {
    "components": PCADetector(4),
    "scaled": PCADetector(4, window_scaling="standard"),
    "neighbors": Neighbors(),
    "forecaster": LSTMForecaster(4, max_epochs=1, random_state=0),
    "autoencoder": ConvAutoencoder((4, 2), max_epochs=1, random_state=0),
}


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_new_readings_lie_within_the_band_at_its_rate(detector):
    rows = noisy(1600, n_channels=2)
    windows = SlidingWindow(16).fit_transform(rows)
    fitted = detector.fit(windows[15:800])
    lower, upper = fitted.expected(windows[800:], interval=0.95)
    inside = (lower <= rows[800:]) & (rows[800:] <= upper)
    assert inside.mean(axis=0) == pytest.approx([0.95, 0.95], abs=0.04)
    middle = fitted.expected(windows[800:])
    assert (lower < middle).all()
    assert (middle < upper).all()


def test_a_wider_interval_holds_the_narrower_and_bits_do_not_depend_on_the_rest():
    windows = windows_of(noisy(400))
    fitted = PCADetector(4).fit(windows)
    lower, upper = fitted.expected(windows, interval=0.9)
    wide = fitted.expected(windows, interval=0.999)
    assert (wide[0] < lower).all()
    assert (wide[1] > upper).all()
    alone = fitted.expected(windows[40:60], interval=0.9)
    assert np.array_equal(alone, [lower[40:60], upper[40:60]])


def test_quantiles_are_of_the_readings_that_are_there():
    rows = noisy(400, n_channels=2)
    rows[::2, 0] = np.nan
    rows[16:, 1] = np.nan
    windows = windows_of(rows)
    fitted = PCADetector(2, max_missing=0.8).fit(windows)
    lower, upper = fitted.expected(windows[-5:], interval=0.9)
    assert np.isfinite(lower[:, 0]).all()
    assert np.isfinite(upper[:, 0]).all()


def test_a_channel_that_was_never_read_where_windows_end_can_read_anything():
    windows = np.array(windows_of(noisy(100, n_channels=2))[20:])
    windows[:, -1, 1] = np.nan
    lower, upper = PCADetector(2).fit(windows).expected(windows, interval=0.9)
    assert (lower[:, 1] == -np.inf).all()
    assert (upper[:, 1] == np.inf).all()
    assert np.isfinite(upper[:, 0]).all()


@pytest.mark.parametrize("interval", [0, 1, 99, "0.9"])
def test_an_interval_that_is_no_share_is_refused(interval):
    windows = windows_of(noisy(60))
    fitted = PCADetector(2).fit(windows)
    with pytest.raises(ValueError, match="is no share of the readings"):
        fitted.expected(windows, interval=interval)
