"""Detectors side by side."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import Bunch

import skad
from skad.datasets import inject_anomalies, make_series


class FirstColumn(OutlierMixin, BaseEstimator):
    """Alarms where the first column is above a limit; fitted by nothing."""

    def __init__(self, limit=0.5):
        self.limit = limit

    def fit(self, X, y=None):
        self.n_rows_ = len(X)
        return self

    def score_samples(self, X):
        return -np.asarray(X, dtype=float)[:, 0]

    def predict(self, X):
        return np.where(np.asarray(X)[:, 0] > self.limit, -1, 1)


@pytest.fixture
def series():
    target = np.ones(200, dtype=int)
    target[150:160] = -1
    return Bunch(data=(target[:, np.newaxis] == -1) * 1.0, target=target, n_train=100)


def test_a_perfect_and_a_silent_detector_are_told_apart(series):
    detectors = {"perfect": FirstColumn(), "silent": FirstColumn(limit=2.0)}
    table = skad.compare(detectors, {"one": series}).table
    assert list(table.index) == [("one", "perfect"), ("one", "silent")]
    assert table.loc[("one", "perfect"), "event_f1"] == 1
    assert table.loc[("one", "perfect"), "vus_pr"] > 0.9
    assert table.loc[("one", "silent"), "event_f1"] == 0
    assert (table["normal_rows_alarmed"] == 0).all()
    assert (table[["fit_seconds", "score_seconds"]] >= 0).all(axis=None)


def test_what_alarms_always_alarms_all_normal_rows_that_follow(series):
    table = skad.compare({"always": FirstColumn(limit=-1.0)}, [series]).table
    assert list(table.index) == [("series 0", "always")]
    assert table["normal_rows_alarmed"].item() == 1


def test_the_detectors_given_are_not_fitted_and_jobs_change_nothing(series):
    detector = FirstColumn()
    one = skad.compare({"a": detector}, series).table
    two = skad.compare({"a": detector}, series, n_jobs=2).table
    assert not hasattr(detector, "n_rows_")
    columns = ["vus_pr", "event_f1", "normal_rows_alarmed"]
    assert one[columns].equals(two[columns])


def test_made_up_faults_are_compared_and_drawn():
    X = make_series(1200, random_state=0)
    faulty = inject_anomalies(X, ["level"], first_row=800, random_state=0)
    detectors = {
        "perfect": FirstColumn(),
        "pca": skad.make_detector(skad.PCADetector()),
    }
    comparison = skad.compare(detectors, {"made up": faulty})
    assert comparison.table.loc[("made up", "pca"), "vus_pr"] > 0.5
    assert "pca" in str(comparison)
    ax = comparison.plot("event_f1")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["perfect", "pca"]
    plt.close(ax.figure)


def test_what_cannot_be_compared_is_refused(series):
    with pytest.raises(TypeError, match="detectors is of type list; needed is a dict"):
        skad.compare([FirstColumn()], series)
    short = Bunch(data=series.data, target=series.target, n_train=0)
    with pytest.raises(ValueError, match="'bad' has n_train=0 of 200 rows"):
        skad.compare({"a": FirstColumn()}, {"bad": short})
    calm = Bunch(data=series.data, target=np.ones(200), n_train=100)
    with pytest.raises(ValueError, match="no abnormal row after the first 100"):
        skad.compare({"a": FirstColumn()}, {"calm": calm})
