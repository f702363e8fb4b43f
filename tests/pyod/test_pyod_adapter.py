"""Detectors with PyOD's signs and labels, turned into scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.preprocessing import SlidingWindow
from skad.pyod import PyODAdapter
from tests.support.pyod_stand_ins import KNN, MAD, BaseDetector
from tests.support.signals import SPIKE


def name(detector):
    return type(detector).__name__


@pytest.mark.parametrize("detector", [MAD(), KNN(contamination=0.02)], ids=name)
def test_signs_and_labels_are_turned_once(detector, rng):
    X, X_new = rng.normal(size=(200, 2)), rng.normal(size=(50, 2)) * 2
    adapter = PyODAdapter(detector).fit(X)
    raw = clone(detector).fit(X)
    scores = adapter.score_samples(X_new)
    assert scores.dtype == np.float64
    np.testing.assert_array_equal(scores, -raw.decision_function(X_new))
    assert adapter.offset_ == -raw.threshold_
    labels = adapter.predict(X_new)
    np.testing.assert_array_equal(labels, 1 - 2 * raw.predict(X_new))
    assert set(labels) == {-1, 1}
    assert not hasattr(detector, "threshold_"), "the detector that was passed is as new"


@pytest.mark.parametrize("detector", [MAD(), KNN()], ids=name)
def test_it_stands_behind_windows_and_inside_every_meta_detector(detector, series):
    y = np.where(np.arange(300) == SPIKE, -1, 1)
    y[40] = -1
    series[40] -= 3.0
    pipe = make_pipeline(SlidingWindow(4, flatten=True), PyODAdapter(detector))
    metas = [
        ReverseWindowing(pipe),
        ThresholdedDetector(pipe, calibration="tail", calibration_fraction=None),
        TunedThresholdDetectorCV(pipe, cv=2),
        EnsembleDetector([("one", pipe), ("two", clone(pipe))]),
    ]
    for meta in metas:
        scores = meta.fit(series, y).score_samples(series)
        assert roc_auc_score(y, scores) > 0.95
        assert set(meta.predict(series)) == {-1, 1}


def test_a_grid_reaches_the_parameters_of_the_detector(series):
    y = np.where(np.arange(300) == SPIKE, -1, 1)
    grid = {"detector__contamination": [0.005, 0.2]}
    search = GridSearchCV(
        PyODAdapter(MAD()), grid, scoring="f1_macro", cv=[(np.arange(300),) * 2]
    )
    search.fit(series, y)
    assert search.best_params_ == {"detector__contamination": 0.005}


def test_columns_are_remembered_by_name(rng):
    frame = pd.DataFrame(rng.normal(size=(30, 2)), columns=["load", "heat"])
    adapter = PyODAdapter(MAD()).fit(frame)
    assert adapter.feature_names_in_.tolist() == ["load", "heat"]
    with pytest.raises(ValueError, match="feature names should match"):
        adapter.predict(frame[["heat", "load"]])


def test_windows_have_to_be_flattened(rng):
    with pytest.raises(ValueError, match="are these windows already"):
        PyODAdapter(MAD()).fit(rng.normal(size=(30, 4, 2)))


def test_what_gives_low_scores_already_is_not_turned():
    message = "IsolationForest has score_samples: it gives low scores to outliers"
    with pytest.raises(TypeError, match=message):
        PyODAdapter(IsolationForest()).fit(np.eye(3))


def test_what_is_no_detector_is_refused():
    message = "'detector' parameter of PyODAdapter must be an object implementing"
    with pytest.raises(ValueError, match=message):
        PyODAdapter("KNN").fit(np.eye(3))


class Answering(BaseDetector):
    """Answers with what it is told to."""

    def fit(self, X, y=None):
        self.threshold_ = self.contamination
        return self

    def decision_function(self, X):
        return np.array([[1.0]] if len(X) == 1 else [np.nan, 1.0])


@pytest.mark.parametrize("threshold", [None, np.nan, np.inf])
def test_a_threshold_that_is_no_number_is_refused(threshold):
    message = f"Answering has threshold_={threshold} after fit; needed is a finite"
    adapter = PyODAdapter(Answering(threshold))
    with pytest.raises(ValueError, match=message):
        adapter.fit(np.eye(2))
    assert not hasattr(adapter, "offset_")


@pytest.mark.parametrize(
    ("n_rows", "found"), [(1, r"shape \(1, 1\), 1 of"), (2, r"shape \(2,\), 1 of its")]
)
def test_an_answer_that_is_not_one_finite_score_per_row_is_refused(n_rows, found):
    adapter = PyODAdapter(Answering()).fit(np.eye(2))
    with pytest.raises(
        ValueError, match=f"Answering answered with an array of {found}"
    ):
        adapter.score_samples(np.eye(2)[:n_rows])
