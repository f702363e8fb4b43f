"""What users feed to estimators: all kinds of tables, odd, broken and none at all.

`REFUSED` maps a kind to what it is and to what the error has to say. `TAKEN` is
answered with numbers. `DEPENDS` is refused by what looks at time or takes rows only,
and taken by the others.
"""

import array
from collections import deque
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import dask.array
import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse
import torch
import xarray
import zarr

GOOD = np.random.default_rng(0).normal(size=(40, 6))
NAMES = list("abcdef")
FRAME = pd.DataFrame(GOOD, columns=NAMES)
POLARS = pl.DataFrame(GOOD, schema=NAMES)
TIMES = pd.date_range("2026-01-01", periods=40)
TENSOR = torch.tensor(GOOD)


def changed(value, dtype=float):
    X = GOOD.astype(dtype)
    X[7, 3] = value
    return X


def with_column(values):
    return FRAME.drop(columns="f").assign(f=values)


def with_polars_column(values):
    return POLARS.with_columns(pl.Series("f", values))


def indexed(index):
    return FRAME.set_axis(index)


CURE_FOR_NAN = (
    r"NaN.* (row|window) 7, column 3.* impute.*X\.ffill\(\)\) before SlidingWindow"
)
INFINITY = r"infinity.* 7, column 3.* replace it|Input X contains infinity"
IS_TEXT = r"holds text such as .*, not numbers\. Convert it"
ARE_TIMES = r"holds times such as .* belong to the index"
NOT_A_TABLE = "which is no table. Pass an array, a DataFrame or a list of rows"
NO_ARRAY = "of which NumPy makes no array.* Pass an array of numbers"
IS_COMPLEX = r"Complex data not supported: .*np\.abs\(X\)"
IS_SPARSE = r"Sparse data .*\.toarray\(\)|Cannot center sparse|to a dense"
IN_PLACE = "in place of a number. Give each of its entries a column"
ALONE = "X must hold numbers alone: convert or drop|float.. argument must be .* not"
ONE_DIMENSION = (
    r"(?s)Expected (2D array|a 2-dimensional container).*(Reshape|DataFrame)"
    r"|Pass X\.to_frame"
)

REFUSED = {
    "NaN": (changed(np.nan), CURE_FOR_NAN),
    "NaN in a frame": (FRAME.mask(FRAME > 1), r"NaN.* impute .*ffill"),
    "NaN in polars": (
        with_polars_column([None, *GOOD[1:, 5]]),
        "NaN.* 0, column 5.* impute",
    ),
    "NaN in a tensor": (torch.tensor(changed(np.nan)), CURE_FOR_NAN),
    "NaN in labelled dimensions": (xarray.DataArray(changed(np.nan)), CURE_FOR_NAN),
    "NaN among decimals": (changed(Decimal("NaN"), object), CURE_FOR_NAN),
    "None among numbers": (changed(None, object), CURE_FOR_NAN),
    "pandas.NA among numbers": (changed(pd.NA, object), f"'NAType'|{ALONE}"),
    "missing integers": (
        with_column(pd.array([None, 1] * 20, dtype="Int64")),
        r"NaN.* 0, column 5",
    ),
    "missing booleans": (
        with_column(pd.array([None, True] * 20, dtype="boolean")),
        r"NaN.* 0, column 5",
    ),
    "infinity": (changed(np.inf), INFINITY),
    "minus infinity": (changed(-np.inf), INFINITY),
    "infinity in a frame": (pd.DataFrame(changed(np.inf)), INFINITY),
    "infinity in half precision": (changed(np.inf, np.float16), INFINITY),
    "a number beyond what floats hold": (
        changed(10**400, object),
        "number beyond what a float can hold, .* Scale it",
    ),
    "a fraction beyond what floats hold": (
        changed(Fraction(10**400, 3), object),
        "number beyond what a float can hold, .* Scale it",
    ),
    "no rows": (GOOD[:0], r"0 sample\(s\) .*minimum of 1 is required"),
    "no columns": (GOOD[:, :0], r"0 feature\(s\) .*minimum of 1 is required"),
    "an empty list": ([], ONE_DIMENSION),
    "rows without entries": ([[]] * 40, r"0 feature\(s\) .*minimum of 1 is required"),
    "a frame without rows": (FRAME[:0], r"0 sample\(s\) .*minimum of 1 is required"),
    "a frame without columns": (FRAME[[]], "it has 0 columns. Pass one with"),
    "an empty frame": (pd.DataFrame(), "it has 0 columns. Pass one with"),
    "one dimension": (GOOD[:, 0], ONE_DIMENSION),
    "a pandas Series": (FRAME["a"], ONE_DIMENSION),
    "a polars Series": (POLARS["a"], ONE_DIMENSION),
    "a Series of lists": (pd.Series(GOOD.tolist()), f"{ONE_DIMENSION}|{IN_PLACE}"),
    "a tensor of one dimension": (TENSOR[:, 0], ONE_DIMENSION),
    "a list of numbers": ([1.0, 2.0, 3.0] * 13, ONE_DIMENSION),
    "a range": (range(40), ONE_DIMENSION),
    "an array of the standard library": (array.array("d", GOOD[:, 0]), ONE_DIMENSION),
    "four dimensions": (
        GOOD[..., np.newaxis, np.newaxis],
        "X has 4 dimensions|Found array with dim 4|needs a table of shape",
    ),
    "a structured array": (
        np.zeros(40, dtype="f8, f8"),
        r"structured array .* Pass pandas\.DataFrame\(X\)",
    ),
    "a word among objects": (changed("high", object), IS_TEXT),
    "a byte string among objects": (changed(b"1", object), IS_TEXT),
    "an empty word": (changed("", object), IS_TEXT),
    "a dict among objects": (changed({}, object), ALONE),
    "a function among objects": (changed(np.mean, object), ALONE),
    "a column of lists": (with_column([[1, 2]] * 40), IN_PLACE),
    "a column of arrays": (with_column(list(GOOD)), IN_PLACE),
    "a polars column of lists": (with_polars_column([[1, 2]] * 40), IN_PLACE),
    "a column of intervals": (with_column(pd.interval_range(0, 40)), ALONE),
    "digits as text": (GOOD.astype(str), IS_TEXT),
    "digits as text of any length": (GOOD.astype(np.dtypes.StringDType()), IS_TEXT),
    "digits as bytes": (GOOD.astype(bytes), r"text such as b'.*', not numbers"),
    "digits as objects": (GOOD.astype(str).astype(object), IS_TEXT),
    "digits in a list": (GOOD.astype(str).tolist(), IS_TEXT),
    "a column of digits": (with_column("1.5"), f"Column 'f' {IS_TEXT}"),
    "a column of pandas strings": (
        with_column(pd.array(["1.5"] * 40, dtype="string")),
        f"Column 'f' {IS_TEXT}",
    ),
    "a polars column of digits": (with_polars_column(["1"] * 40), IS_TEXT),
    "a column of categories": (
        with_column(pd.Categorical(["on", "off"] * 20)),
        "Column 'f' holds text such as 'on'",
    ),
    "complex numbers": (GOOD + 1j, IS_COMPLEX),
    "complex numbers without imaginary part": (GOOD.astype(complex), IS_COMPLEX),
    "a complex number among objects": (changed(1j, object), IS_COMPLEX),
    "a column of complex numbers": (with_column(1j), IS_COMPLEX),
    "a complex tensor": (TENSOR + 1j, IS_COMPLEX),
    "a conjugate tensor": ((TENSOR + 1j).conj(), NO_ARRAY),
    "datetime64": (np.full(GOOD.shape, np.datetime64("2026-01-01")), ARE_TIMES),
    "timedelta64": (np.full(GOOD.shape, np.timedelta64(3, "s")), ARE_TIMES),
    "no time among objects": (changed(pd.NaT, object), ARE_TIMES),
    "a column of times": (with_column(TIMES), r"Column 'f' .*X\.set_index\(column\)"),
    "a column of local times": (
        with_column(TIMES.tz_localize("Europe/Rome")),
        r"Column 'f' .*X\.set_index\(column\)",
    ),
    "a column of durations": (with_column(TIMES - TIMES[0]), f"'f' {ARE_TIMES}"),
    "a column of periods": (with_column(TIMES.to_period("D")), ALONE),
    "a polars column of dates": (with_polars_column(TIMES.date.tolist()), ARE_TIMES),
    "a polars column of times": (with_polars_column(TIMES.to_numpy()), ARE_TIMES),
    "times in a list": ([[TIMES[0], 1.0]] * 40, ARE_TIMES),
    "a sparse matrix": (scipy.sparse.csr_matrix(GOOD), IS_SPARSE),
    "a sparse array": (scipy.sparse.coo_array(GOOD), IS_SPARSE),
    "a frame of sparse columns": (FRAME.astype(pd.SparseDtype(float, 0.0)), IS_SPARSE),
    "a sparse tensor": (TENSOR.to_sparse(), NO_ARRAY),
    "a masked array": (np.ma.masked_less(GOOD, 0), r"masked array.* X\.filled"),
    "masked rows": ([np.ma.masked_less(row, 0) for row in GOOD], "masked array"),
    "rows of different lengths": (
        [[1.0, 2.0], [3.0]] * 20,
        "no rectangular table.* rows",
    ),
    "None": (None, f"NoneType, {NOT_A_TABLE}"),
    "a dict of columns": (
        dict(zip(NAMES, GOOD.T, strict=True)),
        f"dict, {NOT_A_TABLE}",
    ),
    "a list of dicts": (FRAME.to_dict("records"), ALONE + "|Expected 2D"),
    "a set of rows": (set(map(tuple, GOOD)), f"set, {NOT_A_TABLE}"),
    "a name of a file": ("readings.csv", f"str, {NOT_A_TABLE}"),
    "a path": (Path("readings.csv"), f"PosixPath, {NOT_A_TABLE}"),
    "bytes": (b"1,2,3", f"bytes, {NOT_A_TABLE}"),
    "a number": (5.0, f"float, {NOT_A_TABLE}"),
    "a time": (TIMES[0], f"Timestamp, {NOT_A_TABLE}"),
    "an array without dimensions": (np.array(3.0), f"ndarray, {NOT_A_TABLE}"),
    "a class": (np.ndarray, f"type, {NOT_A_TABLE}"),
    "a function": (np.mean, NOT_A_TABLE),
    "a generator": ((row for row in GOOD), f"generator, {NOT_A_TABLE}"),
    "a lazy frame": (POLARS.lazy(), f"LazyFrame, {NOT_A_TABLE}"),
    "a dataset of xarray": (
        xarray.Dataset({"a": ("time", GOOD[:, 0])}),
        NO_ARRAY,
    ),
    "a tensor with a gradient": (
        torch.tensor(GOOD, requires_grad=True),
        r"requires a gradient.* X\.detach\(\)\.numpy\(\)",
    ),
    "rows with a gradient": (list(torch.tensor(GOOD, requires_grad=True)), NO_ARRAY),
    "a tensor of brain floats": (TENSOR.bfloat16(), NO_ARRAY),
    "a tensor without memory": (TENSOR.to("meta"), NO_ARRAY),
    "a matrix": (GOOD.view(np.matrix), "np.matrix is not supported. Please convert"),
    "names of two types": (FRAME.rename(columns={"a": 0}), "all input features have"),
    "one name twice": (FRAME.set_axis(list("aabcde"), axis=1), "2 columns named 'a'"),
}


def memory_mapped(folder):
    file = folder / "readings.dat"
    mapped = np.memmap(file, dtype=np.float64, mode="w+", shape=GOOD.shape)
    mapped[:] = GOOD
    mapped.flush()
    return np.memmap(file, dtype=np.float64, mode="r", shape=GOOD.shape)


def read_only():
    X = GOOD.copy()
    X.setflags(write=False)
    return X


def unaligned():
    X = np.frombuffer(bytearray(8 * GOOD.size + 1), offset=1).reshape(GOOD.shape)
    X[:] = GOOD
    return X


class OwnArray(np.ndarray):
    """As libraries of units and labels make them."""


TAKEN = {
    "constant channels": np.where([True, False] * 3, 0.1, GOOD),
    "integers": (10 * GOOD).astype(int),
    "integers beyond 2 ** 53": (GOOD * 2.0**54).astype(np.int64),
    "unsigned bytes": np.abs(10 * GOOD).astype(np.uint8),
    "booleans": GOOD > 0,
    "half precision": GOOD.astype(np.float16),
    "single precision": GOOD.astype(np.float32),
    "extended precision": GOOD.astype(np.longdouble),
    "big-endian numbers": GOOD.astype(">f8"),
    "numbers as objects": GOOD.astype(object),
    "decimals": np.array([[Decimal(str(x)) for x in row] for row in GOOD]),
    "fractions": [[Fraction(x) for x in row] for row in GOOD],
    "numbers in lists": GOOD.tolist(),
    "rows as tuples": tuple(map(tuple, GOOD)),
    "rows as ranges": [range(i * i % 7, i * i % 7 + 6) for i in range(40)],
    "rows as arrays": list(GOOD),
    "rows as tensors": list(TENSOR),
    "rows in a deque": deque(GOOD.tolist()),
    "a buffer": memoryview(GOOD),
    "a read-only array": read_only(),
    "an unaligned array": unaligned(),
    "an array of a subclass": GOOD.view(OwnArray),
    "every second column": np.repeat(GOOD, 2, axis=1)[:, ::2],
    "a reversed array": GOOD[::-1, ::-1],
    "one column six times": np.broadcast_to(GOOD[:, :1], GOOD.shape),
    "Fortran order": np.asfortranarray(GOOD),
    "a pandas frame": FRAME,
    "a frame of integers and booleans": FRAME.assign(e=True, f=range(40)),
    "nullable numbers": FRAME.astype("Float64"),
    "columns of objects": FRAME.astype(object),
    "a column of decimals": with_column([Decimal(i) for i in range(40)]),
    "categories of numbers": with_column(pd.Categorical([1, 2] * 20)),
    "a frame with integer names": pd.DataFrame(GOOD),
    "names of several levels": FRAME.set_axis(
        pd.MultiIndex.from_product([["in", "out"], list("abc")]), axis=1
    ),
    "a polars frame": POLARS,
    "a polars frame of booleans": pl.DataFrame(GOOD > 0, schema=NAMES),
    "labelled dimensions": xarray.DataArray(
        GOOD, dims=("time", "channel"), coords={"time": TIMES}
    ),
    "a dask array": dask.array.from_array(GOOD, chunks=(10, 6)),
    "a zarr array": zarr.array(GOOD),
    "a tensor": TENSOR,
    "a tensor in half precision": TENSOR.half(),
    "a tensor of integers": (10 * TENSOR).int(),
    "a tensor of booleans": TENSOR > 0,
}

NO_TIME = "The index of X holds .* which show neither time nor row numbers. Convert it"
SKTIME = "needs timestamps|must be in an sktime compatible format"
SKTIME += "|index of X has several levels"
MISSING = r"The index of X has missing or infinite entries\. Drop these rows"
WINDOWS = "dimensions: are these windows already|Found array with dim 3|is expecting 6"
OTHER_WINDOWS = f"{WINDOWS}|holds windows of .* Cut X"
FEW = (
    "Pass a longer series|All labels in y|0 rows|has 1 sample|labels of either kind|"
    "n_samples = [12]|longer series"
)
OTHER_KIND = "but at fit it held row numbers"
OUT_OF_ORDER = r"comes after|is a duplicate of"
MIXED_ZONES = [
    time.tz_localize(zone)
    for time, zone in zip(TIMES, ["UTC", "Europe/Rome"] * 20, strict=True)
]
DEPENDS = {
    "duplicated times": (indexed([TIMES[0], *TIMES[:39]]), OUT_OF_ORDER),
    "times backwards": (indexed(TIMES[::-1]), f"{OUT_OF_ORDER}|{SKTIME}"),
    "a missing time": (indexed([pd.NaT, *TIMES[1:]]), f"{MISSING}|{SKTIME}"),
    "an infinite row number": (
        indexed([*range(39), np.inf]),
        f"{MISSING}|{SKTIME}",
    ),
    "times of two zones": (indexed(MIXED_ZONES), f"{NO_TIME}.*utc=True|{SKTIME}"),
    "row names": (indexed([f"row {i}" for i in range(40)]), f"{NO_TIME}|{SKTIME}"),
    "times as text": (indexed(TIMES.strftime("%Y-%m-%d")), f"{NO_TIME}|{SKTIME}"),
    "dates of the standard library": (indexed(TIMES.date), f"{NO_TIME}|{SKTIME}"),
    "intervals as index": (indexed(pd.interval_range(0, 40)), f"{NO_TIME}|{SKTIME}"),
    "booleans as index": (indexed([True, False] * 20), f"{NO_TIME}|{SKTIME}"),
    "periods as index": (indexed(TIMES.to_period("D")), OTHER_KIND),
    "durations as index": (indexed(TIMES - TIMES[0]), OTHER_KIND),
    "local times over a change of the clock": (
        indexed(pd.date_range("2026-03-28", periods=40, freq="h", tz="Europe/Rome")),
        OTHER_KIND,
    ),
    "whole numbers as objects in the index": (
        indexed(pd.Index(list(range(40)), dtype=object)),
        SKTIME,
    ),
    "series that alternate": (
        indexed(pd.MultiIndex.from_arrays([list("ab") * 20, range(40)])),
        rf"do not stand next to each other. Sort X|{SKTIME}|{FEW}",
    ),
    "a series without a name": (
        indexed(pd.MultiIndex.from_arrays([["a"] * 20 + [np.nan] * 20, range(40)])),
        SKTIME,
    ),
    "three dimensions": (GOOD.reshape(40, 3, 2), OTHER_WINDOWS),
    "lists of lists of lists": (GOOD.reshape(40, 3, 2).tolist(), OTHER_WINDOWS),
    "a list of frames": ([FRAME, FRAME], f"{OTHER_WINDOWS}|{FEW}"),
    "one row": (GOOD[:1], FEW),
    "two rows": (GOOD[:2], FEW),
    "nothing but a constant": (np.full(GOOD.shape, 3.0), "no threshold to tune"),
    "numbers beyond single precision": (
        changed(1e150),
        "value of magnitude .* Scale X|infinity or a value too large for",
    ),
    "the largest integers": (
        np.array(GOOD > 0, dtype=np.uint64) * (2**64 - 1),
        "value of magnitude .* Scale X",
    ),
    "a number that is barely above zero": (changed(5e-324), "never refused"),
}

# What some detectors read as missing, and others refuse.
_MISSING = [
    kind for kind in REFUSED if kind.startswith(("NaN", "None among", "missing"))
]
DEPENDS |= {kind: REFUSED.pop(kind) for kind in _MISSING}
