"""What the training rows score: computed once, and known to every layer around.

A layer around a detector needs the scores of the training rows for its own threshold or
scale. It asks the detector, which has computed them at its fit; so they are computed
once, however many layers there are, and what remembers its training rows can tell what
they would score if it did not. Of many rows a few stretches stand for all, so that a
fit does not grow with the rows.

A detector, or a layer, knows its own by the method ``__skad_training_scores__``, which
returns the scores and the numbers of the rows that they are of; or None.
"""

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.validation import _num_samples

from skad._estimators.row_context import row_context
from skad._series.stretches import stretches

MOST_ROWS, N_STRETCHES = 20_000, 20


def rows_that_stand_for_all(n_rows: int) -> list[tuple[int, int]]:
    """Return the stretches, first rows and rows after the last, that are scored."""
    return stretches(n_rows, MOST_ROWS, N_STRETCHES)


def training_scores(fitted, X) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of training rows, (n,) float64, and which rows these are, (n,).

    Parameters
    ----------
    fitted : estimator
        A detector or Pipeline that was just fitted on X.
    X : array-like of n rows
        What it was fitted on.
    """
    known = known_training_scores(fitted)
    if known is not None:
        return known
    parts = rows_that_stand_for_all(_num_samples(X))
    rows = np.concatenate([np.arange(*part) for part in parts])
    if len(parts) == 1:
        return np.asarray(fitted.score_samples(X), dtype=np.float64), rows
    return np.concatenate([_scored(fitted, X, *part) for part in parts]), rows


def common_training_scores(estimators, X) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the training scores of several on the rows for which all have them."""
    found = [training_scores(fitted, X) for fitted in estimators]
    rows = found[0][1]
    for _, others in found[1:]:
        rows = np.intersect1d(rows, others, assume_unique=True)
    return [scores[np.searchsorted(of, rows)] for scores, of in found], rows


def known_training_scores(fitted) -> tuple[np.ndarray, np.ndarray] | None:
    """Return what a detector knows of the scores of its training rows, or None."""
    detector = fitted_on_the_rows(fitted)
    if isinstance(detector, FrozenEstimator):  # fitted on other rows
        return None
    tell = getattr(detector, "__skad_training_scores__", None)
    return None if tell is None else tell()


def fitted_on_the_rows(fitted):
    """Return the detector at the end of Pipelines, if it saw the rows as they came in.

    What alters rows at fit, as noise does, hands on others than it will when they are
    scored; behind it this is None.
    """
    while isinstance(fitted, Pipeline):
        if any(_alters_rows(step) for _, step in fitted.steps[:-1]):
            return None
        fitted = fitted.steps[-1][1]
    return fitted


def starts_among(rows: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Find where segments begin among some of the rows; what is left out cuts too."""
    is_start = np.isin(rows, starts)
    is_start[0] = True
    is_start[1:] |= np.diff(rows) != 1
    return np.flatnonzero(is_start)


def _alters_rows(step):
    return hasattr(step, "fit_transform") and get_tags(step).non_deterministic


def _scored(fitted, X, start, stop):
    back, ahead = row_context(fitted)
    first = max(0, start - back)
    scores = fitted.score_samples(_safe_indexing(X, slice(first, stop + ahead)))
    return np.asarray(scores[start - first : stop - first], dtype=np.float64)
