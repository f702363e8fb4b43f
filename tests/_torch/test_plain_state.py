"""Pickles and copies hold a network as arrays, and answer as it did."""

import copy
import io
import pickle
import pickletools

import joblib
import numpy as np
import pytest
import torch
from torch import nn

from skad.detectors import NetworkDetector
from tests.support.checks import noisy, windows_of

X = windows_of(noisy(100))


def by_joblib(detector):
    file = io.BytesIO()
    joblib.dump(detector, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda detector: pickle.loads(pickle.dumps(detector)),
    "joblib": by_joblib,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "twice": lambda detector: copy.deepcopy(pickle.loads(pickle.dumps(detector))),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_copy_answers_and_goes_on_as_the_original(make, way):
    detector = make(early_stopping=True, warm_start=True, input_noise=0.1).fit(X)
    other = way(detector)
    assert other.net_ is not detector.net_
    assert np.array_equal(other.score_samples(X), detector.score_samples(X))
    for fitted in (detector, other):
        fitted.set_params(lr=0.05).fit(X)
    assert other.loss_curve_ == detector.loss_curve_
    assert np.array_equal(other.score_samples(X), detector.score_samples(X))


def test_a_copy_is_not_changed_by_what_becomes_of_the_original(make):
    detector = make(warm_start=True).fit(X)
    state, expected = detector.__getstate__(), detector.score_samples(X)
    other = copy.copy(detector)
    detector.fit(X)
    assert not np.array_equal(detector.score_samples(X), expected)
    assert np.array_equal(other.score_samples(X), expected)
    fresh = type(detector).__new__(type(detector))
    fresh.__setstate__(state)
    assert np.array_equal(fresh.score_samples(X), expected)


def test_a_pickle_names_nothing_of_torch_or_skorch(make):
    content = pickle.dumps(make().fit(X))
    texts = [argument for _, argument, _ in pickletools.genops(content)]
    modules = {text for text in texts if isinstance(text, str) and "." in text}
    assert any(module.startswith("skad.detectors") for module in modules)
    assert not any(module.startswith(("torch", "skorch")) for module in modules)


def test_what_is_not_fitted_is_copied_as_it_is(make):
    detector = make(warm_start=True)
    other = pickle.loads(pickle.dumps(detector))
    assert repr(other) == repr(detector)
    assert not hasattr(other, "net_")


def test_copying_leaves_the_global_random_states_alone(make):
    detector = make().fit(X)
    before = torch.get_rng_state()
    copy.deepcopy(detector)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_copy_made_in_inference_mode_can_be_trained_on(make):
    detector = make(warm_start=True).fit(X)
    with torch.inference_mode():
        other = copy.deepcopy(detector)
    assert other.fit(X).n_iter_ == detector.fit(X).n_iter_


class Linear(NetworkDetector):
    """Learns what `extra` keeps beside the weights."""

    extra = "buffer"

    def make_network(self, n_timesteps, n_channels):
        return LinearNetwork(n_timesteps * n_channels, self.extra)


class LinearNetwork(nn.Module):
    def __init__(self, width, extra):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)
        self.last = nn.Identity()
        self.extra = extra
        if extra != "attribute":
            self.register_buffer("largest", torch.zeros(()))
        else:
            self.largest = torch.zeros(())

    def forward(self, inputs):
        if self.training:
            self.largest = torch.maximum(self.largest, inputs.detach().abs().max())
        flat = inputs.flatten(1) / self.largest
        if self.extra == "draws" and self.training:
            flat = flat + torch.randn(flat.shape)
        return self.last(self.norm(self.linear(flat))).view_as(inputs)


class Hidden(Linear):
    extra = "attribute"


class Drawing(Linear):
    extra = "draws"


@pytest.fixture
def fitted():
    return Linear(max_epochs=2, random_state=0).fit(X)


def test_buffers_travel_with_the_weights(fitted):
    other = copy.deepcopy(fitted)
    assert other.net_.module_.largest == fitted.net_.module_.largest > 0
    assert np.array_equal(other.score_samples(X), fitted.score_samples(X))


def test_what_a_network_keeps_elsewhere_is_missed_at_once():
    hidden = Hidden(max_epochs=2, random_state=0).fit(X)
    with pytest.raises(ValueError, match="holds more than parameters and buffers.*reg"):
        pickle.dumps(hidden)


def test_a_network_that_draws_numbers_is_not_taken_for_one():
    drawing = Drawing(max_epochs=1, random_state=0).fit(X)
    assert copy.deepcopy(drawing).n_iter_ == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda self, steps, n: LinearNetwork(steps * n + 1, "buffer"),
        lambda self, steps, n: LinearNetwork(steps * n, "attribute"),
        lambda self, steps, n: nn.Sequential(LinearNetwork(steps * n, "buffer")),
        lambda self, steps, n: with_relu(LinearNetwork(steps * n, "buffer")),
    ],
    ids=["wider", "without a buffer", "other names", "other layers"],
)
def test_a_network_that_was_changed_since_is_an_error(fitted, monkeypatch, change):
    content = pickle.dumps(fitted)
    monkeypatch.setattr(Linear, "make_network", change)
    with pytest.raises(ValueError, match="Linear builds another network.*or fit anew"):
        pickle.loads(content)


def with_relu(network):
    network.last = nn.ReLU()
    return network


def test_another_torch_may_describe_the_network_otherwise(fitted, monkeypatch):
    state = fitted.__getstate__()
    state["net_"]["architecture"] = "in other words"
    state["net_"]["torch"] = "1.0"
    other = Linear.__new__(Linear)
    other.__setstate__(state)
    assert np.array_equal(other.score_samples(X), fitted.score_samples(X))


def test_a_network_of_another_device_comes_to_the_cpu(make):
    detector = make(warm_start=True).fit(X)
    elsewhere = copy.deepcopy(detector)
    elsewhere.set_params(device="xpu:7")
    elsewhere._fitted_as.set_params(device="xpu:7")
    state = {**detector.__getstate__(), **params_of(elsewhere)}
    other = type(detector).__new__(type(detector))
    with pytest.warns(UserWarning, match="device='xpu:7'.*set_params.device=\"cpu\""):
        other.__setstate__(state)
    assert np.array_equal(other.score_samples(X), detector.score_samples(X))
    with pytest.raises(ValueError, match="torch cannot use it here"):
        other.fit(X)
    other.set_params(device="cpu").fit(X)
    assert other.loss_curve_ == detector.fit(X).loss_curve_


def params_of(detector):
    return {"device": detector.device, "_fitted_as": detector._fitted_as}


def test_lists_in_the_state_of_an_optimiser_travel_too():
    detector = Linear(optimizer=torch.optim.ASGD, max_epochs=2, random_state=0).fit(X)
    detector.set_params(warm_start=True)
    other = copy.deepcopy(detector)
    assert other.fit(X).loss_curve_ == detector.fit(X).loss_curve_
