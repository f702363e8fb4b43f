"""Windows as views of a series."""

import pickle

import joblib
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from skad._series.windows import (
    PickedWindows,
    as_dtype,
    segment_bounds,
    segment_windows,
    series_under,
    take_windows,
    trailing_windows,
    unflatten,
    windows_over,
)

ONE_SEGMENT = np.zeros(1, dtype=int)


def windows_by_loop(series, size, padding="edge"):
    """Cut one window per row, slow and obvious."""
    windows = []
    for end in range(len(series)):
        window = []
        for row in range(end - size + 1, end + 1):
            if row >= 0:
                window.append(series[row])
            elif padding == "edge":
                window.append(series[0])
            else:
                window.append(np.full(series.shape[1], padding))
        windows.append(window)
    return np.array(windows)


@pytest.mark.parametrize("padding", ["edge", 0.0, -7])
@pytest.mark.parametrize("size", [1, 2, 3, 8, 30])
def test_window_t_ends_at_row_t(rng, size, padding):
    series = rng.normal(size=(12, 2))
    windows = trailing_windows(series, size, padding)
    np.testing.assert_array_equal(windows, windows_by_loop(series, size, padding))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_windows_are_a_view_with_two_equal_strides(rng, size, order, n_channels):
    series = np.asarray(rng.normal(size=(50, n_channels)), order=order)
    windows = trailing_windows(series, size)
    assert windows.strides == (8 * n_channels, 8 * n_channels, 8)
    assert np.shares_memory(windows, windows.reshape(len(windows), -1))


def test_one_padded_copy_is_all_that_is_stored(rng):
    series = rng.normal(size=(50, 3))
    windows = trailing_windows(series, 8)
    stored = series_under(windows)
    assert stored.shape == (50 + 7, 3)
    assert np.shares_memory(stored, windows)
    assert not np.shares_memory(series, windows)
    first, last = np.lib.array_utils.byte_bounds(windows)
    assert last - first == stored.nbytes


def test_windows_cannot_be_written_to(rng):
    windows = trailing_windows(rng.normal(size=(50, 3)), 8)
    assert not windows.flags.writeable


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_windows_keep_the_dtype_of_the_series(dtype):
    series = np.arange(12, dtype=dtype).reshape(6, 2)
    assert trailing_windows(series, 3).dtype == dtype
    assert segment_windows(series, 3, ONE_SEGMENT).dtype == dtype
    assert segment_windows(series, 3, np.array([0, 4])).dtype == dtype


def test_one_segment_is_a_view_and_several_are_each_cut_alone(rng):
    series = rng.normal(size=(20, 2)).astype(np.float32)
    whole = segment_windows(series, 4, ONE_SEGMENT)
    assert series_under(whole) is not None
    apart = segment_windows(series, 4, np.array([0, 1, 9]))
    assert apart.dtype == np.float32
    expected = [series[:1], series[1:9], series[9:]]
    expected = np.concatenate([windows_by_loop(part, 4) for part in expected])
    np.testing.assert_array_equal(apart, expected)


def test_each_segment_is_padded_with_the_number(rng):
    series = rng.normal(size=(6, 1))
    windows = segment_windows(series, 3, np.array([0, 4]), padding=9.0)
    np.testing.assert_array_equal(windows[0, :, 0], [9, 9, series[0, 0]])
    np.testing.assert_array_equal(windows[4, :, 0], [9, 9, series[4, 0]])
    whole = segment_windows(series, 3, ONE_SEGMENT, padding=9.0)
    np.testing.assert_array_equal(whole[0, :, 0], [9, 9, series[0, 0]])


def test_segments_end_where_the_next_begins():
    assert segment_bounds(np.array([0, 3, 4]), 9) == [(0, 3), (3, 4), (4, 9)]
    assert segment_bounds(np.array([0]), 5) == [(0, 5)]


def test_the_series_is_recognised_under_its_windows(rng):
    series = rng.normal(size=(20, 2))
    np.testing.assert_array_equal(series_under(windows_over(series, 5)), series)
    fortran = np.asfortranarray(series)
    np.testing.assert_array_equal(series_under(windows_over(fortran, 5)), series)


@pytest.mark.parametrize(
    "cut",
    [
        lambda windows: windows[3:17],
        lambda windows: windows[::-1, ::-1],
        lambda windows: windows[::2, ::2],
        lambda windows: windows[:, 1:],
        lambda windows: windows[:, :, :1],
        lambda windows: windows[7:8],
        lambda windows: windows[:, :1],
    ],
    ids=[
        "slice",
        "backwards",
        "every second",
        "shorter",
        "one channel",
        "one window",
        "one step",
    ],
)
def test_a_series_found_under_windows_gives_these_windows(rng, cut):
    windows = cut(windows_over(rng.normal(size=(24, 2)), 6))
    series = series_under(windows)
    np.testing.assert_array_equal(windows_over(series, windows.shape[1]), windows)


@pytest.mark.parametrize(
    "windows",
    [
        np.zeros((20, 5, 2)),
        np.asfortranarray(np.zeros((20, 5, 2))),
        windows_over(np.zeros((24, 2)), 5)[::2],
        windows_over(np.zeros((24, 2)), 5)[:, ::2],
        windows_over(np.zeros((24, 2)), 5)[[0, 1, 2]],
        windows_over(np.zeros((24, 2)), 5)[:1].copy(),
        windows_over(np.zeros((24, 2)), 5)[:0],
    ],
    ids=["C", "F", "every 2nd", "every 2nd step", "fancy", "a copy of one", "none"],
)
def test_other_windows_are_no_view_of_a_series(windows):
    assert series_under(windows) is None


def test_the_series_under_windows_is_not_to_be_written_to(rng):
    windows = sliding_window_view(rng.normal(size=24), 6, writeable=True)[..., None]
    assert windows.flags.writeable
    assert not series_under(windows).flags.writeable


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_flattened_windows_get_their_steps_and_channels_back(rng, n_channels):
    windows = trailing_windows(rng.normal(size=(24, n_channels)), 6)
    flat = windows.reshape(len(windows), -1)
    assert np.array_equal(unflatten(flat, 6, n_channels), windows)
    assert np.array_equal(unflatten(flat[::2], 6, n_channels), windows[::2])
    backwards = unflatten(flat[:, ::-1], 6, n_channels)
    assert np.array_equal(backwards, windows[:, ::-1, ::-1])


def test_flattened_windows_that_overlap_stay_a_view_of_the_series(rng):
    windows = trailing_windows(rng.normal(size=(24, 2)), 6)
    again = unflatten(windows.reshape(len(windows), -1), 6, 2)
    assert again.strides == windows.strides
    assert np.shares_memory(again, windows)


def test_the_windows_of_flattened_ones_are_not_to_be_written_to(rng):
    assert not unflatten(rng.normal(size=(5, 12)), 6, 2).flags.writeable


def test_overlapping_windows_stay_a_view_in_another_dtype(rng):
    windows = trailing_windows(rng.normal(size=(50, 3)), 8)
    single = as_dtype(windows, np.float32)
    assert single.dtype == np.float32
    assert single.strides[0] == single.strides[1]
    np.testing.assert_array_equal(single, windows.astype(np.float32))


def test_separate_windows_change_dtype_and_the_right_dtype_changes_nothing(rng):
    windows = rng.normal(size=(5, 4, 2))
    np.testing.assert_array_equal(
        as_dtype(windows, np.float32), windows.astype(np.float32)
    )
    assert as_dtype(windows, np.float64) is windows


def picked(rng, n_channels=2, padding="edge"):
    series = rng.normal(size=(30, n_channels))
    return segment_windows(series, 4, np.array([0, 7, 8, 20]), padding)


def test_several_segments_lie_in_one_block_behind_their_padding(rng):
    windows = picked(rng)
    assert windows.block.shape == (30 + 4 * 3, 2)
    assert windows.shape == (30, 4, 2)
    assert windows.ndim == np.asarray(windows).ndim == 3
    assert segment_windows(windows.block, 1, np.array([0, 5])).strides == (16, 16, 8)


@pytest.mark.parametrize(
    "rows",
    [
        slice(3, 17),
        slice(None, None, -2),
        np.arange(30) % 3 == 0,
        np.array([5, 5, 2, -1]),
        [4, 9],
        (slice(2, 9), Ellipsis),
        ([7, 1], Ellipsis),
    ],
    ids=["slice", "backwards", "mask", "numbers", "list", "with dots", "list and dots"],
)
def test_rows_of_picked_windows_are_picked_windows(rng, rows):
    windows = picked(rng)
    taken = windows[rows]
    assert isinstance(taken, PickedWindows)
    assert taken.block is windows.block
    np.testing.assert_array_equal(taken, np.asarray(windows)[rows])


@pytest.mark.parametrize("rows", [slice(9, 19), np.arange(20, 30), [4]])
def test_windows_that_follow_each_other_are_a_view_of_their_rows(rng, rows):
    windows = picked(rng)
    taken = windows[rows]
    assert np.shares_memory(series_under(taken), windows.block)
    np.testing.assert_array_equal(taken, np.asarray(windows)[rows])


@pytest.mark.parametrize(
    "key",
    [
        3,
        np.int64(-1),
        (3, 1),
        (slice(2, 5), 0),
        (slice(None), slice(None), 1),
        ([1, 2], [0, 3]),
        Ellipsis,
        None,
        np.ones((30, 4), dtype=bool),
    ],
)
def test_whatever_else_is_taken_from_them_is_an_array(rng, key):
    windows = picked(rng)
    taken = windows[key]
    assert type(taken) is np.ndarray
    np.testing.assert_array_equal(taken, np.asarray(windows)[key])


def test_to_numpy_picked_windows_are_an_array(rng):
    windows = picked(rng)
    array = np.asarray(windows)
    np.testing.assert_array_equal(windows.mean(axis=1), array.mean(axis=1))
    np.testing.assert_array_equal(np.mean(windows, axis=1), array.mean(axis=1))
    np.testing.assert_array_equal(windows - windows[:, :1], array - array[:, :1])
    np.testing.assert_array_equal(np.concatenate([windows, windows])[30:], array)
    assert windows.reshape(30, -1).shape == (30, 8)
    assert np.asarray(windows, dtype=np.float32).dtype == np.float32
    assert as_dtype(windows, np.float32).block.dtype == np.float32


def test_picked_windows_have_nothing_that_arrays_have_not(rng):
    windows = picked(rng)
    for name in ("iloc", "columns", "_private"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(windows, name)
    with pytest.raises(ValueError, match="become an array by a copy"):
        np.asarray(windows, copy=False)


def test_picked_windows_survive_a_pickle_and_a_hash(rng):
    windows = picked(rng)
    again = pickle.loads(pickle.dumps(windows))
    np.testing.assert_array_equal(again, windows)
    assert joblib.hash(again) == joblib.hash(windows)
    assert joblib.hash(windows[:5]) != joblib.hash(windows)


def test_some_windows_of_a_series_are_taken_without_a_copy(rng):
    windows = trailing_windows(rng.normal(size=(24, 2)), 6)
    rows = np.arange(24) % 2 == 0
    taken = take_windows(windows, rows)
    assert np.shares_memory(taken.block, windows)
    np.testing.assert_array_equal(taken, windows[rows])
    np.testing.assert_array_equal(take_windows(taken, [3, 1]), windows[rows][[3, 1]])
    alone = np.array(windows)
    np.testing.assert_array_equal(take_windows(alone, rows), windows[rows])
