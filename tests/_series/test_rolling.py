"""One number per row out of the scores around it."""

import tracemalloc

import numpy as np
import pytest

from skad._series.rolling import rolling
from skad._series.windows import segment_bounds

ONE_SEGMENT = np.zeros(1, dtype=int)
REACHES = [(0, 0), (0, 1), (1, 0), (0, 6), (7, 0), (2, 1), (3, 3), (50, 20), (0, 99)]
BY_NUMPY = {"mean": np.mean, "median": np.median, "min": np.min}
SEVERAL = ["mean", "median", "min", "last"]


def by_loop(scores, starts, reduce, back, ahead):
    """Reduce the rows around each row, slow and obvious."""
    reduced = []
    for start, stop in segment_bounds(starts, len(scores)):
        for row in range(start, stop):
            around = scores[max(start, row - back) : min(stop, row + ahead + 1)]
            last = scores[min(stop - 1, row + ahead)]
            reduced.append(last if reduce == "last" else BY_NUMPY[reduce](around))
    return np.array(reduced)


@pytest.mark.parametrize("reduce", SEVERAL)
@pytest.mark.parametrize(("back", "ahead"), REACHES)
@pytest.mark.parametrize("starts", [[0], [0, 1, 2], [0, 5, 30], [0, 39]])
def test_each_row_is_reduced_with_the_rows_around_it(rng, reduce, back, ahead, starts):
    scores = rng.normal(size=40)
    starts = np.array(starts)
    reduced = rolling(scores, starts, reduce, back, ahead)
    expected = by_loop(scores, starts, reduce, back, ahead)
    assert reduced.dtype == np.float64
    tolerance = 1e-13 if reduce == "mean" else 0
    np.testing.assert_allclose(reduced, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("reduce", SEVERAL)
@pytest.mark.parametrize(("back", "ahead"), REACHES)
def test_a_slice_gives_the_very_bits_of_the_whole(rng, reduce, back, ahead):
    scores = rng.normal(size=1000) * 10.0 ** rng.integers(-8, 8, size=1000)
    whole = rolling(scores, ONE_SEGMENT, reduce, back, ahead)
    part = rolling(scores[313:777], ONE_SEGMENT, reduce, back, ahead)
    inside = slice(back, len(part) - ahead)
    np.testing.assert_array_equal(part[inside], whole[313:777][inside])


@pytest.mark.parametrize("reduce", SEVERAL)
def test_the_end_of_a_short_series_does_not_depend_on_how_much_stands_before(
    rng, reduce
):
    scores = rng.normal(size=80)
    whole = rolling(scores, ONE_SEGMENT, reduce, 0, 99)
    part = rolling(scores[50:], ONE_SEGMENT, reduce, 0, 99)
    np.testing.assert_array_equal(part, whole[50:])


def test_one_huge_score_spoils_only_the_rows_around_it(rng):
    scores = rng.normal(size=100)
    clean = rolling(scores, ONE_SEGMENT, "mean", 1, 3)
    scores[50] = -1e300
    spoilt = rolling(scores, ONE_SEGMENT, "mean", 1, 3)
    assert np.flatnonzero(spoilt != clean).tolist() == [47, 48, 49, 50, 51]
    scores[50] = -np.inf
    assert np.isfinite(rolling(scores, ONE_SEGMENT, "mean", 1, 3)).sum() == 95


def test_the_median_of_many_rows_is_sorted_block_by_block(rng):
    scores = rng.normal(size=50_000)
    tracemalloc.start()
    medians = rolling(scores, ONE_SEGMENT, "median", 0, 99)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000 * 100 * 8 / 2  # of what all windows would need
    for row in (0, 10_484, 10_485, 10_486, 49_900, 49_950, 49_999):  # edges of blocks
        assert medians[row] == np.median(scores[row : row + 100])


def test_scores_in_single_precision_are_averaged_in_double(rng):
    scores = rng.normal(size=100).astype(np.float32)
    double = rolling(scores.astype(np.float64), ONE_SEGMENT, "mean", 0, 6)
    np.testing.assert_array_equal(rolling(scores, ONE_SEGMENT, "mean", 0, 6), double)
