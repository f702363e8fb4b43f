"""Saved and loaded, an estimator answers as before, to the bit."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import OneClassSVM

import skad
from skad.detectors import ConvAutoencoder, LSTMForecaster
from skad.metrics import make_anomaly_scorer
from skad.persistence import _saving
from skad.persistence._sealed_files import write_sealed
from skad.postprocessing import ReverseWindowing, TunedThresholdDetectorCV
from skad.preprocessing import GaussianNoise, PerSeries, SlidingWindow
from skad.sktime import SktimeAdapter
from tests.support.estimators import INSTANCES, TunedByMadeUpLabels, answer_of
from tests.support.own_network import ImageAutoencoder
from tests.support.pyod_stand_ins import KNN, MAD
from tests.support.signals import sine

pytestmark = pytest.mark.files

TREES = "sklearn.tree._tree.Tree"
X = sine(80, 2) + np.random.default_rng(0).normal(scale=0.1, size=(80, 2))
X[::10] += 3.0
Y = np.where(np.arange(80) % 10 == 0, -1, 1)


@pytest.fixture
def saved(tmp_path):
    """Save, load, and return what was loaded."""

    def saved(estimator, trusted=()):
        skad.save(estimator, tmp_path / "estimator.skad")
        return skad.load(tmp_path / "estimator.skad", trusted)

    return saved


def assert_same(loaded, fitted, X=X):
    assert type(loaded) is type(fitted)
    assert np.array_equal(answer_of(loaded, X), answer_of(fitted, X), equal_nan=True)
    if hasattr(fitted, "predict"):
        assert np.array_equal(loaded.predict(X), fitted.predict(X))
    if hasattr(fitted, "offset_"):
        assert loaded.offset_ == fitted.offset_
        assert type(loaded.offset_) is type(fitted.offset_)


def parameters_of(estimator):
    """Describe them without addresses, which some show."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(estimator.get_params()))


def name_of(estimator):
    return type(estimator).__name__


# What sktime's detectors keep of the rows at fit is a frame, which is no plain data.
WITH_FRAMES = [each for each in INSTANCES if isinstance(each, SktimeAdapter)]
PLAIN = [each for each in INSTANCES if not isinstance(each, SktimeAdapter)]
OF_THE_TESTS = [TunedByMadeUpLabels, MAD, KNN, OneClassSVM]


@pytest.mark.parametrize("estimator", PLAIN, ids=name_of)
def test_every_estimator_comes_back_as_it_was(saved, estimator, record_property):
    fitted = clone(estimator).fit(X)
    loaded = saved(fitted, [TREES, *OF_THE_TESTS])
    assert_same(loaded, fitted)
    assert parameters_of(loaded) == parameters_of(fitted)
    record_property("estimators loaded with the same bits", 1)


@pytest.mark.parametrize("estimator", WITH_FRAMES, ids=name_of)
def test_what_keeps_a_frame_is_refused(saved, estimator):
    with pytest.raises(ValueError, match="cannot be saved.*frames of pandas"):
        saved(clone(estimator).fit(X))


@pytest.mark.parametrize("estimator", PLAIN[:-2:5], ids=name_of)
def test_what_is_not_fitted_comes_back_to_be_fitted(saved, estimator):
    loaded = saved(estimator, OF_THE_TESTS)
    assert parameters_of(loaded) == parameters_of(estimator)
    assert not hasattr(loaded, "offset_")


def chain(detector, **window):
    scaler = MinMaxScaler().set_output(transform="pandas")
    return make_pipeline(
        scaler, GaussianNoise(random_state=0), SlidingWindow(4, **window), detector
    )


DETECTOR = ConvAutoencoder((2,), max_epochs=1, random_state=0)
GRID = {"convautoencoder__max_epochs": [1, 2]}


@pytest.mark.parametrize(
    "estimator",
    [
        chain(DETECTOR),
        ReverseWindowing(chain(DETECTOR), reduce="median", smoothing=3),
        TunedThresholdDetectorCV(chain(DETECTOR), cv=2, thresholds=5),
        GridSearchCV(
            chain(DETECTOR),
            GRID,
            cv=TimeSeriesSplit(2),
            scoring=make_anomaly_scorer("vus_pr", max_window=3),
        ),
        GridSearchCV(
            ReverseWindowing(chain(DETECTOR)),
            {"smoothing": [1, 2]},
            cv=2,
            scoring=make_anomaly_scorer("f1"),
        ),
    ],
    ids=["pipeline", "reverse", "tuned", "grid", "grid of reverse"],
)
def test_chains_with_times_come_back_with_their_rule_for_gaps(saved, estimator):
    times = pd.date_range("2026", periods=len(X), freq="min")
    frame = pd.DataFrame(X, index=times, columns=["a", "b"])
    fitted = clone(estimator).fit(frame, Y)
    loaded = saved(fitted)
    later = times[-1] - times[0]
    with_gap = frame.set_index(times[:40].append(times[40:] + later))
    assert_same(loaded, fitted, with_gap)
    assert not np.array_equal(answer_of(fitted, with_gap), answer_of(fitted, frame))


@pytest.mark.parametrize("max_gap", [np.timedelta64(5, "m"), pd.Timedelta("5min")])
def test_a_span_of_time_is_saved_as_numpy_or_python_know_it(saved, max_gap):
    times = pd.date_range("2026", periods=len(X), freq="min")
    frame = pd.DataFrame(X, index=times)
    pipe = make_pipeline(SlidingWindow(3, flatten=True), DETECTOR).fit(frame)
    if isinstance(max_gap, pd.Timedelta):
        pipe.set_params(slidingwindow__max_gap=max_gap)
        with pytest.raises(ValueError, match="cannot be saved.*Timedelta"):
            saved(pipe)
        max_gap = max_gap.to_pytimedelta()
    pipe.set_params(slidingwindow__max_gap=max_gap).fit(frame)
    assert_same(saved(pipe), pipe, frame)


@pytest.mark.parametrize(
    ("detector", "trusted"),
    [
        (LSTMForecaster(4, random_state=0), []),
        (ConvAutoencoder((2,), early_stopping=True, random_state=0), []),
        (ConvAutoencoder((2,), optimizer="adamw", random_state=0), []),
        (ConvAutoencoder((2,), optimizer="sgd", lr=0.1, random_state=0), []),
        (
            ConvAutoencoder((2,), optimizer=torch.optim.RMSprop, random_state=0),
            [torch.optim.RMSprop],
        ),
        (LSTMForecaster(4, random_state=np.random.RandomState(0)), []),
    ],
    ids=["lstm", "early stopping", "adamw", "sgd", "rmsprop", "generator"],
)
def test_a_warm_start_goes_on_to_the_bit(saved, detector, trusted):
    windows = SlidingWindow(4).fit_transform(X)
    fitted = clone(detector).set_params(max_epochs=2, warm_start=True).fit(windows)
    loaded = saved(fitted, trusted)
    for refitted in (fitted, loaded):
        refitted.set_params(lr=0.05).fit(windows)
    assert loaded.n_iter_ == fitted.n_iter_ == 4
    assert loaded.loss_curve_ == fitted.loss_curve_
    assert loaded.validation_scores_ == fitted.validation_scores_
    assert_same(loaded, fitted, windows)


def test_a_network_of_ones_own_is_trusted_by_its_class_or_its_name(saved):
    windows = SlidingWindow(4).fit_transform(X)
    fitted = ImageAutoencoder(max_epochs=1, random_state=0).fit(windows)
    with pytest.raises(
        TypeError, match=r"\['tests.support.own_network.ImageAutoencoder'\]"
    ):
        saved(fitted)
    assert_same(saved(fitted, [ImageAutoencoder]), fitted, windows)
    assert_same(
        saved(fitted, "tests.support.own_network.ImageAutoencoder"), fitted, windows
    )


def test_a_forest_needs_its_trees_trusted_by_name(saved):
    fitted = IsolationForest(n_estimators=5, random_state=0).fit(X)
    with pytest.raises(TypeError, match=r"skad.load\(path, trusted=\['sklearn.tree"):
        saved(fitted)
    assert_same(saved(fitted, [TREES]), fitted)


def test_parameters_changed_since_the_fit_wait_for_the_next_one(saved):
    windows = SlidingWindow(4).fit_transform(X)
    fitted = clone(DETECTOR).fit(windows).set_params(channels=(5, 3), stride=2)
    loaded = saved(fitted)
    assert_same(loaded, fitted, windows)
    assert_same(loaded.fit(windows), fitted.fit(windows), windows)


def test_the_global_random_states_stay_as_they_were(saved):
    fitted = clone(DETECTOR).fit(SlidingWindow(4).fit_transform(X))
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    saved(fitted)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])


def test_the_same_over_and_over_is_saved_too(saved, tmp_path):
    fitted = MinMaxScaler().fit(X)
    fitted.seen_ = [0] * 20_000
    assert saved(fitted).seen_ == fitted.seen_
    assert (tmp_path / "estimator.skad").stat().st_size > 1_000_000  # not compressed


@pytest.mark.parametrize("convert", [str, Path])
def test_a_path_is_a_text_or_a_path(tmp_path, convert):
    path = convert(tmp_path / "scaler.skad")
    skad.save(MinMaxScaler(), path)
    assert isinstance(skad.load(path), MinMaxScaler)


@pytest.mark.parametrize("wrong", [5, None, [DETECTOR], ConvAutoencoder], ids=str)
def test_only_estimators_are_saved(tmp_path, wrong):
    with pytest.raises(TypeError, match="takes an estimator, and got"):
        skad.save(wrong, tmp_path / "wrong.skad")


def test_what_could_not_be_loaded_is_not_saved(tmp_path):
    class Local(ConvAutoencoder):
        pass

    for wrong in (FunctionTransformer(lambda X: X), Local((2,))):
        with pytest.raises(ValueError, match="cannot be saved.*at the top level"):
            skad.save(wrong, tmp_path / "wrong.skad")
    assert list(tmp_path.iterdir()) == []


def test_without_skops_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    monkeypatch.setitem(sys.modules, "skops", None)
    with pytest.raises(ImportError, match=r'pip install "skad\[safe\]"'):
        skad.save(MinMaxScaler(), tmp_path / "scaler.skad")
    with pytest.raises(ImportError, match=r'pip install "skad\[safe\]"'):
        skad.load(tmp_path / "scaler.skad")


def test_other_versions_are_named_in_a_warning(tmp_path, monkeypatch):
    path = tmp_path / "scaler.skad"
    older = {**_saving.versions_here(), "torch": "1.0.0", "python": "3.0.1"}
    with monkeypatch.context() as patch:
        patch.setattr(_saving, "versions_here", lambda: older)
        skad.save(MinMaxScaler(), path)
    words = r"saved with python 3.0.1 \(here 3.*\), torch 1.0.0 \(here .*save it anew"
    with pytest.warns(UserWarning, match=words):
        skad.load(path)


def test_another_patch_release_is_no_other_version(tmp_path, monkeypatch):
    path = tmp_path / "scaler.skad"
    skad.save(MinMaxScaler(), path)
    others = {name: v + "9" for name, v in _saving.versions_here().items()}
    monkeypatch.setattr(_saving, "versions_here", lambda: others)
    assert isinstance(skad.load(path), MinMaxScaler)


def test_a_warning_that_is_an_error_by_the_callers_wish_is_not_taken_for_damage(
    tmp_path, monkeypatch
):
    path = tmp_path / "scaler.skad"
    with monkeypatch.context() as patch:
        patch.setattr(sklearn.base, "__version__", "1.0.0")
        skad.save(MinMaxScaler(), path)
    with pytest.raises(InconsistentVersionWarning, match=r"from version 1\.0\.0"):
        skad.load(path)


def test_a_later_format_asks_for_a_later_skad(tmp_path):
    path = tmp_path / "later.skad"
    write_sealed(path, {"format": 2, "versions": {"skad": "7.0"}}, b"")
    with pytest.raises(ValueError, match=r"later skad \(7.0, format 2.*Update skad"):
        skad.load(path)


@pytest.mark.parametrize("header", [{}, {"format": "1"}, {"format": 1, "versions": 2}])
def test_a_header_without_format_or_versions_is_damage(tmp_path, header):
    write_sealed(tmp_path / "odd.skad", header, b"")
    with pytest.raises(ValueError, match="is damaged.*no format or no versions"):
        skad.load(tmp_path / "odd.skad")


def kind_of_step(step):
    """Name a step, by its function if it has one: ids hold no addresses."""
    return getattr(getattr(step, "func", None), "__name__", type(step).__name__)


@pytest.mark.parametrize(
    "step",
    [
        SimpleImputer(),
        SimpleImputer(strategy="median", add_indicator=True),
        KNNImputer(n_neighbors=2),
        MinMaxScaler().set_output(transform="pandas"),
        StandardScaler(),
        MaxAbsScaler(),
        RobustScaler(),
        PowerTransformer(),
        PerSeries(RobustScaler()),
        PCA(1),
        QuantileTransformer(n_quantiles=20),
        FunctionTransformer(pd.DataFrame.ffill),
        FunctionTransformer(pd.DataFrame.interpolate),
        FunctionTransformer(pd.DataFrame.diff),
        FunctionTransformer(np.log1p),
    ],
    ids=kind_of_step,
)
def test_what_stands_before_the_windows_needs_no_trust(saved, step):
    frame = pd.DataFrame(np.abs(X), columns=["a", "b"])
    frame.iloc[5, 0] = np.nan
    rows = frame if "ute" in repr(step) or "ffill" in repr(step) else frame.ffill()
    loaded = saved(step.fit(rows))
    first, second = (each.transform(rows) for each in (step, loaded))
    assert np.array_equal(np.asarray(first), np.asarray(second), equal_nan=True)
