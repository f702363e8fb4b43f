import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline

from skad.detectors import LSTMForecaster
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of
from tests.support.signals import SPIKE, sine


def cheap(**parameters):
    parameters = {"hidden_size": 4, "max_epochs": 2, "random_state": 0, **parameters}
    return LSTMForecaster(**parameters)


@pytest.mark.parametrize("window_scaling", [None, "mean", "standard"])
def test_a_spike_is_found_in_its_very_row(series, normal_part, window_scaling):
    detector = cheap(max_epochs=30, lr=1e-2, window_scaling=window_scaling)
    pipe = make_pipeline(SlidingWindow(16), detector).fit(normal_part)
    assert pipe.score_samples(series)[16:].argmin() + 16 == SPIKE


def test_a_level_that_wanders_needs_the_mean_taken_out(rng):
    X = rng.normal(scale=0.1, size=(600, 1)).cumsum(axis=0)
    X[500] += 1.0
    pipe = make_pipeline(SlidingWindow(9), cheap(max_epochs=20, lr=1e-2))
    found = {}
    for window_scaling in (None, "mean"):
        pipe.set_params(lstmforecaster__window_scaling=window_scaling).fit(X[:300])
        found[window_scaling] = pipe.score_samples(X).argmin()
    assert found["mean"] == 500
    assert found[None] != 500


def test_the_score_is_minus_the_squared_error_of_the_forecast():
    X = windows_of(noisy(50, n_channels=2))
    detector = cheap(horizon=3).fit(X)
    windows = torch.from_numpy(X.astype(np.float32))
    with torch.no_grad():
        forecast = detector.net_.module_(windows[:, :-3]).numpy()
    errors = np.mean((forecast - X[:, -3:]) ** 2, axis=(1, 2))
    assert detector.score_samples(X) == pytest.approx(-errors, rel=1e-4)


def test_only_the_last_horizon_steps_are_judged():
    # A forecaster of zeros shows which steps enter the score.
    X = windows_of(noisy(50))
    detector = cheap(horizon=2).fit(X)
    for weights in detector.net_.module_.parameters():
        weights.data.zero_()
    windows = np.zeros((3, 16, 1))
    windows[1, :-2] = 5.0
    windows[2, -2] = 2.0
    assert detector.score_samples(windows).tolist() == [0.0, 0.0, -2.0]


def test_a_longer_horizon_needs_no_longer_window():
    X = windows_of(noisy(50))
    detector = cheap(horizon=15).fit(X)
    assert np.isfinite(detector.score_samples(X)).all()


@pytest.mark.parametrize("horizon", [16, 17])
def test_a_horizon_that_leaves_no_input_is_refused(horizon):
    with pytest.raises(
        ValueError,
        match=rf"horizon={horizon} leaves no input in windows of 16 .*window_size",
    ):
        cheap(horizon=horizon).fit(windows_of(noisy(50)))


def test_one_column_is_no_window():
    with pytest.raises(ValueError, match=r"horizon=1 .* \(n_features = 1, n_channels"):
        cheap().fit(noisy(50))


def test_channels_can_be_mistaken_for_steps_only_visibly():
    with pytest.raises(ValueError, match=r"n_features = 2, n_channels = 2"):
        cheap(n_channels=2).fit(noisy(50, n_channels=2))


@pytest.mark.parametrize("name", ["hidden_size", "num_layers", "horizon"])
def test_the_architecture_is_made_of_positive_integers(name):
    for value in (0, 1.5):
        with pytest.raises(ValueError, match=f"The '{name}' parameter .* must be"):
            cheap(**{name: value}).fit(windows_of(noisy(50)))


def test_the_architecture_is_that_of_the_parameters():
    detector = cheap(hidden_size=5, num_layers=2, horizon=3)
    detector.fit(windows_of(noisy(50, n_channels=2)))
    network = detector.net_.module_
    assert (network.lstm.hidden_size, network.lstm.num_layers) == (5, 2)
    assert network.output.out_features == 3 * 2


def test_the_scaling_comes_from_the_past_alone():
    detector = cheap(horizon=2, window_scaling="standard")
    windows = torch.tensor([[1.0, 3.0, 1.0, 3.0, 5.0, 6.0]])[..., np.newaxis]
    changed = windows.clone()
    changed[:, -2:] = 1000.0
    inputs, targets = detector._prepare(windows)
    assert inputs.flatten().tolist() == [-1.0, 1.0, -1.0, 1.0]
    assert targets.flatten().tolist() == [3.0, 4.0]
    assert torch.equal(detector._prepare(changed)[0], inputs)


def test_a_forecast_of_several_channels_is_not_mixed_up():
    X = windows_of(sine(300, n_channels=2))
    detector = cheap(hidden_size=8, max_epochs=40, lr=2e-2).fit(X)
    assert detector.loss_curve_[-1] < 0.02
    swapped = X.copy()
    swapped[:, -1] = X[:, -1, ::-1]
    differ = np.abs(X[:, -1, 0] - X[:, -1, 1]) > 0.5
    lower = detector.score_samples(swapped) < detector.score_samples(X)
    assert lower[differ].all()
