"""A threshold by labels, on rows held out fold by fold."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, OutlierMixin, clone, is_outlier_detector
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score, fbeta_score, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, TimeSeriesSplit
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skad import row_context
from skad.detectors import PCADetector
from skad.metrics import make_anomaly_scorer
from skad.model_selection import AnomalySplit
from skad.postprocessing import TunedThresholdDetectorCV
from skad.postprocessing._sweep import AtThreshold, candidates
from skad.preprocessing import SlidingWindow

W = 6
EVENTS = (30, 90, 150, 210, 270, 330)


class Itself(OutlierMixin, BaseEstimator):
    """A detector whose scores are minus the newest value; it notes its fits."""

    fits = []

    def fit(self, X, y=None):
        self.seen_ = np.array(X)
        self.fits.append((len(X), y))
        return self

    def score_samples(self, X):
        return -np.asarray(X)[:, -1].astype(float)


class Largest(Itself):
    def score_samples(self, X):
        return -np.abs(np.asarray(X)).max(axis=1)


def flat(window_size=W, **parameters):
    return SlidingWindow(window_size, flatten=True, **parameters)


@pytest.fixture
def y():
    labels = np.ones(360, dtype=int)
    for start in EVENTS:
        labels[start : start + 5] = -1
    return labels


@pytest.fixture
def X(rng, y):
    """Make rows that are higher in the events, if not all of them."""
    return (rng.normal(size=360) + 2.5 * (y == -1)).reshape(-1, 1)


@pytest.fixture
def fits():
    Itself.fits.clear()
    return Itself.fits


def f1_at(X, y, offset):
    return f1_score(y == -1, -X[:, 0] < offset)


def test_one_fit_per_fold_and_one_on_all(X, y, fits):
    detector = TunedThresholdDetectorCV(Itself(), cv=3, train="all", thresholds=5).fit(
        X, y
    )
    assert len(fits) == 4
    assert fits[-1][0] == 360
    np.testing.assert_array_equal(fits[-1][1], y)
    np.testing.assert_array_equal(detector.score_samples(X), -X[:, 0])


@pytest.mark.parametrize("thresholds", [100, 10_000])
def test_no_other_threshold_is_better_on_the_held_out_rows(X, y, thresholds):
    """The detector scores alike in all folds, so the mean can be had by hand."""
    cv = list(KFold(3).split(X))
    detector = TunedThresholdDetectorCV(Itself(), cv=cv, thresholds=thresholds)
    detector.fit(X, y)

    def by_hand(offset):
        return np.mean([f1_at(X[test], y[test], offset) for _, test in cv])

    assert detector.best_score_ == pytest.approx(by_hand(detector.offset_), rel=1e-12)
    best = max(by_hand(offset) for offset in np.sort(-X[:, 0])[10:60] + 1e-9)
    if thresholds > 360:
        assert detector.best_score_ == pytest.approx(best, rel=1e-12)
    assert best - 0.03 < detector.best_score_ <= best + 1e-12
    assert detector.best_score_ > by_hand(np.percentile(-X[:, 0], 20)) + 0.1


def test_decisions_are_relative_to_the_best_threshold(X, y):
    detector = TunedThresholdDetectorCV(Itself(), thresholds=20).fit(X, y)
    assert detector.offset_ == detector.best_threshold_
    decision = detector.decision_function(X)
    np.testing.assert_array_equal(decision, -X[:, 0] - detector.offset_)
    np.testing.assert_array_equal(detector.predict(X), np.where(decision < 0, -1, 1))
    assert not hasattr(detector, "cv_results_")


def test_labels_of_either_convention_mean_the_same(X, y):
    offsets = [
        TunedThresholdDetectorCV(Itself(), thresholds=10).fit(X, labels).offset_
        for labels in (y, (y == -1).astype(int), y == -1, pd.Series(y), y.tolist())
    ]
    assert len(set(offsets)) == 1


def test_by_default_whole_events_are_held_out_and_normal_rows_trained_on(X, y, fits):
    TunedThresholdDetectorCV(Itself(), thresholds=5).fit(X, y)
    splits = list(AnomalySplit(5).split(X, y))
    assert [n_rows for n_rows, _ in fits] == [*(len(tr) for tr, _ in splits), 330]
    assert all((labels == 1).all() for _, labels in fits)


@pytest.mark.parametrize("n_events", [2, 4])
def test_there_are_no_more_folds_than_events(X, y, fits, n_events):
    rows = slice(0, EVENTS[n_events] - 20)
    TunedThresholdDetectorCV(Itself(), thresholds=5).fit(X[rows], y[rows])
    assert len(fits) == n_events + 1


def test_the_gap_around_a_test_part_is_the_reach_of_the_windows(X, y, fits):
    TunedThresholdDetectorCV(make_pipeline(flat(), Itself()), cv=3, thresholds=5).fit(
        X, y
    )
    splits = AnomalySplit(3, gap=W - 1).split(X, y)
    assert [n_rows for n_rows, _ in fits[:3]] == [len(train) for train, _ in splits]


def test_anomalies_are_left_out_of_the_training_parts_of_any_splitter(X, y, fits):
    cv = KFold(3)
    TunedThresholdDetectorCV(Itself(), cv=cv, thresholds=5).fit(X, y)
    expected = [np.sum(y[train] == 1) for train, _ in cv.split(X)]
    assert [n_rows for n_rows, _ in fits] == [*expected, 330]


def test_held_out_rows_see_full_windows():
    """Padding would be larger than any anomaly, at the start of each test part."""
    X, y = np.linspace(1, 2, 240).reshape(-1, 1), np.ones(240)
    X[20::80] = 9.0
    for start in (20, 100, 180):
        y[start : start + W] = -1
    pipe = make_pipeline(flat(padding=50.0), Largest())
    cv = [(np.arange(80), np.arange(80, 160)), (np.arange(80), np.arange(160, 240))]
    assert TunedThresholdDetectorCV(pipe, cv=cv).fit(X, y).best_score_ == 1.0
    at_the_start = [(np.arange(80, 240), np.arange(80))]
    spoilt = TunedThresholdDetectorCV(pipe, cv=at_the_start).fit(X, y)
    assert spoilt.best_score_ < 0.9


def test_it_takes_one_split_without_a_refit(X, y, fits):
    split = (np.arange(200), np.arange(200, 360))
    detector = TunedThresholdDetectorCV(Itself(), cv=[split], refit=False).fit(X, y)
    assert [n_rows for n_rows, _ in fits] == [np.sum(y[:200] == 1)]
    assert len(detector.estimator_.seen_) == np.sum(y[:200] == 1)


def test_a_fitted_detector_is_only_scored(X, y, fits):
    fitted = Itself().fit(X[:50])
    fits.clear()
    detector = TunedThresholdDetectorCV(
        fitted, cv="prefit", refit=False, thresholds=50
    ).fit(X, y)
    assert fits == []
    assert detector.estimator_ is fitted
    best = max(f1_at(X, y, offset) for offset in np.sort(-X[:, 0])[10:60] + 1e-9)
    assert best - 0.05 < detector.best_score_ <= best


def test_a_frozen_detector_is_not_fitted_by_the_folds(X, y, fits):
    frozen = FrozenEstimator(Itself().fit(X[:50]))
    fits.clear()
    detector = TunedThresholdDetectorCV(frozen, thresholds=20).fit(X, y)
    assert fits == []
    assert detector.best_score_ > 0.5


def test_the_results_are_kept_on_request(X, y):
    detector = TunedThresholdDetectorCV(
        Itself(), store_cv_results=True, thresholds=20
    ).fit(X, y)
    thresholds, scores = (detector.cv_results_[k] for k in ("thresholds", "scores"))
    assert thresholds.shape == scores.shape
    assert (np.diff(thresholds) > 0).all()
    assert detector.best_score_ == scores.max()
    assert detector.offset_ == thresholds[scores.argmax()]


def test_given_thresholds_are_the_only_ones(X, y):
    given = [-1.0, -2.0, -9.0]
    detector = TunedThresholdDetectorCV(
        Itself(), thresholds=given, store_cv_results=True
    ).fit(X, y)
    assert detector.cv_results_["thresholds"].tolist() == sorted(given)
    assert detector.offset_ in given


@pytest.mark.parametrize(
    ("scoring", "fewer"),
    [
        ("precision", True),
        ("recall", False),
        (make_anomaly_scorer(fbeta_score, beta=0.2), True),
        (make_anomaly_scorer(fbeta_score, beta=5), False),
        (lambda detector, X, y: -np.sum(detector.predict(X) == -1), True),
    ],
    ids=["precision", "recall", "F0.2", "F5", "function"],
)
@pytest.mark.filterwarnings("ignore:Precision is ill-defined")
def test_the_metric_decides(X, y, scoring, fewer):
    by_f1 = TunedThresholdDetectorCV(Itself(), thresholds=20).fit(X, y)
    other = TunedThresholdDetectorCV(Itself(), scoring=scoring, thresholds=20).fit(X, y)
    assert (other.offset_ < by_f1.offset_) == fewer
    assert other.offset_ != by_f1.offset_


def test_of_equally_good_thresholds_the_lowest_is_taken():
    X = np.repeat([0.0, 0.1, 5.0, 0.0, 0.1, 5.0], [20, 20, 3, 20, 20, 3])[:, np.newaxis]
    y = np.where(X[:, 0] > 4, -1, 1)
    detector = TunedThresholdDetectorCV(Itself(), thresholds=20).fit(X, y)
    assert detector.best_score_ == 1.0
    assert detector.offset_ == (-5.0 - 0.1) / 2


def test_the_number_of_jobs_changes_nothing(X, y):
    forest = IsolationForest(n_estimators=5, random_state=0)
    pipe = make_pipeline(flat(), forest)
    frame = pd.DataFrame(X, columns=["value"])
    alone = TunedThresholdDetectorCV(pipe, thresholds=10).fit(frame, y)
    with joblib.parallel_config("threading"):
        detector = TunedThresholdDetectorCV(pipe, thresholds=10, n_jobs=2).fit(frame, y)
    assert detector.offset_ == alone.offset_
    assert detector.best_score_ == alone.best_score_
    np.testing.assert_array_equal(detector.predict(frame), alone.predict(frame))


def refused(message, X, y, error=ValueError, **parameters):
    detector = TunedThresholdDetectorCV(Itself(), thresholds=20).set_params(
        **parameters
    )
    with pytest.raises(error, match=message):
        detector.fit(X, y)
    with pytest.raises(NotFittedError, match="This TunedThresholdDetectorCV instance"):
        detector.predict(X)


def test_labels_are_needed(X):
    refused(
        r"requires y to be passed, but the target y is None\. Pass labels to fit .* "
        "or use ThresholdedDetector, which needs none",
        X,
        None,
    )


def test_labels_of_no_convention_are_refused(X, y):
    refused(r"y holds the labels \[1, 7\]", X, np.where(y == 1, 1, 7))
    refused("y has shape", X, y[:, np.newaxis])
    refused("inconsistent numbers of samples", X, y[:-1])


def test_labels_of_one_kind_are_refused(X, y):
    refused("All labels in y are 1", X, np.ones(360))
    refused("All labels in y are -1", X, -np.ones(360))


def test_one_event_cannot_be_held_out_and_found(X, y):
    rows = slice(0, 60)
    refused(r"n_splits=2, but y holds only 1 event", X[rows], y[rows])
    refused(r"n_splits=9, but y holds only 6 event", X, y, cv=9)


def test_a_test_part_without_anomalies_is_refused(X, y):
    y[:120] = 1
    refused(
        r"The test part of split 0 of cv holds no anomaly among its 120 rows, .*"
        r"AnomalySplit, or its default splits, cv=None",
        X,
        y,
        cv=KFold(3),
    )
    split = (np.arange(100), np.flatnonzero(y == -1))
    refused("split 0 of cv holds only anomalies among its 20", X, y, cv=[split])


def test_a_split_without_training_rows_is_refused(X, y):
    split = (np.flatnonzero(y == -1), np.arange(360))
    refused(
        r'Split 0 of cv leaves no row to train on\. .* train="all"', X, y, cv=[split]
    )


def test_splits_may_be_masks(X, y):
    numbers = [(np.arange(200), np.arange(200, 360))]
    masks = [(np.arange(360) < 200, np.arange(360) >= 200)]
    offsets = [
        TunedThresholdDetectorCV(Itself(), cv=cv, thresholds=20).fit(X, y).offset_
        for cv in (numbers, masks)
    ]
    assert offsets[0] == offsets[1]


def test_a_generator_of_splits_can_be_used_once(X, y):
    splits = KFold(2).split(X)
    detector = TunedThresholdDetectorCV(Itself(), cv=splits, thresholds=5).fit(X, y)
    with pytest.raises(ValueError, match=r"cv gives no split\. A generator is empty"):
        detector.fit(X, y)


def test_the_refit_has_to_go_with_the_splits(X, y):
    refused(
        r'cv="prefit" takes the estimator as it is, .*refit=False', X, y, cv="prefit"
    )
    refused(r"refit=False keeps .* only split, but cv gives 5", X, y, refit=False)
    refused(r"but cv gives 2\.", X, y, refit=False, cv=TimeSeriesSplit(2))


def test_prefit_needs_a_fitted_estimator(X, y):
    detector = TunedThresholdDetectorCV(Itself(), cv="prefit", refit=False)
    with pytest.raises(NotFittedError, match="This Itself instance is not fitted yet"):
        detector.fit(X, y)


def test_scores_that_are_all_alike_are_refused(y):
    refused(
        r"gave all held-out rows the score -0, so there is no thr",
        np.zeros((360, 1)),
        y,
    )


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision"])
def test_a_metric_of_rankings_is_refused(X, y, scoring):
    refused(
        r"gave 0\.\d+ at all of \d+ thresholds: it looks at the ranking",
        X,
        y,
        scoring=scoring,
    )


def test_a_metric_without_value_is_refused(X, y):
    def undefined(detector, X, y):
        return np.nan

    refused("The scorer gave NaN at every threshold", X, y, scoring=undefined)


def test_a_threshold_where_a_metric_has_no_value_is_not_chosen(X, y):
    def defined_for_alarms(detector, X, y):
        n_alarms = np.sum(detector.predict(X) == -1)
        return -float(n_alarms) if n_alarms else np.nan

    detector = TunedThresholdDetectorCV(
        Itself(), scoring=defined_for_alarms, thresholds=20
    ).fit(X, y)
    assert -100 < detector.best_score_ < 0


def test_an_unknown_metric_is_refused(X, y):
    refused("metric='neg_loss' is no known name", X, y, scoring="neg_loss")


def test_what_has_no_scores_is_refused(X, y):
    refused(
        "LocalOutlierFactor has no score_samples, by which TunedThresholdDetectorCV",
        X,
        y,
        TypeError,
        estimator=LocalOutlierFactor(),
    )


def test_a_failed_fit_leaves_it_as_it_was(X, y):
    detector = TunedThresholdDetectorCV(Itself(), thresholds=20).fit(X, y)
    before = vars(detector).copy()
    with pytest.raises(ValueError, match="only 6 event"):
        detector.set_params(cv=9).fit(X, y)
    assert {**vars(detector), "cv": None} == before


def test_it_needs_no_metadata_to_be_routed(X, y):
    detector = TunedThresholdDetectorCV(Itself(), thresholds=5)
    plain = clone(detector).fit(X, y)
    with config_context(enable_metadata_routing=True):
        assert detector.fit(X, y).offset_ == plain.offset_


def test_labels_reach_the_fit_of_fit_predict(X, y):
    detector = TunedThresholdDetectorCV(Itself(), thresholds=5)
    labels = detector.fit_predict(X, y)
    np.testing.assert_array_equal(labels, clone(detector).fit(X, y).predict(X))


def test_what_is_prefit_is_not_fitted_again_whatever_X_is(y):
    bags = {"a": [1.0, 2.0, 3.0]}
    prefit = OfBags().fit(bags)
    detector = TunedThresholdDetectorCV(prefit, cv="prefit", refit=False)
    with pytest.raises(TypeError, match="X is of type dict, from which no rows can be"):
        detector.fit(bags, [1, -1, 1])
    assert prefit.n_fits_ == 1


class OfBags(OutlierMixin, BaseEstimator):
    """A detector of what has no rows to be taken; it counts its fits."""

    def fit(self, X, y=None):
        self.n_fits_ = getattr(self, "n_fits_", 0) + 1
        return self

    def score_samples(self, X):
        return np.zeros(len(X["a"]))


def test_groups_reach_the_splits_without_and_with_routing(X, y):
    groups = np.repeat([0, 1, 2], 120)
    detector = TunedThresholdDetectorCV(Itself(), cv=GroupKFold(3), thresholds=5)
    plain = clone(detector).fit(X, y, groups=groups)
    listed = clone(detector).set_params(cv=list(GroupKFold(3).split(X, y, groups)))
    assert plain.best_score_ == listed.fit(X, y).best_score_
    with config_context(enable_metadata_routing=True):
        assert detector.fit(X, y, groups=groups).best_score_ == plain.best_score_


class Weighed(Itself):
    def fit(self, X, y=None, sample_weight=None):
        self.weights_ = np.array(sample_weight)
        assert len(X) == len(self.weights_)
        return self


def test_metadata_is_routed_to_fits_and_scorer_each_cut_to_its_rows(X, y):
    lengths = []

    def metric(truth, alarms, sample_weight):
        lengths.append((len(truth), len(sample_weight)))
        return f1_score(truth, alarms, sample_weight=sample_weight)

    scorer = make_anomaly_scorer(metric, response_method="predict")
    with config_context(enable_metadata_routing=True):
        detector = TunedThresholdDetectorCV(
            Weighed().set_fit_request(sample_weight=True),
            scoring=scorer.set_score_request(sample_weight=True),
            cv=KFold(3),
            train="all",
            thresholds=5,
        ).fit(X, y, sample_weight=np.arange(360.0))
    np.testing.assert_array_equal(detector.estimator_.weights_, np.arange(360.0))
    assert set(lengths) == {(120, 120)}


def test_metadata_without_routing_is_refused(X, y):
    detector = TunedThresholdDetectorCV(Itself(), thresholds=5)
    with pytest.raises(ValueError, match="if enable_metadata_routing=True.*sample_w"):
        detector.fit(X, y, sample_weight=np.ones(360))


def test_it_is_a_detector_like_the_others(X, y):
    forest = IsolationForest(n_estimators=5, random_state=0)
    detector = TunedThresholdDetectorCV(make_pipeline(flat(), forest), thresholds=10)
    assert is_outlier_detector(detector)
    assert get_tags(detector).target_tags.required
    assert row_context(detector) == (W - 1, 0)
    frame = pd.DataFrame(X, columns=["value"])
    assert row_context(clone(detector).fit(frame, y)) == (W - 1, 0)
    search = GridSearchCV(
        detector,
        {"train": ["normal", "all"]},
        scoring=make_anomaly_scorer("f1"),
        cv=AnomalySplit(2, train="all"),
        error_score="raise",
    ).fit(frame, y)
    assert search.best_score_ > 0.3
    assert search.best_estimator_.feature_names_in_.tolist() == ["value"]


def test_candidates_stand_between_all_scores_and_below(rng):
    scores = np.repeat([3.0, 1.0, 2.0], 5)
    assert candidates(scores, 100).tolist() == [1.0, 1.5, 2.5]
    many = rng.normal(size=5000)
    few = candidates(many, 50)
    n_below = np.array([np.sum(many < offset) for offset in few])
    assert len(few) <= 51
    assert n_below[:6].tolist() == [0, 1, 2, 3, 4, 5]
    assert n_below[-1] == 4999
    assert (np.diff(n_below) / n_below[1:]).max() <= 1


def test_large_scores_do_not_overflow_between_them():
    assert candidates(np.array([-1.5e308, -1.7e308]), 10).tolist() == [
        -1.7e308,
        -1.6e308,
    ]


def test_a_scorer_of_scikit_learn_reads_the_stand_in_like_a_detector():
    scores, y = np.array([-3.0, -1.0, -2.0]), np.array([-1, 1, 1])
    at = AtThreshold(scores, -1.5)
    X = np.zeros((3, 1))
    assert at.predict(X).tolist() == [-1, 1, -1]
    assert make_scorer(f1_score, pos_label=-1)(at, X, y) == pytest.approx(2 / 3)
    assert make_anomaly_scorer("roc_auc")(at, X, y) == 1.0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scoring": "best"}, r"scoring='best' is refused: .* no known name"),
        (
            {"thresholds": []},
            r"thresholds=\[\] must be how many to try",
        ),
        ({"thresholds": [np.nan]}, r"thresholds=\[nan\] must be how many"),
        ({"thresholds": ["low"]}, r"thresholds=\['low'\] must be how many"),
        ({"cv": np.arange(3)}, "cv gives .*0.*, which is no pair"),
        ({"cv": [np.arange(3)]}, "no pair .* Pass a splitter, a number of splits"),
        ({"cv": [(1, 2, 3)]}, r"cv gives \(1, 2, 3\), which is no pair"),
    ],
)
def test_a_parameter_that_says_nothing_is_named_before_any_training(
    X, y, parameters, message
):
    detector = TunedThresholdDetectorCV(Itself(), **parameters)
    Itself.fits.clear()
    with pytest.raises(ValueError, match=message):
        detector.fit(X, y)
    assert Itself.fits == []


class SeenRows(PCADetector):
    """Keeps the windows that it was trained on."""

    def fit(self, X, y=None):
        self.seen_ = np.asarray(X)
        return super().fit(X, y)


def counted(n_rows=200):
    """Return rows that count, and labels of two events."""
    y = np.ones(n_rows)
    y[50:60] = y[150:160] = -1
    X = np.arange(float(n_rows)).reshape(-1, 1)
    X[y == -1] += 1000
    return X, y


@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_no_window_crosses_rows_that_training_leaves_out_of_an_array(form):
    X, y = counted()
    pipe = make_pipeline(SlidingWindow(4), SeenRows(1))
    detector = TunedThresholdDetectorCV(pipe, cv=2).fit(form(X), y)
    steps = np.diff(detector.estimator_[-1].seen_[:, :, 0], axis=1)
    assert set(steps.ravel().tolist()) == {0.0, 1.0}
    assert detector.score_samples(form(X)).shape == (200,)


def test_a_scaler_that_drops_the_numbers_of_rows_is_named():
    X, y = counted()
    pipe = make_pipeline(StandardScaler(), SlidingWindow(4), PCADetector(1))
    with pytest.warns(UserWarning, match="'standardscaler' .* returns arrays"):
        TunedThresholdDetectorCV(pipe, cv=2).fit(X, y)
    pipe[0].set_output(transform="pandas")
    TunedThresholdDetectorCV(pipe, cv=2).fit(X, y)


def test_groups_that_windows_do_not_see_are_told_of():
    X, y = counted()
    groups, pipe = np.repeat([0, 1], 100), make_pipeline(SlidingWindow(4), SeenRows(1))
    detector = TunedThresholdDetectorCV(pipe, cv=2)
    with pytest.warns(UserWarning, match="groups name 2 series, which the splits know"):
        detector.fit(X, y, groups=groups)
    index = pd.MultiIndex.from_arrays([groups, np.tile(np.arange(100), 2)])
    detector.fit(pd.DataFrame(X, index=index), y, groups=groups)
    rows_alone = TunedThresholdDetectorCV(IsolationForest(n_estimators=5), cv=2)
    rows_alone.fit(X, y, groups=groups)
