"""Series that an index names have thresholds of their own, and share a tail."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin

import skad
from skad import decision_function_blockwise
from skad.postprocessing import AdaptiveThresholdDetector, ThresholdedDetector
from skad.streaming import StreamScorer

N_ROWS = 400


class Value(OutlierMixin, BaseEstimator):
    """A detector whose score is minus the reading."""

    def fit(self, X, y=None):
        self.n_features_in_ = np.asarray(X).shape[1]
        return self

    def score_samples(self, X):
        return -np.asarray(X, dtype=np.float64)[:, 0]


@pytest.fixture
def panel():
    """Return two long series at the levels 0 and 100, and a short one."""
    rng = np.random.default_rng(0)
    rows = {"low": rng.normal(size=N_ROWS), "high": 100 + rng.normal(size=N_ROWS)}
    rows["short"] = rng.normal(50, size=20)
    frames = {name: pd.DataFrame({"x": values}) for name, values in rows.items()}
    return pd.concat(frames, names=["machine", "row"])


KINDS = {
    "stays": ThresholdedDetector(Value(), strategy="sigma"),
    "follows": AdaptiveThresholdDetector(Value()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_series_begins_at_its_own_level(kind, panel, tmp_path):
    skad.save(KINDS[kind].fit(panel), tmp_path / "detector.skad")
    detector = skad.load(tmp_path / "detector.skad", trusted=[Value])
    thresholds = pd.Series(detector.thresholds(panel), panel.index)
    first = thresholds.groupby("machine").first()
    assert -9 < first["low"] < -2
    assert -109 < first["high"] < -102
    assert first["short"] == detector.offset_ < -102
    others = panel.rename(index={"low": "new"}, level=0)
    assert detector.thresholds(others)[0] == detector.offset_


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_the_low_series_is_found(kind, panel):
    faulty = panel.copy()
    faulty.iloc[300:305] += 20.0
    alarms = KINDS[kind].fit(panel).predict(faulty) == -1
    assert alarms[300:305].all()
    assert alarms.mean() < 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_one_series_and_an_array_have_one_threshold(kind, panel):
    one = panel.loc[["low"]]
    as_frame, as_array = KINDS[kind].fit(one), KINDS[kind].fit(one.to_numpy())
    assert np.array_equal(
        as_frame.decision_function(one), as_array.decision_function(one.to_numpy())
    )


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_and_streams_begin_as_the_whole_does(kind, panel):
    detector = KINDS[kind].fit(panel)
    whole = detector.decision_function(panel)
    for block_size in (64, 500):
        parts = decision_function_blockwise(detector, panel, block_size=block_size)
        np.testing.assert_array_equal(parts, whole)
    stream = StreamScorer(detector)
    parts = [stream.decide(panel.iloc[row : row + 90]) for row in range(0, 820, 90)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_what_is_expected_of_the_thresholds_holds_over_all_series(panel):
    detector = ThresholdedDetector(Value(), alpha=0.02).fit(panel)
    assert detector.series_ == [("low",), ("high",)]
    np.testing.assert_allclose(detector.expected_alarm_rate_, 0.02, atol=0.01)
    alarms = pd.Series(detector.predict(panel) == -1, panel.index)
    assert (alarms.groupby("machine").mean() < 0.05).all()
