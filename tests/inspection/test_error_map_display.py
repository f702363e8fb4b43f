"""Which channel, and when: cells of the largest errors."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad.detectors import PCADetector
from skad.inspection import ErrorMapDisplay, explain
from skad.preprocessing import SlidingWindow

HOURS = pd.date_range("2026-01-01", periods=90, freq="h")


@pytest.fixture
def errors(rng):
    return rng.exponential(size=(90, 3))


def cells(display):
    """Return the coloured values, (n_channels, n_cells)."""
    return display.mesh_.get_array()


def test_few_rows_have_a_cell_each(errors):
    display = ErrorMapDisplay.from_predictions(errors)
    np.testing.assert_array_equal(cells(display), errors.T)
    assert display.figure_ is display.ax_.figure
    assert display.colorbar_.ax.get_ylabel() == "adds to the error"
    assert display.ax_.get_ylim() == (3, 0)  # the first channel stands on top
    assert display.true_spans_ is None


def test_a_spike_of_one_row_among_many_colours_its_cell():
    errors = np.ones((300_000, 4), dtype=np.float32)
    errors[222_222, 2] = 50.0
    display = ErrorMapDisplay.from_predictions(errors)
    assert cells(display).shape[1] < display.figure_.bbox.width  # in pixels
    channel, cell = np.argwhere(cells(display) == 50.0)[0]
    assert channel == 2
    edges = display.mesh_.get_coordinates()[0, :, 0]
    assert edges[cell] < 222_222 < edges[cell + 1]
    assert (cells(display) == 50.0).sum() == 1
    assert display.mesh_.norm.vmax == 50.0


def test_errors_below_zero_have_the_colour_of_zero(errors):
    errors[5, 1] = -3.0
    assert cells(ErrorMapDisplay.from_predictions(errors))[1, 5] == 0


def test_no_errors_at_all_are_drawn_pale():
    display = ErrorMapDisplay.from_predictions(np.zeros((5, 2)))
    assert (display.mesh_.norm.vmin, display.mesh_.norm.vmax) == (0, 1)


def test_a_gap_is_left_empty(errors):
    index = HOURS.delete(range(30, 60))
    framed = pd.DataFrame(errors[:60], index, columns=["a", "b", "c"])
    display = ErrorMapDisplay.from_predictions(framed)
    values = np.ma.filled(cells(display), np.nan)
    assert values.shape == (3, 61)
    assert np.isnan(values[:, 30]).all()
    edges = display.mesh_.get_coordinates()[0, :, 0]
    assert edges[31] - edges[30] == pytest.approx(30 / 24)
    np.testing.assert_array_equal(np.delete(values, 30, axis=1), errors[:60].T)


def test_true_rows_stand_above(errors):
    y = np.where(np.arange(90) == 40, -1, 1)
    display = ErrorMapDisplay.from_predictions(errors, y)
    (path,) = display.true_spans_.get_paths()
    assert path.vertices[:, 0].min() == 39.5
    assert path.vertices[:, 1].min() == 1


@pytest.mark.parametrize("kind", ["array", "pandas", "polars"])
def test_a_detector_is_explained_with_the_names_and_times_of_its_rows(rng, kind):
    X = rng.normal(size=(90, 4))
    X[60, 2] += 30
    names = list("abcd")
    tables = {"array": X, "pandas": pd.DataFrame(X, HOURS, names)}
    tables["polars"] = pl.DataFrame(X, schema=names)
    detector = PCADetector(n_components=2)
    pipe = make_pipeline(StandardScaler(), SlidingWindow(3), detector)
    pipe.fit(tables[kind])
    display = ErrorMapDisplay.from_estimator(pipe, tables[kind])
    errors = np.asarray(explain(pipe, tables[kind]))
    np.testing.assert_array_equal(cells(display), errors.T.clip(0))
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == (["x0", "x1", "x2", "x3"] if kind == "array" else names)
    assert display.ax_.get_xlabel() == ("time" if kind == "pandas" else "row")
    assert display.ax_.get_title(loc="left") == "Pipeline"


def test_it_is_drawn_where_it_is_told(errors):
    figure, ax = plt.subplots()
    display = ErrorMapDisplay.from_predictions(errors, name="mine", ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_title(loc="left") == "mine"


def test_a_detector_that_cannot_explain_is_refused(rng):
    X = rng.normal(size=(30, 2))
    forest = IsolationForest(n_estimators=2, random_state=0).fit(X)
    with pytest.raises(TypeError, match="IsolationForest has no method explain"):
        ErrorMapDisplay.from_estimator(forest, X)


def test_labels_of_another_length_are_refused(errors):
    with pytest.raises(ValueError, match=r"y has shape \(2,\) and X 90 rows"):
        ErrorMapDisplay.from_predictions(errors, [-1, 1])


def test_without_matplotlib_the_extra_is_named(monkeypatch, errors):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'ErrorMapDisplay draws .* "skad\[plot\]"'):
        ErrorMapDisplay.from_predictions(errors)
