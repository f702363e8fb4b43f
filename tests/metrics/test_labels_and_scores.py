"""What metrics are given: labels of either convention, predictions and scores."""

import re

import numpy as np
import pandas as pd
import pytest

from skad.metrics._labels_and_scores import (
    is_anomaly,
    truth_and_alarms,
    truth_and_scores,
)

ALWAYS_ONE = np.ones(4, dtype=int)
Y = [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([-1, 1, -1], [True, False, True]),
        ([0, 1, 1], [False, True, True]),
        ([-1.0, 1.0], [True, False]),
        ([True, False], [True, False]),
        ([True, True], [True, True]),
        ([False, False], [False, False]),
        ([-1, -1], [True, True]),
        ([0, 0], [False, False]),
        (np.array([True, False], dtype=object), [True, False]),
    ],
)
def test_labels_of_either_convention_are_read(y, expected):
    anomalous = is_anomaly(y)
    assert anomalous.dtype == bool
    assert anomalous.tolist() == expected


@pytest.mark.parametrize(
    ("y", "pos_label", "expected"),
    [
        ([1, 1], -1, [False, False]),
        ([1, 1], 1, [True, True]),
        ([1, -1], 1, [True, False]),
        ([0, 1], 0, [True, False]),
        ([0, 0], 1, [False, False]),
        ([-1, -1], 1, [False, False]),
        ([True, False], False, [False, True]),
        ([True, True], True, [True, True]),
        ([1.0, -1.0], -1, [False, True]),
    ],
)
def test_pos_label_names_the_anomalies(y, pos_label, expected):
    assert is_anomaly(y, pos_label=pos_label).tolist() == expected


@pytest.mark.parametrize("y", [ALWAYS_ONE, ALWAYS_ONE.astype(float), [1, 1]])
def test_all_ones_may_mean_either_and_are_refused(y):
    message = (
        "All labels in y are 1: normal rows of the labels -1 and 1, or anomalies of 0 "
        r"and 1\? Set pos_label"
    )
    with pytest.raises(ValueError, match=message):
        is_anomaly(y)


@pytest.mark.parametrize(
    ("y", "found"),
    [
        ([0, 1, 2], r"\[0, 1, 2\]"),
        ([-1, 0, 1], r"\[-1, 0, 1\]"),
        ([-1, 0], r"\[-1, 0\]"),
        (["normal", "odd"], r"\['normal', 'odd'\]"),
        ([0.5, 1.0], r"\[0.5, 1.0\]"),
        ([np.nan, 1.0], r"\[1.0, nan\]"),
        ([2, 3], r"\[2, 3\]"),
        (["a", 1, None], r"\['1', 'None', 'a'\]|\[1, None, 'a'\]"),
        ([], r"\[\]"),
    ],
)
def test_other_labels_are_refused(y, found):
    message = (
        rf"y holds the labels {found}; needed are -1 \(anomaly\) and 1, or 0 and 1"
    )
    with pytest.raises(ValueError, match=message):
        is_anomaly(np.array(y, dtype=object) if "a" in y else y)


@pytest.mark.parametrize("pos_label", [1, "normal"])
def test_pos_label_does_not_excuse_other_labels(pos_label):
    with pytest.raises(ValueError, match=r"y holds the labels \['normal', 'odd'\]"):
        is_anomaly(["normal", "odd"], pos_label=pos_label)


@pytest.mark.parametrize(
    ("y", "pos_label"),
    [([0, 1], -1), ([-1, 1], 0), ([True, False], -1), ([0, 1], "odd"), ([0], 2)],
)
def test_a_pos_label_of_another_convention_is_refused(y, pos_label):
    found = re.escape(str(np.unique(y).tolist()))
    message = f"pos_label={pos_label!r} does not go with the labels {found} in y. Set "
    with pytest.raises(ValueError, match=message):
        is_anomaly(y, pos_label=pos_label)


def test_labels_stand_in_one_dimension():
    message = r"y has shape \(2, 1\); labels need one dimension: y.ravel\(\)"
    with pytest.raises(ValueError, match=message):
        is_anomaly([[0], [1]])


@pytest.mark.parametrize(
    "y_pred",
    [
        [1, 1, -1, 1],
        [1.0, 1.0, -1.0, 1.0],
        [False, False, True, False],
        pd.Series([1, 1, -1, 1], index=[5, 6, 7, 8]),
        pd.Series([False, False, True, False], dtype="boolean"),
        np.array([False, False, True, False], dtype=object),
    ],
    ids=str,
)
def test_predictions_are_read_as_detectors_give_them_or_as_booleans(y_pred):
    truth, alarmed = truth_and_alarms(Y, y_pred, None)
    assert truth.dtype == alarmed.dtype == bool
    assert truth.tolist() == alarmed.tolist() == [False, False, True, False]


def test_nothing_but_ones_is_no_alarm_and_nothing_but_true_is_all_alarm():
    assert truth_and_alarms(Y, ALWAYS_ONE, None)[1].tolist() == [False] * 4
    assert truth_and_alarms(Y, ALWAYS_ONE == 1, None)[1].tolist() == [True] * 4
    objects = np.array([True] * 4, dtype=object)
    assert truth_and_alarms(Y, objects, None)[1].tolist() == [True] * 4


@pytest.mark.parametrize("y_pred", [[0, 0, 1, 0], [0, 0, 0, 0], [-1, 0, 1, 1]])
def test_zeros_among_predictions_are_refused(y_pred):
    message = (
        r"y_pred holds \[.*0.*\]; needed are -1 \(alarm\) and 1, as outlier detectors "
        r"predict, or booleans .* If 1 is your alarm, pass y_pred == 1\."
    )
    with pytest.raises(ValueError, match=message):
        truth_and_alarms(Y, y_pred, None)


def test_of_many_other_values_five_are_listed():
    values = np.arange(2, 10)
    with pytest.raises(ValueError, match=r"y holds the labels \[2, 3, 4, 5, 6\]; "):
        is_anomaly(values)
    with pytest.raises(ValueError, match=r"y_pred holds \[2, 3, 4, 5, 6\]; needed"):
        truth_and_alarms(values > 5, values, None)


@pytest.mark.parametrize("read", [truth_and_alarms, truth_and_scores])
@pytest.mark.parametrize("values", [[1, 1, 1], np.ones((4, 1)), 1.0])
def test_each_label_needs_one_value(read, values):
    name = read.__code__.co_varnames[1]
    message = rf"{name} has shape \(.*\), y_true has 4 labels; one value per label"
    with pytest.raises(ValueError, match=message):
        read(Y, values, None)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, bool])
def test_scores_of_any_kind_of_number_are_read_in_double_precision(dtype):
    scores = np.array([1, 0, 1, 1], dtype=dtype)  # the negative of uint8 1 is 255
    assert truth_and_scores(Y, scores, None)[1].dtype == np.float64


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_is_refused(value):
    message = f"score_samples holds {value} at row 2; each row needs a finite score"
    with pytest.raises(ValueError, match=message):
        truth_and_scores(Y, [0, 1, value, 2], None)


@pytest.mark.parametrize("read", [truth_and_alarms, truth_and_scores])
def test_the_labels_of_metrics_are_called_y_true(read):
    with pytest.raises(ValueError, match=r"y_true holds the labels \[0, 1, 2\]"):
        read([0, 1, 2], ALWAYS_ONE[:3], None)
    with pytest.raises(ValueError, match="All labels in y_true are 1"):
        read(ALWAYS_ONE, ALWAYS_ONE, None)
    with pytest.raises(ValueError, match="does not go with the labels .* in y_true"):
        read(Y, ALWAYS_ONE, -1)
    with pytest.raises(ValueError, match=r"y_true has shape \(1, 4\)"):
        read([Y], ALWAYS_ONE, None)
