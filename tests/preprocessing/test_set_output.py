"""The container of transformers: tables are framed, windows stay arrays."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skad.postprocessing import ReverseWindowing
from skad.preprocessing import GaussianNoise, SlidingWindow

FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
MINUTES = pd.date_range("2024-01-01", periods=30, freq="min")


@pytest.fixture
def table(rng):
    return pd.DataFrame(rng.normal(size=(30, 2)), MINUTES, columns=["load", "heat"])


def flat_window():
    return SlidingWindow(3, flatten=True)


LAGS = [f"{name}_lag{lag}" for lag in (2, 1, 0) for name in ("load", "heat")]


@pytest.mark.parametrize("container", FRAMES)
def test_flat_windows_are_framed_with_their_names(table, container):
    framed = flat_window().set_output(transform=container).fit_transform(table)
    assert isinstance(framed, FRAMES[container])
    assert list(framed.columns) == LAGS
    np.testing.assert_array_equal(framed.to_numpy(), flat_window().fit_transform(table))


def test_flat_windows_keep_the_index(table):
    framed = flat_window().set_output(transform="pandas").fit(table).transform(table)
    pd.testing.assert_index_equal(framed.index, table.index)


@pytest.mark.parametrize("container", FRAMES)
@pytest.mark.parametrize("framed", [False, True])
def test_windows_of_three_dimensions_stay_an_array(table, container, framed):
    X = table if framed else table.to_numpy()
    window = SlidingWindow(3).set_output(transform=container)
    for windows in (window.fit_transform(X), window.transform(X)):
        assert type(windows) is np.ndarray
        assert windows.strides[0] == windows.strides[1]


@pytest.mark.parametrize("container", FRAMES)
@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("framed", [False, True])
def test_the_global_container_is_taken_for_tables_alone(
    table, container, flatten, framed
):
    X = table if framed else table.to_numpy()
    window = SlidingWindow(3, flatten=flatten)
    expected = window.fit_transform(X)
    with config_context(transform_output=container):
        found = window.fit_transform(X)
    assert isinstance(found, FRAMES[container] if flatten else np.ndarray)
    np.testing.assert_array_equal(np.asarray(found), expected)


def test_switching_flatten_switches_the_container(table):
    window = SlidingWindow(3).set_output(transform="pandas")
    assert isinstance(window.fit_transform(table), np.ndarray)
    window.set_params(flatten=True)
    assert isinstance(window.fit_transform(table), pd.DataFrame)


@pytest.mark.parametrize("step", [SlidingWindow(3, flatten=True), GaussianNoise()])
def test_a_clone_keeps_the_container(table, step):
    copy = clone(clone(step).set_output(transform="polars"))
    assert isinstance(copy.fit_transform(table), pl.DataFrame)


@pytest.mark.parametrize("step", [SlidingWindow(3, flatten=True), GaussianNoise()])
def test_default_goes_back_to_what_the_step_returns(table, step):
    step = clone(step).set_output(transform="polars").set_output(transform=None)
    assert isinstance(step.fit_transform(table), pl.DataFrame)
    step.set_output(transform="default")
    assert not isinstance(step.fit_transform(table), pl.DataFrame)


@pytest.mark.parametrize("step", [SlidingWindow(3, flatten=True), GaussianNoise()])
def test_an_unknown_container_is_refused(table, step):
    step = clone(step).set_output(transform="excel")
    with pytest.raises(ValueError, match="output config must be in .* got excel"):
        step.fit_transform(table)


@pytest.mark.parametrize("container", FRAMES)
@pytest.mark.parametrize("form", ["pandas", "polars", "array"])
@pytest.mark.parametrize("n_copies", [0, 1])
def test_noisy_rows_are_framed(table, container, form, n_copies):
    forms = {"pandas": table, "array": table.to_numpy()}
    forms["polars"] = pl.DataFrame(dict(table.items()))
    noise = GaussianNoise(n_copies=n_copies, random_state=0)
    expected = np.asarray(noise.fit_transform(forms[form]))
    framed = noise.set_output(transform=container).fit_transform(forms[form])
    assert isinstance(framed, FRAMES[container])
    names = ["x0", "x1"] if form == "array" else ["load", "heat"]
    assert list(framed.columns) == names
    np.testing.assert_array_equal(framed.to_numpy(), expected)


def test_copies_stay_apart_in_a_pandas_container(table):
    noise = GaussianNoise(n_copies=1).set_output(transform="pandas")
    assert noise.fit_transform(table).index.names == ["copy", None]
    pd.testing.assert_index_equal(noise.transform(table).index, table.index)


@pytest.mark.parametrize("container", FRAMES)
def test_noisy_windows_stay_an_array(rng, container):
    windows = rng.normal(size=(30, 4, 2))
    noise = GaussianNoise().set_output(transform=container)
    assert isinstance(noise.fit_transform(windows), np.ndarray)
    assert isinstance(noise.transform(windows), np.ndarray)


def steps_in_order(flatten):
    window = SlidingWindow(3, flatten=flatten)
    return [
        [MinMaxScaler(), window],
        [MinMaxScaler(), GaussianNoise(random_state=0), window],
        [MinMaxScaler(), window, GaussianNoise(random_state=0)],
        [MinMaxScaler(), GaussianNoise(n_copies=1, random_state=0), window],
    ]


@pytest.mark.parametrize("container", FRAMES)
@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("order", range(4))
def test_a_whole_pipeline_takes_a_container(table, container, flatten, order):
    pipe = make_pipeline(*steps_in_order(flatten)[order])
    plain = clone(pipe).fit(table).transform(table)
    told = clone(pipe).set_output(transform=container).fit(table).transform(table)
    with config_context(transform_output=container):
        by_config = clone(pipe).fit(table).transform(table)
    for found in (told, by_config):
        assert isinstance(found, FRAMES[container] if flatten else np.ndarray)
        np.testing.assert_allclose(np.asarray(found), plain)


@pytest.mark.parametrize("container", ["default", *FRAMES])
def test_detectors_after_it_do_not_mind_the_container(table, container):
    forest = IsolationForest(n_estimators=5, random_state=0)
    pipe = make_pipeline(MinMaxScaler(), GaussianNoise(), flat_window(), forest)
    detector = ReverseWindowing(pipe)
    with config_context(transform_output=container):
        scores = detector.fit(table).score_samples(table)
    assert scores.shape == (30,)
    assert np.isfinite(scores).all()


def test_windows_of_two_lengths_stand_side_by_side(table):
    union = FeatureUnion(
        [("short", SlidingWindow(1, flatten=True)), ("l", flat_window())]
    )
    framed = union.set_output(transform="pandas").fit_transform(table)
    assert framed.columns.tolist() == [
        "short__load_lag0",
        "short__heat_lag0",
        *(f"l__{name}" for name in LAGS),
    ]
