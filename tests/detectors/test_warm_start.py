import copy
import pickle

import numpy as np
import pytest
import torch

from tests.support.checks import noisy, windows_of
from tests.support.detectors import SOME_NETWORKS

X = windows_of(noisy(100))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"optimizer": "sgd", "lr": 0.1},
        {"input_noise": 0.3},
        {"max_windows_per_epoch": 30},
    ],
)
def test_five_epochs_and_five_more_are_ten(make, parameters):
    at_once = make(max_epochs=10, **parameters).fit(X)
    in_two = make(max_epochs=5, warm_start=True, **parameters).fit(X).fit(X)
    assert in_two.n_iter_ == 10
    assert in_two.loss_curve_ == at_once.loss_curve_
    assert np.array_equal(in_two.score_samples(X), at_once.score_samples(X))
    assert in_two.offset_ == at_once.offset_


def test_a_further_fit_appends_to_the_loss_curve(make):
    detector = make(max_epochs=3, warm_start=True)
    first = detector.fit(X).loss_curve_
    assert len(first) == 3
    assert detector.set_params(max_epochs=2).fit(X).loss_curve_[:3] == first
    assert detector.n_iter_ == len(detector.loss_curve_) == 5


def test_without_warm_start_a_fit_begins_anew(make):
    detector = make().fit(X)
    scores = detector.score_samples(X)
    assert np.array_equal(detector.fit(X).score_samples(X), scores)
    assert detector.n_iter_ == 2


def test_a_first_fit_is_the_same_with_warm_start(make):
    scores = make().fit(X).score_samples(X)
    assert np.array_equal(make(warm_start=True).fit(X).score_samples(X), scores)


def test_the_earlier_network_is_not_changed(make):
    detector = make(warm_start=True).fit(X)
    earlier = copy.copy(detector)
    scores, losses = earlier.score_samples(X), list(earlier.loss_curve_)
    detector.fit(X)
    assert np.array_equal(earlier.score_samples(X), scores)
    assert earlier.loss_curve_ == losses
    assert len(earlier.net_.history) == 2


def test_training_goes_on_after_a_pickle(make):
    detector = make(warm_start=True).fit(X)
    twin = pickle.loads(pickle.dumps(detector))
    scores = detector.fit(X).score_samples(X)
    assert np.array_equal(twin.fit(X).score_samples(X), scores)


def test_training_goes_on_with_other_rows_and_another_learning_rate(make):
    detector = make(warm_start=True).fit(X)
    before = [weights.clone() for weights in detector.net_.module_.parameters()]
    detector.set_params(lr=1e-12).fit(X[:50])
    after = list(detector.net_.module_.parameters())
    assert all(torch.allclose(*pair) for pair in zip(before, after, strict=True))
    assert detector.net_.optimizer_.param_groups[0]["lr"] == 1e-12


@pytest.mark.parametrize(
    ("detector", "change"),
    [
        (row.cheap(), change)
        for row in SOME_NETWORKS
        for change in ({"optimizer": "sgd"}, *row.architectures)
    ],
    ids=str,
)
def test_another_architecture_is_refused(detector, change):
    detector.set_params(max_epochs=1, warm_start=True, random_state=0).fit(X)
    scores = detector.score_samples(X)
    with pytest.raises(
        ValueError, match=r"warm_start=True goes on .* has been changed.*=False"
    ):
        detector.set_params(**change).fit(X)
    assert np.array_equal(detector.score_samples(X), scores)
    assert detector.set_params(warm_start=False).fit(X).n_iter_ == 1


def test_windows_of_another_shape_are_refused(make):
    detector = make(warm_start=True).fit(X)
    wide = windows_of(noisy(100, n_channels=2))
    was = f"{type(detector).__name__} was fitted on 16 timesteps and 1 channels"
    for other, found in [
        (X[:, 1:], "15 timesteps and 1 channels"),
        (X[:, 1:, 0], "15 timesteps and 1 channels"),
        (wide, "16 timesteps and 2 channels"),
    ]:
        with pytest.raises(ValueError, match=f"windows of {found}, but {was}"):
            detector.fit(other)
    assert detector.fit(X).n_iter_ == 4
