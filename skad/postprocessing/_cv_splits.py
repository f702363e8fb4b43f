"""Rows that are held out of training, split by split, as cv gives them."""

import numpy as np
from sklearn.utils import _safe_indexing

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


def fit_and_score(estimator, X, y, train, test, params, part):
    """Fit on the training rows, and score the test rows within the whole series."""
    if train is not None:
        with part.around(estimator):
            estimator.fit(
                _safe_indexing(X, train),
                _safe_indexing(y, train),
                **cut_to(X, params, train),
            )
    return estimator, finite_scores(estimator, X)[test]
