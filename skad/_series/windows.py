"""Strided windows over a series.

A window ends at its row: window ``t`` of a series padded on the left holds the
rows ``t - size + 1 .. t``. With ``size=4`` and the first row repeated::

    row       0 1 2 3 4 5            window 0   0 0 0 0
    series    a b c d e f            window 1   0 0 0 1      (rows by number)
                                     window 2   0 0 1 2
    padded    a a a|a b c d e f      window 3   0 1 2 3
                                     window 4   1 2 3 4
                                     window 5   2 3 4 5

The windows are a view: one padded copy of the series is all that is stored, and
its first two strides are equal. That property is also how a series is recognised
again under its windows (`series_under`), so that what holds for the whole series
(a finite check, a change of dtype, a hash) costs one pass over the rows and not
one over all windows.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def windows_over(series: np.ndarray, size: int) -> np.ndarray:
    """View ``(n, n_channels)`` rows as ``(n - size + 1, size, n_channels)`` windows."""
    return sliding_window_view(series, size, axis=0).transpose(0, 2, 1)


def trailing_windows(
    series: np.ndarray, size: int, padding: str | float = "edge"
) -> np.ndarray:
    """View a padded copy of ``series`` as one window per row, ending at that row."""
    # Row by row in memory, whatever the layout of the series: so every window is one
    # block, and to flatten it copies nothing.
    padded = np.empty((size - 1 + len(series), series.shape[1]), dtype=series.dtype)
    padded[: size - 1] = series[0] if padding == "edge" else padding
    padded[size - 1 :] = series
    return windows_over(padded, size)


def segment_windows(
    series: np.ndarray, size: int, starts: np.ndarray, padding: str | float = "edge"
) -> np.ndarray:
    """Give each segment its own trailing windows; a view while there is only one."""
    if len(starts) == 1:
        return trailing_windows(series, size, padding)
    windows = np.empty((len(series), size, series.shape[1]), dtype=series.dtype)
    for start, stop in segment_bounds(starts, len(series)):
        windows[start:stop] = trailing_windows(series[start:stop], size, padding)
    return windows


def segment_bounds(starts: np.ndarray, n_rows: int) -> list[tuple[int, int]]:
    """Pair the first row of each segment with the row after its last."""
    edges = [*starts.tolist(), n_rows]
    return list(zip(edges[:-1], edges[1:], strict=True))


def series_under(windows: np.ndarray) -> np.ndarray | None:
    """Recover the series that 3-D windows look at, or None if they are no such view.

    Equal strides along the first two axes mean that step ``j`` of window ``i`` is
    row ``i + j`` of one block of memory.
    """
    n_windows, size, n_channels = windows.shape
    row_stride, step_stride, channel_stride = windows.strides
    if row_stride != step_stride or windows.size == 0:
        return None
    return as_strided(
        windows,
        shape=(n_windows + size - 1, n_channels),
        strides=(row_stride, channel_stride),
        writeable=False,
    )


def unflatten(flat: np.ndarray, n_timesteps: int, n_channels: int) -> np.ndarray:
    """View rows of flattened windows as 3-D windows; overlapping rows stay so."""
    row_stride, stride = flat.strides
    return as_strided(
        flat,
        shape=(len(flat), n_timesteps, n_channels),
        strides=(row_stride, n_channels * stride, stride),
        writeable=False,
    )


def as_dtype(windows: np.ndarray, dtype: type) -> np.ndarray:
    """Convert windows; where they overlap, convert the series and view it again."""
    if windows.dtype == dtype:
        return windows
    series = series_under(windows)
    if series is None:
        return windows.astype(dtype)
    return windows_over(series.astype(dtype), windows.shape[1])
