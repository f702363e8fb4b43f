"""Affiliation: stored values of the reference, integrals by sums, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skad.metrics import affiliation_f1, affiliation_precision, affiliation_recall
from tests.support.metric_cases import alarms_of, planted

# What the authors' code gives, as shipped with TSB-AD 1.5: precision and recall.
STORED = [
    ((0, 200, 4, 12), 0.1, 0.5067718045843046, 0.7599014483780109),
    ((1, 500, 12, 20, 2.0), 0.15, 0.9421332834306225, 0.9859824689972108),
    ((2, 80, 3, 30, 0.0), 0.3, 0.6509196223658357, 0.9307266735376825),
    ((3, 300, 6, 3, 3.0, 4), 0.05, 0.9808177315375173, 0.9891830065359477),
]


@pytest.mark.parametrize(("case", "share", "precision", "recall"), STORED)
def test_values_equal_those_of_the_reference(case, share, precision, recall):
    y, scores = planted(*case)
    alarmed = alarms_of(scores, share)
    assert affiliation_precision(y, alarmed) == pytest.approx(precision, abs=1e-12)
    assert affiliation_recall(y, alarmed) == pytest.approx(recall, abs=1e-12)
    f1 = 2 * precision * recall / (precision + recall)
    assert affiliation_f1(y, alarmed) == pytest.approx(f1, abs=1e-12)


def chance_to_be_further(distances, drawn):
    return np.mean(drawn[None, :] > distances[:, None], axis=1)


@pytest.mark.parametrize(
    ("event", "alarm"),
    [((8, 12), (15, 19)), ((6, 22), (24, 26)), ((9, 26), (3, 5)), ((2, 4), (20, 29))],
)
def test_one_zone_is_what_sums_over_fine_steps_give(event, alarm):
    n_rows = 30
    time = (np.arange(n_rows * 40) + 0.5) / 40  # the middle of 40 steps in each row
    y, alarmed = np.zeros((2, n_rows), dtype=bool)
    y[slice(*event)] = alarmed[slice(*alarm)] = True

    def distance_to(run):
        return np.maximum(np.maximum(run[0] - time, time - run[1]), 0)

    inside = (time > alarm[0]) & (time < alarm[1])
    drawn = distance_to(event)
    expected = np.mean(chance_to_be_further(drawn[inside], drawn))
    found = affiliation_precision(y, alarmed)
    assert found == pytest.approx(expected, abs=1e-3)
    inside = (time > event[0]) & (time < event[1])
    nearest = alarm[0] if alarm[0] >= event[1] else alarm[1]
    expected = np.mean(
        [np.mean(np.abs(time - t) > np.abs(nearest - t)) for t in time[inside]]
    )
    assert affiliation_recall(y, alarmed) == pytest.approx(expected, abs=1e-3)


def test_an_alarm_on_each_event_alone_is_perfect():
    y, _ = planted(1, 500, 12, 20)
    assert affiliation_precision(y, y == 1) == 1
    assert affiliation_recall(y, y == 1) == 1


def test_the_further_an_alarm_the_less_it_gets():
    y = np.zeros(100, dtype=bool)
    y[40:50] = True
    for metric in (affiliation_precision, affiliation_recall):
        values = [metric(y, np.roll(y, rows)) for rows in (0, 1, 5, 10, 20, 49)]
        assert (np.diff(values) < 0).all()


def test_an_event_without_alarms_in_its_zone_has_recall_0_and_no_precision():
    y, alarmed = np.zeros((2, 100), dtype=bool)
    y[10:20] = y[70:80] = alarmed[10:20] = True
    assert affiliation_precision(y, alarmed) == 1
    assert affiliation_recall(y, alarmed) == 1 / 2


def test_an_alarm_that_ends_where_zones_meet_lies_in_one_zone_only():
    y = np.array([1, 1, 0, 0, 0, 0, 1, 1], dtype=bool)  # the zones meet after row 3
    alarmed = np.array([0, 0, 1, 1, 0, 0, 0, 0], dtype=bool)
    alone = affiliation_precision(y[:4], alarmed[:4])
    assert affiliation_precision(y, alarmed) == alone
    assert affiliation_precision(y, alarmed[::-1]) == alone
    recall = affiliation_recall(y[:4], alarmed[:4])
    assert affiliation_recall(y, alarmed) == recall / 2
    assert affiliation_recall(y, alarmed[::-1]) == recall / 2


def test_zones_are_judged_as_if_each_stood_alone():
    y = [np.array([1, 0]), np.array([0, 1, 1, 1, 1, 1, 1])]
    alarmed = [np.array([1, 0]) == 1, np.array([0, 0, 0, 0, 0, 0, 1]) == 1]
    both = np.concatenate(y), np.concatenate(alarmed)
    for metric in (affiliation_precision, affiliation_recall):
        expected = np.mean([metric(*zone) for zone in zip(y, alarmed, strict=True)])
        assert metric(*both) == pytest.approx(expected, abs=1e-15)
        backwards = metric(both[0][::-1], both[1][::-1])
        assert backwards == pytest.approx(expected, abs=1e-15)


def test_random_alarms_get_about_half_the_precision():
    y, scores = planted(0, 20_000, 5, 20, strength=0.0)
    alarmed = scores < np.quantile(scores, 0.02)
    assert affiliation_precision(y, alarmed) == pytest.approx(0.5, abs=0.1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_values_are_shares_and_time_may_run_backwards(rows):
    y, alarmed = np.array(rows).T
    if not (y.any() and alarmed.any()):
        y[0] = alarmed[-1] = True
    for metric in (affiliation_precision, affiliation_recall):
        value = metric(y, alarmed)
        assert -1e-12 <= value <= 1 + 1e-12
        assert metric(y[::-1], alarmed[::-1]) == pytest.approx(value, abs=1e-12)
