"""How the scores of the covering windows become one, and how rows are smoothed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skad import row_context, score_samples_blockwise
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow

BY_NUMPY = {"mean": np.mean, "median": np.median, "max": np.min}
WAYS = [
    ("mean", False),
    ("mean", True),
    ("median", False),
    ("median", True),
    ("max", False),
    ("max", True),
    ("centre", False),
]


class Itself(OutlierMixin, BaseEstimator):
    """A detector whose scores are the first column."""

    def fit(self, X, y=None):
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, 0]


def forest_pipe(window_size=6):
    forest = IsolationForest(n_estimators=5, random_state=0)
    return make_pipeline(SlidingWindow(window_size, flatten=True), forest)


def covered_by_loop(scores, window_size, reduce, causal):
    """Reduce the windows that cover each row of one series; slow."""
    n, reduced = len(scores), []
    for row in range(n):
        if causal:
            cover = scores[max(0, row - window_size + 1) : row + 1]
        else:
            cover = scores[row : row + window_size]
        if reduce == "centre":
            ends = [e for e in range(n) if e - window_size // 2 == row]
            if window_size % 2 == 0:  # one more row before than after
                ends = [e for e in range(n) if e - window_size // 2 + 1 == row]
            reduced.append(scores[ends[0]] if ends else scores[-1])
        else:
            reduced.append(BY_NUMPY[reduce](cover))
    return np.array(reduced)


def smoothed_by_loop(scores, smoothing, causal):
    """Average the rows around each row of one series; slow."""
    means = []
    for row in range(len(scores)):
        if causal:
            first, last = row - smoothing + 1, row
        else:
            first = row - smoothing // 2
            last = first + smoothing - 1
        means.append(np.mean(scores[max(0, first) : last + 1]))
    return np.array(means)


@pytest.mark.parametrize("smoothing", [1, 2, 5, 8, 90])
@pytest.mark.parametrize(("reduce", "causal"), WAYS)
@pytest.mark.parametrize("window_size", [1, 2, 7, 8, 90])
def test_each_row_is_what_a_slow_loop_makes_of_it(
    rng, window_size, reduce, causal, smoothing
):
    X = rng.normal(size=(60, 1))
    detector = ReverseWindowing(
        Itself(),
        window_size=window_size,
        reduce=reduce,
        smoothing=smoothing,
        causal=causal,
    ).fit(X)
    expected = covered_by_loop(X[:, 0], window_size, reduce, causal)
    expected = smoothed_by_loop(expected, smoothing, causal)
    scores = detector.score_samples(X)
    np.testing.assert_allclose(scores, expected, rtol=1e-12, atol=1e-14)


def test_the_maximum_is_that_of_the_error_and_so_the_lowest_score():
    X = np.array([[-1.0], [-9.0], [-2.0], [-3.0]])
    detector = ReverseWindowing(Itself(), window_size=2, reduce="max").fit(X)
    assert detector.score_samples(X).tolist() == [-9, -9, -3, -3]


@pytest.mark.parametrize(
    ("window_size", "scored_as"), [(3, [1, 2, 3, 4, 4]), (4, [1, 2, 3, 4, 4])]
)
def test_the_centre_is_the_window_in_whose_middle_the_row_stands(
    window_size, scored_as
):
    X = np.arange(5.0).reshape(-1, 1)
    detector = ReverseWindowing(Itself(), window_size=window_size, reduce="centre")
    assert detector.fit(X).score_samples(X).tolist() == scored_as
    inner, ahead = row_context(detector)
    assert (inner, ahead) == (0, 1)  # and so 1 or 2 rows before the row


def test_a_window_of_one_row_leaves_smoothing_alone(rng):
    X = rng.normal(size=(300, 2))
    inner = forest_pipe().fit(X).score_samples(X)
    detector = ReverseWindowing(forest_pipe(), window_size=1, smoothing=5).fit(X)
    np.testing.assert_allclose(
        detector.score_samples(X), smoothed_by_loop(inner, 5, False), rtol=1e-13
    )
    nothing = ReverseWindowing(forest_pipe(), window_size=1).fit(X)
    np.testing.assert_array_equal(nothing.score_samples(X), inner)
    assert row_context(detector) == (5 + 2, 2)


def spreading(reduce, causal, smoothing):
    return ReverseWindowing(
        forest_pipe(), reduce=reduce, causal=causal, smoothing=smoothing
    )


@pytest.mark.parametrize("smoothing", [1, 6, 9])
@pytest.mark.parametrize(("reduce", "causal"), WAYS)
def test_slices_and_blocks_have_the_very_bits_of_the_whole(
    rng, reduce, causal, smoothing
):
    X = rng.normal(size=(400, 2))
    detector = spreading(reduce, causal, smoothing).fit(X[:100])
    whole = detector.score_samples(X)
    back, ahead = row_context(detector)
    part = detector.score_samples(X[37:211])
    inside = slice(back, len(part) - ahead)
    np.testing.assert_array_equal(part[inside], whole[37:211][inside])
    blocks = score_samples_blockwise(detector, X, block_size=60)
    np.testing.assert_array_equal(blocks, whole)


@pytest.mark.parametrize("smoothing", [1, 6])
@pytest.mark.parametrize(("reduce", "causal"), WAYS)
def test_each_segment_is_spread_and_smoothed_as_if_alone(
    rng, reduce, causal, smoothing
):
    index = pd.MultiIndex.from_arrays(
        [["a"] * 60 + ["b"] * 90, [*range(60), *range(50), *range(70, 110)]]
    )
    frame = pd.DataFrame(rng.normal(size=(150, 2)), index)
    detector = spreading(reduce, causal, smoothing).fit(frame)
    scores = detector.score_samples(frame)
    parts = [frame.iloc[:60], frame.iloc[60:110], frame.iloc[110:]]
    alone = [detector.score_samples(part) for part in parts]
    np.testing.assert_array_equal(scores, np.concatenate(alone))


@pytest.mark.parametrize("reduce", ["mean", "median", "max"])
def test_causal_scores_never_look_ahead(rng, reduce):
    X = rng.normal(size=(90, 1))
    detector = ReverseWindowing(
        Itself(), window_size=5, reduce=reduce, smoothing=4, causal=True
    ).fit(X)
    before = detector.score_samples(X)
    for row in (0, 3, 50, 88):
        changed = X.copy()
        changed[row + 1 :] -= 100.0
        after = detector.score_samples(changed)
        np.testing.assert_array_equal(after[: row + 1], before[: row + 1])
        assert after[-1] != before[-1]


def test_a_causal_centre_is_refused(rng):
    message = 'reduce="centre" takes the window .* so it cannot be causal. Set causal='
    with pytest.raises(ValueError, match=message):
        spreading("centre", True, 1).fit(rng.normal(size=(60, 2)))


@pytest.mark.parametrize(
    ("parameters", "context"),
    [({"reduce": "centre"}, (5, 2)), ({"smoothing": 4}, (7, 6))],
)
def test_a_change_waits_for_the_next_fit(rng, parameters, context):
    X = rng.normal(size=(90, 2))
    detector = spreading("mean", False, 1).fit(X)
    scores = detector.score_samples(X)
    detector.set_params(**parameters)
    np.testing.assert_array_equal(detector.score_samples(X), scores)
    assert row_context(detector) == (5, 5)
    assert row_context(clone(detector)) == context
    assert not np.array_equal(detector.fit(X).score_samples(X), scores)
    assert row_context(detector) == context


def test_a_search_chooses_how_windows_become_one(rng):
    X = 0.1 * rng.normal(size=(240, 1))
    y = np.ones(240, dtype=int)
    for start in (40, 120, 200):  # the score falls over rows of which each 5th is odd
        X[start : start + 20 : 5] -= 1.0
        y[start - 4 : start + 16] = -1
    search = GridSearchCV(
        ReverseWindowing(Itself(), window_size=5),
        {"reduce": ["mean", "median", "max", "centre"], "smoothing": [1, 2]},
        scoring=make_anomaly_scorer("roc_auc"),
        cv=3,
    ).fit(X, y)
    results = dict(
        zip(
            [(p["reduce"], p["smoothing"]) for p in search.cv_results_["params"]],
            search.cv_results_["mean_test_score"],
            strict=True,
        )
    )
    assert results["max", 1] == 1.0
    assert results["median", 1] < 0.8
    assert results["centre", 1] < 0.8
