import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skad import ConvAutoencoder, ReverseWindowing, SlidingWindow
from skad import score_samples_blockwise as blockwise


@pytest.fixture
def rows(rng):
    return rng.normal(size=(500, 2))


def forest_pipeline(**options):
    return make_pipeline(
        MinMaxScaler().set_output(**options),
        SlidingWindow(window_size=9, flatten=True),
        IsolationForest(n_estimators=5, random_state=0),
    )


def network_pipeline():
    network = ConvAutoencoder((4, 2), max_epochs=1, random_state=0)
    return make_pipeline(SlidingWindow(window_size=16), network)


@pytest.mark.parametrize("block_size", [1, 7, 64, 499, 500, 100_000])
@pytest.mark.parametrize("causal", [False, True])
def test_blocks_score_as_the_whole(rows, block_size, causal):
    detector = ReverseWindowing(forest_pipeline(), causal=causal).fit(rows[:200])
    scores = blockwise(detector, rows, block_size=block_size)
    assert np.array_equal(scores, detector.score_samples(rows))


@pytest.mark.parametrize("block_size", [33, 128])
def test_blocks_of_a_network_have_the_bits_of_the_whole(rows, block_size):
    detector = ReverseWindowing(network_pipeline()).fit(rows[:200])
    scores = blockwise(detector, rows, block_size=block_size)
    assert np.array_equal(scores, detector.score_samples(rows))


def test_a_memmap_goes_in_and_a_memmap_comes_out(rows, tmp_path):
    source = np.memmap(tmp_path / "rows", np.float32, "w+", shape=rows.shape)
    source[:] = rows
    target = np.memmap(tmp_path / "scores", np.float64, "w+", shape=(len(rows),))
    detector = network_pipeline().fit(source[:200])
    scores = blockwise(detector, source, block_size=100, out=target)
    assert scores is target
    assert np.array_equal(target, detector.score_samples(np.asarray(source)))


def test_only_a_block_and_its_context_are_ever_read(rows):
    seen = []

    class Sliceable:
        def __len__(self):
            return len(rows)

        def __getitem__(self, span):
            seen.append((span.start, span.stop))
            return rows[span]

    detector = ReverseWindowing(forest_pipeline()).fit(rows[:200])
    scores = blockwise(detector, Sliceable(), block_size=200)
    assert seen == [(0, 208), (192, 408), (392, 508)]
    assert np.array_equal(scores, detector.score_samples(rows))


def test_a_frame_keeps_its_seams(rows):
    time = pd.date_range("2026-01-01", periods=500, freq="min")
    frame = pd.DataFrame(rows, columns=["a", "b"], index=time).drop(time[180:230])
    detector = ReverseWindowing(forest_pipeline(transform="pandas")).fit(frame)
    scores = blockwise(detector, frame, block_size=60)
    assert np.array_equal(scores, detector.score_samples(frame))


@pytest.mark.parametrize("block_size", [0, -5, 2.5, None])
def test_a_block_has_at_least_one_row(rows, block_size):
    with pytest.raises(
        ValueError, match="block_size=.* must be an integer of at least"
    ):
        blockwise(forest_pipeline().fit(rows), rows, block_size=block_size)


def test_an_empty_series_is_refused(rows):
    with pytest.raises(ValueError, match=r"X has 0 rows.*Pass a series"):
        blockwise(forest_pipeline().fit(rows), rows[:0])


def test_the_scores_need_a_place_each(rows):
    with pytest.raises(ValueError, match="out has length 7, but X has 500 rows"):
        blockwise(forest_pipeline().fit(rows), rows, out=np.empty(7))
