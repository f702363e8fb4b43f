"""Precision and recall of ranges of rows (Tatbul et al. 2018)."""

from numbers import Real
from statistics import harmonic_mean

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skad.metrics._labels_and_scores import (
    NO_ALARM,
    NO_ANOMALY,
    truth_and_alarms,
    undefined,
)
from skad.metrics._metric_kinds import metric_of_predictions
from skad.metrics._runs import runs_of, sums_of
from skad.metrics._series_of_rows import first_rows

_ALPHA = [Interval(Real, 0, 1, closed="both")]
_BIAS = [StrOptions({"flat", "front", "middle", "back"})]
_CARDINALITY = [StrOptions({"reciprocal", "one"})]


@metric_of_predictions(bias=_BIAS, cardinality=_CARDINALITY)
def range_precision(
    y_true,
    y_pred,
    *,
    bias="flat",
    cardinality="reciprocal",
    series=None,
    pos_label=None,
):
    """Range-based precision: how much of each alarm is anomalous, over all alarms.

    An alarm is a run of alarmed rows; each counts alike, however long.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    bias : {"flat", "front", "middle", "back"}, default="flat"
        Which rows of an alarm count most: all alike, or those at its front, in its
        middle or at its back.
    cardinality : {"reciprocal", "one"}, default="reciprocal"
        Whether an alarm that several events break up gets less: its
        overlap is divided by their number, or not.
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
    range_recall : How much of each event is alarmed.
    range_f1 : Both in one number.

    Notes
    -----
    The definition is that of [1]_; the defaults are those of the TSB-AD benchmark.
    With ``cardinality="one"`` it is the default of the package prts.

    References
    ----------
    .. [1] N. Tatbul, T. J. Lee, S. Zdonik, M. Alam, J. Gottschlich, "Precision and
       Recall for Time Series", NeurIPS 2018.

    Examples
    --------
    >>> from skad.metrics import range_precision
    >>> y_true = [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    >>> y_pred = [1, 1, 1, -1, -1, -1, -1, 1, 1, -1]
    >>> range_precision(y_true, y_pred)  # 3 of 4 rows, and 0 of 1
    0.375
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not alarmed.any():
        value = 0.0 if truth.any() else np.nan
        return undefined("Range precision", NO_ALARM, value)
    return _reward(alarmed, truth, 0, bias, cardinality, starts)


@metric_of_predictions(alpha=_ALPHA, bias=_BIAS, cardinality=_CARDINALITY)
def range_recall(
    y_true,
    y_pred,
    *,
    alpha=0.2,
    bias="flat",
    cardinality="reciprocal",
    series=None,
    pos_label=None,
):
    """Range-based recall: how much of each event is alarmed, over all events.

    An event is a run of anomalous rows; each counts alike, however long.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    alpha : float in [0, 1], default=0.2
        The part of recall that an event gives for being alarmed at all, however
        little; the rest is for how much of it.
    bias : {"flat", "front", "middle", "back"}, default="flat"
        Which rows of an event count most: all alike, or those at its front (where an
        alarm is early), in its middle or at its back.
    cardinality : {"reciprocal", "one"}, default="reciprocal"
        Whether an event that is found in several pieces gets less: its
        overlap is divided by their number, or not.
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
        If labels or predictions cannot be read, lengths differ, the rows of a series do
        not stand next to each other, or a parameter is none of those named.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    range_precision : How much of each alarm is anomalous.
    range_f1 : Both in one number.

    Notes
    -----
    The definition is that of [1]_; the defaults are those of the TSB-AD benchmark.
    With ``alpha=0, cardinality="one"`` it is the default of the package prts.

    References
    ----------
    .. [1] N. Tatbul, T. J. Lee, S. Zdonik, M. Alam, J. Gottschlich, "Precision and
       Recall for Time Series", NeurIPS 2018.

    Examples
    --------
    >>> from skad.metrics import range_recall
    >>> y_true = [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    >>> y_pred = [1, 1, -1, -1, -1, 1, 1, 1, 1, 1]
    >>> range_recall(y_true, y_pred, alpha=0)
    0.75
    >>> range_recall(y_true, y_pred, alpha=0, bias="front")  # early
    0.9
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Range recall", NO_ANOMALY)
    return _reward(truth, alarmed, alpha, bias, cardinality, starts)


@metric_of_predictions(
    alpha=_ALPHA,
    recall_bias=_BIAS,
    precision_bias=_BIAS,
    cardinality=_CARDINALITY,
)
def range_f1(
    y_true,
    y_pred,
    *,
    alpha=0.2,
    recall_bias="flat",
    precision_bias="flat",
    cardinality="reciprocal",
    series=None,
    pos_label=None,
):
    """Harmonic mean of range-based precision and recall.

    How much of each event is alarmed, against how much of each alarm is anomalous.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    alpha : float in [0, 1], default=0.2
        The part of recall that an event gives for being alarmed at all, however
        little; the rest is for how much of it.
    recall_bias : {"flat", "front", "middle", "back"}, default="flat"
        The ``bias`` of `range_recall`.
    precision_bias : {"flat", "front", "middle", "back"}, default="flat"
        The ``bias`` of `range_precision`.
    cardinality : {"reciprocal", "one"}, default="reciprocal"
        Whether events and alarms that are broken up get less.
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
    range_precision : How much of each alarm is anomalous; the source.
    range_recall : How much of each event is alarmed.

    Examples
    --------
    >>> from skad.metrics import range_f1
    >>> y_true = [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    >>> y_pred = [1, 1, -1, -1, 1, 1, -1, 1, 1, 1]
    >>> print(round(range_f1(y_true, y_pred), 3))
    0.545
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Range F1", NO_ANOMALY)
    if not alarmed.any():
        return 0.0
    recall = _reward(truth, alarmed, alpha, recall_bias, cardinality, starts)
    precision = _reward(alarmed, truth, 0, precision_bias, cardinality, starts)
    return harmonic_mean([precision, recall])


def _reward(judged, other, alpha, bias, cardinality, series_starts):
    """Reward each run of ``judged`` for what it shares with ``other``; return the mean.

    Parameters
    ----------
    judged, other : ndarray of shape (n,), bool
        Whether each row belongs to a run; ``judged`` has one at least.
    alpha : float in [0, 1]
        The part of the reward for sharing a row at all.
    bias : {"flat", "front", "middle", "back"}
        Which rows count most.
    cardinality : {"reciprocal", "one"}
        Whether to divide by the number of runs shared with.
    series_starts : ndarray of shape (n_series,), int64
        The first row of each series.

    Returns
    -------
    reward : float
    """
    starts, stops = runs_of(judged, series_starts)
    other_starts, other_stops = runs_of(other, series_starts)
    weights = np.zeros(len(judged))
    weights[judged] = _weights(stops - starts, bias)
    overlap = sums_of(weights * other, starts, stops) / sums_of(weights, starts, stops)
    begun = np.searchsorted(other_starts, stops)
    n_shared = begun - np.searchsorted(other_stops, starts, side="right")
    if cardinality == "reciprocal":
        overlap /= np.maximum(n_shared, 1)
    return float(np.mean(alpha * (n_shared > 0) + (1 - alpha) * overlap))


def _weights(lengths, bias):
    """Weight the rows of runs of these lengths, one run after the other."""
    length = np.repeat(lengths, lengths)
    from_front = np.arange(1, len(length) + 1) - np.repeat(
        np.cumsum(lengths) - lengths, lengths
    )
    from_back = length - from_front + 1
    return {
        "flat": np.ones(len(length)),
        "front": from_back,
        "middle": np.minimum(from_front, from_back),
        "back": from_front,
    }[bias]
