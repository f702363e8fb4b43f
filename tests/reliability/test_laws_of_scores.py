"""Laws of scores, for any series: what a score depends on, and what it does not."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from sklearn.base import clone

from skad import score_samples_blockwise
from skad._series.windows import trailing_windows
from skad.detectors import PCADetector
from skad.streaming import StreamScorer
from tests.support.detectors import ROWS
from tests.support.laws import (
    ARCHITECTURES,
    COMPONENTS,
    FORECASTERS,
    LAYOUTS,
    cases,
    hold,
    spreadings,
)

pytestmark = pytest.mark.properties


def same(first, second):
    assert np.array_equal(first, second)


def test_later_rows_change_no_earlier_score(record_property):
    def law(case, now, spreading):
        series, now = case.series, min(now, case.n_rows)
        chain = case.chain(**spreading)
        _, ahead = chain.__skad_row_context__()
        other = series.copy()
        other[now:] = case.rng.normal(scale=100, size=other[now:].shape)
        same(*(case.pipeline.score_samples(X)[:now] for X in (series, other)))
        seen = max(now - ahead, 0)
        same(*(chain.score_samples(X)[:seen] for X in (series, other)))

    chains = spreadings()
    hold(law, cases(), st.integers(0, 60), chains, record_property=record_property)


def test_a_part_of_a_series_has_the_scores_of_the_whole(record_property):
    def law(case, start, length):
        series, back = case.series, case.window_size - 1
        start = min(start, case.n_rows - 1)
        part = series[start : start + length]
        scores = case.pipeline.score_samples(series)[start : start + length]
        same(case.pipeline.score_samples(part)[back:], scores[back:])

    lengths = st.integers(1, 60)
    hold(law, cases(), st.integers(0, 59), lengths, record_property=record_property)


def test_blocks_of_rows_have_the_scores_of_the_whole(record_property):
    def law(case, block_size, spreading):
        chain = case.chain(**spreading)
        whole = chain.score_samples(case.series)
        same(score_samples_blockwise(chain, case.series, block_size=block_size), whole)

    sizes, chains = st.integers(1, 70), spreadings()
    hold(law, cases(), sizes, chains, record_property=record_property)


def test_a_stream_in_any_pieces_has_the_scores_of_the_whole(record_property):
    def law(case, cuts, smoothing):
        chain = case.chain(causal=True, smoothing=smoothing)
        stream = StreamScorer(chain)
        pieces = np.split(case.series, sorted(cut % case.n_rows for cut in cuts))
        streamed = [stream.update(piece) for piece in pieces]
        same(np.concatenate(streamed), chain.score_samples(case.series))

    cuts = st.lists(st.integers(0, 60), max_size=6)
    hold(law, cases(), cuts, st.integers(1, 5), record_property=record_property)


def test_windows_scored_in_batches_of_any_size_have_the_same_scores(record_property):
    def law(case, size, batch_size):
        windows, detector = case.windows, copy.copy(case.detector)
        whole = detector.score_samples(windows)
        if hasattr(detector, "batch_size"):
            detector.batch_size = batch_size
        starts = range(0, len(windows), size)
        parts = [detector.score_samples(windows[i : i + size]) for i in starts]
        same(np.concatenate(parts), whole)

    sizes = st.integers(1, 70)
    hold(law, cases(), sizes, sizes, record_property=record_property)


def test_the_order_of_windows_does_not_matter(record_property):
    def law(case, order):
        windows = case.windows
        order = [row % len(windows) for row in order]
        scores = case.detector.score_samples(windows)
        same(case.detector.score_samples(windows[order]), scores[order])

    orders = st.lists(st.integers(0, 59), min_size=1, max_size=80)
    hold(law, cases(), orders, record_property=record_property)


def test_the_layout_in_memory_does_not_matter(record_property):
    def law(case, layout):
        windows = np.array(case.windows)
        scores = case.detector.score_samples(windows)
        same(case.detector.score_samples(LAYOUTS[layout](windows)), scores)

    layouts = st.sampled_from([name for name in LAYOUTS if name != "a view"])
    hold(law, cases(), layouts, record_property=record_property)


def test_a_series_and_its_windows_have_nearly_the_same_scores(record_property):
    """Where neighbours share what they have in common, last digits may differ."""

    def law(case):
        scores = case.detector.score_samples(np.array(case.windows))
        squares = (case.windows.astype(np.float64) ** 2).mean(axis=(1, 2))
        shared = case.detector.score_samples(case.windows)
        assert (abs(shared - scores) <= 5e-6 * (abs(scores) + squares)).all()

    means = tuple(row.name for row in ROWS)
    hold(law, cases(means), record_property=record_property)


def with_channels_in_order(detector, order):
    """Copy a network detector, whose weights now expect the channels in this order."""
    detector = copy.deepcopy(detector)
    module, order = detector.net_.module_, torch.as_tensor(order)
    with torch.no_grad():
        if hasattr(module, "lstm"):
            rows = torch.arange(module.output.out_features).view(-1, len(order))
            rows = rows[:, order].flatten()
            module.lstm.weight_ih_l0.copy_(module.lstm.weight_ih_l0[:, order])
            module.output.weight.copy_(module.output.weight[rows])
            module.output.bias.copy_(module.output.bias[rows])
        else:
            first, last = module.encoder[0], module.decoder[-1]
            first.weight.copy_(first.weight[:, order])
            last.weight.copy_(last.weight[:, order])
            last.bias.copy_(last.bias[order])
    return detector


def test_networks_and_series_with_channels_in_one_order_agree(record_property):
    def law(case, ranks):
        order = np.argsort(ranks[: case.n_channels])
        permuted = with_channels_in_order(case.detector, order)
        scores = case.detector.score_samples(case.windows)
        again = permuted.score_samples(case.windows[..., order])
        np.testing.assert_allclose(again, scores, rtol=1e-4, atol=1e-5 * scale(case))

    def scale(case):
        return max(1.0, float((case.windows**2).max()))

    # Those whose aggregation treats all channels alike.
    networks = ("ConvAutoencoder", "ConvAutoencoder, 1", "LSTMForecaster")
    ranks = st.permutations([0, 1, 2])
    hold(law, cases(networks), ranks, record_property=record_property)


def test_components_of_channels_in_any_order_agree(record_property):
    def law(case, ranks, aggregation, error):
        order = np.argsort(ranks[: case.n_channels])
        asked = PCADetector(2, channel_aggregation=aggregation, error=error)
        windows = trailing_windows(case.rng.normal(size=(40, case.n_channels)), 5)
        scores = clone(asked).fit(windows).score_samples(windows)
        permuted = windows[..., order]
        again = clone(asked).fit(permuted).score_samples(permuted)
        np.testing.assert_allclose(again, scores, rtol=1e-6, atol=1e-12)

    hold(
        law,
        cases(COMPONENTS),
        st.permutations([0, 1, 2]),
        st.sampled_from(["mean", "max", "standardised", "mahalanobis"]),
        st.sampled_from(["squared", "absolute"]),
        record_property=record_property,
    )


def test_the_further_a_spike_stands_out_the_lower_is_the_score(record_property):
    """Of a forecaster, in the row that it forecasts; of the others, in any row.

    Nearby values may well be nearer to what is expected, so a spike is at least a
    hundred times what the series reaches.
    """

    def law(case, step, height, times):
        windows = case.windows[-1:].copy()
        last = case.window_size - 1
        step = last if case.architecture in FORECASTERS else step % case.window_size
        channel = case.seed % case.n_channels
        reached = 100 * (1 + abs(windows).max())
        scores = []
        for factor in (height, height * times):
            windows[0, step, channel] = factor * reached
            scores += [*case.detector.score_samples(windows)]
        assert scores[1] < scores[0] < 0

    steps, heights = st.integers(0, 8), st.floats(1, 100)
    times = st.floats(1.5, 100)
    # What is divided by the deviation of the window may not grow with it.
    shapes = tuple(
        name
        for name, kind in ARCHITECTURES.items()
        if kind.judges_rows or kind.window_scaling != "standard"
    )
    hold(law, cases(shapes), steps, heights, times, record_property=record_property)


def test_scores_of_finite_series_are_finite(record_property):
    def law(case, values):
        values = np.resize(values, (case.n_rows, case.n_channels))
        for X in (values, values.astype(np.float32)):
            scores = case.pipeline.score_samples(X)
            assert scores.dtype == np.float64
            assert np.isfinite(scores).all()
            assert (scores <= 0).all()

    # What is beyond is refused, by name.
    numbers = st.floats(-9e16, 9e16) | st.floats(-1, 1) | st.sampled_from([5e-324, 0])
    values = st.lists(numbers, min_size=1, max_size=30)
    hold(law, cases(), values, record_property=record_property)


def test_a_reading_of_any_size_after_next_to_nothing_has_a_finite_score(
    record_property,
):
    def law(case, last, quiet):
        windows = case.windows * quiet
        windows[:, -1] = last
        for X in (windows, windows.astype(np.float32)):
            assert np.isfinite(case.detector.score_samples(X)).all()

    last = st.floats(-9e16, 9e16) | st.sampled_from([1.0, -1.0])
    quiet = st.sampled_from([1e-42, 1e-20, 1e-60])
    drawn = cases(("LSTMForecaster, 3",), (30, 60)), last, quiet
    hold(law, *drawn, record_property=record_property)
