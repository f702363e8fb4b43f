"""One number for each row out of the scores around it, segment by segment.

Row ``t`` gets the mean, the median, ... of the rows ``t - back .. t + ahead``; at the
ends of a segment, of those that exist::

    back=1, ahead=2       row 0   s0 s1 s2
                          row 1   s0 s1 s2 s3
                          row 2      s1 s2 s3 s4

Whatever a row gets depends on these rows alone, to the last bit: a slice of a series
gives the bits of the whole, away from its edges. A score that is NaN is left out like
one that does not exist; where nothing is left, the row gets NaN.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import minimum_filter1d

from skad._series.windows import segment_bounds

_SORTED_AT_ONCE = 2**20  # numbers, 8 MB


def rolling(
    scores: np.ndarray, starts: np.ndarray, reduce: str, back: int, ahead: int
) -> np.ndarray:
    """Reduce the scores of the rows ``t - back .. t + ahead`` of each segment.

    ``reduce`` is "mean", "median", "min" or "last": the score ``ahead`` rows on, or
    the last one before the segment ends.
    """
    scores = np.asarray(scores, dtype=np.float64)
    reduced = np.empty(len(scores))
    for start, stop in segment_bounds(starts, len(scores)):
        reduced[start:stop] = _REDUCTIONS[reduce](scores[start:stop], back, ahead)
    return reduced


def rolling_shares(
    shares: np.ndarray,
    scores: np.ndarray | None,
    starts: np.ndarray,
    reduce: str,
    back: int,
    ahead: int,
) -> np.ndarray:
    """Reduce what each channel adds to the scores just as `rolling` reduces the scores.

    Means are taken channel by channel. Where single rows decide, what the channels add
    is that of these rows, by the scores; "mean" and "last" need none.
    """
    reduced = np.empty_like(shares)
    if reduce == "mean":
        for channel, column in enumerate(shares.T):
            reduced[:, channel] = rolling(column, starts, "mean", back, ahead)
        return reduced
    for start, stop in segment_bounds(starts, len(shares)):
        part, of_rows = shares[start:stop], reduced[start:stop]
        if reduce == "last":
            rows = np.arange(len(part)) + ahead
            of_rows[:] = part[np.minimum(rows, len(part) - 1)]
            continue
        for rows, deciding in _deciding(scores[start:stop], reduce, back, ahead):
            of_rows[rows] = part[deciding].mean(axis=1)
    return reduced


def _deciding(scores, reduce, back, ahead):
    """Yield slices of rows, and for each row the two (or twice the one) that decide."""
    windows, counts = _windows(scores, back, ahead)
    n_rows = max(1, _SORTED_AT_ONCE // windows.shape[1])
    for first in range(0, len(scores), n_rows):
        rows = slice(first, first + n_rows)
        in_order = np.argsort(windows[rows], axis=1, kind="stable")
        last = (counts[rows].clip(1) - 1) * (reduce == "median")
        pair = np.column_stack([last // 2, (last + 1) // 2])
        at = np.arange(first, first + len(pair))[:, np.newaxis] - back
        deciding = at + np.take_along_axis(in_order, pair, axis=1)
        yield rows, deciding.clip(0, len(scores) - 1)  # of nothing, any will do


def _rolling_mean(scores: np.ndarray, back: int, ahead: int) -> np.ndarray:
    padded = np.pad(np.nan_to_num(scores, posinf=np.inf, neginf=-np.inf), (back, ahead))
    total, counts = sum_ahead(padded, back + 1 + ahead), _counts(scores, back, ahead)
    return np.divide(total, counts, out=np.full(len(scores), np.nan), where=counts > 0)


def _rolling_median(scores: np.ndarray, back: int, ahead: int) -> np.ndarray:
    windows, counts = _windows(scores, back, ahead)
    medians = np.empty(len(scores))
    n_rows = max(1, _SORTED_AT_ONCE // windows.shape[1])
    for first in range(0, len(scores), n_rows):
        rows = slice(first, first + n_rows)
        in_order = np.sort(windows[rows], axis=1)
        row, last = np.arange(len(in_order)), counts[rows].clip(1) - 1
        pair = in_order[row, last // 2], in_order[row, (last + 1) // 2]
        medians[rows] = (pair[0] + pair[1]) / 2
    return np.where(counts > 0, medians, np.nan)


def _windows(scores, back, ahead):
    """Cut the scores around each row, and count those that exist.

    What does not exist is sorted behind all that does, and there left alone.
    """
    existing = np.where(np.isnan(scores), np.inf, scores)
    padded = np.pad(existing, (back, ahead), constant_values=np.inf)
    windows = sliding_window_view(padded, back + 1 + ahead)
    return windows, _counts(scores, back, ahead)


def _rolling_min(scores: np.ndarray, back: int, ahead: int) -> np.ndarray:
    size = back + 1 + ahead
    lowest = minimum_filter1d(
        np.where(np.isnan(scores), np.inf, scores),
        size,
        mode="constant",
        cval=np.inf,
        origin=back - size // 2,
    )
    return np.where(_counts(scores, back, ahead) > 0, lowest, np.nan)


def _rolling_last(scores: np.ndarray, back: int, ahead: int) -> np.ndarray:
    return scores[np.minimum(np.arange(len(scores)) + ahead, len(scores) - 1)]


_REDUCTIONS = {
    "mean": _rolling_mean,
    "median": _rolling_median,
    "min": _rolling_min,
    "last": _rolling_last,
}


def _counts(scores: np.ndarray, back: int, ahead: int) -> np.ndarray:
    """Count the scores that exist around each row, its own included."""
    n = len(scores)
    exists = np.concatenate([[0], np.cumsum(~np.isnan(scores))])
    rows = np.arange(n)
    past = np.minimum(rows + ahead + 1, n)
    return exists[past] - exists[np.maximum(rows - back, 0)]


def sum_ahead(values: np.ndarray, size: int) -> np.ndarray:
    """Sum ``size`` consecutive values by doubling: ``S[2k][t] = S[k][t] + S[k][t+k]``.

    The sums are along the first axis, of arrays or of tensors of torch. Every sum is
    built in one order, whatever lies around it, so a slice gives the very bits of the
    whole; a running sum would not, and one huge value would spoil all that follow.
    """
    total, covered = None, 0
    block, width = values, 1
    while width <= size:
        if size & width:
            if total is None:
                total = block
            else:
                length = len(block) - covered
                total = total[:length] + block[covered:]
            covered += width
        if 2 * width <= size:
            block = block[:-width] + block[width:]
        width *= 2
    return total
