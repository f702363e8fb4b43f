import pytest

from skad.detectors import TCNForecaster
from tests.support.checks import noisy, windows_of


def test_its_parameters_are_those_of_its_network():
    windows = windows_of(noisy(60, n_channels=2))
    detector = TCNForecaster(6, 4, 2, max_epochs=1, random_state=0).fit(windows)
    network = detector.net_.module_
    assert [level.weight.shape for level in network.levels] == [(6, 8), (6, 24)]
    assert network.output.weight.shape == (2 * 2, 6)


def test_a_horizon_without_input_is_refused():
    with pytest.raises(ValueError, match="horizon=16 leaves no input in windows of 16"):
        TCNForecaster(horizon=16).fit(windows_of(noisy(60)))


def test_a_kernel_of_one_step_is_refused():
    with pytest.raises(ValueError, match="'kernel_size' parameter of TCNForecaster"):
        TCNForecaster(kernel_size=1).fit(windows_of(noisy(60)))
