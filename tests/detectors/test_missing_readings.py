"""Missing readings, in windows of every detector: they add nothing, and none alarms."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skad.detectors import (
    ConvAutoencoder,
    LSTMForecaster,
    NeighborsDetector,
    PCADetector,
)
from skad.preprocessing import RandomConvolutions, SlidingWindow

TRAINING = {"max_epochs": 4, "lr": 1e-2, "random_state": 0}
DETECTORS = {
    "forecaster": LSTMForecaster(8, **TRAINING),
    "scaled forecaster": LSTMForecaster(8, window_scaling="standard", **TRAINING),
    "three steps ahead": LSTMForecaster(8, horizon=3, **TRAINING),
    "autoencoder": ConvAutoencoder((8, 4), 7, 2, **TRAINING),
    "autoencoder, channel by channel": ConvAutoencoder(
        (8, 4), 7, 2, channel_aggregation="standardised_max", **TRAINING
    ),
    "scaled autoencoder, all channels": ConvAutoencoder(
        (8, 4),
        7,
        2,
        window_scaling="mean",
        channel_aggregation="mahalanobis",
        error="absolute",
        **TRAINING,
    ),
    "components": PCADetector(4),
    "scaled components": PCADetector(
        4, window_scaling="mean", channel_aggregation="standardised"
    ),
    "neighbours": NeighborsDetector(),
    "neighbours of channels": NeighborsDetector(
        channel_aggregation="standardised_top", window_scaling=None
    ),
    "neighbours by features": NeighborsDetector(
        features=RandomConvolutions(10, random_state=0)
    ),
}
SIZE = 16


def wave(n_rows, seed=0, n_channels=2):
    rng = np.random.default_rng(seed)
    at = np.arange(n_rows)[:, np.newaxis] + rng.uniform(0, 60)
    rows = np.sin(at / np.linspace(3, 5, n_channels))
    return rows + rng.normal(scale=0.1, size=rows.shape)


def with_holes(X, share=0.2, seed=0):
    return np.where(np.random.default_rng(seed).random(X.shape) < share, np.nan, X)


def chain(detector, padding="missing", **parameters):
    detector = clone(detector).set_params(**parameters)
    return make_pipeline(SlidingWindow(SIZE, padding=padding), detector)


@pytest.fixture(scope="module", params=DETECTORS)
def fitted(request):
    """One chain of each kind, fitted on a series without a missing reading."""
    return chain(DETECTORS[request.param]).fit(wave(600))


def test_a_detector_says_that_it_takes_missing_readings(fitted):
    for _, part in fitted.steps:
        assert part.__sklearn_tags__().input_tags.allow_nan


def test_rows_are_scored_whatever_is_missing(fitted):
    X = with_holes(wave(300, seed=1))
    X[60:90] = X[200:, 0] = np.nan
    windows = fitted[:-1].transform(X)
    assert np.isfinite(fitted.score_samples(X)).all()
    assert np.isfinite(fitted[-1].expected(windows)).all()
    shares = fitted[-1].explain(windows)
    assert shares.shape == X.shape
    np.testing.assert_allclose(shares.sum(axis=1), -fitted.score_samples(X), rtol=1e-4)


def test_complete_windows_keep_their_bits_beside_others(fitted):
    X = wave(300, seed=1)
    expected = fitted.score_samples(X)
    X[100, 1] = X[150:180] = np.nan
    scores = fitted.score_samples(X)
    rows = np.arange(300)
    touched = (rows >= 100) & (rows < 100 + SIZE) | (rows >= 150) & (rows < 179 + SIZE)
    np.testing.assert_array_equal(scores[~touched], expected[~touched])


def test_the_score_of_a_row_depends_on_its_window_alone(fitted):
    X = with_holes(wave(300, seed=1), share=0.02)
    windows = np.asarray(fitted[:-1].transform(X))
    scores = fitted.score_samples(X)
    order = np.random.default_rng(0).permutation(300)
    detector = fitted[-1]
    np.testing.assert_array_equal(detector.score_samples(windows[order]), scores[order])
    np.testing.assert_array_equal(detector.score_samples(windows[7:9]), scores[7:9])


def test_a_window_that_misses_too_much_scores_as_the_median(fitted):
    X = wave(300, seed=1)
    X[100:140] = 40 * X[100:140]
    X[100:140, 1] = np.nan
    X[90:140, 0] = np.nan
    X[90:100, 1] = 1000.0  # a fault among too few readings
    scores = fitted.score_samples(X)
    usual = fitted[-1]._usual_score
    assert usual >= fitted[-1].offset_
    assert (scores[: SIZE // 2 - 1] == usual).all()
    assert (scores[120:140] == usual).all()
    assert scores[90] < usual
    assert (fitted.predict(X)[120:140] == 1).all()


def test_a_fault_is_found_among_missing_readings(fitted):
    X = with_holes(wave(300, seed=1))
    X[200:204] += 4.0
    lowest = int(fitted.score_samples(X).argmin())
    assert 200 <= lowest < 204 + SIZE


@pytest.mark.parametrize("name", ["components", "neighbours"])
def test_a_stuck_sensor_is_evidence_and_alarms(name):
    X = wave(300, seed=1)
    X[150:180] = X[149]
    pipe = chain(DETECTORS[name], contamination=0.01).fit(wave(600))
    assert (pipe.predict(X)[165:180] == -1).all()
    X[150:180] = np.nan
    assert (pipe.predict(X)[160:185] == 1).all()


def test_the_first_rows_of_new_series_alarm_no_more_than_others():
    for name in ("scaled forecaster", "autoencoder", "components", "scaled components"):
        pipe = chain(DETECTORS[name], contamination=0.02).fit(wave(1500, n_channels=1))
        news = [wave(120, seed, n_channels=1) for seed in range(40)]
        alarms = np.array([pipe.predict(new) == -1 for new in news])
        first, others = alarms[:, : SIZE - 1].mean(), alarms[:, SIZE - 1 :].mean()
        assert first <= others + 0.01, name
        assert others < 0.1


@pytest.mark.parametrize("name", ["forecaster", "autoencoder", "scaled components"])
def test_a_model_is_learnt_from_what_is_there(name):
    X = with_holes(wave(600))
    X[300:340] = np.nan
    pipe = chain(DETECTORS[name]).fit(X)
    new = with_holes(wave(300, seed=1), seed=1)
    new[200:204] += 4.0
    scores = pipe.score_samples(new)
    assert 200 <= int(scores.argmin()) < 204 + SIZE
    assert np.mean(pipe.predict(new)[:200] == -1) < 0.3


def test_early_stopping_and_memory_read_missing_readings(tmp_path):
    X = with_holes(wave(400))
    detector = DETECTORS["autoencoder"]
    kept = {"early_stopping": True, "memory": str(tmp_path)}
    first = chain(detector, **kept).fit(X).score_samples(X)
    again = chain(detector, contamination=0.1, max_missing=0.5, **kept).fit(X)
    np.testing.assert_array_equal(again.score_samples(X), first)


def test_a_forecast_without_a_reading_to_compare_with_is_no_evidence():
    pipe = chain(DETECTORS["forecaster"]).fit(wave(600))
    X = wave(100, seed=1)
    X[60] = np.nan
    X[70, 0] = np.nan
    scores = pipe.score_samples(X)
    assert scores[60] == pipe[-1]._usual_score
    assert scores[70] != pipe[-1]._usual_score


def test_a_channel_without_a_reading_to_forecast_from_says_nothing():
    pipe = chain(DETECTORS["scaled forecaster"]).fit(wave(600))
    X = wave(100, seed=1)
    X[40:60, 0] = np.nan
    X[60, 0] = 1e6
    scores = pipe.score_samples(X)
    assert scores[60] > 10 * pipe[-1].offset_ - 1  # of the other channel alone


def test_max_missing_says_how_much(rng):
    X = wave(600)
    X[300:304] = np.nan
    strict = chain(DETECTORS["components"], max_missing=0).fit(X)
    usual = strict[-1]._usual_score
    assert (strict.score_samples(X)[300 : 303 + SIZE] == usual).all()
    lenient = chain(DETECTORS["components"], max_missing=0.9).fit(X)
    assert (lenient.score_samples(X)[300 : 303 + SIZE] != usual).all()


def test_nothing_to_learn_from_is_refused_by_name():
    X = wave(100)
    X[:, 1] = np.nan
    with pytest.raises(ValueError, match="Channel 1 of X holds no reading"):
        chain(DETECTORS["components"]).fit(X)
    X = wave(100)
    X[::2] = np.nan
    message = "1 of 3 windows.*max_missing=0.4 asks for"
    windows = np.full((3, 4, 1), np.nan)
    windows[0] = 1.0
    with pytest.raises(ValueError, match=message):
        PCADetector(1, max_missing=0.4).fit(windows)


def test_infinity_is_no_missing_reading(fitted):
    X = wave(100)
    X[50, 0] = np.inf
    with pytest.raises(ValueError, match="infinity.*row 50, column 0"):
        fitted.score_samples(X)
    windows = np.zeros((3, SIZE, 2))
    windows[1, 2, 0] = -np.inf
    with pytest.raises(ValueError, match="infinity.*window 1, column 4"):
        fitted[-1].score_samples(windows)


def test_no_warning_comes_of_missing_readings(fitted):
    X = with_holes(wave(100, seed=1))
    X[40:80] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.score_samples(X)


@pytest.mark.parametrize("padding", ["edge", "missing"])
def test_segments_score_as_each_does_alone(fitted, padding):
    pipe = make_pipeline(
        SlidingWindow(SIZE, padding=padding).fit(pd.DataFrame(wave(50))), fitted[-1]
    )
    X = pd.DataFrame(wave(400, seed=1))
    X.index = X.index + 10 * (X.index >= 70) + 10 * (X.index >= 75) * (X.index < 390)
    starts = [0, 70, 75, 390, 400]
    parts = [X.iloc[a:b] for a, b in zip(starts[:-1], starts[1:], strict=True)]
    alone = np.concatenate([pipe.score_samples(part) for part in parts])
    X.index = np.arange(400) + 10 * np.repeat(np.arange(4), np.diff(starts))
    np.testing.assert_array_equal(pipe.score_samples(X), alone)


def test_a_loss_counts_the_targets_that_are_there():
    from skad._torch.training import MeanSquaredError

    target = torch.tensor([[[1.0], [torch.nan], [3.0]]])
    prediction = torch.zeros(1, 3, 1, requires_grad=True)
    loss = MeanSquaredError()(prediction, [target, ~target.isnan()])
    loss.backward()
    assert loss.item() == 5.0
    assert prediction.grad.flatten().tolist() == [-1.0, 0.0, -3.0]
