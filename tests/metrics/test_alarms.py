"""Delay of alarms, and false ones."""

import re

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from skad.metrics import detection_delay, false_alarms_per_1000_rows

Y = np.zeros(20, dtype=bool)
Y[3:8] = Y[10:14] = Y[18:] = True  # of 5, 4 and 2 rows


def alarms_at(*rows):
    alarmed = np.zeros(20, dtype=bool)
    alarmed[list(rows)] = True
    return alarmed


def test_delay_counts_rows_from_the_start_of_an_event_to_its_first_alarm():
    assert detection_delay(Y, alarms_at(3, 10, 18)) == 0
    assert detection_delay(Y, alarms_at(5, 6, 13, 18)) == (2 + 3 + 0) / 3


def test_a_missed_event_counts_its_length_or_not_at_all():
    alarmed = alarms_at(4, 9, 14, 19)
    assert detection_delay(Y, alarmed) == (1 + 4 + 1) / 3
    assert detection_delay(Y, alarmed, missed="ignore") == (1 + 1) / 2
    assert detection_delay(Y, alarms_at()) == (5 + 4 + 2) / 3


def test_an_alarm_before_an_event_counts_only_if_it_lasts_until_it_starts():
    assert detection_delay(Y, alarms_at(2, 9, 17)) == (5 + 4 + 2) / 3
    assert detection_delay(Y, alarms_at(2, 3, 9, 10, 17, 18)) == 0


def test_without_a_found_event_there_is_no_delay_to_average():
    message = (
        "Detection delay is undefined and set to nan: no event is alarmed. "
        'Count missed events by missed="length".'
    )
    with pytest.warns(UndefinedMetricWarning, match=re.escape(message)):
        assert np.isnan(detection_delay(Y, alarms_at(0), missed="ignore"))


def test_a_false_alarm_is_a_run_of_normal_rows():
    alarmed = alarms_at(0, 2, 3, 8, 15, 16)
    # Row 0; rows 2 and 3 reach into an event; row 8; rows 15 and 16.
    assert false_alarms_per_1000_rows(Y, alarmed) == 1000 * 3 / 20
    assert false_alarms_per_1000_rows(Y, alarmed, count="rows") == 1000 * 5 / 20


def test_no_alarm_is_no_false_alarm():
    assert false_alarms_per_1000_rows(Y, alarms_at()) == 0
    assert false_alarms_per_1000_rows(Y, Y) == 0


def test_without_anomalies_each_alarm_is_false():
    alarmed = alarms_at(1, 5, 6)
    assert false_alarms_per_1000_rows(np.zeros(20), alarmed) == 1000 * 2 / 20


@pytest.mark.parametrize(
    ("cost", "parameter"),
    [(detection_delay, "missed"), (false_alarms_per_1000_rows, "count")],
)
def test_another_option_is_refused(cost, parameter):
    with pytest.raises(
        ValueError, match=f"The '{parameter}' parameter of {cost.__name__}"
    ):
        cost(Y, Y, **{parameter: "half"})
