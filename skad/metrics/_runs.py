"""Runs of marked rows: events among labels, alarms among predictions."""

import numpy as np


def runs_of(marked, series_starts=(0,)):
    """Find the runs of neighbouring rows that are marked.

    Parameters
    ----------
    marked : ndarray of shape (n,), bool
        Whether each row is marked.
    series_starts : array-like of shape (n_series,), int64
        The first row of each series; no run goes on from one to the next.

    Returns
    -------
    starts : ndarray of shape (n_runs,), int64
        The first row of each run, ascending.
    stops : ndarray of shape (n_runs,), int64
        The row after the last of each run.
    """
    edges = np.diff(marked.astype(np.int8), prepend=0, append=0)
    begun, ended = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if len(series_starts) < 2:
        return begun, ended
    later = np.asarray(series_starts[1:])
    cuts = later[marked[later] & marked[later - 1]]
    return np.sort(np.append(begun, cuts)), np.sort(np.append(ended, cuts))


def sums_of(values, starts, stops):
    """Sum up the values of each run.

    Parameters
    ----------
    values : ndarray of shape (n,)
        One per row; True counts as 1.
    starts, stops : ndarray of shape (n_runs,), int64
        The runs, see `runs_of`.

    Returns
    -------
    sums : ndarray of shape (n_runs,)
    """
    total = np.concatenate([[0], np.cumsum(values)])
    return total[stops] - total[starts]
