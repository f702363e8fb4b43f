"""Scores that learn nothing, or hardly anything: what every claim stands beside."""

import numpy as np
from scipy.ndimage import uniform_filter1d
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.neighbors import NearestNeighbors

MEMORY = 32  # rows


class Control(OutlierMixin, BaseEstimator):
    """Score rows by ``errors``, on channels scaled to the range of the fitted rows."""

    def fit(self, X, y=None):
        self.low_ = X.min(axis=0)
        span = X.max(axis=0) - self.low_
        self.span_ = np.where(span > 0, span, 1.0)
        self.center_ = self._scaled(X).mean(axis=0)
        return self

    def score_samples(self, X):
        return -self.errors(self._scaled(X)).mean(axis=1)

    def _scaled(self, X):
        return (X - self.low_) / self.span_


class MovingVariance(Control):
    """The variance of the last rows."""

    def errors(self, rows):
        squares = _mean_of_last(rows**2) - _mean_of_last(rows) ** 2
        return np.maximum(squares, 0)


class Persistence(Control):
    """How far a row lies from the one before it."""

    def errors(self, rows):
        return np.diff(rows, axis=0, prepend=rows[:1]) ** 2


class DistanceToMean(Control):
    """How far a row lies from the mean of the fitted rows."""

    def errors(self, rows):
        return (rows - self.center_) ** 2


class KNNDistance(OutlierMixin, BaseEstimator):
    """The mean distance of a flattened window to its nearest fitted windows."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.nearest_ = NearestNeighbors(n_neighbors=self.n_neighbors).fit(X)
        return self

    def score_samples(self, X):
        return -self.nearest_.kneighbors(X)[0].mean(axis=1)


def _mean_of_last(rows):
    # uniform_filter1d is centred; moved back so that the last of its rows is the row.
    return uniform_filter1d(
        rows, MEMORY, axis=0, origin=MEMORY // 2 - 1, mode="nearest"
    )
