"""Where one series ends and the next begins."""

import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skad._series.segments import learn_gaps


def table(index):
    return pd.DataFrame({"a": np.zeros(len(index))}, index=index)


def starts(index, max_gap=None):
    """Return the first row of each segment, by the rule learnt from the same index."""
    X = table(index)
    return learn_gaps(X, max_gap).starts(X).tolist()


def minutes(*numbers):
    return pd.Timestamp("2024-01-01") + pd.to_timedelta(numbers, unit="min")


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((5, 1)),
        [[0.0], [1.0]],
        ((0.0,), (1.0,)),
        pl.DataFrame({"a": [0.0, 1.0]}),
    ],
    ids=["array", "list", "tuple", "polars"],
)
def test_what_has_no_index_is_one_series(X):
    rule = learn_gaps(X, timedelta(minutes=1))
    assert rule.step is None
    assert rule.starts(X).tolist() == [0]


def test_no_rows_are_no_series_and_no_error():
    empty = pd.MultiIndex.from_arrays([[], []], names=["name", "time"])
    assert starts(empty) == [0]
    assert starts(pd.Index([], dtype=object)) == [0]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(6), [0]),
        (pd.RangeIndex(0, 12, 2), [0]),
        ([0, 1, 2, 4, 5, 6], [0, 3]),
        ([0, 1, 2, 3, 2, 3], [0, 4]),
        ([0, 1, 2, 2, 3, 4], [0, 3]),
        ([2, 2, 2, 2, 1], [0, 1, 2, 3, 4]),
        (np.array([7, 8, 9, 250], dtype=np.uint8), [0, 3]),
        (pd.Index([0, 1, 2, 9], dtype="Int64"), [0, 3]),
        (pd.Index([0, 1, 2, 9], dtype=object), [0, 3]),
        (pd.CategoricalIndex([0, 1, 2, 9]), [0, 3]),
        (np.array([0, 1, 2, 3]) + 2**62, [0]),
    ],
)
def test_row_numbers_follow_each_other_or_are_cut(index, expected):
    assert starts(index) == expected


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ([0.0, 0.1, 0.2, 0.5, 0.6], [0]),
        ([0.0, 0.1, 0.2, 0.61, 0.71], [0, 3]),
        ([0.0, 0.1, 0.2, 0.0, 0.1], [0, 3]),
        (np.cumsum(np.full(1000, 0.1)), [0]),
    ],
    ids=["three steps", "more", "restart", "rounding"],
)
def test_other_numbers_may_leave_out_two(index, expected):
    assert starts(index) == expected


def test_seconds_of_a_clock_may_be_off_by_less_than_half_a_step():
    rng = np.random.default_rng(0)
    seconds = 1_700_000_000 + 60 * np.arange(200) + rng.integers(-14, 15, size=200)
    rule = learn_gaps(table(pd.Index(seconds)))
    assert rule.starts(table(pd.Index(seconds))).tolist() == [0]
    assert rule.starts(table(pd.Index(np.delete(seconds, 50)))).tolist() == [0, 50]
    assert starts(pd.Index([0, 2, 4, 8, 10])) == [0, 3]


def test_rounding_of_a_decimal_step_is_no_gap():
    assert starts(np.cumsum(np.full(1000, 0.1)), max_gap=1) == [0]
    assert starts([0.0, 0.1, 0.2, 0.3001], max_gap=1) == [0, 3]


def test_timestamps_may_leave_out_two():
    assert starts(minutes(0, 1, 2, 5, 6)) == [0]
    assert starts(minutes(0, 1, 2, 6, 7)) == [0, 3]


@pytest.mark.parametrize(
    ("max_gap", "expected"),
    [
        (None, [0, 5]),
        (1, [0, 3, 5]),
        (1.5, [0, 3, 5]),
        (2, [0, 5]),
        (9, [0, 5]),
        (10, [0]),
        (1e12, [0]),
        (1e300, [0]),
        (np.inf, [0]),
        (0.5, [0, 1, 2, 3, 4, 5, 6]),
        (timedelta(minutes=2), [0, 5]),
        (timedelta(minutes=1, seconds=59), [0, 3, 5]),
        (timedelta(minutes=10), [0]),
        (pd.Timedelta("2min"), [0, 5]),
        (pd.Timedelta("10min"), [0]),
        (np.timedelta64(2, "m"), [0, 5]),
        (np.timedelta64(1, "h"), [0]),
    ],
)
def test_max_gap_is_the_widest_difference_without_a_cut(max_gap, expected):
    assert starts(minutes(0, 1, 2, 4, 5, 15, 16), max_gap) == expected


def test_a_pandas_span_keeps_its_nanoseconds():
    index = pd.to_datetime([0, 100, 200, 400], unit="ns")
    assert starts(index, pd.Timedelta(100, "ns")) == [0, 3]


def test_infinity_still_cuts_between_series_and_at_restarts():
    assert starts([0, 1, 2, 0, 1], np.inf) == [0, 3]
    pairs = pd.MultiIndex.from_product([["a", "b"], [0, 9]])
    assert starts(pairs, np.inf) == [0, 2]


def test_unsigned_row_numbers_may_start_anew():
    assert starts(np.array([7, 8, 9, 0, 1], dtype=np.uint8), np.inf) == [0, 3]


def test_the_step_is_the_median_difference_seen_at_fit():
    assert learn_gaps(table([0, 5, 10, 16, 22, 100])).step == 6
    assert learn_gaps(table(minutes(0, 1, 2, 3, 90))).step == np.timedelta64(60, "s")
    assert learn_gaps(table([0.0, 0.5, 1.0])).step == 0.5


def test_of_two_median_differences_the_step_is_the_smaller():
    assert starts(minutes(0, 1, 90)) == [0, 2]


def test_differences_across_a_cut_do_not_enter_the_step():
    index = pd.MultiIndex.from_arrays(
        [["a", "a", "b", "b", "c", "d"], [0, 2, 50, 52, 200, 500]]
    )
    assert learn_gaps(table(index)).step == 2
    assert learn_gaps(table([0, 2, 0, 2, 0])).step == 2


def test_single_rows_teach_no_step_and_nothing_is_a_gap():
    rule = learn_gaps(table([5]))
    assert rule.step is None
    assert rule.starts(table([0, 1, 50])).tolist() == [0]
    rule = learn_gaps(table(minutes(5)), timedelta(minutes=1))
    assert rule.starts(table(minutes(0, 1, 50))).tolist() == [0, 2]


def test_the_rule_is_that_of_fit_and_not_of_the_rows_at_hand():
    rule = learn_gaps(table([0, 1, 2, 3, 4]))
    assert rule.starts(table([0, 2, 4, 6])).tolist() == [0, 1, 2, 3]
    rule = learn_gaps(table(minutes(0, 60, 120)))
    assert rule.starts(table(minutes(0, 1, 2, 100))).tolist() == [0]


@pytest.mark.parametrize("fit_unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_the_unit_of_timestamps_does_not_matter(fit_unit, unit):
    rule = learn_gaps(table(minutes(0, 1, 2, 3).as_unit(fit_unit)))
    X = table(minutes(0, 3, 7, 8).as_unit(unit))
    assert rule.starts(X).tolist() == [0, 2]


def test_a_clock_that_is_put_forward_or_back_makes_no_gap():
    for night in ("2024-03-31", "2024-10-27"):
        index = pd.date_range(night, periods=8, freq="30min", tz="Europe/Berlin")
        assert starts(index, max_gap=1) == [0]


def test_a_gap_is_seen_across_a_change_of_the_clock():
    index = pd.date_range("2024-10-27", periods=12, freq="30min", tz="Europe/Berlin")
    assert starts(index[[0, 1, 2, 3, 8, 9]]) == [0, 4]


def test_time_zones_do_not_matter():
    rule = learn_gaps(table(minutes(0, 1, 2)))
    away = table(minutes(0, 1, 9).tz_localize("Asia/Tokyo"))
    assert rule.starts(away).tolist() == [0, 2]


@pytest.mark.parametrize("freq", ["D", "h", "Q", "M", "Y"])
def test_periods_count_by_their_starts(freq):
    index = pd.period_range("2020-01-01", periods=40, freq=freq)
    assert starts(index) == [0]
    assert starts(index.delete(range(10, 15))) == [0, 10]


def test_time_since_the_start_counts_as_timestamps():
    index = pd.to_timedelta([0, 1, 2, 9, 10], unit="s")
    assert starts(index) == [0, 3]
    assert starts(index, timedelta(seconds=7)) == [0]


def test_python_datetimes_are_timestamps():
    index = pd.Index(
        [datetime(2024, 1, 1, hour) for hour in (0, 1, 2, 8)], dtype=object
    )
    assert starts(index) == [0, 3]


def test_each_series_of_an_index_of_names_and_times_stands_alone():
    index = pd.MultiIndex.from_product([["b", "a", "c"], [0, 1, 2]])
    assert starts(index) == [0, 3, 6]
    index = pd.MultiIndex.from_product([["b", "a"], minutes(0, 1, 2)])
    assert starts(index) == [0, 3]


def test_a_later_series_may_go_on_where_the_one_before_ends():
    index = pd.MultiIndex.from_arrays([["a", "a", "b", "b"], [0, 1, 2, 3]])
    assert starts(index) == [0, 2]


def test_a_series_without_a_name_is_one_as_well():
    index = pd.MultiIndex.from_arrays([["a", "a", None, None], [0, 1, 0, 1]])
    assert starts(index) == [0, 2]


def test_a_single_level_of_times_names_no_series():
    assert starts(pd.MultiIndex.from_arrays([[0, 1, 2, 9]])) == [0, 3]


def test_gaps_are_cut_within_a_series():
    index = pd.MultiIndex.from_arrays([list("aaaabb"), [0, 1, 2, 7, 0, 1]])
    assert starts(index) == [0, 3, 4]


def test_three_levels_name_a_series_by_the_outer_two():
    index = pd.MultiIndex.from_product([["a", "b"], ["x", "y"], [0, 1, 2]])
    assert starts(index) == [0, 3, 6, 9]
    index = pd.MultiIndex.from_arrays([list("aabb"), list("xxxx"), [0, 1, 2, 3]])
    assert starts(index) == [0, 2]


def test_noisy_copies_of_restarting_row_numbers_are_cut_and_not_refused():
    runs = pd.concat([table(range(3)), table(range(2))])
    copies = pd.concat([runs, runs], keys=[0, 1], names=["copy", None])
    assert learn_gaps(copies).starts(copies).tolist() == [0, 3, 5, 8]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (minutes(0, 2, 1), r"Timestamp 2024-01-01 00:01:00 \(row 2\) comes after "),
        (minutes(0, 1, 1), r"\(row 2\) is a duplicate of 2024-01-01 00:01:00 "),
        (
            pd.MultiIndex.from_product([["a", "b"], minutes(1, 0)]),
            r"\(row 1\) comes after ",
        ),
        (
            pd.MultiIndex.from_arrays([list("aabb"), [0, 1, 5, 4]]),
            r"Timestamp 4 \(row 3\) comes after 5 in the row before",
        ),
        (
            pd.MultiIndex.from_arrays([list("aabb"), [0, 1, 5, 5]]),
            r"Timestamp 5 \(row 3\) is a duplicate of 5",
        ),
        (pd.PeriodIndex(["2020-02", "2020-01"], freq="M"), r"2020-01 \(row 1\) comes"),
    ],
)
def test_disorder_within_a_series_is_refused(index, message):
    with pytest.raises(ValueError, match=message + r"[\s\S]*X\.sort_index\(\)"):
        learn_gaps(table(index))


def test_disorder_is_refused_at_scoring_too():
    rule = learn_gaps(table(minutes(0, 1, 2)))
    with pytest.raises(ValueError, match="within a series, time must increase"):
        rule.starts(table(minutes(0, 2, 1)))


@pytest.mark.parametrize(
    ("levels", "name"),
    [
        ([list("abab"), [0, 0, 1, 1]], "'a'"),
        ([list("abba"), [0, 0, 1, 1]], "'a'"),
        ([list("aabbaa"), list("xyxxxy"), [0, 0, 0, 1, 1, 1]], r"\('a', 'x'\)"),
    ],
)
def test_the_rows_of_a_series_stand_together(levels, name):
    message = f"The rows of series {name} do not stand next to each other. Sort X"
    with pytest.raises(ValueError, match=message):
        learn_gaps(table(pd.MultiIndex.from_arrays(levels)))


@pytest.mark.parametrize(
    "index",
    [
        pd.DatetimeIndex(["2024-01-01", None]),
        pd.TimedeltaIndex([timedelta(0), None]),
        pd.PeriodIndex(["2024-01", None], freq="M"),
        [0.0, np.nan],
        [0.0, np.inf],
        pd.Index([1, None], dtype="Int64"),
        pd.MultiIndex.from_arrays([["a", "a"], [0, None]]),
    ],
)
def test_a_row_without_a_time_is_refused(index):
    message = r"index of X has missing or infinite entries\. Drop these rows"
    with pytest.raises(ValueError, match=message):
        learn_gaps(table(index))


@pytest.mark.parametrize(
    ("index", "found"),
    [
        (["u", "v"], "str labels such as 'u'"),
        (pd.Index(["u", "v"], dtype=object), "str labels such as 'u'"),
        (pd.CategoricalIndex(["u", "v"]), "str labels such as 'u'"),
        ([True, False], "bool labels such as np.True_"),
        (
            pd.IntervalIndex.from_breaks([0, 1, 2]),
            r"Interval labels such as Interval\(0, 1, .*\)",
        ),
        (pd.MultiIndex.from_arrays([["a", "a"], ["u", "v"]]), "str labels such as 'u'"),
    ],
)
def test_labels_that_show_no_time_are_refused(index, found):
    message = f"The index of X holds {found}, which show neither time nor row numbers"
    with pytest.raises(ValueError, match=message):
        learn_gaps(table(index))


def test_another_kind_of_index_than_at_fit_is_refused():
    rule = learn_gaps(table(minutes(0, 1, 2)))
    message = "The index of X holds row numbers, but at fit it held timestamps. Pass X"
    with pytest.raises(ValueError, match=message):
        rule.starts(table([0, 1, 2]))
    rule = learn_gaps(table([0, 1, 2]))
    with pytest.raises(ValueError, match="X holds numbers, but at fit it held row num"):
        rule.starts(table([0.0, 1.0, 2.0]))


@pytest.mark.parametrize(
    "index",
    [
        [5, 4, 3, 2, 1, 0],
        pd.RangeIndex(6, 0, -1),
        pd.Index([5, 4, 3], dtype="uint8"),
        [0.5, 0.25, 0.0],
    ],
)
def test_numbers_that_descend_are_refused_at_fit_and_at_scoring(index):
    message = r"The index of X descends, from .* Turn X round with X\.iloc\[::-1\]"
    with pytest.raises(ValueError, match=message):
        learn_gaps(table(index))
    rule = learn_gaps(table([0, 1, 2]))
    with pytest.raises(ValueError, match=message):
        rule.starts(table(index))


@pytest.mark.parametrize("index", [minutes(0, 1, 2, 9), [0.0, 0.1, 0.2], [0, 1, 7]])
def test_rows_that_are_counted_are_an_array_whatever_was_seen_at_fit(index):
    rule = learn_gaps(table(index))
    assert rule.starts(table(pd.RangeIndex(9))).tolist() == [0]
    assert rule.starts(table(pd.RangeIndex(40, 49))).tolist() == [0]


def test_a_table_after_counted_rows_is_cut_between_its_series_only():
    rule = learn_gaps(table(pd.RangeIndex(9)))
    assert rule.starts(table(minutes(0, 1, 50, 51))).tolist() == [0]
    pairs = pd.MultiIndex.from_product([["a", "b"], minutes(0, 1)])
    assert rule.starts(table(pairs)).tolist() == [0, 2]


def test_counted_rows_of_which_some_are_left_out_are_cut_there():
    rule = learn_gaps(table(pd.RangeIndex(9)))
    assert rule.starts(table([0, 1, 2, 6, 7])).tolist() == [0, 3]


@pytest.mark.parametrize(
    ("fit", "index", "words"),
    [
        (minutes(*range(9)), minutes(*range(0, 45, 5)), "0:05:00 .* were 0:01:00"),
        ([0, 1, 2, 3, 4], [0, 2, 4, 6, 8], r"2 apart \(median\), .* were 1 apart"),
        (minutes(*range(0, 45, 5)), minutes(*range(30)), "0:01:00 .* were 0:05:00"),
        (minutes(*range(9)), minutes(*range(0, 12, 3)), None),  # too few rows
        (minutes(*range(9)), minutes(*range(0, 18, 2)), None),  # no cut
        (minutes(*range(0, 45, 5)), minutes(*range(29)), None),
        (minutes(*range(0, 18, 2)), minutes(*range(30)), None),
        (minutes(*range(9)), pd.RangeIndex(0, 60, 1), None),
        (pd.RangeIndex(9), minutes(*range(0, 45, 5)), None),
        ([3], minutes(*range(0, 45, 5)), None),
    ],
)
def test_another_step_than_at_fit_is_told_in_words(fit, index, words):
    found = learn_gaps(table(fit)).other_step(table(index))
    if words is None:
        assert found is None
    else:
        assert re.search(words, found)


class OfArrow:
    """The index that pandas makes of Arrow's times, which needs Arrow itself."""

    dtype = SimpleNamespace(
        pyarrow_dtype="timestamp[ns, tz=Europe/Berlin]",
        numpy_dtype=np.dtype("datetime64[ns]"),
    )
    names = ["time"]

    def __init__(self, index):
        self.index = index

    def __len__(self):
        return len(self.index)

    def to_numpy(self, dtype):
        return self.index.to_numpy(dtype)


def test_times_of_arrow_are_timestamps():
    X = type("Frame", (), {"index": OfArrow(minutes(0, 1, 2, 7).tz_localize("UTC"))})
    rule = learn_gaps(X)
    assert rule.kind == "timestamps"
    assert rule.starts(X).tolist() == [0, 3]


def test_categories_of_times_with_a_zone_are_timestamps():
    index = pd.CategoricalIndex(minutes(0, 1, 2, 7).tz_localize("Europe/Berlin"))
    assert starts(index) == [0, 3]


def test_an_array_after_a_table_is_one_series():
    rule = learn_gaps(table([0, 1, 2, 50]))
    assert rule.starts(np.zeros((9, 1))).tolist() == [0]


def test_a_table_after_an_array_is_cut_between_its_series_only():
    rule = learn_gaps(np.zeros((9, 1)))
    assert rule.starts(table([0, 1, 50, 51])).tolist() == [0]
    pairs = pd.MultiIndex.from_product([["a", "b"], [0, 9]])
    assert rule.starts(table(pairs)).tolist() == [0, 2]


def test_a_span_of_time_needs_an_index_of_times():
    message = r"max_gap=.* is a span of time, but the index of X holds row numbers\. G"
    with pytest.raises(ValueError, match=message):
        learn_gaps(table([0, 1, 2]), timedelta(minutes=1))


@pytest.mark.parametrize(
    "span",
    [timedelta(0), pd.Timedelta(-1, "s"), np.timedelta64(0), np.timedelta64("NaT")],
)
def test_a_span_of_time_is_above_zero(span):
    with pytest.raises(
        ValueError, match="max_gap=.* must be a span of time above zero"
    ):
        learn_gaps(table(minutes(0, 1, 2)), span)
