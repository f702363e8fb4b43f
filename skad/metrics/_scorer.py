"""Scorers that know which label is the anomaly."""

import numpy as np
from sklearn import metrics
from sklearn.metrics import make_scorer

from skad.metrics._reading import is_anomaly

_BY_NAME = {
    "accuracy": metrics.accuracy_score,
    "average_precision": metrics.average_precision_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": metrics.f1_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "roc_auc": metrics.roc_auc_score,
}
_OF_SCORES = (metrics.average_precision_score, metrics.roc_auc_score)


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
        "accuracy", "average_precision", "balanced_accuracy", "f1", "precision",
        "recall", "roc_auc", or a function ``metric(y_true, y_pred, **metric_params)``
        whose labels are 0 (normal) and 1 (anomaly).
    response_method : {"auto", "predict", "decision_function"}, default="auto"
        What the metric is given: labels, or ``-decision_function(X)``, high = abnormal.
        "auto" takes the decision function for ROC AUC and average precision and labels
        for all else. A search over thresholds needs a metric of labels: to one of
        scores, all thresholds are alike.
    greater_is_better : bool, default=True
        Whether a higher value is better; if not, the scorer changes the sign.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y``. None takes -1 where y holds -1 and 1, and 1
        (True) where y holds 0 and 1 or booleans.
    **metric_params : dict
        Passed to the metric, for example ``beta=2`` to `fbeta_score`.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``, for the ``scoring`` of scikit-learn's searches and
        cross-validation.

    Raises
    ------
    ValueError
        If the metric is no known name; and, when the scorer is called, if y holds
        other labels, if ``pos_label`` does not go with them, or if all of them are 1,
        which may mean "all normal" (of -1, 1) or "all anomalous" (of 0, 1): set
        ``pos_label``.

    See Also
    --------
    sklearn.metrics.make_scorer : Makes scorers for classifiers and regressors.

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
    metric = _BY_NAME.get(metric, metric) if isinstance(metric, str) else metric
    if not callable(metric):
        raise ValueError(
            f"metric={metric!r} is no known name. Use one of {sorted(_BY_NAME)}, or a "
            "function metric(y_true, y_pred) of labels with 1 = anomaly."
        )
    if response_method == "auto":
        response_method = "decision_function" if metric in _OF_SCORES else "predict"
    is_label_metric = response_method == "predict"
    return make_scorer(
        _AnomaliesPositive(metric, is_label_metric, pos_label),
        response_method=response_method,
        greater_is_better=greater_is_better,
        **metric_params,
    )


class _AnomaliesPositive:
    """A metric that is called with 1 = anomaly, 0 = normal; high scores = abnormal."""

    def __init__(self, metric, is_label_metric, pos_label):
        self.metric = metric
        self.is_label_metric = is_label_metric
        self.pos_label = pos_label
        self.__name__ = f"anomaly_{getattr(metric, '__name__', type(metric).__name__)}"

    def __call__(self, y_true, y_pred, **metric_params):
        truth = is_anomaly(y_true, pos_label=self.pos_label).astype(int)
        y_pred = np.asarray(y_pred)
        if not self.is_label_metric:
            return self.metric(truth, -y_pred, **metric_params)
        if not np.isin(y_pred, (-1, 1)).all():
            raise ValueError(
                f"The detector predicted {np.unique(y_pred).tolist()[:5]}; an outlier "
                "detector predicts -1 (anomaly) and 1 (normal). Wrap a detector of "
                "other labels in a class that turns them."
            )
        return self.metric(truth, (y_pred == -1).astype(int), **metric_params)
