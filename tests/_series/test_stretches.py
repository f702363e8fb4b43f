import numpy as np
import pytest

from skad._series.stretches import stretches


@pytest.mark.parametrize("n_rows", [1, 19, 20])
def test_all_rows_are_taken_where_there_are_few(n_rows):
    assert stretches(n_rows, most=20, count=4) == [(0, n_rows)]


@pytest.mark.parametrize("n_rows", [21, 22, 40, 1003])
def test_of_many_rows_equal_stretches_are_spread_from_first_to_last(n_rows):
    found = stretches(n_rows, most=20, count=4)
    assert [stop - start for start, stop in found] == [5, 5, 5, 5]
    assert found[0][0] == 0
    assert found[-1][1] == n_rows
    rows = np.concatenate([np.arange(*pair) for pair in found])
    assert len(np.unique(rows)) == 20
    gaps = np.diff([start for start, _ in found])
    assert gaps.max() - gaps.min() <= 1
