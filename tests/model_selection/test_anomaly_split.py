"""Test blocks of whole events, and the rows left to train on."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from skad.metrics._runs import runs_of
from skad.model_selection import AnomalySplit

REFUSALS = "but y holds only|no normal row|No row is left"


def labels(text):
    """Read "..x." as labels, x = anomalous."""
    return np.array([-1 if row == "x" else 1 for row in text])


def splits_of(splitter, y):
    return list(splitter.split(np.zeros((len(y), 1)), y))


def rows_of(splitter, text):
    """Show each split as the labels are written: T = test, t = train, - = neither."""
    shown = []
    for train, test in splits_of(splitter, labels(text)):
        rows = np.full(len(text), "-")
        rows[train], rows[test] = "t", "T"
        shown.append("".join(rows))
    return shown


def test_the_drawing_of_the_docstring_is_true():
    y = "....xx.......x.."
    drawn = ["-TTTTTTTT-ttt-tt", "tttt--ttt-TTTTTT"]
    assert rows_of(AnomalySplit(2, gap=1), y) == drawn
    for drawing in drawn:
        assert drawing in AnomalySplit.__doc__


def test_training_on_all_rows_keeps_the_other_events():
    y = "....xx.......x.."
    drawn = ["-TTTTTTTT-tttttt", "ttttttttt-TTTTTT"]
    assert rows_of(AnomalySplit(2, gap=1, train="all"), y) == drawn


def test_blocks_are_parted_in_the_middle_between_two_events():
    drawn = ["TTTTTtt-tt", "tt-ttTTTTT"]
    assert rows_of(AnomalySplit(2), "..x....x..") == drawn


def test_an_event_in_a_long_quiet_stretch_leaves_most_of_it_to_train_on():
    y = np.ones(1000, dtype=int)
    y[[900, 910, 920, 930, 940]] = -1
    for train, test in splits_of(AnomalySplit(5, gap=10), y):
        assert len(test) <= 1000 / 5 + 1
        assert len(train) >= 700


def test_events_with_enough_normal_rows_between_them_get_the_gap_around_them():
    y = labels("." * 40 + "xx" + "." * 130 + "xx" + "." * 40 + "xx" + "." * 40)
    (_, test), _ = splits_of(AnomalySplit(2, gap=8), y)
    assert (test[0], test[-1]) == (40 - 8, 174 + 8 - 1)


def test_an_event_at_an_end_has_its_normal_rows_on_the_other_side():
    assert rows_of(AnomalySplit(2), "x..............x") == [
        "TTTTTTTTttttttt-",
        "-tttttttTTTTTTTT",
    ]


@st.composite
def series(draw):
    """Draw labels as runs of normal and anomalous rows."""
    lengths = draw(st.lists(st.integers(1, 12), min_size=4, max_size=14))
    first = draw(st.booleans())
    kinds = [(first + number) % 2 == 0 for number in range(len(lengths))]
    return np.repeat(np.where(kinds, 1, -1), lengths)


def splits_or_refusal(splitter, y):
    try:
        return splits_of(splitter, y)
    except ValueError as error:
        if not re.search(REFUSALS, str(error)):
            raise
        return None


@settings(max_examples=150, deadline=None)
@given(
    y=series(),
    n_splits=st.integers(2, 5),
    gap=st.integers(0, 4),
    train_on=st.sampled_from(["normal", "all"]),
)
def test_the_laws_of_blocks_and_gaps(y, n_splits, gap, train_on):
    splits = splits_or_refusal(AnomalySplit(n_splits, gap=gap, train=train_on), y)
    assume(splits is not None)
    events = [set(range(*rows)) for rows in zip(*runs_of(y == -1), strict=True)]
    tests = [set(test.tolist()) for _, test in splits]
    assert len(splits) == n_splits
    # Every event is in exactly one block, whole; as many in each, to within one.
    assert [sum(event <= test for test in tests) for event in events] == [1] * len(
        events
    )
    assert sum(len(event & test) for event in events for test in tests) == sum(y == -1)
    counts = [sum(event <= test for event in events) for test in tests]
    assert max(counts) - min(counts) <= 1
    # Blocks are contiguous, follow each other, and have both kinds of rows.
    edges = [edge for _, test in splits for edge in (test[0], test[-1])]
    assert sorted(edges) == edges
    for train, test in splits:
        assert (np.diff(test) == 1).all()
        assert set(y[test]) == {-1, 1}
        # Training takes, in order, every row further away than the gap.
        distance = np.maximum(test[0] - np.arange(len(y)), np.arange(len(y)) - test[-1])
        expected = (distance > gap) & ((y == 1) | (train_on == "all"))
        assert np.array_equal(train, np.flatnonzero(expected))


def test_both_conventions_of_labels_give_the_same_splits():
    y = labels(".....xx.....x....xxx....")
    expected = splits_of(AnomalySplit(3, gap=1), y)
    same = [y == -1, (y == -1).astype(float), pd.Series(y == -1), y.tolist()]
    for other in same:
        for found, wanted in zip(
            splits_of(AnomalySplit(3, gap=1), other), expected, strict=True
        ):
            assert np.array_equal(found[0], wanted[0])
            assert np.array_equal(found[1], wanted[1])


def test_it_shows_its_parameters_and_the_number_of_splits():
    splitter = AnomalySplit(3, gap=64)
    assert repr(splitter) == "AnomalySplit(gap=64, n_splits=3, train='normal')"
    assert splitter.get_n_splits() == splitter.get_n_splits([1], [1], [1]) == 3
    assert repr(clone(splitter, safe=False)) == repr(splitter)


def test_fewer_events_than_splits_are_refused_with_both_numbers():
    with pytest.raises(
        ValueError, match=r"n_splits=5, but y holds only 2 .* n_splits to at most 2"
    ):
        AnomalySplit().split(np.zeros(9), labels("..x..xx.."))


def test_a_single_event_cannot_be_split():
    with pytest.raises(
        ValueError, match=r"n_splits=2, but y holds only 1 .* without labels"
    ):
        AnomalySplit(2).split(np.zeros(9), labels("..xx....."))


def test_labels_are_needed():
    with pytest.raises(ValueError, match="y is None, but AnomalySplit .* KFold"):
        AnomalySplit(2).split(np.zeros(9))


@pytest.mark.parametrize("label", [1, -1, 0])
def test_labels_of_one_kind_are_refused(label):
    with pytest.raises(ValueError, match=f"All labels in y are {label}, but each test"):
        AnomalySplit(2).split(np.zeros(9), np.full(9, label))


def test_unknown_labels_are_refused():
    with pytest.raises(ValueError, match=r"y holds the labels \[0, 1, 2\]"):
        AnomalySplit(2).split(np.zeros(3), [0, 1, 2])


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        AnomalySplit(2).split(np.zeros(8), labels("..x..xx.."))


def test_a_block_without_a_normal_row_is_refused():
    with pytest.raises(
        ValueError, match="event in rows 2 to 2 has no normal row.* n_splits=2"
    ):
        AnomalySplit(2).split(np.zeros(3), labels("x.x"))


def test_a_gap_that_leaves_nothing_to_train_on_is_refused():
    with pytest.raises(
        ValueError, match=r"No row is left .* gap=5 rows .* all of the 10 rows"
    ):
        AnomalySplit(2, gap=5).split(np.zeros(10), labels("..x....x.."))


@pytest.mark.parametrize(
    "wrong", [{"n_splits": 1}, {"n_splits": 2.0}, {"gap": -1}, {"train": "clean"}]
)
def test_wrong_parameters_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(
        InvalidParameterError, match=f"The '{name}' parameter of AnomalySplit must be"
    ):
        AnomalySplit(**wrong).split(np.zeros(10), labels("..x....x.."))


@pytest.mark.parametrize("way", ["index", "groups"])
def test_no_event_goes_on_in_the_next_series(way):
    y = np.repeat([1, -1, -1, 1], [95, 5, 5, 95])
    index = pd.MultiIndex.from_product([["A", "B"], range(100)])
    X = pd.DataFrame({"v": np.zeros(200)}, index)
    groups = None
    if way == "groups":
        X, groups = X.to_numpy(), np.repeat([0, 1], 100)
    splits = list(AnomalySplit(2, gap=10).split(X, y, groups))
    assert [(test[0], test[-1]) for _, test in splits] == [(0, 99), (100, 199)]
    # The gap is left out of the series of the test block alone.
    assert splits[0][0].tolist() == list(range(105, 200))
    assert splits[1][0].tolist() == list(range(95))


def test_blocks_are_parted_where_series_meet():
    y = np.ones(200, dtype=int)
    y[[10, 110]] = -1
    (_, first), (_, second) = AnomalySplit(2).split(y, y, np.repeat([0, 1], 100))
    assert first[-1] < 100 <= second[0]


def test_the_rows_of_a_series_stand_together():
    y = np.ones(20, dtype=int)
    y[[5, 15]] = -1
    with pytest.raises(ValueError, match="rows of a series do not stand next to each"):
        AnomalySplit(2).split(y, y, np.arange(20) % 2)
