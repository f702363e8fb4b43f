"""Events found, alarms that were false, and how long it took."""

from statistics import harmonic_mean

import numpy as np
from sklearn.utils._param_validation import StrOptions

from skad.metrics._labels_and_scores import (
    NO_ALARM,
    NO_ANOMALY,
    truth_and_alarms,
    undefined,
)
from skad.metrics._metric_kinds import metric_of_predictions
from skad.metrics._runs import runs_of, sums_of
from skad.metrics._series_of_rows import first_rows

_COUNT = [StrOptions({"rows", "runs"})]


@metric_of_predictions()
def event_recall(y_true, y_pred, *, series=None, pos_label=None):
    """Share of events that are alarmed at all.

    An event is a run of anomalous rows. One alarmed row finds it.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    recall : float
        Between 0 and 1, high is good. NaN, with a warning, if there is no anomaly.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, or the rows of a
        series do not stand next to each other.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    event_f1 : Weighs this against false alarms.
    range_recall : Asks how much of each event is alarmed.

    Examples
    --------
    >>> from skad.metrics import event_recall
    >>> event_recall([0, 1, 1, 1, 0, 1, 0], [1, 1, 1, -1, -1, 1, 1])
    0.5
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Event recall", NO_ANOMALY)
    return _share_touched(truth, alarmed, starts)


@metric_of_predictions(count=_COUNT)
def event_precision(y_true, y_pred, *, count="rows", series=None, pos_label=None):
    """Share of alarms that are true.

    By rows it is the plain precision of anomalies.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    count : {"rows", "runs"}, default="rows"
        What is an alarm: each alarmed row, true if it is anomalous; or each run of
        them, true if one of its rows is. By runs, one alarm over the whole series is
        true.
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    precision : float
        Between 0 and 1, high is good. Without alarms 0 (NaN if there is no
        anomaly either), with a warning.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, the rows of a series do
        not stand next to each other, or a parameter is none of those named.

    Warns
    -----
    UndefinedMetricWarning
        If no row is alarmed.

    See Also
    --------
    event_recall : The share of events that are alarmed.
    false_alarms_per_1000_rows : How many of them, in time.

    Examples
    --------
    >>> from skad.metrics import event_precision
    >>> y_true = [0, 1, 1, 1, 0, 0, 0]
    >>> y_pred = [1, 1, -1, -1, 1, 1, 1]
    >>> event_precision(y_true, y_pred, count="runs")
    1.0
    >>> y_pred = [-1, 1, -1, -1, 1, -1, 1]
    >>> event_precision(y_true, y_pred), event_precision(y_true, y_pred, count="rows")
    (0.5, 0.5)
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not alarmed.any():
        value = 0.0 if truth.any() else np.nan
        return undefined("Event precision", NO_ALARM, value)
    return _share_true(truth, alarmed, count, starts)


@metric_of_predictions(count=_COUNT)
def event_f1(y_true, y_pred, *, count="rows", series=None, pos_label=None):
    """Harmonic mean of event recall and event precision.

    High where a detector finds each event, at whatever row, without false alarms.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    count : {"rows", "runs"}, default="rows"
        What is an alarm for precision: each alarmed row, or each run of them. By runs,
        a detector that alarms the whole series has an F1 of 1.
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    f1 : float
        Between 0 and 1, high is good; 0 without alarms. NaN, with a warning, if there
        is no anomaly.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, the rows of a series do
        not stand next to each other, or a parameter is none of those named.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    event_recall : The share of events that are alarmed.
    event_precision : The share of alarms that are true.
    range_f1 : Asks also how much of each event is alarmed.

    Notes
    -----
    Of rows, it is the composite F1 of [1]_, which the TSB-AD benchmark calls
    "Event-based-F1"; of runs, the counting of [2]_.

    References
    ----------
    .. [1] A. Garg, W. Zhang, J. Samaran, R. Savitha, C.-S. Foo, "An Evaluation of
       Anomaly Detection and Diagnosis in Multivariate Time Series", IEEE Transactions
       on Neural Networks and Learning Systems 33(6), 2022.
    .. [2] K. Hundman, V. Constantinou, C. Laporte, I. Colwell, T. Soderstrom,
       "Detecting Spacecraft Anomalies Using LSTMs and Nonparametric Dynamic
       Thresholding", KDD 2018.

    Examples
    --------
    >>> from skad.metrics import event_f1
    >>> y_true = [0, 1, 1, 1, 0, 0, 0]
    >>> y_pred = [1, 1, -1, 1, 1, -1, 1]
    >>> print(round(event_f1(y_true, y_pred), 3))  # found, half of the alarms false
    0.667
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Event F1", NO_ANOMALY)
    if not alarmed.any():
        return 0.0
    recall = _share_touched(truth, alarmed, starts)
    return harmonic_mean([_share_true(truth, alarmed, count, starts), recall])


def _share_touched(judged, other, series_starts):
    """Return the share of the runs of ``judged`` that share a row with ``other``."""
    starts, stops = runs_of(judged, series_starts)
    return float(np.mean(sums_of(other, starts, stops) > 0))


def _share_true(truth, alarmed, count, series_starts):
    if count == "rows":
        return float(truth[alarmed].mean())
    return _share_touched(alarmed, truth, series_starts)
