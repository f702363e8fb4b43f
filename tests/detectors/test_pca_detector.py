import tracemalloc

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skad.detectors import PCADetector
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of


@pytest.mark.parametrize("n_windows", [400, 40, 20])
@pytest.mark.parametrize("n_components", [1, 3, 0.5, 0.95])
def test_the_error_is_that_of_scikit_learns_components(n_windows, n_components):
    windows = windows_of(noisy(440, n_channels=2) @ [[1.0, 0.3], [0.0, 5.0]])
    flat = np.ascontiguousarray(windows).reshape(440, -1)
    detector = PCADetector(n_components).fit(windows[:n_windows])
    pca = PCA(n_components, svd_solver="full").fit(flat[:n_windows])
    rebuilt = pca.inverse_transform(pca.transform(flat))
    errors = np.square(rebuilt - flat).mean(axis=1)
    assert detector.score_samples(windows) == pytest.approx(-errors, rel=1e-6)
    assert detector.n_components_ == pca.n_components_
    assert detector.components_ == pytest.approx(pca.components_, abs=1e-6)
    assert detector.mean_ == pytest.approx(pca.mean_)
    assert detector.explained_variance_ratio_ == pytest.approx(
        pca.explained_variance_ratio_
    )


def test_windows_so_wide_that_few_make_a_block_get_the_same_scores(rng):
    windows = rng.normal(size=(9, 100, 55))  # 381 of them to a block, an odd number
    detector = PCADetector(2).fit(windows)
    pca = PCA(2, svd_solver="full").fit(windows.reshape(9, -1))
    flat = windows.reshape(9, -1)
    errors = np.square(pca.inverse_transform(pca.transform(flat)) - flat).mean(axis=1)
    assert detector.score_samples(windows) == pytest.approx(-errors)


def test_of_many_windows_every_so_many_are_learnt_from():
    windows = windows_of(noisy(1000))
    some = PCADetector(3, max_windows=300).fit(windows)
    assert np.array_equal(some.mean_, PCADetector(3).fit(windows[::4]).mean_)
    every = PCADetector(3).fit(windows).score_samples(windows)
    assert np.corrcoef(some.score_samples(windows), every)[0, 1] > 0.9


def test_no_large_matrix_is_decomposed(rng, monkeypatch):
    monkeypatch.setattr("skad.detectors._pca_detector._LARGEST_SIDE", 12)
    monkeypatch.setattr("skad.detectors._pca_detector._LARGEST_PART", 160)
    windows = windows_of(noisy(100))  # of 16 numbers, so 10 of them may be looked at
    some = PCADetector(3).fit(windows)
    assert np.array_equal(some.mean_, PCADetector(3).fit(windows[::10]).mean_)


def test_a_shape_never_seen_is_found(series, normal_part):
    pipe = make_pipeline(SlidingWindow(16), PCADetector(2)).fit(normal_part)
    alarms = np.flatnonzero(pipe.predict(series) == -1)
    assert set(range(250, 266)) <= set(alarms)


@pytest.mark.parametrize("n_components", [4, 1000, 0.9999999])
def test_one_direction_is_left_out_whatever_is_asked_for(rng, n_components):
    windows = rng.normal(size=(50, 4))
    detector = PCADetector(n_components).fit(windows)
    assert detector.n_components_ == 3
    assert (detector.score_samples(windows) < -1e-12).any()


def test_of_a_single_number_its_mean_is_all_that_is_expected(rng):
    windows = rng.normal(size=(50, 1))
    detector = PCADetector().fit(windows)
    assert detector.n_components_ == 0
    assert detector.components_.shape == (0, 1)
    expected = -np.square(windows - windows.mean())[:, 0]
    assert detector.score_samples(windows) == pytest.approx(expected)


@pytest.mark.parametrize("n_windows", [300, 12])
def test_directions_along_which_nothing_varied_are_left_out(n_windows):
    rows = noisy(300, 2)
    rows[:, 1] = 7.0
    windows = windows_of(rows)
    detector = PCADetector(30).fit(windows[16 : 16 + n_windows])
    assert detector.n_components_ == min(16, n_windows - 1)
    moved = windows[100:101].copy()
    moved[0, 3, 1] += 1.0
    error = detector.score_samples(windows[100:101]) - detector.score_samples(moved)
    assert error == pytest.approx(1 / 32)


def test_long_series_are_never_laid_out_in_windows():
    windows = SlidingWindow(100).fit_transform(noisy(60_000))  # 48 MB, side by side
    tracemalloc.start()
    try:
        PCADetector().fit(windows).score_samples(windows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12e6


def test_a_high_level_costs_no_precision():
    windows = windows_of(noisy(200))
    scores = PCADetector(2).fit(windows).score_samples(windows)
    lifted = PCADetector(2).fit(windows + 1e6).score_samples(windows + 1e6)
    assert lifted == pytest.approx(scores, rel=1e-5)


def test_scaling_takes_each_windows_level_and_size_out():
    windows = windows_of(noisy(200))[16:]
    detector = PCADetector(2, window_scaling="standard").fit(windows)
    scores = detector.score_samples(windows)
    assert detector.score_samples(40 * windows + 7) == pytest.approx(scores, rel=1e-6)
    assert not np.allclose(PCADetector(2).fit(windows).score_samples(windows), scores)


@pytest.mark.parametrize("max_windows", [1, 2.5, None])
def test_other_numbers_of_windows_are_refused(max_windows):
    detector = PCADetector(max_windows=max_windows)
    with pytest.raises(ValueError, match="The 'max_windows' parameter of PCADetector"):
        detector.fit(windows_of(noisy(50)))


@pytest.mark.parametrize("n_components", [-1, 0.0, 1.0, 2.5, "mle", None])
def test_other_numbers_of_components_are_refused(n_components):
    with pytest.raises(ValueError, match="The 'n_components' parameter of PCADetector"):
        PCADetector(n_components).fit(windows_of(noisy(50)))


def test_one_window_is_not_enough_to_fit():
    windows = windows_of(noisy(50))
    with pytest.raises(ValueError, match=r"n_samples = 1; PCADetector needs at least"):
        PCADetector().fit(windows[:1])


def test_a_failed_fit_leaves_a_fitted_detector_as_it_was():
    windows = windows_of(noisy(100))
    detector = PCADetector().fit(windows)
    scores = detector.score_samples(windows)
    with pytest.raises(ValueError, match="at least 2 windows"):
        detector.set_params(n_components=3).fit(windows[:1, 2:])
    assert np.array_equal(detector.score_samples(windows), scores)
