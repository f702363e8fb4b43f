"""From scores to labels: one threshold, `offset_`, as in scikit-learn."""

from numbers import Real

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils._param_validation import Interval, StrOptions

CONTAMINATION = [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")]


# Of so many rows that are not alike, one that is lowest is rare enough to be flagged;
# of fewer, only as far out as is seldom: 2.4 standard deviations of a normal law.
_ENOUGH, _SELDOM, _NEARLY_NEVER = 50, 2.5, 4


def threshold(scores, contamination, n_alike=1):
    """Return the score below which a row is an outlier.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Scores of the training rows, low = abnormal.
    contamination : "auto" or float in (0, 0.5]
        The share of the training rows to be flagged; "auto" goes by the quartiles of
        the errors, minus the scores, or of their logarithms.
    n_alike : int, default=1
        Over how many neighbouring rows scores rest on the same readings.

    Returns
    -------
    offset : float
        Rows whose score lies below it are outliers.
    """
    if contamination == "auto":
        return _beyond_nearly_all(np.asarray(scores, dtype=np.float64), n_alike)
    return float(np.percentile(scores, 100 * contamination))


def _beyond_nearly_all(scores, n_alike):
    """Return a threshold that leaves fresh normal rows alone, of whatever distribution.

    Positive errors are skewed, less so their logarithms. From the median to the third
    quartile, and four times as far beyond, is 3.4 standard deviations of a normal law.
    At least the lowest score lies below, unless all are equal, or few rows are not
    alike: of smoothed scores, whole stretches of fresh rows would be as low as that.
    """
    is_skewed = scores.max() < 0
    errors = np.log(-scores) if is_skewed else -scores
    middle, third = np.percentile(errors, [50, 75])

    def score_at(limit):
        return -np.exp(limit) if is_skewed else -limit

    limit = third + _NEARLY_NEVER * (third - middle)
    if third == middle:  # ties, of which none is far
        limit = np.percentile(errors, 99)
    lowest = np.unique(scores)[:2].mean()
    if n_alike > 1 and len(scores) < _ENOUGH * n_alike:
        lowest = min(lowest, score_at(third + _SELDOM * (third - middle)))
    return float(max(score_at(limit), lowest))


class ThresholdMixin(OutlierMixin):
    """Labels and decisions for what has `score_samples` and `offset_`."""

    def decision_function(self, X):
        """Score rows relative to the threshold: negative means outlier.

        Parameters
        ----------
        X : array-like
            As for `score_samples`.

        Returns
        -------
        decision : ndarray of shape (n,), float64
            ``score_samples(X) - offset_``, in the units of the scores.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Tell outliers from inliers.

        Parameters
        ----------
        X : array-like
            As for `score_samples`.

        Returns
        -------
        labels : ndarray of shape (n,), int64
            -1 for outliers (``decision_function(X) < 0``), 1 for inliers.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)
