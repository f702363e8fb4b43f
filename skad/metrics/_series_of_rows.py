"""Where one series ends and the next begins, among rows that are judged together."""

import numpy as np

from skad._series.segments import series_starts


def first_rows(y_true, series) -> np.ndarray:
    """Return the number of the first row of each series.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels, whose outer index levels may name series.
    series : array-like of shape (n,) or None
        The series that each row belongs to; None takes the index.

    Returns
    -------
    starts : ndarray of shape (n_series,), int64
        Ascending, from 0 on.

    Raises
    ------
    ValueError
        If ``series`` has another length, or the rows of one do not stand together.
    """
    if series is None:
        return series_starts(y_true)
    series = np.asarray(series)
    if series.shape != (len(y_true),):
        raise ValueError(
            f"series has shape {series.shape}, y_true has {len(y_true)} labels; one "
            "name or number per label is needed."
        )
    starts = np.append(0, np.flatnonzero(series[1:] != series[:-1]) + 1)
    if len(set(series[starts].tolist())) < len(starts):
        raise ValueError(
            "The rows of a series do not stand next to each other. Sort y_true, what "
            "is judged, and series alike, by series and time."
        )
    return starts
