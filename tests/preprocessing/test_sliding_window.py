"""One window per row, ending at that row, in arrays, tables and segments."""

import tracemalloc
import warnings
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sktime.datatypes import get_examples

from skad.detectors import PCADetector
from skad.preprocessing import SlidingWindow

MINUTES = pd.date_range("2024-01-01", periods=200, freq="min")


def by_loop(X, window_size, padding="edge"):
    """Cut the windows of one series, slow and obvious."""
    windows = []
    for row in range(len(X)):
        reach = [X[max(0, k)] for k in range(row - window_size + 1, row + 1)]
        if padding != "edge":
            n_missing = max(0, window_size - 1 - row)
            reach[:n_missing] = [np.full(X.shape[1], padding)] * n_missing
        windows.append(reach)
    return np.array(windows)


def warned_by_transform(window, X):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        window.transform(X)
    return caught


@pytest.mark.parametrize("padding", ["edge", 0.0, -2.5, 3])
@pytest.mark.parametrize("window_size", [1, 2, 5, 16])
def test_as_many_windows_as_rows_each_ending_at_its_row(rng, window_size, padding):
    X = rng.normal(size=(40, 3))
    windows = SlidingWindow(window_size, padding=padding).fit_transform(X)
    assert windows.shape == (40, window_size, 3)
    np.testing.assert_array_equal(windows, by_loop(X, window_size, padding))
    np.testing.assert_array_equal(windows[:, -1], X)


@pytest.mark.parametrize("padding", ["edge", 0.0])
def test_a_window_never_looks_ahead(rng, padding):
    X = rng.normal(size=(60, 2))
    window = SlidingWindow(7, padding=padding).fit(X)
    before = window.transform(X).copy()
    for row in (0, 1, 30, 58):
        changed = X.copy()
        changed[row + 1 :] += 100
        windows = window.transform(changed)
        np.testing.assert_array_equal(windows[: row + 1], before[: row + 1])
        assert not np.array_equal(windows[row + 1], before[row + 1])


@pytest.mark.parametrize("framed", [False, True])
def test_the_windows_of_a_series_are_a_view_of_one_padded_copy(rng, framed):
    X = rng.normal(size=(100_000, 2))
    table = pd.DataFrame(X) if framed else X
    window = SlidingWindow(64).fit(table[:200])
    tracemalloc.start()
    windows = window.transform(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert windows.strides == (16, 16, 8)
    assert not windows.flags.writeable
    assert peak < 5 * X.nbytes  # of 64 times as much


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("window_size", [1, 2, 8])
def test_flattening_is_a_view_too(rng, window_size, order):
    X = np.asarray(rng.normal(size=(100, 3)), order=order)
    flat = SlidingWindow(window_size, flatten=True).fit_transform(X)
    assert flat.shape == (100, 3 * window_size)
    assert flat.strides == (24, 8)
    assert not flat.flags.owndata


def test_flattening_goes_step_by_step_the_oldest_first(rng):
    X = rng.normal(size=(30, 3))
    windows = SlidingWindow(4).fit_transform(X)
    flat = SlidingWindow(4, flatten=True).fit_transform(X)
    np.testing.assert_array_equal(flat, windows.reshape(30, 12))
    np.testing.assert_array_equal(flat[10], np.concatenate(X[7:11]))


@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.float16, np.float64),
        (np.longdouble, np.float64),
        (np.int8, np.float64),
        (np.uint64, np.float64),
        (bool, np.float64),
    ],
)
def test_single_precision_stays_and_all_else_is_double(dtype, expected, flatten):
    X = np.array([[0], [1], [1], [0], [1]], dtype=dtype)
    for table in (X, pd.DataFrame(X)) if dtype != np.float16 else (X,):
        windows = SlidingWindow(2, flatten=flatten).fit_transform(table)
        assert windows.dtype == expected
        np.testing.assert_array_equal(windows.reshape(5, 2)[:, 1], [0, 1, 1, 0, 1])


def test_the_input_is_left_as_it_is(rng):
    X = rng.normal(size=(40, 2))
    before = X.copy()
    windows = SlidingWindow(3).fit_transform(X)
    assert not np.shares_memory(windows, X)
    np.testing.assert_array_equal(X, before)


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize(
    "form",
    [
        read_only,
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=0)[::2],
        lambda X: X[::-1][::-1],
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        lambda X: X.tolist(),
        lambda X: X.astype(object),
        lambda X: [[Decimal(value) for value in row] for row in X.tolist()],
        lambda X: X.astype(">f8"),
        torch.from_numpy,
        pd.DataFrame,
        lambda X: pd.DataFrame(X).astype("Float64"),
        lambda X: pd.DataFrame(X).astype(object),
        lambda X: X.view(np.memmap),
    ],
)
def test_a_table_may_come_in_many_forms(rng, form):
    X = rng.normal(size=(30, 2))
    expected = SlidingWindow(4).fit_transform(X)
    np.testing.assert_array_equal(SlidingWindow(4).fit_transform(form(X)), expected)


def test_a_file_mapped_into_memory_is_a_table(rng, tmp_path):
    X = rng.normal(size=(30, 2))
    mapped = np.memmap(tmp_path / "x", mode="w+", shape=X.shape, dtype=X.dtype)
    mapped[:] = X
    windows = SlidingWindow(4).fit_transform(mapped)
    np.testing.assert_array_equal(windows, SlidingWindow(4).fit_transform(X))
    assert type(windows) is np.ndarray


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "UInt8", "category"])
def test_whole_numbers_of_pandas_are_numbers(dtype):
    table = pd.DataFrame({"a": [0, 1, 1, 0]}).astype(dtype)
    windows = SlidingWindow(2).fit_transform(table)
    np.testing.assert_array_equal(windows[:, 1, 0], [0, 1, 1, 0])


def test_two_columns_of_one_name_are_refused(rng):
    X = pd.DataFrame(rng.normal(size=(30, 2)), columns=["same", "same"])
    with pytest.raises(ValueError, match="X has 2 columns named 'same'. Rename them"):
        SlidingWindow(4).fit(X)


def test_names_say_how_many_rows_back_a_column_looks():
    window = SlidingWindow(3, flatten=True).fit(np.zeros((9, 1)))
    assert window.get_feature_names_out().tolist() == ["x0_lag2", "x0_lag1", "x0_lag0"]
    table = pd.DataFrame(np.zeros((9, 2)), columns=["load", "heat"])
    names = SlidingWindow(2, flatten=True).fit(table).get_feature_names_out()
    assert names.tolist() == ["load_lag1", "heat_lag1", "load_lag0", "heat_lag0"]
    assert names.dtype == object


def test_the_default_window_is_named_from_lag_63_on():
    names = SlidingWindow(flatten=True).fit(np.zeros((200, 1))).get_feature_names_out()
    assert (len(names), names[0], names[-1]) == (64, "x0_lag63", "x0_lag0")


def test_names_can_be_given_and_have_to_fit():
    window = SlidingWindow(2, flatten=True).fit(np.zeros((9, 1)))
    assert window.get_feature_names_out(["u"]).tolist() == ["u_lag1", "u_lag0"]
    with pytest.raises(ValueError, match="input_features should have length equal to"):
        window.get_feature_names_out(["u", "v"])


def test_windows_of_three_dimensions_have_no_names():
    window = SlidingWindow(2).fit(np.zeros((9, 1)))
    assert not hasattr(window, "get_feature_names_out")
    assert hasattr(window.set_params(flatten=True), "get_feature_names_out")


def table_of_segments(rng, index):
    return pd.DataFrame(rng.normal(size=(len(index), 2)), index, columns=["a", "b"])


SEGMENTED = {
    "names and row numbers": (
        pd.MultiIndex.from_product([["b", "a", "c"], range(20)]),
        [20, 20, 20],
    ),
    "names and times": (
        pd.MultiIndex.from_product([["b", "a"], MINUTES[:30]]),
        [30, 30],
    ),
    "three levels": (
        pd.MultiIndex.from_product([["u", "v"], [1, 2], range(20)]),
        [20, 20, 20, 20],
    ),
    "gaps in time": (
        MINUTES.delete([*range(25, 30), *range(60, 80)])[:100],
        [25, 30, 45],
    ),
    "gaps in row numbers": (
        pd.Index([*range(30), *range(31, 60), *range(90, 120)]),
        [30, 29, 30],
    ),
    "restarting row numbers": (
        pd.Index([*range(30), *range(25), *range(40)]),
        [30, 25, 40],
    ),
    "series with gaps": (
        pd.MultiIndex.from_arrays(
            [["a"] * 30 + ["b"] * 40, [*range(30), *range(15), *range(20, 45)]]
        ),
        [30, 15, 25],
    ),
}


@pytest.mark.parametrize("padding", ["edge", 0.0])
@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize(("index", "lengths"), list(SEGMENTED.values()), ids=SEGMENTED)
def test_many_segments_are_each_cut_as_if_alone(rng, index, lengths, flatten, padding):
    X = table_of_segments(rng, index)
    window = SlidingWindow(6, flatten=flatten, padding=padding).fit(X)
    ends = np.cumsum(lengths)
    assert ends[-1] == len(X)
    parts = np.split(X.to_numpy(), ends[:-1])
    expected = np.concatenate([by_loop(part, 6, padding) for part in parts])
    windows = window.transform(X)
    np.testing.assert_array_equal(windows, expected.reshape(windows.shape))
    frames = [X.iloc[stop - n : stop] for stop, n in zip(ends, lengths, strict=True)]
    alone = np.concatenate([window.transform(frame) for frame in frames])
    np.testing.assert_array_equal(alone, windows)


def test_a_panel_of_sktime_is_cut_between_its_instances():
    panel = get_examples("pd-multiindex", "Panel")[0]
    windows = SlidingWindow(2).fit_transform(panel)
    expected = [by_loop(part.to_numpy(), 2) for _, part in panel.groupby(level=0)]
    assert len(expected) == 3
    np.testing.assert_array_equal(windows, np.concatenate(expected))


def test_single_precision_stays_in_segments_too(rng):
    X = table_of_segments(rng, SEGMENTED["three levels"][0]).astype(np.float32)
    assert SlidingWindow(3).fit_transform(X).dtype == np.float32


def test_the_step_is_the_usual_difference_at_fit():
    X = pd.DataFrame({"a": np.zeros(29)}, MINUTES[:30].delete(4))
    assert SlidingWindow(2).fit(X).step_ == np.timedelta64(60, "s")
    assert SlidingWindow(2).fit(X.reset_index(drop=True)).step_ == 1
    assert SlidingWindow(2).fit(X.to_numpy()).step_ is None


def test_the_cuts_do_not_depend_on_the_rows_at_hand(rng):
    X = table_of_segments(rng, MINUTES[:60])
    window = SlidingWindow(4).fit(X)
    sparse = X.iloc[::5]
    with pytest.warns(UserWarning, match="0:05:00 apart"):
        windows = window.transform(sparse)
    np.testing.assert_array_equal(windows[:, 0], windows[:, 3])
    assert window.step_ == np.timedelta64(60, "s")
    dense = SlidingWindow(4).fit(sparse)
    assert not np.array_equal(dense.transform(sparse)[5, 0], sparse.iloc[5])


@pytest.mark.parametrize(
    ("max_gap", "is_cut"),
    [
        (None, True),
        (np.inf, False),
        (5, True),
        (6, False),
        (timedelta(minutes=5), True),
        (timedelta(minutes=6), False),
        (pd.Timedelta("5min59s"), True),
        (np.timedelta64(360, "s"), False),
    ],
)
def test_max_gap_is_the_widest_difference_without_a_cut(rng, max_gap, is_cut):
    X = table_of_segments(rng, MINUTES[:40].delete(range(20, 25)))
    windows = SlidingWindow(3, max_gap=max_gap).fit_transform(X)
    before_the_gap = X.iloc[20] if is_cut else X.iloc[19]
    np.testing.assert_array_equal(windows[20, 1], before_the_gap)


def test_a_span_of_time_says_nothing_about_arrays(rng):
    X = rng.normal(size=(20, 1))
    windows = SlidingWindow(3, max_gap=timedelta(minutes=1)).fit_transform(X)
    np.testing.assert_array_equal(windows, by_loop(X, 3))


def test_a_span_of_time_for_row_numbers_is_refused(rng):
    X = pd.DataFrame(rng.normal(size=(20, 1)))
    message = r"max_gap=.* is a span of time, but the index of X holds row numbers"
    with pytest.raises(ValueError, match=message):
        SlidingWindow(3, max_gap=timedelta(minutes=1)).fit(X)


def test_scoring_an_index_of_another_kind_is_refused(rng):
    X = table_of_segments(rng, MINUTES[:40])
    window = SlidingWindow(3).fit(X)
    message = "index of X holds row numbers, but at fit it held timestamps. Pass X with"
    with pytest.raises(ValueError, match=message):
        window.transform(X.set_axis(list(range(40))))


@pytest.mark.parametrize("size", [3, 32])
def test_rows_of_another_step_are_warned_of_at_scoring(rng, size):
    X = table_of_segments(rng, MINUTES[:200])
    window = SlidingWindow(size).fit(X)
    message = (
        r"The rows of X are 0:05:00 apart \(median\), and those seen at fit were "
        r"0:01:00 apart: 40 segments are cut out of 40 rows.* Resample X to the step"
    )
    with pytest.warns(UserWarning, match=message) as record:
        window.transform(X[::5])
    assert record[0].filename == __file__
    assert not warned_by_transform(window, X[50:100])


def test_rows_of_a_much_shorter_step_are_warned_of_at_scoring(rng):
    X = table_of_segments(rng, MINUTES[:200])
    window = SlidingWindow(8).fit(X[::4])
    message = "0:01:00 apart .* were 0:04:00 apart: a window of 8 rows spans another"
    with pytest.warns(UserWarning, match=message):
        window.transform(X)


def test_short_series_after_long_ones_are_warned_of_at_scoring(rng):
    X = pd.DataFrame(rng.normal(size=(200, 1)))
    window = SlidingWindow(8).fit(X)
    index = pd.MultiIndex.from_product([range(20), range(10)])
    message = "140 of 200 windows hold padding: window_size=8 is long for segments of "
    with pytest.warns(UserWarning, match=message + "10 rows") as record:
        window.transform(X.set_axis(index))
    assert record[0].filename == __file__


def test_padding_that_fit_has_warned_of_is_not_told_again(rng):
    index = pd.MultiIndex.from_product([range(20), range(10)])
    X = pd.DataFrame(rng.normal(size=(200, 1)), index)
    with pytest.warns(UserWarning, match="140 of 200 windows hold padding") as record:
        SlidingWindow(8).fit_transform(X)
    assert len(record) == 1


def test_timestamps_out_of_order_are_refused_at_fit_and_after(rng):
    X = table_of_segments(rng, MINUTES[:40])
    message = r"\(row 1\) comes after 2024-01-01 00:39:00 in the row before; within a"
    with pytest.raises(ValueError, match=message):
        SlidingWindow(3).fit(X[::-1])
    window = SlidingWindow(3).fit(X)
    with pytest.raises(ValueError, match=message):
        window.transform(X[::-1])


def test_a_fit_that_fails_leaves_it_unfitted(rng):
    X = table_of_segments(rng, MINUTES[:40])
    window = SlidingWindow(3)
    with pytest.raises(ValueError, match="within a series, time must increase"):
        window.fit(X[::-1])
    with pytest.raises(NotFittedError, match="This SlidingWindow instance is not fit"):
        window.transform(X)


def test_mostly_padding_is_warned_of_where_it_is_fitted(rng):
    message = "63 of 100 windows hold padding: window_size=64 is long for segments of "
    with pytest.warns(UserWarning, match=message + "100 rows. Lower win") as record:
        SlidingWindow(64).fit(rng.normal(size=(100, 1)))
    assert record[0].filename == __file__


def test_many_short_series_are_warned_of(rng):
    index = pd.MultiIndex.from_product([range(20), range(8)])
    message = (
        r"140 of 160 windows hold padding: window_size=8 is long for segments of 8"
    )
    with pytest.warns(UserWarning, match=message):
        SlidingWindow(8).fit(table_of_segments(rng, index))


def test_segments_of_one_row_are_warned_of_as_a_shuffled_split(rng):
    X = pd.DataFrame(rng.normal(size=(100, 1))).sample(frac=1, random_state=0)
    message = r"of the \d+ segments of X have one row, .* Was X shuffled\? Split"
    with pytest.warns(UserWarning, match=message) as record:
        SlidingWindow(4).fit(X)
    assert len(record) == 1
    assert record[0].filename == __file__


def test_the_normal_case_warns_of_nothing(rng):
    SlidingWindow(50).fit(rng.normal(size=(100, 1)))
    SlidingWindow(8).fit(table_of_segments(rng, SEGMENTED["gaps in time"][0]))
    SlidingWindow(1).fit(rng.normal(size=(1, 1)))


def test_scoring_fewer_rows_than_a_window_warns_of_nothing(rng):
    window = SlidingWindow(50).fit(rng.normal(size=(100, 1)))
    assert window.transform(rng.normal(size=(3, 1))).shape == (3, 50, 1)
    assert not warned_by_transform(window, rng.normal(size=(1, 1)))


def test_a_single_row_is_a_window_of_itself():
    window = SlidingWindow(3).fit(np.zeros((9, 2)))
    windows = window.transform([[1.0, 2.0]])
    np.testing.assert_array_equal(windows, [[[1, 2]] * 3])


def test_a_clone_is_unfitted_and_the_same_otherwise():
    window = SlidingWindow(3, padding=0.0, flatten=True, max_gap=timedelta(1))
    window.fit(np.zeros((9, 2)))
    assert clone(window).get_params() == window.get_params()
    assert not hasattr(clone(window), "step_")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"window_size": 0}, r"'window_size' parameter .* in the range \[1, inf\)"),
        ({"window_size": 2.5}, "'window_size' parameter .* must be an int"),
        ({"padding": "mean"}, "'padding' parameter .* must be a str among {.*'edge'"),
        ({"padding": np.nan}, "'padding' parameter .* must be a str among {.*'edge'"),
        ({"padding": np.inf}, "'padding' parameter .* must be a str among {.*'edge'"),
        ({"flatten": "yes"}, "'flatten' parameter .* must be an instance of 'bool'"),
        ({"max_gap": 0}, r"'max_gap' parameter .* in the range \(0.0, inf\]"),
        (
            {"max_gap": "1min"},
            "'max_gap' parameter .* instance of 'datetime.timedelta'",
        ),
        ({"max_gap": np.nan}, r"'max_gap' parameter .* in the range \(0.0, inf\]"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(parameters, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindow(**parameters).fit(np.zeros((9, 1)))


def test_padding_beyond_the_numbers_of_the_rows_is_refused():
    rows = np.ones((8, 1), dtype=np.float32)
    window = SlidingWindow(3, padding=1e300)
    with pytest.raises(ValueError, match=r"padding=1e\+300 is no finite float32"):
        window.fit(rows).transform(rows)
    assert window.fit_transform(rows.astype(np.float64))[0, 0, 0] == 1e300


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_stands_before_a_segment_whose_padding_is_missing(rng, dtype):
    X = pd.DataFrame(rng.normal(size=(12, 2)).astype(dtype))
    X.index = [*range(5), *range(10, 17)]
    windows = SlidingWindow(3, padding="missing").fit_transform(X)
    assert windows.dtype == dtype
    expected = np.asarray(SlidingWindow(3).fit_transform(X)).copy()
    for start in (0, 5):
        expected[start, :2] = expected[start + 1, :1] = np.nan
    np.testing.assert_array_equal(windows, expected)


@pytest.mark.parametrize("padding", ["edge", "missing", 0.0])
def test_a_missing_reading_stays_one_in_every_window(rng, padding):
    X = rng.normal(size=(12, 2))
    X[[0, 4, 5], [1, 0, 0]] = np.nan
    windows = SlidingWindow(3, padding=padding).fit_transform(X)
    np.testing.assert_array_equal(windows[:, -1], X)
    np.testing.assert_array_equal(np.isnan(windows[4:8, :, 0]).sum(1), [1, 2, 2, 1])


def test_an_infinite_reading_is_refused_beside_missing_ones(rng):
    X = rng.normal(size=(12, 2))
    X[3, 0], X[7, 1] = np.nan, -np.inf
    with pytest.raises(ValueError, match="infinity.*row 7, column 1.*numbers and NaN"):
        SlidingWindow(3).fit(X)


def test_missing_readings_hide_no_period():
    X = np.sin(np.arange(2000) * 2 * np.pi / 70).reshape(-1, 1)
    X[np.random.default_rng(0).random(2000) < 0.2] = np.nan
    X[500:560] = np.nan
    assert SlidingWindow("auto").fit(X).window_size_ == 70


def test_windows_of_segments_are_kept_by_a_pipeline_with_memory(rng, tmp_path):
    X = pd.DataFrame(rng.normal(size=(40, 1)), index=[*range(20), *range(30, 50)])
    pipe = make_pipeline(SlidingWindow(4), PCADetector(1), memory=str(tmp_path))
    scores = pipe.fit(X).score_samples(X)
    np.testing.assert_array_equal(pipe.fit(X).score_samples(X), scores)


def test_seconds_that_jitter_by_half_a_step_and_more_are_told_of():
    jitter = np.random.default_rng(0).integers(-2, 3, size=120)
    frame = pd.DataFrame({"a": np.arange(120.0)}, index=5 * np.arange(120) + jitter)
    with pytest.warns(
        UserWarning, match=r"are \d apart \(median\).*clock that jitters"
    ):
        SlidingWindow(8).fit(frame)
    SlidingWindow(8, max_gap=3).fit(frame)
