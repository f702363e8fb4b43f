"""What metrics are given: labels of either convention, predictions and scores."""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

_CONVENTIONS = ((-1, 1), (1, 0))  # (anomaly, normal)


def truth_and_scores(y_true, score_samples, pos_label):
    """Check labels and scores of rows.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels of either convention, see `is_anomaly`.
    score_samples : array-like of shape (n,)
        Scores, low = abnormal.
    pos_label : int, bool or None
        The label of anomalies; None infers it.

    Returns
    -------
    truth : ndarray of shape (n,), bool
        Whether each row is an anomaly.
    scores : ndarray of shape (n,), float64

    Raises
    ------
    ValueError
        If the labels cannot be read, the lengths differ, or scores are not finite.
    """
    truth = is_anomaly(y_true, pos_label=pos_label, name="y_true")
    scores = np.asarray(score_samples, dtype=np.float64)
    _check_shape(scores, len(truth), "score_samples")
    if not np.isfinite(scores).all():
        row = int(np.argmin(np.isfinite(scores)))
        raise ValueError(
            f"score_samples holds {scores[row]} at row {row}; each row needs a finite "
            "score. Leave such rows out of y_true and score_samples alike, or mend "
            "the detector that gave them."
        )
    return truth, scores


def truth_and_alarms(y_true, y_pred, pos_label):
    """Check labels and predictions of rows.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels of either convention, see `is_anomaly`.
    y_pred : array-like of shape (n,)
        Predictions: -1 (alarm) and 1, or booleans (True = alarm).
    pos_label : int, bool or None
        The label of anomalies in ``y_true``; None infers it.

    Returns
    -------
    truth : ndarray of shape (n,), bool
        Whether each row is an anomaly.
    alarmed : ndarray of shape (n,), bool
        Whether each row is alarmed.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, or their lengths differ.
    """
    truth = is_anomaly(y_true, pos_label=pos_label, name="y_true")
    y_pred = np.asarray(y_pred)
    _check_shape(y_pred, len(truth), "y_pred")
    y_pred = np.array(y_pred.tolist()) if y_pred.dtype == object else y_pred
    if y_pred.dtype == bool:
        return truth, y_pred
    # Not 0 and 1: where nothing but 1 is predicted, "all is well" of -1 and 1 could
    # not be told from "all is abnormal" of 0 and 1.
    if not np.isin(y_pred, (-1, 1)).all():
        raise ValueError(
            f"y_pred holds {np.unique(y_pred).tolist()[:5]}; needed are -1 (alarm) and "
            "1, as outlier detectors predict, or booleans with True = alarm. If 1 is "
            "your alarm, pass y_pred == 1."
        )
    return truth, y_pred == -1


def _check_shape(values, n_rows, name):
    if values.shape != (n_rows,):
        raise ValueError(
            f"{name} has shape {values.shape}, y_true has {n_rows} labels; one value "
            f"per label is needed. Pass {name} of the very rows that y_true labels."
        )


def undefined(metric, reason, value=np.nan):
    """Warn that a metric has no meaning here, and return what stands for it.

    Parameters
    ----------
    metric : str
        What the user calls it.
    reason : str
        What is missing, and what to do.
    value : float, default=nan
        What stands for it.

    Returns
    -------
    value : float
    """
    warnings.warn(
        f"{metric} is undefined and set to {value}: {reason}",
        UndefinedMetricWarning,
        stacklevel=4,  # past the metric and the check of its parameters
    )
    return value


NO_ANOMALY = "y_true holds no anomaly. Score a part of the series that holds one."
NO_NORMAL = "y_true holds no normal row. Score a part of the series that holds some."
NO_ALARM = "y_pred holds no alarm."


def is_anomaly(y, *, pos_label=None, name="y"):
    """Read labels of either convention.

    Parameters
    ----------
    y : array-like of shape (n,)
        -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    pos_label : int, bool or None, default=None
        The label of anomalies; None infers it from the labels present.
    name : str, default="y"
        What the user calls the labels.

    Returns
    -------
    anomalous : ndarray of shape (n,), bool

    Raises
    ------
    ValueError
        If there are other labels, if those present fit both conventions, or if
        ``pos_label`` belongs to neither.
    """
    y = np.asarray(y)
    if y.ndim != 1:
        raise ValueError(
            f"{name} has shape {y.shape}; labels need one dimension: {name}.ravel()."
        )
    fitting = _conventions_of(y, name)
    if pos_label is not None:
        if not any(pos_label in pair for pair in fitting):
            raise ValueError(
                f"pos_label={pos_label!r} does not go with the labels "
                f"{np.unique(y).tolist()} in {name}. Set it to the label of anomalies "
                "there."
            )
        return y == pos_label
    if len(fitting) > 1:
        raise ValueError(
            f"All labels in {name} are 1: normal rows of the labels -1 and 1, or "
            "anomalies of 0 and 1? Set pos_label to the label of anomalies (-1 or 1)."
        )
    return y == fitting[0][0]


def _conventions_of(y, name):
    """List the pairs (anomaly, normal) that the labels may belong to."""
    if y.dtype == bool:
        return [(1, 0)]
    labels = set(y.tolist())
    fitting = [pair for pair in _CONVENTIONS if labels and labels <= set(pair)]
    if fitting:
        return fitting
    raise ValueError(
        f"{name} holds the labels {sorted(labels, key=str)[:5]}; needed are -1 "
        "(anomaly) and 1, or 0 and 1 (anomaly), or booleans."
    )
