"""Rows without enough evidence never alarm, whatever stands around the detector."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline

from skad import evidence
from skad.detectors import PCADetector
from skad.postprocessing import (
    EnsembleDetector,
    ResampledDetector,
    ReverseWindowing,
    ThresholdedDetector,
)
from skad.preprocessing import SlidingWindow

SIZE = 16
FOREST = IsolationForest(n_estimators=10, random_state=0)


def wave(n_rows, seed):
    rng = np.random.default_rng(seed)
    rows = np.sin(np.arange(n_rows) / 3 + rng.uniform(0, 9))
    return (rows + rng.normal(scale=0.1, size=n_rows)).reshape(-1, 1)


def components(padding="edge"):
    return make_pipeline(SlidingWindow(SIZE, padding=padding), PCADetector(4))


def forest():
    return make_pipeline(SlidingWindow(SIZE, flatten=True), FOREST)


AROUND = {
    "spread": lambda pipe: ReverseWindowing(pipe, contamination=0.02),
    "thresholded": lambda pipe: ThresholdedDetector(pipe, alpha=0.02),
    "ensemble": lambda pipe: EnsembleDetector([("one", pipe)], contamination=0.02),
}


@pytest.mark.parametrize("pipe", [components(), components("missing"), forest()])
@pytest.mark.parametrize("around", AROUND)
def test_rows_after_a_start_or_a_gap_alarm_no_more_than_others(pipe, around):
    detector = AROUND[around](pipe).fit(pd.DataFrame(wave(1500, 0)))
    position, alarms = np.arange(120) % 60, []
    for seed in range(1, 25):
        index = np.arange(120) + 50 * (np.arange(120) >= 60)
        frame = pd.DataFrame(wave(200, seed)[index], index=index)
        alarms.append(detector.predict(frame) == -1)
    alarms = np.array(alarms)
    first = alarms[:, position < SIZE - 1].mean()
    others = alarms[:, position >= SIZE - 1].mean()
    assert first <= others + 0.01
    assert 0 < others < 0.15


@pytest.mark.parametrize("around", AROUND)
def test_a_row_with_little_evidence_never_alarms(around):
    detector = AROUND[around](components("missing")).fit(wave(600, 0))
    X = 5 * wave(200, 1)
    X[50:80] = np.nan
    share, decision = evidence(detector, X), detector.decision_function(X)
    assert (decision[share < 0.5] >= 0).all()
    assert (decision[100:] < 0).mean() > 0.5


def test_a_stuck_sensor_still_alarms():
    detector = ReverseWindowing(components(), contamination=0.02).fit(wave(600, 0))
    X = wave(200, 1)
    X[100:140] = 1.0
    assert (detector.predict(X)[115:125] == -1).all()


def test_members_are_asked_one_by_one():
    members = [("short", components("missing")), ("long", forest())]
    detector = EnsembleDetector(members).fit(wave(300, 0))
    X = wave(100, 1)
    expected = evidence(detector.estimators_[0], X)
    np.testing.assert_array_equal(evidence(detector, X), expected)


def test_a_bin_has_the_evidence_of_its_window():
    index = pd.date_range("2026-01-01", periods=300, freq="30s")
    frame = pd.DataFrame(wave(300, 0), index=index)
    detector = ResampledDetector(components("missing"), freq="1min").fit(frame)
    share = evidence(detector, frame)
    assert share[:4].tolist() == [1 / 16, 1 / 16, 2 / 16, 2 / 16]
    assert share[-1] == 1
