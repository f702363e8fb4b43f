"""Where segments begin, seen by windows without an index."""

import numpy as np
import pytest

from skad._series import segments_of_windows
from skad._series.segments_of_windows import starts_of_segments
from skad._series.windows import segment_windows, trailing_windows


@pytest.mark.parametrize("padding", ["edge", 0.0, np.nan])
@pytest.mark.parametrize("block", [7, 4096])
def test_windows_that_hold_no_rows_of_those_before_begin_a_segment(
    rng, padding, block, monkeypatch
):
    monkeypatch.setattr(segments_of_windows, "_BLOCK", block)
    rows = rng.normal(size=(60, 2))
    starts = np.array([0, 20, 27, 45])
    windows = np.asarray(segment_windows(rows, 5, starts, padding))
    assert starts_of_segments(windows).tolist() == starts.tolist()


def test_windows_over_one_series_are_one_segment(rng):
    windows = trailing_windows(rng.normal(size=(60, 2)), 5)
    assert starts_of_segments(windows).tolist() == [0]
    assert starts_of_segments(windows.copy()).tolist() == [0]


def test_windows_that_were_changed_one_by_one_show_no_segments(rng):
    windows = rng.normal(size=(60, 5, 1))
    assert starts_of_segments(windows).tolist() == [0]
    assert starts_of_segments(windows[:, :1]).tolist() == [0]


def test_windows_picked_out_of_a_block_are_told_apart_by_their_numbers(rng):
    rows = np.zeros((60, 1))  # which show nothing
    starts = np.array([0, 20, 27, 45])
    picked = segment_windows(rows, 5, starts)
    assert starts_of_segments(picked).tolist() == starts.tolist()
