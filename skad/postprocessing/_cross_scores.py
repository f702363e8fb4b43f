"""Scores of all training rows, each by a copy that was not trained on it.

::

    row       0 ......... 99 | 100 ....... 199 | 200 ....... 299
    copy 0    scored         | training        | training
    copy 1    training       | scored          | training
    copy 2    training       | training        | scored
    itself    training         training          training

Each series, of several that an index names, is cut like this one. A copy sees no
window across the rows that were left out: they are a gap in the index of
what it is trained on. The windows of the rows that it scores may look at rows around
their block; these are inputs, and leak no score.
"""

import itertools
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _num_samples

from skad._estimators.row_context import row_context
from skad._estimators.training_scores import fitted_on_the_rows
from skad._series.segments import series_starts
from skad.postprocessing._event_rows import frames


@dataclass(frozen=True)
class Folds:
    """Blocks in time, shared by all layers of a detector."""

    blocks: tuple[tuple[slice, ...], ...]  # of each its rows, in one series or several
    n_rows: int
    n_jobs: int | None = None

    @classmethod
    def of(cls, X, n_blocks: int, estimator, n_jobs: int | None = None) -> "Folds":
        """Cut the rows of ``X`` into at most ``n_blocks``, none shorter than a window.

        Of several series, each block takes its part of each, so that copies know all of
        them. Where they are too short for this, and as many as blocks, they stay whole.
        """
        n_rows = _num_samples(X)
        if n_rows < 2:
            raise ValueError(
                f"n_samples = {n_rows}; to calibrate on rows that a copy of the "
                "detector was not trained on takes two or more. Pass a longer series."
            )
        shortest = row_context(estimator)[0] + 1
        starts = series_starts(X)
        lengths = np.diff(starts, append=n_rows)
        if len(starts) > 1 and np.median(lengths) >= 2 * shortest:
            n_blocks = _at_most(n_blocks, np.median(lengths) // shortest)
            series = [
                _parts(np.round(np.linspace(start, start + length, n_blocks + 1)))
                for start, length in zip(starts, lengths, strict=True)
            ]
            return cls(tuple(zip(*series, strict=True)), n_rows, n_jobs)
        n_blocks = _at_most(n_blocks, n_rows // shortest)
        cuts = np.round(np.arange(1, n_blocks) * n_rows / n_blocks)
        if len(starts) >= n_blocks:
            nearest = np.abs(np.subtract.outer(cuts, starts[1:])).argmin(axis=1)
            cuts = np.unique(starts[1:][nearest])
        parts = _parts(np.concatenate([[0], cuts, [n_rows]]))
        return cls(tuple((part,) for part in parts), n_rows, n_jobs)


def _at_most(n_blocks, most):
    return max(2, min(n_blocks, int(most)))


def _parts(edges):
    return [slice(*pair) for pair in itertools.pairwise(edges.astype(int).tolist())]


def fit_and_cross_score(estimator, X, y, folds: Folds | None) -> np.ndarray | None:
    """Fit ``estimator`` on all rows; return scores by copies that did not see them.

    Layers that stand around other detectors do it with those inside of them, by a
    method ``__skad_cross_fit__(X, y, folds)``, so that each is fitted once per block.
    """
    if folds is not None and hasattr(estimator, "__skad_cross_fit__"):
        return estimator.__skad_cross_fit__(X, y, folds)
    estimator.fit(X, y)
    return None if folds is None else cross_scores(estimator, X, y, folds)


def cross_scores(fitted, X, y, folds: Folds) -> np.ndarray:
    """Score the training rows of a detector by copies that were trained on others.

    What leaves each row out of its own score, and says so by ``training_scores_``,
    needs no copies; nor does what is frozen, and was trained on other rows.
    """
    own = getattr(fitted_on_the_rows(fitted), "training_scores_", None)
    if own is not None and len(own) == folds.n_rows:
        return np.asarray(own, dtype=np.float64)
    if is_frozen(fitted):
        return np.asarray(fitted.score_samples(X), dtype=np.float64)
    has_windows = row_context(fitted) != (0, 0)
    scores = Parallel(n_jobs=folds.n_jobs)(
        delayed(_scores_of_block)(_copy(fitted), X, y, block, has_windows)
        for block in folds.blocks
    )
    crossed = np.empty(folds.n_rows)
    for rows, of_block in scores:
        crossed[rows] = of_block
    return crossed


def is_frozen(estimator) -> bool:
    """Tell what a fit leaves as it is, and so was trained on other rows."""
    return isinstance(estimator, FrozenEstimator)


def _copy(fitted):
    """Clone a detector, with the lengths of windows that its fit found."""
    copy = clone(fitted)
    if hasattr(copy, "set_callbacks"):
        copy.set_callbacks()
    parameters = fitted.get_params()
    for name, value in parameters.items():
        owner, _, last = name.rpartition("__")
        if last == "window_size" and isinstance(value, str):
            found = parameters.get(owner, fitted) if owner else fitted
            copy.set_params(**{name: getattr(found, "window_size_", value)})
    return copy


def _scores_of_block(copy, X, y, block, has_windows):
    """Fit on all rows outside of the block; return those inside, and their scores."""
    n_rows = _num_samples(X)
    own = _rows_in(block)
    others = np.delete(np.arange(n_rows), own)
    y_others = None if y is None else _safe_indexing(y, others)
    is_cut = has_windows and bool((np.diff(others) != 1).any())
    with warnings.catch_warnings():  # the fit on all rows has said what is wrong
        warnings.simplefilter("ignore", UserWarning)
        copy.fit(_rows_with_a_gap(X, others, is_cut), y_others)
    back, ahead = row_context(copy)
    wider = [
        slice(max(0, part.start - back), min(n_rows, part.stop + ahead))
        for part in block
    ]
    around = np.unique(_rows_in(wider))
    rows = _rows_with_a_gap(X, around, is_cut)  # in the container of those fitted on
    scores = np.asarray(copy.score_samples(rows), dtype=np.float64)
    return own, scores[np.searchsorted(around, own)]


def _rows_in(parts):
    return np.concatenate([np.arange(part.start, part.stop) for part in parts])


def _rows_with_a_gap(X, others, is_cut):
    """Take rows; where windows could reach across those left out, with an index."""
    rows = _safe_indexing(X, others)
    if not is_cut or hasattr(X, "iloc"):
        return rows
    pd = frames('calibration="cross" with windows')
    columns = getattr(X, "columns", None)
    return pd.DataFrame(np.asarray(rows), index=others, columns=columns)
