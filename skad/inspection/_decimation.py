"""As many numbers as there are pixels, with no spike lost.

Rows are put into bins, about one for each pixel column, and of each bin the lowest and
the highest value are kept, so a single row that stands out among a million is seen::

    rows     0 1 2 3 | 4 5 6 7 | 8 9        starts [0, 8]: a bin never holds rows of
    edges    0         4         8     10   two segments, as long as these are few
"""

import numpy as np


def bin_edges(n_rows: int, starts: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the first row of each bin, and the number of rows behind them.

    Parameters
    ----------
    n_rows : int
        At least 1.
    starts : ndarray of shape (n_segments,), int64
        The first row of each segment; 0 is the first of them.
    n_bins : int
        How many bins are enough. With more segments there may be twice as many; as
        many rows or fewer have a bin each.

    Returns
    -------
    edges : ndarray of shape (n_bins + 1,), int64
    """
    if n_rows <= n_bins:
        return np.arange(n_rows + 1)
    edges = np.linspace(0, n_rows, n_bins + 1).astype(np.int64)
    return np.union1d(edges, starts) if len(starts) <= n_bins else edges


def lowest(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the lowest value of each bin; NaN only where a bin holds nothing else."""
    return np.fmin.reduceat(values, edges[:-1], axis=0)


def highest(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the highest value of each bin; NaN only where a bin holds nothing else."""
    return np.fmax.reduceat(values, edges[:-1], axis=0)


def any_marked(marked: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Tell the bins that hold a marked row."""
    return np.logical_or.reduceat(marked, edges[:-1])
