"""From the scores of windows to the scores of rows."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin, clone, is_outlier_detector
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from skad import PCADetector, make_detector, row_context
from skad._estimators.thresholding import threshold
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import EnsembleDetector, ReverseWindowing
from skad.preprocessing import GaussianNoise, SlidingWindow

MINUTES = pd.date_range("2024-01-01", periods=300, freq="min")
W = 6


class Itself(OutlierMixin, BaseEstimator):
    """A detector whose scores are the newest value of the window."""

    def fit(self, X, y=None):
        self.y_ = y
        self.n_rows_ = len(X)
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, -1]


class MeanMagnitude(Itself):
    """A detector whose scores are minus the mean magnitude in the window."""

    def score_samples(self, X):
        return -np.abs(X).mean(axis=1)


def flat(window_size=W, **parameters):
    return SlidingWindow(window_size, flatten=True, **parameters)


def forest_pipe(window_size=W, *steps):
    forest = IsolationForest(n_estimators=10, random_state=0)
    return make_pipeline(*steps, flat(window_size), forest)


def itself_pipe(window_size=W):
    return make_pipeline(flat(window_size), Itself())


def spread_by_loop(scores, window_size, causal=False):
    """Average, for each row of one series, the windows that cover it; slow."""
    n = len(scores)
    spread = []
    for row in range(n):
        last = row if causal else min(n - 1, row + window_size - 1)
        first = max(0, row - window_size + 1) if causal else row
        spread.append(np.mean(scores[first : last + 1]))
    return np.array(spread)


@pytest.fixture
def X(rng):
    return rng.normal(size=(300, 2))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("window_size", [1, 2, 6, 50, 400])
def test_a_row_scores_the_mean_of_the_windows_that_cover_it(X, window_size, causal):
    detector = ReverseWindowing(
        itself_pipe(), window_size=window_size, causal=causal
    ).fit(X)
    scores = detector.score_samples(X)
    assert scores.dtype == np.float64
    expected = spread_by_loop(X[:, -1], window_size, causal)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-14)


def test_it_looks_window_size_minus_one_rows_ahead(X):
    detector = ReverseWindowing(itself_pipe()).fit(X)
    before = detector.score_samples(X)
    changed = X.copy()
    changed[100] += 1.0
    differ = np.flatnonzero(detector.score_samples(changed) != before)
    assert differ.tolist() == list(range(100 - W + 1, 101))


def test_the_last_rows_average_the_windows_that_exist_so_far(X):
    detector = ReverseWindowing(itself_pipe()).fit(X)
    scores = detector.score_samples(X)
    assert scores[-1] == X[-1, -1]
    np.testing.assert_allclose(scores[-2], X[-2:, -1].mean(), rtol=1e-14)


def test_causal_scores_never_look_ahead(X):
    detector = ReverseWindowing(forest_pipe(), causal=True).fit(X)
    before = detector.score_samples(X)
    for row in (0, 3, 150, 298):
        changed = X.copy()
        changed[row + 1 :] += 100.0
        after = detector.score_samples(changed)
        np.testing.assert_array_equal(after[: row + 1], before[: row + 1])
        assert after[row + 1] != before[row + 1]


@pytest.mark.parametrize("causal", [False, True])
def test_slices_have_the_very_bits_of_the_whole_away_from_the_edges(X, causal):
    detector = ReverseWindowing(forest_pipe(), causal=causal).fit(X)
    whole = detector.score_samples(X)
    part = detector.score_samples(X[37:211])
    inside = slice(2 * W, -W)
    np.testing.assert_array_equal(part[inside], whole[37:211][inside])


SEGMENTED = {
    "names": (pd.MultiIndex.from_product([["b", "a"], range(150)]), [150, 150]),
    "names and times": (
        pd.MultiIndex.from_product([["b", "a", "c"], MINUTES[:100]]),
        [100, 100, 100],
    ),
    "gaps in time": (
        pd.date_range("2024-01-01", periods=320, freq="min").delete(range(80, 100)),
        [80, 220],
    ),
    "restarts": (pd.Index([*range(200), *range(100)]), [200, 100]),
}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("index", "lengths"), list(SEGMENTED.values()), ids=SEGMENTED)
def test_no_score_is_carried_from_one_segment_into_another(X, index, lengths, causal):
    frame = pd.DataFrame(X, index, columns=["a", "b"])
    detector = ReverseWindowing(forest_pipe(), causal=causal).fit(frame)
    inner = detector.estimator_.score_samples(frame)
    parts = np.split(inner, np.cumsum(lengths)[:-1])
    expected = np.concatenate([spread_by_loop(part, W, causal) for part in parts])
    scores = detector.score_samples(frame)
    np.testing.assert_allclose(scores, expected, rtol=1e-13)
    starts = np.cumsum([0, *lengths])
    frames = [frame.iloc[i:j] for i, j in zip(starts[:-1], starts[1:], strict=True)]
    alone = np.concatenate([detector.score_samples(part) for part in frames])
    np.testing.assert_array_equal(scores, alone)


def test_gaps_are_those_of_the_window_inside(X):
    frame = pd.DataFrame(X[:290], MINUTES.delete(range(100, 110)))
    cut = ReverseWindowing(itself_pipe()).fit(frame)
    whole = ReverseWindowing(make_pipeline(flat(max_gap=np.inf), Itself())).fit(frame)
    values = frame.to_numpy()[:, -1]
    np.testing.assert_allclose(
        whole.score_samples(frame), spread_by_loop(values, W), atol=1e-14
    )
    assert cut.score_samples(frame)[99] == values[99]


def test_the_rule_for_gaps_is_that_of_fit(X):
    detector = ReverseWindowing(itself_pipe()).fit(pd.DataFrame(X, MINUTES))
    sparse = pd.DataFrame(X[::10], MINUTES[::10])
    with pytest.warns(UserWarning, match="The rows of X are 0:10:00 apart"):
        scores = detector.score_samples(sparse)
    np.testing.assert_array_equal(scores, X[::10, -1])
    with pytest.raises(ValueError, match="index of X holds row numbers, but at fit it"):
        detector.score_samples(sparse.set_axis(list(range(30))))


def test_without_windows_inside_the_index_is_read_all_the_same(X):
    index = pd.MultiIndex.from_product([["a", "b"], range(150)])
    detector = ReverseWindowing(Itself(), window_size=4).fit(pd.DataFrame(X, index))
    scores = detector.score_samples(pd.DataFrame(X, index))
    assert scores[149] == X[149, -1]


def searched(**parameters):
    grid = {"slidingwindow__window_size": [4]}
    scoring = make_anomaly_scorer("roc_auc")
    return GridSearchCV(forest_pipe(9), grid, scoring=scoring, cv=2, **parameters)


@pytest.mark.parametrize(
    ("estimator", "window_size"),
    [
        (forest_pipe(9), 9),
        (make_pipeline(StandardScaler(), make_pipeline(flat(9), Itself())), 9),
        (make_pipeline(make_pipeline(StandardScaler(), flat(9)), Itself()), 9),
        (
            make_pipeline(
                FeatureUnion([("short", flat(2)), ("long", flat(9))]), Itself()
            ),
            9,
        ),
        (FrozenEstimator(forest_pipe(9).fit(np.zeros((30, 2)))), 9),
        (searched(), 4),
    ],
    ids=[
        "pipeline",
        "nested at the end",
        "nested at the start",
        "union",
        "frozen",
        "search",
    ],
)
def test_the_number_of_windows_is_found_inside(X, estimator, window_size):
    y = np.where(np.arange(300) % 30 == 0, -1, 1)
    detector = ReverseWindowing(estimator).fit(X, y)
    assert detector.window_size_ == window_size
    expected = spread_by_loop(detector.estimator_.score_samples(X), window_size)
    np.testing.assert_allclose(detector.score_samples(X), expected, rtol=1e-13)


def test_a_given_number_of_windows_wins(X):
    detector = ReverseWindowing(forest_pipe(9), window_size=3).fit(X)
    assert detector.window_size_ == 3


@pytest.mark.parametrize(
    "estimator", [Itself(), make_pipeline(StandardScaler(), Itself()), itself_pipe(1)]
)
def test_no_window_inside_is_refused(X, estimator):
    message = (
        r'window_size="auto" found no windows inside \w+\. Wrap the Pipeline that '
        "holds SlidingWindow, or set window_size"
    )
    with pytest.raises(ValueError, match=message):
        ReverseWindowing(estimator).fit(X)


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (make_pipeline(flat(), StandardScaler()), "StandardScaler"),
        (StandardScaler(), "StandardScaler"),
        (LocalOutlierFactor(), "LocalOutlierFactor"),
    ],
)
def test_what_has_no_scores_is_refused(X, estimator, name):
    message = (
        f"{name} has no score_samples, by which ReverseWindowing "
        "knows a detector. Use a detector that has it "
    )
    with pytest.raises(TypeError, match=message):
        ReverseWindowing(estimator, window_size=2).fit(X)


def test_the_advice_for_the_local_outlier_factor_works(X):
    novelty = make_pipeline(flat(), LocalOutlierFactor(novelty=True))
    assert ReverseWindowing(novelty).fit(X).score_samples(X).shape == (300,)


def test_a_failed_fit_leaves_it_as_it_was(X):
    detector = ReverseWindowing(forest_pipe())
    with pytest.raises(ValueError, match="found no windows inside"):
        detector.set_params(estimator=Itself()).fit(X)
    with pytest.raises(NotFittedError, match="This ReverseWindowing instance is not"):
        detector.score_samples(X)
    detector.set_params(estimator=forest_pipe()).fit(X)
    before = detector.score_samples(X)
    with pytest.raises(ValueError, match="found no windows inside"):
        detector.set_params(estimator=Itself()).fit(X)
    np.testing.assert_array_equal(detector.score_samples(X), before)


@pytest.mark.parametrize("contamination", [0.01, 0.05, 0.1, 0.5])
def test_its_own_share_is_exact_on_the_rows_of_fit(X, contamination):
    detector = ReverseWindowing(forest_pipe(), contamination=contamination).fit(X)
    assert np.sum(detector.predict(X) == -1) == round(300 * contamination)
    assert np.sum(detector.fit_predict(X) == -1) == round(300 * contamination)


@pytest.mark.parametrize("n_copies", [0, 3])
def test_its_share_is_that_of_the_clean_rows_with_noise_inside(X, n_copies):
    noise = GaussianNoise(scale=3.0, n_copies=n_copies, random_state=0)
    pipe = forest_pipe(W, noise).set_params(isolationforest__contamination=0.05)
    detector = ReverseWindowing(pipe, contamination=0.05).fit(X)
    assert np.sum(detector.predict(X) == -1) == 15
    # The inner threshold counted noisy rows, and clean ones are seldom below it.
    assert np.sum(detector.estimator_.predict(X) == -1) < 15


def test_the_inner_threshold_is_not_used(X):
    few, many = (
        ReverseWindowing(forest_pipe().set_params(isolationforest__contamination=c))
        for c in (0.01, 0.4)
    )
    np.testing.assert_array_equal(few.fit_predict(X), many.fit_predict(X))


def test_a_larger_share_never_takes_an_alarm_back(X):
    shares = (0.01, 0.05, 0.1, 0.3, 0.5)
    alarms = [
        ReverseWindowing(forest_pipe(), contamination=share).fit_predict(X) == -1
        for share in shares
    ]
    for fewer, more in zip(alarms[:-1], alarms[1:], strict=True):
        assert (more | ~fewer).all()
        assert more.sum() > fewer.sum()


def test_auto_goes_by_the_spread_scores(X):
    detector = ReverseWindowing(forest_pipe()).fit(X)
    scores = detector.score_samples(X)
    assert detector.offset_ == threshold(scores, "auto")
    decision = detector.decision_function(X)
    np.testing.assert_array_equal(decision, scores - detector.offset_)
    np.testing.assert_array_equal(detector.predict(X), np.where(decision < 0, -1, 1))


def test_a_run_of_odd_rows_is_odd_where_it_stands_and_not_half_a_window_later():
    X = np.zeros((300, 1))
    run = np.arange(150, 170)
    X[run] = 1.0
    detector = ReverseWindowing(make_pipeline(flat(9), MeanMagnitude())).fit(X)
    inner = np.average(np.arange(300), weights=-detector.estimator_.score_samples(X))
    spread = np.average(np.arange(300), weights=-detector.score_samples(X))
    assert inner == pytest.approx(run.mean() + 4)
    assert spread == pytest.approx(run.mean())


def test_the_estimator_given_is_not_fitted(X):
    pipe = itself_pipe()
    detector = ReverseWindowing(pipe).fit(X)
    assert detector.estimator is pipe
    assert detector.estimator_ is not pipe
    assert not hasattr(pipe[-1], "n_rows_")
    assert detector.estimator_[-1].n_rows_ == 300


def test_labels_are_passed_on(X):
    y = np.ones(300, dtype=int)
    detector = ReverseWindowing(itself_pipe())
    assert detector.fit(X, y).estimator_[-1].y_ is y
    assert detector.fit(X).estimator_[-1].y_ is None


def test_it_knows_the_columns_that_its_estimator_knows(X):
    frame = pd.DataFrame(X, columns=["load", "heat"])
    detector = ReverseWindowing(forest_pipe()).fit(frame)
    assert detector.n_features_in_ == 2
    assert detector.feature_names_in_.tolist() == ["load", "heat"]
    assert not hasattr(
        ReverseWindowing(Itself(), window_size=2).fit(X), "n_features_in_"
    )


def test_it_is_an_outlier_detector():
    assert is_outlier_detector(ReverseWindowing(forest_pipe()))
    assert is_outlier_detector(FrozenEstimator(ReverseWindowing(forest_pipe())))


def test_it_clones_and_pickles(X):
    frame = pd.DataFrame(X, MINUTES)
    detector = ReverseWindowing(forest_pipe(), causal=True, contamination=0.1)
    scores = detector.fit(frame).score_samples(frame)
    again = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(again.score_samples(frame), scores)
    copy = clone(detector)
    assert not hasattr(copy, "estimator_")
    np.testing.assert_array_equal(copy.fit(frame).score_samples(frame), scores)


def test_searches_reach_through_it(rng):
    X = rng.normal(size=(240, 1))
    y = np.ones(240, dtype=int)
    for start in (40, 120, 200):
        X[start : start + 6] += 20.0
        y[start : start + 6] = -1
    grid = {
        "contamination": [0.001, 0.07, 0.4],
        "estimator__slidingwindow__window_size": [1, 4],
    }
    search = GridSearchCV(
        ReverseWindowing(make_pipeline(flat(), MeanMagnitude()), window_size=1),
        grid,
        scoring=make_anomaly_scorer("f1"),
        cv=3,
    ).fit(X, y)
    assert search.best_score_ > 0.9
    assert search.best_params_["contamination"] == 0.07
    assert search.best_params_["estimator__slidingwindow__window_size"] == 1
    assert len(set(search.cv_results_["mean_test_score"])) == 6


def test_it_stands_at_the_end_of_a_pipeline_too(X):
    alone = ReverseWindowing(forest_pipe(W, StandardScaler())).fit(X)
    behind = make_pipeline(StandardScaler(), ReverseWindowing(forest_pipe())).fit(X)
    np.testing.assert_array_equal(behind.score_samples(X), alone.score_samples(X))


def test_it_is_cross_validated_as_any_detector(X):
    y = np.where(np.arange(300) % 30 == 0, -1, 1)
    scoring = make_anomaly_scorer("roc_auc")
    assert cross_val_score(
        ReverseWindowing(make_pipeline(flat(), OneClassSVM())), X, y, scoring=scoring
    ).shape == (5,)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"window_size": 0}, r"'window_size' parameter .* in the range \[1, inf\)"),
        ({"window_size": "all"}, "'window_size' parameter .* among {'auto'}"),
        ({"reduce": "min"}, "'reduce' parameter .* must be a str among {.*'centre'"),
        ({"smoothing": 0}, r"'smoothing' parameter .* in the range \[1, inf\)"),
        ({"causal": "no"}, "'causal' parameter .* must be an instance of 'bool'"),
        ({"contamination": 0}, r"'contamination' parameter .* in the range \(0.0, 0.5"),
        ({"contamination": 0.6}, r"'contamination' parameter .* Got 0.6 instead"),
        ({"estimator": 3}, "'estimator' parameter .* must be an object implementing"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(X, parameters, message):
    detector = ReverseWindowing(forest_pipe()).set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        detector.fit(X)


def test_a_change_of_causal_waits_for_the_next_fit(rng):
    X = rng.normal(size=(60, 1))
    forest = IsolationForest(n_estimators=5, random_state=0)
    detector = ReverseWindowing(forest, window_size=4).fit(X)
    scores = detector.score_samples(X)
    detector.set_params(causal=True)
    assert np.array_equal(detector.score_samples(X), scores)
    assert row_context(detector) == (0, 3)
    assert not np.array_equal(detector.fit(X).score_samples(X), scores)
    assert row_context(detector) == (3, 0)


@pytest.mark.parametrize(
    "inside",
    [
        make_detector(PCADetector(2), window_size=8),
        EnsembleDetector([("one", make_detector(PCADetector(2), window_size=8))]),
    ],
    ids=["chain", "ensemble"],
)
def test_auto_is_refused_around_scores_of_rows(inside, rng):
    message = r'window_size="auto" found no windows of its own: .* windows of \d+ rows'
    with pytest.raises(ValueError, match=message):
        ReverseWindowing(inside).fit(rng.normal(size=(200, 1)))


def test_auto_reads_the_windows_of_members_that_score_windows(rng):
    pipe = make_pipeline(SlidingWindow(8), PCADetector(2))
    ensemble = EnsembleDetector([("one", pipe), ("two", clone(pipe))])
    detector = ReverseWindowing(ensemble).fit(rng.normal(size=(200, 1)))
    assert detector.window_size_ == 8


@pytest.mark.parametrize(("smoothing", "n_rows"), [("window", 6), ("half", 3)])
def test_smoothing_goes_by_the_shortest_window_inside(rng, smoothing, n_rows):
    X = rng.normal(size=(60, 1))
    forest = IsolationForest(n_estimators=2, random_state=0)
    members = [
        (str(size), make_pipeline(SlidingWindow(size, flatten=True), forest))
        for size in (9, 6)
    ]
    by_name = ReverseWindowing(
        EnsembleDetector(members), window_size=1, smoothing=smoothing
    )
    by_number = clone(by_name).set_params(smoothing=n_rows)
    assert row_context(by_name) == row_context(by_number)
    assert by_name.fit(X).smoothing_ == n_rows
    assert np.array_equal(by_name.score_samples(X), by_number.fit(X).score_samples(X))


def test_without_windows_inside_smoothing_goes_by_the_windows_that_cover_a_row(rng):
    forest = IsolationForest(n_estimators=2, random_state=0)
    detector = ReverseWindowing(forest, window_size=5, smoothing="half")
    assert row_context(detector) == (1, 4)
    assert detector.fit(rng.normal(size=(40, 2))).smoothing_ == 2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_auto_leaves_the_spread_scores_of_a_forest_alone(seed):
    rng = np.random.default_rng(seed)
    X = np.sin(np.arange(2400) / 5)[:, np.newaxis] + rng.normal(
        scale=0.3, size=(2400, 10)
    )
    forest = IsolationForest(n_estimators=5, random_state=0)
    pipe = make_pipeline(SlidingWindow(16, flatten=True), forest)
    fitted = ReverseWindowing(pipe).fit(X[:1200])
    assert (fitted.predict(X[1200:]) == -1).mean() <= 0.02
