"""scikit-learn's callbacks: what they hear of a fit, and that nothing of them stays."""

import pickle
import re

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import GaussianNoise, LSTMForecaster, SlidingWindow, make_detector
from skad.detectors import PCADetector
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from tests.support.file_faults import outcome_of


class Recorder:
    """Writes down the tasks that begin and end; may stop after an epoch, or raise."""

    max_propagation_depth = None  # callbacks go on to whatever is inside

    def __init__(self, last_epoch=None, error=None):
        self.last_epoch, self.error = last_epoch, error
        self.begun, self.ended, self.n_teardowns = [], [], 0
        self.announced = {}  # how many parts the fit of each estimator has
        self.parts = []  # what the fits inside are called by what they are inside of

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.n_teardowns += 1

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.estimator_name, context.task_name))
        self.parts.append((context.source_estimator_name, context.source_task_name))
        if context.task_name == "fit":
            self.announced[context.estimator_name] = context.max_subtasks

    def on_fit_task_end(self, estimator, context):
        self.ended.append((context.estimator_name, context.task_name))
        is_last = context.task_name == "epoch" and context.task_id == self.last_epoch
        if is_last and self.error is not None:
            raise self.error
        return is_last


@pytest.fixture
def X():
    return np.sin(np.arange(200) / 4).reshape(-1, 1)


@pytest.fixture
def windows(X):
    return SlidingWindow(8).fit_transform(X)


def forecaster(**params):
    return LSTMForecaster(hidden_size=4, random_state=0, **{"max_epochs": 3} | params)


def test_a_callback_on_a_pipeline_hears_of_each_step_and_each_epoch(X):
    recorder = Recorder()
    pipe = make_pipeline(
        StandardScaler(), SlidingWindow(8), GaussianNoise(), forecaster()
    )
    pipe.set_callbacks(recorder).fit(X)
    epochs = [("LSTMForecaster", "epoch")] * 3
    steps = ["StandardScaler", "SlidingWindow", "GaussianNoise", "LSTMForecaster"]
    begun = [("Pipeline", "fit"), *((step, "fit") for step in steps), *epochs]
    assert recorder.begun == begun
    assert sorted(recorder.ended) == sorted(begun)
    assert recorder.n_teardowns == 1


def test_a_callback_may_stop_the_training(windows):
    detector = forecaster(max_epochs=5).set_callbacks(Recorder(last_epoch=1))
    stopped = detector.fit(windows)
    assert stopped.n_iter_ == 2
    expected = forecaster(max_epochs=2).fit(windows).score_samples(windows)
    np.testing.assert_array_equal(stopped.score_samples(windows), expected)


def test_a_callback_that_raises_leaves_the_detector_as_it_was(windows):
    detector = forecaster().fit(windows)
    before = detector.score_samples(windows)
    recorder = Recorder(last_epoch=0, error=RuntimeError("no more"))
    with pytest.raises(RuntimeError, match="no more"):
        detector.set_callbacks(recorder).fit(windows + 1)
    np.testing.assert_array_equal(detector.score_samples(windows), before)
    assert recorder.n_teardowns == 1


def test_a_fit_whose_end_a_callback_fails_to_note_is_undone(windows):
    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            if context.task_name == "fit":
                raise OSError("no room for the log")

    detector = PCADetector()
    with pytest.raises(OSError, match="no room for the log"):
        detector.set_callbacks(Failing()).fit(windows)
    assert vars(detector.set_callbacks()) == vars(PCADetector())


def test_watching_changes_no_score(windows):
    watched = forecaster().set_callbacks(Recorder()).fit(windows)
    expected = forecaster().fit(windows).score_samples(windows)
    np.testing.assert_array_equal(watched.score_samples(windows), expected)


def test_nothing_of_a_callback_is_left_in_a_fitted_pipeline(X):
    def fitted():
        return make_pipeline(SlidingWindow(8), GaussianNoise(), forecaster())

    watched = fitted().set_callbacks(Recorder()).fit(X).set_callbacks()
    for step, plain in zip(watched, fitted().fit(X), strict=True):
        assert vars(step).keys() == vars(plain).keys()
    assert b"Recorder" not in pickle.dumps(watched)


def test_epochs_are_scored_while_they_pass(windows):
    y = np.ones(len(windows), int)
    y[100] = -1
    spiked = windows.copy()
    spiked[100] += 5
    monitor = ScoringMonitor(scoring=make_anomaly_scorer("roc_auc"))
    detector = forecaster().set_callbacks(monitor).fit(spiked, y)
    log = monitor.get_logs().data
    of_epochs = [row["score"] for row in log if row["task_name"] == "epoch"]
    assert len(of_epochs) == 3
    # Each was scored by the network as it then was, the last by the one that stays.
    at_first = forecaster(max_epochs=1).fit(spiked)
    scorer = make_anomaly_scorer("roc_auc")
    assert of_epochs[0] == scorer(at_first, spiked, y)
    assert of_epochs[-1] == scorer(detector, spiked, y)


def test_a_training_from_memory_has_no_epochs(windows, tmp_path):
    forecaster(memory=str(tmp_path)).fit(windows)
    recorder = Recorder()
    forecaster(memory=str(tmp_path)).set_callbacks(recorder).fit(windows)
    assert recorder.ended == [("LSTMForecaster", "fit")]


def search(detector):
    return GridSearchCV(
        make_pipeline(SlidingWindow(8), detector),
        {"lstmforecaster__lr": [1e-3, 1e-2]},
        scoring=lambda estimator, X, y=None: estimator.score_samples(X).mean(),
        cv=TimeSeriesSplit(2),
        n_jobs=2,
    )


def test_a_search_in_two_processes_shows_bars_down_to_the_epochs(X, capsys):
    bars = ProgressBar(max_propagation_depth=None)
    search(forecaster()).set_callbacks(bars).fit(X)
    shown = capsys.readouterr().out
    for task in ("GridSearchCV - fit", "SlidingWindow - fit", "LSTMForecaster - fit"):
        assert task in shown


def test_epochs_in_other_processes_are_scored_too(X):
    monitor = ScoringMonitor(scoring={"one": lambda estimator, X, y: 1.0})
    search(forecaster(max_epochs=2).set_callbacks(monitor)).fit(X, np.ones(len(X)))
    tasks = [row["task_name"] for row in monitor.get_logs().data]
    assert tasks.count("epoch") == 2 * (2 * 2 + 1)  # candidates, splits, and the refit


def pipe():
    return make_pipeline(SlidingWindow(8), forecaster(max_epochs=2))


def test_a_fit_without_epochs_announces_no_parts(windows):
    recorder = Recorder()
    PCADetector().set_callbacks(recorder).fit(windows)
    assert recorder.announced == {"PCADetector": 0}


META_DETECTORS = {
    "ReverseWindowing": (lambda: ReverseWindowing(pipe()), ["fit-detector"]),
    "EnsembleDetector": (
        lambda: EnsembleDetector([("a", pipe()), ("b", pipe())]),
        ["fit-a", "fit-b"],
    ),
    "ThresholdedDetector": (lambda: ThresholdedDetector(pipe()), ["fit-detector"]),
    "TunedThresholdDetectorCV": (
        lambda: TunedThresholdDetectorCV(pipe(), cv=2),
        ["fit-split", "fit-split", "refit"],
    ),
}


@pytest.fixture
def y(X):
    labels = np.ones(len(X), int)
    labels[[50, 150]] = -1
    return labels


@pytest.mark.parametrize("name", META_DETECTORS)
def test_a_callback_on_a_meta_detector_hears_of_the_epochs_inside(name, X, y):
    make, parts = META_DETECTORS[name]
    n_fits = len(parts)
    recorder = Recorder()
    detector = make().set_callbacks(recorder).fit(X, y)
    assert recorder.begun[0] == recorder.ended[-1] == (name, "fit")
    assert recorder.ended.count(("LSTMForecaster", "epoch")) == 2 * n_fits
    assert (recorder.announced[name], recorder.announced["LSTMForecaster"]) == (
        n_fits,
        2,
    )
    assert recorder.n_teardowns == 1
    assert b"Recorder" not in pickle.dumps(detector.set_callbacks())
    assert [part for owner, part in recorder.parts if owner == name] == parts


@pytest.mark.parametrize("name", META_DETECTORS)
def test_a_meta_detector_is_scored_on_what_it_was_fitted_on(name, X, y):
    make, _ = META_DETECTORS[name]
    scorer = make_anomaly_scorer("roc_auc")
    monitor = ScoringMonitor(scoring=scorer)
    detector = make().set_callbacks(monitor).fit(X, y)
    assert monitor.get_logs().data[0]["score"] == scorer(detector, X, y)


def test_the_recommended_chain_shows_its_epochs_behind_a_scaler_that_shows_nothing(X):
    recorder = Recorder()
    chain = make_detector(LSTMForecaster(max_epochs=2), window_size=8, random_state=0)
    with pytest.warns(UserWarning, match="PerSeries does not support callbacks"):
        chain.set_callbacks(recorder).fit(X)
    assert recorder.ended.count(("LSTMForecaster", "epoch")) == 2


WITHOUT_CALLBACKS = """
import builtins
honest = builtins.__import__
def without_callbacks(name, globals=None, *rest):
    if name == "sklearn.callback" and globals["__name__"].startswith("skad."):
        raise ImportError(name)  # as of a scikit-learn that has none
    return honest(name, globals, *rest)
builtins.__import__ = without_callbacks
import numpy as np
from sklearn.base import clone
from tests.support.estimators import INSTANCES
X = np.random.default_rng(0).normal(size=(60, 3))
kinds = {}
for estimator in INSTANCES:
    kinds.setdefault(type(estimator), estimator)
for estimator in kinds.values():
    clone(estimator).fit(X)
try:
    next(iter(kinds.values())).set_callbacks(print)
except ImportError as error:
    print(len(kinds), error)
"""


def test_every_estimator_works_where_scikit_learn_has_no_callbacks():
    exit_status, printed = outcome_of(WITHOUT_CALLBACKS)
    assert exit_status == 0, printed
    assert re.search(r"\d\d Callbacks need sklearn.callback, .* missing", printed)
