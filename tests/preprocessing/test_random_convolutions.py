"""Random convolutions: what is computed, in which layout, and of which channels."""

import tracemalloc

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skad.preprocessing import RandomConvolutions, SlidingWindow
from tests.support.checks import noisy, windows_of


def fitted_on(windows, n_kernels=20, **parameters):
    return RandomConvolutions(n_kernels, random_state=0, **parameters).fit(windows)


def by_loop(fitted, window):
    """Compute the features of one window, slow and obvious."""
    shares, maxima = [], []
    for kernel, (length, step) in enumerate(
        zip(fitted.lengths_, fitted.dilations_, strict=True)
    ):
        mixed = (window - fitted.centre_) @ fitted.mixes_[kernel]
        scaled = (mixed - mixed.mean()) / max(mixed.std(), fitted.floors_[kernel])
        weights = fitted.weights_[kernel, :length]
        n_steps = len(window) - (length - 1) * step
        values = [
            scaled[i : i + length * step : step] @ weights for i in range(n_steps)
        ]
        shares.append(np.mean(np.array(values) > fitted.biases_[kernel]))
        maxima.append(np.max(values))
    return (np.r_[shares, maxima] - fitted.mean_) / fitted.scale_


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_features_are_those_of_the_definition(n_channels):
    windows = SlidingWindow(40).fit_transform(noisy(300, n_channels))
    fitted = fitted_on(windows)
    features = fitted.transform(windows)
    assert features.shape == (300, 40)
    assert features.dtype == np.float32
    for row in (0, 70, 299):
        expected = by_loop(fitted, windows[row])
        one_step = np.zeros(40)  # a value near the bias may be rounded across it
        n_steps = 40 - (fitted.lengths_ - 1) * fitted.dilations_
        one_step[:20] = 1 / n_steps / fitted.scale_[:20]
        assert (abs(features[row] - expected) < one_step + 1e-3).all()
        assert np.mean(abs(features[row] - expected) < 1e-3) > 0.9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_every_layout_of_a_window_gives_the_same_bits(n_channels, dtype):
    windows = windows_of(noisy(400, n_channels).astype(dtype))
    expected = fitted_on(windows).transform(windows)
    shuffled = np.random.default_rng(0).permutation(400)
    for seen in (windows, windows.copy(), np.asfortranarray(windows)):
        fitted = fitted_on(seen)
        assert np.array_equal(fitted.transform(windows), expected)
        assert np.array_equal(fitted.transform(windows.copy()), expected)
        assert np.array_equal(fitted.transform(windows[37:91]), expected[37:91])
        some = fitted.transform(windows[shuffled])
        assert np.array_equal(some, expected[shuffled])
        assert np.array_equal(fitted.transform(windows[5:6]), expected[5:6])


def test_flattened_windows_get_the_same_features():
    windows = windows_of(noisy(100, 2))
    flat = windows.reshape(100, -1)
    expected = fitted_on(windows).transform(windows)
    assert np.array_equal(fitted_on(flat, n_channels=2).transform(flat), expected)


def test_blocks_leave_no_seam(monkeypatch):
    windows = windows_of(noisy(300))
    fitted = fitted_on(windows)
    expected = fitted.transform(windows)
    monkeypatch.setattr("skad.preprocessing._random_convolutions._AT_ONCE", 50)
    assert np.array_equal(fitted.transform(windows), expected)
    assert np.array_equal(fitted.transform(windows.copy()), expected)


def test_level_and_size_of_a_window_do_not_matter():
    windows = windows_of(noisy(200))[16:]
    fitted = fitted_on(windows)
    features = fitted.transform(windows)
    assert fitted.transform(3 * windows + 5) == pytest.approx(features, abs=1e-2)


def test_the_noise_in_a_flat_window_is_not_blown_up(rng):
    windows = windows_of(noisy(300))
    fitted = fitted_on(windows)
    flat = 1e-9 * rng.normal(size=(1, 16, 1))
    silent = fitted.transform(np.zeros((1, 16, 1)))
    maxima = slice(20, None)
    assert fitted.transform(flat)[0, maxima] == pytest.approx(
        silent[0, maxima], abs=1e-4
    )


def test_a_flat_window_lies_below_every_bias_whatever_its_level():
    rows = noisy(300)
    rows[100:] = 0.3  # most of what is seen, so that biases are about 0 there
    fitted = fitted_on(windows_of(rows), n_kernels=50)
    assert (abs(fitted.biases_) >= 1e-3).all()
    levels = np.linspace(-9, 9, 50).reshape(50, 1, 1) * np.ones((1, 16, 1))
    features = fitted.transform(levels)
    assert np.array_equal(features[:, :50], np.repeat(features[:1, :50], 50, axis=0))


@pytest.mark.parametrize("n_channels", [1, 2])
def test_training_rows_that_never_varied_give_finite_features(rng, n_channels):
    still = np.full((50, 16, n_channels), 7.0)
    fitted = fitted_on(still)
    assert np.isfinite(fitted.transform(rng.normal(size=(9, 16, n_channels)))).all()
    assert np.isfinite(fitted.transform(1e16 * np.ones((9, 16, n_channels)))).all()


def test_features_vary_by_about_one_in_training():
    windows = windows_of(noisy(1000))
    features = fitted_on(windows).transform(windows)
    assert features.mean(axis=0) == pytest.approx(0, abs=1e-4)
    assert np.median(features.std(axis=0)) == pytest.approx(1, abs=1e-3)
    assert features.std(axis=0).max() < 1.001


def test_kernels_sum_to_zero_and_lie_within_the_window():
    fitted = fitted_on(windows_of(noisy(100)), n_kernels=300)
    assert abs(fitted.weights_.sum(axis=1)).max() < 1e-5
    assert set(fitted.lengths_) == {7, 8}  # at most half of the 16 steps
    assert ((fitted.lengths_ - 1) * fitted.dilations_ < 16).all()
    assert len(set(fitted.dilations_)) > 1
    for length, weights in zip(fitted.lengths_, fitted.weights_, strict=True):
        assert not weights[length:].any()


def test_of_many_channels_each_kernel_sees_a_few():
    fitted = fitted_on(windows_of(noisy(100, 20)), n_kernels=200)
    n_heard = (fitted.mixes_ != 0).sum(axis=1)
    assert n_heard.min() == 1
    assert n_heard.max() <= 9
    assert (fitted.mixes_ != 0).any(axis=0).all()


def test_one_seed_gives_one_result_and_another_gives_another():
    windows = windows_of(noisy(100))
    features = fitted_on(windows).transform(windows)
    assert np.array_equal(fitted_on(windows).transform(windows), features)
    other = RandomConvolutions(20, random_state=1).fit_transform(windows)
    assert not np.array_equal(other, features)


def test_features_are_named_after_their_class():
    fitted = fitted_on(windows_of(noisy(50)), n_kernels=1)
    names = ["randomconvolutions0", "randomconvolutions1"]
    assert fitted.get_feature_names_out().tolist() == names


def test_windows_that_overlap_are_never_laid_out_side_by_side():
    windows = SlidingWindow(100).fit_transform(noisy(60_000))  # 48 MB, side by side
    fitted = fitted_on(windows[:500], n_kernels=2)
    tracemalloc.start()
    try:
        fitted.transform(windows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4e6


def test_windows_of_a_single_step_are_refused():
    with pytest.raises(ValueError, match=r"n_features = 2, which is 1 step of 2 chan"):
        RandomConvolutions(n_channels=2).fit(np.zeros((5, 2)))


def test_nothing_is_transformed_before_a_fit():
    with pytest.raises(NotFittedError, match="RandomConvolutions instance is not"):
        RandomConvolutions().transform(np.zeros((5, 16)))


def test_windows_of_another_length_are_refused():
    fitted = fitted_on(windows_of(noisy(50)))
    with pytest.raises(ValueError, match=r"was fitted on 16 timesteps and 1 channels"):
        fitted.transform(np.zeros((5, 17, 1)))
