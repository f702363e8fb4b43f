"""Directions, least sizes and context, in every detector that reads deviations."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of

AGGREGATIONS = ["mean", "max", "standardised", "standardised_max", "mahalanobis"]
SHORT = {"max_epochs": 1, "random_state": 0}
DETECTORS = {
    "forecaster": LSTMForecaster(4, **SHORT),
    "autoencoder": ConvAutoencoder((4, 2), **SHORT),
    "components": PCADetector(3),
}
RULES = {
    "direction": {0: "above", 2: "below"},
    "min_deviation": [0.1, 0.2, 0.0],
    "context_channels": [1],
}
WINDOWS = windows_of(noisy(300, n_channels=3))


@pytest.fixture(params=DETECTORS)
def make(request):
    detector = DETECTORS[request.param]
    return lambda **parameters: clone(detector).set_params(**parameters)


def differences_of(detector, windows):
    """Return what was read less what was expected, in the units of the windows."""
    blocks = [
        np.broadcast_to(-block * unit, block.shape)
        for _, block, unit in detector._differences(windows)
    ]
    return np.concatenate(blocks)[: len(windows)]


@pytest.mark.parametrize("window_scaling", [None, "mean", "standard"])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_scores_and_shares_agree_and_depend_on_their_window_alone(
    make, aggregation, window_scaling
):
    detector = make(
        channel_aggregation=aggregation, window_scaling=window_scaling, **RULES
    ).fit(WINDOWS[:200])
    scores, shares = detector.score_samples(WINDOWS), detector.explain(WINDOWS)
    assert shares.sum(axis=1) == pytest.approx(-scores, rel=1e-9)
    assert (shares[:, 1] == 0).all()
    part = detector.score_samples(WINDOWS[90:140].copy())
    assert np.array_equal(part, scores[90:140])


@pytest.mark.parametrize("window_scaling", [None, "mean", "standard"])
def test_what_counts_is_cut_in_the_units_of_the_windows(make, window_scaling):
    rows = noisy(300, n_channels=2) * [1.0, 50.0]
    windows = windows_of(rows)
    detector = make(
        window_scaling=window_scaling, error="absolute", min_deviation=1e-9
    ).fit(windows)
    deviations = differences_of(detector, windows)
    size = np.median(abs(deviations), axis=(0, 1))
    counts = (deviations >= size) & [True, False]
    counts |= (deviations <= -size) & [True, True]
    ruled = clone(detector).set_params(
        min_deviation=size, direction={1: "below"}, channel_aggregation="mean"
    )
    ruled.fit(windows)
    scaled = np.concatenate([block for _, block, _ in ruled._differences(windows)])
    errors = np.where(counts, abs(scaled[: len(windows)]), 0).mean(axis=1)
    assert 0.2 < counts.mean() < 0.5
    assert ruled.score_samples(windows) == pytest.approx(-errors.mean(axis=1))


def test_context_has_no_share_in_a_window_that_says_nothing(make):
    detector = make(**RULES).fit(WINDOWS[:200])
    silent = np.full_like(WINDOWS[:1], np.nan)
    (shares,) = detector.explain(silent)
    assert shares.sum() == pytest.approx(-detector.score_samples(silent)[0])
    assert shares[1] == 0
    assert shares[0] == shares[2]


def test_rules_that_exclude_nothing_leave_every_bit(make):
    scores = make().fit(WINDOWS).score_samples(WINDOWS)
    named = make(direction={1: "both"}, min_deviation=[0, 0, 0], context_channels=[])
    assert np.array_equal(named.fit(WINDOWS).score_samples(WINDOWS), scores)


@pytest.mark.parametrize("side", ["above", "below"])
def test_a_reading_on_the_harmless_side_adds_nothing_at_its_row(side):
    sign = {"above": 1, "below": -1}[side]
    rows = noisy(400, n_channels=2)
    detector = LSTMForecaster(8, max_epochs=3, direction={1: side}, random_state=0)
    pipe = make_pipeline(SlidingWindow(16), detector).fit(rows[:300])
    harmful, harmless = rows.copy(), rows.copy()
    harmful[350, 1] += 5 * sign
    harmless[350, 1] = sign * (sign * rows[:300, 1]).min()  # as seen at fit
    usual = pipe[:-1].transform(rows)
    assert pipe.score_samples(harmful).argmin() == 350
    shares = detector.explain(pipe[:-1].transform(harmless))
    assert shares[350, 1] == 0
    assert shares[350, 0] == detector.explain(usual)[350, 0]


def test_names_are_those_of_flattened_windows(make):
    rows = pd.DataFrame(noisy(200, n_channels=3), columns=["flow", "level", "valve"])
    window = SlidingWindow(8, flatten=True).set_output(transform="pandas")
    flat = window.fit_transform(rows)
    by_name = make(
        n_channels=3,
        direction={"level": "above"},
        min_deviation={"flow": 0.5},
        context_channels=["valve"],
    ).fit(flat)
    by_position = make(
        direction={1: "above"}, min_deviation={0: 0.5}, context_channels=[2]
    ).fit(SlidingWindow(8).fit_transform(rows))
    scores = by_position.score_samples(SlidingWindow(8).fit_transform(rows))
    assert np.array_equal(by_name.score_samples(flat), scores)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"direction": "up"}, "The 'direction' parameter of .* must be a str among"),
        ({"direction": {"flow": "above"}}, "direction names the channel 'flow', and"),
        (
            {"min_deviation": -0.5},
            "The 'min_deviation' parameter of .* must be a float",
        ),
        ({"context_channels": [0, 1, 2]}, "none is left to score"),
    ],
)
def test_rules_that_no_channel_understands_are_refused(make, parameters, message):
    with pytest.raises(ValueError, match=message):
        make(**parameters).fit(WINDOWS)


def follows_a_command(n_rows, seed):
    """Return command, response and another channel, and the rows of new commands."""
    rng = np.random.default_rng(seed)
    starts = 30 + np.cumsum(rng.integers(25, 60, size=n_rows // 20))
    starts = starts[starts < n_rows - 30]
    command = np.searchsorted(starts, np.arange(n_rows), side="right") % 2
    response = np.zeros(n_rows)
    for row in range(1, n_rows):
        response[row] = 0.6 * response[row - 1] + 0.4 * command[row]
    rows = np.column_stack([command, response, np.zeros(n_rows)])
    rows[:, 1:] += rng.normal(scale=0.03, size=(n_rows, 2))
    return rows, starts


@pytest.mark.parametrize(
    "detector",
    [
        LSTMForecaster(16, max_epochs=15, lr=1e-2, random_state=0),
        ConvAutoencoder((16, 4), 5, stride=2, max_epochs=10, lr=5e-3, random_state=0),
        PCADetector(8),
    ],
    ids=lambda detector: type(detector).__name__,
)
def test_a_response_that_follows_its_command_is_usual_and_one_that_does_not_is_found(
    detector,
):
    rows, _ = follows_a_command(2000, seed=0)
    X, starts = follows_a_command(1500, seed=1)
    wrong = starts[[20, 30]]
    for start in wrong:  # a command that is not answered for eight rows
        X[start : start + 8, 1] = X[start - 8 : start, 1]
    at_commands, near = np.zeros((2, len(X)), dtype=bool)
    at_commands[(starts[:, np.newaxis] + np.arange(3)).ravel()] = True
    near[(wrong[:, np.newaxis] + np.arange(30)).ravel()] = True
    rates = {}
    for context in (None, [0]):
        detector.set_params(context_channels=context, contamination=0.01)
        pipe = make_pipeline(SlidingWindow(16), detector).fit(rows)
        alarms = pipe.predict(X) == -1
        rates[context is None] = alarms[at_commands & ~near].mean()
    assert rates[True] > 0.1
    assert rates[False] <= alarms[~at_commands & ~near].mean() + 0.04
    assert all(alarms[start : start + 8].any() for start in wrong)


def test_a_forecaster_sees_the_context_of_the_row_that_it_forecasts():
    rng = np.random.default_rng(0)
    command = rng.integers(0, 2, size=(600, 1)).astype(float)  # no past announces it
    rows = np.hstack([command, command + rng.normal(scale=0.05, size=(600, 1))])
    errors = {}
    for context in (None, [0]):
        detector = LSTMForecaster(
            8, context_channels=context, max_epochs=15, lr=2e-2, random_state=0
        )
        pipe = make_pipeline(SlidingWindow(8), detector).fit(rows[:400])
        windows = pipe[:-1].transform(rows[400:])
        errors[context is None] = abs(detector.expected(windows) - rows[400:])[8:, 1]
    assert errors[True].mean() > 0.3
    assert errors[False].mean() < 0.1
