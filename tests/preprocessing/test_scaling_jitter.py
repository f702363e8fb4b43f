"""Other magnitudes for the rows of fit, and for no others."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skad.preprocessing import GaussianNoise, ScalingJitter, SlidingWindow
from skad.pyod import PyODAdapter
from tests.support.pyod_stand_ins import KNN


@pytest.fixture
def windows(rng):
    """Windows of five steps and two channels, nowhere near zero."""
    return rng.uniform(1, 2, size=(3000, 5, 2)) * [1, 100]


def factors_in(jitter, X):
    return jitter.fit_transform(X) / X


def test_a_window_keeps_its_shape_and_changes_its_magnitude(windows):
    factors = factors_in(ScalingJitter(scale=0.2, random_state=0), windows)
    np.testing.assert_allclose(factors, factors[:, :1] * np.ones((1, 5, 1)), rtol=1e-12)
    drawn = factors[:, 0]
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.02)
    np.testing.assert_allclose(drawn.std(axis=0), 0.2, rtol=0.05)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.06, "channels vary by themselves"
    assert abs(np.corrcoef(drawn[1:, 0], drawn[:-1, 0])[0, 1]) < 0.06


def test_zero_stays_zero(windows):
    windows[:, 2] = 0.0
    altered = ScalingJitter(scale=0.5, random_state=0).fit_transform(windows)
    assert not altered[:, 2].any()


def test_a_series_keeps_one_factor_per_channel_from_end_to_end(rng):
    X = rng.uniform(1, 2, size=(50, 2))
    factors = factors_in(ScalingJitter(random_state=0), X)
    np.testing.assert_allclose(factors, np.tile(factors[0], (50, 1)), rtol=1e-12)
    assert factors[0, 0] != factors[0, 1]


def test_each_series_that_the_index_names_gets_factors_of_its_own(rng):
    index = pd.MultiIndex.from_tuples([("a", t) for t in range(20)] + [("b", 0)])
    X = pd.DataFrame(rng.uniform(1, 2, size=(21, 1)), index)
    factors = factors_in(ScalingJitter(random_state=0), X)
    assert factors[0].round(9).groupby(level=0).nunique().tolist() == [1, 1]
    assert factors[0].round(9).nunique() == 2


def test_copies_follow_the_rows_and_differ(windows):
    jitter = ScalingJitter(scale=(0.0, 1.0), n_copies=30, random_state=0)
    first, *copies = np.split(jitter.fit_transform(windows), 31)
    np.testing.assert_array_equal(first, windows)
    spreads = np.array([(copy / windows).std() for copy in copies])
    assert 0.0 < spreads.min() < 0.15
    assert 0.85 < spreads.max() < 1.05
    assert abs(spreads.mean() - 0.5) < 0.15


def test_copies_of_a_table_stand_under_an_outer_level(rng):
    X = pd.DataFrame(rng.uniform(1, 2, size=(20, 1)), columns=["load"])
    stacked = ScalingJitter(n_copies=2, random_state=0).fit_transform(X)
    assert stacked.index.names == ["copy", None]
    pd.testing.assert_frame_equal(stacked.loc[0], X, check_index_type=False)
    factors = stacked["load"].to_numpy().reshape(3, 20) / X["load"].to_numpy()
    assert len(np.unique(factors.round(9))) == 3


@pytest.mark.parametrize("n_copies", [0, 2])
@pytest.mark.parametrize("shape", [(30, 2), (30, 5, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transform_returns_the_rows_as_they_are(rng, shape, n_copies, dtype):
    X = rng.normal(size=shape).astype(dtype)
    jitter = ScalingJitter(n_copies=n_copies, random_state=0)
    altered = jitter.fit_transform(X)
    assert (altered[-len(X) :] != X).all()
    same = jitter.transform(X)
    np.testing.assert_array_equal(same, X)
    assert same.dtype == altered.dtype == dtype


def test_the_seed_decides_the_factors_and_the_input_is_left_alone(windows):
    windows.flags.writeable = False
    first, again, other = (
        ScalingJitter(random_state=seed).fit_transform(windows) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_overlapping_windows_are_scaled_each_by_itself():
    series = np.arange(1.0, 21).reshape(-1, 1)
    windows = SlidingWindow(3).fit_transform(series)
    factors = factors_in(ScalingJitter(random_state=0), windows)
    assert len(np.unique(factors.round(9))) == 20


def test_a_detector_that_has_seen_magnitudes_bears_them():
    quiet = SlidingWindow(6).fit_transform(np.sin(np.arange(200) / 3.0).reshape(-1, 1))
    flat = FunctionTransformer(lambda windows: windows.reshape(-1, 6))
    plain, jittered = (
        make_pipeline(step, flat, PyODAdapter(KNN())).fit(quiet)
        for step in ("passthrough", ScalingJitter(0.4, n_copies=5, random_state=0))
    )
    louder = 1.5 * quiet
    missed, borne = (d.score_samples(louder).mean() for d in (plain, jittered))
    assert missed < 2 * borne < 0


@pytest.mark.parametrize("kind", [ScalingJitter, GaussianNoise])
@pytest.mark.parametrize("scale", [(0.1,), (0.2, 0.1), (-0.1, 0.1), ("a", "b")])
def test_a_scale_that_is_no_pair_is_refused(kind, scale):
    with pytest.raises(ValueError, match=r"must be a number of at least 0, or a pair"):
        kind(scale=scale).fit(np.eye(3))


def test_a_negative_scale_is_refused():
    with pytest.raises(ValueError, match="'scale' parameter of ScalingJitter must be"):
        ScalingJitter(scale=-0.1).fit(np.eye(3))
