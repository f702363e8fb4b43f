"""Frames of pandas and polars: names are kept and checked, scores stay arrays."""

import matplotlib.pyplot as plt
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad.inspection import AnomalyDisplay, expected, explain
from skad.postprocessing import from_events, to_events
from skad.preprocessing import SlidingWindow
from tests.support.estimators import OF_EACH_KIND, SCORING

NAMES = ["load", "heat", "flow", "wear", "tilt", "beat"]
MINUTES = pd.date_range("2026-01-01", periods=40, freq="min")
KINDS = {
    "pandas": lambda values, names: pd.DataFrame(values, MINUTES, names),
    "polars": lambda values, names: pl.DataFrame(values, schema=names),
}


class OfArrow:
    """What `pyarrow.Table` shows, which is not installed with the tests."""

    __module__ = "pyarrow.lib"

    def __init__(self, frame):
        self.frame = frame
        self.shape, self.columns = frame.shape, list(frame.to_numpy().T)

    def __len__(self):
        return len(self.frame)

    def to_pandas(self):
        return self.frame


WRAPPED = {
    "narwhals over pandas": nw.from_native,
    "narwhals over polars": lambda X: nw.from_native(pl.DataFrame(X.to_dict("list"))),
    "arrow": OfArrow,
}


@pytest.fixture(params=KINDS)
def table(request, rng):
    return KINDS[request.param](rng.normal(size=(40, 6)), NAMES)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_the_names_of_the_columns_are_kept(name, table):
    fitted = clone(OF_EACH_KIND[name]).fit(table)
    assert fitted.feature_names_in_.tolist() == NAMES
    assert fitted.n_features_in_ == 6


@pytest.mark.parametrize("name", OF_EACH_KIND)
@pytest.mark.parametrize("kind", WRAPPED)
def test_frames_of_narwhals_and_arrow_are_read(name, kind, rng):
    X = KINDS["pandas"](rng.normal(size=(40, 6)), NAMES)
    wrapped, plain = WRAPPED[kind](X), X.reset_index(drop=True)
    ask = "score_samples" if name in SCORING else "transform"
    answers = [
        getattr(clone(OF_EACH_KIND[name]).fit(table), ask)(table)
        for table in (wrapped, plain)
    ]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_columns_in_another_order_are_refused(name, table):
    fitted = clone(OF_EACH_KIND[name]).fit(table)
    answer = getattr(fitted, "score_samples", None) or fitted.transform
    sentence = "Feature names must be in the same order as they were in fit"
    with pytest.raises(ValueError, match=sentence):
        answer(table[NAMES[::-1]])


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_other_columns_are_refused(name, table):
    fitted = clone(OF_EACH_KIND[name]).fit(table)
    answer = getattr(fitted, "score_samples", None) or fitted.transform
    kind = "pandas" if hasattr(table, "index") else "polars"
    other = KINDS[kind](np.asarray(table), [*NAMES[:-1], "hum"])
    with pytest.raises(ValueError, match="(?s)feature names should match.*- hum"):
        answer(other)


@pytest.mark.parametrize("name", SCORING)
@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_scores_and_labels_stay_arrays_whatever_transformers_return(
    name, container, table
):
    with config_context(transform_output=container):
        fitted = clone(SCORING[name]).fit(table)
        for method in ("score_samples", "decision_function", "predict"):
            answer = getattr(fitted, method)(table)
            assert type(answer) is np.ndarray
            assert answer.shape == (40,)


@pytest.mark.parametrize("name", ["LSTMForecaster", "ConvAutoencoder"])
def test_a_table_is_explained_by_another_and_shown_with_its_times(name, table):
    detector = clone(OF_EACH_KIND[name])
    scaler = StandardScaler().set_output(
        transform="pandas" if hasattr(table, "index") else "polars"
    )
    pipe = make_pipeline(scaler, SlidingWindow(4), detector).fit(table)
    for ask in (explain, expected):
        answer = ask(pipe, table)
        assert type(answer) is type(table)
        assert answer.shape == (40, 6)
        assert list(answer.columns) == NAMES
    display = AnomalyDisplay.from_estimator(pipe, table)
    labels = [label.get_text() for label in display.ax_[0].get_yticklabels()]
    assert labels == NAMES
    assert display.ax_[1].get_xlabel() == ("time" if hasattr(table, "index") else "row")
    plt.close(display.figure_)


def test_events_keep_the_index_of_the_rows(table):
    labels = np.where(np.isin(np.arange(40), [7, 8, 30]), -1, 1)
    index = getattr(table, "index", None)
    events = to_events(labels, index)
    times = MINUTES if index is not None else np.arange(40)
    assert events["start"].tolist() == [times[7], times[30]]
    rows = 40 if index is None else index
    np.testing.assert_array_equal(from_events(events, rows), labels)
