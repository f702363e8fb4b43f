"""Which cells of rows and of windows hold a reading, counted.

A cell without one is NaN, or lies before a series or beyond a gap. Counts are whole
numbers, so a slice of a series gives those of the whole.
"""

import numpy as np

from skad._series.windows import PickedWindows, rows_under, series_under

_AT_ONCE = 512  # windows
# Of a share of the cells, for numbers such as 0.3 that binary fractions miss.
_ROUNDING = 1e-9


def n_missing(windows, scored: slice | np.ndarray | None = None) -> np.ndarray | None:
    """Count the missing cells of each window; None where no window has any.

    With ``scored``, (n_channels,), those of the marked channels alone.
    """
    size = windows.shape[1]
    if isinstance(windows, PickedWindows):
        rows, first = windows.block, windows.numbers
    else:
        rows, first = series_under(windows), np.arange(len(windows))
    cells = windows if rows is None else rows
    cells = cells if scored is None else cells[..., scored]
    if not _holds_nan(cells):
        return None
    if rows is None:
        counts = np.isnan(cells).sum(axis=(1, 2))
    else:
        sums = _sums(np.isnan(cells).sum(axis=1))
        counts = sums[first + size] - sums[first]
    return counts if counts.any() else None


def n_readings(of_rows: np.ndarray, size: int, starts: np.ndarray) -> np.ndarray:
    """Count the readings in the window of ``size`` rows that ends at each row.

    ``of_rows`` are those of single rows. No window reaches beyond its segment.
    """
    n_rows = len(of_rows)
    first = np.maximum(np.arange(n_rows) - size + 1, _segment_starts(starts, n_rows))
    sums = _sums(of_rows)
    return sums[1:] - sums[first]


def n_padded(size: int, starts: np.ndarray, n_rows: int) -> np.ndarray:
    """Count the rows of each trailing window that lie before its segment."""
    position = np.arange(n_rows) - _segment_starts(starts, n_rows)
    return np.maximum(size - 1 - position, 0)


def is_enough(share: np.ndarray, max_missing: float) -> np.ndarray:
    """Tell where a share of readings leaves no more missing than may be."""
    return share >= 1 - max_missing - _ROUNDING


def bridged(rows: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Put straight lines where readings are missing, segment by segment.

    At the ends of a segment the nearest reading is held; a channel without any is 0.
    """
    if not _holds_nan(rows):
        return rows
    rows = np.array(rows)
    for part in np.split(rows, starts[1:]):
        at = np.arange(len(part))
        for channel in part.T:
            known = ~np.isnan(channel)
            if not known.all():
                readings = (at[known], channel[known]) if known.any() else ([0], [0])
                channel[:] = np.interp(at, *readings)
    return rows


def filled(windows: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Put straight lines where readings are missing, each window by itself.

    At the ends of a window the nearest reading is held; a channel without any is
    ``usual``, (n_channels,).
    """
    if not isinstance(windows, PickedWindows) and not _holds_nan(rows_under(windows)):
        return windows
    missing = np.isnan(windows)
    if not missing.any():
        return windows
    n_steps = windows.shape[1]
    steps = np.arange(n_steps)[:, np.newaxis]
    cells = window, step, channel = np.nonzero(missing)
    before = np.where(missing, -1, steps)
    before = np.maximum.accumulate(before, axis=1)[cells]
    after = np.where(missing, n_steps, steps)[:, ::-1]
    after = np.minimum.accumulate(after, axis=1)[:, ::-1][cells]
    has_none = (before < 0) & (after == n_steps)
    first = np.where(before < 0, after, before) * ~has_none
    last = np.where(after == n_steps, before, after) * ~has_none
    low, high = windows[window, first, channel], windows[window, last, channel]
    share = (step - first) / np.maximum(last - first, 1)
    lines = low + (high - low) * share.clip(0, 1)
    windows = windows.copy()
    windows[cells] = np.where(has_none, usual[channel], lines)
    return windows


def usual_readings(windows) -> np.ndarray:
    """Return the mean of each channel's readings; NaN where a channel has none."""
    rows = rows_under(windows)
    is_there = ~np.isnan(rows)
    total = np.where(is_there, rows, 0).sum(axis=0, dtype=np.float64)
    count = is_there.sum(axis=0)
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def longest_runs(windows) -> np.ndarray:
    """Return the longest run of missing steps in each window, (n,).

    It is the mean of those of the channels.
    """
    runs = np.empty(len(windows))
    steps = np.arange(windows.shape[1], dtype=np.int32)[:, np.newaxis]
    for start in range(0, len(windows), _AT_ONCE):
        missing = np.isnan(windows[start : start + _AT_ONCE])
        last = np.maximum.accumulate(np.where(missing, -1, steps), axis=1)
        runs[start : start + _AT_ONCE] = (steps - last).max(axis=1).mean(axis=1)
    return runs


def _holds_nan(values):
    # A sum without NaN is the sum of values without: no array of flags is needed.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.isnan(values.sum()) and bool(np.isnan(values).any())


def _sums(counts):
    return np.concatenate([[0], np.cumsum(counts)])


def _segment_starts(starts, n_rows):
    return np.repeat(starts, np.diff(starts, append=n_rows))
