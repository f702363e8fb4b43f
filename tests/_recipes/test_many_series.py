"""Many series in one table, whose levels span six orders of magnitude."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler

from skad import PCADetector, SlidingWindow, make_detector
from skad.datasets import inject_anomalies, make_series
from skad.inspection import expected
from skad.postprocessing import AdaptiveThresholdDetector, ReverseWindowing

N_TRAIN, N_ROWS = 300, 500
FAULTY = {0: "level", 4: "amplitude", 8: "noise", 11: "level"}


def kpi(number):
    """Return a KPI at its level, and the rows of its fault, if it has one."""
    series = make_series(N_ROWS, 1, random_state=number)
    level = 10.0 ** (6 * number / 11)
    series = level * (1 + 0.2 * (series - series.mean()) / series.std())
    if number not in FAULTY:
        return series, slice(0, 0)
    kinds = [FAULTY[number]]
    faulty = inject_anomalies(series, kinds, first_row=N_TRAIN, random_state=number)
    (event,) = faulty.events
    return faulty.data, slice(event["start"], event["stop"])


@pytest.fixture(scope="module")
def kpis():
    made = {f"kpi {number:02d}": kpi(number) for number in range(12)}
    frame = pd.concat({name: series for name, (series, _) in made.items()})
    return frame, [rows for _, rows in made.values()]


def alarms_of(detector, frame):
    train = frame.groupby(level=0, sort=False).head(N_TRAIN)
    return (detector.fit(train).predict(frame) == -1).reshape(12, N_ROWS)


def test_the_recommended_chain_finds_faults_at_every_level(kpis):
    frame, faults = kpis
    detector = make_detector("pca", window_size=30, smoothing=8)
    alarms = alarms_of(detector, frame)
    assert all(alarms[number, faults[number]].any() for number in FAULTY)
    quiet = np.delete(alarms[:, N_TRAIN:], list(FAULTY), axis=0).mean(axis=1)
    assert quiet.mean() <= 0.02
    assert quiet.max() <= 0.1


def test_one_scale_for_all_finds_none_of_the_low_ones(kpis):
    """The planted fault: what the chain is without a scale for each series."""
    frame, faults = kpis
    pipe = make_pipeline(
        RobustScaler(quantile_range=(0, 100)).set_output(transform="pandas"),
        SlidingWindow(30, padding="missing"),
        PCADetector(n_components=0.95, channel_aggregation="standardised_max"),
    )
    rows = ReverseWindowing(pipe, smoothing=8)
    alarms = alarms_of(AdaptiveThresholdDetector(rows, n_blocks=2), frame)
    assert not any(alarms[number, faults[number]].any() for number in (0, 4))


@pytest.mark.parametrize("columns", [["value"], [0]])
def test_what_was_expected_is_in_the_units_of_each_series(kpis, columns):
    frame = kpis[0].set_axis(columns, axis=1)
    detector = make_detector("pca", window_size=30, smoothing=8, contamination=0.01)
    found = expected(detector.fit(frame), frame)
    level = found.groupby(level=0).median().to_numpy()[:, 0]
    assert np.allclose(level, 10.0 ** (6 * np.arange(12) / 11), rtol=0.2)


def test_a_size_in_units_of_x_takes_one_scale_for_all_series(kpis):
    frame, _ = kpis
    rules = {"min_deviation": 0.1, "direction": "above"}
    chain = make_detector("pca", window_size=30, contamination=0.01, **rules)
    assert "robustscaler" in chain.estimator.estimator.named_steps
    only_side = make_detector("pca", window_size=30, direction="above")
    assert "perseries" in only_side.estimator.estimator.estimator.named_steps
    chain.fit(frame.iloc[:400])
