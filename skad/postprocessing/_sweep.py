"""One metric at many thresholds, on scores that have been computed once."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing

from skad._estimators.thresholding import ThresholdMixin
from skad.metrics._anomaly_scorer import make_anomaly_scorer


class AtThreshold(ThresholdMixin, BaseEstimator):
    """What a scorer takes for a fitted detector: known scores, and one threshold."""

    def __init__(self, scores, offset):
        self.scores = scores
        self.offset = offset

    @property
    def offset_(self):
        return self.offset

    def score_samples(self, X):
        """Return the known scores; a scorer asks for no other rows than its X."""
        return self.scores


def scorer_of(scoring):
    """Return the scorer of a name, which the error says was the parameter."""
    if callable(scoring):
        return scoring
    try:
        return make_anomaly_scorer(scoring)
    except ValueError as error:
        raise ValueError(f"scoring={scoring!r} is refused: {error}") from error


def refuse_thresholds(thresholds):
    """Raise where there is neither a number of thresholds nor any threshold."""
    if isinstance(thresholds, Integral):
        return
    given = np.asarray(thresholds)
    is_numbers = given.size and given.dtype.kind in "iuf" and np.isfinite(given).all()
    if not is_numbers:
        raise ValueError(
            f"thresholds={thresholds!r} must be how many to try, or one or more finite "
            "numbers, each a score below which a row is an outlier."
        )


def candidates(scores, n_thresholds):
    """Choose thresholds between the distinct values of ``scores``, lowest first.

    All of them, if there are at most ``n_thresholds``. If not, by geometric steps of
    the number of values below: anomalies are few, so every step counts at the low end.
    The first flags nothing.
    """
    distinct = np.unique(scores)
    if len(distinct) == 1:
        raise ValueError(
            f"The detector gave all held-out rows the score {distinct[0]:.3g}, so "
            "there is no threshold to tune. Use a detector that tells rows apart."
        )
    n_below = np.arange(1, len(distinct))
    if len(n_below) > n_thresholds:
        steps = np.geomspace(1, len(n_below), n_thresholds)
        n_below = np.unique(np.round(steps).astype(int))
    between = distinct[n_below - 1] / 2 + distinct[n_below] / 2
    return np.concatenate([distinct[:1], between])


def sweep(scorer, scores, X, y, thresholds, params):
    """Return what ``scorer`` says of the rows of X at each threshold.

    Thresholds between the same two scores give the same labels, and are asked for once.
    """
    n_below = np.searchsorted(np.sort(scores), thresholds)
    _, first, which = np.unique(n_below, return_index=True, return_inverse=True)
    values = [scorer(AtThreshold(scores, thresholds[i]), X, y, **params) for i in first]
    return np.array(values, dtype=np.float64)[which]


def mean_values(scorer, X, y, tests, held_out, thresholds, params):
    """Average over the folds what ``scorer`` says at each threshold."""
    of_folds = [
        sweep(
            scorer,
            scores,
            _safe_indexing(X, test),
            _safe_indexing(y, test),
            thresholds,
            asked,
        )
        for test, scores, asked in zip(tests, held_out, params, strict=True)
    ]
    return np.mean(of_folds, axis=0)


def best_of(values, thresholds, is_free):
    """Return the number of the threshold whose mean value over the folds is highest.

    Of equal ones the lowest threshold, which has the fewest alarms. ``is_free`` tells
    that the thresholds cover all scores, and so should differ in value.
    """
    if np.isnan(values).all():
        raise ValueError(
            "The scorer gave NaN at every threshold in at least one fold. Use a metric "
            "of labels, or splits whose test parts all hold what it needs."
        )
    if is_free and np.ptp(values[~np.isnan(values)]) == 0:
        raise ValueError(
            f"The scorer gave {values[0]:.3g} at all of {len(thresholds)} thresholds: "
            "it looks at the ranking of the scores alone. Use a metric of labels such "
            'as scoring="f1".'
        )
    return int(np.nanargmax(values))
