"""The recommended chain, in one line."""

import pickle
import re
import textwrap

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler

from skad import (
    AdaptiveThresholdDetector,
    EnsembleDetector,
    RandomConvolutions,
    ReverseWindowing,
    SlidingWindow,
    ThresholdedDetector,
    make_detector,
    row_context,
    score_samples_blockwise,
)
from skad._recipes.chains import NAMED
from skad.detectors import (
    ConvAutoencoder,
    LSTMForecaster,
    NeighborsDetector,
    PCADetector,
)
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import ChannelRules
from skad.preprocessing import PerSeries
from tests.support.own_network import ImageAutoencoder
from tests.support.signals import sine

KINDS = (ConvAutoencoder, LSTMForecaster, NeighborsDetector, PCADetector)
KINDS += (RandomConvolutions,)
FOREST = IsolationForest(n_estimators=5, random_state=0)


def cheap(**parameters):
    """Make the ensemble, with members that are fitted in no time."""
    tiny = {"channels": (4, 2), "max_epochs": 2, "n_kernels": 5, "max_bank": 100}
    detector = make_detector(**parameters)
    names = {name: name.rpartition("__")[2] for name in detector.get_params()}
    return detector.set_params(
        **{name: tiny[own] for name, own in names.items() if own in tiny}
    )


def shown_in_the_docstring():
    """Read the blocks of code in the text, such as ``ReverseWindowing(...)``."""
    text = textwrap.dedent("    " + make_detector.__doc__.split("Parameters\n")[0])
    blocks = re.findall(r"::\n\n((?: {4}.*\n|\n)+)", text)
    names = {kind.__name__: kind for kind in (ConvAutoencoder, LSTMForecaster)}
    names |= {kind.__name__: kind for kind in (EnsembleDetector, PCADetector)}
    names |= {kind.__name__: kind for kind in (ReverseWindowing, SlidingWindow)}
    names |= {"RobustScaler": RobustScaler, "make_detector": make_detector}
    names |= {"make_pipeline": make_pipeline, "PerSeries": PerSeries}
    names |= {"AdaptiveThresholdDetector": AdaptiveThresholdDetector}
    return [eval(textwrap.dedent(block), names) for block in blocks]


def test_it_is_the_composition_that_its_docstring_shows():
    autoencoder, ensemble = shown_in_the_docstring()
    assert repr(make_detector()) == repr(ensemble)
    assert repr(make_detector("autoencoder")) == repr(autoencoder)
    scaler = make_detector("autoencoder").estimator.estimator[0]
    assert scaler.transformer._sklearn_output_config == {"transform": "pandas"}


def pipeline_in(detector):
    while hasattr(detector, "estimator"):
        detector = detector.estimator
    return detector


@pytest.mark.parametrize("name", NAMED)
def test_the_notes_say_what_a_name_stands_for(name):
    words = " ".join(make_detector.__doc__.split())
    (code,) = re.findall(rf'- "{name}": ``(.*?)``', words)
    named = eval(code, {kind.__name__: kind for kind in KINDS})
    assert repr(pipeline_in(make_detector(name))[-1]) == repr(named)


def test_a_name_is_changed_by_set_params_and_stays_what_it_is():
    detector = make_detector("autoencoder")
    detector.set_params(estimator__estimator__convautoencoder__stride=1)
    assert detector.estimator.estimator[-1].stride == 1
    assert make_detector("autoencoder").estimator.estimator[-1].stride == 2


@pytest.mark.parametrize(
    "given",
    [
        ConvAutoencoder(channels=(8,), kernel_size=3, lr=0.1, random_state=3),
        LSTMForecaster(),
        PCADetector(0.9),
    ],
    ids=lambda given: type(given).__name__,
)
def test_an_instance_is_taken_as_it_is(given):
    before = given.get_params()
    made = pipeline_in(make_detector(given, random_state=0))[-1]
    assert made is not given
    assert given.get_params() == before
    unset = {"random_state"} if before.get("random_state", 0) is None else set()
    after = made.get_params()
    assert {name for name in before if before[name] != after[name]} == unset


class JudgesRows(IsolationForest):
    """Scores the last row of a window."""

    judges_rows = True


@pytest.mark.parametrize(
    ("estimator", "stays"),
    [
        ("forecaster", True),
        (LSTMForecaster(), True),
        (JudgesRows(), True),
        (make_pipeline(StandardScaler(), JudgesRows()), True),
        (FOREST, False),
        ("pca", False),
        (ConvAutoencoder(), False),
    ],
)
def test_what_judges_rows_stays_at_its_rows(estimator, stays):
    chain = [make_detector(estimator, smoothing=7, causal=True).estimator]
    while isinstance(chain[-1].estimator, ReverseWindowing):
        chain.append(chain[-1].estimator)
    sizes = [meta.window_size for meta in chain]
    assert sizes == ([1, 1] if stays else ["auto"])
    assert {(meta.smoothing, meta.causal) for meta in chain} == {(7, True)}


def test_one_smoothing_is_that_of_every_average():
    for detector in (
        make_detector("forecaster", smoothing=9),
        make_detector(FOREST, smoothing=9),
    ):
        parameters = detector.get_params().items()
        found = {v for k, v in parameters if k.rpartition("__")[2] == "smoothing"}
        assert found == {9}
    assert make_detector(FOREST).estimator.smoothing == "window"
    assert make_detector().estimator.smoothing == "half"


@pytest.mark.parametrize(("size", "blur"), [(0.6, 0), (30.0, 16)])
def test_an_alarm_ends_within_a_window_of_the_fault_and_has_no_echo(size, blur):
    """Half of the moving average comes on top where a fault is very large."""
    rows = np.sin(np.arange(1600) / 5)[:, np.newaxis]
    rows += np.random.default_rng(0).normal(scale=0.1, size=rows.shape)
    rows[900:930] += size
    detector = make_detector("pca", window_size=32).fit(rows[:700])
    found = np.flatnonzero(detector.predict(rows)[700:] == -1) + 700
    assert np.isin(np.arange(900, 930), found).all()
    assert 900 - 32 - blur <= found.min()
    assert found.max() < 930 + 32 + blur


def test_members_are_smoothed_once_by_the_ensemble():
    detector = make_detector(smoothing=9)
    assert detector.estimator.smoothing == 9
    members = detector.estimator.estimator.estimators
    assert {member.smoothing for _, member in members} == {1}


def test_jobs_are_for_whatever_takes_them_and_refused_where_nothing_does():
    inside = make_pipeline(StandardScaler(), IsolationForest())
    assert make_detector(inside, n_jobs=2).estimator.estimator[-1][-1].n_jobs == 2
    taken = make_detector(IsolationForest(n_jobs=3), n_jobs=2).estimator.estimator[-1]
    assert taken.n_jobs == 3
    with pytest.raises(ValueError, match="n_jobs=2 has no effect: no part"):
        make_detector("pca", n_jobs=2, contamination=0.1)


@pytest.mark.parametrize(
    ("estimator", "windows"),
    [
        (FOREST, (100, 16)),
        (KernelDensity(), (100, 16)),
        (LocalOutlierFactor(novelty=True), (100, 16)),
        (make_pipeline(StandardScaler(), FOREST), (100, 16)),
        (ImageAutoencoder(max_epochs=1, random_state=0), (100, 8, 2)),
    ],
    ids=lambda case: type(case).__name__,
)
def test_any_other_detector_is_kept_and_gets_the_windows_it_takes(
    rng, estimator, windows
):
    X = rng.normal(size=(100, 2))
    detector = make_detector(estimator, window_size=8).fit(X)
    assert repr(detector.estimator.estimator[-1]) == repr(estimator)
    assert detector.estimator_.estimator_[:-1].transform(X).shape == windows
    assert detector.score_samples(X).shape == (100,)


def seeds(detector):
    return {
        name: value
        for name, value in detector.get_params().items()
        if name.endswith("random_state")
    }


def test_every_part_gets_a_seed_of_its_own_from_one():
    drawn = seeds(make_detector(random_state=0))
    assert len(drawn) == len(set(drawn.values())) == 3
    assert seeds(make_detector(random_state=0)) == drawn
    assert seeds(make_detector(random_state=1)) != drawn
    assert seeds(make_detector(random_state=np.random.RandomState(0))) == drawn
    assert set(seeds(make_detector()).values()) == {None}
    inside = make_pipeline(StandardScaler(), IsolationForest())
    assert all(seeds(make_detector(inside, random_state=0)).values())


def test_a_seed_of_its_own_is_kept():
    detector = make_detector(LSTMForecaster(random_state=7), random_state=0)
    assert set(seeds(detector).values()) == {7}


def test_one_seed_decides_every_score():
    X = sine(300, n_channels=2)
    first, second = (cheap(random_state=0).fit(X).score_samples(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(cheap(random_state=1).fit(X).score_samples(X), first)


@pytest.mark.parametrize("causal", [False, True])
def test_blocks_of_a_long_series_score_as_the_whole(causal):
    X = sine(600, n_channels=2)
    X[300:310] = 0
    detector = cheap(random_state=0, causal=causal).fit(X[:250])
    whole = detector.score_samples(X)
    blocks = score_samples_blockwise(detector, X, block_size=150)
    np.testing.assert_array_equal(blocks, whole)


def test_live_scores_never_look_ahead():
    X = sine(300)
    detector = cheap(random_state=0, causal=True).fit(X)
    assert row_context(detector)[1] == 0
    before = detector.score_samples(X)
    changed = X.copy()
    changed[200:] += 1.0
    after = detector.score_samples(changed)
    np.testing.assert_array_equal(after[:200], before[:200])
    assert after[200] != before[200]
    assert row_context(make_detector(FOREST, causal=True))[1] == 0


def test_the_window_size_is_that_of_every_window():
    sizes = {
        name: value
        for name, value in make_detector(window_size=24).get_params().items()
        if name.endswith("slidingwindow__window_size")
    }
    assert len(sizes) == 5
    assert set(sizes.values()) == {24}
    assert make_detector(FOREST).estimator.estimator[1].window_size == "auto"
    assert make_detector("pca").estimator.estimator[1].window_size == 100
    assert make_detector(PCADetector()).estimator.estimator[1].window_size == "auto"


def test_the_share_is_that_of_the_whole_detector():
    X = np.random.default_rng(0).normal(size=(300, 1))
    for detector in (
        cheap(contamination=0.05),
        make_detector(FOREST, contamination=0.05),
    ):
        assert np.sum(detector.fit(X).predict(X) == -1) == 15


def test_the_index_survives_the_scaler(rng):
    time = pd.date_range("2026-01-01", periods=330, freq="min").delete(range(100, 130))
    frame = pd.DataFrame(rng.normal(size=(300, 2)), time, columns=["load", "heat"])
    detector = cheap(random_state=0, window_size=24).fit(frame)
    assert detector.feature_names_in_.tolist() == ["load", "heat"]
    scores = detector.score_samples(frame)
    alone = [detector.score_samples(part) for part in (frame[:100], frame[100:])]
    np.testing.assert_array_equal(scores, np.concatenate(alone))
    unbroken = frame.set_axis(pd.date_range("2026-01-01", periods=300, freq="min"))
    assert not np.array_equal(scores, detector.score_samples(unbroken))


def test_arrays_and_tables_of_row_numbers_score_alike(rng):
    X = rng.normal(size=(300, 2))
    array = cheap(random_state=0).fit(X).score_samples(X)
    frame = pd.DataFrame(X, columns=["load", "heat"])
    table = cheap(random_state=0).fit(frame).score_samples(frame)
    np.testing.assert_array_equal(array, table)
    listed = cheap(random_state=0).fit(X.tolist()).score_samples(X.tolist())
    np.testing.assert_array_equal(array, listed)


def test_channels_of_any_unit_and_constant_ones_weigh_the_same():
    X = sine(300, n_channels=2)
    other = np.column_stack([1e6 * X[:, 0] + 5, 1e-6 * X[:, 1], np.full(300, 3.0)])
    detector = make_detector(PCADetector())
    scores = detector.fit(other).score_samples(other)
    assert np.isfinite(scores).all()
    two = detector.fit(other[:, :2]).score_samples(other[:, :2])
    np.testing.assert_allclose(two, detector.fit(X).score_samples(X), rtol=1e-3)


def test_it_clones_pickles_and_is_searched(rng):
    X = rng.normal(size=(240, 1))
    y = np.ones(240, dtype=int)
    for start in (40, 120, 200):
        X[start : start + 20] += 9.0
        y[start : start + 20] = -1
    detector = make_detector(FOREST, window_size=8, smoothing=1)
    scores = detector.fit(X).score_samples(X)
    again = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(again.score_samples(X), scores)
    np.testing.assert_array_equal(clone(detector).fit(X).score_samples(X), scores)
    grid = {"estimator__estimator__isolationforest__max_features": [0.5, 1.0]}
    scoring = make_anomaly_scorer("roc_auc")
    assert (
        GridSearchCV(detector, grid, scoring=scoring, cv=3).fit(X, y).best_score_ > 0.8
    )


def test_a_threshold_on_rows_held_back_goes_around_it(rng):
    X = rng.normal(size=(1000, 1))
    detector = ThresholdedDetector(
        make_detector(FOREST, window_size=8, smoothing=1),
        strategy="conformal",
        alpha=0.1,
    ).fit(X)
    assert detector.n_calibration_rows_ == 1000 - 2 * 7
    assert set(detector.predict(X)) == {-1, 1}


@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        (KMeans(), TypeError, "KMeans has no score_samples, by which ReverseWindowing"),
        ("forest", ValueError, r"'forest' is no name .* \['autoencoder', 'convol"),
        (
            IsolationForest,
            TypeError,
            r"Expected an estimator instance \(IsolationForest\(\)\)",
        ),
        (
            make_pipeline(SlidingWindow(4, flatten=True), FOREST),
            ValueError,
            "Pipeline looks at neighbouring rows itself: does it hold a SlidingWindow",
        ),
    ],
    ids=["no scores", "text", "class", "windows"],
)
def test_what_is_no_detector_of_windows_is_refused(estimator, error, message):
    with pytest.raises(error, match=message):
        make_detector(estimator)


def test_windows_and_lists_of_frames_are_refused_in_words():
    detector = make_detector(PCADetector(), window_size=8)
    frame = pd.DataFrame(np.zeros((20, 2)))
    for X in (np.zeros((20, 8, 2)), [frame, frame]):
        with pytest.raises(ValueError, match=r"X has shape .* cut behind it.*concat"):
            detector.fit(X)


def test_a_series_of_pandas_is_refused_in_words():
    with pytest.raises(ValueError, match=r"X is a Series.* Pass X\.to_frame\(\)"):
        make_detector(PCADetector(), window_size=8).fit(pd.Series(np.zeros(20)))


def test_a_number_is_static_and_auto_follows():
    assert isinstance(make_detector("pca"), AdaptiveThresholdDetector)
    assert isinstance(make_detector("pca", contamination=0.1), ReverseWindowing)


def test_it_knows_what_rate_to_expect_and_keeps_to_it():
    rng = np.random.default_rng(0)
    X = np.sin(np.arange(4000) / 7).reshape(-1, 1)
    X += rng.normal(scale=0.1, size=X.shape)
    detector = make_detector("pca").fit(X[:1500])
    assert detector.expected_alarm_rate_ < 0.01
    assert (detector.predict(X)[1500:] == -1).mean() < 0.01
    X[2500:2600] = rng.normal(size=(100, 1))
    assert (detector.predict(X)[2500:2600] == -1).mean() > 0.5


def test_rules_stand_around_each_chain_whose_errors_have_a_sign():
    rules = {"direction": {"a": "above"}, "min_deviation": 2, "context_channels": ["b"]}
    ensemble = make_detector(**rules, contamination=0.1).estimator
    for _, chain in ensemble.estimators:
        found = chain.estimator
        assert isinstance(found, ChannelRules)
        assert {name: getattr(found, name) for name in rules} == rules
    single = make_detector("forecaster", min_deviation=[0, 1], contamination=0.1)
    single = single.estimator.estimator
    assert single.min_deviation == [0, 1]
    assert single.direction == "both"


def test_rules_of_a_table_reach_its_detector(rng):
    X = pd.DataFrame(rng.normal(size=(400, 2)) * [1, 100], columns=["a", "b"])
    detector = make_detector(
        PCADetector(2),
        window_size=8,
        smoothing=1,
        min_deviation={"b": 50.0},
        contamination=0.1,
    ).fit(X)
    span = np.ptp(X["b"])
    inside = detector.estimator_.estimator_[-1]
    assert inside.min_deviation == pytest.approx((0, 50 / span))


def test_rules_without_effect_are_refused():
    with pytest.raises(TypeError, match="direction would have no effect: the errors"):
        make_detector(FOREST, direction="above")


def with_holes(X):
    X = X.copy()
    X[np.random.default_rng(1).random(X.shape) < 0.2] = np.nan
    return X


def test_missing_readings_are_read_and_rows_without_evidence_never_alarm():
    X = np.column_stack([np.sin(np.arange(700) / 5), np.cos(np.arange(700) / 5)])
    X += np.random.default_rng(0).normal(scale=0.05, size=X.shape)
    X[600:640] += 2.0
    holes = with_holes(X)
    holes[500:580] = np.nan
    detector = make_detector("pca", window_size=20, smoothing=1, random_state=0)
    detector.fit(with_holes(X[:450]))
    labels, scores = detector.predict(holes), detector.score_samples(holes)
    assert np.isfinite(scores).all()
    assert (labels[505:570] == 1).all()
    assert (labels[600:640] == -1).any()


def test_padding_is_no_reading_to_detectors_that_know_what_is_missing():
    own, strange = make_detector("pca"), make_detector(IsolationForest())
    assert window_of(own).padding == "missing"
    assert window_of(strange).padding == "edge"


def window_of(detector):
    return detector.estimator.estimator.named_steps["slidingwindow"]


def test_what_may_be_missing_is_set_for_all_members_and_for_no_instance():
    parameters = make_detector(max_missing=0.2).get_params()
    found = {v for n, v in parameters.items() if n.endswith("__max_missing")}
    assert found == {0.2}
    with pytest.raises(ValueError, match="max_missing=0.2 would have no effect"):
        make_detector(PCADetector(), max_missing=0.2)
