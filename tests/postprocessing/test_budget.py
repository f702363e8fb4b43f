"""So many alarms in so much time, and p-values."""

from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import kstest
from sklearn.base import BaseEstimator, OutlierMixin

from skad.postprocessing import (
    AdaptiveThresholdDetector,
    AlarmRule,
    ThresholdedDetector,
)
from skad.postprocessing._event_rows import event_rows
from tests.support.shares import share


class Itself(OutlierMixin, BaseEstimator):
    """A detector whose score is the reading."""

    def fit(self, X, y=None):
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, 0].astype(np.float64)


RULES = {
    "rows": AlarmRule(),
    "two of four": AlarmRule(min_rows=2, of=4, cooldown=20, merge_gap=5),
}


def smooth(values, width):
    return np.convolve(values, np.ones(width) / width, mode="valid")


def of_a_forecast(rng, n, *, seasonal):
    """Score an AR(1) process, or harmonics in noise, by what came one row before."""
    noise = rng.normal(size=n + 1)
    if seasonal:
        steps = np.arange(n + 1)
        series = np.sin(steps / 8) + 0.5 * np.sin(steps / 4 + 1) + 0.5 * noise
    else:
        series = lfilter([1], [1, -0.9], noise)
    return -(np.diff(series) ** 2)


KINDS = {
    "exponential": lambda rng, n: -rng.exponential(size=n),
    "alike over 8 rows": lambda rng, n: smooth(rng.normal(size=n + 7), 8),
    "AR(1)": partial(of_a_forecast, seasonal=False),
    "seasonal": partial(of_a_forecast, seasonal=True),
}


@pytest.mark.false_alarms
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("follows", [False, True])
def test_the_mean_count_of_alarms_keeps_the_budget(kind, rule, follows):
    """On as many new rows as calibrate: four alarms, give or take two errors."""
    counts = []
    for seed in range(share(200, 10 if follows else 20)):
        rng = np.random.default_rng(seed)
        X = KINDS[kind](rng, 2000).reshape(-1, 1)
        parameters = {"strategy": "budget", "alarms": 4, "per": 1000}
        kinds = [ThresholdedDetector, AdaptiveThresholdDetector]
        detector = kinds[follows](Itself(), **parameters, rule=RULES[rule])
        decisions = detector.fit(X[:1000]).decision_function(X[1000:])
        is_open = RULES[rule].open_rows(decisions)
        gap = RULES[rule].merge_gap
        counts.append(len(event_rows(is_open, np.zeros(1, dtype=int), gap, 1)[0]))
    error = np.std(counts, ddof=1) / np.sqrt(len(counts))
    assert np.mean(counts) <= 4 + 2 * error
    # And uses some of it; a threshold that follows alarms less than that by nature.
    assert follows or np.mean(counts) > 1


def test_time_is_counted_by_the_usual_step(rng):
    values = -rng.exponential(size=3000)
    times = pd.date_range("2026-01-01", periods=3000, freq="10min")
    frame = pd.DataFrame({"value": values}, times)
    offsets = [
        ThresholdedDetector(Itself(), strategy="budget", per=per).fit(frame).offset_
        for per in (1008, "7D", timedelta(days=7), pd.Timedelta(7, "D"))
    ]
    assert len(set(offsets)) == 1
    rarer = ThresholdedDetector(Itself(), strategy="budget", per="14D")
    assert rarer.fit(frame).offset_ < offsets[0]


@pytest.mark.parametrize("kind", [ThresholdedDetector, AdaptiveThresholdDetector])
@pytest.mark.parametrize(
    ("per", "message"),
    [
        (None, 'strategy="budget" needs to know in how much time'),
        ("7D", "per='7D' is a span of time, but X has no index of timestamps"),
        ("often", "per='often' is neither a number of rows nor a span of time"),
        (
            1000,
            "allows for one alarm in 1000 rows, and 300 rows calibrate, which canno",
        ),
    ],
)
def test_what_is_no_budget_is_refused(rng, kind, per, message):
    X = rng.normal(size=(300, 1))
    with pytest.raises(ValueError, match=message):
        kind(Itself(), strategy="budget", per=per).fit(X)


@pytest.mark.parametrize("kind", [ThresholdedDetector, AdaptiveThresholdDetector])
def test_p_values_of_exchangeable_rows_are_super_uniform(kind):
    """At each of these shares, over calibrations, within two standard errors."""
    shares = np.array([0.01, 0.05, 0.1, 0.3, 0.5, 0.9])
    found = []
    for seed in range(share(100, 40)):
        X = -np.random.default_rng(seed).exponential(size=(1000, 1))
        p_values = kind(Itself()).fit(X[:500]).p_values(X[500:])
        assert ((p_values > 0) & (p_values <= 1)).all()
        found.append([(p_values <= share).mean() for share in shares])
    errors = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.mean(found, axis=0) <= shares + 2 * errors + 1e-9).all()


def test_p_values_are_uniform_and_in_the_order_of_the_scores(rng):
    X = -rng.exponential(size=(6000, 1))
    detector = ThresholdedDetector(Itself(), alpha=0.05).fit(X[:3000])
    p_values = detector.p_values(X[3000:])
    assert kstest(p_values, "uniform").statistic < 0.05
    order = np.argsort(X[3000:, 0])
    assert (np.diff(p_values[order]) >= 0).all()
    at_threshold = detector.p_values([[detector.offset_]])
    assert at_threshold[0] == pytest.approx(0.05, abs=0.001)


def test_what_is_fixed_knows_no_p_values(rng):
    X = rng.normal(size=(50, 1))
    detector = ThresholdedDetector(Itself(), strategy="fixed", offset=0.0).fit(X)
    with pytest.raises(
        ValueError, match="without calibration rows, so it knows no p-v"
    ):
        detector.p_values(X)


def test_the_expected_rate_is_that_of_rows_not_seen(rng):
    X = rng.normal(size=(1000, 1))
    detector = ThresholdedDetector(Itself(), alpha=0.05).fit(X)
    assert detector.expected_alarm_rate_ == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("per", ["0s", "-7D", pd.Timedelta("-1h")])
@pytest.mark.parametrize("kind", [ThresholdedDetector, AdaptiveThresholdDetector])
def test_a_span_of_time_is_above_zero(kind, per):
    index = pd.date_range("2026-01-01", periods=60, freq="1min")
    frame = pd.DataFrame({"a": np.sin(np.arange(60))}, index=index)
    with pytest.raises(ValueError, match=r"per=.* must be a span of time above zero"):
        kind(Itself(), strategy="budget", per=per).fit(frame)
