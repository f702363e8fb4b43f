"""Scorers that know which label is the anomaly."""

import functools
import inspect

import numpy as np
from sklearn import metrics
from sklearn.metrics import make_scorer
from sklearn.metrics._scorer import _Scorer

from skad._series.segments import series_starts
from skad.metrics._labels_and_scores import is_anomaly
from skad.metrics._metric_kinds import COSTS, OF_PREDICTIONS, OF_SCORES

_OF_SCIKIT_LEARN = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": metrics.f1_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "roc_auc": metrics.roc_auc_score,
}


def make_anomaly_scorer(
    metric,
    *,
    response_method="auto",
    greater_is_better=True,
    pos_label=None,
    **metric_params,
):
    """Make a scorer for searches over outlier detectors, with anomalies as positives.

    Outlier detectors predict -1 for anomalies, while metrics such as F1 take 1 for the
    positive class and would rate how well *normal* rows are found. This scorer turns
    labels and predictions into 1 = anomaly before it calls the metric.

    Parameters
    ----------
    metric : str or callable
        A name: "accuracy", "balanced_accuracy", "f1", "precision", "recall" or
        "roc_auc" of scikit-learn; that of a metric of `skad.metrics`, for example
        "vus_pr" or "range_f1"; or "neg_detection_delay" and
        "neg_false_alarms_per_1000_rows", which have their sign changed because low is
        good. Or a metric of `skad.metrics` itself. Or a function
        ``metric(y_true, y_pred, **metric_params)`` whose labels are 0 (normal) and 1
        (anomaly).
    response_method : {"auto", "predict", "decision_function"}, default="auto"
        What the metric is given: predictions, or decisions. Metrics of `skad.metrics`
        take ``decision_function(X)``, low = abnormal, and all others
        ``-decision_function(X)``, high = abnormal. "auto" takes decisions for those
        metrics of `skad.metrics` that ask for ``score_samples``, for ROC AUC and for
        average precision, and predictions for all else. A search over thresholds needs
        a metric of predictions: to one of scores, all thresholds are alike.
    greater_is_better : bool, default=True
        Whether a higher value is better; if not, the scorer changes the sign. The
        names that begin with ``neg_`` change it by themselves.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y``. None takes -1 where y holds -1 and 1, and 1
        (True) where y holds 0 and 1 or booleans.
    **metric_params : dict
        Passed to the metric, for example ``max_window=50`` to `vus_pr`. A metric of
        `skad.metrics` that takes ``series`` gets them from the outer index levels of y,
        or else of X.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``, for the ``scoring`` of scikit-learn's searches and
        cross-validation.

    Raises
    ------
    ValueError
        If the metric is no known name, if it is one of `skad.metrics` and not of what
        ``response_method`` names, or if low is good and ``greater_is_better`` is True;
        and, when the scorer is called, if y holds other labels, if ``pos_label`` does
        not go with them, or if all of them are 1, which may mean "all normal" (of -1,
        1) or "all anomalous" (of 0, 1): set ``pos_label``.

    See Also
    --------
    sklearn.metrics.make_scorer : Makes scorers for classifiers and regressors.
    vus_pr : The metric by which to compare what ranks rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skad.metrics import make_anomaly_scorer
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> X[::20] += 8
    >>> y = np.where(X[:, 0] > 4, 1, 0)
    >>> search = GridSearchCV(
    ...     IsolationForest(random_state=0),
    ...     {"contamination": [0.05, 0.3]},
    ...     scoring=make_anomaly_scorer("f1"),
    ... )
    >>> search.fit(X, y).best_params_
    {'contamination': 0.05}
    """
    if not callable(metric):
        greater_is_better &= not str(metric).startswith("neg_")
        metric = _metric_named(metric)
    if response_method == "auto":
        response_method = _method_for(_innermost(metric))
    _refuse_mismatch(_innermost(metric), response_method, greater_is_better)
    made = make_scorer(
        _AnomaliesPositive(metric, response_method == "predict", pos_label),
        response_method=response_method,
        greater_is_better=greater_is_better,
        **metric_params,
    )
    return _OfSeries(made._score_func, made._sign, made._kwargs, made._response_method)


class _OfSeries(_Scorer):
    """A scorer that tells its metric the series that the index of y, or of X, names.

    A grid search hands a metric labels and predictions, and X to the scorer alone.
    """

    def _score(self, method_caller, estimator, X, y_true, **kwargs):
        if self._score_func.takes_series and "series" not in {**self._kwargs, **kwargs}:
            named = y_true if hasattr(getattr(y_true, "index", None), "levels") else X
            starts = series_starts(named)
            kwargs["series"] = np.searchsorted(starts, range(len(y_true)), side="right")
        return super()._score(method_caller, estimator, X, y_true, **kwargs)


def _metric_named(name):
    costs = {f"neg_{cost}": metric for cost, metric in COSTS.items()}
    by_name = _OF_SCIKIT_LEARN | OF_SCORES | OF_PREDICTIONS | costs
    if isinstance(name, str) and name in by_name:
        return by_name[name]
    raise ValueError(
        f"metric={name!r} is no known name. Use one of {sorted(by_name)}, or a "
        "function metric(y_true, y_pred) of labels with 1 = anomaly."
    )


def _innermost(metric):
    """Look through partials for the function that is called in the end."""
    while isinstance(metric, functools.partial):
        metric = metric.func
    return metric


def _method_for(metric):
    of_scores = [metrics.average_precision_score, metrics.roc_auc_score]
    of_scores += OF_SCORES.values()
    return "decision_function" if metric in of_scores else "predict"


def _is_of_skad(metric):
    """Tell metrics that read either convention, and low scores as abnormal."""
    return metric in (OF_SCORES | OF_PREDICTIONS | COSTS).values()


def _takes_series(metric):
    inner = _innermost(metric)
    return _is_of_skad(inner) and "series" in inspect.signature(inner).parameters


def _refuse_mismatch(metric, response_method, greater_is_better):
    """Refuse to call a metric of skad with what it cannot mean."""
    if _is_of_skad(metric) and response_method != _method_for(metric):
        raise ValueError(
            f"{metric.__name__} takes what {_method_for(metric)} gives, and "
            f"response_method={response_method!r}. Leave response_method='auto'."
        )
    if metric in COSTS.values() and greater_is_better:
        raise ValueError(
            f"Of {metric.__name__}, low values are good, and greater_is_better=True "
            f"would choose the worst detector. Pass metric='neg_{metric.__name__}'."
        )


class _AnomaliesPositive:
    """A metric that is called with 1 = anomaly, 0 = normal; high scores = abnormal.

    A metric of skad is called with what it asks for: low scores = abnormal.
    """

    def __init__(self, metric, is_label_metric, pos_label):
        self.metric = metric
        self.is_label_metric = is_label_metric
        self.pos_label = pos_label
        self.takes_series = _takes_series(metric)
        self.__name__ = f"anomaly_{getattr(metric, '__name__', type(metric).__name__)}"

    def __call__(self, y_true, y_pred, **metric_params):
        truth = is_anomaly(y_true, pos_label=self.pos_label)
        y_pred = np.asarray(y_pred)
        given = _alarms_of(y_pred) if self.is_label_metric else y_pred
        if _is_of_skad(_innermost(self.metric)):
            return self.metric(truth, given, **metric_params)
        given = given.astype(int) if self.is_label_metric else -given
        return self.metric(truth.astype(int), given, **metric_params)


def _alarms_of(y_pred):
    if np.isin(y_pred, (-1, 1)).all():
        return y_pred == -1
    raise ValueError(
        f"The detector predicted {np.unique(y_pred).tolist()[:5]}; an outlier "
        "detector predicts -1 (anomaly) and 1 (normal). Wrap a detector of "
        "other labels in a class that turns them."
    )
