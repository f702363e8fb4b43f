"""Bins keep the lowest and the highest row, and stay within segments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skad.inspection._decimation import any_marked, bin_edges, highest, lowest

ONE = np.zeros(1, dtype=np.int64)


def test_few_rows_have_a_bin_each():
    np.testing.assert_array_equal(bin_edges(4, ONE, 4), [0, 1, 2, 3, 4])


@pytest.mark.parametrize("n_rows", [101, 1000, 12345])
def test_many_rows_share_as_many_bins_as_are_asked_for(n_rows):
    edges = bin_edges(n_rows, ONE, 100)
    assert len(edges) == 101
    assert edges[0] == 0
    assert edges[-1] == n_rows
    assert np.ptp(np.diff(edges)) <= 1


def test_no_bin_reaches_across_a_cut():
    starts = np.array([0, 333, 777])
    edges = bin_edges(1000, starts, 10)
    assert set(starts) < set(edges)
    assert len(edges) == 11 + 2


def test_of_more_segments_than_bins_the_bins_stay_few():
    assert len(bin_edges(1000, np.arange(0, 1000, 2), 10)) == 11


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 500), st.integers(1, 60), st.randoms(use_true_random=False))
def test_no_extreme_is_lost(n_rows, n_bins, random):
    values = np.array([random.gauss(0, 1) for _ in range(n_rows)])
    edges = bin_edges(n_rows, ONE, n_bins)
    bins = [values[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]
    np.testing.assert_array_equal(lowest(values, edges), [b.min() for b in bins])
    np.testing.assert_array_equal(highest(values, edges), [b.max() for b in bins])
    np.testing.assert_array_equal(
        any_marked(values > 1, edges), [b.max() > 1 for b in bins]
    )


def test_a_missing_reading_hides_no_other():
    values = np.array([np.nan, 3.0, 1.0, np.nan, np.nan, np.nan])
    edges = np.array([0, 3, 6])
    np.testing.assert_array_equal(lowest(values, edges), [1.0, np.nan])
    np.testing.assert_array_equal(highest(values, edges), [3.0, np.nan])


def test_channels_are_kept_apart():
    values = np.arange(12.0).reshape(6, 2)
    edges = np.array([0, 3, 6])
    np.testing.assert_array_equal(highest(values, edges), [[4, 5], [10, 11]])
