"""What alarms on labelled series are worth, by planted alarms and planted files."""

import numpy as np
import pytest

from tests.benchmarks.alarms import labelled
from tests.benchmarks.alarms.judging import best_in_hindsight, judge
from tests.benchmarks.alarms.labelled import FOREST, HINDSIGHT, OURS, load, measure
from tests.benchmarks.alarms.page import is_met, labelled_section

EVENTS = np.zeros(2000, dtype=bool)
EVENTS[500:520] = EVENTS[1500:1520] = True


def alarms_at(*rows):
    alarmed = np.zeros(len(EVENTS), dtype=bool)
    for start, stop in rows:
        alarmed[start:stop] = True
    return alarmed


@pytest.mark.parametrize(
    ("rows", "f1", "n_alarmed"),
    [
        ([(505, 510), (1500, 1525)], 1.0, 0),
        ([(460, 470), (1560, 1570)], 1.0, 0),  # early and late, within 50 rows
        ([(505, 510)], 2 / 3, 0),
        ([(505, 510), (900, 910)], 0.5, 10),
        ([(440, 445)], 0.0, 0),  # near enough to be right, too far to find it
        ([(300, 2000)], 0.0, 100 + 780 + 380),  # an alarm that never ends
        ([], 0.0, 0),
    ],
)
def test_alarms_are_judged_by_the_events_near_them(rows, f1, n_alarmed):
    found, alarmed, normal = judge(alarms_at(*rows), EVENTS)
    assert found == pytest.approx(f1)
    assert (alarmed, normal) == (n_alarmed, 2000 - 2 * 220)


def test_the_best_threshold_in_hindsight_parts_what_can_be_parted():
    errors = np.where(EVENTS, 2.0, 1.0)
    assert best_in_hindsight(errors, EVENTS)[0] == 1.0


def write(folder, name, n_rows=400):
    folder.mkdir(exist_ok=True)
    label = np.zeros(n_rows)
    label[-20:] = 1
    data = np.random.default_rng(0).normal(size=n_rows)
    np.savez(folder / f"{name}.npz", data=data, label=label, train_end=200)


def test_series_of_a_group_are_spread_evenly(tmp_path):
    for number in range(9):
        write(tmp_path / "WSD", str(number))
    write(tmp_path / "WSD", "long", labelled.MOST_ROWS + 1)
    assert [series.name for series in load(tmp_path, 3)] == ["0", "4", "8"]
    assert len(load(tmp_path)) == 9
    assert {series.group for series in load(tmp_path)} == {"TSB_WSD and WSD"}


def found(f1):
    alarms = dict.fromkeys((OURS, FOREST, HINDSIGHT), (f1, 1, 1000))
    return {"alarms": alarms, "vus_pr": {OURS: 0.7, FOREST: 0.3}, "seconds": (5, 1)}


def test_what_was_measured_is_kept_and_not_measured_again(tmp_path, monkeypatch):
    for name in ("one", "two"):
        write(tmp_path / "ASD", name)
    names = []
    monkeypatch.setattr(
        labelled, "judged", lambda series: names.append(series.name) or found(0.5)
    )
    kept = tmp_path / "kept.jsonl"
    first = measure([tmp_path], 1, kept)
    both = measure([tmp_path], None, kept)
    assert names == ["one", "two"]
    assert list(first["ASD"]) == ["one"]
    assert list(both["ASD"]) == ["one", "two"]
    assert both["ASD"]["one"]["vus_pr"] == found(0.5)["vus_pr"]


def test_the_page_says_which_bars_are_met_and_ranks_the_scores():
    groups = {"TSB_UCR": {"one": found(0.7), "two": found(0.9)}}
    groups["ASD"] = {"three": found(0.2)}
    assert is_met("TSB_UCR", groups["TSB_UCR"])
    assert not is_met("TSB_UCR", {"four": found(0.1)})
    text = labelled_section(groups, n_most=2)
    assert "Of each group at most 2 series" in text
    assert "0.80 (>= 0.7)" in text
    assert "0.50 (>= 0.72)" in text  # the mean of the groups
    assert "0.700" in text
