"""The length of a window, read off how a series repeats itself.

The autocorrelation of a series that repeats itself every ``p`` rows has peaks at the
lags ``p``, ``2 p``, ...; the first that is about as high as the highest is the period.
Where no peak stands out, as in noise, trends and random walks, there is none. Missing
readings are bridged by straight lines.
"""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import detrend, find_peaks

from skad._series.missing import bridged
from skad._series.windows import segment_bounds

# On real series, windows of one short period found less than several periods did.
SHORTEST, LONGEST, DEFAULT = 64, 128, 64
# How high a peak is and how far it rises above the valleys beside it, or this many
# standard errors of the autocorrelation of noise, whichever is more.
_LEAST_HEIGHT, _LEAST_ERRORS = 0.2, 4
# Of the highest peak: multiples of a period are about as high as the period.
_AS_HIGH = 0.8
# Periods, and windows, that the longest segment has to hold.
_LEAST_PERIODS = 3
# More rows tell no more, and a period should be that of the latest ones.
_MOST_ROWS, _MOST_NUMBERS = 100_000, 2**22
# Relative to the largest value: what varies less is rounding.
_ROUNDING = 1e-10


def window_size_of(rows: np.ndarray, starts: np.ndarray) -> int:
    """Return the smallest multiple of the period that is not shorter than `SHORTEST`.

    Periods of up to `LONGEST` rows are looked for; without one, `DEFAULT` is returned.
    In either case the longest segment holds at least three such windows.
    """
    most = max(1, _longest(segment_bounds(starts, len(rows))) // _LEAST_PERIODS)
    period = find_period(rows, starts)
    if period is None:
        return min(DEFAULT, most)
    return period * min(-(-SHORTEST // period), most // period)


def find_period(rows: np.ndarray, starts: np.ndarray) -> int | None:
    """Find after how many rows, 2 to `LONGEST`, a series repeats itself.

    ``rows`` is ``(n_timestamps, n_channels)``; segments begin at ``starts``.
    """
    rows, starts = _latest(rows, starts)
    rows, bounds = bridged(rows, starts), segment_bounds(starts, len(rows))
    longest = min(LONGEST, _longest(bounds) // _LEAST_PERIODS)
    # A peak is one if it falls on its far side too.
    correlation = autocorrelation(rows, bounds, n_lags=3 * longest // 2)
    least = max(_LEAST_HEIGHT, _LEAST_ERRORS / np.sqrt(len(rows)))
    peaks, _ = find_peaks(correlation, height=least, prominence=least)
    peaks = peaks[peaks <= longest]
    heights = correlation[peaks]
    return int(peaks[heights >= _AS_HIGH * heights.max()][0]) if len(peaks) else None


def autocorrelation(
    rows: np.ndarray, bounds: list[tuple[int, int]], n_lags: int
) -> np.ndarray:
    """Average over the channels their autocorrelation at the lags 0 to ``n_lags``.

    Each segment is freed of its mean and its trend, and no product reaches from one
    into another. Channels that are constant do not count; if all are, it is zero.
    """
    largest = np.abs(rows).max(axis=0)
    rows = rows / np.where(largest > 0, largest, 1)
    products, n_products = np.zeros((n_lags + 1, rows.shape[1])), np.zeros(n_lags + 1)
    for start, stop in bounds:
        within = min(n_lags + 1, stop - start)
        products[:within] += _lagged_products(rows[start:stop], within)
        n_products += np.maximum(stop - start - np.arange(n_lags + 1), 0)
    covariance = products / np.maximum(n_products, 1)[:, np.newaxis]
    varies = covariance[0] > _ROUNDING**2
    if not varies.any():
        return np.zeros(n_lags + 1)
    return np.mean(covariance[:, varies] / covariance[0, varies], axis=1)


def _lagged_products(segment: np.ndarray, n_lags: int) -> np.ndarray:
    """Sum the products of each value with the one ``lag`` rows later, by FFT."""
    values = detrend(segment.astype(np.float64), axis=0)
    size = next_fast_len(len(values) + n_lags, real=True)
    spectrum = rfft(values, size, axis=0)
    return irfft(np.abs(spectrum) ** 2, size, axis=0)[:n_lags]


def _longest(bounds):
    return max(stop - start for start, stop in bounds)


def _latest(rows: np.ndarray, starts: np.ndarray):
    """Cut off all but the last rows, and say where segments of what is left begin."""
    n_rows = min(len(rows), _MOST_ROWS, max(1, _MOST_NUMBERS // rows.shape[1]))
    starts = np.maximum(starts - (len(rows) - n_rows), 0)
    return rows[-n_rows:], np.unique(starts)
