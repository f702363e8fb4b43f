"""How much of a row's window are readings, through whatever stands around it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import OneClassSVM

from skad import evidence
from skad._estimators.evidence import Evidence, evidence_of, takes_missing
from skad.detectors import LSTMForecaster, PCADetector
from skad.postprocessing import ReverseWindowing, ThresholdedDetector
from skad.preprocessing import SlidingWindow

FOREST = IsolationForest(n_estimators=5, random_state=0)


def rows(n_rows=60, seed=0):
    return np.random.default_rng(seed).normal(size=(n_rows, 2))


def components(size=4, padding="missing", **parameters):
    return make_pipeline(
        SlidingWindow(size, padding=padding), PCADetector(2, **parameters)
    )


def test_evidence_is_the_share_of_readings_in_the_window():
    X = rows()
    pipe = components().fit(X)
    assert evidence(pipe, X)[:5].tolist() == [0.25, 0.5, 0.75, 1.0, 1.0]
    X[10] = X[20, 0] = np.nan
    found = evidence(pipe, X)
    assert found.dtype == np.float64
    assert found[9:15].tolist() == [1.0, 0.75, 0.75, 0.75, 0.75, 1.0]
    assert found[19:25].tolist() == [1.0, 0.875, 0.875, 0.875, 0.875, 1.0]


def test_a_gap_of_the_index_cuts_by_the_rule_of_the_windows():
    X = pd.DataFrame(rows(), index=[*range(30), *range(32, 62)])
    pipe = components().fit(X)
    assert evidence(pipe, X)[[29, 30, 31, 33]].tolist() == [1.0, 0.25, 0.5, 1.0]
    patient = make_pipeline(SlidingWindow(4, flatten=True, max_gap=5), FOREST).fit(X)
    assert (evidence(patient, X)[3:] == 1).all()
    named = pd.concat({"a": X.iloc[:30], "b": X.iloc[30:]})
    assert evidence(pipe, named)[30] == 0.25


@pytest.mark.parametrize(
    "around",
    [
        lambda pipe: ReverseWindowing(pipe, smoothing=5),
        lambda pipe: ReverseWindowing(ReverseWindowing(pipe), window_size=1),
        lambda pipe: ThresholdedDetector(pipe, alpha=0.1),
        lambda pipe: make_pipeline(StandardScaler(), pipe),
        lambda pipe: make_pipeline(StandardScaler(), ReverseWindowing(pipe)),
    ],
)
def test_what_stands_around_the_windows_does_not_count(around):
    X = rows()
    outer = around(components()).fit(X)
    X[10] = np.nan
    np.testing.assert_array_equal(evidence(outer, X), evidence(components().fit(X), X))


def test_a_frozen_pipeline_is_looked_into():
    X = rows()
    frozen = FrozenEstimator(components().fit(X))
    assert evidence(frozen, X)[0] == 0.25


def test_windows_that_were_cut_outside_show_what_they_miss():
    X = rows()
    X[10] = np.nan
    pipe = components().fit(X)
    windows = pipe[:-1].transform(X)
    expected = evidence(pipe, X)
    np.testing.assert_array_equal(evidence(pipe[-1], windows), expected)
    flat = PCADetector(2, n_channels=2).fit(windows.reshape(60, -1))
    np.testing.assert_array_equal(
        evidence(flat, windows.reshape(60, -1).tolist()), expected
    )


def test_rows_without_windows_count_their_cells():
    X = rows()
    forest = FOREST.fit(X)
    X[3, 0] = X[4] = np.nan
    assert evidence(forest, X)[2:6].tolist() == [1.0, 0.5, 0.0, 1.0]


def test_text_is_left_to_whoever_takes_it():
    lengths = FunctionTransformer(lambda X: np.char.str_len(np.asarray(X, dtype=str)))
    pipe = make_pipeline(lengths, FOREST)
    X = np.array([["a"], ["bb"], ["a"]] * 5, dtype=object)
    assert (evidence(pipe.fit(X), X) == 1).all()


@pytest.mark.parametrize("form", ["rows", "windows", "flat windows"])
def test_a_forecast_is_judged_where_there_is_a_reading(form):
    X = rows()
    X[10] = X[20, 0] = np.nan
    detector = LSTMForecaster(2, max_epochs=1, horizon=1, n_channels=2, random_state=0)
    pipe = make_pipeline(SlidingWindow(4, padding="missing"), detector).fit(X)
    if form != "rows":
        windows = pipe[:-1].transform(X)
        X = windows if form == "windows" else windows.reshape(60, -1)
        pipe = detector.fit(X)
    assert evidence(pipe, X)[9:12].tolist() == [1.0, 0.0, 0.75]
    assert evidence(pipe, X)[20] == 0.875
    assert evidence_of(pipe, X).is_enough[[9, 10, 11]].tolist() == [True, False, True]


@pytest.mark.parametrize("form", ["rows", "windows", "flattened"])
def test_a_forecast_of_two_steps_needs_a_reading_of_one_of_them(form):
    X = rows()
    X[10:12] = np.nan
    detector = LSTMForecaster(2, max_epochs=1, horizon=2, n_channels=2, random_state=0)
    pipe = make_pipeline(SlidingWindow(4, padding="missing"), detector).fit(X)
    if form != "rows":
        windows = pipe[:-1].transform(X)
        X = windows if form == "windows" else windows.reshape(60, -1)
        pipe = detector.fit(X)
    assert evidence(pipe, X)[9:13].tolist() == [1.0, 0.75, 0.0, 0.5]


@pytest.mark.parametrize("form", ["rows", "windows", "flattened"])
def test_context_is_no_evidence(form):
    X = rows()
    X[20:22, 1] = np.nan
    detector = PCADetector(2, context_channels=[0], n_channels=2, max_missing=0.25)
    pipe = make_pipeline(SlidingWindow(4, padding="missing"), detector).fit(X)
    if form != "rows":
        windows = pipe[:-1].transform(X)
        X = windows if form == "windows" else windows.reshape(60, -1)
        pipe = detector.fit(X)
    found = evidence_of(pipe, X)
    assert found.share[19:23].tolist() == [1.0, 0.75, 0.5, 0.5]
    assert found.is_enough[19:23].tolist() == [True, True, False, False]
    usual = np.median(pipe.score_samples(X)[3:])
    scores = pipe.score_samples(X)[19:23]
    assert scores[2] == scores[3]  # that of the usual training window
    assert len({*scores}) == 3
    assert abs(scores[2] - usual) < abs(usual)


def test_detectors_that_know_missing_readings_need_fewer_of_them():
    X = rows()
    X[10:12] = np.nan
    aware = evidence_of(components(max_missing=0.25).fit(X), X).is_enough
    assert np.flatnonzero(~aware).tolist() == [0, 1, 11, 12, 13]
    others = make_pipeline(SlidingWindow(4, flatten=True), FOREST).fit(X)
    for pipe in (components(padding="edge").fit(X), others):
        enough = evidence_of(pipe, X).is_enough
        assert np.flatnonzero(~enough).tolist() == [0, 1, 2]


def test_a_part_may_speak_for_what_is_inside_it():
    class Speaker(FunctionTransformer):
        def __skad_evidence__(self, X):
            none = np.full(len(X), False)
            return Evidence(np.full(len(X), 0.3), none, none)

    pipe = make_pipeline(Speaker(), FOREST).fit(rows())
    assert (evidence(pipe, rows()) == 0.3).all()


def test_members_are_judged_by_the_best_informed():
    parts = [
        Evidence(
            np.array([0.2, 0.9]), np.array([False, True]), np.array([True, False])
        ),
        Evidence(
            np.array([0.4, 0.6]), np.array([False, False]), np.array([True, True])
        ),
    ]
    best = Evidence.best_of(parts)
    assert best.share.tolist() == [0.4, 0.9]
    assert best.is_enough.tolist() == [False, True]
    assert best.left_out.tolist() == [True, False]


def test_it_takes_a_fitted_detector():
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        evidence(components(), rows())


def test_a_slice_has_the_evidence_of_the_whole():
    X = rows(200)
    X[np.random.default_rng(1).random(X.shape) < 0.3] = np.nan
    pipe = components(padding="missing", max_missing=0.9).fit(X)
    np.testing.assert_array_equal(
        evidence(pipe, X[50:90])[3:], evidence(pipe, X)[53:90]
    )


def test_a_pipeline_takes_missing_readings_if_all_steps_do():
    assert takes_missing(make_pipeline(SlidingWindow(4), PCADetector(2)))
    assert takes_missing(ReverseWindowing(components()))
    assert takes_missing(make_pipeline("passthrough", components()))
    assert not takes_missing(
        make_pipeline(SlidingWindow(4, flatten=True), OneClassSVM())
    )
