"""Point adjustment, and that it flatters."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from skad.metrics import pa_k_f1, point_adjusted_f1
from tests.support.metric_cases import alarms_of, planted

Y = np.array([0, 1, 1, 1, 1, 0, 0, 1, 1, 0], dtype=bool)
ALARMED = np.array([1, 0, 0, 1, 0, 0, 0, 0, 0, 0], dtype=bool)


@pytest.mark.parametrize(
    ("case", "share", "f1"),
    [
        ((0, 200, 4, 12), 0.1, 0.35294117647058826),
        ((1, 500, 12, 20, 2.0), 0.15, 0.9629629629629629),
        ((2, 80, 3, 30, 0.0), 0.3, 0.8037383177570093),
        ((3, 300, 6, 3, 3.0, 4), 0.05, 0.92),
    ],
)
def test_f1_equals_that_of_tsb_ad(case, share, f1):
    y, scores = planted(*case)
    found = point_adjusted_f1(y, alarms_of(scores, share))
    assert found == pytest.approx(f1, abs=1e-12)


def test_one_alarmed_row_finds_all_rows_of_its_event():
    adjusted = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert point_adjusted_f1(Y, ALARMED) == f1_score(Y, adjusted)


def test_more_than_k_percent_have_to_be_alarmed():
    plain, adjusted = f1_score(Y, ALARMED), point_adjusted_f1(Y, ALARMED)
    assert pa_k_f1(Y, ALARMED, k=24.9) == adjusted  # one row of four
    assert pa_k_f1(Y, ALARMED, k=25) == plain
    assert pa_k_f1(Y, ALARMED, k=0) == adjusted
    assert pa_k_f1(Y, ALARMED, k=100) == plain
    assert pa_k_f1(Y, ALARMED) == adjusted


def test_the_predictions_of_the_caller_stay_as_they_were():
    before = ALARMED.copy()
    point_adjusted_f1(Y, ALARMED)
    assert (before == ALARMED).all()


def test_it_flatters_random_alarms_on_long_events():
    y = np.zeros(5000, dtype=bool)
    y[1000:1500] = y[3000:3400] = True
    alarmed = np.random.RandomState(0).random_sample(5000) < 0.01
    assert f1_score(y, alarmed) < 0.05
    assert point_adjusted_f1(y, alarmed) > 0.9
    assert pa_k_f1(y, alarmed) < 0.05


@pytest.mark.parametrize("k", [-1, 101, "20"])
def test_k_is_a_percentage(k):
    with pytest.raises(
        ValueError, match="The 'k' parameter of pa_k_f1 must be a float"
    ):
        pa_k_f1(Y, ALARMED, k=k)
