"""Anomalies of known kinds."""

import numpy as np
import pandas as pd
import pytest

from skad.datasets import inject_anomalies, make_series
from skad.datasets._inject_anomalies import KINDS


@pytest.fixture
def series():
    return make_series(2000, 3, noise=0.05, random_state=0)


def changed_rows(series, faulty):
    return np.flatnonzero((faulty.data != series).any(axis=1))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_only_the_labelled_rows_of_one_channel_change(series, kind):
    faulty = inject_anomalies(series, [kind], length=40, random_state=1)
    (event,) = faulty.events
    labelled = np.flatnonzero(faulty.target == -1)
    assert list(labelled) == list(range(event["start"], event["stop"]))
    assert len(labelled) == (1 if kind == "spike" else 40)
    changed = changed_rows(series, faulty)
    assert set(changed) <= set(labelled)
    assert len(changed) >= len(labelled) - 2  # a stuck reading begins as it was
    others = series.columns.drop(event["channel"])
    pd.testing.assert_frame_equal(faulty.data[others], series[others])


def test_all_kinds_stand_apart_after_the_first_row_asked_for(series):
    faulty = inject_anomalies(series, first_row=1000, random_state=0)
    assert sorted(event["kind"] for event in faulty.events) == sorted(KINDS)
    assert faulty.events[0]["start"] >= 1000
    assert faulty.n_train == 1000
    for before, after in zip(faulty.events[:-1], faulty.events[1:], strict=True):
        assert before["stop"] < after["start"]


def event_rows(series, kind, **options):
    faulty = inject_anomalies(series, [kind], random_state=3, **options)
    (event,) = faulty.events
    rows = slice(event["start"], event["stop"])
    channel = event["channel"]
    deviation = series[channel].std(ddof=0)
    return series[channel][rows] / deviation, faulty.data[channel][rows] / deviation


def test_each_kind_is_what_it_is_called(series):
    before, after = event_rows(series, "level", strength=4)
    assert np.allclose(abs(after - before), 4)
    before, after = event_rows(series, "spike", strength=4)
    assert np.allclose(abs(after - before), 4)
    before, after = event_rows(series, "trend", strength=4)
    assert np.allclose(abs(after - before), np.linspace(0, 4, 50))
    before, after = event_rows(series, "stuck")
    assert np.allclose(after, before.iloc[0])
    before, after = event_rows(series, "noise", strength=4, length=300)
    assert 1.7 < (after - before).std() < 2.3
    before, after = event_rows(series, "amplitude", strength=3)
    assert np.isclose(after.std(), 3 * before.std())
    before, after = event_rows(series, "frequency")
    assert np.allclose(after.iloc[:25], before.iloc[::2])
    before, after = event_rows(series, "correlation")
    assert before.min() - 2 < after.min() < after.max() < before.max() + 2


def test_arrays_and_the_series_given_stay_as_they_are(series):
    X = series.to_numpy()
    kept = X.copy()
    faulty = inject_anomalies(X, ["level"], random_state=0)
    assert isinstance(faulty.data, np.ndarray)
    assert np.array_equal(X, kept)
    assert faulty.events[0]["channel"] in (0, 1, 2)


def test_what_cannot_be_injected_is_refused(series):
    with pytest.raises(ValueError, match=r"holds \['jump'\]; name one or more of"):
        inject_anomalies(series, ["level", "jump"])
    with pytest.raises(ValueError, match="holds nothing; name one or more"):
        inject_anomalies(series, [])
    with pytest.raises(ValueError, match="X has 1 channel. Leave it out of kinds"):
        inject_anomalies(series[["x0"]], ["correlation"])
    with pytest.raises(ValueError, match="10 anomalies of length=200 need 2030"):
        inject_anomalies(series, ["level"] * 10, length=200)
