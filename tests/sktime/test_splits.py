"""sktime's splitters as the cv of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import sktime.split
from sklearn import config_context
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skad.metrics import make_anomaly_scorer
from skad.preprocessing import SlidingWindow
from skad.sktime import as_cv

FH = np.arange(1, 31)
EXPANDING = sktime.split.ExpandingWindowSplitter(FH, initial_window=90, step_length=30)
SPLITTERS = [
    EXPANDING,
    sktime.split.SlidingWindowSplitter(FH, window_length=60, step_length=60),
    sktime.split.SingleWindowSplitter(FH, window_length=60),
    sktime.split.ExpandingGreedySplitter(test_size=40, folds=3),
    sktime.split.SlidingGreedySplitter(train_size=60, test_size=40, folds=3),
    sktime.split.CutoffSplitter(np.array([90, 200]), fh=FH, window_length=60),
    sktime.split.TemporalTrainTestSplitter(test_size=0.25),
]


def name(splitter):
    return type(splitter).__name__


@pytest.mark.parametrize("splitter", SPLITTERS, ids=name)
def test_the_splits_are_those_of_sktime(splitter):
    X = np.zeros((300, 1))
    frame = pd.DataFrame(X, pd.date_range("2024", periods=300, freq="h"))
    cv = as_cv(splitter)
    expected = [(list(a), list(b)) for a, b in splitter.split(np.arange(300))]
    assert len(expected) == cv.get_n_splits(X) == cv.get_n_splits(frame, None, None) > 0
    for table in (X, X.tolist(), frame):
        found = [(a.tolist(), b.tolist()) for a, b in cv.split(table, None, None)]
        assert found == expected


def test_lengths_of_time_are_read_off_the_index():
    frame = pd.DataFrame(
        {"a": np.zeros(48)}, pd.date_range("2024", periods=48, freq="h")
    )
    splitter = sktime.split.SlidingWindowSplitter(
        fh=pd.timedelta_range("1h", periods=6, freq="h"),
        window_length=pd.Timedelta(days=1),
        step_length=pd.Timedelta(hours=12),
    )
    (train, test), *_ = as_cv(splitter).split(frame)
    assert (train[0], len(train), test.tolist()) == (0, 24, list(range(24, 30)))


def test_no_splitter_works_without(series):
    with pytest.raises(TypeError, match="unexpected keyword argument 'groups'"):
        cross_val_score(IsolationForest(), series, cv=EXPANDING, scoring="roc_auc")


def test_a_grid_search_runs_over_the_splits_of_sktime(series):
    y = np.where(np.arange(300) % 30 == 20, -1, 1)
    series[y == -1] += 3.0
    pipe = make_pipeline(
        SlidingWindow(2, flatten=True), IsolationForest(n_estimators=5, random_state=0)
    )
    grid = {"slidingwindow__window_size": [1, 40]}
    scorer = make_anomaly_scorer("average_precision")
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(pipe, grid, cv=as_cv(EXPANDING), scoring=scorer)
        search.fit(series, y)
    assert search.n_splits_ == 7
    assert search.best_params_ == {"slidingwindow__window_size": 1}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert "ExpandingWindowSplitter" in repr(search)


def test_what_is_no_splitter_of_sktime_is_refused():
    with pytest.raises(TypeError, match="but got KFold. scikit-learn's own splitters"):
        as_cv(KFold())
