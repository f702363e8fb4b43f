"""Steps that drop the index, noticed wherever X and the windows are both in sight."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import PCADetector, SlidingWindow, score_samples_blockwise
from skad.inspection import AnomalyDisplay, ErrorMapDisplay, expected, explain
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)

MESSAGE = (
    r"The step 'standardscaler' \(StandardScaler\) returns arrays.* X shows 1\. Set "
    r'StandardScaler\(\.\.\.\)\.set_output\(transform="pandas"\)'
)


@pytest.fixture
def X(rng):
    index = pd.MultiIndex.from_product([["a", "b"], range(60)])
    return pd.DataFrame({"v": rng.normal(size=120)}, index)


def pipe(scaler=None):
    return make_pipeline(scaler or StandardScaler(), SlidingWindow(4), PCADetector(2))


def keeping(step):
    return step.set_output(transform="pandas")


METAS = {
    "reverse": ReverseWindowing,
    "thresholded": lambda inner: ThresholdedDetector(inner, alpha=0.1),
    "ensemble": lambda inner: EnsembleDetector([("one", inner)]),
}


@pytest.mark.parametrize("name", METAS)
def test_meta_detectors_warn_at_fit_and_at_scoring(name, X):
    with pytest.warns(UserWarning, match=MESSAGE) as record:
        detector = METAS[name](pipe()).fit(X)
    assert record[0].filename == __file__
    with pytest.warns(UserWarning, match=MESSAGE) as record:
        detector.score_samples(X)
    assert record[0].filename == __file__


@pytest.mark.parametrize("name", METAS)
def test_nothing_is_said_where_the_index_is_kept(name, X):
    METAS[name](pipe(keeping(StandardScaler()))).fit(X).score_samples(X)


@pytest.mark.parametrize("name", METAS)
def test_nothing_is_said_where_nothing_is_lost(name, X):
    METAS[name](pipe()).fit(X.to_numpy()).score_samples(X.to_numpy())
    METAS[name](pipe()).fit(X.loc["a"]).score_samples(X.loc["b"])
    forest = make_pipeline(StandardScaler(), IsolationForest(n_estimators=3))
    ThresholdedDetector(forest, alpha=0.1).fit(X).score_samples(X)


def test_the_first_step_that_drops_it_is_named(X):
    steps = [("keep", keeping(SimpleImputer())), ("drop", SimpleImputer())]
    steps += [("scale", keeping(StandardScaler())), ("rest", pipe()[1:])]
    with pytest.warns(UserWarning, match=r"step 'drop' \(SimpleImputer\) returns"):
        ReverseWindowing(Pipeline(steps)).fit(X)


def test_a_threshold_by_labels_warns_of_the_rows_left_out(X):
    X = X.reset_index(drop=True)
    y = np.ones(120, dtype=int)
    y[[20, 21, 80, 81]] = -1
    message = "'standardscaler' .* X shows 2"
    with pytest.warns(UserWarning, match=message) as record:
        TunedThresholdDetectorCV(pipe()).fit(X, y)
    assert record[0].filename == __file__


@pytest.mark.parametrize(
    "ask",
    [
        lambda fitted, X: score_samples_blockwise(fitted, X, block_size=50),
        explain,
        expected,
        AnomalyDisplay.from_estimator,
        ErrorMapDisplay.from_estimator,
    ],
    ids=["blockwise", "explain", "expected", "display", "error map"],
)
def test_what_asks_a_pipeline_warns(ask, X):
    fitted = FrozenEstimator(pipe().fit(X))
    with pytest.warns(UserWarning, match=MESSAGE):
        ask(fitted, X)
    kept = pipe(keeping(StandardScaler())).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask(kept, X)


def test_the_cure_is_one(X):
    with pytest.warns(UserWarning, match=MESSAGE) as record:
        ReverseWindowing(pipe()).fit(X)
    cure = re.search(r"\.set_output\(.*?\)", str(record[0].message)).group()
    scaler = eval(f"StandardScaler(){cure}")
    windows = pipe(scaler)[:-1].fit_transform(X)
    np.testing.assert_array_equal(windows[60, 0], windows[60, 3])
