"""Events found and alarms that are true."""

import numpy as np
import pytest
from sklearn.metrics import precision_score

from skad.metrics import event_f1, event_precision, event_recall
from tests.support.metric_cases import alarms_of, planted

Y = np.array([0, 1, 1, 1, 0, 0, 0, 0, 1, 1], dtype=bool)
ALARMED = np.array([1, 1, 0, 1, 0, 1, 1, 0, 0, 0], dtype=bool)


@pytest.mark.parametrize(
    ("case", "share", "f1"),
    [
        ((0, 200, 4, 12), 0.1, 0.3272727272727269),
        ((1, 500, 12, 20, 2.0), 0.15, 0.9473684210526311),
        ((2, 80, 3, 30, 0.0), 0.3, 0.6666666666666662),
        ((3, 300, 6, 3, 3.0, 4), 0.05, 0.9090909090909085),
    ],
)
def test_f1_of_rows_equals_that_of_tsb_ad(case, share, f1):
    y, scores = planted(*case)
    assert event_f1(y, alarms_of(scores, share)) == pytest.approx(f1, abs=1e-12)


def test_one_alarmed_row_finds_an_event():
    assert event_recall(Y, ALARMED) == 1 / 2
    assert event_recall(Y, Y) == 1


def test_an_event_in_the_last_row_is_found():
    assert event_recall([0, 0, 1], [1, 1, -1]) == 1


def test_precision_counts_alarmed_rows_or_runs_of_them():
    assert event_precision(Y, ALARMED) == 2 / 5
    assert event_precision(Y, ALARMED) == precision_score(Y, ALARMED)
    assert event_precision(Y, ALARMED, count="runs") == 2 / 3


def test_f1_is_the_harmonic_mean():
    assert event_f1(Y, ALARMED) == pytest.approx(2 / (2 + 5 / 2), abs=1e-15)
    by_runs = event_f1(Y, ALARMED, count="runs")
    assert by_runs == pytest.approx(2 / (2 + 3 / 2), abs=1e-15)


def test_by_runs_one_endless_alarm_is_perfect_and_by_rows_it_is_not():
    everything = np.ones(10, dtype=bool)
    assert event_f1(Y, everything, count="runs") == 1
    assert event_f1(Y, everything) == pytest.approx(2 / 3, abs=1e-15)


def test_another_count_is_refused():
    for metric in (event_precision, event_f1):
        with pytest.raises(ValueError, match="The 'count' parameter of event_"):
            metric(Y, ALARMED, count="events")
