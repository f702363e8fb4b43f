"""Scores of detectors that need no labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skad.detectors import ConvAutoencoder, LSTMForecaster
from skad.model_selection import stability_score, validation_score
from skad.postprocessing import ReverseWindowing, ThresholdedDetector
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy

BOTH = pytest.mark.parametrize("score", [stability_score, validation_score])


class BySign(OutlierMixin, BaseEstimator):
    """Rank rows by their value, upwards or downwards by the sign of the training mean.

    ``swap`` exchanges two places of the ranking where that sign is negative.
    """

    def __init__(self, swap=None):
        self.swap = swap

    def fit(self, X, y=None):
        self.is_negative_ = X.mean() < 0
        return self

    def score_samples(self, X):
        scores = np.array(X, dtype=float)[:, 0]
        if self.is_negative_ and self.swap is None:
            return -scores
        if self.is_negative_:
            places = np.argsort(scores)[list(self.swap)]
            scores[places] = scores[places[::-1]]
        return scores


class Scores(OutlierMixin, BaseEstimator):
    """Score rows by a function of the values and of a generator."""

    def __init__(self, score, seed=0):
        self.score = score
        self.seed = seed

    def fit(self, X, y=None):
        self.rng_ = np.random.default_rng(len(X) + int(1000 * abs(X).sum()))
        return self

    def score_samples(self, X):
        return self.score(np.asarray(X)[:, 0], self.rng_)


@pytest.fixture
def halves(rng):
    """Give rows with a positive mean, and rows with a negative one."""
    X = rng.normal(size=(400, 1))
    return X[:200] + 1, X[200:] - 1


def test_agreement_is_one_where_training_changes_nothing(halves):
    first, second = halves
    detector = Scores(lambda values, _: -(values**2)).fit(first)
    assert stability_score(detector, second) == pytest.approx(1)


def test_agreement_is_minus_one_for_the_opposite_ranking(halves):
    first, second = halves
    assert stability_score(BySign().fit(first), second) == pytest.approx(-1)


def test_agreement_is_about_zero_for_rankings_by_chance(rng):
    X = rng.normal(size=(4000, 1))
    detector = Scores(lambda values, rng: rng.normal(size=len(values))).fit(X[:2000])
    assert abs(stability_score(detector, X[2000:])) < 0.15


def test_agreement_is_zero_where_all_rows_score_the_same(halves):
    first, second = halves
    detector = Scores(lambda values, _: np.full(len(values), -0.5)).fit(first)
    assert stability_score(detector, second) == 0


def test_the_most_abnormal_rows_count_most(halves):
    first, second = halves
    top, middle, end = (
        1 - stability_score(BySign(swap=places).fit(first), second)
        for places in ((0, 1), (100, 101), (-2, -1))
    )
    assert top > 10 * middle
    assert middle > end > 0


def test_units_do_not_enter_the_agreement(halves):
    first, second = halves
    plain = Scores(lambda values, rng: -np.abs(values - rng.normal())).fit(first)
    bent = Scores(lambda values, rng: -np.exp(np.abs(values - rng.normal()) + 5))
    agreement = stability_score(plain, second)
    assert stability_score(bent.fit(first), second) == pytest.approx(agreement)
    assert agreement < 0.99


def test_a_frozen_detector_agrees_with_itself(halves):
    first, second = halves
    detector = make_pipeline(FrozenEstimator(BySign().fit(first))).fit(first)
    assert stability_score(detector, second) == pytest.approx(1)


def test_the_validation_score_is_the_mean_score_of_the_rows(halves):
    first, second = halves
    forest = IsolationForest(n_estimators=5, random_state=0).fit(first)
    expected = np.mean(forest.score_samples(second))
    assert validation_score(forest, second) == expected


@pytest.mark.parametrize(
    "detector",
    [
        LSTMForecaster(4, early_stopping=True, max_epochs=3, random_state=0),
        ConvAutoencoder((4, 2), early_stopping=True, max_epochs=3, random_state=0),
    ],
    ids=["forecaster", "autoencoder"],
)
def test_of_a_network_it_is_minus_the_validation_loss(detector):
    windows = SlidingWindow(8).fit_transform(noisy(200))
    detector.fit(windows)
    held_out = windows[-20:]  # validation_fraction=0.1
    expected = max(detector.validation_scores_)
    assert validation_score(detector, held_out) == pytest.approx(expected, rel=1e-5)


@BOTH
def test_a_score_leaves_the_detector_as_it_was_and_reads_no_labels(score):
    X = noisy(200)
    network = ConvAutoencoder((4, 2), lr=1e-2, max_epochs=2, random_state=0)
    pipe = make_pipeline(SlidingWindow(8), network).fit(X[:100])
    before = pipe.score_samples(X)
    assert not np.array_equal(clone(pipe).fit(X[100:]).score_samples(X), before)
    found = score(pipe, X[100:])
    assert isinstance(found, float)
    assert score(pipe, X[100:], y=np.full(100, -1)) == found
    assert np.array_equal(pipe.score_samples(X), before)


@BOTH
@pytest.mark.parametrize("is_routing", [False, True])
def test_a_search_needs_no_labels(score, is_routing):
    X = pd.DataFrame(noisy(160))
    window = SlidingWindow(8, flatten=True)
    detectors = [
        IsolationForest(n_estimators=5, random_state=0),
        LSTMForecaster(4, max_epochs=1, random_state=0),
    ]
    pipe = make_pipeline(
        MinMaxScaler().set_output(transform="pandas"), window, detectors[0]
    )
    search = GridSearchCV(
        pipe,
        {"isolationforest": detectors},
        scoring=score,
        cv=KFold(2),
        error_score="raise",
    )
    with config_context(enable_metadata_routing=is_routing):
        search.fit(X)
    by_hand = []
    for train, test in KFold(2).split(X):
        by_hand.append(score(pipe.fit(X.iloc[train]), X.iloc[test]))
    found = search.cv_results_["mean_test_score"]
    assert found[0] == pytest.approx(np.mean(by_hand))
    assert np.isfinite(found).all()


def test_more_trees_are_more_stable(rng):
    X = rng.normal(size=(300, 3))
    few, many = (
        cross_val_score(
            IsolationForest(n_estimators=n, random_state=0),
            X,
            scoring=stability_score,
            cv=KFold(2),
        ).mean()
        for n in (1, 50)
    )
    assert many > few + 0.2


@BOTH
def test_an_estimator_without_scores_is_refused(score, halves):
    with pytest.raises(TypeError, match="KMeans has no score_samples, by which"):
        score(KMeans(2).fit(halves[0]), halves[1])


AGGREGATIONS = ["mean", "max", "standardised", "standardised_max", "mahalanobis"]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_validation_prefers_what_has_learnt_whatever_the_aggregation(aggregation):
    rows = noisy(400, n_channels=2)
    trained, untrained = (
        make_pipeline(
            SlidingWindow(8),
            LSTMForecaster(
                4, channel_aggregation=aggregation, lr=lr, max_epochs=8, random_state=0
            ),
        ).fit(rows[:300])
        for lr in (3e-2, 1e-7)
    )
    scores = [validation_score(pipe, rows[300:]) for pipe in (trained, untrained)]
    assert scores[0] > scores[1]


@pytest.mark.parametrize("error", ["squared", "absolute"])
def test_validation_is_the_loss_through_whatever_is_around(error):
    rows = noisy(200, n_channels=2)
    options = {"max_epochs": 1, "random_state": 0}
    plain, pipe = (
        make_pipeline(MinMaxScaler(), SlidingWindow(8), detector)
        for detector in (
            ConvAutoencoder((4,), **options),
            ConvAutoencoder(
                (4,), error=error, channel_aggregation="standardised_max", **options
            ),
        )
    )
    loss = -plain.fit(rows[:150]).score_samples(rows[150:]).mean()
    for wrap in (
        lambda inner: inner,
        ReverseWindowing,
        ThresholdedDetector,
        lambda inner: ReverseWindowing(make_pipeline("passthrough", inner)),
    ):
        around = wrap(clone(pipe))
        if isinstance(around, ThresholdedDetector):
            around.set_params(calibration="tail", calibration_fraction=None)
        around.fit(rows[:150])
        assert validation_score(around, rows[150:]) == pytest.approx(-loss, rel=1e-6)


def test_what_has_no_loss_is_judged_by_its_scores():
    rows = noisy(60)
    forest = IsolationForest(n_estimators=5, random_state=0).fit(rows)
    assert validation_score(forest, rows) == forest.score_samples(rows).mean()
