"""Rows that are held out of training, split by split, as cv gives them."""

import warnings

import numpy as np
from sklearn.utils import _safe_indexing

from skad._estimators.row_context import row_context
from skad._series.segments import is_one_series
from skad.postprocessing._event_rows import frames
from skad.postprocessing._metadata import cut_to
from skad.postprocessing._threshold_only import finite_scores


def refuse_no_splits(splits):
    """Raise where a generator was used up, or gave nothing."""
    if not splits:
        raise ValueError(
            "cv gives no split. A generator is empty after its first use: pass a "
            "splitter, or list(cv)."
        )


def pairs(cv):
    """List the pairs (train, test) of an iterable."""
    splits = list(cv)
    for split in splits:
        if not isinstance(split, (tuple, list)) or len(split) != 2:
            raise ValueError(
                f"cv gives {split!r}, which is no pair (train, test) of row numbers. "
                "Pass a splitter, a number of splits, or a list of such pairs."
            )
    return splits


def row_numbers(rows):
    """Return row numbers for a mask; an iterable ``cv`` may hold either."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows


def refuse_useless(number, train, anomalous):
    """Raise where no row is left to train on, or test rows are of one label."""
    if train is not None and len(train) == 0:
        raise ValueError(
            f"Split {number} of cv leaves no row to train on. Use fewer splits, or "
            'train="all" if these rows are anomalies.'
        )
    if anomalous.all() or not anomalous.any():
        found = "only anomalies" if anomalous.any() else "no anomaly"
        raise ValueError(
            f"The test part of split {number} of cv holds {found} among its "
            f"{len(anomalous)} rows, and a threshold is tuned on both. Use "
            "skad.model_selection.AnomalySplit, or its default splits, cv=None."
        )


def with_row_numbers(X, estimator):
    """Give the rows of an array numbers: rows left out are gaps to windows inside."""
    is_table = isinstance(X, (np.ndarray, list, tuple)) or hasattr(X, "columns")
    if not is_table or hasattr(X, "iloc") or row_context(estimator) == (0, 0):
        return X
    if np.ndim(X) != 2:
        return X
    pd = frames("TunedThresholdDetectorCV with windows")
    return pd.DataFrame(np.asarray(X), columns=getattr(X, "columns", None))


def warn_of_lost_groups(X, groups, estimator):
    """Warn where ``groups`` name series that windows do not see."""
    if groups is None or not is_one_series(X) or row_context(estimator) == (0, 0):
        return
    n_series = len(set(np.asarray(groups).tolist()))
    if n_series > 1:
        warnings.warn(
            f"groups name {n_series} series, which the splits know; the windows inside "
            f"{type(estimator).__name__} do not, and cross from one to the next. Pass "
            "X as a DataFrame whose outer index level names the series, for example "
            "by pandas.concat(frames, keys=names).",
            UserWarning,
            stacklevel=4,
        )


def fit_and_score(estimator, X, y, train, test, params, part):
    """Fit on the training rows, and score the test rows within the whole series."""
    if train is not None:
        with part.around(estimator, X):
            estimator.fit(
                _safe_indexing(X, train),
                _safe_indexing(y, train),
                **cut_to(X, params, train),
            )
    return estimator, finite_scores(estimator, X)[test]
