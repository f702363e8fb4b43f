"""Searches over thresholds, architectures and the detector itself."""

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn.ensemble import IsolationForest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from skad._torch import remembered_net
from skad.detectors import ConvAutoencoder, LSTMForecaster
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy

FOREST = IsolationForest(n_estimators=5, random_state=0)
LSTM = LSTMForecaster(4, max_epochs=2, lr=1e-2, random_state=0)
CONV = ConvAutoencoder((4, 2), max_epochs=2, lr=1e-2, random_state=0)
FOLDS = KFold(2)


@pytest.fixture(scope="module")
def labelled():
    """Give rows with a spike in every thirtieth, and -1 for these."""
    X, y = noisy(240), np.ones(240, dtype=int)
    X[20::30] += 1.5
    y[20::30] = -1
    return X, y


@pytest.fixture
def pipe():
    steps = [("scale", MinMaxScaler()), ("window", SlidingWindow(8)), ("detect", LSTM)]
    return Pipeline(steps)


@pytest.fixture
def trainings(monkeypatch):
    """Note the windows of all trainings that really take place."""
    taken = []

    def noted(detector, windows, seed, start=None, epochs=None):
        taken.append(windows)
        return trained_net(detector, windows, seed, start, epochs)

    trained_net = remembered_net.trained_net
    monkeypatch.setattr(remembered_net, "trained_net", noted)
    return taken


def scores_of(search):
    """Return all that a search found out, without the times it took."""
    results = search.cv_results_
    return {
        name: np.asarray(values).tolist()
        for name, values in results.items()
        if "_score" in name and "time" not in name
    }


def searches(pipe):
    """One search of each kind, over epochs and more."""
    scoring = make_anomaly_scorer("roc_auc")
    yield GridSearchCV(
        pipe,
        {"detect": [LSTM, CONV], "detect__max_epochs": [1, 3]},
        scoring=scoring,
        cv=FOLDS,
    )
    yield RandomizedSearchCV(
        pipe,
        {"detect__lr": loguniform(1e-3, 1e-1), "detect__max_epochs": [1, 2, 3]},
        n_iter=3,
        scoring=scoring,
        cv=FOLDS,
        random_state=0,
    )
    yield HalvingGridSearchCV(
        pipe,
        {"detect__hidden_size": [2, 3, 4]},
        resource="detect__max_epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        scoring=scoring,
        cv=FOLDS,
        random_state=0,
    )


def test_the_detector_itself_is_searched_in_one_flattened_pipeline(pipe, labelled):
    pipe.set_params(window__flatten=True)
    search = GridSearchCV(
        pipe,
        {"detect": [FOREST, LSTM, CONV]},
        scoring=make_anomaly_scorer("roc_auc"),
        cv=FOLDS,
    ).fit(*labelled)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores)) == 3
    assert search.predict(labelled[0]).shape == (240,)


def test_flat_and_deep_windows_are_searched_in_one_grid(pipe, labelled):
    grid = [
        {"window__flatten": [True], "detect": [FOREST]},
        {"window__flatten": [False, True], "detect": [LSTM, CONV]},
    ]
    search = GridSearchCV(
        pipe, grid, scoring=make_anomaly_scorer("roc_auc"), cv=FOLDS
    ).fit(*labelled)
    found = {
        (type(candidate["detect"]).__name__, candidate["window__flatten"]): score
        for candidate, score in zip(
            search.cv_results_["params"],
            search.cv_results_["mean_test_score"],
            strict=True,
        )
    }
    assert len(found) == 5
    assert np.isfinite(list(found.values())).all()
    for network in ("LSTMForecaster", "ConvAutoencoder"):
        assert found[network, True] == found[network, False]


@pytest.mark.equality
@pytest.mark.parametrize("kind", [0, 1, 2], ids=["grid", "randomized", "halving"])
def test_processes_and_threads_find_the_same_to_the_bit(pipe, labelled, kind):
    found = {}
    for backend, n_jobs in [("loky", 1), ("loky", 2), ("threading", 2)]:
        search = list(searches(pipe))[kind].set_params(n_jobs=n_jobs)
        with joblib.parallel_config(backend):
            search.fit(*labelled)
        found[backend, n_jobs] = scores_of(search)
        found[backend, n_jobs]["best"] = search.score_samples(labelled[0]).tolist()
    first, *others = found.values()
    assert np.isfinite(first["mean_test_score"]).all()
    assert len(set(first["mean_test_score"])) > 1
    assert all(other == first for other in others)


def test_halving_gives_the_best_more_epochs(pipe, labelled):
    *_, search = searches(pipe)
    search.fit(*labelled)
    assert search.n_resources_ == [1, 2]
    assert search.best_estimator_["detect"].n_iter_ == search.n_resources_[-1]


def test_thresholds_are_told_apart_by_a_metric_of_labels(pipe, labelled):
    found = {}
    for metric in ("f1", "roc_auc"):
        search = GridSearchCV(
            pipe.set_params(detect__max_epochs=10),
            {"detect__contamination": [0.04, 0.4]},
            scoring=make_anomaly_scorer(metric),
            cv=FOLDS,
        )
        found[metric] = search.fit(*labelled).cv_results_["mean_test_score"]
    assert found["f1"][0] > found["f1"][1] + 0.2
    assert found["roc_auc"][0] == found["roc_auc"][1]


def test_one_training_per_fold_serves_all_thresholds(
    pipe, labelled, tmp_path, trainings
):
    grid = {"detect__contamination": [0.04, 0.2, 0.4]}
    options = {"scoring": make_anomaly_scorer("f1"), "cv": FOLDS, "refit": False}
    plain = GridSearchCV(pipe, grid, **options).fit(*labelled)
    assert len(trainings) == 6
    pipe.set_params(detect__memory=str(tmp_path))
    cached = GridSearchCV(pipe, grid, **options).fit(*labelled)
    assert len(trainings) == 6 + 2
    assert scores_of(cached) == scores_of(plain)
    assert len(set(cached.cv_results_["mean_test_score"])) == 3


def test_a_search_may_fit_on_normal_rows_only(pipe, labelled, trainings):
    X, y = labelled
    # A frame keeps its row numbers, so that no window spans the rows left out.
    frame = pd.DataFrame(X, columns=["reading"])
    pipe["scale"].set_output(transform="pandas")
    splits = [(train[y[train] == 1], test) for train, test in FOLDS.split(X)]
    search = GridSearchCV(
        pipe,
        {"detect__hidden_size": [2, 4]},
        scoring=make_anomaly_scorer("average_precision"),
        cv=splits,
        refit=False,
    ).fit(frame, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    for windows, (train, _) in zip(trainings, splits + splits, strict=True):
        scaled = MinMaxScaler().fit_transform(X[train])
        own = SlidingWindow(8).fit_transform(
            pd.DataFrame(scaled, index=frame.index[train])
        )
        assert np.array_equal(windows, own.astype(np.float32))
        assert (y[train] == 1).all()


def test_parameters_are_searched_through_reverse_windowing(pipe, labelled):
    search = GridSearchCV(
        ReverseWindowing(pipe),
        {"causal": [False, True], "estimator__window__window_size": [4, 8]},
        scoring=make_anomaly_scorer("roc_auc"),
        cv=FOLDS,
    ).fit(*labelled)
    assert len(set(search.cv_results_["mean_test_score"])) == 4


def test_cross_validation_scores_every_row_once(pipe, labelled):
    X, y = labelled
    scores = cross_val_score(
        pipe, X, y, scoring=make_anomaly_scorer("roc_auc"), cv=FOLDS
    )
    assert len(scores) == 2
    assert np.isfinite(scores).all()
