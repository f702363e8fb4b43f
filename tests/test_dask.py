import os
import signal
import sys

import dask
import dask.array as da
import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

import skad.dask
from skad import (
    AdaptiveThresholdDetector,
    ConvAutoencoder,
    LSTMForecaster,
    PCADetector,
    ReverseWindowing,
    SlidingWindow,
)


@pytest.fixture(scope="module")
def processes():
    """Give two processes that can be reached from this machine alone."""
    with (
        # Else the place of a process that starts anew is lost, if that takes long.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
        ) as both,
        Client(both) as client,
    ):
        yield client


@pytest.fixture
def cluster(processes):
    """Give both processes, even after one of them was killed."""
    processes.wait_for_workers(2)
    return processes


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def forest(rows):
    pipe = make_pipeline(
        SlidingWindow(9, flatten=True), IsolationForest(n_estimators=5, random_state=0)
    )
    return ReverseWindowing(pipe, smoothing=4, contamination=0.05).fit(rows)


@pytest.fixture(scope="module")
def network(rows):
    autoencoder = ConvAutoencoder((4, 2), 5, stride=2, max_epochs=1, random_state=0)
    return ReverseWindowing(make_pipeline(SlidingWindow(16), autoencoder)).fit(rows)


CHUNKS = {
    "even": 100,
    "shorter than the context": 5,
    "single rows": 1,
    "with empty ones": (0, 140, 0, 160),
    "short at the ends": (3, 294, 3),
    "one": 300,
}


@pytest.mark.equality
@pytest.mark.parametrize("lengths", CHUNKS.values(), ids=CHUNKS)
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_chunks_are_scored_and_labelled_as_the_whole(rows, forest, lengths, scheduler):
    chunked = da.from_array(rows, chunks=(lengths, 1))
    scores, labels = (
        skad.dask.score_samples(forest, chunked),
        skad.dask.predict(forest, chunked),
    )
    assert (scores.shape, scores.dtype) == ((300,), np.float64)
    assert (labels.shape, labels.dtype) == ((300,), np.int64)
    scores = scores.compute(scheduler=scheduler)
    assert np.array_equal(scores, forest.score_samples(rows))
    assert np.array_equal(labels.compute(scheduler=scheduler), forest.predict(rows))


@pytest.mark.parametrize("lengths", [100, (140, 160), 7])
def test_missing_readings_pass_chunks_as_they_pass_the_whole(rows, lengths):
    holed = rows.copy()
    holed[50:58, 0] = holed[139:142] = np.nan
    pipe = make_pipeline(SlidingWindow(9, padding="missing"), PCADetector(3))
    detector = ReverseWindowing(pipe, smoothing=4, contamination=0.05).fit(holed)
    chunked = da.from_array(holed, chunks=(lengths, 2))
    scores = skad.dask.score_samples(detector, chunked).compute(scheduler="synchronous")
    labels = skad.dask.predict(detector, chunked).compute(scheduler="synchronous")
    assert np.array_equal(scores, detector.score_samples(holed))
    assert np.array_equal(labels, detector.predict(holed))


@pytest.mark.parametrize("n_rows", [1, 2, 7])
def test_a_series_may_be_shorter_than_the_context(rows, forest, n_rows):
    scores = skad.dask.score_samples(forest, da.from_array(rows[:n_rows]))
    assert np.array_equal(scores.compute(), forest.score_samples(rows[:n_rows]))


def test_windows_that_are_ready_made_are_chunked_too(rows):
    windows = SlidingWindow(16).fit_transform(rows)
    detector = ConvAutoencoder((2,), max_epochs=1, random_state=0).fit(windows)
    chunked = da.from_array(windows, chunks=(64, 8, 1))
    scores = skad.dask.score_samples(detector, chunked).compute()
    assert np.array_equal(scores, detector.score_samples(windows))


def test_nothing_is_computed_before_it_is_asked_for(rows, forest):
    def burst(block):
        raise AssertionError("a chunk was read")

    chunked = da.from_array(rows, chunks=(100, 2)).map_blocks(burst, meta=rows[:0])
    scores = skad.dask.score_samples(forest, chunked)
    with pytest.raises(AssertionError, match="a chunk was read"):
        scores.compute(scheduler="synchronous")


@pytest.mark.equality
def test_two_processes_give_the_bits_of_one(rows, network, cluster):
    chunked = da.from_array(rows, chunks=(70, 2))
    scores = cluster.compute(skad.dask.score_samples(network, chunked)).result()
    assert np.array_equal(scores, network.score_samples(rows))


def labels_of(rows):
    return np.where(np.arange(len(rows)) % 17 == 0, 0, 1)


@pytest.mark.equality
def test_a_search_on_two_processes_finds_what_one_finds(rows, cluster):
    pipe = make_pipeline(SlidingWindow(8), LSTMForecaster(max_epochs=1, random_state=0))
    search = GridSearchCV(
        pipe,
        {"lstmforecaster__hidden_size": [2, 4]},
        scoring="roc_auc",
        cv=TimeSeriesSplit(2),
    )
    y = labels_of(rows)
    serial = search.fit(rows, y).cv_results_["mean_test_score"]
    with joblib.parallel_config("dask"):
        spread = search.fit(rows, y).cv_results_["mean_test_score"]
    assert np.array_equal(spread, serial)


def mortal(mark, where):
    """Build a detector whose process is killed once, wherever it does its work."""
    home = os.getpid()

    class Mortal(OneClassSVM):  # local, so that it travels by value
        def __init__(self, nu=0.5, mark=None):
            super().__init__(nu=nu)
            self.mark = mark

        def die_once(self):
            if os.getpid() == home:
                return
            try:
                os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)

        def fit(self, X, y=None):
            if where == "fit" and self.nu == 0.3:
                self.die_once()
            return super().fit(X)

        def score_samples(self, X):
            if where == "score_samples":
                self.die_once()
            return super().score_samples(X)

    return Mortal(mark=mark)


def test_a_process_killed_while_it_scores_changes_nothing(rows, cluster, tmp_path):
    mark = tmp_path / "killed"
    detector = mortal(str(mark), "score_samples").fit(rows)
    chunked = da.from_array(rows, chunks=(50, 2))
    scores = cluster.compute(skad.dask.score_samples(detector, chunked)).result()
    assert mark.exists(), "no process was killed"
    assert np.array_equal(scores, detector.score_samples(rows))


def test_a_process_killed_in_a_search_changes_nothing(rows, cluster, tmp_path):
    mark, y = tmp_path / "killed", labels_of(rows)
    splits = list(TimeSeriesSplit(3).split(rows))
    search = GridSearchCV(
        mortal(str(mark), "fit"),
        {"nu": [0.1, 0.2, 0.3]},
        scoring="roc_auc",
        cv=splits,
        refit=False,
    )
    shared = [rows, y, *(part for split in splits for part in split)]
    with joblib.parallel_config("dask", scatter=shared):
        spread = search.fit(rows, y).cv_results_["mean_test_score"]
    assert mark.exists(), "no process was killed"
    serial = search.fit(rows, y).cv_results_["mean_test_score"]
    assert np.array_equal(spread, serial)


def test_what_is_no_dask_array_is_refused(rows, forest):
    with pytest.raises(TypeError, match=r"ndarray; skad\.dask takes a dask array"):
        skad.dask.score_samples(forest, rows)


def test_labels_by_a_threshold_that_follows_are_refused(rows, forest):
    follows = AdaptiveThresholdDetector(forest, n_blocks=2).fit(rows)
    for detector in (follows, FrozenEstimator(follows)):
        with pytest.raises(ValueError, match="follows the scores of the rows before"):
            skad.dask.predict(detector, da.from_array(rows))
    scores = skad.dask.score_samples(follows, da.from_array(rows))
    assert np.array_equal(scores.compute(), follows.score_samples(rows))


def test_chunks_of_unknown_length_are_refused(rows, forest):
    chunked = da.from_array(rows, chunks=(100, 2))
    with pytest.raises(ValueError, match=r"unknown length.*compute_chunk_sizes"):
        skad.dask.predict(forest, chunked[chunked[:, 0] > 0])


def test_an_empty_series_is_refused(rows, forest):
    with pytest.raises(ValueError, match=r"X has 0 rows.*Pass a series"):
        skad.dask.score_samples(forest, da.from_array(rows[:0]))


def test_without_dask_the_extra_is_named(rows, forest, monkeypatch):
    chunked = da.from_array(rows)
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(ImportError, match=r'pip install "skad\[dask\]"'):
        skad.dask.score_samples(forest, chunked)
