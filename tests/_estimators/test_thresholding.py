"""From scores to labels."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, is_outlier_detector

from skad._estimators.thresholding import CONTAMINATION, ThresholdMixin, threshold


class Itself(ThresholdMixin, BaseEstimator):
    """A detector whose scores are its input."""

    def fit(self, X, y=None):
        self.offset_ = threshold(X, 0.1)
        return self

    def score_samples(self, X):
        return np.asarray(X, dtype=np.float64)


@pytest.mark.parametrize("contamination", [0.001, 0.01, 0.05, 0.1, 0.25, 0.5])
def test_the_share_below_the_threshold_is_exact(rng, contamination):
    scores = rng.normal(size=2000)
    n_below = np.sum(scores < threshold(scores, contamination))
    assert n_below == round(2000 * contamination)


def test_of_equal_scores_none_is_below():
    assert np.sum(np.ones(100) < threshold(np.ones(100), 0.1)) == 0
    assert np.sum(np.ones(100) < threshold(np.ones(100), "auto")) == 0


def test_auto_lies_four_half_ranges_beyond_the_third_quartile_of_the_errors():
    scores = np.array([-30.0, -9.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert threshold(scores, "auto") == -1.0 + 4 * (-1.0 - 1.0)
    assert threshold(scores + 100, "auto") == 100 - 9.0
    assert isinstance(threshold(scores, "auto"), float)


def test_auto_takes_logarithms_of_positive_errors():
    errors = np.exp([9.0, 2.0, 1.5, 1.0, 0.5])
    assert threshold(-errors, "auto") == pytest.approx(-np.exp(2.0 + 4 * 0.5))


def test_auto_flags_the_lowest_score_of_any_that_differ(rng):
    for scores in (rng.uniform(size=300), np.arange(3.0), np.array([1.0, 0, 1, 1, 1])):
        assert np.argmin(scores) in np.flatnonzero(scores < threshold(scores, "auto"))


@pytest.mark.parametrize("n_channels", [1, 3, 10])
@pytest.mark.parametrize("shape", ["rows", "smoothed"])
def test_auto_flags_few_fresh_normal_rows(rng, n_channels, shape):
    errors = (rng.normal(size=(20_000, n_channels)) ** 2).mean(axis=1)
    if shape == "smoothed":
        errors = np.convolve(errors, np.ones(20) / 20, mode="valid")
    offset = threshold(-errors[:5000], "auto")
    assert (-errors[5000:] < offset).mean() < 0.02


def test_auto_spares_the_lowest_of_few_rows_that_are_not_alike(rng):
    scores = np.repeat(rng.uniform(size=30), 40)
    middle, third = np.percentile(-scores, [50, 75])
    offset = threshold(scores, "auto", n_alike=40)
    assert offset == pytest.approx(-third - 2.5 * (third - middle))
    assert not (scores < offset).any()
    assert (scores < threshold(scores, "auto")).any()
    assert threshold(scores, "auto", n_alike=2) == threshold(scores, "auto")
    far = np.append(scores, -9.0)
    assert (far < threshold(far, "auto", n_alike=40)).sum() == 1


def test_auto_finds_far_scores_however_large(rng):
    scores = rng.normal(size=500)
    scores[:20] -= 1e12
    assert np.flatnonzero(scores < threshold(scores, "auto"))[:20].tolist() == list(
        range(20)
    )


def test_a_larger_share_never_takes_an_alarm_back(rng):
    scores = rng.normal(size=333)
    offsets = [threshold(scores, share) for share in np.linspace(0.001, 0.5, 100)]
    assert (np.diff(offsets) >= 0).all()


def test_the_threshold_takes_scores_of_integers_and_returns_a_float():
    offset = threshold(np.arange(11), 0.5)
    assert offset == 5.0
    assert isinstance(offset, float)


@pytest.mark.parametrize(
    ("value", "is_allowed"),
    [
        ("auto", True),
        (0.5, True),
        (1e-9, True),
        ("some", False),
        (0.0, False),
        (0.51, False),
        (None, False),
    ],
)
def test_contamination_is_auto_or_at_most_a_half(value, is_allowed):
    is_satisfied = [options.is_satisfied_by(value) for options in CONTAMINATION]
    assert any(is_satisfied) is is_allowed


def test_decisions_are_negative_below_the_threshold_and_only_there(rng):
    X = rng.normal(size=100)
    detector = Itself().fit(X)
    at_it = np.array([detector.offset_ - 1, detector.offset_, detector.offset_ + 1])
    np.testing.assert_array_equal(detector.decision_function(at_it), at_it - at_it[1])
    np.testing.assert_array_equal(detector.predict(at_it), [-1, 1, 1])
    assert detector.predict(X).dtype == np.int64
    assert np.sum(detector.predict(X) == -1) == 10


def test_fit_predict_and_the_tag_come_from_scikit_learn(rng):
    X = rng.normal(size=100)
    np.testing.assert_array_equal(Itself().fit_predict(X), Itself().fit(X).predict(X))
    assert is_outlier_detector(Itself())
