"""What alarms cost those who answer them: delay, and false alarms."""

import numpy as np
from sklearn.utils._param_validation import StrOptions

from skad.metrics._labels_and_scores import NO_ANOMALY, truth_and_alarms, undefined
from skad.metrics._metric_kinds import cost_of_predictions
from skad.metrics._runs import runs_of, sums_of
from skad.metrics._series_of_rows import first_rows


@cost_of_predictions(missed=[StrOptions({"length", "ignore"})])
def detection_delay(y_true, y_pred, *, missed="length", series=None, pos_label=None):
    """Mean number of rows from the start of an event to its first alarm.

    An event that is alarmed when it starts has a delay of 0. Alarms before it do not
    count unless they last until it starts.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    missed : {"length", "ignore"}, default="length"
        The delay of an event without any alarm: its length, as if the alarm came just
        after; or none, so that it does not enter the mean. Then a detector that finds
        one event only, but quickly, looks good.
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    delay : float
        In rows, low is good. NaN, with a warning, if there is no event to average.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, the rows of a series do
        not stand next to each other, or a parameter is none of those named.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly, or if ``missed="ignore"`` and no event is alarmed.

    See Also
    --------
    event_recall : The share of events that are alarmed.
    range_recall : With ``bias="front"``, early alarms count more.

    Examples
    --------
    >>> from skad.metrics import detection_delay
    >>> y_true = [0, 1, 1, 1, 0, 1, 1, 0]
    >>> y_pred = [1, 1, -1, 1, 1, 1, 1, 1]
    >>> detection_delay(y_true, y_pred)
    1.5
    >>> detection_delay(y_true, y_pred, missed="ignore")
    1.0
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Detection delay", NO_ANOMALY)
    starts, stops = runs_of(truth, starts)
    rows = np.append(np.flatnonzero(alarmed), len(alarmed))
    first = rows[np.searchsorted(rows, starts)]
    if missed == "length":
        return float(np.mean(np.minimum(first, stops) - starts))
    if not (first < stops).any():
        reason = 'no event is alarmed. Count missed events by missed="length".'
        return undefined("Detection delay", reason)
    return float(np.mean((first - starts)[first < stops]))


@cost_of_predictions(count=[StrOptions({"rows", "runs"})])
def false_alarms_per_1000_rows(
    y_true, y_pred, *, count="runs", series=None, pos_label=None
):
    """Count the false alarms in 1,000 rows: what a detector costs its operator.

    An alarm that begins before an event and lasts into it is none of them.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    count : {"rows", "runs"}, default="runs"
        What is an alarm: each alarmed row, false if it is normal; or each run of them,
        false if all of it is normal.
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    rate : float
        False alarms per 1,000 rows of the whole series, low is good; 0 without alarms.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, the rows of a series do
        not stand next to each other, or a parameter is none of those named.

    See Also
    --------
    event_precision : The share of alarms that are true.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.metrics import false_alarms_per_1000_rows
    >>> y_true, y_pred = np.zeros(500), np.ones(500)
    >>> y_true[100:120] = 1
    >>> y_pred[95:110] = y_pred[300:310] = -1  # an early alarm, and a false one
    >>> false_alarms_per_1000_rows(y_true, y_pred)
    2.0
    >>> false_alarms_per_1000_rows(y_true, y_pred, count="rows")
    30.0
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if count == "rows":
        return float(1000 * np.mean(alarmed & ~truth))
    n_false = np.count_nonzero(sums_of(truth, *runs_of(alarmed, starts)) == 0)
    return float(1000 * n_false / len(truth))
