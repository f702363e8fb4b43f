"""What the caller has set elsewhere neither breaks fit nor is changed by it."""

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.pipeline import make_pipeline

from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of

X = windows_of(noisy(150, n_channels=2))


@pytest.fixture
def double_by_default():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def gradients_off():
    torch.set_grad_enabled(False)
    yield
    torch.set_grad_enabled(True)


@pytest.mark.usefixtures("double_by_default")
def test_double_precision_by_default_does_not_break_fit(make):
    detector = make().fit(X)
    assert next(detector.net_.module_.parameters()).dtype == torch.float32
    assert np.isfinite(detector.score_samples(X)).all()


@pytest.mark.usefixtures("gradients_off")
def test_switching_gradients_off_does_not_stop_training(make):
    losses = make(max_epochs=5, lr=1e-2).fit(X).loss_curve_
    assert losses[-1] < losses[0]
    assert not torch.is_grad_enabled()


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_mode_without_gradients_around_fit_changes_nothing(make, mode):
    scores = make().fit(X).score_samples(X)
    with mode():
        detector = make(warm_start=True, max_epochs=1).fit(X).fit(X)
        assert np.array_equal(detector.score_samples(X), scores)
    assert detector.fit(X).n_iter_ == 3


def test_another_default_device_changes_nothing(make):
    scores = make().fit(X).score_samples(X)
    with torch.device("meta"):
        assert np.array_equal(make().fit(X).score_samples(X), scores)


def test_metadata_routing_changes_nothing(make):
    rows = noisy(150)
    pipe = make_pipeline(SlidingWindow(16), make())
    scores = pipe.fit(rows).score_samples(rows)
    with config_context(enable_metadata_routing=True):
        assert np.array_equal(pipe.fit(rows).score_samples(rows), scores)
