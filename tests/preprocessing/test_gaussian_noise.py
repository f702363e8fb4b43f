"""Noise for the rows of fit, and for no others."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skad.preprocessing import GaussianNoise, SlidingWindow

MINUTES = pd.date_range("2024-01-01", periods=40, freq="min")


def noise_in(noise, X):
    return noise.fit_transform(X) - X


@pytest.fixture
def rows(rng):
    """Three channels of deviations 1, 100 and exactly 0."""
    return rng.normal(size=(4000, 3)) * [1, 100, 0] + [0, -50, 7.1]


def test_in_place_every_row_comes_back_once_and_noisy(rows):
    noisy = GaussianNoise(scale=0.5, random_state=0).fit_transform(rows)
    assert noisy.shape == rows.shape
    assert (noisy[:, :2] != rows[:, :2]).all()


def test_relative_noise_is_a_share_of_each_channels_deviation(rows):
    noise = GaussianNoise(scale=0.5, random_state=0)
    drawn = noise_in(noise, rows)
    deviations = rows.std(axis=0)
    np.testing.assert_allclose(noise.channel_scale_[:2], deviations[:2], rtol=1e-12)
    np.testing.assert_allclose(drawn.std(axis=0)[:2], 0.5 * deviations[:2], rtol=0.05)
    np.testing.assert_allclose(drawn.mean(axis=0)[:2] / deviations[:2], 0, atol=0.05)


def test_absolute_noise_is_in_the_units_of_the_rows(rows):
    noise = GaussianNoise(scale=0.5, relative=False, random_state=0)
    drawn = noise_in(noise, rows)
    np.testing.assert_array_equal(noise.channel_scale_, np.ones(3))
    np.testing.assert_allclose(drawn.std(axis=0), 0.5, rtol=0.05)


def test_noise_is_independent_from_row_to_row_and_channel_to_channel(rng):
    drawn = noise_in(GaussianNoise(random_state=0), rng.normal(size=(4000, 2)))
    across = np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1]
    between = np.corrcoef(drawn.T)[0, 1]
    assert abs(across) < 0.06
    assert abs(between) < 0.06


@pytest.mark.parametrize("value", [0.1, 7.1, -1e12 / 3, 1e-300])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_constant_channel_stays_exactly_as_it_is(value, dtype):
    X = np.full((1000, 1), value, dtype=dtype)
    noise = GaussianNoise(scale=3.0, random_state=0)
    np.testing.assert_array_equal(noise.fit_transform(X), X)
    assert noise.channel_scale_.tolist() == [0.0]


def test_scale_zero_adds_nothing(rows):
    np.testing.assert_array_equal(GaussianNoise(scale=0.0).fit_transform(rows), rows)


def test_copies_follow_the_original_rows(rows):
    noise = GaussianNoise(scale=0.5, n_copies=3, random_state=0)
    first, *copies = np.split(noise.fit_transform(rows), 4)
    np.testing.assert_array_equal(first, rows)
    for copy in copies:
        spread = (copy - rows).std(axis=0)
        np.testing.assert_allclose(spread, [0.5, 50, 0], rtol=0.06)
    assert len({copy.tobytes() for copy in copies}) == 3


def test_a_pair_draws_one_factor_for_each_copy(rng):
    X = rng.normal(size=(4000, 2)) * [1, 10]
    noise = GaussianNoise(scale=(0.0, 6.0), n_copies=200, random_state=81)
    copies = np.split(noise.fit_transform(X[:400]), 201)[1:]
    factors = np.array([(copy - X[:400]).std(axis=0) for copy in copies])
    factors /= X[:400].std(axis=0)
    # One factor for both channels, up to what 400 draws can tell ...
    np.testing.assert_allclose(factors[:, 0], factors[:, 1], rtol=0.2)
    # ... and from copy to copy uniform between 0 and 6: mean 3, deviation 6 / sqrt(12).
    assert factors.max() < 6.6
    assert abs(factors.mean() - 3) < 0.4
    assert abs(factors.std() - 6 / np.sqrt(12)) < 0.25


def test_a_pair_draws_one_factor_for_noise_in_place(rng):
    X = rng.normal(size=(4000, 1))
    spreads = [
        noise_in(GaussianNoise(scale=[1.0, 2.0], random_state=seed), X).std() / X.std()
        for seed in range(20)
    ]
    assert 0.95 < min(spreads) < 1.3
    assert 1.7 < max(spreads) < 2.05


def test_a_pair_of_equal_ends_is_a_number(rows):
    drawn = noise_in(GaussianNoise(scale=(2.0, 2.0), random_state=0), rows)
    np.testing.assert_allclose(drawn[:, 0].std(), 2 * rows[:, 0].std(), rtol=0.05)


@pytest.mark.parametrize("n_copies", [0, 2])
@pytest.mark.parametrize("shape", [(30, 2), (30, 5, 2)])
def test_transform_returns_the_rows_as_they_are(rng, shape, n_copies):
    X = rng.normal(size=shape)
    noise = GaussianNoise(n_copies=n_copies).fit(X)
    np.testing.assert_array_equal(noise.transform(X), X)
    noise.fit_transform(X)
    np.testing.assert_array_equal(noise.transform(X[:7]), X[:7])


@pytest.mark.parametrize("n_copies", [0, 2])
@pytest.mark.parametrize("shape", [(30, 2), (30, 5, 2)])
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i4", "f8"), ("?", "f8")],
)
def test_single_precision_stays_and_all_else_is_double(
    shape, n_copies, dtype, expected
):
    X = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    noise = GaussianNoise(n_copies=n_copies, random_state=0)
    assert noise.fit_transform(X).dtype == expected
    assert noise.transform(X).dtype == expected


def test_single_and_double_precision_get_the_same_noise(rng):
    X = rng.normal(size=(30, 2)).astype(np.float32)
    single = GaussianNoise(relative=False, random_state=0).fit_transform(X)
    double = GaussianNoise(relative=False, random_state=0).fit_transform(
        X.astype(np.float64)
    )
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_the_input_is_left_as_it_is(rows):
    before = rows.copy()
    rows.flags.writeable = False
    noisy = GaussianNoise().fit_transform(rows)
    np.testing.assert_array_equal(rows, before)
    assert noisy.flags.writeable


def test_a_table_comes_back_as_one(rng):
    X = pd.DataFrame(rng.normal(size=(40, 2)), MINUTES, columns=["load", "heat"])
    noise = GaussianNoise(random_state=0)
    noisy = noise.fit_transform(X)
    pd.testing.assert_index_equal(noisy.index, X.index)
    assert noisy.columns.tolist() == ["load", "heat"]
    values = GaussianNoise(random_state=0).fit_transform(X.to_numpy())
    np.testing.assert_array_equal(noisy.to_numpy(), values)
    pd.testing.assert_frame_equal(noise.transform(X), X, check_freq=False)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(40),
        MINUTES,
        pd.MultiIndex.from_product([["a", "b"], range(20)], names=["name", "time"]),
    ],
    ids=["row numbers", "timestamps", "names and times"],
)
def test_copies_of_a_table_stand_under_an_outer_level(rng, index):
    X = pd.DataFrame(rng.normal(size=(40, 2)), index, dtype=np.float32)
    stacked = GaussianNoise(n_copies=2, random_state=0).fit_transform(X)
    assert stacked.shape == (120, 2)
    assert stacked.index.names == ["copy", *index.names]
    assert (stacked.dtypes == np.float32).all()
    pd.testing.assert_frame_equal(stacked.loc[0], X, check_freq=False)
    for copy in (1, 2):
        pd.testing.assert_index_equal(stacked.loc[copy].index, index, exact=False)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(40),
        MINUTES,
        pd.MultiIndex.from_product([["a", "b"], range(20)]),
        pd.Index([*range(25), *range(15)]),
    ],
    ids=["row numbers", "timestamps", "names and times", "restarting row numbers"],
)
def test_no_window_reaches_from_one_copy_of_a_table_into_the_next(rng, index):
    X = pd.DataFrame(rng.normal(size=(40, 2)), index)
    stacked = GaussianNoise(n_copies=2, random_state=0).fit_transform(X)
    windows = SlidingWindow(8).fit_transform(stacked)
    alone = SlidingWindow(8).fit(X)
    copies = np.split(stacked.to_numpy(), 3)
    for cut, copy in zip(np.split(windows, 3), copies, strict=True):
        expected = alone.transform(pd.DataFrame(copy, index))
        np.testing.assert_array_equal(cut, expected)


def test_of_arrays_just_the_first_windows_of_each_copy_straddle(rng):
    X = rng.normal(size=(40, 1))
    window_size = 8
    stacked = GaussianNoise(n_copies=2, random_state=0).fit_transform(X)
    windows = SlidingWindow(window_size).fit_transform(stacked)
    for copy in (1, 2):
        rows = slice(40 * copy, 40 * (copy + 1))
        alone = SlidingWindow(window_size).fit_transform(stacked[rows])
        differ = (windows[rows] != alone).any(axis=(1, 2))
        assert np.flatnonzero(differ).tolist() == list(range(window_size - 1))


def test_an_int_repeats_the_noise_and_leaves_the_global_generator_alone(rows):
    noise = GaussianNoise(scale=(0.1, 1.0), n_copies=1, random_state=3)
    before = np.random.get_state()[1].copy()
    first = noise.fit_transform(rows)
    np.testing.assert_array_equal(noise.fit_transform(rows), first)
    np.testing.assert_array_equal(clone(noise).fit_transform(rows), first)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    other = clone(noise).set_params(random_state=4).fit_transform(rows)
    assert not np.array_equal(other[4000:], first[4000:])


def test_a_generator_goes_on(rows):
    noise = GaussianNoise(random_state=np.random.RandomState(3))
    first = noise.fit_transform(rows)
    assert not np.array_equal(noise.fit_transform(rows), first)
    expected = GaussianNoise(random_state=3).fit_transform(rows)
    np.testing.assert_array_equal(first, expected)


def test_none_draws_from_the_global_generator(rows):
    state = np.random.get_state()
    try:
        np.random.seed(5)
        first = GaussianNoise().fit_transform(rows)
        np.random.seed(5)
        np.testing.assert_array_equal(GaussianNoise().fit_transform(rows), first)
        assert not np.array_equal(GaussianNoise().fit_transform(rows), first)
    finally:
        np.random.set_state(state)


def test_fit_and_transform_draw_nothing(rows):
    generator = np.random.RandomState(3)
    before = generator.get_state()[1].copy()
    GaussianNoise(random_state=generator).fit(rows).transform(rows)
    np.testing.assert_array_equal(generator.get_state()[1], before)


@pytest.mark.parametrize("n_copies", [0, 2])
def test_windows_get_noise_step_by_step(rng, n_copies):
    windows = SlidingWindow(8).fit_transform(rng.normal(size=(500, 2)) * [1, 10])
    noise = GaussianNoise(scale=0.5, n_copies=n_copies, random_state=0)
    noisy = noise.fit_transform(windows)
    assert noisy.shape == (500 * (n_copies + 1), 8, 2)
    drawn = noisy[-500:] - windows
    np.testing.assert_allclose(drawn.std(axis=(0, 1)), [0.5, 5], rtol=0.1)
    # The same row, at the end of one window and one before the end of the next.
    assert (drawn[:-1, -1] != drawn[1:, -2]).all()


def test_the_deviation_over_windows_is_that_of_the_series_below(rng):
    X = rng.normal(size=(500, 2)) * [1, 10]
    windows = np.lib.stride_tricks.sliding_window_view(X, 8, axis=0).transpose(0, 2, 1)
    noise = GaussianNoise().fit(windows)
    np.testing.assert_allclose(noise.channel_scale_, X.std(axis=0), rtol=1e-12)
    separate = GaussianNoise().fit(np.ascontiguousarray(windows))
    expected = windows.reshape(-1, 2).std(axis=0)
    np.testing.assert_allclose(separate.channel_scale_, expected, rtol=1e-12)


def test_learning_from_overlapping_windows_does_not_copy_them(rng):
    windows = SlidingWindow(256).fit_transform(rng.normal(size=(20_000, 1)))
    noise = GaussianNoise()
    tracemalloc.start()
    noise.fit(windows).transform(windows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < windows.nbytes / 20


def test_a_constant_channel_of_windows_stays_exactly_as_it_is(rng):
    X = np.column_stack([rng.normal(size=50), np.full(50, 0.1)])
    windows = SlidingWindow(4).fit_transform(X)
    noisy = GaussianNoise(scale=2.0, random_state=0).fit_transform(windows)
    np.testing.assert_array_equal(noisy[:, :, 1], windows[:, :, 1])
    assert (noisy[:, :, 0] != windows[:, :, 0]).all()


def before_the_window(noise):
    return make_pipeline(noise, SlidingWindow(4, flatten=True), forest())


def after_the_window(noise):
    return make_pipeline(SlidingWindow(4, flatten=True), noise, forest())


def forest():
    return IsolationForest(n_estimators=10, random_state=0)


@pytest.mark.parametrize("place", [before_the_window, after_the_window])
@pytest.mark.parametrize("n_copies", [0, 2])
@pytest.mark.parametrize("framed", [False, True])
def test_in_a_pipeline_only_fit_sees_the_noise(rng, place, n_copies, framed):
    X = rng.normal(size=(60, 2))
    X = pd.DataFrame(X, columns=["a", "b"]) if framed else X
    noise = GaussianNoise(scale=0.5, n_copies=n_copies, random_state=0)
    pipe = place(noise).fit(X)
    clean = place("passthrough")
    clean.steps[-1] = pipe.steps[-1]
    clean[:-1].fit(X)
    scores = pipe.score_samples(X)
    np.testing.assert_array_equal(scores, clean.score_samples(X))
    noiseless = place("passthrough").fit(X)
    assert not np.array_equal(scores, noiseless.score_samples(X))


def test_appended_copies_are_labelled_too_unless_one_fits_and_then_predicts(rng):
    X = rng.normal(size=(60, 2))
    pipe = before_the_window(GaussianNoise(n_copies=2, random_state=0))
    assert len(pipe.fit_predict(X)) == 180
    assert len(pipe.fit(X).predict(X)) == 60


def test_names_are_those_of_the_input():
    X = pd.DataFrame(np.zeros((5, 2)), columns=["load", "heat"])
    noise = GaussianNoise().fit(X)
    assert noise.get_feature_names_out().tolist() == ["load", "heat"]
    names = GaussianNoise().fit(X.to_numpy()).get_feature_names_out()
    assert names.tolist() == ["x0", "x1"]


def test_windows_have_no_names(rng):
    noise = GaussianNoise().fit(rng.normal(size=(30, 5, 2)))
    assert not hasattr(noise, "get_feature_names_out")
    assert hasattr(noise.fit(rng.normal(size=(30, 2))), "get_feature_names_out")


def test_a_polars_table_comes_back_as_an_array():
    X = pl.DataFrame({"load": [1.0, 2.0, 3.0]})
    noisy = GaussianNoise(n_copies=1, random_state=0).fit_transform(X)
    assert isinstance(noisy, np.ndarray)
    np.testing.assert_array_equal(noisy[:3, 0], [1, 2, 3])


def test_it_pickles_and_clones(rows):
    noise = GaussianNoise(scale=(0.1, 0.2), random_state=0).fit(rows)
    again = pickle.loads(pickle.dumps(noise))
    np.testing.assert_array_equal(again.transform(rows), rows)
    np.testing.assert_array_equal(again.fit_transform(rows), noise.fit_transform(rows))
    assert clone(noise).get_params() == noise.get_params()


def test_transform_needs_a_fit(rows):
    with pytest.raises(NotFittedError, match="This GaussianNoise instance is not fitt"):
        GaussianNoise().transform(rows)


@pytest.mark.parametrize(
    "scale", [(1.0,), (2.0, 1.0), (-1.0, 1.0), (0.0, np.inf), (np.nan, 1.0), ("a", 1)]
)
def test_a_pair_that_spans_no_range_is_refused(rows, scale):
    message = (
        r"scale=.* must be a number of at least 0, or a pair \(low, high\) of such"
    )
    with pytest.raises(ValueError, match=message):
        GaussianNoise(scale=scale).fit(rows)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scale": -0.1}, r"'scale' parameter .* in the range \[0.0, inf\)"),
        ({"scale": np.inf}, r"'scale' parameter .* in the range \[0.0, inf\)"),
        ({"scale": "0.1"}, "'scale' parameter .* Got '0.1' instead"),
        ({"n_copies": -1}, r"'n_copies' parameter .* in the range \[0, inf\)"),
        ({"n_copies": 1.5}, "'n_copies' parameter .* must be an int"),
        ({"relative": 2}, "'relative' parameter .* must be an instance of 'bool'"),
        ({"random_state": "x"}, "'random_state' parameter .* Got 'x' instead"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_a_parameter_out_of_range_is_refused_by_name(rows, parameters, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(GaussianNoise(**parameters), method)(rows)


@pytest.mark.parametrize("shape", [(9, 3), (9, 4, 1), (9, 2, 2), (9, 1, 2)])
def test_windows_of_another_shape_than_at_fit_are_refused(rng, shape):
    noise = GaussianNoise().fit(rng.normal(size=(9, 2, 1)))
    with pytest.raises(ValueError, match="expecting 2 features|fitted on 2 timesteps"):
        noise.transform(rng.normal(size=shape))


def test_missing_readings_stay_missing_and_count_in_no_deviation(rng):
    X = rng.normal(scale=[2.0, 5.0, 1.0], size=(500, 3))
    X[::4, 0] = X[:, 2] = np.nan
    noise = GaussianNoise(random_state=0).fit(X)
    expected = [X[:, 0][~np.isnan(X[:, 0])].std(), X[:, 1].std(), 0]
    np.testing.assert_allclose(noise.channel_scale_, expected)
    altered = noise.fit_transform(X)
    np.testing.assert_array_equal(np.isnan(altered), np.isnan(X))
    windows = SlidingWindow(4, padding="missing").fit_transform(X)
    altered = noise.fit_transform(windows)
    np.testing.assert_array_equal(np.isnan(altered), np.isnan(windows))


def test_windows_of_several_segments_are_altered_like_copied_ones(rng):
    X = pd.DataFrame(rng.normal(size=(30, 1)), index=[*range(10), *range(20, 40)])
    windows = SlidingWindow(4).fit_transform(X)
    altered = GaussianNoise(random_state=0).fit_transform(windows)
    expected = GaussianNoise(random_state=0).fit_transform(np.asarray(windows))
    np.testing.assert_array_equal(altered, expected)
