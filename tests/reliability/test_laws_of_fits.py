"""Laws of fitting, keeping, cutting and spreading, for any series."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from sklearn.base import clone

from skad import load, save
from skad._estimators.thresholding import threshold
from skad._series.rolling import rolling
from skad.metrics import event_f1, event_recall, vus_pr
from skad.postprocessing import from_events, to_events
from skad.preprocessing import SlidingWindow
from tests.support.laws import (
    ARCHITECTURES,
    COMPONENTS,
    Case,
    cases,
    hold,
    spreadings,
)

pytestmark = [
    pytest.mark.properties,
    pytest.mark.filterwarnings(
        "ignore:.* windows hold padding:UserWarning",
        "ignore:.* of the .* segments of X have one row:UserWarning",
    ),
]


def same(first, second):
    assert np.array_equal(first, second)


def state_of(generator):
    return pickle.dumps(generator.get_state())


def test_the_same_seed_fits_the_same_detector(record_property):
    def law(case, seed):
        windows, before = case.windows, state_of(np.random)
        asked = clone(ARCHITECTURES[case.architecture])
        if hasattr(asked, "random_state"):
            asked.set_params(random_state=seed)
        first, second = (clone(asked).fit(windows) for _ in range(2))
        same(first.score_samples(windows), second.score_samples(windows))
        assert first.offset_ == second.offset_
        assert state_of(np.random) == before

    seeds = st.integers(0, 2**31 - 1)
    hold(law, cases(rows=(2, 40)), seeds, record_property=record_property)


def test_a_clone_of_a_fitted_detector_fits_alike(record_property):
    def law(case):
        windows = case.windows
        fitted = clone(ARCHITECTURES[case.architecture]).fit(windows)
        again = clone(fitted)
        assert not hasattr(again, "offset_")
        same(again.fit(windows).score_samples(windows), fitted.score_samples(windows))

    hold(law, cases(rows=(2, 40)), record_property=record_property)


def test_a_second_fit_forgets_the_first(record_property):
    def law(case, other):
        asked = clone(ARCHITECTURES[case.architecture])
        fresh = clone(asked).fit(case.windows)
        used = asked.fit(other.windows).fit(case.windows)
        same(used.score_samples(case.windows), fresh.score_samples(case.windows))
        assert used.offset_ == fresh.offset_

    both = cases(rows=(2, 30))
    hold(law, both, both, record_property=record_property)


def test_a_pickle_scores_as_what_was_pickled(record_property):
    def law(case, spreading):
        chain = case.chain(**spreading)
        again = pickle.loads(pickle.dumps(chain))
        same(again.score_samples(case.series), chain.score_samples(case.series))
        same(again.predict(case.series), chain.predict(case.series))

    hold(law, cases(), spreadings(), record_property=record_property)


def test_what_is_loaded_scores_as_what_was_saved(record_property, tmp_path):
    def law(case):
        save(case.pipeline, tmp_path / "pipeline.skad")
        again = load(tmp_path / "pipeline.skad")
        same(again.score_samples(case.series), case.pipeline.score_samples(case.series))
        same(again.predict(case.series), case.pipeline.predict(case.series))

    hold(law, cases(), record_property=record_property, fewest=5)


def test_more_contamination_never_flags_fewer_rows(record_property):
    def law(case, shares):
        scores = case.pipeline.score_samples(case.series)
        offsets = [threshold(scores, share) for share in sorted(shares)]
        flagged = [set(np.flatnonzero(scores < offset)) for offset in offsets]
        assert flagged[0] <= flagged[1]
        assert len(flagged[1]) <= np.ceil(max(shares) * (case.n_rows - 1))

    pairs = st.tuples(*[st.floats(0.001, 0.5)] * 2)
    hold(law, cases(), pairs, record_property=record_property)


def test_more_contamination_at_fit_never_flags_fewer_windows(record_property):
    def law(case, shares):
        windows, asked = case.windows, ARCHITECTURES[case.architecture]
        low, high = (
            clone(asked).set_params(contamination=part).fit(windows).predict(windows)
            for part in sorted(shares)
        )
        assert (high <= low).all()

    pairs = st.tuples(*[st.floats(0.001, 0.5)] * 2)
    hold(law, cases(rows=(2, 40)), pairs, record_property=record_property)


def test_each_window_ends_at_its_row_and_looks_back_only(record_property):
    def law(case, flatten, cuts):
        X = pd.DataFrame(case.series)
        names = np.searchsorted(np.unique(cuts), np.arange(case.n_rows))
        X.index = pd.MultiIndex.from_arrays([names, np.arange(case.n_rows)])
        window = SlidingWindow(case.window_size, flatten=flatten)
        windows = window.fit_transform(X).reshape(case.n_rows, case.window_size, -1)
        for row, name in enumerate(names):
            first = np.flatnonzero(names == name)[0]
            rows = np.arange(row - case.window_size + 1, row + 1).clip(first)
            same(windows[row], case.series[rows])

    cuts = st.lists(st.integers(0, 59), max_size=4)
    series = cases(COMPONENTS, rows=(1, 40))
    hold(law, series, st.booleans(), cuts, record_property=record_property)


REDUCTIONS = {
    "mean": np.mean,
    "median": np.median,
    "min": np.min,
    "last": lambda part: part[-1],
}


def test_rows_get_what_the_windows_around_them_say(record_property):
    def law(case, how, back, ahead, cut):
        if how == "last":
            back = 0
        scores = -(case.series[:, 0] ** 2)
        starts = np.unique([0, cut % case.n_rows])
        spread = rolling(scores, starts, how, back, ahead)
        for row, value in enumerate(spread):
            first = starts[starts <= row][-1]
            stop = min([*starts[starts > row], case.n_rows])
            part = scores[max(first, row - back) : min(stop, row + ahead + 1)]
            assert part.min() <= value <= part.max() or np.isclose(value, part.min())
            np.testing.assert_allclose(value, REDUCTIONS[how](part), rtol=1e-9)

    reach, hows = st.integers(0, 12), st.sampled_from(list(REDUCTIONS))
    series = cases(COMPONENTS, rows=(1, 40))
    hold(
        law,
        series,
        hows,
        reach,
        reach,
        st.integers(0, 39),
        record_property=record_property,
    )


def test_windows_that_agree_leave_their_score_to_the_rows(record_property):
    def law(case, spreading):
        alike = Case(**{**vars(case), "shape": "a constant"})
        inner = alike.pipeline.score_samples(alike.series)
        same(inner, np.full(case.n_rows, inner[0]))
        spread = alike.chain(**spreading).score_samples(alike.series)
        np.testing.assert_allclose(spread, inner, rtol=1e-12)

    hold(law, cases(), spreadings(), record_property=record_property)


def test_events_label_the_rows_that_they_were_made_of(record_property):
    def law(labels, gaps):
        index = pd.Index(np.cumsum(np.resize(gaps, len(labels))))
        events = to_events(labels, index)
        same(from_events(events, index), labels)
        pd.testing.assert_frame_equal(
            to_events(from_events(events, index), index), events
        )
        assert (events["start"] <= events["end"]).all()

    labels = st.lists(st.sampled_from([-1, 1]), min_size=1, max_size=60)
    gaps = st.lists(st.sampled_from([1, 1, 1, 5]), min_size=1, max_size=60)
    hold(law, labels, gaps, record_property=record_property)


def test_metrics_read_labels_of_either_convention_and_any_scale(record_property):
    def law(case, truth, factor):
        truth = np.resize([*truth, -1, 1], case.n_rows)
        scores = case.pipeline.score_samples(case.series)
        alarms = np.where(scores < np.median(scores), -1, 1)
        for other in (truth == -1, (truth == -1).astype(int)):
            assert event_recall(other, alarms) == event_recall(truth, alarms)
            assert event_f1(other, alarms) == event_f1(truth, alarms)
        worth = vus_pr(truth, scores, max_window=4)
        assert 0 <= worth <= 1 + 1e-12
        assert worth == vus_pr(truth, scores * 2.0**factor, max_window=4)

    truth = st.lists(st.sampled_from([-1, 1]), max_size=20)
    long, factors = cases(rows=(22, 60)), st.integers(-20, 20)
    hold(law, long, truth, factors, record_property=record_property)
