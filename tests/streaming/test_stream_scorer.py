import contextlib
import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.svm import OneClassSVM

from skad import (
    ConvAutoencoder,
    EnsembleDetector,
    LSTMForecaster,
    PCADetector,
    ReverseWindowing,
    SlidingWindow,
    ThresholdedDetector,
)
from skad.streaming import StreamScorer

FOREST = IsolationForest(n_estimators=5, random_state=0)
LSTM = LSTMForecaster(4, max_epochs=1, random_state=0)
AUTOENCODER = ConvAutoencoder((4, 2), 5, stride=2, max_epochs=1, random_state=0)


def chain(detector=FOREST, window_size=6, **window):
    flatten = not hasattr(detector, "window_scaling")
    return make_pipeline(
        MinMaxScaler().set_output(transform="default"),
        SlidingWindow(window_size, flatten=flatten, **window),
        detector,
    )


def frame_chain(window_size=6):
    scaler = MinMaxScaler().set_output(transform="pandas")
    return make_pipeline(scaler, SlidingWindow(window_size, flatten=True), FOREST)


def causal(estimator, **options):
    return ReverseWindowing(estimator, causal=True, **options)


DETECTORS = {
    "a forest of rows": FOREST,
    "a forest of windows": chain(),
    "an LSTM": chain(LSTM),
    "an autoencoder": chain(AUTOENCODER),
    "an autoencoder with pooling": chain(
        ConvAutoencoder((4, 2), pooling="max", max_epochs=1, random_state=0)
    ),
    "subspaces": chain(PCADetector(2)),
    "windows filled up with zeros": chain(padding=0.0),
    "spread scores": causal(chain(AUTOENCODER)),
    "spread and smoothed scores": causal(chain(LSTM), smoothing=5),
    "medians": causal(chain(), reduce="median", smoothing=3),
    "smoothing alone": causal(FOREST, window_size=1, smoothing=4),
    "an ensemble": EnsembleDetector(
        [("near", chain()), ("far", causal(chain(AUTOENCODER, 9)))]
    ),
    "a threshold of its own": ThresholdedDetector(causal(chain()), alpha=0.05),
}


@pytest.fixture
def rows(rng):
    return rng.normal(size=(160, 2)).astype(np.float32)


@pytest.fixture
def frame(rows):
    """Give 150 rows of which ten are missing in the middle."""
    time = pd.date_range("2026-01-01", periods=160, freq="min")
    table = pd.DataFrame(rows, columns=["a", "b"], index=time)
    return table.drop(time[90:100])


def batches(rows, sizes, start=0):
    """Cut rows into pieces of the sizes given, over and over again."""
    rows, pieces, number = getattr(rows, "iloc", rows), [], 0
    while len(rows[start:]):
        stop = start + sizes[number % len(sizes)]
        pieces.append(rows[start:stop])
        start, number = stop, number + 1
    return pieces


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_a_run_has_the_bits_of_the_whole(rows, rng, detector):
    detector = detector.fit(rows[:80])
    sizes = [1, 1, 1, *rng.integers(0, 25, size=30)]
    stream = StreamScorer(detector)
    scores = [stream.update(batch) for batch in batches(rows, sizes)]
    assert np.array_equal(np.concatenate(scores), detector.score_samples(rows))


@pytest.mark.parametrize("n_before", [1, 9, 10, 60])
def test_row_by_row_a_run_goes_on_from_the_rows_before(rows, n_before):
    detector = causal(chain(AUTOENCODER)).fit(rows[:80])
    run = rows[80 - n_before : 110]
    stream = StreamScorer(detector, context=run[:n_before])
    scores = np.concatenate([stream.update(row) for row in run[n_before:]])
    assert np.array_equal(scores, detector.score_samples(run)[n_before:])


def test_without_context_a_run_begins_with_the_first_row(rows):
    pipe = chain().fit(rows[:80])
    scores = StreamScorer(pipe).update(rows[80:90])
    assert np.array_equal(scores, pipe.score_samples(rows[80:90]))
    assert not np.array_equal(scores, pipe.score_samples(rows)[80:90])


@pytest.mark.parametrize("sizes", [[7, 1, 30], [90, 1, 1, 1], [95, 60]])
def test_a_gap_in_time_begins_a_segment_wherever_the_batches_end(frame, sizes):
    detector = causal(frame_chain()).fit(frame[:80])
    stream = StreamScorer(detector)
    scores = np.concatenate([stream.update(batch) for batch in batches(frame, sizes)])
    assert np.array_equal(scores, detector.score_samples(frame))
    unbroken = pd.date_range(frame.index[0], periods=len(frame), freq="min")
    seamless = detector.score_samples(frame.set_axis(unbroken))
    assert not np.array_equal(scores, seamless), "the gap is to be seen"


def test_rows_of_frames_bring_their_time_along(frame):
    pipe = frame_chain().fit(frame[:80])
    stream = StreamScorer(pipe, context=frame[:80])
    scores = [stream.update(row)[0] for _, row in frame[80:100].iterrows()]
    assert np.array_equal(scores, pipe.score_samples(frame)[80:100])


def test_a_new_series_of_an_outer_level_begins_a_segment(frame):
    table = pd.concat({"pump": frame[:40], "valve": frame[40:80]})
    pipe = frame_chain().fit(table)
    stream = StreamScorer(pipe)
    scores = list(stream.update(table[:33]))
    scores += [stream.update(row)[0] for _, row in table[33:47].iterrows()]
    scores += list(stream.update(table[47:]))
    assert np.array_equal(scores, pipe.score_samples(table))


def test_polars_frames_are_one_series(rows):
    table = pl.DataFrame(rows, schema=["a", "b"])
    pipe = chain().fit(table)
    stream = StreamScorer(pipe, context=table[:50])
    scores = [stream.update(table[start : start + 8]) for start in range(50, 160, 8)]
    assert np.array_equal(np.concatenate(scores), pipe.score_samples(table)[50:])


def test_windows_that_arrive_ready_made_are_scored_one_by_one(rows):
    windows = SlidingWindow(6).fit_transform(rows)
    detector = AUTOENCODER.fit(windows)
    stream = StreamScorer(detector)
    scores = [stream.update(batch) for batch in batches(windows, [40, 1])]
    assert np.array_equal(np.concatenate(scores), detector.score_samples(windows))


class Counting(IsolationForest):
    """Note how many rows are scored at a time."""

    def score_samples(self, X):
        self.seen_ = [*getattr(self, "seen_", []), len(X)]
        return super().score_samples(X)


def test_a_row_costs_the_same_however_long_the_run(rows):
    forest = Counting(n_estimators=2, random_state=0)
    detector = causal(chain(forest)).fit(rows[:80])
    detector.estimator_[-1].seen_ = []
    stream = StreamScorer(detector, context=rows)
    for row in rows[:20]:
        stream.update(row)
    assert set(detector.estimator_[-1].seen_) == {stream.rows_back + 1} == {11}


def test_nothing_but_the_context_is_kept(rows):
    stream = StreamScorer(chain().fit(rows))
    whole = len(pickle.dumps(stream))
    stream.update(np.tile(rows, (100, 1)))
    assert len(pickle.dumps(stream)) - whole < 300  # 5 rows of 2 float32


def test_the_rows_kept_are_a_copy(rows):
    pipe = chain().fit(rows)
    stream, reused = StreamScorer(pipe), np.empty((10, 2), dtype=np.float32)
    scores = []
    for start in range(0, 160, 10):
        reused[:] = rows[start : start + 10]
        scores.append(stream.update(reused))
        reused[:] = -9
    assert np.array_equal(np.concatenate(scores), pipe.score_samples(rows))


def test_no_rows_change_nothing(rows):
    pipe = chain().fit(rows)
    stream = StreamScorer(pipe, context=rows[:100])
    assert stream.update(rows[:0]).dtype == np.float64
    assert np.array_equal(stream.update(rows[100]), pipe.score_samples(rows)[100:101])


def test_a_row_that_is_refused_did_not_arrive(rows):
    pipe = chain().fit(rows)
    stream = StreamScorer(pipe, context=rows[:100])
    with pytest.raises(ValueError, match="Input X contains infinity") as caught:
        stream.update(np.array([np.inf, 0.0], dtype=rows.dtype))
    assert caught.value.__notes__ == ["Row 0 is the first of 5 rows of context."]
    assert np.array_equal(stream.update(rows[100]), pipe.score_samples(rows)[100:101])


@pytest.mark.parametrize(
    "travel", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_copies_go_on_from_where_they_are(rows, travel):
    pipe = chain(AUTOENCODER).fit(rows)
    stream = StreamScorer(pipe, context=rows[:100])
    twin = travel(stream)
    stream.update(rows[:50])
    assert np.array_equal(twin.update(rows[100]), pipe.score_samples(rows)[100:101])


def test_reset_begins_another_run_of_the_estimator_as_it_is_now(rows):
    pipe = chain().fit(rows)
    stream = StreamScorer(pipe, context=rows)
    assert np.array_equal(
        stream.reset().update(rows[:20]), pipe.score_samples(rows[:20])
    )
    pipe.set_params(slidingwindow__window_size=30).fit(rows)
    stream.reset(context=rows[:50])
    assert stream.rows_back == 29
    assert np.array_equal(stream.update(rows[50:]), pipe.score_samples(rows)[50:])


@pytest.mark.parametrize(
    "options", [{}, {"window_size": 1, "smoothing": 3}, {"reduce": "centre"}]
)
def test_what_looks_ahead_is_refused(rows, options):
    detector = ReverseWindowing(chain(), **options).fit(rows)
    with pytest.raises(ValueError, match=r"looks \d rows ahead.*causal=True"):
        StreamScorer(FrozenEstimator(detector))


def test_an_estimator_has_to_be_fitted_and_to_score(rows):
    with pytest.raises(NotFittedError, match="not fitted"):
        StreamScorer(chain(IsolationForest()))
    with pytest.raises(TypeError, match="MinMaxScaler has no score_samples"):
        StreamScorer(MinMaxScaler().fit(rows))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda X: X, lambda X: pd.DataFrame(X, columns=["a", "b"])),
        (lambda X: pd.DataFrame(X, columns=["a", "b"]), lambda X: X),
        (lambda X: pd.DataFrame(X, columns=["a", "b"]), lambda X: pl.DataFrame(X)),
        (
            lambda X: pd.DataFrame(X, columns=["a", "b"]),
            lambda X: pd.DataFrame(X, columns=["b", "a"]),
        ),
        (lambda X: X, lambda X: X[:, :1]),
    ],
    ids=["frame after array", "array after frame", "polars", "order", "width"],
)
def test_all_rows_of_a_run_have_one_form(rows, before, after):
    stream = StreamScorer(chain().fit(rows), context=before(rows[:50]))
    with pytest.raises(ValueError, match=r"in one form, or call reset"):
        stream.update(after(rows[50:]))


@pytest.mark.parametrize(
    ("odd", "error", "message"),
    [
        (np.ma.masked_array([[1.0, 2.0]], mask=True), ValueError, "masked array"),
        ([["1.0", "2.0"]], ValueError, "text such as '1.0'"),
        (np.array([["2026-01-01", "2026-01-02"]], "M8[D]"), ValueError, "holds times"),
        (3.0, TypeError, "is no table"),
        ([[1.0], [1.0, 2.0]], ValueError, "no rectangular table"),
    ],
    ids=["masked", "text", "times", "scalar", "ragged"],
)
def test_rows_are_numbers(rows, odd, error, message):
    stream = StreamScorer(chain().fit(rows), context=rows)
    with pytest.raises(error, match=message):
        stream.update(odd)


def test_rows_are_not_sparse(rows):
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match="Sparse data was passed"):
        StreamScorer(chain().fit(rows)).update(csr_array(rows))


def filling(window_size=6):
    carry = FunctionTransformer(pd.DataFrame.ffill)
    windows = SlidingWindow(window_size, flatten=True)
    return make_pipeline(carry, windows, OneClassSVM())  # which takes no NaN


class OfItsOwn(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        return X


class Declared(OfItsOwn):
    def __skad_row_context__(self):
        return 3, 0


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (FunctionTransformer(pd.DataFrame.ffill), r"DataFrame\.ffill|NDFrame\.ffill"),
        (OfItsOwn(), "OfItsOwn"),
        (make_pipeline(MinMaxScaler(), OfItsOwn(), MinMaxScaler()), "OfItsOwn"),
    ],
)
def test_a_step_of_unknown_reach_is_refused_or_declared(frame, step, name):
    detector = make_pipeline(step, *frame_chain().named_steps.values()).fit(frame)
    message = rf"The step '\w+' \(({name})\) stands before the windows, .* more_rows_b"
    with pytest.raises(ValueError, match=message):
        StreamScorer(detector)
    assert StreamScorer(detector, more_rows_back=0).rows_back == 5
    assert StreamScorer(detector, more_rows_back=7).rows_back == 12


@pytest.mark.parametrize(
    ("step", "rows_back"),
    [
        (FunctionTransformer(np.log1p), 5),
        (FunctionTransformer(), 5),
        (Declared(), 8),
        (make_pipeline(MinMaxScaler(), PCA(2)), 5),
        ("passthrough", 5),
    ],
)
def test_steps_whose_reach_is_known_need_no_word(frame, step, rows_back):
    detector = make_pipeline(step, *frame_chain().named_steps.values()).fit(abs(frame))
    assert StreamScorer(detector).rows_back == rows_back


def test_a_step_after_the_windows_sees_windows(rows):
    detector = make_pipeline(SlidingWindow(6, flatten=True), OfItsOwn(), clone(FOREST))
    assert StreamScorer(detector.fit(rows)).rows_back == 5


def test_a_stream_recovers_after_more_missing_rows_than_it_keeps(frame):
    detector = filling().fit(frame[:100])
    stream = StreamScorer(detector, context=frame[:100], more_rows_back=4)
    missing = frame[100:120] * np.nan
    for start in range(12):
        with contextlib.suppress(ValueError):
            stream.update(missing[start : start + 1])
    with pytest.raises(ValueError, match="X contains NaN"):
        stream.update(missing[12:13])
    with pytest.warns(UserWarning, match="the run begins anew with these") as record:
        first = stream.update(frame[120:121])
    assert record[0].filename == __file__
    np.testing.assert_array_equal(first, detector.score_samples(frame[120:121]))
    later = stream.update(frame[121:140])
    np.testing.assert_array_equal(later, detector.score_samples(frame[120:140])[1:])


def test_rows_that_do_not_fit_to_those_before_begin_nothing_anew(frame):
    stream = StreamScorer(frame_chain().fit(frame), context=frame[:50])
    with pytest.raises(ValueError, match="in the row before; within a series"):
        stream.update(frame[40:42])
    assert len(stream.update(frame[50:52])) == 2


def test_a_step_that_drops_the_index_of_frames_is_warned_of_once(frame):
    detector = chain().fit(frame)
    with pytest.warns(UserWarning, match="The step 'minmaxscaler' .* returns arrays"):
        stream = StreamScorer(detector, context=frame[:50])
    stream.update(frame[50:52])


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_arrays_after_a_frame_are_one_series(frame, rows):
    detector = frame_chain().fit(frame[:100])
    stream = StreamScorer(detector, context=rows[:100])
    want = detector.score_samples(rows)[100:]
    np.testing.assert_array_equal(stream.update(rows[100:]), want)


def test_rows_of_another_precision_are_refused():
    X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    stream = StreamScorer(causal(chain(PCADetector(2))).fit(X))
    stream.update(X[:20])
    with pytest.raises(ValueError, match="dtype float64, those before were of float32"):
        stream.update(X[20].tolist())
    assert len(stream.update(X[20:25])) == 5
