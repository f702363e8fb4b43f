"""What the training rows score: who knows it, and of which rows."""

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from skad._estimators.row_context import row_context
from skad._estimators.thresholding import threshold
from skad._estimators.training_scores import (
    common_training_scores,
    known_training_scores,
    starts_among,
    training_scores,
)
from skad.detectors import NeighborsDetector, PCADetector
from skad.postprocessing import EnsembleDetector, ReverseWindowing
from skad.preprocessing import GaussianNoise, SlidingWindow
from tests.support.checks import noisy

X = noisy(400)


@pytest.fixture
def few_rows(monkeypatch):
    """Let five stretches of twenty rows stand for all."""
    monkeypatch.setattr("skad._estimators.training_scores.MOST_ROWS", 100)
    monkeypatch.setattr("skad._estimators.training_scores.N_STRETCHES", 5)


def chain(detector):
    return make_pipeline(SlidingWindow(8), detector)


def spread(detector, **parameters):
    return ReverseWindowing(chain(detector), **parameters)


@pytest.mark.parametrize(
    "detector",
    [chain(PCADetector(2)), spread(PCADetector(2)), spread(PCADetector(2), smoothing=5)]
    + [IsolationForest(n_estimators=5, random_state=0), OneClassSVM()],
)
def test_all_rows_are_scored_where_there_are_few(detector):
    detector.fit(X)
    scores, rows = training_scores(detector, X)
    assert np.array_equal(scores, detector.score_samples(X))
    assert np.array_equal(rows, np.arange(400))


@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize(
    "detector", [chain(PCADetector(2)), IsolationForest(n_estimators=5, random_state=0)]
)
def test_of_many_rows_stretches_get_the_scores_of_the_whole(detector):
    detector.fit(X)
    scores, rows = training_scores(detector, X)
    assert len(rows) == 100
    assert np.array_equal(scores, detector.score_samples(X)[rows])


@pytest.mark.usefixtures("few_rows")
def test_of_many_rows_a_number_is_exact_all_the_same():
    windows = SlidingWindow(8).fit_transform(X)
    for detector, rows in ((spread(PCADetector(2)), X), (PCADetector(2), windows)):
        detector.set_params(contamination=0.1).fit(rows)
        assert np.sum(detector.predict(rows) == -1) == pytest.approx(40, abs=1)


@pytest.mark.usefixtures("few_rows")
def test_the_layers_around_a_detector_score_no_row_again(monkeypatch):
    asked = []

    class Counting(PCADetector):
        def score_samples(self, X):
            asked.append(len(X))
            return super().score_samples(X)

    EnsembleDetector([("one", spread(Counting(2)))]).fit(X)
    assert asked == []


def test_what_leaves_its_neighbours_out_is_heard_through_every_layer():
    detector = spread(NeighborsDetector(), smoothing=3).fit(X)
    inner = detector.estimator_[-1].training_scores_
    scores, _ = known_training_scores(detector)
    spread_out = detector._fitted_spreading(inner, np.array([0]))
    assert np.array_equal(scores, spread_out)
    n_alike = sum(row_context(detector)) + 1
    assert detector.offset_ == threshold(scores, "auto", n_alike)


def test_what_was_fitted_on_other_rows_knows_nothing_of_these():
    noisy_chain = make_pipeline(GaussianNoise(random_state=0), *chain(PCADetector(2)))
    assert known_training_scores(noisy_chain.fit(X)) is None
    frozen = FrozenEstimator(spread(PCADetector(2)).fit(X))
    assert known_training_scores(frozen) is None
    assert known_training_scores(IsolationForest().fit(X)) is None


def test_several_are_heard_on_the_rows_that_all_know():
    class Some:
        def __init__(self, rows):
            self.rows = np.array(rows)

        def __skad_training_scores__(self):
            return -1.0 * self.rows, self.rows

    scores, rows = common_training_scores([Some([1, 2, 5, 6]), Some([2, 3, 6])], X)
    assert rows.tolist() == [2, 6]
    assert [each.tolist() for each in scores] == [[-2, -6], [-2, -6]]


def test_segments_begin_where_rows_are_left_out_or_a_series_begins():
    rows = np.array([3, 4, 5, 9, 10, 11, 12])
    assert starts_among(rows, np.array([0, 11])).tolist() == [0, 3, 5]
