"""Point adjustment: metrics that flatter, for comparison with what was published."""

from numbers import Real

import numpy as np
from sklearn.metrics import f1_score
from sklearn.utils._param_validation import Interval

from skad.metrics._labels_and_scores import NO_ANOMALY, truth_and_alarms, undefined
from skad.metrics._metric_kinds import metric_of_predictions
from skad.metrics._runs import runs_of, sums_of
from skad.metrics._series_of_rows import first_rows


@metric_of_predictions()
def point_adjusted_f1(y_true, y_pred, *, series=None, pos_label=None):
    """F1 of rows after point adjustment: to compare with old tables, for nothing else.

    **Do not choose or praise a detector by this number.** One alarmed row makes every
    row of its event count as found, so random alarms do very well where events are
    long: Kim et al. [1]_ show random scores ahead of the published detectors of their
    time. Use `range_f1`, `event_f1` or `affiliation_f1` instead, and `vus_pr` where
    there are scores.

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
    f1 : float
        Between 0 and 1; 0 without alarms. NaN, with a warning, if there is no anomaly.

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
    pa_k_f1 : Adjusts only events of which enough is alarmed.
    event_f1 : Counts an event once, however long it is.

    References
    ----------
    .. [1] S. Kim, K. Choi, H.-S. Choi, B. Lee, S. Yoon, "Towards a Rigorous Evaluation
       of Time-Series Anomaly Detection", AAAI 2022.

    Examples
    --------
    Alarms at random, in one row of fifty, with one long event:

    >>> import numpy as np
    >>> from sklearn.metrics import f1_score
    >>> from skad.metrics import point_adjusted_f1
    >>> y_true = np.zeros(2000, dtype=bool)
    >>> y_true[1000:1300] = True
    >>> alarmed = np.random.default_rng(0).random(2000) < 0.02
    >>> print(round(f1_score(y_true, alarmed), 2))
    0.05
    >>> print(round(point_adjusted_f1(y_true, alarmed), 2))
    0.93
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Point-adjusted F1", NO_ANOMALY)
    return _adjusted_f1(truth, alarmed, 0, starts)


@metric_of_predictions(k=[Interval(Real, 0, 100, closed="both")])
def pa_k_f1(y_true, y_pred, *, k=20, series=None, pos_label=None):
    """F1 of rows after adjusting the events of which more than k percent are alarmed.

    **Better than point adjustment, and no metric to choose by**: which ``k`` is right
    nobody can say, and as long as it is below the share of alarmed rows, random alarms
    are adjusted all the same. It is here to compare with what was published.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    k : float in [0, 100], default=20
        All rows of an event count as found if more than ``k`` percent of them are
        alarmed. 0 is `point_adjusted_f1`, 100 the plain F1 of rows.
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
        Between 0 and 1; 0 without alarms. NaN, with a warning, if there is no anomaly.

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
    point_adjusted_f1 : Adjusts every event that is alarmed at all; the source.

    Examples
    --------
    >>> from skad.metrics import pa_k_f1
    >>> y_true = [0, 1, 1, 1, 1, 0, 1, 1]
    >>> y_pred = [1, -1, 1, 1, 1, 1, -1, -1]
    >>> [round(pa_k_f1(y_true, y_pred, k=k), 2) for k in (0, 20, 25, 100)]
    [1.0, 1.0, 0.67, 0.67]
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("PA%K F1", NO_ANOMALY)
    return _adjusted_f1(truth, alarmed, k, starts)


def _adjusted_f1(truth, alarmed, k, series_starts):
    """Adjust the events of which more than k percent are alarmed, and take F1."""
    starts, stops = runs_of(truth, series_starts)
    lengths = stops - starts
    is_found = 100 * sums_of(alarmed, starts, stops) > k * lengths
    adjusted = alarmed.copy()
    adjusted[truth] |= np.repeat(is_found, lengths)
    return float(f1_score(truth, adjusted))
