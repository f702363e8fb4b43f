"""Which channels have left the range of their past by the end of training."""

import warnings

import numpy as np

from skad._series.segments import series_starts
from skad._series.windows import segment_bounds

# The share of a series that is compared with what was before, and its fewest rows.
_LAST, _FEWEST_ROWS = 0.2, 100
# The readings before it that count as its range.
_RANGE = (1, 99)


def drifting_channels(X) -> list:
    """Name the channels whose last readings lie beyond nearly all earlier ones.

    Of each series the median of the last fifth is compared with the readings before;
    a channel drifts if it does in most of the series that are long enough.
    """
    table = np.asarray(X)
    if table.ndim != 2 or table.dtype.kind not in "biuf":
        return []
    bounds = segment_bounds(series_starts(X), len(table))
    found = [_has_left(table[slice(*pair)]) for pair in bounds if _is_long(*pair)]
    if not found:
        return []
    names = list(getattr(X, "columns", range(table.shape[1])))
    drifts = np.mean(found, axis=0) > 0.5
    return [
        name for name, is_drifting in zip(names, drifts, strict=True) if is_drifting
    ]


def warn_of_drift(channels: list, owner) -> None:
    """Warn where channels drift."""
    if not channels:
        return
    named = ", ".join(repr(name) for name in channels[:5])
    warnings.warn(
        f"{type(owner).__name__}: {len(channels)} of the channels of X drift ({named}"
        f"{', ...' if len(channels) > 5 else ''}): at the end of the training rows "
        "their readings lie beyond nearly all earlier ones. Thresholds follow, but the "
        "scores of such a channel keep growing: take differences, leave it out, or fit "
        "anew on recent rows.",
        UserWarning,
        stacklevel=6,
    )


def _is_long(start, stop):
    return stop - start >= _FEWEST_ROWS


def _has_left(series):
    n_last = round(_LAST * len(series))
    before, last = series[:-n_last], series[-n_last:]
    if not np.isfinite(series).all():
        return np.zeros(series.shape[1], dtype=bool)
    low, high = np.percentile(before, _RANGE, axis=0)
    middle = np.median(last, axis=0)
    return (middle < low) | (middle > high)
