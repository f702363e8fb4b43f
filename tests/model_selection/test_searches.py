"""Splits around events in scikit-learn's searches, over Pipelines of windows."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skad.datasets import load_yahoo
from skad.detectors import LSTMForecaster
from skad.metrics import make_anomaly_scorer
from skad.model_selection import AnomalySplit, stability_score, validation_score
from skad.preprocessing import SlidingWindow

W = 5
CLOCK = pd.date_range("2026-01-01", periods=240, freq="min")
INDEXES = {"row numbers": pd.RangeIndex(240), "timestamps": CLOCK}
EVENTS = [slice(40, 48), slice(100, 104), slice(150, 151), slice(200, 210)]
FOREST = IsolationForest(n_estimators=5, random_state=0)


class Recorder(OutlierMixin, BaseEstimator):
    """Keep the windows seen at fit; score by the newest value."""

    def fit(self, X, y=None):
        self.fitted_on_ = np.array(X)
        return self

    def score_samples(self, X):
        return np.array(X)[:, -1]


@pytest.fixture
def y():
    y = np.ones(240, dtype=int)
    for event in EVENTS:
        y[event] = -1
    return y


@pytest.fixture(params=INDEXES.values(), ids=INDEXES)
def numbered(request):
    """Give rows that hold their own number."""
    return pd.DataFrame({"number": np.arange(240.0)}, index=request.param)


def scaler():
    return MinMaxScaler().set_output(transform="pandas")


def windows_fitted_on(X, y, cv, max_gap=1):
    """Return what each fold of a search trained on, as windows of row numbers."""
    seen = []

    def note(pipe, X, y=None):
        scale = pipe[0]
        seen.append(pipe[-1].fitted_on_ * scale.data_range_ + scale.data_min_)
        return 0.0

    window = SlidingWindow(W, flatten=True, max_gap=max_gap)
    pipe = make_pipeline(scaler(), window, Recorder())
    search = GridSearchCV(
        pipe, {}, scoring=note, cv=cv, refit=False, error_score="raise"
    )
    search.fit(X, y)
    return [np.round(windows).astype(int) for windows in seen]


def torn(windows):
    """Count the windows that are not consecutive rows after repeats of the first."""
    steps = np.diff(windows, axis=1)
    padded_late = (steps[:, 1:] == 0) & (steps[:, :-1] != 0)
    return int((~np.isin(steps, (0, 1)).all(axis=1) | padded_late.any(axis=1)).sum())


def test_a_torn_window_would_be_seen():
    whole = [[3, 4, 5, 6], [7, 7, 7, 7], [7, 7, 8, 9]]
    assert torn(np.array(whole)) == 0
    assert torn(np.array([*whole, [3, 4, 8, 9], [1, 2, 2, 3]])) == 2


@pytest.mark.parametrize("train", ["normal", "all"])
def test_no_window_of_a_search_crosses_a_cut(numbered, y, train):
    cv = AnomalySplit(4, gap=W, train=train)
    found = windows_fitted_on(numbered, y, cv)
    for windows, (rows, test) in zip(found, cv.split(numbered, y), strict=True):
        assert torn(windows) == 0
        assert np.array_equal(windows[:, -1], rows)
        assert not np.isin(windows, test).any()
        if train == "normal":
            assert (y[windows] == 1).all()


def test_windows_of_an_array_are_glued_together_at_each_cut(y):
    X = np.arange(240.0).reshape(-1, 1)
    cv = AnomalySplit(4, gap=W)
    for windows, (rows, _) in zip(
        windows_fitted_on(X, y, cv), cv.split(X, y), strict=True
    ):
        n_cuts = (np.diff(rows) > 1).sum()
        assert n_cuts >= 3
        assert torn(windows) == n_cuts * (W - 1)


def test_a_clock_shows_a_short_event_only_with_a_max_gap_of_one_step(y):
    X = pd.DataFrame({"number": np.arange(240.0)}, index=CLOCK)
    cv = AnomalySplit(4, gap=W)
    by_default = [torn(windows) for windows in windows_fitted_on(X, y, cv, None)]
    # The event of a single row is in the third test block.
    assert by_default == [W - 1, W - 1, 0, W - 1]
    assert [torn(windows) for windows in windows_fitted_on(X, y, cv)] == [0, 0, 0, 0]


def windows_of(readings):
    padded = np.concatenate([np.repeat(readings[:1], W - 1), readings])
    return np.lib.stride_tricks.sliding_window_view(padded, W)


def auc_by_hand(X, y, rows, test):
    """Cut each stretch of training rows into windows by itself."""
    scale = MinMaxScaler().fit(X[rows])
    scaled = scale.transform(X)[:, 0]
    stretches = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    windows = np.concatenate([windows_of(scaled[stretch]) for stretch in stretches])
    forest = clone(FOREST).fit(windows)
    return roc_auc_score(y[test], forest.score_samples(windows_of(scaled[test])))


@pytest.mark.parametrize("is_routing", [False, True])
def test_a_detector_is_judged_as_if_each_stretch_were_windowed_alone(
    rng, y, is_routing
):
    X = rng.normal(size=(240, 1)).cumsum(axis=0) + np.where(y == -1, 3, 0)[:, None]
    cv = AnomalySplit(4, gap=W)
    expected = [auc_by_hand(X, y, *split) for split in cv.split(X, y)]
    pipe = make_pipeline(scaler(), SlidingWindow(W, flatten=True), FOREST)
    search = GridSearchCV(
        pipe,
        {"isolationforest__contamination": [0.1]},
        scoring=make_anomaly_scorer("roc_auc"),
        cv=cv,
        refit=False,
        error_score="raise",
    )
    with config_context(enable_metadata_routing=is_routing):
        framed, glued = (
            [
                search.fit(rows, y).cv_results_[f"split{n}_test_score"][0]
                for n in range(4)
            ]
            for rows in (pd.DataFrame(X), X)
        )
    assert framed == pytest.approx(expected, abs=1e-12)
    assert np.abs(np.subtract(glued, expected)).max() > 0.01


@pytest.mark.parametrize("is_routing", [False, True])
def test_a_search_on_yahoo_has_a_score_in_every_fold(is_routing):
    yahoo = load_yahoo()
    X = pd.DataFrame(yahoo.data, columns=["traffic"])
    detector = LSTMForecaster(4, max_epochs=1, batch_size=64, random_state=0)
    search = GridSearchCV(
        make_pipeline(scaler(), SlidingWindow(8), detector),
        {"lstmforecaster__lr": [1e-3, 1e-2]},
        scoring={
            "roc_auc": make_anomaly_scorer("roc_auc"),
            "stability": stability_score,
            "validation": validation_score,
        },
        cv=AnomalySplit(gap=8),
        refit="roc_auc",
        error_score="raise",
    )
    with config_context(enable_metadata_routing=is_routing):
        search.fit(X, yahoo.target)
    for number in range(5):
        for metric in ("roc_auc", "stability", "validation"):
            scores = search.cv_results_[f"split{number}_test_{metric}"]
            assert np.isfinite(scores).all()
    assert search.score_samples(X).shape == (1000,)


def test_splits_that_do_not_see_the_labels_give_nan_on_yahoo():
    yahoo = load_yahoo()
    search = GridSearchCV(
        FOREST,
        {"contamination": [0.01]},
        scoring="roc_auc",
        cv=TimeSeriesSplit(5),
        refit=False,
    )
    with (
        pytest.warns(UndefinedMetricWarning, match="Only one class is present"),
        pytest.warns(UserWarning, match="test scores are non-finite"),
    ):
        search.fit(yahoo.data, yahoo.target)
    assert np.isnan(search.cv_results_["mean_test_score"]).all()
    assert np.isnan(search.cv_results_["split0_test_score"]).all()


def test_it_serves_cross_validation_and_learning_curves(numbered, y):
    cv, scoring = AnomalySplit(4, gap=W), make_anomaly_scorer("roc_auc")
    pipe = make_pipeline(scaler(), SlidingWindow(W, flatten=True), FOREST)
    results = cross_validate(
        pipe, numbered, y, cv=cv, scoring=scoring, error_score="raise"
    )
    assert np.isfinite(results["test_score"]).all()
    sizes, *curves = learning_curve(
        pipe,
        numbered,
        y,
        cv=cv,
        scoring=validation_score,
        train_sizes=[0.5, 1.0],
        error_score="raise",
    )
    assert sizes[1] == min(len(train) for train, _ in cv.split(numbered, y))
    assert np.isfinite(curves).all()


def test_predictions_for_all_rows_are_refused(numbered, y):
    with pytest.raises(ValueError, match="only works for partitions"):
        cross_val_predict(FOREST, numbered, y, cv=AnomalySplit(2))


def test_windows_that_are_samples_share_no_row_with_the_test_block(y):
    windows = SlidingWindow(W).fit_transform(np.arange(240.0).reshape(-1, 1))[..., 0]
    holds_event = np.where((y[windows.astype(int)] == -1).any(axis=1), -1, 1)
    for train, test in AnomalySplit(4, gap=W - 1).split(windows, holds_event):
        assert not np.isin(windows[train], windows[test]).any()
        assert (y[windows[train].astype(int)] == 1).all()
