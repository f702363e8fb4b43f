"""One row, and why it was found odd."""

from numbers import Integral

import numpy as np

from skad._estimators.row_context import row_context
from skad._series.tables import as_native
from skad.inspection._inner_detector import channel_shares, expected_rows

# Rows before the row that show how far off is usual, where no windows are inside.
_FEWEST_ROWS = 30


def why(detector, X, row):
    """Tell in a small table what made a row odd.

    The row is asked together with the rows around it that its score depends on, as told
    by `skad.row_context`, so that its windows are those that it has in X.

    Parameters
    ----------
    detector : estimator
        A fitted detector, Pipeline or meta-detector that `explain` and `expected` can
        ask.
    X : array-like of shape (n_timestamps, n_channels)
        The series in which the row stands.
    row : int or label
        An int is the number of the row, from the end if it is negative; all else, such
        as a timestamp, is looked up in the index of X.

    Returns
    -------
    table : pandas.DataFrame
        One line for each channel, that with the largest share first:

        - "share": its part of the error, as `explain` tells it; at least 0, and 1 for
          all channels together;
        - "read": the reading, in the units of X;
        - "expected": what was expected instead, as `expected` tells it;
        - "usual_deviation": how far off that is as a rule, the median of
          ``abs(read - expected)`` over the rows before that the score looks back at, at
          least 30; NaN where there are none.

    Raises
    ------
    ValueError
        If X has no such row, if the detector sees other channels than X has, and
        whatever `explain` and `expected` raise.
    TypeError
        If nothing inside has `explain` and `expected`.
    ImportError
        If pandas is not installed.

    See Also
    --------
    explain : The shares of all rows, in units of the error.
    expected : What was expected at all rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import PCADetector, SlidingWindow
    >>> from skad.inspection import why
    >>> t = np.arange(300)
    >>> X = np.column_stack([np.sin(t / 5), np.cos(t / 5)])
    >>> detector = make_pipeline(SlidingWindow(16), PCADetector(2)).fit(X)
    >>> X[250, 1] = 3
    >>> why(detector, X, 250).round(2).loc["x1"]
    share              0.97
    read               3.00
    expected           1.10
    usual_deviation    0.02
    Name: x1, dtype: float64
    """
    import pandas as pd

    X = as_native(X)
    position = _position_of(X, row)
    back, ahead = row_context(detector)
    first = max(0, position - back - max(back, _FEWEST_ROWS))
    # The rows up to the last that is looked at, and how many of them come before.
    context = getattr(X, "iloc", X)[first : position + ahead + 1]
    at = position - first
    read = np.asarray(context, dtype=np.float64)
    expected = np.asarray(expected_rows(detector, context), dtype=np.float64)
    shares = channel_shares(detector, context)
    _refuse_other_channels(read, shares, expected)
    # The first rows of what was cut out may have windows that reach beyond it.
    start = min(back, at) if first else 0
    table = pd.DataFrame(
        {
            "share": _of_one(shares[at]),
            "read": read[at],
            "expected": expected[at],
            "usual_deviation": _median(np.abs(read - expected)[start:at]),
        },
        index=pd.Index(_names_of(X, read.shape[1]), name="channel"),
    )
    return table.sort_values("share", ascending=False, kind="stable")


def _median(deviations):
    return np.median(deviations, axis=0) if len(deviations) else np.nan


def _position_of(X, row):
    n_rows = len(X)
    if isinstance(row, Integral):
        if -n_rows <= row < n_rows:
            return int(row) % n_rows
        raise ValueError(f"row={row} is no number of a row of X, which has {n_rows}.")
    index = getattr(X, "index", None)
    try:
        found = index.get_loc(row)
    except (KeyError, TypeError, AttributeError):
        found = None
    if isinstance(found, Integral):
        return int(found)
    problem = "is not in the index of X" if found is None else "names several rows of X"
    raise ValueError(f"row={row!r} {problem}. Pass the number of the row, an int.")


def _refuse_other_channels(read, shares, expected):
    counts = {part.shape[1] for part in (read, shares, expected)}
    if len(counts) > 1:
        raise ValueError(
            f"The detector sees {shares.shape[1]} channels, and X has {read.shape[1]}, "
            "so that readings cannot be set against shares. Ask explain(detector, X) "
            "and expected(detector, X)."
        )


def _of_one(shares):
    # Those of an ensemble are all below 0 where the row is more usual than most.
    shares = np.maximum(shares if shares.sum() >= 0 else -shares, 0)
    total = shares.sum()
    return shares / total if total > 0 else np.full(len(shares), 1 / len(shares))


def _names_of(X, n_channels):
    return list(getattr(X, "columns", [f"x{i}" for i in range(n_channels)]))
