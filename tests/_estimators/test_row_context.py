"""How many rows back and ahead an estimator looks."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    IsolationForest,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skad import row_context
from skad._estimators.row_context import find_parameter, inner_estimators
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow


def flat(window_size, **parameters):
    return SlidingWindow(window_size, flatten=True, **parameters)


def forest():
    return IsolationForest(n_estimators=10, random_state=0)


def pipe(window_size=5):
    return make_pipeline(StandardScaler(), flat(window_size), forest())


def twice(inner, outer):
    inside = ReverseWindowing(summed(flat(4)), **inner)
    return ReverseWindowing(inside, window_size=4, **outer)


class Smoother(TransformerMixin, BaseEstimator):
    """A step of a user's own, which looks two rows back and one ahead."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X

    def __skad_row_context__(self):
        return 2, 1


class Mean(BaseEstimator):
    """An ensemble such as a user may write: a list of estimators, and their copies."""

    def __init__(self, estimators):
        self.estimators = estimators


def searched(window_sizes):
    y = np.where(np.arange(90) % 10 == 0, -1, 1)
    X = np.random.default_rng(0).normal(size=(90, 1)) + 9 * (y == -1)[:, None]
    scoring = make_anomaly_scorer("roc_auc")
    grid = {"slidingwindow__window_size": window_sizes}
    return GridSearchCV(pipe(), grid, scoring=scoring, cv=3).fit(X, y)


def rows_that_matter(estimator, row=40, n_rows=80):
    """Find, by changing each row in turn, on which ones the score of a row depends."""
    X = np.random.default_rng(0).normal(size=(n_rows, 1))
    estimator.fit(X)
    score = estimator.score_samples(X)[row]
    changed = []
    for other in range(n_rows):
        perturbed = X.copy()
        perturbed[other] += 100.0
        if estimator.score_samples(perturbed)[row] != score:
            changed.append(other)
    return changed


class AbsoluteSum(BaseEstimator):
    """Scores by the plain sum, so that no neighbour can hide behind a tree."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def score_samples(self, X):
        return -np.abs(X).sum(axis=1)


def summed(*steps):
    return make_pipeline(*steps, AbsoluteSum())


@pytest.mark.parametrize(
    "estimator",
    [
        AbsoluteSum(),
        summed(flat(1)),
        summed(flat(6)),
        summed(flat(3), flat(4)),
        summed(FeatureUnion([("short", flat(2)), ("long", flat(7))])),
        summed(flat(3), FeatureUnion([("raw", "passthrough"), ("long", flat(4))])),
        make_pipeline(flat(3), summed(flat(4))),
        ReverseWindowing(summed(flat(6))),
        ReverseWindowing(summed(flat(6)), causal=True),
        ReverseWindowing(summed(flat(6)), window_size=3),
        ReverseWindowing(summed(flat(6)), window_size=9, causal=True),
        ReverseWindowing(summed(flat(6)), reduce="max"),
        ReverseWindowing(summed(flat(6)), smoothing=4),
        ReverseWindowing(summed(flat(6)), reduce="max", smoothing=5, causal=True),
        ReverseWindowing(summed(flat(6)), window_size=1, smoothing=3),
        ReverseWindowing(AbsoluteSum(), window_size=4),
        twice({}, {}),
        twice({"causal": True}, {}),
        twice({}, {"causal": True}),
        twice({"causal": True}, {"causal": True}),
    ],
    ids=lambda estimator: repr(estimator)[:60].replace("\n", ""),
)
def test_just_the_rows_counted_change_a_score(estimator):
    expected = row_context(estimator)
    changed = rows_that_matter(estimator, row=40)
    assert (40 - changed[0], changed[-1] - 40) == expected
    assert changed == list(range(changed[0], changed[-1] + 1))
    assert row_context(estimator) == expected  # the same, fitted


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (forest(), (0, 0)),
        (StandardScaler(), (0, 0)),
        (SlidingWindow(), (63, 0)),
        (pipe(5), (4, 0)),
        (make_pipeline("passthrough", flat(5), forest()), (4, 0)),
        (make_pipeline(Smoother(), pipe(5)), (6, 1)),
        (FeatureUnion([("a", flat(3)), ("b", "drop"), ("c", flat(9))]), (8, 0)),
        (FeatureUnion([("back", flat(9)), ("smooth", Smoother())]), (8, 1)),
        (
            ColumnTransformer(
                [("a", flat(3), [0]), ("b", "drop", [1]), ("c", "passthrough", [2])],
                remainder="passthrough",
            ),
            (2, 0),
        ),
        (GridSearchCV(pipe(5), {}), (4, 0)),
        (FrozenEstimator(pipe(5)), (4, 0)),
        (FrozenEstimator(GridSearchCV(pipe(5), {})), (4, 0)),
        (ReverseWindowing(GridSearchCV(pipe(5), {})), (4, 4)),
        (BaggingRegressor(make_pipeline(flat(5), LinearRegression())), (4, 0)),
        (CalibratedClassifierCV(make_pipeline(flat(5), SVC())), (4, 0)),
        (
            VotingRegressor(
                [
                    ("flat", LinearRegression()),
                    ("window", make_pipeline(flat(5), LinearRegression())),
                    ("none", "drop"),
                ]
            ),
            (4, 0),
        ),
        (Mean([pipe(3), ReverseWindowing(pipe(5))]), (4, 4)),
        (Mean((pipe(5), pipe(3))), (4, 0)),
    ],
    ids=lambda case: type(case).__name__,
)
def test_windows_are_read_through_what_stands_around_them(estimator, expected):
    assert row_context(estimator) == expected


def test_a_search_counts_the_window_that_it_found():
    search = searched([1, 7])
    best = search.best_params_["slidingwindow__window_size"]
    assert row_context(search) == (best - 1, 0)
    assert row_context(FrozenEstimator(search)) == (best - 1, 0)
    fixed = searched([7])
    assert row_context(fixed) == (6, 0)
    assert row_context(fixed.estimator) == (4, 0)


def test_an_ensemble_counts_its_fitted_parts():
    X, y = np.zeros((30, 1)), np.zeros(30)
    search = GridSearchCV(
        make_pipeline(flat(2), LinearRegression()),
        {"slidingwindow__window_size": [6]},
        cv=2,
    )
    voting = VotingRegressor([("search", search)])
    assert row_context(voting) == (1, 0)
    assert row_context(voting.fit(X, y)) == (5, 0)


def test_a_fitted_column_transformer_counts_its_remainder():
    columns = ColumnTransformer([("a", flat(3), [0])], remainder=flat(6))
    assert row_context(columns.fit(np.zeros((20, 2)))) == (5, 0)


def test_a_fitted_forest_or_boosting_looks_at_its_own_row():
    X = np.random.default_rng(0).normal(size=(30, 2))
    assert row_context(forest().fit(X)) == (0, 0)
    boosting = GradientBoostingRegressor(n_estimators=2).fit(X, X[:, 0])
    assert inner_estimators(boosting) == []
    assert row_context(boosting) == (0, 0)


def test_a_parameter_is_found_outermost_first():
    nested = make_pipeline(flat(5, max_gap=4), make_pipeline(flat(3, max_gap=9)))
    assert find_parameter(nested, "max_gap") == 4
    assert find_parameter(nested, "window_size") == 5
    assert find_parameter(ReverseWindowing(nested), "window_size") == "auto"


def test_a_parameter_that_is_none_is_not_looked_for_elsewhere():
    nested = make_pipeline(flat(5, max_gap=None), flat(3, max_gap=9))
    assert find_parameter(nested, "max_gap") is None


def test_a_parameter_that_nobody_has_is_none():
    assert find_parameter(pipe(), "no_such_parameter") is None
    assert find_parameter(pipe(), "deep") is None
