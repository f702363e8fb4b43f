"""A threshold on rows that were held back from training."""

from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn import config_context
from sklearn.base import BaseEstimator, OutlierMixin, clone, is_outlier_detector
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skad import row_context
from skad.detectors import LSTMForecaster
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import ReverseWindowing, ThresholdedDetector
from skad.postprocessing._strategies import conformal, run_of
from skad.preprocessing import GaussianNoise, SlidingWindow

W = 6
tail = partial(ThresholdedDetector, calibration="tail")
STRATEGIES = ["quantile", "sigma", "mad", "iqr", "pot", "conformal"]
LOOSE = {"alpha": 0.05, "k": 2.0, "tail_fraction": 0.3}


class Itself(OutlierMixin, BaseEstimator):
    """A detector whose scores are the newest value; it counts its fits."""

    n_fits = 0

    def fit(self, X, y=None):
        type(self).n_fits += 1
        self.seen_ = np.array(X)
        self.y_ = y
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, -1]


class Single(Itself):
    """A detector that scores in single precision."""

    def score_samples(self, X):
        return super().score_samples(X).astype(np.float32)


class Largest(Itself):
    """A detector whose scores are minus the largest magnitude in the window."""

    def score_samples(self, X):
        return -np.abs(np.asarray(X)).max(axis=1)


def flat(window_size=W, **parameters):
    return SlidingWindow(window_size, flatten=True, **parameters)


def forest_pipe(*steps):
    forest = IsolationForest(n_estimators=5, random_state=0)
    return make_pipeline(*steps, flat(), forest)


@pytest.fixture
def X(rng):
    return rng.normal(size=(400, 1))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_scores_are_those_of_the_detector_inside(X, strategy):
    detector = tail(forest_pipe(), strategy=strategy, **LOOSE)
    if strategy == "conformal":
        detector.set_params(alpha=0.4)  # windows of a forest are much alike
    detector.fit(X)
    scores = detector.score_samples(X)
    np.testing.assert_array_equal(scores, detector.estimator_.score_samples(X))
    decision = detector.decision_function(X)
    np.testing.assert_array_equal(decision, scores - detector.offset_)
    np.testing.assert_array_equal(detector.predict(X), np.where(decision < 0, -1, 1))
    assert np.isfinite(detector.offset_)


def test_scores_are_in_double_precision_whatever_the_detector_gives(X):
    detector = tail(Single(), alpha=0.03).fit(X)
    scores = X[320:].astype(np.float32).astype(np.float64)
    assert detector.offset_ == np.percentile(scores, 3)
    assert detector.score_samples(X).dtype == np.float64
    assert detector.decision_function(X).dtype == np.float64


def test_it_is_trained_on_the_first_rows_and_never_on_those_held_back(X):
    Itself.n_fits = 0
    y = np.arange(400)
    detector = tail(Itself(), calibration_fraction=0.25).fit(X, y)
    assert Itself.n_fits == 1
    np.testing.assert_array_equal(detector.estimator_.seen_, X[:300])
    np.testing.assert_array_equal(detector.estimator_.y_, y[:300])
    assert detector.n_calibration_rows_ == 100
    assert detector.offset_ == np.percentile(X[300:], 1)


class Keeping(Itself):
    """A detector that keeps the very rows it was fitted on."""

    def fit(self, X, y=None):
        self.rows_ = X
        return self


def test_the_rows_to_train_on_are_not_copied(X):
    detector = tail(Keeping()).fit(X)
    assert len(detector.estimator_.rows_) == 320
    assert np.shares_memory(detector.estimator_.rows_, X)


def test_a_threshold_on_training_rows_is_asked_for_by_none(X):
    detector = tail(Itself(), alpha=0.05, calibration_fraction=None)
    detector.fit(X)
    assert detector.n_calibration_rows_ == len(detector.estimator_.seen_) == 400
    assert np.sum(detector.predict(X) == -1) == 20


@pytest.mark.parametrize(
    "parameters",
    [{"calibration_fraction": None}, {"strategy": "fixed", "offset": 0.0}],
)
def test_who_holds_nothing_back_passes_all_labels_on(X, parameters):
    y = np.arange(400)
    detector = tail(Itself(), **parameters).fit(X, y)
    np.testing.assert_array_equal(detector.estimator_.y_, y)


def test_conformal_is_that_of_the_held_back_scores(X):
    detector = tail(Itself(), strategy="conformal", alpha=0.05).fit(X)
    held = X[320:, 0]
    assert run_of(held) == 1
    assert detector.offset_ == conformal(held, 0.05) == np.sort(held)[3]


@pytest.mark.parametrize("padding", ["edge", 50.0])
def test_held_back_rows_see_full_windows_and_none_of_training(padding):
    """Padding, and rows of training, would be found by their size."""
    X = np.ones((200, 1))
    X[:160] = 50.0
    pipe = make_pipeline(flat(padding=padding), Largest())
    detector = tail(pipe).fit(X)
    assert detector.offset_ == -1.0
    assert detector.n_calibration_rows_ == 40 - (W - 1)
    # The planted fault: rows next to the training part do see it.
    assert detector.score_samples(X)[160 : 160 + W - 1].tolist() == [-50.0] * (W - 1)
    assert detector.score_samples(X[160:])[0] == (-1.0 if padding == "edge" else -50.0)


def test_rows_whose_score_looks_past_the_end_do_not_count(X):
    inside = ReverseWindowing(make_pipeline(flat(), Itself()))
    detector = tail(inside, strategy="sigma", k=0.0).fit(X)
    back, ahead = row_context(inside)
    assert (back, ahead) == (W - 1, W - 1)
    assert detector.n_calibration_rows_ == 80 - back - ahead
    scores = detector.score_samples(X)[320 + back : 400 - ahead]
    assert detector.offset_ == pytest.approx(scores.mean(), rel=1e-12)


def test_a_length_found_at_fit_is_kept_away_from_the_cut():
    X = np.sin(2 * np.pi * np.arange(800) / 20).reshape(-1, 1)
    pipe = make_pipeline(flat("auto"), Largest())
    detector = tail(pipe).fit(X)
    (back, _) = row_context(detector.estimator_)
    assert back == detector.estimator_[0].window_size_ - 1 < 100
    assert detector.n_calibration_rows_ == 160 - back


@pytest.mark.parametrize("name", ["names", "names and times"])
def test_of_several_series_the_end_of_each_is_held_back(rng, name):
    times = {
        "names": range(100),
        "names and times": pd.date_range("2024-01-01", periods=100, freq="min"),
    }[name]
    index = pd.MultiIndex.from_product([["b", "a"], times])
    frame = pd.DataFrame({"value": rng.normal(size=200)}, index)
    detector = tail(make_pipeline(flat(), Itself())).fit(frame)
    newest = detector.estimator_[-1].seen_[:, -1]
    values = frame["value"].to_numpy().reshape(2, 100)
    np.testing.assert_array_equal(newest, values[:, :80].ravel())
    assert detector.n_calibration_rows_ == 2 * (20 - (W - 1))
    calibration = values[:, 80 + W - 1 :]
    assert detector.offset_ == np.percentile(calibration, 1)


def test_series_of_other_lengths_each_hold_back_their_share(rng):
    names = np.repeat(["a", "b", "c"], [10, 100, 1])
    index = pd.MultiIndex.from_arrays([names, range(111)])
    frame = pd.DataFrame({"value": rng.normal(size=111)}, index)
    detector = tail(Itself()).fit(frame)
    assert detector.n_calibration_rows_ == 2 + 20
    assert len(detector.estimator_.seen_) == 8 + 80 + 1


def test_windows_across_a_gap_do_not_count(rng):
    index = pd.RangeIndex(420).delete(range(360, 380))
    frame = pd.DataFrame({"value": rng.normal(size=400)}, index)
    pipe = make_pipeline(flat(), Itself())
    detector = tail(pipe).fit(frame)
    assert detector.n_calibration_rows_ == 80 - 2 * (W - 1)
    whole = tail(make_pipeline(flat(max_gap=np.inf), Itself()))
    assert whole.fit(frame).n_calibration_rows_ == 80 - (W - 1)


def test_without_windows_any_index_will_do(X):
    labels = [f"row {number}" for number in range(400)]
    frame = pd.DataFrame(X, labels, columns=["value"])
    assert tail(Itself()).fit(frame).n_calibration_rows_ == 80


@pytest.mark.parametrize("strategy", [*STRATEGIES, "fixed"])
def test_a_frozen_detector_is_never_trained_and_all_rows_calibrate(X, strategy):
    pipe = make_pipeline(flat(), Itself()).fit(X)
    Itself.n_fits = 0
    offset = -1.0 if strategy == "fixed" else None
    detector = tail(FrozenEstimator(pipe), strategy=strategy, offset=offset, **LOOSE)
    detector.fit(X[:150])
    assert Itself.n_fits == 0
    assert detector.n_calibration_rows_ == (0 if strategy == "fixed" else 150 - (W - 1))
    np.testing.assert_array_equal(detector.score_samples(X), pipe.score_samples(X))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_frozen_detector_gives_the_threshold_of_one_trained_here(rng, strategy):
    X = rng.normal(size=(2000, 1))
    parameters = {"strategy": strategy, **LOOSE}
    here = tail(forest_pipe(), **parameters).fit(X)
    frozen = FrozenEstimator(forest_pipe().fit(X[:1600]))
    there = tail(frozen, **parameters).fit(X[1600:])
    assert there.offset_ == here.offset_
    assert there.n_calibration_rows_ == here.n_calibration_rows_


def test_a_fixed_threshold_needs_no_rows_and_trains_on_all(X):
    detector = tail(Itself(), strategy="fixed", offset=-1.5).fit(X)
    assert detector.offset_ == -1.5
    assert detector.n_calibration_rows_ == 0
    assert len(detector.estimator_.seen_) == 400


def test_noise_for_training_does_not_reach_the_threshold(X):
    noise = GaussianNoise(scale=30.0, n_copies=2, random_state=0)
    noisy = make_pipeline(noise, flat(), Itself())
    clean = make_pipeline(flat(), Itself())
    offsets = [tail(pipe).fit(X).offset_ for pipe in (noisy, clean)]
    assert offsets[0] == offsets[1]


def test_a_search_over_strategies_trains_once_a_fold(tmp_path, rng):
    X, y = rng.normal(size=(600, 1)), np.where(np.arange(600) % 30 == 7, -1, 1)
    network = LSTMForecaster(2, max_epochs=1, random_state=0, memory=str(tmp_path))
    search = GridSearchCV(
        tail(make_pipeline(SlidingWindow(4), network), **LOOSE),
        {"strategy": STRATEGIES},
        scoring=make_anomaly_scorer("f1"),
        cv=KFold(2),
        error_score="raise",
    ).fit(X, y)
    assert len(list(tmp_path.rglob("output.pkl"))) == 3  # two folds, and the refit
    assert len(set(search.cv_results_["mean_test_score"])) > 3


@pytest.mark.parametrize("strategy", ["quantile", "conformal", "pot"])
def test_a_larger_rate_never_takes_an_alarm_back(X, strategy):
    rates = (0.02, 0.05, 0.1, 0.2)
    alarms = [
        tail(Itself(), strategy=strategy, alpha=alpha, tail_fraction=0.3).fit_predict(X)
        == -1
        for alpha in rates
    ]
    for fewer, more in zip(alarms[:-1], alarms[1:], strict=True):
        assert (more | ~fewer).all()
        assert more.sum() > fewer.sum()


REFUSED = {
    "fixed without a threshold": (
        {"strategy": "fixed"},
        r'strategy="fixed" needs a threshold\. Set offset to',
    ),
    "a rate outside of the tail": (
        {"strategy": "pot", "alpha": 0.2},
        r"alpha=0\.2 lies outside of the tail, tail_fraction=0\.1, .* Raise tail_fr",
    ),
    "a rate of the whole tail": (
        {"strategy": "pot", "alpha": 0.1},
        r"alpha=0\.1 lies outside of the tail, tail_fraction=0\.1, .* Raise tail_fr",
    ),
    "conformal on training rows": (
        {"strategy": "conformal", "calibration_fraction": None},
        r"promises nothing about scores of training rows\. Set calibration_fraction",
    ),
    "too few rows for the rate": (
        {"strategy": "conformal", "alpha": 0.01},
        r"needs 99 independent scores for alpha=0\.01; the 80 at hand count as 80",
    ),
    "windows as long as what is held back": (
        {"estimator": make_pipeline(flat(81), Itself())},
        r"No row that was held back has full windows\. Pass a longer series, raise cal",
    ),
    "a share that holds back nothing": (
        {"calibration_fraction": 0.001},
        r"n_samples = 400; of 1 series with 400 rows each, calibration_fraction=0\.001 "
        r"leaves no row to hold back\. Pass a longer series",
    ),
    "a share that leaves nothing": (
        {"calibration_fraction": 0.999},
        r"calibration_fraction=0\.999 leaves no row to train on\.",
    ),
}


@pytest.mark.parametrize(("parameters", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_kept_is_refused_by_name(X, parameters, message):
    detector = tail(Itself()).set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        detector.fit(X)
    with pytest.raises(NotFittedError, match="This ThresholdedDetector instance is"):
        detector.predict(X)


def test_what_can_be_known_before_is_refused_before_training(X):
    Itself.n_fits = 0
    with pytest.raises(ValueError, match="needs 99 independent scores"):
        tail(Itself(), strategy="conformal").fit(X)
    assert Itself.n_fits == 0


@pytest.mark.parametrize(
    "parameters",
    [
        {"estimator": "no detector"},
        {"strategy": "chi2"},
        {"alpha": 0.0},
        {"alpha": 0.6},
        {"k": -1.0},
        {"offset": np.nan},
        {"tail_fraction": 0.0},
        {"tail_fraction": 1.0},
        {"calibration_fraction": 1.0},
        {"calibration_fraction": 0.0},
    ],
    ids=str,
)
def test_parameters_out_of_range_are_refused(X, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"The '{name}' parameter of ThresholdedDetec"):
        tail(Itself()).set_params(**parameters).fit(X)


def test_parameters_of_the_detector_inside_are_checked_as_well(X):
    message = "The 'n_estimators' parameter of IsolationForest must be"
    with pytest.raises(ValueError, match=message):
        tail(IsolationForest(n_estimators=0)).fit(X)


class Undefined(Itself):
    """A detector with a score that is none."""

    def score_samples(self, X):
        return np.where(np.arange(len(X)) == 390, np.nan, 0.0)


def test_scores_that_are_no_numbers_are_refused(X):
    message = r"Undefined gave 1 of 400 rows a score that is NaN or infinite"
    with pytest.raises(ValueError, match=message):
        tail(Undefined()).fit(X)


def test_digits_are_refused_before_a_scaler_reads_them(X):
    detector = tail(make_pipeline(MinMaxScaler(), Itself())).fit(X)
    with pytest.raises(ValueError, match="X holds text"):
        detector.score_samples(X.astype(str))
    with pytest.raises(ValueError, match="X holds text"):
        detector.fit(X.astype(str))


def test_what_has_no_scores_is_refused(X):
    message = "LocalOutlierFactor has no score_samples, by which ThresholdedDetector"
    with pytest.raises(TypeError, match=message):
        tail(LocalOutlierFactor()).fit(X)


class TakesAnything(Itself):
    def fit(self, X, y=None):
        return self


@pytest.mark.parametrize(
    "given_as", [np.ndarray.tolist, torch.from_numpy, memoryview, pl.DataFrame]
)
def test_what_stands_for_an_array_is_cut_as_one(X, given_as):
    expected = tail(Itself()).fit(X)
    detector = tail(Itself()).fit(given_as(X))
    np.testing.assert_array_equal(detector.estimator_.seen_, X[:320])
    assert detector.offset_ == expected.offset_


def test_the_mask_of_a_list_of_rows_is_not_lost(X):
    rows = [np.ma.masked_greater([value, 0.0], 2.0) for value in X[:, 0]]
    with pytest.raises(ValueError, match="X is a masked array, and the mask would be"):
        tail(make_pipeline(flat(), Itself())).fit(rows)


def test_what_has_no_rows_is_refused_even_if_the_detector_takes_it():
    message = r"X is of type dict, from which no rows can be held back\. Pass an array"
    with pytest.raises(TypeError, match=message):
        tail(TakesAnything()).fit({"value": 1.0})


def test_no_row_is_refused_by_the_detector_inside_and_one_by_the_cut(X):
    detector = tail(IsolationForest(n_estimators=2))
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        detector.fit(X[:0])
    with pytest.raises(
        ValueError, match="n_samples = 1; .* leaves no row to hold back"
    ):
        detector.fit(X[:1])


def test_labels_of_another_length_are_refused(X):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        tail(Itself()).fit(X, np.ones(399))


def test_a_failed_fit_leaves_it_as_it_was(X):
    detector = tail(Itself()).fit(X)
    offset, inside = detector.offset_, detector.estimator_
    with pytest.raises(ValueError, match="needs 99 independent scores"):
        detector.set_params(strategy="conformal").fit(X)
    assert detector.offset_ == offset
    assert detector.estimator_ is inside


def test_parameters_that_change_wait_for_the_next_fit(X):
    detector = tail(Itself()).fit(X)
    before = detector.predict(X)
    detector.set_params(alpha=0.5, strategy="sigma", k=0.0)
    np.testing.assert_array_equal(detector.predict(X), before)
    assert np.sum(detector.fit_predict(X) == -1) > np.sum(before == -1)


def test_it_needs_no_metadata_to_be_routed(X):
    plain = tail(forest_pipe()).fit(X)
    with config_context(enable_metadata_routing=True):
        routed = tail(forest_pipe()).fit(X)
    assert routed.offset_ == plain.offset_


def test_it_is_a_detector_like_the_others(X):
    detector = tail(forest_pipe(), strategy="mad", k=2.5)
    assert is_outlier_detector(detector)
    assert row_context(detector) == row_context(detector.fit(X)) == (W - 1, 0)
    assert clone(detector).get_params()["strategy"] == "mad"
    frame = pd.DataFrame(X, columns=["value"])
    assert detector.fit(frame).n_features_in_ == 1
    assert detector.feature_names_in_.tolist() == ["value"]
    nested = tail(ReverseWindowing(detector)).fit(X)
    assert nested.predict(X).shape == (400,)
