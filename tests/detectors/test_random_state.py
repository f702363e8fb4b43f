import random

import numpy as np
import pytest
import torch

from tests.support.checks import in_threads, noisy, untouched_random_states, windows_of
from tests.support.detectors import SOME_NETWORKS

X = windows_of(noisy(100))
DRAWING = {"input_noise": 0.1, "max_windows_per_epoch": 50, "early_stopping": True}


@pytest.mark.parametrize("random_state", [0, np.int64(7), np.random.RandomState(3)])
def test_neither_fit_nor_scoring_draws_from_a_global_generator(make, random_state):
    with untouched_random_states():
        detector = make(random_state=random_state, **DRAWING)
        detector.fit(X).score_samples(X)
        detector.fit_predict(X)
        detector.decision_function(X)


def test_none_draws_from_numpys_generator_and_no_other(make):
    before = random.getstate(), torch.get_rng_state().tolist()
    numpy_before = np.random.get_state()[2]
    make(random_state=None, **DRAWING).fit(X).score_samples(X)
    assert (random.getstate(), torch.get_rng_state().tolist()) == before
    assert np.random.get_state()[2] != numpy_before


def test_none_gives_another_network_each_time(make):
    first, second = (make(random_state=None).fit(X).score_samples(X) for _ in range(2))
    assert not np.array_equal(first, second)


def test_none_follows_numpys_global_seed(make):
    kept = np.random.get_state()
    scores = []
    for _ in range(2):
        np.random.seed(5)
        scores.append(make(random_state=None).fit(X).score_samples(X))
    np.random.set_state(kept)
    assert np.array_equal(*scores)


def test_an_instance_moves_on_from_fit_to_fit(make):
    instance = np.random.RandomState(0)
    detector = make(random_state=instance)
    first = detector.fit(X).score_samples(X)
    assert not np.array_equal(detector.fit(X).score_samples(X), first)
    again = make(random_state=np.random.RandomState(0)).fit(X).score_samples(X)
    assert np.array_equal(again, first)


@pytest.mark.equality
def test_different_detectors_fit_at_once_as_they_fit_alone():
    waiting = [(row, seed) for row in SOME_NETWORKS for seed in (0, 1)]

    def fitted(row, seed):
        detector = row.cheap(max_epochs=5, random_state=seed, **DRAWING)
        return row, seed, detector.fit(X).score_samples(X)

    n_threads = len(waiting)
    results = in_threads(n_threads, lambda: fitted(*waiting.pop()))
    assert len({(row.name, seed) for row, seed, _ in results}) == n_threads
    for row, seed, scores in results:
        assert np.array_equal(scores, fitted(row, seed)[2])


@pytest.mark.load
def test_one_fitted_detector_scores_in_many_threads(make):
    detector = make().fit(X)
    scores = detector.score_samples(X)
    results = in_threads(8, lambda: detector.score_samples(X))
    assert all(np.array_equal(result, scores) for result in results)
