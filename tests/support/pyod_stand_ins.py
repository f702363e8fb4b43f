"""Detectors that keep the conventions of PyOD, which is too large for the tests.

`tests.benchmarks.adapters` holds the adapter to PyOD itself.
"""

import numpy as np


class BaseDetector:
    """What PyOD's base class of this name does: high scores, labels 0 and 1."""

    __module__ = "pyod.models.base"

    def __init__(self, contamination=0.1):
        self.contamination = contamination

    def __repr__(self):  # names tests, so it holds no address
        return f"{type(self).__name__}(contamination={self.contamination})"

    def get_params(self, deep=True):
        return {"contamination": self.contamination}

    def set_params(self, contamination):
        self.contamination = contamination
        return self

    def predict(self, X):
        return (self.decision_function(X) > self.threshold_).astype(int)

    def _set_threshold(self, scores):
        self.decision_scores_ = scores
        self.threshold_ = np.percentile(scores, 100 * (1 - self.contamination))
        self.labels_ = (scores > self.threshold_).astype(int)


class MAD(BaseDetector):
    """The largest distance from the median, in deviations."""

    def fit(self, X, y=None):
        self.median_ = np.median(X, axis=0)
        self.spread_ = np.median(np.abs(X - self.median_), axis=0) + 1e-9
        self._set_threshold(self.decision_function(X))
        return self

    def decision_function(self, X):
        return (np.abs(X - self.median_) / self.spread_).max(axis=1)


class KNN(BaseDetector):
    """The distance to the fifth training row, at fit without the row itself."""

    def fit(self, X, y=None):
        self.rows_ = np.array(X)
        self._set_threshold(self._distances(self.rows_, 6))
        return self

    def decision_function(self, X):
        return self._distances(X, 5)

    def _distances(self, X, rank):
        distances = np.linalg.norm(X[:, np.newaxis] - self.rows_, axis=2)
        return np.sort(distances, axis=1)[:, min(rank, len(self.rows_)) - 1]
