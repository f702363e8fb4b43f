"""What displays ask of a detector: its scores and its threshold."""

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skad._estimators.lost_index import warn_of_lost_index


def score(estimator, X) -> np.ndarray:
    """Score rows, or say why that cannot be."""
    if not hasattr(estimator, "score_samples"):
        raise TypeError(
            f"{type(estimator).__name__} has no score_samples. Use a detector that has "
            "it (LocalOutlierFactor: novelty=True), or pass scores, low for abnormal "
            "rows, to from_predictions."
        )
    warn_of_lost_index(estimator, X, stacklevel=4)
    return np.asarray(estimator.score_samples(X), dtype=np.float64)


def threshold_of(estimator) -> float | None:
    """Find `offset_` in a detector, or in that of a Pipeline or a search."""
    while not hasattr(estimator, "offset_"):
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return None
    return float(np.ravel(estimator.offset_)[0])
