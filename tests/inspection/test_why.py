"""One row, and why it was found odd."""

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import PCADetector, ReverseWindowing, SlidingWindow, row_context
from skad.inspection import expected, explain, why
from skad.postprocessing import EnsembleDetector

MINUTES = pd.date_range("2026-01-01", periods=400, freq="min")
COLUMNS = ["share", "read", "expected", "usual_deviation"]


def pipe(window_size=8):
    scaler = StandardScaler().set_output(transform="pandas")
    return make_pipeline(scaler, SlidingWindow(window_size), PCADetector(2))


@pytest.fixture
def X(rng):
    t = np.arange(400)[:, np.newaxis]
    waves = [1, 50, 1000] * np.sin(t / [4, 5, 6]) + [0, 500, 0]
    X = waves + [1, 50, 1000] * rng.normal(scale=0.05, size=(400, 3))
    return pd.DataFrame(X, MINUTES, ["a", "b", "c"])


DETECTORS = {
    "pipeline": pipe,
    "reverse": lambda: ReverseWindowing(pipe(), smoothing=5),
    "ensemble": lambda: EnsembleDetector([("x", pipe()), ("y", pipe(16))]),
}


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("row", [0, 3, 20, 350, 399, -1])
def test_the_numbers_of_a_row_are_those_it_has_in_the_whole_series(name, row, X):
    detector = DETECTORS[name]().fit(X[:300])
    table = why(detector, X, row).loc[["a", "b", "c"]]
    assert table.columns.tolist() == COLUMNS
    shares = explain(detector, X).iloc[row]
    np.testing.assert_allclose(table["share"], shares / shares.sum(), rtol=1e-9)
    np.testing.assert_array_equal(table["read"], X.iloc[row])
    np.testing.assert_allclose(table["expected"], expected(detector, X).iloc[row])
    assert table["share"].sum() == pytest.approx(1)


def test_the_guilty_channel_stands_first_far_from_what_is_usual(X):
    detector = pipe().fit(X[:300])
    X.loc[MINUTES[350], "b"] += 400
    first = why(detector, X, MINUTES[350]).iloc[0]
    assert first.name == "b"
    assert first["share"] > 0.8
    assert abs(first["read"] - first["expected"]) > 10 * first["usual_deviation"] > 0


def test_what_is_usual_is_told_by_the_rows_before_that_the_score_looks_back_at(X):
    detector = ReverseWindowing(pipe(24), causal=True).fit(X[:300])
    back, _ = row_context(detector)
    off = (X - expected(detector, X)).abs().iloc[350 - back : 350].median()
    table = why(detector, X, 350).loc[["a", "b", "c"]]
    np.testing.assert_allclose(table["usual_deviation"], off)
    assert why(detector, X, 0)["usual_deviation"].isna().all()


def test_a_row_is_named_by_its_number_or_by_its_label(X):
    detector = pipe().fit(X[:300])
    by_number = why(detector, X, 350)
    pd.testing.assert_frame_equal(why(detector, X, -50), by_number)
    pd.testing.assert_frame_equal(why(detector, X, MINUTES[350]), by_number)
    pd.testing.assert_frame_equal(why(detector, X, np.int64(350)), by_number)


def test_any_table_will_do(X):
    detector = pipe().fit(X[:300].to_numpy())
    of_array = why(detector, X.to_numpy(), 350)
    assert set(of_array.index) == {"x0", "x1", "x2"}
    table = pl.DataFrame(X.to_dict("list"))
    detector = pipe().fit(table[:300])
    named = why(detector, table, 350)
    assert set(named.index) == {"a", "b", "c"}
    pd.testing.assert_frame_equal(why(detector, nw.from_native(table), 350), named)
    np.testing.assert_allclose(named, of_array)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (400, "row=400 is no number of a row of X, which has 400"),
        (-401, "row=-401 is no number of a row"),
        ("2030-01-01", "row='2030-01-01' is not in the index of X. Pass the number"),
        ("2026-01-01", "row='2026-01-01' names several rows of X"),
    ],
)
def test_a_row_that_is_not_there_is_refused(row, message, X):
    with pytest.raises(ValueError, match=message):
        why(pipe().fit(X), X, row)


def test_what_cannot_tell_is_refused_in_words(X):
    with pytest.raises(TypeError, match="IsolationForest has no method expected"):
        why(IsolationForest(n_estimators=3).fit(X), X, 5)
    mixing = make_pipeline(PCA(2), SlidingWindow(8), PCADetector(2)).fit(X)
    with pytest.raises(ValueError, match="sees 2 channels, and X has 3, so that read"):
        why(mixing, X, 50)
