"""Rows of many series at a time get what one scorer for each series would give."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import (
    AdaptiveThresholdDetector,
    ConvAutoencoder,
    PCADetector,
    ReverseWindowing,
    SlidingWindow,
    ThresholdedDetector,
)
from skad.preprocessing import PerSeries
from skad.streaming import PanelStreamScorer, StreamScorer

W, N_ROWS = 6, 90
MINUTES = pd.date_range("2026-01-01", periods=N_ROWS, freq="min")
MACHINES = ("b", "a", "c")


def chain(last=None, *before, padding="missing"):
    last = PCADetector(2) if last is None else last
    return make_pipeline(*before, SlidingWindow(W, padding=padding), last)


def scaler():
    return StandardScaler().set_output(transform="pandas")


NETWORK = ConvAutoencoder((2,), kernel_size=3, max_epochs=1, random_state=0)
DETECTORS = {
    "a chain": chain(None, scaler()),
    "an index that is dropped": chain(None, StandardScaler()),
    "a network": chain(NETWORK),
    "edges repeated": chain(padding="edge"),
    "a scale for each series": chain(None, PerSeries(scaler())),
    "spread scores": ReverseWindowing(chain(), causal=True, smoothing=3),
    "spread, index dropped": ReverseWindowing(
        chain(None, StandardScaler()), causal=True
    ),
    "a threshold of each": ThresholdedDetector(chain(), strategy="sigma", n_blocks=2),
    "one that follows": AdaptiveThresholdDetector(chain(), n_level=64, n_blocks=2),
    "rows alone": IsolationForest(n_estimators=3, random_state=0),
}


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([MACHINES, MINUTES], names=["machine", "time"])
    X = pd.DataFrame(rng.normal(size=(len(index), 2)), index, ["x", "y"])
    X["x"] += np.tile(np.sin(np.arange(N_ROWS) / 4), 3)
    return X


def ticks_of(X, first, last):
    """Return what arrives: by turns, one machine late by threes, one after a gap."""
    machine = X.index.get_level_values("machine")
    row = np.tile(np.arange(N_ROWS), 3)
    tick = np.where(machine == "a", row // 3 * 3 + 2, row)
    is_gap = (machine == "c") & (row > first + 1) & (row < first + 7)
    for number in range(first, last):
        yield X[(tick == number) & (row >= first) & ~is_gap]


def fitted(name, panel, as_array=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an index that is dropped, as planned
        return clone(DETECTORS[name]).fit(panel.to_numpy() if as_array else panel)


@pytest.mark.filterwarnings("ignore:The step 'standardscaler'")
@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("as_array", [False, True])
def test_it_gives_what_a_scorer_for_each_series_gives(name, panel, as_array):
    if as_array and name in ("a scale for each series", "a threshold of each"):
        as_array = False  # an array names no series
    detector = fitted(name, panel, as_array)
    known = panel.groupby("machine", sort=False).head(20)
    plain = known if not as_array else known.set_axis([0, 1], axis=1)
    alone = {m: StreamScorer(detector, plain.loc[[m]]) for m in ("a", "b")}
    alone["c"] = StreamScorer(detector)
    stream = PanelStreamScorer(detector, known.loc[["a", "b"]])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X has feature names|.*windows hold padding")
        for rows in ticks_of(panel, 20, 33):
            found = pd.Series(stream.decide(rows), rows.index)
            for machine, part in rows.groupby("machine"):
                part = part.set_axis([0, 1], axis=1) if as_array else part
                expected = alone[machine].decide(part)
                np.testing.assert_array_equal(found.loc[[machine]], expected)


def test_update_gives_the_scores_of_the_whole(panel):
    detector = fitted("a chain", panel)
    stream = PanelStreamScorer(detector)
    parts = [
        pd.Series(stream.update(rows), rows.index)
        for _, rows in panel.groupby("time", sort=False)
    ]
    found = pd.concat(parts).loc[panel.index]
    np.testing.assert_array_equal(found, detector.score_samples(panel))


def test_a_missing_reading_arrives_as_nan(panel):
    detector = fitted("a chain", panel)
    X = panel.copy()
    X.iloc[5:8, 0] = np.nan
    stream = PanelStreamScorer(detector)
    found = [stream.update(part) for _, part in X.groupby("time")]
    whole = detector.score_samples(X).reshape(3, -1)
    np.testing.assert_array_equal(np.array(found).T, whole)


def test_what_is_kept_is_the_context_alone(panel):
    stream = PanelStreamScorer(fitted("a chain", panel), panel)
    assert len(stream._kept) == 3 * stream.rows_back == 3 * (W - 1)
    stream.update(panel.iloc[:0])
    assert len(stream._kept) == 3 * (W - 1)


def test_copies_and_pickles_go_on_by_themselves(panel):
    detector = fitted("one that follows", panel)
    first = panel.groupby("machine", sort=False).head(40)
    rest = panel.groupby("machine", sort=False).tail(N_ROWS - 40)
    stream = PanelStreamScorer(detector, first)
    others = [copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))]
    expected = stream.decide(rest)
    for other in others:
        np.testing.assert_array_equal(other.decide(rest), expected)


def test_rows_that_are_refused_are_not_kept(panel):
    stream = PanelStreamScorer(fitted("a chain", panel), panel.iloc[:40])
    kept = stream._kept
    bad = panel.iloc[40:42].copy()
    bad.iloc[0, 0] = np.inf
    with pytest.raises(ValueError, match="infin"):
        stream.update(bad)
    assert stream._kept is kept


def test_an_array_is_refused(panel):
    stream = PanelStreamScorer(fitted("a chain", panel))
    with pytest.raises(TypeError, match="frame is of type ndarray; needed is a pandas"):
        stream.update(panel.to_numpy())


def test_an_index_that_names_no_series_is_refused(panel):
    stream = PanelStreamScorer(fitted("a chain", panel))
    with pytest.raises(ValueError, match="has one level and names no series"):
        stream.update(panel.loc["a"])


def test_other_columns_than_before_are_refused(panel):
    stream = PanelStreamScorer(fitted("a chain", panel), panel)
    with pytest.raises(ValueError, match="The rows have the columns .'x'. and 2 index"):
        stream.update(panel[["x"]])


def test_a_detector_that_looks_ahead_is_refused(panel):
    detector = ReverseWindowing(chain()).fit(panel)
    with pytest.raises(ValueError, match="looks 5 rows ahead"):
        PanelStreamScorer(detector)


def test_a_detector_without_a_threshold_decides_nothing(panel):
    density = make_pipeline(SlidingWindow(W, flatten=True), KernelDensity()).fit(panel)
    stream = PanelStreamScorer(density)
    with pytest.raises(TypeError, match="no threshold, offset_, by which to decide"):
        stream.decide(panel)


def test_a_detector_without_scores_is_refused():
    with pytest.raises(TypeError, match="by which PanelStreamScorer knows a detector"):
        PanelStreamScorer(StandardScaler())
