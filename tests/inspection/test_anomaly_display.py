"""A series and its scores: what is drawn where, and what never gets lost."""

import sys
import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.dates import num2date
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from skad.detectors import PCADetector
from skad.inspection import AnomalyDisplay, expected
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow

FOREST = IsolationForest(n_estimators=5, contamination=0.05, random_state=0)
HOURS = pd.date_range("2026-03-28", periods=300, freq="h", tz="Europe/Berlin")


@pytest.fixture
def X(rng):
    X = rng.normal(size=(300, 1))
    X[250] = 9.0
    return X


@pytest.fixture
def y():
    return np.where(np.arange(300) == 250, -1, 1)


def boxes(spans):
    """Return the left and the right edge of each box."""
    return [
        (path.vertices[:, 0].min(), path.vertices[:, 0].max())
        for path in spans.get_paths()
    ]


def drawn(line):
    """Return the points of a line, without its breaks."""
    x, y = line.get_data()
    return x[~np.isnan(y)], y[~np.isnan(y)]


def test_a_short_series_is_drawn_row_by_row(X, y):
    forest = FOREST.fit(X)
    display = AnomalyDisplay.from_estimator(forest, X, y)
    series, scores = display.lines_
    np.testing.assert_array_equal(series.get_data(), [np.arange(300), X[:, 0]])
    np.testing.assert_array_equal(scores.get_ydata(), forest.score_samples(X))
    assert display.ax_.shape == (2,)
    assert display.figure_ is display.ax_[0].figure
    assert [line.axes for line in display.lines_] == list(display.ax_)
    assert display.ax_[0].get_title(loc="left") == "IsolationForest"


def test_threshold_found_and_true_rows_are_marked(X, y):
    forest = FOREST.fit(X)
    display = AnomalyDisplay.from_estimator(forest, X, y)
    assert set(display.threshold_line_.get_ydata()) == {forest.offset_}
    assert [boxes(spans) for spans in display.true_spans_] == [[(249.5, 250.5)]] * 2
    rows = np.flatnonzero(forest.predict(X) == -1)
    marked = np.concatenate(
        [np.arange(a + 0.5, b) for a, b in boxes(display.found_spans_)]
    )
    np.testing.assert_array_equal(marked, rows)
    legend = display.ax_[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [
        "true",
        "found",
        "threshold",
    ]


def test_what_is_not_known_is_not_drawn(X):
    display = AnomalyDisplay.from_predictions(X, -X[:, 0])
    assert display.threshold_line_ is None
    assert display.found_spans_ is None
    assert display.true_spans_ == []
    assert display.ax_[0].get_legend() is None


def test_scores_without_a_threshold_are_drawn_alone(X):
    display = AnomalyDisplay.from_estimator(KernelDensity().fit(X), X)
    assert len(display.lines_[1].get_ydata()) == len(X)
    assert display.threshold_line_ is None
    assert display.found_spans_ is None


def test_a_spike_of_one_row_among_a_million_is_seen_and_nothing_chokes(rng):
    X = rng.normal(size=(1_000_000, 5)).astype(np.float32)
    X[765_432, 3] = 40.0
    scores = -np.abs(X).max(axis=1)
    truth = X[:, 3] == 40.0
    begin = time.perf_counter()
    display = AnomalyDisplay.from_predictions(X, scores, truth, threshold=-20)
    display.figure_.canvas.draw()
    assert time.perf_counter() - begin < 20  # a line through all rows takes minutes
    n_pixels = display.ax_[0].get_window_extent().width
    assert all(len(line.get_xdata()) <= 2 * n_pixels + 2 for line in display.lines_)
    x, lane = drawn(display.lines_[3])
    assert x[lane.argmax()] == pytest.approx(765_432, abs=1_000_000 / n_pixels)
    assert (
        lane.max() - np.sort(lane)[-2] > 0.5
    )  # it stands out, in the lane of channel 3
    assert drawn(display.lines_[-1])[1].min() == scores.min()
    for spans in (display.found_spans_, *display.true_spans_):
        ((left, right),) = boxes(spans)
        assert left < 765_432 < right < left + 3 * 1_000_000 / n_pixels


def test_the_spike_leaves_ink_on_the_picture():
    def picture(X):
        display = AnomalyDisplay.from_predictions(X, -X[:, 0])
        display.ax_[0].set_ylim(-1, 50)
        display.figure_.canvas.draw()
        box = display.ax_[0].get_window_extent()
        ink = (
            np.asarray(display.figure_.canvas.buffer_rgba())[..., :3].min(axis=2) < 200
        )
        top = ink.shape[0] - int(box.y1) + 2
        middle = int(box.x0 + box.width / 2)
        return ink[top : top + int(box.height / 2), middle - 4 : middle + 5].any(axis=1)

    X = np.zeros((200_000, 1))
    assert not picture(X).any()
    X[100_000] = 49.0
    assert picture(X)[10:].all()


def test_each_channel_has_its_lane_from_the_top_down(rng):
    X = pd.DataFrame(rng.normal(size=(50, 3)), columns=["speed", "heat", "flow"])
    X["flow"] = 7.0  # a constant is a line in the middle of its lane
    display = AnomalyDisplay.from_predictions(X, np.zeros(50))
    lanes = [line.get_ydata() for line in display.lines_[:-1]]
    for place, lane in zip([2, 1], lanes, strict=False):
        np.testing.assert_allclose(
            [lane.min(), lane.max()], [place - 0.45, place + 0.45]
        )
    assert (lanes[2] == 0).all()
    labels = [label.get_text() for label in display.ax_[0].get_yticklabels()]
    assert labels == ["speed", "heat", "flow"]


@pytest.mark.parametrize("n_channels", [2, 20])
def test_what_was_found_stands_below_the_lanes(rng, n_channels):
    X = rng.normal(size=(50, n_channels))
    display = AnomalyDisplay.from_predictions(X, X[:, 0], threshold=0.0)
    axes, (box, *_) = display.ax_[0], display.found_spans_.get_paths()
    strip = axes.get_xaxis_transform().transform(box.vertices)[:, 1]
    lowest_lane = display.lines_[n_channels - 1].get_ydata().min()
    assert strip.max() < axes.transData.transform((0, lowest_lane))[1]


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_band_of_what_is_expected_stands_behind_each_channel(rng, n_channels):
    X = rng.normal(size=(80, n_channels))
    band = X - 0.5, X + 0.5
    display = AnomalyDisplay.from_predictions(X, X[:, 0], band=band)
    assert len(display.bands_) == n_channels
    for line, area in zip(display.lines_, display.bands_, strict=False):
        x, y = drawn(line)
        corners = area.get_paths()[0].vertices
        inside = (corners[:, 1] < y.max()) & (corners[:, 1] > y.min())
        assert inside.any()
        assert corners[:, 0].min() == pytest.approx(x.min())
        assert area.get_zorder() < line.get_zorder()


def test_an_estimator_draws_the_band_that_is_asked_for(X):
    pipe = make_pipeline(SlidingWindow(8), PCADetector(2)).fit(X)
    display = AnomalyDisplay.from_estimator(pipe, X, interval=0.9)
    lower, upper = expected(pipe, X, interval=0.9)
    heights = display.bands_[0].get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(lower.min())
    assert heights.max() == pytest.approx(upper.max())
    assert AnomalyDisplay.from_estimator(pipe, X).bands_ == []


def test_of_many_channels_some_are_named(rng):
    display = AnomalyDisplay.from_predictions(rng.normal(size=(30, 200)), np.zeros(30))
    labels = [label.get_text() for label in display.ax_[0].get_yticklabels()]
    assert labels[:2] == ["x0", "x8"]
    assert len(labels) == 25
    assert len(display.lines_) == 201


def test_dates_stand_below_in_their_time_zone(X):
    framed = pd.DataFrame(X, HOURS, columns=["load"])
    display = AnomalyDisplay.from_predictions(framed, -X[:, 0])
    x = display.lines_[0].get_xdata()
    assert num2date(x[250], tz=HOURS.tz) == HOURS[250].to_pydatetime()
    display.figure_.canvas.draw()
    ticks = [text.get_text() for text in display.ax_[1].get_xticklabels()]
    assert "Apr" in ticks
    midnight = num2date(display.ax_[1].get_xticks(), tz=HOURS.tz)
    assert {tick.hour for tick in midnight} == {0}
    assert display.ax_[0].get_ylabel() == "load"
    assert display.ax_[1].get_xlabel() == "time"


def test_lines_and_spans_break_at_a_gap(X):
    framed = pd.DataFrame(X[:200], HOURS.delete(range(100, 200)))
    y = np.where(np.isin(np.arange(200), [98, 99, 100]), -1, 1)
    display = AnomalyDisplay.from_predictions(framed, -X[:200, 0], y)
    line = display.lines_[0]
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [100]
    hour = 1 / 24
    first, second = boxes(display.true_spans_[0])
    assert first[1] - first[0] == pytest.approx(2 * hour)
    assert second[1] - second[0] == pytest.approx(hour)


INDEXES = {
    "numbers": (pd.Index(np.arange(4) / 8, name="km"), [0, 0.125, 0.25, 0.375], "km"),
    "row numbers": (pd.RangeIndex(5, 9), [5, 6, 7, 8], "row"),
    "restarts": (pd.Index([0, 1, 0, 1]), [0, 1, 2, 3], "row"),
    "time since start": (
        pd.timedelta_range("1min", periods=4, freq="s"),
        [60, 61, 62, 63],
        "seconds",
    ),
    "periods": (
        pd.period_range("1970-01-02", periods=4, freq="D"),
        [1, 2, 3, 4],
        "time",
    ),
}


@pytest.mark.parametrize(("index", "expected", "label"), INDEXES.values(), ids=INDEXES)
def test_rows_stand_where_the_index_puts_them(index, expected, label):
    X = pd.DataFrame(np.arange(4.0), index)
    display = AnomalyDisplay.from_predictions(X, np.zeros(4))
    np.testing.assert_allclose(drawn(display.lines_[0])[0], expected)
    assert display.ax_[1].get_xlabel() == label


def test_several_series_follow_each_other_with_their_names():
    index = pd.MultiIndex.from_product([["b", "a"], ["one"], HOURS[:20]])
    X = pd.DataFrame({"load": np.arange(40.0)}, index)
    display = AnomalyDisplay.from_predictions(X, np.zeros(40))
    assert display.ax_[1].get_xticks().tolist() == [0, 20]
    names = [label.get_text() for label in display.ax_[1].get_xticklabels()]
    assert names == ["b one", "a one"]
    assert np.isnan(display.lines_[0].get_ydata()[20])


def test_windows_stand_for_their_last_rows(X):
    windows = SlidingWindow(3).fit_transform(X)
    display = AnomalyDisplay.from_predictions(windows, np.zeros(300))
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), X[:, 0])


def test_a_frame_of_polars_names_its_channels(X):
    frame = pl.DataFrame({"load": X[:, 0], "heat": X[:, 0]})
    forest = IsolationForest(n_estimators=2, random_state=0).fit(frame)
    display = AnomalyDisplay.from_estimator(forest, frame)
    labels = [label.get_text() for label in display.ax_[0].get_yticklabels()]
    assert labels == ["load", "heat"]


def behind_windows(detector):
    return make_pipeline(SlidingWindow(3, flatten=True), detector)


DETECTORS = {
    "Pipeline": behind_windows(FOREST),
    "ReverseWindowing": ReverseWindowing(behind_windows(FOREST), contamination=0.05),
    "OneClassSVM": OneClassSVM(),
    "LocalOutlierFactor": LocalOutlierFactor(novelty=True),
    "GridSearchCV": GridSearchCV(
        behind_windows(FOREST),
        {"slidingwindow__window_size": [2]},
        cv=2,
        scoring=lambda estimator, X, y=None: 0.0,
    ),
}


@pytest.mark.parametrize("name", DETECTORS)
def test_any_outlier_detector_will_do(X, name):
    detector = DETECTORS[name].fit(X)
    for estimator in (detector, FrozenEstimator(detector)):
        display = AnomalyDisplay.from_estimator(estimator, X, name="mine")
        (threshold,) = set(display.threshold_line_.get_ydata())
        found = display.lines_[-1].get_ydata() < threshold
        np.testing.assert_array_equal(found, detector.predict(X) == -1)
        assert display.ax_[0].get_title(loc="left") == "mine"


def test_one_axes_is_divided_and_two_are_used(X):
    figure, axes = plt.subplots(1, 3)
    display = AnomalyDisplay.from_predictions(X, -X[:, 0], ax=axes[0])
    assert display.figure_ is figure
    assert [ax in axes[0].child_axes for ax in display.ax_] == [True, True]
    display = AnomalyDisplay.from_predictions(X, -X[:, 0], ax=axes[1:])
    assert list(display.ax_) == list(axes[1:])


def test_a_display_can_be_drawn_again(X, y):
    display = AnomalyDisplay.from_predictions(X, -X[:, 0], y, threshold=-5)
    first = display.figure_
    assert display.plot() is display
    assert display.figure_ is not first


def test_labels_that_fit_both_conventions_are_told_apart_by_the_user(X):
    with pytest.raises(ValueError, match="All labels in y are 1: .* Set pos_label to"):
        AnomalyDisplay.from_predictions(X, -X[:, 0], np.ones(300))
    display = AnomalyDisplay.from_predictions(X, -X[:, 0], np.ones(300), pos_label=-1)
    assert boxes(display.true_spans_[0]) == []


REFUSED = {
    "text": ([["a"]], [0], {}, "X holds <U1 values that are no numbers"),
    "no rows": (np.ones((0, 1)), [], {}, r"X has shape \(0, 1\); needed are rows"),
    "few scores": (np.ones((3, 1)), [0], {}, r"scores has shape \(1,\) and X 3 rows"),
    "few labels": (
        np.ones((3, 1)),
        [0] * 3,
        {"y": [-1, 1]},
        r"y has shape \(2,\) and X",
    ),
    "another band": (
        np.ones((3, 1)),
        [0] * 3,
        {"band": (np.ones((3, 2)), np.ones((3, 1)))},
        r"band holds tables of the shapes \[\(3, 2\), \(3, 1\)\], and X has",
    ),
    "disorder": (
        pd.DataFrame({"a": [1, 2]}, HOURS[[1, 0]]),
        [0, 0],
        {},
        "Timestamp .* comes after",
    ),
}


@pytest.mark.parametrize(
    ("X", "scores", "more", "sentence"), REFUSED.values(), ids=REFUSED
)
def test_what_cannot_be_drawn_is_refused(X, scores, more, sentence):
    with pytest.raises(ValueError, match=sentence):
        AnomalyDisplay.from_predictions(X, scores, **more)


def test_three_axes_are_refused(X):
    _, axes = plt.subplots(3)
    with pytest.raises(ValueError, match="ax holds 3 axes; needed is one, .* or two"):
        AnomalyDisplay.from_predictions(X, -X[:, 0], ax=axes)


def test_a_detector_without_scores_is_refused_with_the_cure(X):
    with pytest.raises(
        TypeError, match="LocalOutlierFactor has no score_samples. Use "
    ):
        AnomalyDisplay.from_estimator(LocalOutlierFactor().fit(X), X)


def test_without_matplotlib_the_extra_is_named(monkeypatch, X):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    sentence = r'AnomalyDisplay draws with matplotlib, .* pip install "skad\[plot\]"'
    with pytest.raises(ImportError, match=sentence):
        AnomalyDisplay.from_predictions(X, -X[:, 0])
