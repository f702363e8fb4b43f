"""Which rows set a threshold: those held back from training, with full windows.

::

    row          0 ......... 79 | 80 .... 86 | 87 ........... 99
                   training     |  context   |   calibration
                                   of the windows that end at row 87 and after

Series that an outer index level names are each cut like this one.
"""

import numpy as np
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import _num_samples

from skad._estimators.evidence import rows_left_out
from skad._estimators.row_context import find_parameter, row_context
from skad._series.segments import learn_gaps, series_starts
from skad._series.tables import is_read_as_it_is


def held_back(X, fraction):
    """Mark the last rows of each series, a share ``fraction`` of it.

    Parameters
    ----------
    X : array-like of n rows
        One series, or a DataFrame whose outer index levels name several.
    fraction : float in (0, 1)
        The share, of each series, rounded.

    Returns
    -------
    held : ndarray of shape (n,), bool
    """
    n_rows = _num_samples(X)
    starts = series_starts(X)
    lengths = np.diff(starts, append=n_rows)
    position = np.arange(n_rows) - np.repeat(starts, lengths)
    n_kept = lengths - np.round(fraction * lengths)
    held = position >= np.repeat(n_kept, lengths)
    if held.any() and not held.all():
        return held
    raise ValueError(
        f"n_samples = {n_rows}; of {len(starts)} series with {np.median(lengths):.0f} "
        f"rows each, calibration_fraction={fraction} leaves no row to "
        f"{'train on' if held.any() else 'hold back'}. Pass a longer series, or set "
        "another calibration_fraction."
    )


def fit_on(estimator, X, y, rows, params=None):
    """Fit on the rows of ``X`` that the mask marks; on a view of them where it can."""
    last = int(np.flatnonzero(rows)[-1]) + 1  # frames may ignore a number of NumPy
    is_beginning = rows[:last].all()
    taken = slice(last) if is_beginning else np.flatnonzero(rows)
    y = None if y is None else _safe_indexing(y, taken)
    return estimator.fit(_safe_indexing(X, taken), y, **(params or {}))


def with_full_windows(X, held, estimator):
    """Mark the rows of ``held`` whose score depends on no row outside of it.

    At the cuts between segments a window is shorter, or filled up, so these rows do not
    count either.
    """
    back, ahead = row_context(estimator)
    if back == ahead == 0:
        return held
    n_rows = len(held)
    gaps = learn_gaps(X, find_parameter(estimator, "max_gap"))
    changes = np.flatnonzero(held[1:] != held[:-1]) + 1
    cuts = np.union1d(gaps.starts(X), changes)
    lengths = np.diff(cuts, append=n_rows)
    before = np.arange(n_rows) - np.repeat(cuts, lengths)
    after = np.repeat(cuts + lengths, lengths) - 1 - np.arange(n_rows)
    return held & (before >= back) & (after >= ahead)


def of_full_windows(scores, X, estimator):
    """Keep the scores of rows with full windows; if no row has, all of them."""
    return scores[rows_with_full_windows(X, len(scores), estimator)]


def rows_with_full_windows(X, n_rows, estimator):
    """Mark the rows with full windows and enough evidence; if no row has, all of them.

    ``estimator`` is fitted.
    """
    is_full = with_full_windows(X, np.full(n_rows, True), estimator)
    left_out = rows_left_out(estimator, X)
    if left_out is not None and (is_full & ~left_out).any():
        is_full &= ~left_out
    return is_full if is_full.any() else np.full(n_rows, True)


def last_of_each_series(scores, X, most):
    """Take the last scores, of several series alike, about ``most`` in all.

    Those of rows without full windows as well: the others may be few, and know too
    little of what is usual.
    """
    starts = series_starts(X)
    share = -(-most // len(starts))
    return np.concatenate([part[-share:] for part in np.split(scores, starts[1:])])


def starts_within(X, usable):
    """Return the first rows of segments, numbered among the usable rows alone."""
    first = np.zeros(len(usable), dtype=bool)
    first[learn_gaps(X).starts(X)] = True
    first[1:] |= ~usable[:-1]
    return np.flatnonzero(first[usable])


def refuse_infinite(scores, estimator):
    """Raise where a score is no number to set a threshold by."""
    n_bad = np.count_nonzero(~np.isfinite(scores))
    if n_bad:
        raise ValueError(
            f"{type(estimator).__name__} gave {n_bad} of {len(scores)} rows a score "
            "that is NaN or infinite, by which no threshold can be set. Use a detector "
            "whose scores are finite, or leave these rows out."
        )


def rows_of(X, y, read):
    """Return X and y with rows that can be taken; ``read`` refuses what has none.

    This is a method of the detector inside, to be called with X: its words on what is
    wrong with such an X are better than any from here.
    """
    rows = _with_rows(X)
    if rows is not None:
        return indexable(rows, y)
    read(X)
    raise TypeError(
        f"X is of type {type(X).__name__}, from which no rows can be held back. Pass "
        "an array, a DataFrame or a list of rows."
    )


def _with_rows(X):
    """Return X if rows can be taken from it, the array that it stands for, or None."""
    try:
        rows = X if is_read_as_it_is(X) else np.asarray(X)
        n_rows = _num_samples(rows)
    except (ValueError, TypeError, RuntimeError):  # ragged, no table, a strange tensor
        return None
    if n_rows == 0:
        return None
    return X if isinstance(X, (list, tuple)) else rows
