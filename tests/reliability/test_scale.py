"""Long, wide and many series: the same scores, in bounded memory and linear time."""

import time
import tracemalloc

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import zarr
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import skad.dask
from skad import metrics, score_samples_blockwise
from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.postprocessing import ReverseWindowing, from_events, to_events
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy
from tests.support.pipelines import PIPELINES
from tests.support.resident import MIB, measured
from tests.support.shares import share

pytestmark = pytest.mark.scale

N_LONG, N_ZARR = share(10_000_000, 50_000), share(3_000_000, 100_000)
MANY, FEW = share((10_000, 1_000), (1_000, 200))
FEW_WINDOWS = {"max_epochs": 1, "max_windows_per_epoch": 128, "random_state": 0}
DETECTORS = {
    "shared convolution": ConvAutoencoder((8, 4), 5, stride=2, **FEW_WINDOWS),
    "convolution of each window": ConvAutoencoder(
        (8, 4), window_scaling="mean", **FEW_WINDOWS
    ),
    "LSTM": LSTMForecaster(8, **FEW_WINDOWS),
    "principal components": PCADetector(5),
}


def test_a_file_of_many_rows_takes_no_more_memory_than_its_rows(
    tmp_path, record_property
):
    found = measured("footprint", tmp_path, N_LONG)
    record_property("rows scored", 2 * N_LONG)
    record_property("largest MiB above the loaded process", found["fit"])
    record_property(
        "largest MiB above the loaded process, block by block", found["score"]
    )
    record_property("largest difference", found["difference"])
    assert 0.01 < found["loss"] < 0.1  # what it scored is what it was fitted to
    assert found["difference"] == 0.0
    # Per row: 4 bytes of the file, the same padded, and three arrays of scores.
    assert found["fit"] < 64 + 36 * N_LONG / MIB
    # Per row 12 bytes in both files; and one block.
    assert found["score"] < 64 + 12 * N_LONG / MIB


def test_chunks_of_zarr_get_the_scores_of_the_whole(tmp_path, record_property):
    pattern = noisy(N_ZARR // 10, 2).astype(np.float32)
    rows = (
        np.tile(pattern, (10, 1)) * np.linspace(1, 2, N_ZARR, dtype=np.float32)[:, None]
    )
    stored = zarr.create_array(
        tmp_path / "rows.zarr", shape=rows.shape, chunks=(50_000, 2), dtype=rows.dtype
    )
    stored[:] = rows
    pipe = ReverseWindowing(PIPELINES["shared convolution"]).fit(rows[:2000])
    chunked = da.from_zarr(tmp_path / "rows.zarr")
    scores = skad.dask.score_samples(pipe, chunked)
    scores.to_zarr(tmp_path / "scores.zarr")
    found = zarr.open_array(tmp_path / "scores.zarr")[:]
    largest = np.abs(found - pipe.score_samples(rows)).max()
    record_property("rows scored", N_ZARR)
    record_property("largest difference", largest)
    assert len(np.unique(found)) > N_ZARR / 2
    assert largest == 0.0


@pytest.mark.parametrize(
    ("n_rows", "n_channels", "size"),
    [(share(4000, 900), 500, 10), (share(20_000, 2100), 2, 1000)],
    ids=["500 channels", "windows of 1,000 rows"],
)
@pytest.mark.parametrize("name", DETECTORS)
def test_wide_rows_and_long_windows_cost_no_copy_of_every_window(
    name, n_rows, n_channels, size, record_property
):
    rows = noisy(n_rows, n_channels).astype(np.float32)
    pipe = make_pipeline(SlidingWindow(size), clone(DETECTORS[name])).fit(rows)
    half, whole = (_peak(pipe, part) for part in (rows[: n_rows // 2], rows))
    scores = pipe.score_samples(rows)
    largest = _apart(pipe, rows, scores)
    record_property("rows scored", n_rows)
    record_property("largest difference", largest)
    assert np.isfinite(scores).all()
    assert largest == 0.0
    # The rest are blocks, two at a time, as large for any number of rows.
    assert whole - half < (n_rows - n_rows // 2) * (6 * rows[0].nbytes + 100)


def _peak(pipe, rows):
    """Return the most bytes of arrays at once while rows are scored."""
    tracemalloc.start()
    try:
        pipe.score_samples(rows)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _apart(pipe, rows, scores):
    blocks = score_samples_blockwise(pipe, rows, block_size=len(rows) // 3 + 1)
    return np.abs(blocks - scores).max()


def test_a_frame_of_500_named_columns_is_told_from_one_in_another_order():
    names = [f"sensor {number}" for number in range(500)]
    frame = pd.DataFrame(noisy(300, 500), columns=names)
    pipe = clone(PIPELINES["shared convolution"]).fit(frame)
    assert pipe.feature_names_in_.tolist() == names
    assert np.isfinite(pipe.score_samples(frame)).all()
    with pytest.raises(ValueError, match="feature names should match"):
        pipe.score_samples(frame[names[::-1]])


def many(n_series, n_rows=30):
    """Give short series, one below the other, named by the index; and labels."""
    levels = [np.arange(n_series), pd.date_range("2026", periods=n_rows, freq="min")]
    index = pd.MultiIndex.from_product(levels, names=["series", "time"])
    rows = noisy(n_series * n_rows).astype(np.float32)
    labels = np.ones(n_series * n_rows, dtype=int)
    labels[10::30] = labels[11::30] = labels[20::30] = -1
    return pd.DataFrame(rows, index=index, columns=["a"]), labels


def test_short_series_are_scored_as_each_by_itself(record_property):
    frame, _ = many(MANY)
    pipe = _for_short_series(PIPELINES["shared convolution"]).fit(frame)
    scores = pipe.score_samples(frame).reshape(MANY, -1)
    for series in np.linspace(0, MANY - 1, 20, dtype=int):
        alone = pipe.score_samples(frame.loc[[series]])
        assert np.array_equal(scores[series], alone)
    record_property("rows scored", len(frame))


def _for_short_series(pipe):
    pipe = clone(pipe).set_params(slidingwindow__window_size=8)
    return ReverseWindowing(pipe, smoothing=3)


def _works():
    """Name what is done with many series: how to prepare it, and what to time."""
    conv = _for_short_series(PIPELINES["shared convolution"])
    conv.set_params(estimator__convautoencoder__max_windows_per_epoch=500)
    fitted = clone(conv).fit(many(100)[0])
    yield "fit", many, lambda frame, y: conv.fit(frame)
    yield "score_samples", many, lambda frame, y: fitted.score_samples(frame)
    yield (
        "score_samples_blockwise",
        many,
        lambda frame, y: score_samples_blockwise(fitted, frame, block_size=3000),
    )
    yield "to_events", many, lambda frame, y: to_events(y, frame.index)
    yield "from_events", _events, from_events
    for name in metrics.__all__:
        if name != "make_anomaly_scorer":
            yield name, _answers_to(name), getattr(metrics, name)


def _events(n_series):
    frame, labels = many(n_series)
    return to_events(labels, frame.index), frame.index


def _answers_to(name):
    of_scores = name.startswith(("average", "best", "vus"))

    def labels_and_answers(n_series):
        _, labels = many(n_series)
        scores = np.random.default_rng(0).random(len(labels))
        return labels, scores if of_scores else np.where(scores < 0.1, -1, 1)

    return labels_and_answers


WORKS = {name: (prepare, work) for name, prepare, work in _works()}


@pytest.mark.parametrize("name", WORKS)
def test_ten_times_the_series_take_ten_times_the_time(name, record_property):
    prepare, work = WORKS[name]
    few, more = prepare(FEW), prepare(MANY)
    n_times = MANY // FEW
    work(*few)
    ratio = np.inf
    # Again, if others were at work on this machine.
    for _ in range(5):
        of_few = _seconds(lambda: [work(*few) for _ in range(n_times)])
        ratio = min(ratio, _seconds(lambda: work(*more)) / of_few)
        if ratio < 1.5:
            break
    record_property("largest ratio of time per row", ratio)
    assert ratio < 1.5


def _seconds(work):
    began = time.process_time()
    work()
    return time.process_time() - began
