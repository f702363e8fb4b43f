import numpy as np
import pytest

from skad._series.fixed_blocks import fixed_blocks


@pytest.mark.parametrize("n_windows", [1, 15, 16, 17, 48])
def test_blocks_have_one_shape_and_hold_every_window_in_order(n_windows):
    windows = np.arange(6.0 * n_windows, dtype=np.float32).reshape(-1, 3, 2)
    found = []
    for start, block in fixed_blocks(windows, 16):
        assert start == 16 * len(found)
        assert block.shape == (16, 3, 2)
        assert block.flags.c_contiguous
        assert np.isfinite(block).all()
        found.append(block[: n_windows - start])
    assert np.array_equal(np.concatenate(found), windows)


def test_blocks_of_a_series_hold_the_rows_that_their_last_window_needs():
    series = np.arange(10.0, dtype=np.float32).reshape(-1, 1)
    (first, block), (second, last) = fixed_blocks(series, 4, overlap=3)
    assert (first, second) == (0, 4)
    assert block[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert last[:, 0].tolist() == [4, 5, 6, 7, 8, 9, 9]


def test_blocks_are_in_the_precision_asked_for():
    rows = np.array([[1.0], [2.0**-40]])
    ((_, single),) = fixed_blocks(rows, 2)
    ((_, double),) = fixed_blocks(rows.astype(np.float32), 3, dtype=np.float64)
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    assert np.array_equal(double[:2], rows)
