"""Shares of channels go the way of scores, and expectations come back in raw units."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    QuantileTransformer,
    StandardScaler,
)

from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.inspection import expected, explain
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.preprocessing import GaussianNoise, SlidingWindow

N, C, FAULT = 240, 20, slice(200, 206)


TURNED = FunctionTransformer(np.negative, np.negative)


class LastRow(OutlierMixin, BaseEstimator):
    """Expects 0.5 everywhere: its errors are the squares at the end of a window."""

    def __init__(self, n_channels=1):
        self.n_channels = n_channels

    def fit(self, X, y=None):
        self.offset_ = -1.0
        return self

    def explain(self, X):
        n_channels = np.shape(X)[2] if np.ndim(X) == 3 else self.n_channels
        last = np.asarray(X).reshape(len(X), -1)[:, -n_channels:]
        return (last - 0.5) ** 2

    def score_samples(self, X):
        return -self.explain(X).sum(axis=1)

    def expected(self, X):
        return np.full(self.explain(X).shape, 0.5)


def components(scaler):
    return make_pipeline(scaler, SlidingWindow(8), PCADetector(4))


@pytest.fixture
def X(rng):
    X = rng.normal(size=(N, C)) * 0.1 + 100 * np.arange(1, C + 1)
    X[FAULT, 7] += 3.0
    return X


@pytest.fixture
def y():
    y = np.ones(N, dtype=int)
    y[FAULT] = -1
    y[20:24] = -1
    return y


def pipeline(*between, detector=None, flatten=False):
    window = SlidingWindow(window_size=4, flatten=flatten)
    return make_pipeline(*between, window, detector or LastRow(C))


def forest():
    return IsolationForest(n_estimators=2, random_state=0)


def assert_sums_to_minus_the_score(estimator, X):
    shares = np.asarray(explain(estimator, X))
    assert shares.dtype == np.float64
    np.testing.assert_allclose(
        shares.sum(axis=1), -estimator.score_samples(X), rtol=1e-5
    )


NETWORKS = {
    "forecaster": LSTMForecaster(4, max_epochs=3, lr=1e-2, random_state=0),
    "autoencoder": ConvAutoencoder((4, 2), max_epochs=3, random_state=0),
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_planted_fault_in_channel_7_of_20_ranks_first(X, network):
    pipe = pipeline(StandardScaler(), detector=clone(network)).fit(X[:180])
    detector = ReverseWindowing(pipe).fit(X[:180])
    for estimator in (pipe, detector):
        shares = explain(estimator, X)
        assert shares.shape == (N, C)
        assert (shares[FAULT].argmax(axis=1) == 7).all()
        assert_sums_to_minus_the_score(estimator, X)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_networks_expect_raw_units(X, network):
    pipe = pipeline(StandardScaler(), detector=clone(network)).fit(X[:180])
    rows = expected(pipe, X)
    assert rows.shape == (N, C)
    assert np.abs(rows - X)[10:180].max() < 2.0  # of readings from 100 to 2000
    assert 1.0 < (X - rows)[FAULT, 7].mean() < 4.0


@pytest.mark.parametrize("reduce", ["mean", "median", "max", "centre"])
@pytest.mark.parametrize("smoothing", [1, 4])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("framed", [False, True])
def test_shares_are_spread_as_scores_are(X, reduce, smoothing, causal, framed):
    if causal and reduce == "centre":
        causal, smoothing = False, 7  # refused at fit
    if framed:  # two gaps: nothing is spread across
        X = pd.DataFrame(
            X, pd.RangeIndex(300).delete([*range(50, 80), *range(99, 129)])
        )
    spread = ReverseWindowing(
        pipeline(), reduce=reduce, smoothing=smoothing, causal=causal
    )
    assert_sums_to_minus_the_score(spread.fit(X), X)


def test_the_mean_spreads_each_channel_by_itself():
    X = np.full((8, 2), 0.5)
    X[4] = [1.5, 2.5]
    detector = ReverseWindowing(pipeline(detector=LastRow()), reduce="mean").fit(X)
    shares = explain(detector, X)
    np.testing.assert_allclose(shares[1:5], [[1 / 4, 4 / 4]] * 4)
    assert not shares[[0, 5, 6, 7]].any()


def test_the_maximum_follows_the_window_that_decided():
    X = np.full((8, 2), 0.5)
    X[4], X[5] = [0.5, 2.5], [1.5, 0.5]
    detector = ReverseWindowing(pipeline(), reduce="max").fit(X)
    np.testing.assert_array_equal(explain(detector, X)[1:5], [[0, 4]] * 4)
    np.testing.assert_array_equal(explain(detector, X)[5], [1, 0])


def test_the_median_follows_the_windows_in_the_middle():
    X = np.full((12, 2), 0.5)
    X[8:, 0] += [1, 2, 0, 0]
    X[8:, 1] += [0, 0, 3, 4]
    detector = ReverseWindowing(pipeline(), reduce="median").fit(X)
    # The errors of the windows over row 8 are 1, 4, 9, 16; over row 9: 4, 9, 16.
    np.testing.assert_allclose(explain(detector, X)[8:10], [[2, 4.5], [0, 9]])


AROUND = {
    "threshold": lambda pipe: ThresholdedDetector(pipe),
    "labels": lambda pipe: TunedThresholdDetectorCV(pipe, cv=2, thresholds=5),
    "frozen": lambda pipe: FrozenEstimator(pipe),
    "frozen inside": lambda pipe: ThresholdedDetector(FrozenEstimator(pipe)),
    "a longer pipeline": lambda pipe: make_pipeline("passthrough", pipe),
    "search": lambda pipe: GridSearchCV(
        pipe,
        {"slidingwindow__window_size": [2, 4]},
        cv=TimeSeriesSplit(2),
        scoring=lambda estimator, X, y=None: 0.0,
    ),
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_what_stands_around_a_detector_is_gone_through(X, y, around):
    pipe = pipeline(StandardScaler().set_output(transform="pandas")).fit(X)
    estimator = around(pipe).fit(X, y)
    shares = explain(estimator, X)
    np.testing.assert_allclose(shares.sum(axis=1), -estimator.score_samples(X))
    assert (shares[FAULT].argmax(axis=1) == 7).all()
    rows = expected(estimator, X)
    assert (np.abs(rows - X.mean(axis=0)) < 4).all()


@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("container", ["array", "pandas", "polars"])
@pytest.mark.parametrize(
    "scaler", [StandardScaler(), QuantileTransformer(n_quantiles=50)]
)
def test_scalers_are_undone_whatever_holds_the_rows(X, scaler, container, flatten):
    if container == "pandas":
        X = pd.DataFrame(X, columns=[f"c{i}" for i in range(C)])
    if container == "polars":
        X = pl.DataFrame(X, schema=[f"c{i}" for i in range(C)])
    scaler = clone(scaler)
    pipe = pipeline(scaler, GaussianNoise(random_state=0), flatten=flatten).fit(X)
    rows = np.asarray(expected(pipe, X))
    half = scaler.inverse_transform(np.full((1, C), 0.5)) if container == "array" else 0
    if container == "array":
        np.testing.assert_allclose(rows, np.repeat(half, N, axis=0))
    assert (np.abs(rows - np.asarray(X).mean(axis=0)) < 4).all()
    assert explain(pipe, X).shape == (N, C)


def test_a_scaler_of_flattened_windows_is_undone_by_its_last_rows(X):
    scaler = StandardScaler()
    pipe = make_pipeline(SlidingWindow(4, flatten=True), scaler, LastRow(C)).fit(X)
    last = scaler.mean_[-C:] + 0.5 * scaler.scale_[-C:]
    np.testing.assert_allclose(expected(pipe, X), np.tile(last, (N, 1)))


def test_components_are_channels_and_expected_as_readings(X):
    pipe = pipeline(PCA(3, random_state=0), detector=LastRow(3)).fit(X)
    assert explain(pipe, X).shape == (N, 3)
    assert expected(pipe, X).shape == (N, C)


def test_the_rows_of_several_series_are_explained_apart(X):
    index = pd.MultiIndex.from_product([["b", "a"], range(N // 2)])
    detector = ReverseWindowing(pipeline()).fit(pd.DataFrame(X, index))
    whole = explain(detector, pd.DataFrame(X, index))
    part = explain(detector, pd.DataFrame(X, index).loc[["a"]])
    np.testing.assert_array_equal(whole[N // 2 :], part)


def fitted(estimator, X):
    return estimator.fit(X)


def without_refit(X):
    search = GridSearchCV(
        pipeline(),
        {"slidingwindow__window_size": [2]},
        scoring=lambda estimator, X, y=None: 0.0,
        refit=False,
    )
    return search.fit(X)


TYPE_ERRORS = {
    "forest": (lambda X: fitted(forest(), X), "IsolationForest has no method explain"),
    "search": (without_refit, "GridSearchCV holds no fitted detector, .* refit=False"),
}


@pytest.mark.parametrize(("make", "sentence"), TYPE_ERRORS.values(), ids=TYPE_ERRORS)
def test_what_cannot_explain_is_named_with_the_cure(X, make, sentence):
    estimator = make(X)
    with pytest.raises(TypeError, match=sentence):
        explain(estimator, X)
    with pytest.raises(TypeError, match=sentence.replace("explain", "expected")):
        expected(estimator, X)


def ensemble_of(*members, **parameters):
    named = [(f"member {i}", member) for i, member in enumerate(members)]
    return EnsembleDetector(named, **parameters)


@pytest.mark.parametrize("combine", ["mean_log", "mean", "max"])
def test_an_ensemble_shares_its_numbers_out_among_the_channels(X, combine):
    scaled = pipeline(StandardScaler())
    ensemble = ensemble_of(scaled, ReverseWindowing(scaled), combine=combine)
    for estimator in (ensemble, ReverseWindowing(ensemble, window_size=1, smoothing=3)):
        assert_sums_to_minus_the_score(estimator.fit(X), X)
        shares = explain(estimator, X)
        assert (shares[FAULT].argmax(axis=1) == 7).all()


def test_the_member_that_decides_a_maximum_explains_it(X):
    scaled = pipeline(StandardScaler())
    ensemble = ensemble_of(scaled, ReverseWindowing(scaled), combine="max").fit(X)
    of_members = [explain(member, X) for member in ensemble.estimators_]
    shares = explain(ensemble, X)[FAULT.start]
    fractions = [
        (part / part.sum(axis=1, keepdims=True))[FAULT.start] for part in of_members
    ]
    assert any(np.allclose(shares / shares.sum(), fraction) for fraction in fractions)
    assert not np.allclose(*fractions)


def test_a_window_without_error_is_shared_out_alike():
    X = np.full((30, 2), 0.5)
    X[20, 1] = 2.0
    ensemble = ensemble_of(pipeline(), combine="mean").fit(X)
    assert np.ptp(explain(ensemble, X)[5]) == 0
    assert_sums_to_minus_the_score(ensemble, X)


@pytest.mark.parametrize("ask", [explain, expected])
def test_members_that_see_different_channels_are_refused(X, ask):
    ensemble = ensemble_of(LastRow(C), LastRow(2)).fit(X)
    with pytest.raises(ValueError, match=r"see \[20, 2\] channels, .* one by one"):
        ask(ensemble, X)


@pytest.mark.parametrize("ask", [explain, expected])
def test_a_member_that_cannot_answer_is_named(X, ask):
    ensemble = ensemble_of(pipeline(), forest()).fit(X)
    sentence = f"IsolationForest has no method {ask.__name__}"
    with pytest.raises(TypeError, match=sentence):
        ask(ensemble, X)


def test_an_ensemble_expects_the_mean_of_what_its_members_expect(X):
    members = pipeline(StandardScaler()), pipeline(MinMaxScaler())
    ensemble = ensemble_of(*members, weights=[3, 1]).fit(X)
    first, second = [expected(member, X) for member in ensemble.estimators_]
    assert not np.allclose(first, second)
    np.testing.assert_allclose(expected(ensemble, X), 0.75 * first + 0.25 * second)
    around = ReverseWindowing(ensemble, window_size=1, smoothing=3).fit(X)
    np.testing.assert_array_equal(expected(around, X), expected(ensemble, X))


def test_under_a_maximum_the_member_that_decided_is_asked(X):
    members = pipeline(StandardScaler()), pipeline(MinMaxScaler())
    ensemble = ensemble_of(*members, combine="max").fit(X)
    errors = [-member.score_samples(X) for member in ensemble.estimators_]
    numbers = (np.transpose(errors) - ensemble.medians_) / ensemble.spreads_
    decides = numbers.argmax(axis=1)
    assert set(decides) == {0, 1}
    of_members = np.stack([expected(member, X) for member in ensemble.estimators_])
    right = of_members[decides, np.arange(N)]
    np.testing.assert_array_equal(expected(ensemble, X), right)


@pytest.mark.parametrize("ask", [explain, expected])
def test_a_frame_gives_a_frame_with_its_index(X, ask):
    hours = pd.date_range("2026-03-01", periods=N, freq="h", name="time")
    frame = pd.DataFrame(X, hours, [f"sensor {i}" for i in range(C)])
    detector = ReverseWindowing(pipeline(StandardScaler())).fit(frame)
    plain = ask(ReverseWindowing(pipeline(StandardScaler())).fit(X), X)
    answer = ask(detector, frame)
    pd.testing.assert_index_equal(answer.index, hours)
    pd.testing.assert_index_equal(answer.columns, frame.columns)
    np.testing.assert_allclose(answer, plain)
    of_polars = ask(detector, pl.from_pandas(frame))
    assert of_polars.columns == list(frame.columns)
    np.testing.assert_array_equal(of_polars, answer)


def test_channels_that_are_others_are_numbered(X):
    frame = pd.DataFrame(X, columns=[f"sensor {i}" for i in range(C)])
    pipe = pipeline(PCA(2, random_state=0), detector=LastRow(2)).fit(frame)
    assert list(explain(pipe, frame).columns) == [0, 1]
    assert list(expected(pipe, frame).columns) == list(frame.columns)


@pytest.mark.parametrize("ask", [explain, expected])
def test_a_detector_told_of_too_few_channels_is_refused(X, ask):
    pipe = pipeline(detector=LastRow(1), flatten=True).fit(X)
    sentence = "sees 1 channels, and the windows hold 20. Set n_channels=20 in the de"
    with pytest.raises(ValueError, match=sentence):
        ask(pipe, X)


LOST = {
    "components of windows": (PCA(C), "pca", True),
    "rows of length one": (Normalizer(), "normalizer", False),
    "a function without inverse": (FunctionTransformer(np.log), "functiontr", False),
}


@pytest.mark.parametrize(("step", "name", "is_last"), LOST.values(), ids=LOST)
def test_a_step_that_cannot_be_undone_is_named_with_the_cure(X, step, name, is_last):
    steps = [SlidingWindow(2, flatten=True), step]
    pipe = make_pipeline(*(steps if is_last else steps[::-1]), LastRow(C)).fit(X)
    number = 2 if is_last else 1
    cure = rf"expected\(pipe\[{number}:\], pipe\[:{number}\].transform\(X\)\)"
    with pytest.raises(ValueError, match=f"step '{name}.* cannot be undone, .* {cure}"):
        expected(pipe, X)
    rows = expected(pipe[number:], pipe[:number].transform(X))
    assert rows.shape == (N, C)


def test_a_function_with_its_inverse_is_undone(X):
    step = FunctionTransformer(np.log, inverse_func=np.exp, check_inverse=False)
    assert np.allclose(expected(pipeline(step).fit(X), X), np.exp(0.5))


@pytest.mark.parametrize("ask", [explain, expected])
def test_what_is_not_fitted_is_refused(X, ask):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        ask(ReverseWindowing(pipeline()), X)


@pytest.mark.parametrize("scaler", [StandardScaler(), TURNED], ids=["scaled", "turned"])
def test_a_band_comes_back_in_the_units_of_the_table(X, scaler):
    pipe = components(scaler).fit(X[:190])
    lower, upper = expected(pipe, X, interval=0.99)
    inside = (lower <= X) & (upper >= X)
    assert (lower < upper).all()
    assert inside[20:190].mean() > 0.98
    assert not inside[FAULT, 7].any()


def test_a_band_goes_through_whatever_stands_around_and_keeps_the_index(X):
    members = components(StandardScaler()), components(MinMaxScaler())
    around = ThresholdedDetector(ReverseWindowing(ensemble_of(*members)), alpha=0.1)
    frame = pd.DataFrame(X, pd.date_range("2026-03-01", periods=N, freq="h"))
    around.fit(frame)
    bands = [
        expected(member, frame, interval=0.9)
        for member in around.estimator_.estimator_.estimators_
    ]
    found = expected(around, frame, interval=0.9)
    for side, of_members in zip(found, zip(*bands, strict=True), strict=True):
        pd.testing.assert_frame_equal(side, sum(of_members) / 2)


def test_a_detector_without_a_band_is_named_with_the_cure(X):
    pipe = make_pipeline(SlidingWindow(8), LastRow()).fit(X)
    with pytest.raises(TypeError, match=r"expected\(X\) of LastRow takes no interval"):
        expected(pipe, X, interval=0.9)
    with pytest.raises(TypeError, match=r"IsolationForest has no method expected\(X\)"):
        expected(forest().fit(X), X, interval=0.9)


class Halved(BaseEstimator):
    """Someone else's meta-detector, which halves the scores."""

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y=None):
        self.estimator_ = clone(self.estimator).fit(X)
        return self

    def score_samples(self, X):
        return self.estimator_.score_samples(X) / 2

    def __skad_explain__(self, X, explain):
        return explain(self.estimator_, X) / 2


def test_a_meta_detector_of_ones_own_takes_part(X):
    detector = Halved(pipeline(StandardScaler())).fit(X)
    assert_sums_to_minus_the_score(detector, X)
    assert expected(detector, X).shape == (N, C)


@pytest.mark.parametrize("ask", [explain, expected])
def test_rows_alone_are_warned_of_as_padding(X, ask):
    fitted = pipeline().fit(X)
    size = fitted["slidingwindow"].window_size_
    message = rf"X has 1 row\(s\), and the windows inside Pipeline {size}: .*why\("
    with pytest.warns(UserWarning, match=message) as record:
        ask(fitted, X[[50]])
    assert record[0].filename == __file__
    ask(fitted, X[50 : 50 + size])


def test_shares_of_an_ensemble_are_never_below_nothing_or_above_all(rng):
    X = rng.normal(size=(300, 3))
    members = [
        ("usual", PCADetector(1, n_channels=3)),
        ("odd", PCADetector(2, n_channels=3, channel_aggregation="mahalanobis")),
    ]
    pipes = [
        (name, make_pipeline(SlidingWindow(4, flatten=True), part))
        for name, part in members
    ]
    for combine in ("mean_log", "mean", "max"):
        detector = EnsembleDetector(pipes, combine=combine).fit(X)
        shares = explain(detector, X)
        totals = -detector.score_samples(X)
        np.testing.assert_allclose(shares.sum(axis=1), totals, atol=1e-12)
        assert (totals < 0).any()
        parts = shares / totals[:, np.newaxis]
        assert parts.min() >= 0
        assert parts.max() <= 1 + 1e-9
