"""Which rows a fit learns from: all of them, or those that y does not call abnormal.

::

    row       0  1  2  3  4  5  6  7  8  9
    y         1  1  1  1 -1 -1  1  1  1  1
    learnt    x  x  x  x        x  x  x  x     no window reaches across the cut
"""

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import StrOptions

from skad._estimators.row_context import find_parameter, row_context
from skad._series.segments import learn_gaps
from skad._series.tables import as_native, n_dimensions
from skad.metrics._labels_and_scores import is_anomaly
from skad.postprocessing._calibration_rows import rows_of
from skad.postprocessing._event_rows import frames

TRAIN = [StrOptions({"normal", "all"})]


def rows_to_learn_from(detector, X, y):
    """Return X and y without the rows that are not to be learnt from.

    Returns
    -------
    X, y : table and labels
        What is left: where windows look at neighbours, a DataFrame whose index shows
        the cuts.
    rows : ndarray of shape (n_left,), int, or None
        The numbers of these rows; None if all are there.
    """
    if detector.train == "all":
        return X, y, None
    if y is None:
        raise ValueError(
            'train="normal" leaves out the rows that y labels abnormal, but y is None. '
            "Pass labels, such as skad.postprocessing.from_events(maintenance, X.index)"
            ', or set train="all".'
        )
    X = as_native(X)
    X, y = rows_of(X, y, clone(detector).set_params(train="all").fit)
    rows = np.flatnonzero(~_abnormal(y))
    if len(rows) == len(y):
        return X, y, None
    if row_context(detector) != (0, 0) and n_dimensions(X) == 2:
        X = _with_an_index(X)
        rows = _parted(X, rows, find_parameter(detector, "max_gap"))
    if len(rows) == 0:
        raise ValueError(
            f"No row is left to train on: y labels {len(y)} rows, and none of them is "
            'normal and far enough from the others. Set train="all", or mend y.'
        )
    return _safe_indexing(X, rows), _safe_indexing(y, rows), rows


def numbered(scores_and_rows, rows):
    """Return training scores, and their rows numbered among all rows."""
    scores, found = scores_and_rows
    return scores, found if rows is None else rows[found]


def _abnormal(y):
    """Read labels; nothing but 1 is what `from_events` gives without an event."""
    is_one = np.asarray(y) == 1
    only_normal = is_one.ndim == 1 and is_one.all() and np.asarray(y).dtype != bool
    return ~is_one if only_normal else is_anomaly(y)


def _with_an_index(X):
    if hasattr(X, "iloc"):
        return X
    pd = frames('train="normal" with windows')
    return pd.DataFrame(np.asarray(X), columns=getattr(X, "columns", None))


def _parted(X, rows, max_gap):
    """Leave out more rows after a cut until the clock sees a gap there.

    Of timestamps that follow each other, two may be missing by default.
    """
    while len(rows):
        kept = X.iloc[rows]
        rule = learn_gaps(kept, max_gap)
        is_after = np.append(False, np.diff(rows) != 1)
        is_after[rule.starts(kept)] = False
        if np.isinf(rule.most) or not is_after.any():  # inf: never cut, as was asked
            break
        rows = rows[~is_after]
    return rows
