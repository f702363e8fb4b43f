"""Several series judged together: no event, alarm or margin goes on to the next."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.model_selection import cross_val_score

from skad import metrics
from skad.metrics import make_anomaly_scorer
from skad.metrics._metric_kinds import COSTS, OF_PREDICTIONS, OF_SCORES
from tests.support.metric_cases import alarms_of, planted

# An event at the end of one series and one at the start of the next; one is found.
Y = np.repeat([0, 1, 1, 0], [95, 5, 5, 95])
ALARMED = np.arange(200) == 97
NAMES = np.repeat(["a", "b"], 100)
WITH_SERIES = {
    name: metric
    for name, metric in (OF_PREDICTIONS | COSTS | OF_SCORES).items()
    if "series" in inspect.signature(metric).parameters
}


def judged(name, seed, n_rows=200):
    y, scores = planted(seed, n_rows, 6, 12)
    return y, scores if name in OF_SCORES else alarms_of(scores, 0.1)


def test_all_but_the_metrics_of_single_rows_know_series():
    rows_alone = {"average_precision", "best_f1"}
    assert set(WITH_SERIES) == {*OF_PREDICTIONS, *COSTS, *OF_SCORES} - rows_alone


@pytest.mark.parametrize("name", WITH_SERIES)
def test_one_series_is_what_there_is_without_a_word(name):
    given = judged(name, 1)
    metric = WITH_SERIES[name]
    assert metric(*given, series=np.zeros(200)) == metric(*given)


@pytest.mark.parametrize("name", WITH_SERIES)
def test_the_index_says_as_much_as_series_do(name):
    y, given = judged(name, 2)
    index = pd.MultiIndex.from_arrays([NAMES, np.arange(200) % 100])
    metric = WITH_SERIES[name]
    of_index = metric(pd.Series(y, index), given)
    assert of_index == metric(y, given, series=NAMES)
    assert of_index == metric(y, pd.Series(given, index), series=list(NAMES))


@pytest.mark.parametrize("name", WITH_SERIES)
def test_series_that_end_in_normal_rows_may_be_told_or_not(name):
    metric = WITH_SERIES[name]
    options = {"max_window": 8} if name in OF_SCORES else {}
    y, given = judged(name, 3)
    y = np.concatenate([np.zeros(40, int), y, np.zeros(40, int)])
    quiet = np.full(40, given.max() if name in OF_SCORES else False)
    given = np.concatenate([quiet, given, quiet])
    two = np.tile(y, 2), np.tile(given, 2)
    told = metric(*two, series=np.repeat([0, 1], len(y)), **options)
    untold = metric(*two, **options)
    if not name.startswith("affiliation"):  # whose zones are those of each series
        assert told == pytest.approx(untold)
    assert told == pytest.approx(metric(y, given, **options), abs=0.02)


@pytest.mark.parametrize(
    ("name", "untold", "told"),
    [
        ("event_recall", 1, 1 / 2),
        ("event_f1", 1, 2 / 3),
        ("point_adjusted_f1", 1, 2 / 3),
        ("pa_k_f1", 2 / 11, 2 / 3),
        ("range_recall", 0.28, 0.18),
        ("detection_delay", 2, 3.5),
        ("affiliation_recall", 0.98, 0.48),
    ],
)
def test_an_event_does_not_go_on_in_the_next_series(name, untold, told):
    # Alarmed is a fifth of one event, or a tenth of both in one.
    options = {"k": 15} if name == "pa_k_f1" else {}
    metric = WITH_SERIES[name]
    assert metric(Y, ALARMED, **options) == pytest.approx(untold, abs=0.02)
    assert metric(Y, ALARMED, series=NAMES, **options) == pytest.approx(told, abs=0.02)


def test_an_alarm_does_not_go_on_in_the_next_series():
    alarmed = (np.arange(200) >= 98) & (np.arange(200) < 102)
    y = np.arange(200) == 98
    rate = metrics.false_alarms_per_1000_rows
    assert rate(y, alarmed) == 0
    assert rate(y, alarmed, series=NAMES) == 5
    precision = metrics.event_precision
    assert precision(y, alarmed, count="runs", series=NAMES) == 1 / 2
    assert metrics.range_precision(y, alarmed, series=NAMES) == 1 / 4


@pytest.mark.parametrize("name", ["vus_pr", "vus_roc"])
def test_no_margin_reaches_into_the_next_series(name):
    y = np.repeat([0, 1, 0], [95, 5, 100])
    late = np.where((np.arange(200) >= 100) & (np.arange(200) < 105), -1.0, 0.0)
    late += np.random.default_rng(0).normal(scale=0.01, size=200)
    metric = WITH_SERIES[name]
    assert metric(y, late, series=NAMES) < metric(y, late) - 0.05
    two_events = metric(Y, -1.0 * Y, series=NAMES)
    assert two_events == pytest.approx(1, abs=0.05)


def test_alarms_in_a_series_without_events_are_far_from_any():
    y = np.repeat([0, 1, 0], [40, 20, 140])
    alarmed = y.astype(bool)
    assert metrics.affiliation_precision(y, alarmed, series=NAMES) == 1
    alarmed[150:160] = True
    assert metrics.affiliation_precision(y, alarmed, series=NAMES) == 1 / 2
    assert metrics.affiliation_recall(y, alarmed, series=NAMES) == 1
    assert metrics.affiliation_recall(y, alarmed & (y == 0), series=NAMES) == 0


def test_series_are_one_name_per_row_and_each_stands_together():
    with pytest.raises(ValueError, match=r"series has shape \(3,\), y_true has 200"):
        metrics.event_recall(Y, ALARMED, series=[0, 0, 1])
    with pytest.raises(ValueError, match="rows of a series do not stand next to each"):
        metrics.event_recall(Y, ALARMED, series=np.arange(200) % 2)


class Known(OutlierMixin, BaseEstimator):
    """A detector that reads its decisions from the only column."""

    def fit(self, X, y=None):
        self.n_features_in_ = 1
        return self

    def decision_function(self, X):
        return np.asarray(X)[:, 0]

    def predict(self, X):
        return np.where(self.decision_function(X) < 0, -1, 1)


@pytest.mark.parametrize("place", ["X", "y", "both"])
def test_a_scorer_reads_the_series_from_the_index_of_y_or_of_x(place):
    index = pd.MultiIndex.from_arrays([NAMES, np.arange(200) % 100])
    values = np.where(ALARMED, -1.0, 1.0)[:, np.newaxis]
    X = values if place == "y" else pd.DataFrame(values, index)
    y = Y if place == "X" else pd.Series(Y, index)
    detector = Known().fit(X)
    assert make_anomaly_scorer("event_recall")(detector, X, y) == 1 / 2
    told = make_anomaly_scorer("event_recall", series=np.zeros(200))
    assert told(detector, X, y) == 1
    assert make_anomaly_scorer("recall")(detector, X, y) == 1 / 10
    scorer, cv = make_anomaly_scorer("event_recall"), [([0], range(200))]
    scores = cross_val_score(detector, X, y, scoring=scorer, cv=cv)
    assert scores.tolist() == [1 / 2]
