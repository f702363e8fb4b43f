"""Seams between series hold through scaler, noise, window, detector, folds and back."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skad.detectors import ConvAutoencoder
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import GaussianNoise, SlidingWindow

W = 5
MINUTES = pd.date_range("2024-03-30 12:00", periods=300, freq="min", tz="Europe/Berlin")
# The index of 240 rows, and where its three segments begin.
INDEXES = {
    "names and row numbers": pd.MultiIndex.from_product([["b", "a", "c"], range(80)]),
    "names and times": pd.MultiIndex.from_product([["b", "a", "c"], MINUTES[:80]]),
    "gaps in time": MINUTES.delete([*range(80, 90), *range(170, 220)]),
    "gaps in row numbers": pd.RangeIndex(300).delete([80, *range(161, 220)]),
    "restarts": pd.Index([*range(80), *range(80), *range(80)]),
}
STARTS = [0, 80, 160]


@pytest.fixture(params=INDEXES.values(), ids=INDEXES)
def frame(request, rng):
    X = rng.normal(size=(240, 2)) + np.sin(np.arange(240) / 4)[:, np.newaxis]
    return pd.DataFrame(X, request.param, columns=["a", "b"])


def scaler():
    return MinMaxScaler().set_output(transform="pandas")


def forest():
    detector = IsolationForest(n_estimators=5, random_state=0)
    return make_pipeline(scaler(), SlidingWindow(W, flatten=True), detector)


def autoencoder():
    detector = ConvAutoencoder((4, 2), max_epochs=1, random_state=0)
    return make_pipeline(scaler(), SlidingWindow(W), detector)


DETECTORS = {
    "forest": forest,
    "autoencoder": autoencoder,
    "forest, reversed": lambda: ReverseWindowing(forest()),
    "autoencoder, reversed": lambda: ReverseWindowing(autoencoder()),
    "autoencoder, reversed causally": lambda: ReverseWindowing(
        autoencoder(), causal=True
    ),
}


def in_segments(X):
    return [X.iloc[start : start + 80] for start in STARTS]


@pytest.mark.parametrize("make", DETECTORS.values(), ids=DETECTORS)
def test_each_segment_scores_as_if_alone(frame, make):
    detector = make().fit(frame)
    alone = [detector.score_samples(part) for part in in_segments(frame)]
    scores = detector.score_samples(frame)
    np.testing.assert_allclose(scores, np.concatenate(alone), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("make", DETECTORS.values(), ids=DETECTORS)
def test_a_change_in_one_segment_changes_no_score_in_another(frame, make):
    detector = make().fit(frame)
    before = detector.score_samples(frame)
    changed = frame.copy()
    changed.iloc[80:160] += 5.0
    differ = np.flatnonzero(detector.score_samples(changed) != before)
    assert differ.min() == 80
    assert differ.max() == 159


def test_a_scaler_that_drops_the_index_lets_windows_cross(rng):
    frame = pd.DataFrame(rng.normal(size=(240, 2)), INDEXES["names and times"])
    pipe = forest().set_params(minmaxscaler=MinMaxScaler()).fit(frame)
    before = pipe.score_samples(frame)
    changed = frame.copy()
    changed.iloc[80:160] += 5.0
    differ = np.flatnonzero(pipe.score_samples(changed) != before)
    assert differ.max() == 160 + W - 2


class Recorder(OutlierMixin, BaseEstimator):
    """Keep the windows of fit and of the last scoring; score by the newest value."""

    def fit(self, X, y=None):
        self.fitted_on_ = np.array(X)
        return self

    def score_samples(self, X):
        self.scored_ = np.array(X)
        return np.array(X)[:, -1]


def recording(*steps):
    """Build a Pipeline whose scaler leaves the numbers as they are."""
    as_is = StandardScaler(with_mean=False, with_std=False)
    as_is.set_output(transform="pandas")
    return make_pipeline(as_is, *steps, SlidingWindow(W, flatten=True), Recorder())


def sum_of_scores(detector, X, y=None):
    return detector.score_samples(X).sum()


@pytest.fixture(params=INDEXES.values(), ids=INDEXES)
def numbered(request):
    """Rows that hold their own number, from 0 on, and skip 1000 from each segment."""
    numbers = np.arange(240.0) + np.repeat([0, 1000, 2000], 80)
    return pd.DataFrame({"number": numbers}, request.param)


def crosses_no_seam(windows):
    """Tell whether all windows hold consecutive rows, after repeats of the first."""
    steps = np.diff(windows, axis=1)
    is_padding = steps == 0
    repeats_come_first = (np.diff(is_padding.astype(int), axis=1) <= 0).all()
    return bool(((steps == 1) | is_padding).all() and repeats_come_first)


SPLITTERS = [KFold(4), KFold(7), TimeSeriesSplit(4)]


def test_a_window_across_a_seam_would_be_seen():
    assert crosses_no_seam(np.array([[0, 0, 1, 2], [3, 4, 5, 6], [7, 7, 7, 7]]))
    assert not crosses_no_seam(np.array([[79, 1080, 1081, 1082]]))
    assert not crosses_no_seam(np.array([[1, 2, 2, 3]]))


@pytest.mark.parametrize("splitter", SPLITTERS, ids=str)
@pytest.mark.parametrize("noise", [None, GaussianNoise(scale=0.0, n_copies=2)])
def test_folds_never_tear_a_window(numbered, splitter, noise):
    results = cross_validate(
        recording(*([noise] if noise else [])),
        numbered,
        scoring=sum_of_scores,
        cv=splitter,
        return_estimator=True,
        error_score="raise",
    )
    n_copies = 3 if noise else 1
    splits = list(splitter.split(numbered))
    for pipe, (train, test) in zip(results["estimator"], splits, strict=True):
        recorder = pipe[-1]
        assert len(recorder.fitted_on_) == n_copies * len(train)
        assert crosses_no_seam(recorder.fitted_on_)
        assert len(recorder.scored_) == len(test)
        assert crosses_no_seam(recorder.scored_)


def spread_by_loop(numbers):
    """Average each number with the W - 1 that follow without a jump; slow."""
    spread = []
    for row, number in enumerate(numbers):
        ahead = numbers[row : row + W]
        follows = ahead == number + np.arange(len(ahead))
        spread.append(ahead[follows].mean())
    return np.array(spread)


@pytest.mark.parametrize("splitter", SPLITTERS, ids=str)
def test_folds_never_mix_the_scores_of_two_segments(numbered, splitter):
    for train, test in splitter.split(numbered):
        detector = ReverseWindowing(recording()).fit(numbered.iloc[train])
        for rows in (train, test):
            scores = detector.score_samples(numbered.iloc[rows])
            expected = spread_by_loop(numbered["number"].to_numpy()[rows])
            np.testing.assert_allclose(scores, expected, rtol=1e-13)


@pytest.mark.parametrize("make", DETECTORS.values(), ids=DETECTORS)
@pytest.mark.parametrize("index", ["names and times", "gaps in time"])
def test_cross_validation_scores_the_segments_of_each_fold(rng, index, make):
    frame = pd.DataFrame(rng.normal(size=(240, 2)), INDEXES[index])
    y = np.where(np.arange(240) % 24 == 10, -1, 1)
    frame[y == -1] += 4.0
    scoring = make_anomaly_scorer("roc_auc")
    cv = KFold(2)
    found = cross_val_score(make(), frame, y, scoring=scoring, cv=cv)
    by_hand = []
    for train, test in cv.split(frame):
        detector = make().fit(frame.iloc[train])
        by_hand.append(scoring(detector, frame.iloc[test], y[test]))
    np.testing.assert_array_equal(found, by_hand)
    assert found.mean() > 0.5


@pytest.mark.parametrize("make", [forest, autoencoder], ids=["forest", "autoencoder"])
def test_a_search_over_both_windows_and_gaps_takes_a_frame(rng, make):
    frame = pd.DataFrame(rng.normal(size=(240, 2)), INDEXES["gaps in time"])
    y = np.where(np.arange(240) % 24 == 10, -1, 1)
    frame[y == -1] += 4.0
    grid = {
        "estimator__slidingwindow__window_size": [3, 4],
        "estimator__slidingwindow__max_gap": [None, pd.Timedelta("1h"), np.inf],
    }
    search = GridSearchCV(
        ReverseWindowing(make()),
        grid,
        scoring=make_anomaly_scorer("roc_auc"),
        cv=KFold(2),
        error_score="raise",
    ).fit(frame, y)
    # The hour spans both gaps, so it cuts as little as infinity does.
    results = search.cv_results_["mean_test_score"].reshape(3, 2)
    np.testing.assert_array_equal(results[1], results[2])
    assert not np.array_equal(results[0], results[1])


def test_a_global_container_carries_the_index_to_the_window(rng):
    frame = pd.DataFrame(rng.normal(size=(240, 2)), INDEXES["names and times"])
    told = forest().fit(frame).score_samples(frame)
    with config_context(transform_output="pandas"):
        pipe = forest().set_params(minmaxscaler=MinMaxScaler()).fit(frame)
        np.testing.assert_array_equal(pipe.score_samples(frame), told)
