"""Where one segment ends and the next begins, seen by windows without an index."""

import numpy as np

from skad._series.windows import PickedWindows, series_under

# Windows compared at a time, so that the comparison takes little memory.
_BLOCK = 4096


def starts_of_segments(windows: np.ndarray | PickedWindows) -> np.ndarray:
    """Return the number of the first window of each segment, ascending, from 0 on.

    A window that follows another holds its rows, one step earlier. Of windows that
    were changed one by one, as by noise, none follows another: they count as one
    segment, and so do windows of a single row, which show nothing.

    Parameters
    ----------
    windows : ndarray or PickedWindows of shape (n, n_timesteps, n_channels)
        One per row of a series, or of several one after the other.

    Returns
    -------
    starts : ndarray of shape (n_segments,), int64
    """
    none = np.zeros(1, dtype=np.intp)
    if windows.shape[1] < 2 or series_under(windows) is not None:
        return none
    if not isinstance(windows, PickedWindows):
        follows = np.concatenate(
            [
                _follow(windows[start : start + _BLOCK + 1])
                for start in range(0, len(windows), _BLOCK)
            ]
        )
    else:
        follows = np.diff(windows.numbers) == 1
    starts = np.append(none, np.flatnonzero(~follows) + 1)
    return starts if 2 * len(starts) <= len(windows) else none


def _follow(windows):
    """Tell of each window but the first whether it follows the one before."""
    later, earlier = windows[1:, :-1], windows[:-1, 1:]
    same = (later == earlier) | (np.isnan(later) & np.isnan(earlier))
    return same.all(axis=(1, 2))
