"""Scores of training rows by copies that were not trained on them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skad import PCADetector, make_detector
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.postprocessing._cross_scores import Folds
from skad.preprocessing import GaussianNoise, SlidingWindow

W = 6


class Seen(OutlierMixin, BaseEstimator):
    """A detector that knows the newest values of its training windows by heart."""

    fits = []  # of all copies, in their order

    def fit(self, X, y=None):
        self.newest_ = np.array(X)[:, -1]
        self.windows_ = np.array(X)
        self.y_ = y
        Seen.fits.append(self)
        return self

    def score_samples(self, X):
        return -1.0 * np.isin(np.asarray(X)[:, -1], self.newest_, invert=True)


class Trivial(Seen):
    """A detector whose score is the newest value, whatever it was trained on."""

    def score_samples(self, X):
        return np.asarray(X)[:, -1].astype(np.float64)


class LeavesOut(Trivial):
    """A detector that scores its training rows without themselves."""

    def fit(self, X, y=None):
        self.training_scores_ = -np.arange(len(X), dtype=float)
        return super().fit(X, y)


def flat(window_size=W, **parameters):
    return SlidingWindow(window_size, flatten=True, **parameters)


@pytest.fixture
def X():
    Seen.fits.clear()
    return np.arange(300.0).reshape(-1, 1)


@pytest.mark.parametrize("of", ["array", "list", "frame", "series in a frame"])
@pytest.mark.parametrize("windows", [True, False])
def test_no_row_is_scored_by_a_copy_that_saw_it(X, of, windows):
    kinds = {
        "array": X,
        "list": X.tolist(),
        "frame": pd.DataFrame(X),
        "series in a frame": pd.DataFrame(
            X, pd.MultiIndex.from_product([["b", "a", "c"], range(100)])
        ),
    }
    detector = make_pipeline(flat(), Seen()) if windows else Seen()
    fitted = ThresholdedDetector(detector, n_blocks=3).fit(kinds[of])
    assert fitted.training_scores_.tolist() == [-1.0] * 300
    # The planted fault: the detector itself has seen them all.
    assert fitted.score_samples(kinds[of]).tolist() == [0.0] * 300
    assert len(Seen.fits) == 1 + 3
    assert fitted.n_blocks_ == 3


@pytest.mark.parametrize("as_frame", [True, False])
def test_no_training_window_crosses_the_rows_left_out(X, as_frame):
    rows = pd.DataFrame(X) if as_frame else X
    ThresholdedDetector(make_pipeline(flat(), Seen()), n_blocks=5).fit(rows)
    for copy in Seen.fits[1:]:
        assert len(copy.windows_) == 240
        assert np.ptp(copy.windows_, axis=1).max() == W - 1


def test_a_block_is_scored_with_the_rows_before_it(X):
    """Of a score that is the newest value nothing is lost at the cuts."""
    fitted = ThresholdedDetector(make_pipeline(flat(), Trivial())).fit(X)
    np.testing.assert_array_equal(fitted.training_scores_, X[:, 0])
    assert fitted.n_calibration_rows_ == 300 - (W - 1)
    assert fitted.offset_ == np.percentile(X[W - 1 :], 1)


def test_the_detector_itself_is_trained_on_all_rows_and_labels(X):
    y = np.arange(300)
    fitted = ThresholdedDetector(Trivial(), n_blocks=2).fit(X, y)
    np.testing.assert_array_equal(fitted.estimator_.y_, y)
    np.testing.assert_array_equal(Seen.fits[1].y_, y[150:])
    np.testing.assert_array_equal(Seen.fits[2].y_, y[:150])


def first_rows(folds):
    return [block[0].start for block in folds.blocks]


@pytest.fixture
def series_of_other_lengths():
    lengths = {"d": 30, "b": 50, "a": 10, "c": 35, "e": 25}
    index = [(name, row) for name, n in lengths.items() for row in range(n)]
    return pd.DataFrame({"value": range(150)}, pd.MultiIndex.from_tuples(index))


def test_a_block_takes_its_part_of_each_series(series_of_other_lengths):
    last = Folds.of(series_of_other_lengths, 2, Seen()).blocks[1]
    spans = [(15, 30), (55, 80), (85, 90), (108, 125), (138, 150)]
    assert [(part.start, part.stop) for part in last] == spans
    as_array = series_of_other_lengths.to_numpy()
    assert first_rows(Folds.of(as_array, 3, Seen())) == [0, 50, 100]


def test_series_shorter_than_two_windows_stay_whole(series_of_other_lengths):
    frame = series_of_other_lengths
    assert first_rows(Folds.of(frame, 3, flat(20))) == [0, 30, 90]
    assert first_rows(Folds.of(frame, 6, flat(20))) == [0, 25, 50, 75, 100, 125]


def test_blocks_are_no_shorter_than_windows(X):
    assert len(Folds.of(X, 5, flat(50)).blocks) == 5
    assert len(Folds.of(X, 5, flat(100)).blocks) == 3
    assert len(Folds.of(X, 5, flat(200)).blocks) == 2


def test_copies_take_the_length_that_was_found_at_fit():
    X = np.sin(2 * np.pi * np.arange(800) / 20).reshape(-1, 1)
    X[500:] = np.sin(2 * np.pi * np.arange(300) / 35).reshape(-1, 1)
    Seen.fits.clear()
    ThresholdedDetector(make_pipeline(flat("auto"), Trivial()), n_blocks=2).fit(X)
    widths = {copy.windows_.shape[1] for copy in Seen.fits}
    assert len(widths) == 1


def test_what_leaves_its_rows_out_itself_is_not_copied(X):
    for detector in (LeavesOut(), make_pipeline(flat(), LeavesOut())):
        Seen.fits.clear()
        fitted = ThresholdedDetector(detector).fit(X)
        assert len(Seen.fits) == 1
        np.testing.assert_array_equal(fitted.training_scores_, -np.arange(300.0))


def test_what_leaves_out_noisy_rows_is_copied_for_the_clean_ones(X):
    noisy = make_pipeline(GaussianNoise(random_state=0), flat(), LeavesOut())
    fitted = ThresholdedDetector(noisy, n_blocks=3).fit(X)
    np.testing.assert_array_equal(fitted.training_scores_, X[:, 0])


def test_meta_detectors_inside_share_the_blocks(X):
    members = [("a", make_pipeline(flat(), Seen())), ("b", Trivial())]
    inside = ReverseWindowing(EnsembleDetector(members, n_blocks=7), window_size=3)
    ThresholdedDetector(inside, n_blocks=3).fit(X)
    assert len(Seen.fits) == 2 * (1 + 3)


def test_scores_by_copies_are_spread_as_scores_are(X):
    inside = ReverseWindowing(make_pipeline(flat(), Trivial()))
    fitted = ThresholdedDetector(inside).fit(X)
    np.testing.assert_array_equal(
        fitted.training_scores_, fitted.estimator_.score_samples(X)
    )


def test_an_ensemble_learns_its_scales_from_rows_that_its_members_did_not_see(rng):
    X = rng.normal(size=(400, 8))
    forest = IsolationForest(n_estimators=5, random_state=0)
    by_heart = PCADetector(7)
    members = [("forest", forest), ("pca", by_heart)]
    crossed = EnsembleDetector(members, n_blocks=2).fit(X[:40])
    alone = EnsembleDetector(members, n_blocks=None).fit(X[:40])
    new = -by_heart.fit(X[:40]).score_samples(X[40:])
    true = np.median(new)
    assert abs(crossed.medians_[1] - true) < abs(alone.medians_[1] - true)
    assert alone.medians_[1] == np.median(-by_heart.score_samples(X[:40]))


def test_a_frozen_member_is_neither_trained_nor_copied(X):
    frozen = FrozenEstimator(Trivial().fit(X))
    Seen.fits.clear()
    members = [("a", frozen), ("b", Trivial())]
    fitted = EnsembleDetector(members, n_blocks=2).fit(X)
    assert len(Seen.fits) == 1 + 2
    assert fitted.medians_[0] == fitted.medians_[1]


def test_copies_in_processes_give_the_same_threshold(rng):
    X = rng.normal(size=(300, 1))
    forest = IsolationForest(n_estimators=5, random_state=0)
    detector = ThresholdedDetector(make_pipeline(flat(), forest))
    alone = detector.fit(X).offset_
    assert detector.set_params(n_jobs=2).fit(X).offset_ == alone


def test_the_recommended_chain_calibrates_on_500_rows():
    X = np.sin(np.arange(500) / 7).reshape(-1, 1)
    X += np.random.default_rng(0).normal(scale=0.1, size=X.shape)
    chain = make_detector("pca", contamination=0.1)
    detector = ThresholdedDetector(chain, alpha=0.05).fit(X)
    assert detector.n_blocks_ in (2, 3)
    assert detector.n_calibration_rows_ > 50
    assert np.isfinite(detector.training_scores_).all()


def test_one_row_is_refused():
    with pytest.raises(ValueError, match=r"n_samples = 1; to calibrate on rows that"):
        ThresholdedDetector(Trivial()).fit([[1.0]])


def test_a_fraction_without_effect_is_refused(X):
    detector = ThresholdedDetector(Trivial(), calibration_fraction=0.4)
    with pytest.raises(ValueError, match=r"calibration_fraction=0\.4 has no effect"):
        detector.fit(X)


def test_what_does_not_share_the_blocks_is_copied_as_a_whole(rng):
    X = rng.normal(size=(300, 1))
    labels = np.where(np.arange(300) % 30 == 7, -1, 1)
    tuned = TunedThresholdDetectorCV(Trivial(), cv=2, thresholds=5)
    fitted = ThresholdedDetector(tuned, n_blocks=2).fit(X, labels)
    np.testing.assert_array_equal(fitted.training_scores_, X[:, 0])
