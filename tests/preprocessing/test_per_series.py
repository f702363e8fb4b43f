"""A transformer for each series."""

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import PCADetector, SlidingWindow
from skad.inspection import expected
from skad.preprocessing import PerSeries


@pytest.fixture
def panel(rng):
    frames = {
        name: pd.DataFrame(level * (3 + rng.normal(size=(200, 2))), columns=["u", "v"])
        for name, level in {"small": 1.0, "large": 1e6}.items()
    }
    return pd.concat(frames, names=["machine", "row"])


def test_each_series_is_scaled_by_its_own_rows(panel):
    scaled = PerSeries(StandardScaler()).fit_transform(panel)
    assert scaled.index.equals(panel.index)
    assert list(scaled.columns) == ["u", "v"]
    for _, rows in scaled.groupby(level=0):
        assert np.allclose(rows.mean(), 0)
        assert np.allclose(rows.std(ddof=0), 1)


def test_other_rows_of_a_series_are_scaled_as_those_seen_at_fit(panel):
    fitted = PerSeries(StandardScaler()).fit(panel)
    assert fitted.series_ == [("small",), ("large",)]
    last = panel.loc[["large"]].iloc[-5:]
    expected_rows = StandardScaler().fit(panel.loc["large"]).transform(last)
    assert np.array_equal(fitted.transform(last), expected_rows)


def test_a_new_series_and_an_array_get_the_scale_of_all_rows(panel):
    fitted = PerSeries(StandardScaler()).fit(panel)
    pooled = StandardScaler().fit(panel)
    new = panel.loc[["small"]].rename(index={"small": "new"}, level=0)
    assert np.array_equal(fitted.transform(new), pooled.transform(new))
    array = new.to_numpy()
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        answer = fitted.transform(array)
    assert isinstance(answer, np.ndarray)
    assert np.array_equal(answer, fitted.transform(new))


def test_a_table_without_outer_levels_is_one_series(panel):
    table = panel.loc["small"]
    fitted = PerSeries(StandardScaler()).fit(table)
    assert fitted.series_ == []
    scaled = fitted.transform(table)
    assert scaled.index.equals(table.index)
    assert np.array_equal(scaled, StandardScaler().fit_transform(table))


def test_the_way_back_gives_the_readings(panel):
    fitted = PerSeries(StandardScaler()).fit(panel)
    back = fitted.inverse_transform(fitted.transform(panel))
    assert back.index.equals(panel.index)
    assert np.allclose(back, panel)
    assert hasattr(PerSeries(SimpleImputer()), "inverse_transform")


def test_a_chain_keeps_series_apart_and_finds_the_way_back(panel):
    pipe = make_pipeline(
        PerSeries(StandardScaler()), SlidingWindow(8), PCADetector(2)
    ).fit(panel)
    alone = pipe.score_samples(panel.loc[["large"]])
    assert np.array_equal(pipe.score_samples(panel)[200:], alone)
    rows = expected(pipe, panel)
    assert np.allclose(rows.loc["large"].mean(), 3e6, rtol=0.1)
    assert np.allclose(rows.loc["small"].mean(), 3, rtol=0.1)


def test_the_transformer_given_is_not_fitted(panel):
    scaler = StandardScaler()
    PerSeries(scaler).fit(panel)
    assert not hasattr(scaler, "mean_")


def test_what_is_no_transformer_is_refused(panel):
    with pytest.raises(ValueError, match="'transformer' parameter of PerSeries"):
        PerSeries("standard").fit(panel)


def test_rows_of_a_series_stand_together():
    frame = pd.DataFrame({"a": np.arange(8.0)})
    both = pd.concat({"x": frame, "y": 100 * frame})
    with pytest.raises(ValueError, match="rows of series .x. do not stand next to"):
        PerSeries(StandardScaler()).fit(both.sort_index(level=1))


def test_no_rows_are_refused_in_the_words_of_the_scaler():
    frame = pd.DataFrame({"a": np.arange(8.0)})
    both = pd.concat({"x": frame, "y": 100 * frame})
    fitted = PerSeries(StandardScaler()).fit(both)
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        fitted.transform(both.iloc[:0])
