"""Rows become a table of events, and events label rows."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skad.postprocessing import AlarmRule, from_events, to_events

HOURS = pd.date_range("2026-03-28", periods=60, freq="h", tz="Europe/Berlin")
INDEXES = {
    "row numbers": pd.RangeIndex(40),
    "gaps in row numbers": pd.RangeIndex(60).delete([*range(10, 25), *range(30, 35)]),
    "times over a change of the clock": HOURS[:40],
    "gaps in time": HOURS.delete(range(12, 32)),
    "numbers": pd.Index(np.arange(40) * 0.1),
    "periods": pd.period_range("2026-01", periods=40, freq="M"),
    "time since start": pd.timedelta_range("0s", periods=40, freq="s"),
    "one level of series": pd.MultiIndex.from_product([["b", "a"], HOURS[:20]]),
    "two levels of series": pd.MultiIndex.from_product(
        [["plant"], [2, 1], range(20)], names=["site", "pump", None]
    ),
}


def labels_with(*rows, n=40):
    labels = np.ones(n, dtype=int)
    labels[list(rows)] = -1
    return labels


def spans(events):
    return list(zip(events["start"], events["end"], strict=True))


def test_an_event_is_a_run_of_abnormal_rows():
    assert spans(to_events(labels_with(3, 4, 5, 9))) == [(3, 5), (9, 9)]


def test_an_event_may_reach_to_either_end():
    assert spans(to_events([-1, -1, 1, -1])) == [(0, 1), (3, 3)]


def test_booleans_are_labels_as_well():
    assert spans(to_events([False, True, True, False])) == [(1, 2)]


def test_no_abnormal_row_is_no_event_and_keeps_the_types():
    events = to_events(labels_with(), INDEXES["times over a change of the clock"])
    assert len(events) == 0
    assert events.columns.tolist() == ["start", "end", "peak", "severity"]
    assert events["start"].dtype == HOURS.dtype
    np.testing.assert_array_equal(from_events(events, HOURS[:40]), labels_with())


def test_no_rows_are_no_event():
    assert len(to_events([])) == 0
    assert from_events(to_events([]), 0).shape == (0,)


def test_the_peak_is_the_lowest_score_and_the_severity_its_depth():
    scores = np.array([0.9, 0.4, 0.1, 0.3, 0.9, 0.45])
    events = to_events(scores, threshold=0.5)
    assert events["peak"].tolist() == [2, 5]
    # The median, 0.425, is not above the threshold: what is usual has to be told.
    np.testing.assert_allclose(events["severity"], [1.4 / 2.4, 1.05 / 2.05])
    told = to_events(scores, threshold=0.5, usual=0.9)
    np.testing.assert_allclose(told["severity"], [2 / 3, 1.125 / 2.125])


def test_a_score_at_the_threshold_is_normal_as_in_predict():
    assert len(to_events([0.5, 0.5], threshold=0.5)) == 0


def test_labels_have_their_first_row_for_a_peak_and_severity_one():
    (event,) = to_events(labels_with(3, 4)).to_dict("records")
    assert event == {"start": 3, "end": 4, "peak": 3, "severity": 1.0}


def test_decisions_and_labels_give_the_same_events(rng):
    decisions = rng.normal(size=40)
    by_label = to_events(np.where(decisions < 0, -1, 1))
    assert spans(to_events(decisions, threshold=0)) == spans(by_label)


@pytest.mark.parametrize(
    ("merge_gap", "expected"),
    [(0, [(1, 2), (5, 6), (8, 8)]), (1, [(1, 2), (5, 8)]), (2, [(1, 8)])],
)
def test_events_are_merged_across_few_normal_rows(merge_gap, expected):
    labels = labels_with(1, 2, 5, 6, 8)
    assert spans(to_events(labels, merge_gap=merge_gap)) == expected


def test_short_events_are_left_out_after_merging():
    labels = labels_with(1, 3, 10, 20, 21, 22)
    assert spans(to_events(labels, merge_gap=1, min_length=3)) == [(1, 3), (20, 22)]


def test_no_event_reaches_from_one_series_into_the_next():
    index = INDEXES["one level of series"]
    events = to_events(labels_with(18, 19, 20, 22), index, merge_gap=5)
    assert events.index.tolist() == [("b", 0), ("a", 1)]
    assert spans(events) == [(HOURS[18], HOURS[19]), (HOURS[0], HOURS[2])]


def test_the_levels_of_series_keep_their_names():
    index = INDEXES["two levels of series"]
    events = to_events(labels_with(0, 30), index)
    assert events.index.names == ["site", "pump", "event"]
    assert events.index.tolist() == [("plant", 2, 0), ("plant", 1, 1)]


def test_an_event_is_cut_at_a_gap_unless_the_gap_is_allowed():
    index = pd.RangeIndex(6).append(pd.RangeIndex(8, 12))
    labels = labels_with(4, 5, 6, n=10)
    assert spans(to_events(labels, index)) == [(4, 5), (8, 8)]
    assert spans(to_events(labels, index, merge_gap=9)) == [(4, 5), (8, 8)]
    assert spans(to_events(labels, index, max_gap=3)) == [(4, 8)]


@pytest.mark.parametrize("table", [pd.Series, pd.DataFrame])
def test_the_index_may_be_that_of_a_table(table):
    X = table(np.zeros(40), index=HOURS[:40])
    assert spans(to_events(labels_with(7), X)) == [(HOURS[7], HOURS[7])]
    assert (from_events(to_events(labels_with(7), X), X) == labels_with(7)).all()


def test_labelled_series_bring_their_own_index():
    labels = pd.Series(labels_with(7), HOURS[:40])
    assert spans(to_events(labels)) == [(HOURS[7], HOURS[7])]


def test_a_column_of_polars_serves_as_index_and_as_scores():
    hours = HOURS[:40].tz_localize(None)
    frame = pl.DataFrame({"hour": hours.to_numpy(), "score": labels_with(7) * 0.5})
    events = to_events(frame["score"], frame["hour"], threshold=0.0)
    assert spans(events) == [(hours[7], hours[7])]


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from([-1, 1]), min_size=40, max_size=40))
def test_events_label_the_rows_that_they_were_made_of(index, labels):
    events = to_events(labels, index)
    np.testing.assert_array_equal(from_events(events, index), labels)
    again = to_events(from_events(events, index), index)
    pd.testing.assert_frame_equal(again, events)


def test_events_of_the_whole_label_a_part():
    labels = labels_with(3, 4, 20, 21, 22)
    events = to_events(labels, HOURS[:40])
    np.testing.assert_array_equal(from_events(events, HOURS[21:40]), labels[21:])


def test_events_written_by_hand_may_begin_and_end_between_rows():
    events = pd.DataFrame(
        {"start": ["2026-03-28 02:30"], "end": ["2026-03-28 04:59"]}
    ).apply(lambda column: pd.to_datetime(column).dt.tz_localize("Europe/Berlin"))
    rows = np.flatnonzero(from_events(events, HOURS) == -1)
    assert rows.tolist() == [3, 4]


SHARES = np.zeros((40, 5))
SHARES[:, 4] = 0.1
SHARES[10:13, [1, 3]] = [[2, 3], [2, 0], [2, 4]]


def test_the_channels_that_add_most_over_the_event_come_first():
    events = to_events(labels_with(10, 11, 12), explanation=SHARES)
    assert events["channels"].tolist() == [[3, 1, 4]]


def test_channels_have_the_names_of_the_columns():
    named = pd.DataFrame(SHARES, columns=list("abcde"))
    events = to_events(labels_with(11, 30), explanation=named, max_channels=2)
    assert events["channels"].tolist() == [["b", "e"], ["e"]]


def test_without_pandas_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    cure = r'pandas is not installed. Install it with pip install "skad\[frames\]"'
    with pytest.raises(ImportError, match=f"to_events works on pandas tables.*{cure}"):
        to_events([1, -1])
    with pytest.raises(ImportError, match=f"from_events works on .*{cure}"):
        from_events(None, 3)


REFUSED = {
    "zeros and ones": ([0, 1], {}, r"holds \[0, 1\]; labels are -1 .* labels == 1"),
    "scores alone": ([0.3, 0.4], {}, "If these are scores, set threshold"),
    "two columns": (np.ones((3, 2)), {}, r"labels_or_scores has shape \(3, 2\)"),
    "NaN": ([1, np.nan], {"threshold": 0}, "holds nan at row 1; each row needs a fin"),
    "a longer index": ([1, -1], {"index": range(3)}, "index has 3 rows and .* 2"),
    "days of the week": ([1, -1], {"index": ["Mo", "Tu"]}, "show neither time nor row"),
    "a clock set back": ([1, -1], {"index": HOURS[[1, 0]]}, "Timestamp .* comes after"),
    "restarts": ([1, -1], {"index": [7, 7]}, r"goes back, .* pass index=range\(n_rows"),
    "a short explanation": (
        [1, -1],
        {"explanation": SHARES},
        r"explanation has shape \(40, 5\); needed .* n_rows = 2",
    ),
    "an explanation with holes": (
        [1, -1],
        {"explanation": [[np.nan], [1]]},
        "explanation holds numbers that are NaN or infinite",
    ),
    "no length": ([1], {"min_length": 0}, "The 'min_length' parameter .* must be"),
}


@pytest.mark.parametrize(("rows", "more", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_become_events_is_refused(rows, more, sentence):
    with pytest.raises(ValueError, match=sentence):
        to_events(rows, **more)


def table(start, end, index=None):
    return pd.DataFrame({"start": start, "end": end}, index=index)


UNREADABLE = {
    "no columns": (pd.DataFrame({"begin": [1]}), 5, r"no column \['end', 'start'\]"),
    "backwards": (table([3], [2]), 5, "Event 0 starts at 3 and ends at 2"),
    "no end": (table([3.0], [np.nan]), 5, "starts at 3.0 and ends at nan"),
    "times for numbers": (table(HOURS[:1], HOURS[:1]), 5, "holds timestamps .* numbe"),
    "text for times": (
        table(["x"], ["y"]),
        HOURS,
        "holds (str|object), and index timestamps",
    ),
    "no time zone": (
        table(*[HOURS[:1].tz_localize(None)] * 2),
        HOURS,
        r"holds timestamps \(time zone: None\), and index timestamps \(time zone: Eur",
    ),
    "no names of series": (
        table([3], [3]),
        INDEXES["one level of series"],
        "index names series by 1 outer levels, and the index of events has 1 levels",
    ),
}


@pytest.mark.parametrize(
    ("events", "index", "sentence"), UNREADABLE.values(), ids=UNREADABLE
)
def test_events_that_cannot_be_found_in_the_index_are_refused(events, index, sentence):
    with pytest.raises(ValueError, match=sentence):
        from_events(events, index)


def test_severity_is_a_half_at_the_threshold_and_counts_by_its_distance():
    scores = np.array([1.0, 1.0, 1.0, np.nextafter(0.5, 0), 1.0, -0.5, 1.0, -1e9])
    severity = to_events(scores, threshold=0.5)["severity"].to_numpy()
    np.testing.assert_allclose(severity[:2], [0.5, 0.75])
    assert 0.99 < severity[2] < 1


def test_each_row_may_have_a_threshold_of_its_own():
    scores, thresholds = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 3.0, 2.0, 4.5])
    events = to_events(scores, threshold=thresholds, usual=[9.0, 9.0, 9.0, 9.0])
    assert events["start"].tolist() == [1, 3]
    with pytest.raises(ValueError, match=r"threshold has shape \(3,\) for 4 rows"):
        to_events(scores, threshold=thresholds[:3])


def test_events_tell_what_was_read_and_what_was_expected():
    X = pd.DataFrame({"flow": [1.0, 1, 9, 8, 1], "level": [2.0, 2, 2, -3, 2]})
    expected = np.tile([1.0, 2.0], (5, 1))
    tables = {"observed": X, "expected": expected}
    tables["band"] = expected - 0.5, expected + [4.0, 0.5]
    labels = [1, 1, -1, 1, -1]
    events = to_events(labels, **tables)
    assert events["channel"].tolist()[0] == "flow"
    assert events["observed"].tolist() == [9.0, 1.0]
    assert events[["lower", "upper"]].iloc[0].tolist() == [0.5, 5.0]
    assert events["direction"].tolist()[0] == "above"
    shares = pd.DataFrame(np.tile([0.1, 5.0], (5, 1)), columns=X.columns)
    told = to_events([1, 1, 1, -1, 1], explanation=shares, **tables)
    assert told.loc[0, ["channel", "observed", "direction"]].tolist() == [
        "level",
        -3.0,
        "below",
    ]
    with pytest.raises(ValueError, match="observed is missing: to tell what was read"):
        to_events(labels, expected=expected)
    with pytest.raises(ValueError, match="observed, expected and band are of differ"):
        to_events(labels, observed=X, expected=expected[:3])


def test_nothing_is_an_event_in_periods_that_are_excluded():
    periods = pd.DataFrame({"start": [4, 20], "end": [6, 30]})
    labels = labels_with(*range(2, 10), 25, 33)
    events = to_events(labels, exclude=periods, merge_gap=5)
    assert spans(events) == [(2, 3), (7, 9), (33, 33)]
    assert spans(to_events(labels, merge_gap=5)) == [(2, 9), (25, 25), (33, 33)]


def test_a_rule_does_not_hold_an_alarm_open_over_an_excluded_period():
    scores = np.ones(40)
    scores[10] = -1
    rule = AlarmRule(recovery=2.0)
    periods = pd.DataFrame({"start": [15], "end": [20]})
    events = to_events(scores, threshold=0, rule=rule, exclude=periods)
    assert spans(events) == [(10, 14)]


def test_excluded_periods_belong_to_their_series():
    index = INDEXES["one level of series"]
    periods = pd.DataFrame(
        {"start": HOURS[:1], "end": HOURS[19:20]},
        pd.MultiIndex.from_tuples([("a", 0)]),
    )
    events = to_events(labels_with(3, 23), index, exclude=periods)
    assert events.index.get_level_values(0).tolist() == ["b"]


def test_excluded_periods_that_cannot_be_read_are_refused():
    with pytest.raises(ValueError, match="no column .'end', 'start'"):
        to_events(labels_with(3), exclude=pd.DataFrame({"begin": [1]}))
