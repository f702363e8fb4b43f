"""Scores of a series, and decisions, block by block: it need not fit into memory."""

from numbers import Integral

import numpy as np

from skad._estimators.decisions import Decisions
from skad._estimators.lost_index import warn_of_lost_index
from skad._estimators.row_context import row_context
from skad._series.tables import as_native


def score_samples_blockwise(estimator, X, *, block_size=100_000, out=None):
    """Score a series of any length in blocks, with the very scores of the whole.

    Each block is scored together with the neighbouring rows that its scores depend on,
    as told by `skad.row_context`, and these are dropped again.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector or Pipeline with `score_samples`.
    X : array-like of shape (n_timestamps, n_channels)
        Anything with a length that gives rows by slices: an array, a `numpy.memmap`, a
        zarr or HDF5 dataset, or a DataFrame.
    block_size : int, default=100_000
        Rows scored at a time, besides their neighbours.
    out : array of shape (n_timestamps,) or None, default=None
        Where to write the scores, for example a `numpy.memmap`; None makes a new array.

    Returns
    -------
    scores : ndarray of shape (n_timestamps,), float64
        ``out``, if it was given.

    Raises
    ------
    ValueError
        If ``block_size`` is no positive integer, if X is empty, or if ``out`` has
        another length than X.

    See Also
    --------
    row_context : How many rows back and ahead an estimator looks.

    Notes
    -----
    A DataFrame is cut into segments by its index as ever. An ``estimator`` with a step
    of your own that looks at neighbours has to say so, see `skad.row_context`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import SlidingWindow, score_samples_blockwise
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_size=8, flatten=True), IsolationForest(random_state=0)
    ... ).fit(X)
    >>> scores = score_samples_blockwise(pipe, X, block_size=64)
    >>> np.array_equal(scores, pipe.score_samples(X))
    True
    """
    X = as_native(X)
    out = _checked_out(X, block_size, out)
    warn_of_lost_index(estimator, X, stacklevel=3)
    for rows, _, scores in _blocks(estimator, X, block_size):
        out[rows] = scores
    return out


def decision_function_blockwise(estimator, X, *, block_size=100_000, out=None):
    """Decide over a series of any length in blocks, as over the whole.

    Each block is scored together with the neighbouring rows that its scores depend on,
    and a threshold that follows the scores goes on where the last block ended.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector, or a Pipeline or search with one, that has
        `score_samples` and a threshold.
    X : array-like of shape (n_timestamps, n_channels)
        Anything with a length that gives rows by slices: an array, a `numpy.memmap`, a
        zarr or HDF5 dataset, or a DataFrame.
    block_size : int, default=100_000
        Rows scored at a time, besides their neighbours.
    out : array of shape (n_timestamps,) or None, default=None
        Where to write the decisions, for example a `numpy.memmap`; None makes a new
        array.

    Returns
    -------
    decisions : ndarray of shape (n_timestamps,), float64
        Below zero for outliers: those of ``estimator.decision_function(X)``, to the
        bit. ``out``, if it was given.

    Raises
    ------
    ValueError
        If ``block_size`` is no positive integer, if X is empty, or if ``out`` has
        another length than X.
    TypeError
        If ``estimator`` has no threshold.

    See Also
    --------
    score_samples_blockwise : The scores alone.
    skad.streaming.StreamScorer : Decisions as rows arrive.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from skad import AdaptiveThresholdDetector, decision_function_blockwise
    >>> X = np.random.default_rng(0).normal(size=(900, 2))
    >>> forest = IsolationForest(n_estimators=10, random_state=0)
    >>> detector = AdaptiveThresholdDetector(forest).fit(X[:300])
    >>> decisions = decision_function_blockwise(detector, X, block_size=100)
    >>> np.array_equal(decisions, detector.decision_function(X))
    True
    """
    X = as_native(X)
    out = _checked_out(X, block_size, out)
    warn_of_lost_index(estimator, X, stacklevel=3)
    decisions = Decisions(estimator)
    table = getattr(X, "iloc", X)
    for rows, first, scores in _blocks(estimator, X, block_size):
        first = min(first, max(rows.start - 1, 0))  # to see whether a series begins
        run = table[first : rows.stop]
        out[rows] = decisions.over(scores, run, rows.start - first)
    return out


def _checked_out(X, block_size, out):
    n_rows = len(X)
    if not isinstance(block_size, Integral) or block_size < 1:
        raise ValueError(
            f"block_size={block_size!r} must be an integer of at least 1, the number "
            "of rows to score at a time."
        )
    if n_rows == 0:
        raise ValueError("X has 0 rows; there is nothing to score. Pass a series.")
    out = np.empty(n_rows, dtype=np.float64) if out is None else out
    if len(out) != n_rows:
        raise ValueError(
            f"out has length {len(out)}, but X has {n_rows} rows. Pass an array of one "
            "number per row."
        )
    return out


def _blocks(estimator, X, block_size):
    """Yield the rows of each block, the first that they depend on, and their scores."""
    n_rows, table = len(X), getattr(X, "iloc", X)
    back, ahead = row_context(estimator)
    for start in range(0, n_rows, block_size):
        stop = min(start + block_size, n_rows)
        first = max(0, start - back)
        scores = estimator.score_samples(table[first : stop + ahead])
        yield slice(start, stop), first, scores[start - first : stop - first]
