"""Metrics over all thresholds, row by row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from skad.metrics import average_precision, best_f1
from tests.support.metric_cases import planted


def test_average_precision_is_that_of_scikit_learn_with_low_for_abnormal():
    y, scores = planted(0, 300, 4, 12)
    assert average_precision(y, scores) == average_precision_score(y, -scores)
    assert average_precision(y, scores) > 2 * average_precision(y, -scores)


def test_without_normal_rows_each_alarm_is_true():
    assert average_precision([-1, -1], [0.5, 1]) == 1
    assert best_f1([-1, -1], [0.5, 1]) == 1


def test_a_perfect_ranking_has_an_f1_of_one():
    y, _ = planted(0, 300, 4, 12)
    assert best_f1(y, -y) == 1


def test_equal_scores_get_what_alarming_every_row_gets():
    y, _ = planted(0, 300, 4, 12)
    assert best_f1(y, np.zeros(300)) == f1_score(y, np.ones(300))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=20))
def test_no_threshold_has_a_better_f1(rows):
    y, scores = map(np.array, zip(*rows, strict=True))
    y[0] = True
    by_threshold = [f1_score(y, scores <= value) for value in set(scores.tolist())]
    assert best_f1(y, scores) == pytest.approx(max(by_threshold), abs=1e-12)
