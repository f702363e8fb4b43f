"""However the work is spread over processes and threads, the bits are the same."""

from contextlib import ExitStack, contextmanager

import dask
import dask.array as da
import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
)

import skad.dask
from skad import score_samples_blockwise
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
)
from tests.support.checks import in_threads, noisy, untouched_random_states
from tests.support.pipelines import PIPELINES, fitted_and_scored
from tests.support.shares import share

pytestmark = pytest.mark.equality

# The shorter run leaves processes to tests/test_search.py and tests/test_dask.py.
WAYS = ["threading"]
WAYS += share(["Dask, two threads", "loky", "Dask, two processes"], [])
X = noisy(300, 2).astype(np.float32)
X[20::30] += 1.5
Y = np.where(np.arange(300) % 30 == 20, -1, 1)
FOLDS = list(KFold(3).split(X))
# All that a training may draw.
DRAWING = {"input_noise": 0.1, "max_windows_per_epoch": 80, "max_epochs": 2}


def detectors():
    """Pipelines and meta-detectors, each with seeds of its own."""
    pipes = dict(PIPELINES)
    for seed in range(share(6, 2)):
        for name in ("shared convolution", "LSTM"):
            pipe = clone(PIPELINES[name])
            pipe[-1].set_params(
                random_state=seed, early_stopping=seed % 2 == 1, **DRAWING
            )
            pipes[f"{name} {seed}"] = pipe
    conv, lstm = pipes["shared convolution 0"], pipes["LSTM 1"]
    pipes["thresholded"] = ThresholdedDetector(conv)
    pipes["reverse"] = ReverseWindowing(lstm, reduce="median", smoothing=3)
    forest = IsolationForest(n_estimators=5, random_state=0)
    members = [("conv", conv), ("lstm", lstm), ("forest", forest)]
    pipes["ensemble"] = EnsembleDetector(members)
    return list(pipes.values())


def searches():
    """Questions whose answers are arrays: ``ask(n_jobs)``."""
    scoring = make_anomaly_scorer("vus_pr")
    grid = {"lstmforecaster__hidden_size": [2, 4], "lstmforecaster__lr": [1e-3, 1e-2]}
    lstm, chain = clone(PIPELINES["LSTM"]), PIPELINES["make_detector"]
    lstm[-1].set_params(**DRAWING)

    def found(search):
        search.fit(X, Y)
        results = search.cv_results_
        scores = [results[f"split{fold}_test_score"] for fold in range(len(FOLDS))]
        return np.concatenate([*scores, search.score_samples(X)])

    options = {"scoring": scoring, "cv": FOLDS}
    questions = [
        lambda n_jobs: cross_val_score(chain, X, Y, n_jobs=n_jobs, **options),
        lambda n_jobs: found(
            RandomizedSearchCV(
                lstm, grid, n_iter=3, random_state=0, n_jobs=n_jobs, **options
            )
        ),
        lambda n_jobs: found(GridSearchCV(lstm, grid, n_jobs=n_jobs, **options)),
        lambda n_jobs: cross_val_predict(chain, X, Y, cv=FOLDS, n_jobs=n_jobs),
    ]
    return questions[: share(None, 2)]


@pytest.fixture(scope="module", params=WAYS)
def way(request):
    """Give a context in which joblib and Dask work in one way."""
    with ExitStack() as stack:
        if not request.param.startswith("Dask"):
            yield lambda: joblib.parallel_config(request.param)
            return
        processes = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1"}
        threads = {"n_workers": 1, "threads_per_worker": 2, "processes": False}
        kind = processes if "processes" in request.param else threads
        address = "127.0.0.1:0" if "processes" in request.param else ":0"
        cluster = stack.enter_context(LocalCluster(dashboard_address=address, **kind))
        stack.enter_context(Client(cluster))
        # Without it joblib gives each array to one process alone.
        shared = [X, Y, *(rows for fold in FOLDS for rows in fold)]
        yield lambda: joblib.parallel_config("dask", scatter=shared)


@contextmanager
def compared(record_property, what):
    """Give a list for pairs of answers, and look how far apart they are."""
    pairs = []
    yield pairs
    largest = max(np.abs(one - other).max() for one, other in pairs)
    record_property(f"{what} compared", len(pairs))
    record_property("largest difference", largest)
    assert largest == 0.0


def test_fits_side_by_side_are_as_one_after_the_other(way, record_property):
    job = joblib.delayed(fitted_and_scored)
    jobs = [(clone(detector), X) for detector in detectors()]
    serial = [fitted_and_scored(clone(detector), rows) for detector, rows in jobs]
    assert len({scores.tobytes() for scores in serial}) == len(serial)
    with way():
        spread = joblib.Parallel(n_jobs=2)(job(*arguments) for arguments in jobs)
    with compared(record_property, "fits") as pairs:
        pairs += zip(serial, spread, strict=True)


def test_searches_find_what_they_find_in_one_process(way, record_property):
    with compared(record_property, "searches") as pairs:
        for ask in searches():
            serial = ask(1)
            with way():
                pairs.append((serial, ask(2)))
            assert len(np.unique(serial)) > 1


@pytest.mark.parametrize("name", PIPELINES)
def test_chunks_get_the_scores_of_the_whole(way, name, record_property):
    detector = ReverseWindowing(PIPELINES[name], window_size=4).fit(X)
    chunked = da.from_array(X, chunks=(70, 2))
    with way(), compared(record_property, "scores of chunks") as pairs:
        whole = detector.score_samples(X), detector.predict(X)
        spread = dask.compute(
            skad.dask.score_samples(detector, chunked),
            skad.dask.predict(detector, chunked),
        )
        pairs += zip(whole, spread, strict=True)
        blocks = score_samples_blockwise(detector, X, block_size=77)
        pairs.append((whole[0], blocks))


def test_fits_in_threads_draw_from_no_global_generator(record_property):
    jobs = detectors()
    waiting = [(number, clone(detector)) for number, detector in enumerate(jobs)]

    def fit():
        number, detector = waiting.pop()
        return number, fitted_and_scored(detector, X)

    with untouched_random_states():
        found = in_threads(len(jobs), fit)
    with compared(record_property, "fits") as pairs:
        for number, scores in found:
            pairs.append((fitted_and_scored(clone(jobs[number]), X), scores))
