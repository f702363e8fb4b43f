"""Series too short for the windows inside: what is said speaks of their rows."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skad import ReverseWindowing, SlidingWindow, ThresholdedDetector, make_detector
from skad._estimators.short_windows import TooShortError
from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector


def rows(n_rows):
    return np.random.default_rng(0).normal(size=(n_rows, 2))


@pytest.mark.parametrize("name", [None, "autoencoder", "pattern", "convolutions"])
@pytest.mark.parametrize("n_rows", [2, 5])
def test_a_short_series_is_refused_without_parameters_that_nobody_set(name, n_rows):
    message = rf'X has {n_rows} row\(s\) .*window_size="auto" takes a third .* Pass \d+'
    with pytest.raises(ValueError, match=message) as caught:
        make_detector(name).fit(rows(n_rows))
    assert "kernel_size" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.* windows hold padding")
def test_windows_longer_than_the_series_are_told_of_with_its_rows():
    with pytest.raises(ValueError, match=r"X has 60 row.*windows of 100 .*Pass 200"):
        make_detector("pca").fit(rows(60))
    make_detector("pca").fit(rows(200))


@pytest.mark.parametrize(
    ("detector", "least"),
    [
        (ConvAutoencoder((2,), kernel_size=15, max_epochs=1), 8),
        (ConvAutoencoder((2, 2), pooling="max", max_epochs=1), 4),
        (LSTMForecaster(2, horizon=3, max_epochs=1), 4),
    ],
)
def test_as_many_rows_as_are_asked_for_are_enough(detector, least):
    pipe = ReverseWindowing(make_pipeline(SlidingWindow("auto"), detector))
    message = f"Pass {3 * least} rows or more, or set window_size to {least} or more"
    with pytest.raises(ValueError, match=message):
        pipe.fit(rows(3 * least - 1))
    pipe.fit(rows(3 * least))


def test_the_longest_segment_counts():
    X = pd.DataFrame(rows(40), index=[*range(30), *range(100, 110)])
    pipe = make_pipeline(SlidingWindow("auto"), ConvAutoencoder((2,), kernel_size=31))
    with pytest.raises(ValueError, match=r"X has 30 row\(s\) in its longest segment"):
        ThresholdedDetector(pipe).fit(X)


def test_a_length_that_was_set_is_named_beside_the_words_of_the_detector():
    pipe = make_pipeline(SlidingWindow(5), ConvAutoencoder((2,), kernel_size=15))
    message = r"window_size=5 is too short.*Set window_size to 8 .* kernel_size=15 does"
    with pytest.raises(ValueError, match=message):
        ReverseWindowing(pipe).fit(rows(100))


def test_missing_readings_are_no_short_series():
    X = rows(200)
    X[1:] = np.nan
    pipe = make_pipeline(SlidingWindow(64, padding="missing"), PCADetector(2))
    with pytest.raises(TooShortError, match=r"of 200 windows of X hold the share"):
        ReverseWindowing(pipe).fit(X)


def test_windows_cut_outside_are_left_to_the_detector():
    windows = SlidingWindow(4).fit_transform(rows(50))
    detector = ReverseWindowing(ConvAutoencoder(kernel_size=15), window_size=1)
    with pytest.raises(TooShortError, match="kernel_size=15 does not fit layer 1"):
        detector.fit(windows)


def test_so_short_a_series_that_a_window_is_a_row_is_spread_over_single_rows():
    detector = make_detector("neighbors", contamination=0.1, smoothing=1)
    assert detector.fit(rows(5)).window_size_ == 1


def test_the_error_survives_a_process():
    error = pickle.loads(pickle.dumps(TooShortError("too short", 4)))
    assert (str(error), error.least) == ("too short", 4)
