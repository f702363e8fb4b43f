"""Metrics over all thresholds, row by row."""

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from skad.metrics._labels_and_scores import NO_ANOMALY, truth_and_scores, undefined
from skad.metrics._metric_kinds import metric_of_scores


@metric_of_scores()
def average_precision(y_true, score_samples, *, pos_label=None):
    """Area under the precision-recall curve of anomalies, row by row.

    Each row counts by itself: an alarm one row beside an event is as wrong as one far
    away, and a long event weighs more than a short one.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    score_samples : array-like of shape (n,)
        Scores of the same rows, **low = abnormal**, as `score_samples` and
        `decision_function` of a detector give them. If yours are high for the
        abnormal, pass them with the sign changed.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    area : float
        Between 0 and 1, high is good; about the share of anomalies for scores that
        know nothing. NaN, with a warning, if there is no anomaly.

    Raises
    ------
    ValueError
        If labels cannot be read, scores are not finite, or lengths differ.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    vus_pr : Forgives small shifts in time.
    sklearn.metrics.average_precision_score : What is computed; takes high for abnormal.

    Examples
    --------
    >>> from skad.metrics import average_precision
    >>> average_precision([0, 1, 0, 0], [0.5, 0.2, 0.1, 0.7])
    0.5
    """
    truth, scores = truth_and_scores(y_true, score_samples, pos_label)
    if not truth.any():
        return undefined("Average precision", NO_ANOMALY)
    return float(average_precision_score(truth, -scores))


@metric_of_scores()
def best_f1(y_true, score_samples, *, pos_label=None):
    """F1 of rows at the threshold that suits these very labels best.

    An upper bound and no estimate: whoever uses a detector has to choose its threshold
    without these labels. Say so wherever you report it.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    score_samples : array-like of shape (n,)
        Scores of the same rows, **low = abnormal**, as `score_samples` and
        `decision_function` of a detector give them. If yours are high for the
        abnormal, pass them with the sign changed.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    f1 : float
        Between 0 and 1, high is good; for scores that know nothing about ``2 p / (1 +
        p)``, p being the share of anomalies, which is what alarming every row gets.
        NaN, with a warning, if there is no anomaly.

    Raises
    ------
    ValueError
        If labels cannot be read, scores are not finite, or lengths differ.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    average_precision : Averages over thresholds instead.
    sklearn.metrics.f1_score : F1 of given labels.

    Examples
    --------
    >>> from skad.metrics import best_f1
    >>> print(round(best_f1([0, 1, 0, 0], [0.5, 0.2, 0.1, 0.7]), 3))
    0.667
    """
    truth, scores = truth_and_scores(y_true, score_samples, pos_label)
    if not truth.any():
        return undefined("Best F1", NO_ANOMALY)
    precision, recall, _ = precision_recall_curve(truth, -scores)
    hits = precision * recall > 0
    precision, recall = precision[hits], recall[hits]
    return float(np.max(2 * precision * recall / (precision + recall)))
