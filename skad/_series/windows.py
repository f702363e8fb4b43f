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

Several segments lie in one block, each behind its own padding, and their windows
are taken by number from all those over the block (`PickedWindows`)::

    block      a a a|a b c d|x x x|x y z     windows 4, 5 and 6 would reach from
    number     0 1 2 3 4 5 6 7 8 9           one segment into the next
    taken      0 1 2 3       7 8 9
"""

from numbers import Integral

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
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


class PickedWindows(NDArrayOperatorsMixin):
    """Windows by number, out of all those over one block of rows; to read alone.

    Rows taken from it, by a slice, by numbers or by a mask, are such windows again, or
    a plain view where they follow each other; no window is copied. To NumPy, and to
    whoever asks for anything else that arrays have, it is an array of shape
    ``(n, size, n_channels)``, made when needed.
    """

    ndim = 3

    def __init__(self, block: np.ndarray, size: int, numbers: np.ndarray):
        self.block = block
        self.numbers = numbers
        self.shape = len(numbers), size, block.shape[1]
        self.dtype = block.dtype

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, key):
        rows, *others = key if isinstance(key, tuple) else (key,)
        if isinstance(rows, Integral):
            return self._all[self.numbers[rows]][tuple(others)]
        if not isinstance(rows, slice) and np.ndim(rows) != 1:
            return np.asarray(self)[key]
        if any(other is not Ellipsis for other in others):
            return np.asarray(self)[key]
        rows = rows if isinstance(rows, slice) else np.asarray(rows)
        return _picked(self.block, self.shape[1], self.numbers[rows])

    @property
    def _all(self):
        return windows_over(self.block, self.shape[1])

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("windows of several segments become an array by a copy")
        return self._all[self.numbers].astype(dtype or self.dtype, copy=False)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        arrays = [np.asarray(x) if isinstance(x, type(self)) else x for x in inputs]
        return getattr(ufunc, method)(*arrays, **kwargs)

    def __getattr__(self, name):
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(np.asarray(self), name)


def segment_windows(
    series: np.ndarray, size: int, starts: np.ndarray, padding: str | float = "edge"
) -> np.ndarray | PickedWindows:
    """Give each segment its own trailing windows, and copy none of them."""
    if len(starts) == 1 or size == 1:
        return trailing_windows(series, size, padding)
    lengths = np.diff(starts, append=len(series))
    before = (size - 1) * np.repeat(np.arange(len(starts)), lengths)
    numbers = np.arange(len(series)) + before
    n_rows = len(series) + (size - 1) * len(starts)
    block = np.empty((n_rows, series.shape[1]), dtype=series.dtype)
    block[numbers + size - 1] = series
    filled_up = numbers[starts][:, np.newaxis] + np.arange(size - 1)
    block[filled_up] = series[starts][:, np.newaxis] if padding == "edge" else padding
    return PickedWindows(block, size, numbers)


def take_windows(windows, rows: np.ndarray):
    """Take windows by number or mask, with no copy of those over one series."""
    series = series_under(windows)
    if series is None:
        return windows[rows]
    return _picked(series, windows.shape[1], np.arange(len(windows))[rows])


def _picked(block, size, numbers):
    """Return windows by number, as a plain view where they follow each other.

    So do all but the first where what lies before a series is missing; convolutions
    of a view are computed once for all windows.
    """
    if len(numbers) and (np.diff(numbers) == 1).all():
        return windows_over(block, size)[numbers[0] : numbers[-1] + 1]
    return PickedWindows(block, size, numbers)


def segment_bounds(starts: np.ndarray, n_rows: int) -> list[tuple[int, int]]:
    """Pair the first row of each segment with the row after its last."""
    edges = [*starts.tolist(), n_rows]
    return list(zip(edges[:-1], edges[1:], strict=True))


def series_under(windows) -> np.ndarray | None:
    """Recover the series that 3-D windows look at, or None if they are no such view.

    Equal strides along the first two axes mean that step ``j`` of window ``i`` is
    row ``i + j`` of one block of memory.
    """
    if isinstance(windows, PickedWindows):
        return None
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


def rows_under(windows) -> np.ndarray:
    """Return the distinct rows that 3-D windows hold, (n, n_channels), padding too."""
    if isinstance(windows, PickedWindows):
        return windows.block
    series = series_under(windows)
    return windows.reshape(-1, windows.shape[2]) if series is None else series


def unflatten(flat: np.ndarray, n_timesteps: int, n_channels: int) -> np.ndarray:
    """View rows of flattened windows as 3-D windows; overlapping rows stay so."""
    row_stride, stride = flat.strides
    return as_strided(
        flat,
        shape=(len(flat), n_timesteps, n_channels),
        strides=(row_stride, n_channels * stride, stride),
        writeable=False,
    )


def as_dtype(windows, dtype: type):
    """Convert windows; where they overlap, convert the series and view it again."""
    if windows.dtype == dtype:
        return windows
    if isinstance(windows, PickedWindows):
        block = windows.block.astype(dtype)
        return PickedWindows(block, windows.shape[1], windows.numbers)
    series = series_under(windows)
    if series is None:
        return windows.astype(dtype)
    return windows_over(series.astype(dtype), windows.shape[1])
