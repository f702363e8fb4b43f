"""What may enter: a table of numbers, or windows of them; never infinity.

NaN, a missing reading, enters where the tag ``allow_nan`` of the estimator says so.

scikit-learn's `validate_data` does most of it. Added here is what it lets pass in
silence (`skad._series.tables`), the third dimension, a finite check that reads a
series once instead of every window over it, and messages that say what to do about a
series.
"""

import warnings

import numpy as np
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from skad._series.tables import as_table, n_dimensions
from skad._series.windows import PickedWindows, as_dtype, series_under, unflatten

# Errors are squared and summed over a window: of larger values float32 makes inf.
LARGEST = 1e17
# What varies less, relative to its magnitude, is constant but for rounding.
_ROUNDING = 1e-13
# What varies by fewer steps of the precision shows no shape, and what is smaller than
# this is zero when it is squared.
_FEWEST_STEPS, _LEAST_SQUARED = 4, 1e-150
_CURES = {
    "NaN": "impute it (sklearn.impute.SimpleImputer) or carry the last reading forward "
    "(X.ffill())",
    "infinity": "replace it by a reading, or treat it as missing and impute it,",
}


def check_rows(estimator, X, *, reset):
    """Validate a table of shape (n_timestamps, n_channels); float32 stays float32."""
    X = as_table(X)
    if n_dimensions(X) > 2:
        raise ValueError(
            f"X has {n_dimensions(X)} dimensions: are these windows already? "
            f"{_name(estimator)} needs a table of shape (n_timestamps, n_channels)."
        )
    rows = _validate(estimator, X, reset)
    rows = rows.astype(_float_type(rows.dtype), copy=False)
    refuse_missing(rows, estimator)
    return rows


def check_windows(estimator, X, *, reset, n_channels=1, expected=None):
    """Validate windows, 3-D or flattened, and view them as 3-D.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` (of the flattened window) when ``reset``.
    X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
        Flattened windows are read in time-major order.
    reset : bool
        True at fit.
    n_channels : int, default=1
        The channels of flattened windows.
    expected : tuple of int or None, default=None
        The ``(n_timesteps, n_channels)`` seen at fit.

    Returns
    -------
    windows : ndarray or PickedWindows of shape (n, n_timesteps, n_channels)
        float32 stays float32, all else is float64; no copy of overlapping windows.
    """
    if isinstance(X, PickedWindows):
        return _check_picked(estimator, X, reset, expected)
    X = as_table(X)
    if n_dimensions(X) > 3:
        raise ValueError(
            f"X has {n_dimensions(X)} dimensions; {_name(estimator)} needs windows of "
            "shape (n_windows, n_timesteps, n_channels), or flattened to two "
            "dimensions. Reshape X."
        )
    if n_dimensions(X) == 3:
        X = np.asarray(X)
        refuse_other_shape(estimator, X.shape[1:], expected)
        flat = X.reshape(len(X), X.shape[1] * X.shape[2])
        flat = _validate(estimator, flat, reset)
        # A reshaped single window no longer shows that it looks at a series.
        is_view = flat.dtype == X.dtype and np.may_share_memory(flat, X)
        windows = X if is_view else flat.reshape(X.shape)
    else:
        flat = _validate(estimator, X, reset)
        shape = expected or _window_shape(flat.shape[1], n_channels)
        windows = unflatten(flat, *shape)
    refuse_missing(windows, estimator)
    return as_dtype(windows, _float_type(windows.dtype))


def _check_picked(estimator, windows, reset, expected):
    refuse_other_shape(estimator, windows.shape[1:], expected)
    _validate(estimator, np.asarray(windows[:1]).reshape(1, -1), reset)
    refuse_missing(windows, estimator)
    return as_dtype(windows, _float_type(windows.dtype))


def refuse_missing(values, estimator):
    """Raise at an infinite value or, unless it may be missing, NaN, and say where."""
    values, unit = _without_overlap(values)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):  # no array of flags for a clean series
            return
    allows_nan = get_tags(estimator).input_tags.allow_nan
    refused = np.isinf(values) if allows_nan else ~np.isfinite(values)
    if not refused.any():
        return
    row, column = np.argwhere(refused.reshape(len(values), -1))[0]
    found = "infinity" if np.isinf(values[refused]).all() else "NaN"
    needed = "takes finite numbers and NaN" if allows_nan else "needs a finite number"
    raise ValueError(
        f"X contains {found}: the first value that is not finite stands in {unit} "
        f"{row}, column {column}. {_name(estimator)} {needed} everywhere: "
        f"{_CURES[found]} before SlidingWindow."
    )


def refuse_huge(windows, estimator):
    """Raise where the square of a value would overflow single precision."""
    values, _ = _without_overlap(windows)
    largest = np.fmax(
        abs(np.fmax.reduce(values, None)), abs(np.fmin.reduce(values, None))
    )
    if largest >= LARGEST:
        raise ValueError(
            f"X holds a value of magnitude {largest:.3g}; {_name(estimator)} computes "
            f"in single precision and takes values below {LARGEST:.0e}. Scale X, for "
            "example by a StandardScaler before SlidingWindow."
        )


def refuse_lost(windows, estimator, dtype):
    """Raise where nothing of how values vary is left in the precision of ``dtype``.

    Where something is left in other channels, warn. Channels that are constant, but
    for rounding, have nothing to lose.
    """
    values, _ = _without_overlap(windows)
    all_but_channels = tuple(range(values.ndim - 1))
    highest = np.fmax.reduce(values, all_but_channels)
    lowest = np.fmin.reduce(values, all_but_channels)
    magnitude = np.maximum(abs(highest), abs(lowest))
    varies = highest - lowest > _ROUNDING * magnitude
    least = np.full(len(magnitude), _LEAST_SQUARED)
    if values.dtype != dtype:
        step = np.spacing(magnitude.astype(dtype)).astype(np.float64)
        least = np.maximum(_FEWEST_STEPS * step, least)
    is_lost = varies & (highest - lowest < least)
    if not is_lost.any():
        return
    spans = [(n, (highest - lowest)[n], magnitude[n]) for n in np.flatnonzero(is_lost)]
    words = _lost(spans, estimator, np.dtype(dtype).name)
    if (varies & ~is_lost).any():
        warnings.warn(words, UserWarning, stacklevel=6)
    else:
        raise ValueError(words)


def _lost(spans, estimator, precision):
    channels = "; ".join(
        f"Channel {number} of X varies by {span:.3g} near {size:.3g}, "
        + ("whose square is zero" if span < _LEAST_SQUARED else "which is rounded away")
        for number, span, size in spans
    )
    return (
        f"{channels} in {precision}: {_name(estimator)} sees next to nothing of it. "
        "Scale X, for example by a StandardScaler before SlidingWindow."
    )


def refuse_other_shape(estimator, shape, expected):
    """Raise where windows are of another shape than those seen at fit."""
    if expected is not None and tuple(shape) != tuple(expected):
        raise ValueError(
            f"X holds windows of {shape[0]} timesteps and {shape[1]} channels, but "
            f"{_name(estimator)} was fitted on {expected[0]} timesteps and "
            f"{expected[1]} channels. Cut X with the SlidingWindow used at fit."
        )


def _validate(estimator, X, reset):
    try:
        table = validate_data(
            estimator, X, reset=reset, ensure_all_finite=False, ensure_min_samples=1
        )
        return table.astype(np.float64) if table.dtype == object else table
    except TypeError as error:
        if "argument must be" not in str(error):
            raise  # sparse, or names of columns: these say what to do
        raise TypeError(
            f"{error}. X must hold numbers alone: convert or drop what is no number, "
            "and impute what is missing."
        ) from error


def _float_type(dtype):
    return np.float32 if dtype == np.float32 else np.float64


def _window_shape(n_features, n_channels):
    if n_features % n_channels:
        raise ValueError(
            f"X has n_features = {n_features}, which n_channels={n_channels} does not "
            "divide. A flattened window has n_timesteps * n_channels columns: set "
            "n_channels to the number of columns that SlidingWindow received."
        )
    return n_features // n_channels, n_channels


def _without_overlap(values):
    """Return the distinct rows behind ``values``, and what to call one of them."""
    if isinstance(values, PickedWindows):
        return values.block, "row"
    if values.ndim == 3:
        series = series_under(values)
        return (values, "window") if series is None else (series, "row")
    return values, "row"


def _name(estimator):
    return type(estimator).__name__
