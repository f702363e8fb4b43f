"""Several detectors, heard as one."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin, clone, is_outlier_detector
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skad import ConvAutoencoder, row_context, score_samples_blockwise
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import EnsembleDetector, ReverseWindowing
from skad.preprocessing import SlidingWindow


class Column(OutlierMixin, BaseEstimator):
    """A detector whose error is one column, in a unit of its own."""

    def __init__(self, column=0, unit=1.0):
        self.column = column
        self.unit = unit

    def fit(self, X, y=None):
        self.y_ = y
        self.n_features_in_ = np.shape(X)[1]
        return self

    def score_samples(self, X):
        return -self.unit * np.asarray(X)[:, self.column]


def forest_pipe(window_size):
    forest = IsolationForest(n_estimators=5, random_state=0)
    return make_pipeline(SlidingWindow(window_size, flatten=True), forest)


def pair(**parameters):
    return EnsembleDetector([("a", Column(0)), ("b", Column(1))], **parameters)


def numbers_by_hand(train, rows):
    """How many spreads each error of the rows lies above the training median."""
    low, median, high = np.percentile(train, [25, 50, 75], axis=0)
    return (rows - median) / ((high - low) / 1.349)


@pytest.fixture
def X(rng):
    return rng.exponential(size=(300, 2))


@pytest.mark.parametrize(
    ("combine", "by_hand"),
    [
        ("mean", lambda z: z.mean(axis=1)),
        ("max", lambda z: z.max(axis=1)),
        ("mean_log", lambda z: (np.sign(z) * np.log(1 + np.abs(z))).mean(axis=1)),
    ],
)
def test_errors_are_counted_in_spreads_and_then_combined(X, combine, by_hand):
    detector = pair(combine=combine).fit(X[:200])
    z = numbers_by_hand(X[:200], X)
    scores = detector.score_samples(X)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, -by_hand(z), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("combine", ["mean_log", "mean", "max"])
def test_the_unit_of_a_member_does_not_matter(X, combine):
    equal = pair(combine=combine).fit(X)
    other = pair(combine=combine).set_params(b__unit=1e-9).fit(X)
    np.testing.assert_allclose(
        other.score_samples(X), equal.score_samples(X), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("combine", ["mean_log", "mean", "max"])
def test_a_larger_error_of_any_member_never_raises_the_score(X, combine):
    detector = pair(combine=combine).fit(X)
    errors = np.concatenate([[-1e9, -3.0], np.linspace(-1, 9, 200), [1e9]])
    rows = np.column_stack([errors, np.full_like(errors, 0.3)])
    steps = np.diff(detector.score_samples(rows))
    assert (steps < 0).all() if combine != "max" else (steps <= 0).all()


def test_a_member_that_is_far_out_does_not_silence_the_others(X):
    loud_or_both = np.array([[600.0, 0.7], [99.0, 99.0]])
    logarithm = pair().fit(X).score_samples(loud_or_both)
    plain = pair(combine="mean").fit(X).score_samples(loud_or_both)
    assert logarithm.argmin() == 1
    assert plain.argmin() == 0


def test_scores_do_not_depend_on_what_else_is_scored(X):
    detector = pair().fit(X[:200])
    whole = detector.score_samples(X)
    for rows in ([7], [3, 299], range(50, 120), range(299, -1, -1)):
        part = detector.score_samples(X[list(rows)])
        np.testing.assert_array_equal(part, whole[list(rows)])


@pytest.mark.parametrize("combine", ["mean_log", "mean", "max"])
@pytest.mark.parametrize(
    ("errors", "median", "spread"),
    [
        ([0.0] * 10, 0.0, 1.0),
        ([7.0] * 10, 7.0, 7.0),
        ([-7.0] * 10, -7.0, 7.0),
        ([1.0, 1.0, np.nextafter(1.0, 2)] * 4, 1.0, 1.0),
        ([2.0] * 19 + [12.0], 2.0, np.std([2.0] * 19 + [12.0])),
    ],
    ids=["zero", "constant", "negative", "rounding", "nearly all equal"],
)
def test_equal_training_errors_give_finite_scores(combine, errors, median, spread):
    X = np.column_stack([errors, np.arange(len(errors))])
    detector = pair(combine=combine).fit(X)
    assert detector.medians_[0] == median
    assert detector.spreads_[0] == spread
    rows = [[0.0, 0.0], [9e30, 0.0], [1e306, 0.0], [np.inf, 0.0]]
    scores = detector.score_samples(rows)
    assert np.isfinite(scores).all()
    assert (np.diff(scores) <= 0).all()
    assert scores[0] > scores[1]


def test_training_scores_without_a_scale_are_refused(X):
    X[5, 1] = np.inf
    message = "1 of the 300 training scores of 'b' are not finite, so .* drop it with "
    with pytest.raises(ValueError, match=message):
        pair().fit(X)
    assert pair().set_params(b="drop").fit(X).score_samples(X).shape == (300,)


def test_weights_say_what_a_member_counts(X):
    z = numbers_by_hand(X, X)
    weighted = pair(combine="mean", weights=[3, 1]).fit(X)
    np.testing.assert_allclose(
        weighted.score_samples(X), -z @ [0.75, 0.25], rtol=1e-12, atol=1e-14
    )
    alone = pair(combine="mean", weights=[0, 2.5]).fit(X)
    np.testing.assert_allclose(alone.score_samples(X), -z[:, 1], rtol=1e-12, atol=1e-14)
    dropped = pair(combine="mean", weights=[3, 1]).set_params(a="drop").fit(X)
    np.testing.assert_allclose(dropped.score_samples(X), -z[:, 1], atol=1e-13)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"weights": [1]}, r"weights=\[1\] must be one finite number .* 2 estimators"),
        ({"weights": [1, -1]}, r"weights=\[1, -1\] must be one finite number of at"),
        ({"weights": [1, np.inf]}, "must be one finite number of at least 0 for each"),
        ({"weights": [0, 0]}, r"weights=\[0, 0\] give nothing to the members that"),
        ({"weights": [0, 1], "b": "drop"}, "give nothing to the members .* not drop"),
        ({"weights": [1, 1], "combine": "max"}, 'combine="max" takes the one member'),
        ({"combine": "rank"}, "'combine' parameter .* must be a str among"),
        ({"a": "drop", "b": "drop"}, r"All members .* dropped: \['a', 'b'\]. Keep at"),
        ({"estimators": []}, r"estimators=\[\] must be a list of one or more \(name, "),
        ({"estimators": [Column()]}, "must be a list of one or more .name, estimator"),
        ({"estimators": Column()}, "'estimators' parameter .* must be an instance of"),
        (
            {"estimators": [("a", Column()), ("a", Column())]},
            r"Names provided are not unique: \['a', 'a'\]",
        ),
        (
            {"estimators": [("combine", Column())]},
            "names conflict with constructor arguments",
        ),
        ({"estimators": [("a__b", Column())]}, "names must not contain __: got"),
        ({"contamination": 0.7}, "'contamination' parameter .* Got 0.7 instead"),
    ],
)
def test_what_makes_no_ensemble_is_refused(X, parameters, message):
    with pytest.raises(ValueError, match=message):
        pair().set_params(**parameters).fit(X)


def test_a_member_without_scores_is_refused(X):
    ensemble = EnsembleDetector([("a", Column()), ("b", StandardScaler())])
    message = "StandardScaler has no score_samples, by which EnsembleDetector knows a"
    with pytest.raises(TypeError, match=message):
        ensemble.fit(X)


def test_members_are_reached_by_name(X):
    ensemble = pair(combine="max")
    assert ensemble.get_params()["b__column"] == 1
    assert "b__column" not in ensemble.get_params(deep=False)
    ensemble.set_params(b__column=0, a=Column(1)).fit(X)
    assert ensemble.named_estimators_.b is ensemble.estimators_[1]
    assert [part.column for part in ensemble.estimators_] == [1, 0]
    copy = clone(ensemble)
    assert copy.get_params()["b__column"] == 0
    assert not hasattr(copy, "estimators_")


def test_a_dropped_member_is_not_heard(X):
    ensemble = pair(combine="mean").set_params(a="drop").fit(X)
    assert len(ensemble.estimators_) == 1
    assert ensemble.named_estimators_.a == "drop"
    z = numbers_by_hand(X, X)
    np.testing.assert_allclose(ensemble.score_samples(X), -z[:, 1], atol=1e-13)


def test_what_is_given_is_not_fitted_and_labels_are_passed_on(X):
    ensemble = pair()
    y = np.ones(300)
    ensemble.fit(X, y)
    assert not hasattr(ensemble.estimators[0][1], "y_")
    assert ensemble.estimators_[1].y_ is y


def test_a_change_waits_for_the_next_fit(X):
    ensemble = pair().fit(X)
    scores = ensemble.score_samples(X)
    ensemble.set_params(combine="max", a="drop", b__unit=5.0)
    np.testing.assert_array_equal(ensemble.score_samples(X), scores)
    assert not np.array_equal(ensemble.fit(X).score_samples(X), scores)


def test_a_failed_fit_leaves_it_as_it_was(X):
    ensemble = pair()
    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        ensemble.set_params(b__column=7).fit(X)
    with pytest.raises(NotFittedError, match="This EnsembleDetector instance is not"):
        ensemble.score_samples(X)
    scores = ensemble.set_params(b__column=1).fit(X).score_samples(X)
    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        ensemble.set_params(b__column=7).fit(X)
    np.testing.assert_array_equal(ensemble.score_samples(X), scores)


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.5])
def test_its_own_share_is_exact_on_the_rows_of_fit(X, contamination):
    ensemble = pair(contamination=contamination)
    assert np.sum(ensemble.fit_predict(X) == -1) == round(300 * contamination)


def test_the_widest_member_says_how_far_it_looks(X):
    ensemble = EnsembleDetector(
        [
            ("row", Column()),
            ("spread", ReverseWindowing(forest_pipe(4))),
            ("long", forest_pipe(9)),
        ]
    )
    assert row_context(ensemble) == (8, 3)
    ensemble.fit(X)
    assert row_context(ensemble) == (8, 3)
    blocks = score_samples_blockwise(ensemble, X, block_size=50)
    np.testing.assert_array_equal(blocks, ensemble.score_samples(X))
    ensemble.set_params(long="drop").fit(X)
    assert row_context(ensemble) == (3, 3)


def test_segments_reach_every_member(X):
    index = pd.MultiIndex.from_product([["a", "b"], range(150)])
    frame = pd.DataFrame(X, index, columns=["load", "heat"])
    ensemble = EnsembleDetector(
        [("one", ReverseWindowing(forest_pipe(4))), ("two", forest_pipe(9))]
    ).fit(frame)
    assert ensemble.feature_names_in_.tolist() == ["load", "heat"]
    parts = [ensemble.score_samples(frame.loc[[name]]) for name in "ab"]
    np.testing.assert_array_equal(ensemble.score_samples(frame), np.concatenate(parts))


def test_networks_are_members_as_any_and_it_pickles(X):
    network = ConvAutoencoder((4, 2), max_epochs=1, random_state=0)
    ensemble = EnsembleDetector(
        [("net", make_pipeline(SlidingWindow(8), network)), ("forest", forest_pipe(4))]
    ).fit(X)
    scores = ensemble.score_samples(X)
    again = pickle.loads(pickle.dumps(ensemble))
    np.testing.assert_array_equal(again.score_samples(X), scores)
    np.testing.assert_array_equal(clone(ensemble).fit(X).score_samples(X), scores)


def test_it_is_an_outlier_detector_of_what_its_members_take():
    network = ConvAutoencoder((4, 2))
    assert is_outlier_detector(pair())
    assert get_tags(EnsembleDetector([("net", network)])).input_tags.three_d_array
    both = EnsembleDetector([("net", network), ("row", Column())])
    assert not get_tags(both).input_tags.three_d_array


def test_a_search_chooses_members_and_how_they_are_combined(rng):
    X = rng.exponential(size=(240, 2))
    y = np.ones(240, dtype=int)
    for start in (40, 120, 200):
        X[start : start + 6, 1] += 9.0
        y[start : start + 6] = -1
    grid = {"a": ["drop", Column(0)], "combine": ["mean", "max"], "b__unit": [1, 2]}
    scoring = make_anomaly_scorer("roc_auc")
    search = GridSearchCV(pair(), grid, scoring=scoring, cv=3).fit(X, y)
    assert search.best_params_["a"] == "drop"
    assert search.best_score_ == 1.0
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
