import copy

import numpy as np
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from skad.detectors import ConvAutoencoder, NetworkDetector
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow
from tests.support import checks
from tests.support.checks import in_threads, noisy, untouched_random_states, windows_of
from tests.support.own_network import ImageAutoencoder
from tests.support.shares import share

CHEAP = ImageAutoencoder(max_epochs=2, lr=1e-2)


@pytest.mark.api
@parametrize_with_checks([CHEAP])
def test_scikit_learn_finds_no_fault(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check", share(checks.CHECKS, checks.CHECKS[::4]), ids=lambda check: check.__name__
)
def test_skad_finds_no_fault(check):
    check(CHEAP)


def test_windows_are_images_of_time_by_channel():
    X = windows_of(noisy(60, n_channels=5))
    detector = ImageAutoencoder(max_epochs=1, random_state=0).fit(X)
    first, *_ = detector.net_.module_[1].parameters()
    assert first.shape == (32, 1, 3, 3)
    assert detector.score_samples(X).shape == (60,)


def test_it_works_inside_reverse_windowing():
    X = noisy(100)
    pipe = make_pipeline(
        SlidingWindow(8), ImageAutoencoder(max_epochs=1, random_state=0)
    )
    assert ReverseWindowing(pipe).fit(X).predict(X).shape == (100,)


class Forgetful(NetworkDetector):
    """Hand back flattened windows, which are no windows any more."""

    def make_network(self, n_timesteps, n_channels):
        width = n_timesteps * n_channels
        return nn.Sequential(nn.Flatten(), nn.Linear(width, width))


def test_a_network_whose_output_is_no_target_is_told_its_shape():
    with pytest.raises(
        ValueError, match=r"returned shape \(50, 16\) .* \(50, 16, 1\).*make_network"
    ):
        Forgetful().fit(windows_of(noisy(50)))


def test_the_base_class_alone_is_no_detector():
    with pytest.raises(TypeError, match="abstract method '?make_network"):
        NetworkDetector()


class Smoother(NetworkDetector):
    """Rebuild the middle of a window from all of it, by a network with a buffer."""

    def __init__(self, *, margin=2, max_epochs=10, random_state=None):
        super().__init__(max_epochs=max_epochs, random_state=random_state)
        self.margin = margin

    def make_network(self, n_timesteps, n_channels):
        n_middle = n_timesteps - 2 * self.margin
        return nn.Sequential(
            nn.BatchNorm1d(n_timesteps),
            nn.Flatten(),
            nn.Linear(n_timesteps * n_channels, n_middle * n_channels),
            nn.Unflatten(1, (n_middle, n_channels)),
        )

    def inputs_and_targets(self, windows):
        return windows, windows[:, self.margin : -self.margin]


def test_hooks_and_parameters_of_its_own_are_enough():
    # 129 windows: the last batch of one would be the end of a batch normalisation.
    X = windows_of(noisy(129))
    detector = Smoother(margin=3, max_epochs=2, random_state=0).fit(X)
    scores = detector.score_samples(X)
    assert np.isfinite(scores).all()
    changed = X.copy()
    changed[:, 8] += 10.0
    assert (detector.score_samples(changed) < scores).all()
    assert np.array_equal(detector.score_samples(X[:5]), scores[:5])


def test_settings_of_the_base_class_are_there_without_being_named():
    detector = Smoother().set_params(margin=4)
    assert detector.get_params() == {
        "margin": 4,
        "max_epochs": 10,
        "random_state": None,
    }
    assert detector.batch_size == 128


class Variational(nn.Module):
    """Draw what the decoder sees, while it is trained."""

    def __init__(self, width):
        super().__init__()
        self.encode = nn.Sequential(nn.Flatten(), nn.Linear(width, 2), nn.Dropout(0.2))
        self.decode = nn.Linear(2, width)

    def forward(self, windows):
        code = self.encode(windows)
        if self.training:
            code = code + torch.randn_like(code)
        return self.decode(code).reshape(windows.shape)


class VariationalDetector(NetworkDetector):
    def make_network(self, n_timesteps, n_channels):
        return Variational(n_timesteps * n_channels)


def scores_of_draws(seed):
    X = windows_of(noisy(100))
    detector = VariationalDetector(max_epochs=3, random_state=seed)
    return detector.fit(X).score_samples(X)


def test_whatever_a_network_draws_is_decided_by_random_state_alone():
    with untouched_random_states():
        expected, other = scores_of_draws(0), scores_of_draws(1)
    assert not np.array_equal(expected, other)
    for scores in in_threads(3, lambda: scores_of_draws(0)):
        assert np.array_equal(scores, expected)


class DroppingForecaster(NetworkDetector):
    """Has dropout inside a kernel."""

    def make_network(self, n_timesteps, n_channels):
        return LastStates(n_channels)


class LastStates(nn.Module):
    def __init__(self, n_channels):
        super().__init__()
        self.lstm = nn.LSTM(n_channels, n_channels, 2, batch_first=True, dropout=0.1)

    def forward(self, windows):
        return self.lstm(windows)[0]


def test_dropout_inside_a_kernel_is_refused_by_name():
    message = "torch's lstm draws random numbers by itself, which random_state"
    with pytest.raises(ValueError, match=message):
        DroppingForecaster().fit(windows_of(noisy(50)))


class FineTuned(NetworkDetector):
    """Go on from the network of a detector that is fitted."""

    def __init__(self, base=None, *, max_epochs=1, random_state=0):
        super().__init__(max_epochs=max_epochs, random_state=random_state)
        self.base = base

    def make_network(self, n_timesteps, n_channels):
        return copy.deepcopy(self.base.estimator).net_.module_


def test_a_network_may_be_copied_from_a_fitted_detector():
    X = windows_of(noisy(60))
    base = ConvAutoencoder((4, 2), max_epochs=2, random_state=0).fit(X)
    tuned = FineTuned(FrozenEstimator(base)).fit(X)
    assert tuned.loss_curve_[0] < base.loss_curve_[0]
