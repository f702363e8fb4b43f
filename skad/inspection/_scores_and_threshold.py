"""What displays ask of a detector: its scores and its threshold."""

import numpy as np
from sklearn.pipeline import Pipeline

from skad._estimators.decisions import deciding
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


def threshold_of(estimator, X) -> float | np.ndarray | None:
    """Find the threshold inside a detector; one that follows has one for each row."""
    detector = deciding(estimator)
    if detector is None:
        return None
    if hasattr(detector, "thresholds"):
        return detector.thresholds(_as_seen_by_the_last_step(estimator, X))
    return float(np.ravel(detector.offset_)[0])


def _as_seen_by_the_last_step(estimator, X):
    while not hasattr(estimator, "offset_"):
        if isinstance(estimator, Pipeline):
            for _, step in estimator.steps[:-1]:
                X = X if isinstance(step, str) or step is None else step.transform(X)
            estimator = estimator.steps[-1][1]
        else:
            inside = getattr(estimator, "best_estimator_", None)
            estimator = inside or estimator.estimator
    return X
