"""sktime's detectors with scikit-learn's signs and labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sktime.detection.base import BaseDetector
from sktime.detection.capa import CAPA
from sktime.detection.clust import ClusterSegmenter
from sktime.detection.dummy import DummyRegularAnomalies, ZeroAnomalies
from sktime.detection.hampel import HampelDetector
from sktime.detection.lof import SubLOF
from sktime.detection.moving_window import MovingWindow
from sktime.detection.naive import ThresholdDetector

from skad import score_samples_blockwise
from skad._estimators.row_context import row_context
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.sktime import SkadDetector, SktimeAdapter
from tests.support.signals import SPIKE

SUB_LOF = SubLOF(n_neighbors=10, window_size=1000, novelty=True)


def name(detector):
    return type(detector).__name__


def test_scores_are_turned_and_the_threshold_stands_where_the_labels_change(series):
    adapter = SktimeAdapter(HampelDetector()).fit(series)
    frame = pd.DataFrame(series)
    raw = HampelDetector().fit(frame)
    scores = adapter.score_samples(series)
    assert scores.dtype == np.float64
    np.testing.assert_array_equal(scores, -raw.transform_scores(frame)["scores"])
    named = raw.predict(frame)["ilocs"].tolist()
    assert SPIKE in named
    assert np.flatnonzero(adapter.predict(series) == -1).tolist() == named
    assert scores[named].max() < adapter.offset_ < np.delete(scores, named).min()


@pytest.mark.parametrize(
    ("detector", "rows"),
    [
        (SUB_LOF, [SPIKE]),
        (ThresholdDetector(upper=2), [SPIKE]),
        (ThresholdDetector(upper=2, mode="points"), [SPIKE]),
        (DummyRegularAnomalies(120), [119, 239]),
        (ZeroAnomalies(), []),
    ],
    ids=name,
)
def test_what_gives_no_scores_is_heard_by_its_labels(detector, rows, series):
    adapter = SktimeAdapter(detector).fit(series)
    scores = adapter.score_samples(series)
    assert scores[rows].tolist() == [-1.0] * len(rows)
    assert not np.delete(scores, rows).any()
    assert np.flatnonzero(adapter.predict(series) == -1).tolist() == rows


def test_intervals_become_their_rows(series):
    series[100:110] += 3.0
    labels = SktimeAdapter(CAPA()).fit(series).predict(series)
    assert (labels[100:110] == -1).all()
    assert (labels == 1).sum() > 200


def test_where_all_training_rows_are_named_all_are_outliers():
    adapter = SktimeAdapter(ThresholdDetector(upper=0, lower=None)).fit(np.ones((9, 1)))
    assert adapter.predict([[1.0], [-1.0]]).tolist() == [-1, 1]


def test_there_and_back_again_gives_the_same_bits(rng):
    X, X_new = rng.normal(size=(200, 2)), rng.normal(size=(50, 2)) * 2
    forest = IsolationForest(n_estimators=10, contamination=0.1, random_state=0)
    adapter = SktimeAdapter(SkadDetector(forest)).fit(X)
    forest.fit(X)
    np.testing.assert_array_equal(
        adapter.score_samples(X_new), forest.score_samples(X_new)
    )
    np.testing.assert_array_equal(adapter.predict(X), forest.predict(X))


@pytest.mark.parametrize("detector", [HampelDetector(), SUB_LOF], ids=name)
def test_it_goes_into_every_meta_detector(detector, series):
    y = np.where(np.arange(300) == SPIKE, -1, 1)
    y[40] = -1
    series[40] -= 3.0
    adapter = SktimeAdapter(detector)
    metas = [
        ReverseWindowing(adapter, window_size=1),
        ThresholdedDetector(adapter, calibration="tail", calibration_fraction=None),
        TunedThresholdDetectorCV(adapter, cv=2),
        EnsembleDetector([("one", adapter), ("two", clone(adapter))]),
    ]
    for meta in metas:
        scores = meta.fit(series, y).score_samples(series)
        assert roc_auc_score(y, scores) > 0.98


def test_a_grid_reaches_the_parameters_of_the_detector(series):
    y = np.where(np.arange(300) == SPIKE, -1, 1)
    search = GridSearchCV(
        SktimeAdapter(ThresholdDetector()),
        {"detector__upper": [0.5, 2.0]},
        scoring=make_anomaly_scorer("average_precision"),
        cv=[(np.arange(300), np.arange(300))],
    )
    assert search.fit(series, y).best_params_ == {"detector__upper": 2.0}


def test_the_index_of_a_table_reaches_the_detector(series):
    hours = pd.date_range("2024", periods=300, freq="h")
    frame = pd.DataFrame(series, hours, columns=["load"])
    daily = SktimeAdapter(SubLOF(5, pd.Timedelta(days=1), novelty=True)).fit(frame)
    assert len(daily.detector_.models) == 13
    assert daily.feature_names_in_.tolist() == ["load"]


def test_several_series_are_refused(rng):
    index = pd.MultiIndex.from_product([["a", "b"], range(10)])
    frame = pd.DataFrame(rng.normal(size=(20, 1)), index)
    with pytest.raises(ValueError, match="index of X has several levels, so X may"):
        SktimeAdapter(ZeroAnomalies()).fit(frame)


def test_rows_looked_at_are_read_from_inside_or_told(series):
    windows = ReverseWindowing(IsolationForest(), window_size=4)
    assert row_context(SktimeAdapter(SkadDetector(windows))) == (0, 3)
    assert row_context(SktimeAdapter(HampelDetector())) == (0, 0)
    adapter = SktimeAdapter(HampelDetector(), context=(5, 5))
    assert row_context(ReverseWindowing(adapter, window_size=1)) == (5, 5)
    whole = adapter.fit(series).score_samples(series)
    blocks = score_samples_blockwise(adapter, series, block_size=50)
    np.testing.assert_array_equal(blocks, whole)


@pytest.mark.parametrize("context", [(1,), (1, -1), (1.5, 0), (1, 2, 3)])
def test_a_context_that_is_no_pair_of_counts_is_refused(context):
    with pytest.raises(ValueError, match=r"must be a pair \(rows back, rows ahead\)"):
        SktimeAdapter(ZeroAnomalies(), context=context).fit(np.eye(3))


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        (MovingWindow(), "MovingWindow finds changes, and no rows that are anomalies"),
        (ThresholdDetector(), "ThresholdDetector takes one column, but X has 2"),
        (
            IsolationForest(),
            "'detector' parameter of SktimeAdapter must be an instance",
        ),
    ],
    ids=name,
)
def test_what_names_no_anomalies_of_these_rows_is_refused(detector, message, rng):
    with pytest.raises(ValueError, match=message):
        SktimeAdapter(detector).fit(rng.normal(size=(30, 2)))


class Answering(BaseDetector):
    """Answers with what it is told to."""

    _tags = {"task": "anomaly_detection"}

    def __init__(self, rows=(), scores=None):
        self.rows = rows
        self.scores = scores
        super().__init__()

    def _fit(self, X, y=None):
        return self

    def _predict(self, X):
        return pd.DataFrame({"ilocs": self.rows}, dtype="int64")

    def _transform_scores(self, X):
        return pd.DataFrame({"scores": self.scores})


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        (
            ClusterSegmenter(KMeans(2, random_state=0)),
            "answered with 30 labels such as",
        ),
        (Answering([1, 1]), "Answering answered with 2 labels such as 1, and not"),
        (Answering([], [1.0, 2.0]), r"scores of shape \(2, 1\), 2 of them finite"),
        (Answering([], [np.nan] * 30), r"scores of shape \(30, 1\), 0 of them finite"),
    ],
    ids=name,
)
def test_a_wrong_answer_is_refused(detector, message, rng):
    adapter = SktimeAdapter(detector)
    with pytest.raises(ValueError, match=message):
        adapter.fit(rng.normal(size=(30, 1)))
    assert not hasattr(adapter, "offset_")
