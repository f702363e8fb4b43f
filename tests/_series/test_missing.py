"""Readings and missing ones, counted and bridged."""

import numpy as np
import pytest

from skad._series.missing import bridged, is_enough, n_missing, n_padded, n_readings
from skad._series.windows import segment_windows, trailing_windows

ONE_SEGMENT = np.zeros(1, dtype=int)


def with_holes(rng, n_rows=60, n_channels=2, share=0.2):
    rows = rng.normal(size=(n_rows, n_channels))
    rows[rng.random(rows.shape) < share] = np.nan
    return rows


@pytest.mark.parametrize("starts", [[0], [0, 1, 20], [0, 30, 59]])
def test_missing_cells_are_counted_in_any_layout(rng, starts):
    windows = segment_windows(with_holes(rng), 5, np.array(starts), np.nan)
    expected = np.isnan(np.asarray(windows)).sum(axis=(1, 2))
    np.testing.assert_array_equal(n_missing(windows), expected)
    np.testing.assert_array_equal(n_missing(np.array(windows)), expected)
    np.testing.assert_array_equal(n_missing(windows[7:23]), expected[7:23])


def test_channels_that_are_not_scored_are_not_counted(rng):
    rows, scored = with_holes(rng), np.array([False, True])
    for windows in (trailing_windows(rows, 5), np.array(trailing_windows(rows, 5))):
        expected = n_missing(windows[..., 1:])
        np.testing.assert_array_equal(n_missing(windows, scored), expected)
    rows[:, 1] = 0
    assert n_missing(trailing_windows(rows, 5), scored) is None


def test_windows_without_a_missing_cell_are_told_apart(rng):
    rows = rng.normal(size=(60, 2))
    assert n_missing(trailing_windows(rows, 5)) is None
    rows[30] = np.nan
    windows = trailing_windows(rows, 5)
    assert n_missing(windows) is not None
    assert n_missing(windows[:30]) is None  # though their series holds one


def test_numbers_too_large_for_a_sum_are_not_taken_for_missing_ones():
    rows = np.array([[3e38], [3e38], [-3e38], [-3e38], [-3e38]], dtype=np.float32)
    assert n_missing(trailing_windows(rows, 2)) is None


@pytest.mark.parametrize("starts", [[0], [0, 1, 20]])
def test_readings_and_padding_make_up_the_window_that_ends_at_a_row(rng, starts):
    rows, starts = with_holes(rng), np.array(starts)
    windows = np.asarray(segment_windows(rows, 5, starts, np.nan))
    expected = (~np.isnan(windows)).sum(axis=(1, 2))
    of_rows = (~np.isnan(rows)).sum(axis=1)
    np.testing.assert_array_equal(n_readings(of_rows, 5, starts), expected)
    windows = np.asarray(segment_windows(np.zeros((60, 1)), 5, starts, np.nan))
    expected = np.isnan(windows).sum(axis=(1, 2))
    np.testing.assert_array_equal(n_padded(5, starts, 60), expected)


def test_missing_readings_are_bridged_within_their_segment():
    rows = np.array([[np.nan], [1], [np.nan], [3], [np.nan], [9], [np.nan], [np.nan]])
    found = bridged(rows, np.array([0, 5, 7]))
    assert found.ravel().tolist() == [1, 1, 2, 3, 3, 9, 9, 0]
    assert np.isnan(rows[0])  # what came in stays as it was


def test_a_series_without_missing_readings_is_left_alone(rng):
    rows = rng.normal(size=(20, 2))
    assert bridged(rows, ONE_SEGMENT) is rows


def test_a_share_is_enough_up_to_the_rounding_of_fractions():
    share = np.array([0.1 + 0.2, 1 - 0.7, 0.29])  # 0.30000000000000004 and less
    assert is_enough(share, 0.7).tolist() == [True, True, False]
    assert is_enough(np.array([1 - 0.9]), 0.9).all()  # 0.09999999999999998
