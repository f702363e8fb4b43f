"""A threshold that follows recent scores."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import decision_function_blockwise
from skad.inspection import AnomalyDisplay
from skad.postprocessing import AdaptiveThresholdDetector, ReverseWindowing
from skad.postprocessing._following import (
    FollowingRule,
    RecentScores,
    follow,
    lengths_of_memory,
)
from skad.preprocessing import SlidingWindow
from skad.streaming import StreamScorer

RULE = FollowingRule(upper=0.99, margin=0.75, n_level=160, n_recent=800, patience=64)


class Itself(OutlierMixin, BaseEstimator):
    """A detector whose score is the reading."""

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, 0].astype(np.float64)


def errors(rng, n_rows):
    return -rng.exponential(size=(n_rows, 1))


@pytest.fixture
def detector(rng):
    return AdaptiveThresholdDetector(Itself()).fit(errors(rng, 2000))


def test_decisions_are_scores_less_thresholds(rng, detector):
    X = errors(rng, 500)
    scores, thresholds = detector.score_samples(X), detector.thresholds(X)
    np.testing.assert_array_equal(scores, X[:, 0])
    np.testing.assert_array_equal(detector.decision_function(X), scores - thresholds)
    labels = np.where(scores < thresholds, -1, 1)
    np.testing.assert_array_equal(detector.predict(X), labels)
    assert detector.offset_ == thresholds[0]
    assert detector.n_features_in_ == 1


def test_the_first_threshold_is_that_of_the_calibration_scores(rng):
    """Of few rows, the level of each third is by hand."""
    X = errors(rng, 96)
    detector = AdaptiveThresholdDetector(Itself(), margin=2.0, n_level=24).fit(X)
    worst = -X[:, 0].reshape(-1, 8).min(axis=1)
    levels = [np.sort(worst[:4])[1], np.sort(worst[1:4])[1], np.sort(worst[5:8])[1]]
    past = np.sort(worst - np.repeat(levels, 4))
    limit = past[11] + 2.0 * ((past[8] - past[2]) / 1.349)
    assert detector.offset_ == -(np.sort(worst[-3:])[1] + limit)
    np.testing.assert_array_equal(detector.training_scores_, X[:, 0])
    assert detector.n_calibration_rows_ == 96


def test_a_series_begins_with_all_training_rows_those_at_its_ends_too(rng):
    forest = IsolationForest(n_estimators=5, random_state=0)
    pipe = make_pipeline(SlidingWindow(48, flatten=True), forest)
    detector = AdaptiveThresholdDetector(ReverseWindowing(pipe), n_blocks=2)
    detector.fit(rng.normal(size=(200, 1)))
    rule = FollowingRule(0.99, 0.75, 2000, 12000, 256)
    start = RecentScores.begin(detector.training_scores_, rule)
    assert detector.offset_ == start.threshold
    assert detector.n_calibration_rows_ < 110


@pytest.mark.parametrize(
    ("asked", "n_rows", "lengths"),
    [
        (("auto", "auto"), 300, (2000, 12_000)),
        (("auto", "auto"), 1000, (4000, 12_000)),
        (("auto", "auto"), 5000, (20_000, 18_000)),
        (("auto", "auto"), 50_000, (24_000, 18_000)),
        (("auto", 800), 1000, (4000, 800)),
        ((64, "auto"), 5000, (64, 12_000)),
    ],
)
def test_the_memory_is_as_long_as_the_training_rows_tell(asked, n_rows, lengths):
    assert lengths_of_memory(*asked, n_rows) == lengths


def test_the_rows_of_one_series_count_not_those_of_all(rng):
    names = np.repeat(["a", "b", "c", "d"], 1000)
    index = pd.MultiIndex.from_arrays([names, np.tile(np.arange(1000), 4)])
    frame = pd.DataFrame(errors(rng, 4000), index)
    apart = AdaptiveThresholdDetector(Itself()).fit(frame)
    by_hand = AdaptiveThresholdDetector(Itself(), n_level=4000, n_recent=12_000)
    assert apart.offset_ == by_hand.fit(frame).offset_


def test_the_expected_rate_is_that_of_the_calibration_scores(rng):
    X = errors(rng, 3000)
    assert AdaptiveThresholdDetector(Itself()).fit(X).expected_alarm_rate_ < 0.005
    loose = AdaptiveThresholdDetector(Itself(), quantile=0.6, margin=0.0).fit(X)
    assert loose.expected_alarm_rate_ == (loose.predict(X) == -1).mean() > 0.01


def test_normal_rows_seldom_alarm_and_outliers_do(rng, detector):
    X = errors(rng, 20_000)
    X[500::1000] = -30
    alarms = detector.predict(X) == -1
    assert alarms[500::1000].all()
    assert alarms.mean() < 0.005


def test_a_threshold_looks_back_alone(rng, detector):
    X = errors(rng, 1000)
    before = detector.thresholds(X)
    X[700:] *= 100
    after = detector.thresholds(X)
    np.testing.assert_array_equal(before[:704], after[:704])
    assert (before != after)[704:].any()


@pytest.mark.parametrize("factor", [1.5, 10.0])
def test_it_follows_what_grows_slowly(rng, detector, factor):
    X = errors(rng, 30_000) * np.linspace(1, factor, 30_000).reshape(-1, 1)
    assert (detector.predict(X) == -1).mean() < 0.01
    static = X[:, 0] < detector.offset_
    assert factor < 2 or static[20_000:].mean() > 0.05


@pytest.mark.parametrize("size", [8.0, 20.0, 1e6])
def test_it_lets_go_of_a_level_that_has_come_to_stay(rng, detector, size):
    X = errors(rng, 4000)
    X[1000:] -= size
    alarms = detector.predict(X) == -1
    assert alarms[1000:1032].mean() > 0.8
    assert alarms[2000:].mean() < 0.01


def test_it_returns_to_the_level_before_at_once(rng, detector):
    X = errors(rng, 6000)
    X[1000:1700] -= 30
    thresholds = detector.thresholds(X)
    assert thresholds[1650] < -30
    assert thresholds[1900] > -20


def test_it_does_not_learn_from_what_it_alarms_on(rng, detector):
    X = errors(rng, 2000)
    before = detector.thresholds(X)[1100]
    X[1000:1100] -= 50
    assert (detector.predict(X)[1000:1100] == -1).all()
    assert detector.thresholds(X)[1100] > 2 * before


@pytest.mark.parametrize("size", [1, 7, 32, 100, 333])
def test_blocks_give_the_bits_of_the_whole(rng, size):
    scores = errors(rng, 2000)[:, 0]
    scores[600:1200] -= 20
    begin = RecentScores.begin(errors(rng, 500)[:, 0], RULE)
    usual, thresholds, _ = follow(scores, begin, RULE)
    state, parts = begin, []
    for start in range(0, 2000, size):
        *part, state = follow(scores[start : start + size], state, RULE)
        parts.append(part)
    of_parts = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    np.testing.assert_array_equal(of_parts[0], usual)
    np.testing.assert_array_equal(of_parts[1], thresholds)


def test_training_rows_that_are_scored_first_do_not_narrow_a_short_calibration(rng):
    rule = FollowingRule(0.99, 0.75, n_level=2000, n_recent=12000, patience=256)
    begin = RecentScores.begin(rng.normal(-2.5, 0.1, 100), rule)
    scores = np.append(rng.normal(-0.5, 0.1, 400), rng.normal(-2.5, 0.1, 400))
    scores[600:640] -= 2
    _, thresholds, _ = follow(scores, begin, rule)
    alarms = scores < thresholds
    assert alarms[600:640].all()
    alarms[600:640] = False
    assert alarms.mean() < 0.01


def test_what_is_remembered_is_bounded(rng):
    scores = errors(rng, 5000)[:, 0]
    scores[1000:2000] -= 20
    state = RecentScores.begin(errors(rng, 5000)[:, 0], RULE)
    largest = 0
    for start in range(0, 5000, 50):
        _, _, state = follow(scores[start : start + 50], state, RULE)
        arrays = [part for part in vars(state).values() if isinstance(part, np.ndarray)]
        largest = max(largest, sum(map(len, arrays)))
    assert 100 < largest <= 2 * 100 + 20 + 32 + 2 * 8 + 16


def chain():
    forest = IsolationForest(n_estimators=5, random_state=0)
    pipe = make_pipeline(SlidingWindow(6, flatten=True), forest)
    return AdaptiveThresholdDetector(ReverseWindowing(pipe, causal=True), n_recent=400)


def frame_of(X, names=("b", "a", "c")):
    index = pd.MultiIndex.from_product([names, range(len(X) // len(names))])
    return pd.DataFrame(X, index)


@pytest.mark.parametrize("wrap", ["alone", "pipeline", "frozen"])
@pytest.mark.parametrize("framed", [False, True])
def test_streamed_and_blockwise_decisions_are_those_of_the_whole(rng, wrap, framed):
    X = rng.normal(size=(900, 2))
    X[400:700] += 3
    X = frame_of(X) if framed else X
    detector = chain()
    if wrap == "pipeline":
        detector = make_pipeline(
            StandardScaler().set_output(transform="pandas"), detector
        )
    detector.fit(X)
    if wrap == "frozen":
        detector = FrozenEstimator(detector)
    whole = detector.decision_function(X)
    for size in (37, 300, 5000):
        blocks = decision_function_blockwise(detector, X, block_size=size)
        np.testing.assert_array_equal(blocks, whole)
    rows = X.iloc if framed else X
    stream = StreamScorer(detector, context=rows[:100])
    parts = [stream.decide(rows[100:101])]
    stream = pickle.loads(pickle.dumps(stream))
    parts += [stream.decide(rows[start : start + 50]) for start in range(101, 601, 50)]
    stream.update(rows[601:700])  # moves on as well
    parts += [whole[601:700], stream.decide(rows[700:])]
    scores = detector.score_samples(X)
    if framed:  # at the first row of a series, the rows before are not its own
        np.testing.assert_array_equal(np.concatenate(parts)[200:], whole[300:])
    np.testing.assert_array_equal(np.concatenate(parts), whole[100:])
    assert scores.shape == (900,)


def test_a_static_threshold_is_decided_on_alike(rng):
    X = rng.normal(size=(300, 2))
    forest = IsolationForest(n_estimators=5, contamination=0.1, random_state=0).fit(X)
    whole = forest.decision_function(X)
    np.testing.assert_array_equal(StreamScorer(forest).decide(X), whole)
    np.testing.assert_array_equal(
        decision_function_blockwise(forest, X, block_size=70), whole
    )


def test_what_has_no_threshold_is_refused(rng):
    scores_alone = Itself().fit([[1.0]])
    with pytest.raises(TypeError, match="Itself has no threshold, offset_, by which"):
        StreamScorer(scores_alone).decide([[1.0]])
    with pytest.raises(TypeError, match="Itself has no threshold, offset_, by which"):
        decision_function_blockwise(scores_alone, np.ones((5, 1)))


def test_each_series_begins_anew(rng, detector):
    X = errors(rng, 900)
    thresholds = detector.thresholds(frame_of(X))
    for start in (0, 300, 600):
        alone = detector.thresholds(X[start : start + 300])
        np.testing.assert_array_equal(thresholds[start : start + 300], alone)


def test_series_are_calibrated_on_all_of_them(rng):
    X = errors(rng, 3000) * np.repeat([20.0, 1.0, 1.0], 1000).reshape(-1, 1)
    pooled = AdaptiveThresholdDetector(Itself(), n_recent=1500).fit(frame_of(X))
    last = AdaptiveThresholdDetector(Itself(), n_recent=1500).fit(X)
    assert pooled.offset_ < 5 * last.offset_


def test_a_frozen_detector_calibrates_on_all_rows(rng):
    X = errors(rng, 500)
    detector = AdaptiveThresholdDetector(FrozenEstimator(Itself().fit(X))).fit(X)
    np.testing.assert_array_equal(detector.training_scores_, X[:, 0])


def test_the_display_draws_one_threshold_a_row(rng, detector):
    X = errors(rng, 300)
    X[150] = -40
    display = AnomalyDisplay.from_estimator(detector, X)
    line = display.threshold_line_.get_ydata()
    assert line[0] == detector.thresholds(X)[0]
    assert len(display.found_spans_.get_paths()) == 1
    around = AnomalyDisplay.from_estimator(make_pipeline(detector), X)
    np.testing.assert_array_equal(around.threshold_line_.get_ydata(), line)
