import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline

from skad.detectors import ConvAutoencoder
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of
from tests.support.signals import SPIKE, sine


def cheap(**parameters):
    parameters = {"channels": (4, 2), "max_epochs": 2, "random_state": 0, **parameters}
    return ConvAutoencoder(**parameters)


def test_the_defaults_have_14539_parameters_on_windows_of_10_by_59():
    network = ConvAutoencoder().make_network(10, 59)
    assert sum(weights.numel() for weights in network.parameters()) == 14_539


def test_the_defaults_are_adam_and_the_textbook_layers():
    detector = ConvAutoencoder(max_epochs=1).fit(windows_of(noisy(30)))
    assert isinstance(detector.net_.optimizer_, torch.optim.Adam)
    widths = [layer.out_channels for layer in detector.net_.module_.encoder]
    assert widths == [32, 16]


@pytest.mark.parametrize("window_scaling", [None, "mean", "standard"])
def test_every_window_over_a_spike_is_odd(series, normal_part, window_scaling):
    detector = cheap(
        kernel_size=7,
        stride=2,
        max_epochs=30,
        lr=1e-2,
        window_scaling=window_scaling,
        contamination=0.01,
    )
    pipe = make_pipeline(SlidingWindow(16), detector).fit(normal_part)
    alarms = np.flatnonzero(pipe.predict(series)[16:] == -1) + 16
    assert set(range(SPIKE, SPIKE + 16)) <= set(alarms)


def test_the_score_is_minus_the_squared_error_of_the_copy():
    X = windows_of(noisy(50, n_channels=2))
    detector = cheap().fit(X)
    with torch.no_grad():
        copies = detector.net_.module_(torch.from_numpy(X.astype(np.float32))).numpy()
    errors = np.mean((copies - X) ** 2, axis=(1, 2))
    assert detector.score_samples(X) == pytest.approx(-errors, rel=1e-4)


@pytest.mark.parametrize("n_timesteps", [10, 11, 17])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_depth_kernel_and_stride_go_with_any_length(n_timesteps, stride, kernel_size):
    X = SlidingWindow(n_timesteps).fit_transform(noisy(60, n_channels=2))
    for channels in [(2,), (3, 2)]:
        detector = cheap(
            channels=channels, kernel_size=kernel_size, stride=stride, max_epochs=1
        )
        assert np.isfinite(detector.fit(X).score_samples(X)).all()


def test_a_deep_network_halves_the_length_until_one_step_is_left():
    X = windows_of(noisy(40))
    cheap(channels=(2,) * 4, kernel_size=1, stride=2).fit(X)  # 16, 8, 4, 2, then 1
    with pytest.raises(
        ValueError, match=r"stride=2 does not fit layer 5.* at most 1.*lower stride"
    ):
        cheap(channels=(2,) * 5, kernel_size=1, stride=2).fit(X)


@pytest.mark.parametrize("n_timesteps", [8, 11, 17])
@pytest.mark.parametrize("bottleneck", [None, 3])
@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_pooling_and_a_bottleneck_go_with_any_length(n_timesteps, pooling, bottleneck):
    X = SlidingWindow(n_timesteps).fit_transform(noisy(300, n_channels=2))
    detector = cheap(pooling=pooling, bottleneck=bottleneck).fit(X[:200])
    scores = detector.score_samples(X)
    assert np.isfinite(scores).all()
    for part in (slice(7, 8), slice(100, 140), slice(1, None)):
        assert np.array_equal(detector.score_samples(X[part]), scores[part])


def test_a_bottleneck_of_one_unit_knows_one_number_of_a_window():
    X = windows_of(noisy(200))
    wide, narrow = (
        cheap(bottleneck=units, max_epochs=25, lr=2e-2).fit(X).loss_curve_[-1]
        for units in (16, 1)
    )
    assert narrow > 3 * wide


def test_windows_too_short_to_pool_are_refused():
    X = windows_of(noisy(40))
    cheap(channels=(2,) * 4, pooling="max").fit(X)  # 16, 8, 4, 2, then 1
    with pytest.raises(
        ValueError, match=r"pooling='max' does not fit layer 5: .* it leaves 1, and"
    ):
        cheap(channels=(2,) * 5, kernel_size=1, pooling="max").fit(X)


def test_another_pooling_is_another_architecture():
    X = windows_of(noisy(40))
    detector = cheap(pooling="max", warm_start=True).fit(X)
    with pytest.raises(ValueError, match="architecture.* has been changed since"):
        detector.set_params(pooling="mean").fit(X)


@pytest.mark.parametrize("kernel_size", [32, 100])
def test_a_kernel_that_the_window_cannot_hold_is_refused(kernel_size):
    X = windows_of(noisy(40))
    cheap(kernel_size=31).fit(X)
    with pytest.raises(
        ValueError,
        match=rf"kernel_size={kernel_size} does not fit layer 1.* at most 31",
    ):
        cheap(kernel_size=kernel_size).fit(X)


@pytest.mark.parametrize("stride", [17, 100])
def test_a_stride_that_the_window_cannot_hold_is_refused(stride):
    with pytest.raises(
        ValueError, match=rf"stride={stride} does not fit layer 1.* at most 16"
    ):
        cheap(stride=stride).fit(windows_of(noisy(40)))


def test_a_kernel_that_a_later_layer_cannot_hold_is_refused():
    with pytest.raises(
        ValueError, match=r"kernel_size=7 does not fit layer 3.* it receives 2, "
    ):
        cheap(channels=(4, 4, 4), kernel_size=7, stride=3).fit(windows_of(noisy(40)))


def test_one_column_is_no_window_for_a_kernel():
    with pytest.raises(ValueError, match=r"kernel_size=3 .* \(n_features = 1, "):
        cheap().fit(noisy(40))


@pytest.mark.parametrize("channels", [(), (0,), (-4, 2), (4.0, 2), (True,), ("a", "b")])
def test_channels_that_are_no_positive_integers_are_refused(channels):
    with pytest.raises(ValueError, match=r"channels=\(.* must be one or more integers"):
        cheap(channels=channels).fit(windows_of(noisy(40)))


def test_a_number_of_channels_alone_is_refused():
    with pytest.raises(ValueError, match="'channels' parameter .* array-like"):
        cheap(channels=4).fit(windows_of(noisy(40)))


@pytest.mark.parametrize("channels", [[4, 2], np.array([4, 2])])
def test_channels_may_be_any_sequence(channels):
    X = windows_of(noisy(40))
    scores = cheap(channels=channels).fit(X).score_samples(X)
    assert np.array_equal(scores, cheap().fit(X).score_samples(X))


def test_a_change_of_shape_within_the_usual_range_is_found():
    X = sine(400)
    X[300:316] *= -1
    detector = cheap(kernel_size=7, stride=2, max_epochs=40, lr=1e-2)
    pipe = make_pipeline(SlidingWindow(16), detector).fit(X[:250])
    assert 300 <= pipe.score_samples(X).argmin() < 331
