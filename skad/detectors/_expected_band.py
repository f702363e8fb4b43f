"""How far readings lie from what is expected of them: bands around expectations."""

from collections.abc import Callable, Iterable
from numbers import Real

import numpy as np

from skad._series.windows import take_windows
from skad.detectors._window_errors import joined

# Training windows whose residuals are kept; fewer of many channels.
_MOST, _FEWEST, _MOST_NUMBERS = 1000, 200, 50_000


def residuals_of(
    windows, expectations_of: Callable[..., Iterable[tuple[int, np.ndarray]]]
) -> np.ndarray:
    """Return by how much the last rows of some windows exceed what is expected there.

    The shape is (n, n_channels); where a reading is missing, so is this: NaN.
    ``expectations_of(windows, rows, n_rows)`` yields blocks of what is expected of the
    windows taken from these rows, of so many.
    """
    n_rows, n_channels = len(windows), windows.shape[2]
    n_kept = min(n_rows, _MOST, max(_FEWEST, _MOST_NUMBERS // n_channels))
    rows = np.linspace(0, n_rows - 1, n_kept).astype(np.intp)
    taken = take_windows(windows, rows)
    blocks = expectations_of(taken, rows, n_rows)
    read = np.array([window[-1] for window in taken], dtype=np.float64)
    return read - joined(blocks, read.shape)


def band_around(rows: np.ndarray, residuals: np.ndarray, interval: Real):
    """Return the lowest and the highest reading to be expected, as ``rows`` each.

    Channels without a residual can read anything.
    """
    if not (isinstance(interval, Real) and 0 < interval < 1):
        raise ValueError(
            f"interval={interval!r} is no share of the readings; needed is a number "
            "between 0 and 1, such as 0.99."
        )
    is_known = ~np.isnan(residuals).all(axis=0)
    known = residuals[:, is_known]
    low, high = np.full(len(is_known), -np.inf), np.full(len(is_known), np.inf)
    low[is_known] = np.nanquantile(known, (1 - interval) / 2, axis=0, method="lower")
    high[is_known] = np.nanquantile(known, (1 + interval) / 2, axis=0, method="higher")
    return rows + low, rows + high
