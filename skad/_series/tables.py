"""What can be read as a table of numbers, and what is wrong with what cannot.

scikit-learn reads digits as numbers and times as nanoseconds, and loses masks, in
silence. What it refuses, it refuses in the words of whoever failed to convert it.
"""

import datetime
import sys
from collections import Counter
from numbers import Rational

import numpy as np
from scipy.sparse import issparse

_LARGEST_FLOAT = sys.float_info.max
_TIMES = (datetime.date, datetime.timedelta, np.datetime64, np.timedelta64)


def as_native(X):
    """Return the frame that narwhals wraps, a pandas frame of Arrow's, or X as it is.

    Frames of narwhals show no index, and Arrow's tables give no rows by number.
    """
    if hasattr(X, "to_native") and hasattr(X, "columns"):
        X = X.to_native()
    is_of_arrow = type(X).__module__.partition(".")[0] == "pyarrow"
    return X.to_pandas() if is_of_arrow and hasattr(X, "to_pandas") else X


def as_table(X):
    """Return X, an array if it was none, or raise where it is no table of numbers."""
    X = as_native(X)
    if _is_masked(X):
        raise ValueError(
            "X is a masked array, and the mask would be lost. Fill it, for example "
            "with X.filled(np.nan) and an imputer before SlidingWindow."
        )
    if getattr(X, "requires_grad", False):
        raise TypeError(
            "X is a tensor that requires a gradient, which would be lost. Pass "
            "X.detach().numpy()."
        )
    table = X if is_read_as_it_is(X) else _as_array(X)
    if len(table.shape) == 0:
        raise TypeError(
            f"X is of type {type(X).__name__}, which is no table. Pass an array, a "
            "DataFrame or a list of rows, with one row per timestamp."
        )
    if hasattr(table, "iloc") and len(table.shape) == 1:
        raise ValueError(
            f"X is a {type(table).__name__}, which shows one dimension. Pass "
            "X.to_frame(): one row per timestamp, one column."
        )
    _refuse_no_numbers(table)
    _refuse_columns(table)
    return table


def _is_masked(X):
    rows = X if isinstance(X, (list, tuple)) else ()
    return np.ma.isMaskedArray(X) or any(map(np.ma.isMaskedArray, rows))


def n_dimensions(X):
    """Count the dimensions of an array-like."""
    X = as_native(X)
    has_shape = hasattr(X, "shape") and not isinstance(X, type)
    return len(X.shape) if has_shape else _as_array(X).ndim


def is_read_as_it_is(X):
    """Tell arrays, sparse ones too, and tables with names from all that becomes one."""
    return isinstance(X, np.ndarray) or issparse(X) or _is_of_frames(X)


def _is_of_frames(X):
    if not hasattr(X, "shape") or isinstance(X, type):
        return False
    return hasattr(X, "columns") or hasattr(X, "iloc")


def _as_array(X):
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(
            f"X is no rectangular table: {error} Give all rows the same number of "
            "columns; pass several series as one DataFrame, named in an outer index "
            "level, for example by pandas.concat(frames, keys=names)."
        ) from error
    except (TypeError, RuntimeError) as error:  # of tensors that NumPy may not look at
        raise TypeError(
            f"X is of type {type(X).__name__}, of which NumPy makes no array: {error} "
            "Pass an array of numbers, such as X.detach().cpu().double().numpy() of a "
            "tensor."
        ) from error


def _refuse_columns(X):
    names = getattr(getattr(X, "dtype", None), "names", None)
    if names is not None:
        raise TypeError(
            f"X is a structured array with the fields {names}. Pass "
            "pandas.DataFrame(X), or an array with one column for each."
        )
    columns = list(getattr(X, "columns", [None]))
    if not columns:
        raise ValueError(
            f"X is a {type(X).__name__} of shape {X.shape}: it has 0 columns. Pass one "
            "with a column for each channel; an index counts as none."
        )
    name, count = Counter(columns).most_common(1)[0]
    if count > 1:
        raise ValueError(
            f"X has {count} columns named {name!r}. Rename them, or keep the first "
            "with X.loc[:, ~X.columns.duplicated()]."
        )


def _refuse_no_numbers(X):
    columns = getattr(X, "columns", None)
    for position, kind in enumerate(_column_kinds(X)):
        if kind in "biuf":
            continue
        where = "X" if columns is None else f"Column {columns[position]!r}"
        values = np.asarray(X if columns is None else X[columns[position]])
        _refuse_kind(values, where)


def _column_kinds(X):
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        # A table of pandas or polars; what is no numpy dtype is looked at by value.
        return [getattr(dtype, "kind", "O") for dtype in list(X.dtypes)]
    return [getattr(X.dtype, "kind", "f")]


def _refuse_kind(values, where):
    found = _odd_value(values)
    if isinstance(found, _TIMES):
        raise ValueError(
            f"{where} holds times such as {found!s}, not readings. Times belong to the "
            "index: X.set_index(column) for a DataFrame; else drop them."
        )
    if isinstance(found, (str, bytes)):
        raise ValueError(
            f"{where} holds text such as {found!r}, not numbers. Convert it, for "
            "example with X.astype(float) or pandas.to_numeric, or drop it."
        )
    if isinstance(found, complex):
        raise ValueError(
            f"Complex data not supported: {where} holds {found!s}. Pass its magnitude, "
            "np.abs(X), or its real and imaginary parts as two channels."
        )
    if found is not None:
        _refuse_object(found, where)


def _refuse_object(found, where):
    if isinstance(found, Rational):
        raise ValueError(
            f"{where} holds a number beyond what a float can hold, "
            f"{_LARGEST_FLOAT:.2g}. Scale it, or treat it as missing."
        )
    raise ValueError(
        f"{where} holds a {type(found).__name__} in place of a number. Give each of "
        "its entries a column of its own, or drop it."
    )


def _odd_value(values):
    """Return the first value that is no number for a float, or None."""
    if values.dtype.kind in "MmUSTc":
        found = values.flat[0] if values.size else None
        return values.item(0) if isinstance(found, (str, bytes)) else found
    if values.dtype.kind != "O":
        return None
    return next(filter(_is_odd, values.flat), None)


def _is_odd(value):
    if isinstance(value, Rational):
        return not -_LARGEST_FLOAT <= value <= _LARGEST_FLOAT
    if isinstance(value, (list, tuple)) or getattr(value, "shape", ()) != ():
        return True
    return isinstance(value, (str, bytes, complex, *_TIMES))
