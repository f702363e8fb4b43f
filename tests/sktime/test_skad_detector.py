"""skad's detectors in sktime: its own checks, its pipelines, its conventions."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sktime.transformations.detrend import Detrender
from sktime.utils.estimator_checks import check_estimator

from skad._estimators.row_context import row_context
from skad.detectors import ConvAutoencoder
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow
from skad.sktime import SkadDetector
from tests.support.signals import SPIKE

HOURS = pd.date_range("2024", periods=300, freq="h")
FOREST = IsolationForest(n_estimators=20, contamination=0.003, random_state=0)


# Said by the forecaster inside sktime's own Detrender, in sktime 1.2.
ABOUT_DETRENDER = "ignore:The default of config ``remember_data``:FutureWarning"


@pytest.mark.api
@pytest.mark.filterwarnings(ABOUT_DETRENDER)
def test_sktime_finds_no_fault(record_property):
    found = check_estimator(SkadDetector, raise_exceptions=False, verbose=False)
    assert {k: v for k, v in found.items() if v != "PASSED"} == {}
    assert len(found) > 100
    record_property("checks of sktime passed", len(found))


def test_outliers_are_named_labelled_and_given_high_scores(series):
    frame = pd.DataFrame(series, HOURS, columns=["0"])
    pipe = make_pipeline(SlidingWindow(3, flatten=True), FOREST)
    detector = SkadDetector(pipe).fit(frame)
    inside = clone(pipe).fit(frame)
    rows = np.flatnonzero(inside.predict(frame) == -1)
    assert SPIKE <= rows.min() <= rows.max() < SPIKE + 3
    assert detector.predict(frame)["ilocs"].tolist() == rows.tolist()
    assert np.flatnonzero(detector.transform(frame)["labels"]).tolist() == rows.tolist()
    scores = detector.transform_scores(frame)
    pd.testing.assert_index_equal(scores.index, frame.index)
    expected = -inside.score_samples(frame)
    np.testing.assert_array_equal(scores["scores"], expected)
    np.testing.assert_array_equal(
        detector.predict_scores(frame)["scores"], expected[rows]
    )
    assert not hasattr(pipe[-1], "offset_"), "the estimator passed in is as new"


def test_a_network_of_skad_goes_in(series):
    network = ConvAutoencoder((4, 2), contamination=0.02, max_epochs=2, random_state=0)
    whole = ReverseWindowing(make_pipeline(SlidingWindow(8), network))
    detector = SkadDetector(whole).fit(series)
    scores = detector.transform_scores(series)["scores"]
    assert scores.idxmax() == SPIKE
    assert row_context(detector) == (7, 7)
    detector.set_params(estimator__estimator__convautoencoder__max_epochs=1)
    assert detector.get_params()["estimator"].estimator[-1].max_epochs == 1


def test_no_window_reaches_across_a_gap_in_the_index(series):
    times = HOURS[:200].append(HOURS[200:] + pd.Timedelta(days=30))
    detector = SkadDetector(make_pipeline(SlidingWindow(4, flatten=True), FOREST))
    detector.fit(pd.Series(series[:, 0], times))
    frame = pd.DataFrame(series, times)
    alone = detector.transform_scores(frame.iloc[200:])
    together = detector.transform_scores(frame)
    pd.testing.assert_frame_equal(together.iloc[200:], alone)
    unbroken = pd.DataFrame(series, HOURS)
    across = detector.transform_scores(unbroken)
    assert together.iloc[199, 0] == across.iloc[199, 0]
    assert together.iloc[200, 0] != across.iloc[200, 0]


@pytest.mark.filterwarnings(ABOUT_DETRENDER)
def test_a_transformer_of_sktime_stands_before_it(series):
    sloped = pd.DataFrame(series + np.arange(300.0).reshape(-1, 1))
    detector = (Detrender() * SkadDetector(FOREST)).fit(sloped)
    assert detector.predict(sloped)["ilocs"].tolist() == [SPIKE]
    assert detector.get_params()["SkadDetector__estimator__n_estimators"] == 20
