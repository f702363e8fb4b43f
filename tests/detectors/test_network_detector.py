"""What all network detectors share: attributes, shapes, parameters, progress."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from skorch import NeuralNet

from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of
from tests.support.detectors import BY_NAME

X = windows_of(noisy(150, n_channels=2))


def test_fitted_attributes_describe_the_training(make):
    detector = make(max_epochs=3).fit(X)
    assert isinstance(detector.net_, NeuralNet)
    assert isinstance(detector.offset_, float)
    assert detector.window_shape_ == (16, 2)
    assert detector.n_features_in_ == 32
    assert detector.n_iter_ == len(detector.loss_curve_) == 3
    assert all(isinstance(loss, float) for loss in detector.loss_curve_)
    assert detector.validation_scores_ is None
    assert not hasattr(detector, "feature_names_in_")


def test_training_lowers_the_loss(make):
    losses = make(max_epochs=10, lr=1e-2).fit(X).loss_curve_
    assert losses[-1] < 0.9 * losses[0]


def test_the_loss_is_in_the_units_of_the_score(make):
    detector = make(lr=1e-9, max_epochs=1).fit(X)  # the weights hardly move
    (loss,), error = detector.loss_curve_, -detector.score_samples(X).mean()
    if hasattr(detector.net_.module_, "training_penalty"):
        assert error < loss < 2 * error
    else:
        assert loss == pytest.approx(error, rel=1e-4)


def test_the_asked_share_of_training_windows_lies_below_the_threshold(make):
    detector = make(contamination=0.1).fit(X)
    scores = detector.score_samples(X)
    assert detector.offset_ == pytest.approx(np.percentile(scores, 10), rel=1e-6)
    assert np.sum(detector.predict(X) == -1) == 15


def test_parameters_that_change_wait_for_the_next_fit(make):
    detector = make().fit(X)
    scores, offset = detector.score_samples(X), detector.offset_
    changes = {"window_scaling": "standard", "n_channels": 2, "contamination": 0.4}
    changes |= BY_NAME[type(detector).__name__].architectures[-1]
    for name, value in changes.items():
        detector.set_params(**{name: value})
        assert np.array_equal(detector.score_samples(X), scores)
        assert detector.offset_ == offset


def test_nothing_is_scored_before_fit(make):
    for method in ("score_samples", "decision_function", "predict"):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            getattr(make(), method)(X)


def test_column_names_of_flattened_windows_are_kept_and_checked(make):
    names = [f"x{c}_lag{lag}" for lag in range(15, -1, -1) for c in range(2)]
    frame = pd.DataFrame(X.reshape(len(X), -1), columns=names)
    detector = make(n_channels=2).fit(frame)
    assert detector.feature_names_in_.tolist() == names
    with pytest.raises(ValueError, match="feature names should match"):
        detector.score_samples(frame[names[::-1]])


def test_training_is_blind_to_y(make):
    scores = make().fit(X).score_samples(X)
    assert np.array_equal(make().fit(X, np.ones(len(X))).score_samples(X), scores)


def test_a_width_that_channels_do_not_divide_is_refused(make):
    with pytest.raises(
        ValueError, match=r"n_features = 32, which n_channels=3 does not divide"
    ):
        make(n_channels=3).fit(X.reshape(len(X), -1))


def test_three_dimensions_show_their_channels(make):
    scores = make().fit(X).score_samples(X)
    assert np.array_equal(make(n_channels=7).fit(X).score_samples(X), scores)


def test_windows_are_announced_as_what_is_taken(make):
    assert get_tags(make()).input_tags.three_d_array is True


@pytest.mark.parametrize(
    ("windows", "words"), [(1e17 + X, "single precision"), (1e9 + X, "rounded away")]
)
def test_values_that_single_precision_cannot_hold_are_refused(make, windows, words):
    detector = make()
    with pytest.raises(ValueError, match=words) as refused:
        detector.fit(windows)
    assert type(detector).__name__ in str(refused.value)


def test_flattened_windows_are_read_in_time_major_order(make):
    flat = X.reshape(len(X), -1)
    channel_major = X.transpose(0, 2, 1).reshape(len(X), -1)
    detector = make(n_channels=2).fit(flat)
    assert np.array_equal(detector.score_samples(X), detector.score_samples(flat))
    assert not np.allclose(
        detector.score_samples(X), detector.score_samples(channel_major)
    )


def test_single_precision_windows_stay_a_view_of_the_series(make, monkeypatch):
    detector = make().fit(X)
    rows = noisy(200, n_channels=2).astype(np.float32)
    windows = SlidingWindow(16).fit_transform(rows)
    seen = []

    def look_at(self, windows):
        seen.append(windows)
        return np.zeros(len(windows))

    monkeypatch.setattr(type(detector), "_window_errors", look_at)
    detector.score_samples(windows)
    assert np.shares_memory(seen[0], windows)


@pytest.mark.parametrize("lr", [1e18, 1e30])
def test_a_diverging_training_says_what_to_do(make, lr):
    with pytest.raises(
        ValueError, match=r"Training diverged: .* Scale X .* or lower lr"
    ):
        make(lr=lr, optimizer="sgd").fit(X)


def test_a_training_that_ends_in_weights_that_are_no_numbers_is_refused(make):
    # One batch: its loss is that of the untouched weights, and finite.
    with pytest.raises(ValueError, match=r"diverged: .* not return finite numbers"):
        make(lr=1e38, optimizer="sgd", max_epochs=1, batch_size=1000).fit(1e4 * X)


@pytest.mark.parametrize("device", ["cuda:99", "moon"])
def test_a_device_that_is_not_there_is_refused_before_any_work(make, device):
    detector = make(device=device)
    with pytest.raises(ValueError, match=rf"device='{device}' .* device=\"cpu\""):
        detector.fit(X)
    assert not hasattr(detector, "n_features_in_")


def test_a_failed_fit_leaves_a_fitted_detector_as_it_was(make):
    detector = make().fit(X)
    scores = detector.score_samples(X)
    with pytest.raises(ValueError, match="diverged"):
        detector.set_params(lr=1e18, optimizer="sgd").fit(X[:, 1:])
    assert np.array_equal(detector.score_samples(X), scores)


def test_one_window_is_not_enough_to_fit_and_enough_to_score(make):
    with pytest.raises(ValueError, match=r"n_samples = 1; .* at least 2 windows"):
        make().fit(X[:1])
    assert make().fit(X[:2]).score_samples(X[:1]).shape == (1,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_channels", 0),
        ("window_scaling", "minmax"),
        ("input_noise", -0.1),
        ("max_epochs", 0),
        ("max_windows_per_epoch", 0),
        ("batch_size", 0),
        ("lr", 0.0),
        ("optimizer", "newton"),
        ("early_stopping", "yes"),
        ("validation_fraction", 0.0),
        ("validation_fraction", 1.0),
        ("n_iter_no_change", 0),
        ("contamination", 0.0),
        ("contamination", 0.51),
        ("contamination", "some"),
        ("device", 0),
        ("warm_start", "yes"),
        ("memory", 3),
        ("verbose", -1),
        ("random_state", "seed"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(make, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of .* must be"):
        make(**{name: value}).fit(X)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", torch.optim.RMSprop])
def test_any_optimizer_trains(make, optimizer):
    losses = make(optimizer=optimizer, lr=1e-2, max_epochs=5).fit(X).loss_curve_
    assert losses[-1] < losses[0]


def test_one_line_is_printed_per_epoch_if_asked_for(make, capsys):
    make(verbose=1, max_epochs=3).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "epoch 1/3",
        "epoch 2/3",
        "epoch 3/3",
    ]


def test_nothing_is_printed_otherwise(make, capsys):
    make(early_stopping=True, max_epochs=3).fit(X).predict(X)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_representation_shows_what_was_changed(make):
    assert "random_state=0" in repr(make())
    assert "lr" not in repr(make())
