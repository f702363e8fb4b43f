"""Runs of marked rows, and sums over them."""

import numpy as np
import pytest

from skad.metrics._runs import runs_of, sums_of


@pytest.mark.parametrize(
    ("marked", "runs"),
    [
        ([0, 1, 1, 0, 1, 0], [(1, 3), (4, 5)]),
        ([1, 0, 0, 1], [(0, 1), (3, 4)]),
        ([1, 1, 1], [(0, 3)]),
        ([0, 0], []),
    ],
)
def test_a_run_reaches_from_its_first_row_to_the_row_after_its_last(marked, runs):
    assert list(zip(*runs_of(np.array(marked, dtype=bool)), strict=True)) == runs


def test_sums_are_those_of_the_rows_of_each_run():
    starts, stops = np.array([0, 3]), np.array([2, 4])
    assert sums_of(np.array([1.5, 2, 4, 8]), starts, stops).tolist() == [3.5, 8]
    assert sums_of(np.array([True, True, True, False]), starts, stops).tolist() == [
        2,
        0,
    ]
