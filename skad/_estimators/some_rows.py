"""Scores of some rows of a table, with the very bits that they have among all.

Of many series one row each is new at a tick, and only the windows that end there are to
be scored, not those of the rows before, which are there as their context.
"""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from skad._estimators.row_context import row_context


def scores_of_rows(estimator, X, rows: np.ndarray) -> np.ndarray:
    """Return ``estimator.score_samples(X)[rows]``, at the cost of these rows.

    Windows are cut of all rows and taken by number. A layer that hands scores on as
    they are takes part by ``__skad_scores_of_rows__(X, rows)``; others score all rows.

    Parameters
    ----------
    estimator : estimator
        Fitted, with `score_samples`.
    X : DataFrame of shape (n, n_channels)
        The rows, and those that their scores depend on.
    rows : ndarray of shape (n_rows,), int
        The numbers of the rows to score.
    """
    if hasattr(estimator, "__skad_scores_of_rows__"):
        return estimator.__skad_scores_of_rows__(X, rows)
    if isinstance(estimator, Pipeline):
        return _behind_windows(estimator, X, rows)
    if row_context(estimator) == (0, 0):
        return _scored(estimator, _safe_indexing(X, rows))
    return _scored(estimator, X)[rows]


def _behind_windows(pipe, X, rows):
    for number, (_, step) in enumerate(pipe.steps[:-1]):
        if step is None or isinstance(step, str):
            continue
        made = step.transform(X)
        if row_context(step) != (0, 0):  # each window stands for itself from here on
            return _scored(pipe[number + 1 :], made[rows])
        X = _with_the_index(made, X)
    return scores_of_rows(pipe.steps[-1][1], X, rows)


def _with_the_index(made, X):
    """Hand the index on, which a scaler drops and which tells series apart."""
    if hasattr(made, "index") or not hasattr(X, "iloc"):
        return made
    return type(X)(made, index=X.index, columns=range(made.shape[1]))


def _scored(estimator, X):
    return np.asarray(estimator.score_samples(X), dtype=np.float64)
