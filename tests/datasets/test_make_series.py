"""Made-up normal series."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from skad.datasets import make_series


def test_a_seed_decides_the_series_and_leaves_the_global_state_alone():
    before = np.random.get_state()[1].copy()
    first, second = make_series(300, random_state=0), make_series(300, random_state=0)
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(make_series(300, random_state=1))
    assert np.array_equal(np.random.get_state()[1], before)


def test_the_index_is_a_clock_of_the_step_asked_for():
    X = make_series(10, 2, freq="5s", random_state=0)
    assert list(X.columns) == ["x0", "x1"]
    assert (np.diff(X.index) == np.timedelta64(5, "s")).all()


def test_the_main_rhythm_comes_back_after_a_period():
    X = make_series(4000, 1, period=50, noise=0.01, random_state=0).to_numpy()[:, 0]
    same, opposite = X[200:] - X[:-200], X[25:] - X[:-25]
    assert np.std(same) < 0.1 * np.std(opposite)


def test_channels_can_be_told_from_each_other_up_to_the_noise():
    X = make_series(3000, 8, noise=0.1, random_state=0).to_numpy()
    told = LinearRegression().fit(X[:, 1:], X[:, 0]).score(X[:, 1:], X[:, 0])
    assert 0.9 < told < 1.0


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_noise_has_the_deviation_asked_for(noise):
    clean = make_series(5000, 2, noise=0.0, random_state=0)
    noisy = make_series(5000, 2, noise=noise, random_state=0)
    share = (noisy - clean).std() / clean.std()
    assert np.allclose(share, noise, atol=0.05)


def test_a_series_of_one_row_is_refused():
    with pytest.raises(ValueError, match="'n_timestamps' parameter of make_series"):
        make_series(1)
