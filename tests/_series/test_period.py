"""The length of a window, read off how a series repeats itself."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skad import ReverseWindowing, row_context, score_samples_blockwise
from skad._series.period import autocorrelation, find_period
from skad.metrics import make_anomaly_scorer
from skad.preprocessing import SlidingWindow

ONE_SEGMENT = np.zeros(1, dtype=int)


def wave(period, n_rows=1000, n_channels=1, noise=0.0, seed=0):
    steps = np.arange(n_rows)[:, np.newaxis] / period
    steps = steps + 0.1 + 0.3 * np.arange(n_channels)
    noise = noise * np.random.default_rng(seed).normal(size=steps.shape)
    return np.sin(2 * np.pi * steps) + noise


def auto(X):
    return SlidingWindow("auto").fit(X).window_size_


@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("period", [2, 3, 5, 12, 31, 32, 33, 50, 100, 128])
def test_a_period_is_found_to_the_row(period, n_channels):
    assert find_period(wave(period, n_channels=n_channels), ONE_SEGMENT) == period


@pytest.mark.parametrize(
    ("period", "window_size"),
    [(2, 64), (5, 65), (12, 72), (31, 93), (63, 126), (64, 64), (90, 90), (128, 128)],
)
def test_a_window_holds_whole_periods_and_64_rows_at_least(period, window_size):
    assert auto(wave(period)) == window_size


def test_a_period_is_found_in_noise_up_to_a_few_rows():
    for seed in range(5):
        found = find_period(wave(40, noise=0.7, seed=seed), ONE_SEGMENT)
        assert abs(found - 40) <= 3


def test_the_period_and_not_its_multiple_or_its_overtone_is_found():
    overtone = wave(60) + 0.7 * wave(20)
    assert find_period(overtone, ONE_SEGMENT) == 60
    pulses = (np.arange(1000)[:, np.newaxis] % 25 < 3).astype(float)
    assert find_period(pulses, ONE_SEGMENT) == 25


def walk(rng):
    return rng.normal(size=(1000, 1)).cumsum(axis=0)


@pytest.mark.parametrize(
    "series",
    [
        lambda rng: rng.normal(size=(1000, 1)),
        lambda rng: rng.normal(size=(1000, 4)),
        walk,
        lambda rng: np.arange(1000.0)[:, np.newaxis],
        lambda rng: np.arange(1000)[:, np.newaxis] + rng.normal(size=(1000, 1)),
        lambda rng: np.arange(1000.0)[:, np.newaxis] ** 2,
        lambda rng: np.zeros((1000, 2)),
        lambda rng: np.full((1000, 1), 0.1),
        lambda rng: wave(400),
    ],
    ids=[
        "noise",
        "noises",
        "walk",
        "line",
        "noisy line",
        "parabola",
        "zero",
        "constant",
        "slow wave",
    ],
)
def test_what_does_not_repeat_itself_gets_the_default(rng, series):
    assert auto(series(rng)) == 64


@pytest.mark.parametrize(
    ("n_rows", "window_size"), [(2, 1), (7, 2), (90, 30), (191, 63), (192, 64)]
)
def test_a_window_is_at_most_a_third_of_the_longest_segment(rng, n_rows, window_size):
    X = rng.normal(size=(n_rows, 2))
    assert auto(X) == window_size
    index = pd.MultiIndex.from_product([["a", "b"], range(n_rows)])
    assert auto(pd.DataFrame(np.tile(X, (2, 1)), index)) == window_size


def test_a_short_series_gets_the_whole_periods_that_it_holds_three_times():
    assert auto(wave(12, n_rows=100)) == 24
    assert auto(wave(12, n_rows=108)) == 36
    assert auto(wave(12, n_rows=216)) == 72


def test_a_period_shows_itself_three_times():
    assert find_period(wave(50, n_rows=149), ONE_SEGMENT) is None
    assert find_period(wave(50, n_rows=150), ONE_SEGMENT) == 50


def test_noise_is_seldom_taken_for_a_period(rng):
    found = [find_period(rng.normal(size=(300, 1)), ONE_SEGMENT) for _ in range(100)]
    assert sum(period is not None for period in found) <= 5


def test_a_trend_does_not_hide_a_period():
    X = wave(40) + 0.01 * np.arange(1000)[:, np.newaxis]
    assert find_period(X, ONE_SEGMENT) == 40


def test_constant_channels_do_not_count_and_units_do_not_matter(rng):
    X = np.column_stack([wave(40), np.full(1000, 7.0), 1e-9 * wave(40), np.zeros(1000)])
    assert find_period(X, ONE_SEGMENT) == 40
    mostly_constant = np.column_stack([wave(40), *np.ones((9, 1000))])
    assert find_period(mostly_constant, ONE_SEGMENT) == 40
    assert find_period(1e300 * wave(40), ONE_SEGMENT) == 40


def test_the_autocorrelation_is_that_of_a_slow_sum(rng):
    rows = rng.normal(size=(60, 2))
    bounds = [(0, 25), (25, 60)]
    correlations = []
    for channel in rows.T:
        products, counts = np.zeros(11), np.zeros(11)
        for start, stop in bounds:
            steps = np.arange(stop - start)
            part = channel[start:stop]
            part = part - np.polyval(np.polyfit(steps, part, 1), steps)
            for lag in range(11):
                products[lag] += part[: len(part) - lag] @ part[lag:]
                counts[lag] += len(part) - lag
        correlations.append(products / counts / (products[0] / counts[0]))
    expected = np.mean(correlations, axis=0)
    found = autocorrelation(rows, bounds, n_lags=10)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_segments_count_each_by_itself():
    # Waves of another height, phase and level each: as one series, no wave at all.
    rng = np.random.default_rng(0)
    starts = np.arange(0, 3000, 150)
    parts = [wave(40, 200)[k : k + 150] for k in rng.integers(40, size=len(starts))]
    parts = [rng.uniform(1, 9) * part + 1e3 * rng.normal() for part in parts]
    X = np.concatenate(parts)
    period = find_period(X, starts)
    assert abs(period - 40) <= 1
    index = pd.MultiIndex.from_product([range(20), range(150)])
    assert auto(pd.DataFrame(X, index)) == period
    assert auto(X) == 64


def test_gaps_in_time_are_respected():
    time = pd.date_range("2026-01-01", periods=4000, freq="min")
    kept = np.concatenate([np.arange(s, s + 200) for s in range(0, 4000, 263)])
    kept = kept[kept < 4000]
    X = pd.DataFrame(wave(40, 4000), time).iloc[kept]
    assert auto(X) == 40


def test_the_latest_rows_of_a_long_series_are_looked_at_in_no_time():
    X = np.concatenate([wave(50, 900_000), wave(40, 100_000)])
    before = time.perf_counter()
    assert find_period(X, ONE_SEGMENT) == 40
    assert time.perf_counter() - before < 5
    assert find_period(X, np.arange(0, 1_000_000, 10_000)) == 40


def test_the_window_found_is_used_and_waits_for_the_next_fit():
    X = wave(80, n_channels=2)
    window = SlidingWindow("auto").fit(X)
    assert window.transform(X).shape == (1000, 80, 2)
    np.testing.assert_array_equal(
        window.transform(X), SlidingWindow(80).fit(X).transform(X)
    )
    assert window.transform(wave(100, 90, 2)).shape == (90, 80, 2)
    window.set_params(window_size=5)
    assert window.transform(X).shape == (1000, 80, 2)
    assert window.fit(X).transform(X).shape == (1000, 5, 2)


def test_a_given_size_is_shown_too():
    assert SlidingWindow(7).fit(wave(80)).window_size_ == 7
    assert clone(SlidingWindow("auto").fit(wave(80))).window_size == "auto"


def test_flattened_windows_are_named_by_the_size_found():
    window = SlidingWindow("auto", flatten=True).fit(wave(80, n_channels=2))
    names = window.get_feature_names_out()
    assert (len(names), names[0], names[-1]) == (160, "x0_lag79", "x1_lag0")
    assert window.transform(wave(80, n_channels=2)).shape == (1000, 160)


def forest_pipe(window_size):
    forest = IsolationForest(n_estimators=5, random_state=0)
    return make_pipeline(SlidingWindow(window_size, flatten=True), forest)


def test_the_context_is_that_of_the_window_found_and_before_fit_the_widest():
    X = wave(80)
    window = SlidingWindow("auto")
    assert row_context(window) == (127, 0)
    assert row_context(window.fit(X)) == (79, 0)
    detector = ReverseWindowing(forest_pipe("auto"))
    assert row_context(detector) == (127, 127)
    detector.fit(X)
    assert detector.window_size_ == 80
    assert row_context(detector) == (79, 79)
    blocks = score_samples_blockwise(detector, X, block_size=300)
    np.testing.assert_array_equal(blocks, detector.score_samples(X))


def test_a_search_chooses_between_a_length_and_the_one_found(rng):
    X = wave(80, noise=0.1)
    y = np.ones(1000, dtype=int)
    for start in (200, 500, 800):
        X[start : start + 80] = wave(160, 80)
        y[start : start + 80] = -1
    search = GridSearchCV(
        ReverseWindowing(forest_pipe(4)),
        {"estimator__slidingwindow__window_size": [4, "auto"]},
        scoring=make_anomaly_scorer("roc_auc"),
        cv=3,
    ).fit(X, y)
    assert search.best_params_["estimator__slidingwindow__window_size"] == "auto"
    assert abs(search.best_estimator_.window_size_ - 80) <= 1


@pytest.mark.parametrize("window_size", [0, 2.5, "period", None])
def test_another_size_is_refused(window_size):
    message = "'window_size' parameter of SlidingWindow must be .* among {'auto'}"
    with pytest.raises(ValueError, match=message):
        SlidingWindow(window_size).fit(wave(80))
