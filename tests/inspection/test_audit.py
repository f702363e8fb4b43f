"""A look at a table before a fit."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skad.datasets import make_series
from skad.inspection import audit


@pytest.fixture
def clean():
    return make_series(3000, 3, random_state=0)


def test_a_clean_series_has_nothing_to_do(clean):
    found = audit(clean)
    _, _, advice = str(found).partition("What to do:\n")
    assert advice.count("\n") == 0
    assert not advice or "longer periods" in advice  # four times 60 rows
    assert (found.table["missing"] == 0).all()
    assert not found.table[["is_stuck", "is_constant", "is_counter"]].to_numpy().any()
    assert not (found.table["drift"].abs() >= 2).any()
    assert all({30, 60, 240} & set(periods) for periods in found.table["periods"])
    assert "timestamps, one every 1 minute, no gaps" in str(found)


def test_the_table_given_stays_as_it_is(clean):
    kept = clean.copy()
    audit(clean)
    pd.testing.assert_frame_equal(clean, kept)


def test_missing_readings_and_their_longest_burst_are_counted(clean):
    clean.iloc[100:150, 1] = np.nan
    clean.iloc[200, 1] = np.nan
    found = audit(clean).channels["x1"]
    assert found.missing == 51 / 3000
    assert found.longest_missing == 50
    assert "x1: 1.7 % missing, up to 50 rows in a row" in str(audit(clean))


def test_a_sensor_that_hangs_is_stuck_and_a_coarse_one_is_not(clean):
    clean.iloc[500:560, 0] = clean.iloc[500, 0]
    clean["x2"] = (clean["x2"] / clean["x2"].std()).round()
    found = audit(clean)
    assert found.channels["x0"].is_stuck
    assert found.channels["x0"].longest_repeat == 60
    assert not found.channels["x2"].is_stuck
    assert "x0: repeats one reading for 60 rows" in str(found)


def test_a_drift_is_told_from_a_rhythm(clean):
    clean["x0"] += np.linspace(0, 5 * clean["x0"].std(), len(clean))
    found = audit(clean)
    assert found.channels["x0"].is_drifting
    assert found.channels["x0"].drift > 2
    assert not found.channels["x1"].is_drifting


def test_counters_constants_and_text_are_told_apart(clean):
    clean["energy"] = np.arange(len(clean)) * 0.5
    clean["spare"] = 3.0
    clean["status"] = "RUN"
    found = audit(clean)
    assert found.channels["energy"].is_counter
    assert found.channels["spare"].is_constant
    assert found.channels["status"] is None
    for words in (
        "X.diff(): energy.",
        "a change would be a fault: spare.",
        "drop it: status.",
    ):
        assert words in str(found)


def test_a_daily_period_is_found_beside_a_short_one():
    rows = np.arange(1440 * 12)
    day = np.sin(2 * np.pi * rows / 1440)
    noise = np.random.default_rng(0).normal(scale=0.05, size=len(rows))
    found = audit((day + 0.5 * np.sin(2 * np.pi * rows / 60) + noise)[:, np.newaxis])
    periods = found.channels["x0"].periods
    assert periods[0] == 60
    assert any(abs(period - 1440) < 64 for period in periods)
    assert "A window holds 128 rows at most" in str(found)


def test_the_clock_names_gaps_duplicates_disorder_and_jitter(clean):
    index = clean.index.to_numpy().copy()
    index[1000:] += np.timedelta64(2, "h")
    index[500] += np.timedelta64(20, "s")
    table = clean.set_index(pd.DatetimeIndex(index))
    table = pd.concat([table.iloc[:20], table.iloc[10:]])
    clock = audit(table).clock
    assert clock.step == np.timedelta64(1, "m")
    assert (clock.n_gaps, clock.n_backwards, clock.n_duplicates) == (1, 1, 0)
    assert 0 < clock.jitter < 0.01
    words = str(audit(table))
    assert "1 gap, the widest 2.01667 hours, 1 step back in time" in words
    assert "X.sort_index()" in words
    twice = clean.iloc[np.sort(np.r_[np.arange(len(clean)), 7])]
    assert audit(twice).clock.n_duplicates == 1
    assert "X[~X.index.duplicated()]" in str(audit(twice))


def test_series_of_an_outer_level_are_counted_and_arrays_have_no_clock(clean):
    panel = pd.concat({"a": clean, "b": clean}, names=["machine", "time"])
    assert audit(panel).clock.n_series == 2
    assert audit(panel).clock.n_gaps == 0
    assert "no index, so rows are counted" in str(audit(clean.to_numpy()))
    labels = clean.set_index(pd.Index([f"row {n}" for n in range(len(clean))]))
    assert "pandas.to_datetime(X.index)" in str(audit(labels))


def test_the_plot_marks_what_is_missing_and_what_repeats(clean):
    clean.iloc[100:300, 0] = np.nan
    clean.iloc[500:800, 1] = clean.iloc[500, 1]
    ax = audit(clean).plot()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["x0", "x1", "x2"]
    assert len(ax.collections) == 2
    plt.close(ax.figure)


def test_rows_out_of_order_are_drawn_by_number(clean):
    ax = audit(clean.iloc[::-1]).plot()
    assert ax.get_xlabel() == "row"
    plt.close(ax.figure)


def test_what_is_no_table_is_refused():
    with pytest.raises(ValueError, match=r"X has shape \(5,\); needed is a table"):
        audit(np.zeros(5))
    with pytest.raises(ValueError, match=r"X has shape \(0, 2\)"):
        audit(np.zeros((0, 2)))
