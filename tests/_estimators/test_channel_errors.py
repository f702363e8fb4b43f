"""How the errors of channels become one score, said again in plain numpy."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy, windows_of
from tests.support.detectors import SOME_NETWORKS

N_CHANNELS = 3
X = windows_of(noisy(260, N_CHANNELS) * [1.0, 5.0, 0.2]).astype(np.float32)
TRAIN = X[:160]
AGGREGATIONS = ["mean", "max", "standardised", "standardised_max", "mahalanobis"]
DETECTORS = {
    **{row.name: row.cheap() for row in SOME_NETWORKS},
    "components": PCADetector(3),
    "far forecaster": LSTMForecaster(4, horizon=3, max_epochs=1, random_state=0),
    "strided": ConvAutoencoder((4,), 3, 2, max_epochs=1, random_state=0),
    "by windows": ConvAutoencoder((4,), 2, max_epochs=1, random_state=0),
}


@pytest.fixture(params=DETECTORS)
def make(request):
    template = DETECTORS[request.param]

    def make(**parameters):
        return type(template)(**{**template.get_params(), **parameters})

    return make


def forecast_differences(**parameters):
    """Fit a forecaster of one step, and return it with its signed differences."""
    detector = LSTMForecaster(4, max_epochs=1, random_state=0, **parameters).fit(TRAIN)
    return detector, (detector.expected(X) - X[:, -1])


def scale_of(errors):
    train = errors[: len(TRAIN)]
    return train.std(axis=0) + train.mean()


@pytest.mark.parametrize(("error", "size"), [("squared", np.square), ("absolute", abs)])
@pytest.mark.parametrize(
    ("aggregation", "score"),
    [
        ("mean", lambda errors: errors.mean(axis=1)),
        ("max", lambda errors: errors.max(axis=1)),
        ("standardised", lambda errors: (errors / scale_of(errors)).mean(axis=1)),
        ("standardised_max", lambda errors: (errors / scale_of(errors)).max(axis=1)),
    ],
)
def test_the_score_is_what_its_parameters_say(error, size, aggregation, score):
    detector, differences = forecast_differences(
        error=error, channel_aggregation=aggregation
    )
    expected = -score(size(differences))
    assert detector.score_samples(X) == pytest.approx(expected, rel=1e-9)


def test_what_fills_up_the_last_of_many_blocks_teaches_nothing():
    windows = windows_of(noisy(3000, N_CHANNELS))
    errors = N_CHANNELS * PCADetector(2).fit(windows).explain(windows)
    expected = -(errors / (errors.std(axis=0) + errors.mean())).mean(axis=1)
    detector = PCADetector(2, channel_aggregation="standardised").fit(windows)
    assert detector.score_samples(windows) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("error", "power"), [("squared", 1.0), ("absolute", 0.5)])
def test_mahalanobis_weighs_directions_by_the_training_errors(error, power):
    detector, differences = forecast_differences(
        error=error, channel_aggregation="mahalanobis"
    )
    train = differences[: len(TRAIN)]
    covariance = 0.9 * train.T @ train / len(train)
    covariance += 0.1 * np.trace(covariance) / 0.9 / N_CHANNELS * np.eye(N_CHANNELS)
    squares = np.einsum(
        "ij,jk,ik->i", differences, np.linalg.inv(covariance), differences
    )
    expected = -(squares**power) / N_CHANNELS
    assert detector.score_samples(X) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("error", ["squared", "absolute"])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_the_shares_of_the_channels_add_up_to_minus_the_score(make, aggregation, error):
    detector = make(channel_aggregation=aggregation, error=error).fit(TRAIN)
    shares = detector.explain(X)
    assert shares.shape == (len(X), N_CHANNELS)
    assert shares.dtype == np.float64
    assert shares.sum(axis=1) == pytest.approx(-detector.score_samples(X), rel=1e-12)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_scores_shares_and_expectations_depend_on_their_window_alone(make, aggregation):
    detector = make(channel_aggregation=aggregation).fit(TRAIN)
    copy, order = X.copy(), np.random.default_rng(1).permutation(len(X))
    for method in (detector.score_samples, detector.explain, detector.expected):
        answer = method(X)
        for windows, rows in [
            (copy, slice(None)),
            (copy[order], order),
            (X[7:8], slice(7, 8)),
            (copy[100:140], slice(100, 140)),
            (X[3:], slice(3, None)),
        ]:
            assert np.array_equal(method(windows), answer[rows])


@pytest.mark.parametrize("n_channels", [11, 20])
def test_many_correlated_channels_get_the_same_bits_in_any_layout(n_channels):
    windows = SlidingWindow(16).fit_transform(noisy(900, n_channels))
    detector = ConvAutoencoder(
        (4,), channel_aggregation="mahalanobis", max_epochs=1, random_state=0
    ).fit(windows[:300])
    scores = detector.score_samples(windows)
    assert np.array_equal(detector.score_samples(windows.copy()), scores)
    assert np.array_equal(detector.score_samples(windows[5:6]), scores[5:6])


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("kind", ["ConvAutoencoder", "strided"])
def test_what_is_shared_gives_the_scores_of_single_windows(
    kind, aggregation, monkeypatch
):
    detector = DETECTORS[kind].__sklearn_clone__()
    detector.set_params(channel_aggregation=aggregation).fit(TRAIN)
    shared = -detector.score_samples(X)
    monkeypatch.setattr(ConvAutoencoder, "_shared", lambda self, n_timesteps: None)
    alone = -detector.score_samples(X)
    assert not np.array_equal(shared, alone)  # these are two ways indeed
    assert shared == pytest.approx(alone, rel=1e-4)


def test_of_a_maximum_one_channel_has_all():
    detector, differences = forecast_differences(channel_aggregation="max")
    shares = detector.explain(X)
    assert ((shares > 0).sum(axis=1) == 1).all()
    assert np.array_equal(shares.argmax(axis=1), abs(differences).argmax(axis=1))


def test_standardising_lets_a_steady_channel_be_heard_beside_an_erratic_one():
    rows = noisy(400, 2)
    rows[::40, 1] += 3.0  # as ever
    rows[340, 0] += 2.5  # as never before, and apart from the others
    lowest = {}
    for aggregation in ("mean", "standardised", "standardised_max", "mahalanobis"):
        detector = PCADetector(4, channel_aggregation=aggregation)
        pipe = make_pipeline(SlidingWindow(16), detector).fit(rows[:300])
        lowest[aggregation] = int(pipe.score_samples(rows)[16:].argmin()) + 16
    assert not 340 <= lowest.pop("mean") < 356
    assert all(340 <= row < 356 for row in lowest.values())


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_a_channel_that_never_moved_is_bounded_when_it_moves(aggregation):
    rows = noisy(300, 2)
    rows[:, 1] = 1.0
    detector = PCADetector(3, channel_aggregation=aggregation)
    pipe = make_pipeline(SlidingWindow(8), detector).fit(rows[:250])
    rows[280:, 1] = 2.0
    scores = pipe.score_samples(rows)
    assert np.isfinite(scores).all()
    assert scores[280:].max() < scores[250:280].min()
    assert scores.min() > 1e4 * scores[:250].mean()


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("error", ["squared", "absolute"])
def test_errors_that_are_all_zero_have_a_score_of_zero(aggregation, error):
    constant = np.ones((20, 6, 2))
    detector = PCADetector(1, channel_aggregation=aggregation, error=error)
    assert (detector.fit(constant).score_samples(constant) == 0).all()
    assert np.isfinite(detector.score_samples(3 * constant)).all()


def test_what_aggregates_waits_for_the_next_fit(make):
    detector = make().fit(TRAIN)
    scores = detector.score_samples(X)
    detector.set_params(channel_aggregation="standardised", error="absolute")
    assert np.array_equal(detector.score_samples(X), scores)
    assert not np.allclose(detector.fit(TRAIN).score_samples(X), scores)


@pytest.mark.parametrize(
    ("name", "value"), [("error", "cubed"), ("channel_aggregation", "median")]
)
def test_other_words_are_refused_by_name(make, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of .* must be"):
        make(**{name: value}).fit(TRAIN)
