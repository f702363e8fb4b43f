"""What every detector of windows must do beyond scikit-learn's own checks.

Each check takes an unfitted detector and raises AssertionError where it finds fault.
"""

import copy
import pickle
import random
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from skad._estimators.thresholding import threshold
from skad._torch.training import FiniteLoss
from skad.preprocessing import SlidingWindow
from tests.support.signals import sine

SIZE = 16  # rows in a window
PLACES = (60, 150, 250)


def check_a_planted_spike_is_found(detector):
    pipe = _well_trained(detector)
    for row in PLACES:
        X = sine(300)
        X[row] += 3.0
        _assert_lowest_scores_hold(pipe, X, slice(row, row + 1))


def check_a_planted_change_of_shape_is_found(detector):
    pipe = _well_trained(detector)
    for row in PLACES:
        X = sine(300)
        rows = slice(row, row + SIZE)
        X[rows, 0] = np.where(np.arange(SIZE) % 4 < 2, 1.0, -1.0)
        _assert_lowest_scores_hold(pipe, X, rows)


def check_no_score_looks_ahead(detector):
    pipe = make_pipeline(SlidingWindow(SIZE), _seeded(detector)).fit(sine(100))
    X = noisy(150)
    changed = X.copy()
    changed[80:] = X[80:][::-1]
    before, after = pipe.score_samples(X), pipe.score_samples(changed)
    assert np.array_equal(before[:80], after[:80])
    assert before[80] != after[80]


def check_a_score_depends_on_its_window_alone(detector):
    windows = windows_of(noisy(440))
    shuffled = np.random.default_rng(1).permutation(len(windows))
    for X in (windows, windows.reshape(len(windows), -1)):
        fitted = _seeded(detector).fit(X[:100])
        scores = fitted.score_samples(X)
        assert len(np.unique(scores)) > 400
        assert np.array_equal(fitted.score_samples(X[200:240]), scores[200:240])
        assert np.array_equal(fitted.score_samples(X[shuffled]), scores[shuffled])
        for row in range(0, 440, 23):
            assert fitted.score_samples(X[row : row + 1]) == scores[row]


def check_flattened_windows_get_the_same_bits(detector):
    windows = windows_of(noisy(150, n_channels=2))
    flat = windows.reshape(len(windows), -1)
    deep = _seeded(detector).fit(windows)
    wide = _seeded(detector).set_params(n_channels=2).fit(flat)
    assert wide.offset_ == deep.offset_
    for fitted in (deep, wide):
        for X in (windows, flat):
            assert np.array_equal(fitted.score_samples(X), deep.score_samples(windows))


def check_memory_order_does_not_matter(detector):
    windows = np.ascontiguousarray(windows_of(noisy(150, n_channels=2)))
    read_only = windows.copy()
    read_only.setflags(write=False)
    strided = np.repeat(windows, 2, axis=0)[::2]
    expected = _seeded(detector).fit(windows).score_samples(windows)
    for X in (np.asfortranarray(windows), read_only, strided, windows[::-1][::-1]):
        assert np.array_equal(_seeded(detector).fit(X).score_samples(X), expected)


def check_one_seed_gives_one_result(detector):
    X = windows_of(noisy(150))
    first, second = (_seeded(detector).fit(X) for _ in range(2))
    assert np.array_equal(first.score_samples(X), second.score_samples(X))
    assert first.offset_ == second.offset_
    assert first.loss_curve_ == second.loss_curve_
    other = _seeded(detector).set_params(random_state=1).fit(X)
    assert not np.array_equal(first.score_samples(X), other.score_samples(X))


def check_threads_do_not_disturb_each_other(detector):
    X = windows_of(noisy(150))
    detector = _seeded(detector).set_params(max_epochs=4)
    expected = clone(detector).fit(X).score_samples(X)
    results = in_threads(4, lambda: clone(detector).fit(X).score_samples(X))
    assert all(np.array_equal(scores, expected) for scores in results)


def check_global_random_states_are_untouched(detector):
    X = windows_of(noisy(100))
    with untouched_random_states():
        fitted = type(detector)(**detector.get_params()).set_params(random_state=0)
        fitted.fit(X).fit_predict(X)
        fitted.score_samples(X)
        fitted.predict(X)


def check_an_interrupted_first_fit_leaves_no_trace(detector):
    detector = _seeded(detector).set_params(max_epochs=4)
    before = vars(detector).copy()
    with interrupt_in_epoch(2), pytest.raises(KeyboardInterrupt, match="by the user"):
        detector.fit(windows_of(noisy(100)))
    assert vars(detector) == before


def check_an_interrupted_further_fit_leaves_the_first(detector):
    X = windows_of(noisy(100))
    for warm_start in (False, True):
        fitted = _seeded(detector).set_params(max_epochs=4, warm_start=warm_start)
        scores = fitted.fit(X).score_samples(X)
        before = vars(fitted).copy()
        with (
            interrupt_in_epoch(2),
            pytest.raises(KeyboardInterrupt, match="by the user"),
        ):
            fitted.fit(2 * X)
        assert vars(fitted).keys() == before.keys()
        assert all(vars(fitted)[name] is before[name] for name in before)
        assert np.array_equal(fitted.score_samples(X), scores)


def check_copies_score_alike(detector):
    X = windows_of(noisy(100))
    fitted = _seeded(detector).fit(X)
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert np.array_equal(twin.score_samples(X), fitted.score_samples(X))
        assert twin.offset_ == fitted.offset_
    fresh = clone(fitted)
    assert repr(fresh.get_params()) == repr(fitted.get_params())
    assert not hasattr(fresh, "net_")


def check_a_larger_contamination_removes_no_alarm(detector):
    X = windows_of(noisy(200))
    alarms = np.zeros(len(X), dtype=bool)
    for contamination in (0.01, 0.05, 0.25, 0.5):
        fitted = _seeded(detector).set_params(contamination=contamination).fit(X)
        more = fitted.predict(X) == -1
        assert more.sum() > alarms.sum()
        assert more[alarms].all()
        alarms = more


def check_contamination_is_the_share_of_training_windows(detector):
    X = windows_of(noisy(200))
    for contamination in (0.01, 0.1, 0.123, 0.5):
        fitted = _seeded(detector).set_params(contamination=contamination).fit(X)
        scores = fitted.score_samples(X)
        n_ties = 200 - len(np.unique(scores))  # two windows, each nearest to the other
        assert n_ties < 100
        n_alarms = np.sum(fitted.predict(X) == -1)
        assert abs(n_alarms - 200 * contamination) < 1 + n_ties


def check_auto_goes_by_the_training_scores(detector):
    X = windows_of(noisy(200))
    fitted = _seeded(detector).set_params(contamination="auto").fit(X)
    # What remembers its training rows tells what they would score if it did not.
    scores = getattr(fitted, "training_scores_", fitted.score_samples(X))
    assert fitted.offset_ == pytest.approx(threshold(scores, "auto"), rel=1e-12)


def check_scores_and_labels_follow_scikit_learn(detector):
    X = windows_of(noisy(200))
    fitted = _seeded(detector).fit(X)
    scores, decisions = fitted.score_samples(X), fitted.decision_function(X)
    assert scores.shape == (200,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert (scores <= 0).all()
    assert np.array_equal(decisions, scores - fitted.offset_)
    assert np.array_equal(fitted.predict(X), np.where(decisions < 0, -1, 1))
    assert np.array_equal(_seeded(detector).fit_predict(X), fitted.predict(X))
    check_is_fitted(fitted)


CHECKS = [
    check for name, check in sorted(globals().items()) if name.startswith("check_")
]
CHECKS.remove(check_is_fitted)
OF_TRAINING = [
    check_an_interrupted_first_fit_leaves_no_trace,
    check_an_interrupted_further_fit_leaves_the_first,
    check_global_random_states_are_untouched,
    check_one_seed_gives_one_result,
    check_threads_do_not_disturb_each_other,
]


def windows_of(X):
    return SlidingWindow(SIZE).fit_transform(X)


def noisy(n_rows, n_channels=1):
    """Sines in noise, so that no two windows score alike."""
    noise = np.random.default_rng(0).normal(scale=0.1, size=(n_rows, n_channels))
    return sine(n_rows, n_channels) + noise


@contextmanager
def untouched_random_states():
    """Fail if the block draws from a generator that belongs to everybody."""
    before = _random_states()
    yield
    assert _random_states() == before


@contextmanager
def interrupt_in_epoch(number):
    """Press Ctrl-C, as it were, at the end of this epoch of the next fit."""
    n_epochs = 0

    def press(self, net, **kwargs):
        nonlocal n_epochs
        n_epochs += 1
        if n_epochs == number:
            raise KeyboardInterrupt("by the user")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FiniteLoss, "on_epoch_end", press)
        yield
    assert n_epochs == number


def in_threads(n_threads, work):
    """Start ``work`` in all threads at the same moment; list what they return."""
    barrier, results = threading.Barrier(n_threads), []

    def run():
        barrier.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == n_threads
    return results


def _random_states():
    name, keys, *rest = np.random.get_state()
    numpy_state = (name, keys.tolist(), *rest)
    return random.getstate(), numpy_state, torch.get_rng_state().tolist()


def _seeded(detector):
    detector = clone(detector)
    if "random_state" not in detector.get_params():
        return detector
    return detector.set_params(random_state=0)


def _well_trained(detector):
    detector = _seeded(detector)
    if hasattr(detector, "max_epochs"):
        detector.set_params(max_epochs=20, lr=max(detector.lr, 1e-2))
    return make_pipeline(SlidingWindow(SIZE), detector).fit(sine(300))


def _assert_lowest_scores_hold(pipe, X, rows):
    """Windows that hold padding are left out: none were planted there."""
    planted = np.zeros((len(X), 1))
    planted[rows] = 1.0
    holds = windows_of(planted)[SIZE:].any(axis=(1, 2))
    scores = pipe.score_samples(X)[SIZE:]
    assert scores[holds].min() < scores[~holds].min(), (
        f"the window that holds rows {rows} is not the most abnormal"
    )
