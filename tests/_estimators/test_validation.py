"""What may enter, and what is refused with what words."""

import datetime
import tracemalloc
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator

from skad._estimators.validation import (
    check_rows,
    check_windows,
    refuse_huge,
    refuse_lost,
)
from skad._series.tables import n_dimensions
from skad._series.windows import series_under, trailing_windows


class Step(BaseEstimator):
    """An estimator for messages to name."""


def rows(X, reset=True, step=None):
    return check_rows(step or Step(), X, reset=reset)


def windows(X, reset=True, step=None, **parameters):
    return check_windows(step or Step(), X, reset=reset, **parameters)


TEN = np.arange(10.0).reshape(5, 2)


@pytest.mark.parametrize("check", [rows, windows])
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            np.array([[0, 1], [2, np.nan]]),
            "X contains NaN: the first value that is not finite stands in (row|window) "
            r"1, column 1\. Step needs a finite number everywhere: impute it .* carry "
            r"the last reading forward \(X\.ffill\(\)\) before SlidingWindow\.",
        ),
        (
            np.array([[0, 1], [-np.inf, 2]], dtype=np.float32),
            "X contains infinity: the first value .* 1, column 0.* replace it",
        ),
        (
            pd.DataFrame({"a": [0, None]}, dtype="Int64"),
            "X contains NaN: .* 1, column 0",
        ),
        (
            pd.DataFrame({"a": [0, None]}, dtype="Float64"),
            "X contains NaN: .* 1, column 0",
        ),
        (
            pd.DataFrame({"a": [True, None]}, dtype="boolean"),
            "X contains NaN: .* 1, column 0",
        ),
        ([[0.0], [None]], "X contains NaN: .* 1, column 0"),
        ([[Decimal(0)], [Decimal("NaN")]], "X contains NaN: .* 1, column 0"),
        (pl.DataFrame({"a": [0.0, None]}), "X contains NaN: .* 1, column 0"),
        ([[10**400]], r"number beyond what a float can hold, 1\.8e\+308\. Scale it"),
        (np.empty((0, 2)), r"Found array with 0 sample\(s\) \(shape=\(0, 2\)\)"),
        (np.empty((5, 0)), r"Found array with 0 feature\(s\) \(shape=\(5, 0\)\)"),
        (np.zeros(5), r"Expected 2D array, got 1D array[\s\S]* array.reshape\(-1, 1\)"),
        (
            pd.Series(np.zeros(5)),
            r"X is a Series.* one dimension. Pass X.to_frame\(\)",
        ),
        (
            np.ma.masked_array(TEN, TEN > 3),
            "X is a masked array, and the mask would be lost. Fill it",
        ),
        (np.array([["1"], ["2"]]), "X holds text such as '1', not numbers. Convert it"),
        (np.array([[b"1"], [b"2"]]), "X holds text such as b'1', not numbers"),
        (np.array([[0], ["a"]], dtype=object), "X holds text such as 'a', not numbers"),
        ([["1"], ["2"]], "X holds text such as '1', not numbers"),
        (pd.DataFrame({"a": [0], "b": ["x"]}), "Column 'b' holds text such as 'x'"),
        (pd.DataFrame({"b": pd.Categorical(["x"])}), "Column 'b' holds text such as"),
        (pd.DataFrame([["x", "y"]], columns=["a", "a"]), "Column 'a' holds text such"),
        (pl.DataFrame({"a": ["1"]}), "Column 'a' holds text such as '1'"),
        (
            np.array([["2024-01-01"]], dtype="datetime64[s]"),
            r"X holds times such as 2024-01-01T00:00:00, not readings\. Times belong "
            r"to the index: X\.set_index",
        ),
        (np.array([[5]], dtype="timedelta64[s]"), "X holds times such as 5 seconds"),
        (
            [[datetime.datetime(2024, 1, 1)]],
            "X holds times such as 2024-01-01 00:00:00",
        ),
        (
            pd.DataFrame(
                {"t": pd.date_range("2024", periods=2, tz="UTC"), "a": [0, 1]}
            ),
            r"Column 't' holds times such as 2024-01-01 .*, not readings",
        ),
        (
            pd.DataFrame({"t": pd.to_timedelta([1, 2])}),
            "Column 't' holds times such as",
        ),
        (
            pd.DataFrame({"t": [datetime.date(2024, 1, 1)]}),
            "Column 't' holds times such",
        ),
        (
            pl.DataFrame({"t": [datetime.date(2024, 1, 1)]}),
            "Column 't' holds times suc",
        ),
        (
            np.array([[1j]]),
            "Complex data not supported: X holds 1j. Pass its magnitude",
        ),
        (pd.DataFrame({"z": [1j]}), "Complex data not supported: Column 'z' holds 1j"),
        (
            [[0.0, 1.0], [2.0]],
            "X is no rectangular table: .* Give all rows the same num",
        ),
        (np.array([[1j, 0]], dtype=object), r"Complex data not supported: X holds 1j"),
        (
            pd.DataFrame([[0, 1]], columns=["a", "a"]),
            "X has 2 columns named 'a'. Rename",
        ),
        (
            pd.DataFrame(index=range(3)),
            r"of shape \(3, 0\): it has 0 columns",
        ),
        (pd.DataFrame({"a": [[1, 2]]}), "Column 'a' holds a list in place of"),
        (
            pd.DataFrame({"a": [TEN[0]]}),
            "'a' holds a ndarray in place of a numb",
        ),
        (
            [np.ma.masked_less(row, 3) for row in TEN],
            "masked array, and the mask would",
        ),
    ],
)
def test_what_holds_no_finite_numbers_is_refused(check, X, message):
    with pytest.raises(ValueError, match=message):
        check(X)


@pytest.mark.parametrize("check", [rows, windows])
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (csr_array(TEN), "Sparse data was passed for X, but dense data is requ"),
        (torch.ones(5, 2, requires_grad=True), "requires a gradient, .* X.detach()"),
        (None, "X is of type NoneType, which is no table. Pass an array, a DataFrame"),
        ("table", "X is of type str, which is no table"),
        (3.0, "X is of type float, which is no table"),
        (np.float64(3), "X is of type float64, which is no table"),
        ({"a": [1]}, "X is of type dict, which is no table"),
        (np.array([[{}]]), "not 'dict'. X must hold numbers alone: convert or drop"),
        (pd.DataFrame({"a": [1, pd.NA]}), "not 'NAType'. X must hold numbers alone"),
        (
            np.zeros(3, dtype="f8, f8"),
            r"structured .* \('f0', 'f1'\). Pass pandas",
        ),
        (torch.ones(5, 2).bfloat16(), r"no array: .*BFloat16.* X.detach\(\)\.cpu\(\)"),
        (torch.ones(5, 2).to_sparse(), "no array: can't convert Sparse layout tensor"),
        (list(torch.ones(5, 2, requires_grad=True)), "no array: .*requires grad"),
        (np.ndarray, "X is of type type, which is no table"),
        (pd.DataFrame({"a": [1], 0: [2]}), "only supported if all input features have"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(check, X, message):
    with pytest.raises(TypeError, match=message):
        check(X)


@pytest.mark.parametrize("shape", [(5, 4, 2), (5, 4, 2, 1)])
def test_rows_stand_in_a_table(shape):
    message = (
        rf"X has {len(shape)} dimensions: are these windows already\? Step needs a "
        r"table of shape \(n_timestamps, n_channels\)"
    )
    with pytest.raises(ValueError, match=message):
        rows(np.zeros(shape))


def test_windows_have_three_dimensions_at_most():
    message = r"X has 4 dimensions; Step needs windows of shape .* Reshape X\."
    with pytest.raises(ValueError, match=message):
        windows(np.zeros((5, 4, 2, 1)))


@pytest.mark.parametrize("shape", [(0, 4, 2), (5, 0, 2), (5, 4, 0)])
def test_empty_windows_are_refused(shape):
    with pytest.raises(ValueError, match=r"Found array with 0 (sample|feature)\(s\)"):
        windows(np.zeros(shape))


def test_a_flattened_window_holds_whole_steps():
    message = r"X has n_features = 7, which n_channels=2 does not divide\. A flattened"
    with pytest.raises(ValueError, match=message):
        windows(np.zeros((5, 7)), n_channels=2)
    assert windows(np.zeros((5, 8)), n_channels=2).shape == (5, 4, 2)


def test_windows_of_another_shape_than_at_fit_are_refused():
    message = (
        "X holds windows of 3 timesteps and 2 channels, but Step was fitted on 4 "
        "timesteps and 2 channels. Cut X with the SlidingWindow used at fit."
    )
    with pytest.raises(ValueError, match=message):
        windows(np.zeros((5, 3, 2)), reset=False, expected=(4, 2))


def test_another_number_of_columns_than_at_fit_is_refused():
    step = Step()
    rows(TEN, step=step)
    with pytest.raises(
        ValueError, match="X has 1 features, but Step is expecting 2 fea"
    ):
        rows(TEN[:, :1], reset=False, step=step)


def test_the_window_or_the_row_without_a_number_is_named():
    separate = np.zeros((5, 3, 2))
    separate[3, 1, 1] = np.nan
    with pytest.raises(ValueError, match="stands in window 3, column 3"):
        windows(separate)
    overlapping = np.lib.stride_tricks.sliding_window_view(TEN, 3, axis=0)
    series = TEN.copy()
    series[4, 1] = np.nan
    overlapping = np.lib.stride_tricks.sliding_window_view(series, 3, axis=0)
    with pytest.raises(ValueError, match="stands in row 4, column 1"):
        windows(overlapping.transpose(0, 2, 1))


@pytest.mark.parametrize("value", [1e17, -1e17, 1e18, 1e300])
@pytest.mark.parametrize("overlapping", [False, True])
def test_values_whose_squares_overflow_single_precision_are_refused(value, overlapping):
    series = np.ones((20, 1))
    series[9] = value
    found = trailing_windows(series, 4)
    message = rf"value of magnitude {abs(value):.3g}; Step computes in single precision"
    with pytest.raises(ValueError, match=message.replace("+", r"\+")):
        refuse_huge(found if overlapping else found.copy(), Step())


def test_finite_values_whose_sum_overflows_are_not_taken_for_infinity():
    assert rows(np.full((4, 2), 1e308)).max() == 1e308
    with pytest.raises(ValueError, match="X contains infinity"):
        rows(np.array([[1e308], [1e308], [np.inf]]))


def test_values_just_below_are_taken():
    refuse_huge(np.full((2, 2, 1), 9.9e16), Step())


@pytest.mark.parametrize("check", [rows, windows])
@pytest.mark.parametrize(
    "X",
    [
        TEN.tolist(),
        tuple(map(tuple, TEN.tolist())),
        TEN.astype(np.int64),
        TEN.astype(np.float16),
        TEN.astype(object),
        [[Fraction(int(value)) for value in row] for row in TEN],
        np.asfortranarray(TEN),
        torch.from_numpy(TEN),
        pd.DataFrame(TEN),
        pd.DataFrame(TEN, dtype="Int64"),
        pl.DataFrame(TEN),
    ],
)
def test_numbers_of_any_form_become_double_precision(check, X):
    checked = check(X)
    assert checked.dtype == np.float64
    np.testing.assert_array_equal(checked.reshape(5, 2), TEN)


def test_single_precision_stays():
    assert rows(TEN.astype(np.float32)).dtype == np.float32
    assert rows(pd.DataFrame(TEN, dtype=np.float32)).dtype == np.float32
    assert windows(TEN.astype(np.float32)).dtype == np.float32


def test_windows_flat_or_not_are_the_same_and_no_copy(rng):
    series = rng.normal(size=(50, 2))
    view = trailing_windows(series, 8)
    flat = view.reshape(50, 16)
    for found in (windows(view), windows(flat, n_channels=2)):
        np.testing.assert_array_equal(found, view)
        assert np.shares_memory(found, view)


def test_many_overlapping_windows_are_checked_and_converted_as_a_series(rng):
    whole_numbers = np.arange(20_000).reshape(-1, 1)
    view = trailing_windows(whole_numbers, 256)
    tracemalloc.start()
    found = windows(view)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.dtype == np.float64
    assert series_under(found) is not None
    assert peak < view.nbytes / 20


def test_dimensions_are_counted_with_and_without_a_shape():
    assert n_dimensions([[1.0], [2.0]]) == 2
    assert n_dimensions(pd.DataFrame({"a": [1]})) == 2
    assert n_dimensions(np.zeros((2, 2, 2))) == 3
    with pytest.raises(ValueError, match="X is no rectangular table"):
        n_dimensions([[1.0], [2.0, 3.0]])


@pytest.mark.parametrize("layout", [np.asarray, np.array])
@pytest.mark.parametrize(
    ("series", "dtype", "words"),
    [
        (1e9 + np.sin(TEN), np.float32, "Channel 0 .* is rounded away in float32"),
        (1e-300 * TEN, np.float64, "Channel 0 .* whose square is zero in float64"),
        (
            np.column_stack([np.full(5, 3.0), 1e9 + np.sin(TEN[:, 0])]),
            np.float32,
            "Channel 1 .* is rounded away in float32",
        ),
    ],
)
def test_what_no_precision_is_left_of_is_refused(series, dtype, words, layout):
    overlapping = layout(trailing_windows(series, 2))
    with pytest.raises(ValueError, match=f"{words}.* Scale X"):
        refuse_lost(overlapping, Step(), dtype)


@pytest.mark.parametrize(
    "series",
    [
        np.full((5, 2), 1e9),
        np.where(TEN > 3, 0.1 + 0.2, 0.3),
        np.zeros((5, 2)),
        1e6 + np.sin(TEN),
    ],
)
def test_constants_and_what_some_of_is_left_pass(series):
    refuse_lost(trailing_windows(series, 2), Step(), np.float32)


def test_a_channel_that_is_lost_beside_others_is_named():
    level = 1e9 + np.sin(TEN[:, 0])
    series = np.column_stack([TEN[:, 0], level, level / 10])
    message = (
        r"Channel 1 .* 1e\+09, which is rounded away; Channel 2 .* 1e\+08, .*Scale"
    )
    with pytest.warns(UserWarning, match=message):
        refuse_lost(trailing_windows(series, 2), Step(), np.float32)


def test_what_comes_in_that_precision_has_lost_nothing_more():
    pressure = np.full((50, 1), 101325.0, dtype=np.float32)
    pressure[::3] = np.nextafter(pressure[::3], np.float32(np.inf))
    refuse_lost(trailing_windows(pressure, 2), Step(), np.float32)
    with pytest.raises(ValueError, match="Channel 0 of X varies by 0.00781 near"):
        refuse_lost(trailing_windows(pressure.astype(float), 2), Step(), np.float32)
