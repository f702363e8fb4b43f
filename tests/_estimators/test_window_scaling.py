"""Each window's own mean and deviation, taken out of it."""

import numpy as np
import pytest
import torch

from skad.detectors import LSTMForecaster
from tests.support.checks import noisy, windows_of
from tests.support.shares import share

X = windows_of(noisy(150, n_channels=2))


def as_tensor(windows):
    return torch.from_numpy(windows.astype(np.float32))


def test_taking_the_mean_out_forgets_the_level(make):
    detector = make(window_scaling="mean").fit(X)
    scores = detector.score_samples(X)
    shifted = X + np.array([100.0, -5.0])
    assert detector.score_samples(shifted) == pytest.approx(scores, rel=1e-3, abs=1e-6)
    assert not np.allclose(detector.score_samples(2 * X), scores)


def test_standardising_forgets_level_and_size(make):
    detector = make(window_scaling="standard").fit(X)
    full = X[16:]  # the first windows repeat one row, whose deviation is 0
    scores = detector.score_samples(full)
    other = np.array([20.0, 0.5]) * full + np.array([100.0, -5.0])
    assert detector.score_samples(other) == pytest.approx(scores, rel=1e-3, abs=1e-6)


def test_without_scaling_the_level_matters(make):
    detector = make().fit(X)
    assert not np.allclose(detector.score_samples(X + 100), detector.score_samples(X))


@pytest.mark.parametrize("window_scaling", [None, "mean", "standard"])
@pytest.mark.parametrize("level", share([0.0, 0.1, -3e7, 1e16], [0.1, 1e16]))
def test_constant_windows_have_finite_scores(make, window_scaling, level):
    detector = make(window_scaling=window_scaling).fit(X)
    assert np.isfinite(detector.score_samples(np.full((3, 16, 2), level))).all()
    flat_line = make(window_scaling=window_scaling)
    if level < 1e16 or window_scaling:
        flat_line.fit(np.full((20, 16, 2), level))
        assert np.isfinite(flat_line.score_samples(X)).all()


def test_a_channel_that_jitters_by_rounding_is_not_blown_up(make, rng):
    rows = noisy(150, n_channels=2)
    rows[:, 1] = 1000.0 + rng.normal(scale=5e-5, size=150)
    assert 1 < len(np.unique(rows[:, 1].astype(np.float32))) < 10
    with pytest.warns(UserWarning, match="Channel 1 of X varies .* rounded away"):
        detector = make(window_scaling="standard").fit(windows_of(rows))
    inputs, _ = detector._prepare(as_tensor(windows_of(rows)))
    assert inputs[..., 1].abs().max() < 1e-3
    assert inputs[..., 0].abs().max() > 1.0


def test_scaling_is_by_each_windows_own_numbers(make):
    inputs, _ = make(window_scaling="standard")._prepare(as_tensor(X[16:]))
    assert inputs.mean(1).abs().max() < 1e-6
    assert inputs.std(1, correction=0).numpy() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("error", ["squared", "absolute"])
@pytest.mark.parametrize("aggregation", ["mean", "max", "standardised", "mahalanobis"])
@pytest.mark.parametrize("is_complete", [True, False])
def test_a_usual_reading_after_next_to_nothing_is_far_out(
    aggregation, error, is_complete
):
    detector = LSTMForecaster(
        4,
        window_scaling="standard",
        channel_aggregation=aggregation,
        error=error,
        max_epochs=1,
        random_state=0,
    ).fit(X)
    quiet = np.concatenate([X[20:24] * 1e-42, X[20:24] * 1e-23])
    quiet[:4, -1], quiet[4:, -1] = [1.0, 2.0], 9e16
    if not is_complete:
        quiet[:, 5, 0] = np.nan
    scores = detector.score_samples(quiet)
    assert np.isfinite(scores).all()
    assert (detector.predict(quiet) == -1).all()
    assert np.isfinite(detector.explain(quiet)).all()
