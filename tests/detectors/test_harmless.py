"""Harmless readings beyond those seen at fit: the model does not see them."""

import dask.array as da
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skad import load, save, score_samples_blockwise
from skad._estimators.channel_rules import RulesByPosition
from skad.dask import score_samples
from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.detectors._harmless import harmless_beyond, without_harmless
from skad.preprocessing import SlidingWindow
from skad.streaming import StreamScorer
from tests.support.checks import noisy, windows_of

SIZE, DROPS = 16, np.arange(50, 950, 60)
DETECTORS = {
    "forecaster": LSTMForecaster(4, max_epochs=1, lr=1e-2, random_state=0),
    "autoencoder": ConvAutoencoder((4, 2), 5, max_epochs=1, lr=5e-3, random_state=0),
    "components": PCADetector(6),
}


def series(n_rows, seed):
    rng = np.random.default_rng(seed)
    rows = np.sin(np.arange(n_rows) / 6) + rng.normal(scale=0.1, size=n_rows)
    return rows[:, np.newaxis]


@pytest.fixture(scope="module", params=DETECTORS)
def fitted(request):
    detector = clone(DETECTORS[request.param])
    detector.set_params(direction="above", contamination=0.01)
    return make_pipeline(SlidingWindow(SIZE), detector).fit(series(1000, seed=0))


@pytest.fixture(scope="module")
def dropped():
    rows = series(1000, seed=1)
    for drop in DROPS:
        rows[drop : drop + 5] -= 3
    return rows


def test_the_rebound_after_a_harmless_excursion_does_not_alarm(fitted, dropped):
    in_window = np.add.outer(DROPS, np.arange(5 + SIZE)).ravel()
    assert np.mean(fitted.predict(dropped)[in_window] == -1) <= 0.02


def test_without_a_direction_it_would(dropped):
    both = make_pipeline(SlidingWindow(SIZE), PCADetector(6)).fit(series(1000, seed=0))
    in_window = np.add.outer(DROPS, np.arange(5 + SIZE)).ravel()
    assert np.mean(both.predict(dropped)[in_window] == -1) > 0.8


def test_a_fault_on_the_other_side_beside_an_excursion_is_found(fitted, dropped):
    rows = dropped.copy()
    rows[DROPS[3] + 7 : DROPS[3] + 9] += 6
    found = fitted.predict(rows)[DROPS[3] + 7 : DROPS[3] + 9]
    assert (found == -1).all()


def test_bits_are_equal_whole_in_blocks_in_chunks_streamed_and_loaded(
    fitted, dropped, tmp_path
):
    whole = fitted.score_samples(dropped)
    assert np.array_equal(
        score_samples_blockwise(fitted, dropped, block_size=170), whole
    )
    chunks = score_samples(fitted, da.from_array(dropped, chunks=(300, 1)))
    assert np.array_equal(chunks.compute(), whole)
    stream = StreamScorer(fitted)
    parts = [stream.update(part) for part in np.array_split(dropped, 9)]
    assert np.array_equal(np.concatenate(parts), whole)
    save(fitted, tmp_path / "detector.skad")
    loaded = load(tmp_path / "detector.skad")
    assert np.array_equal(loaded.score_samples(dropped), whole)


def test_each_layout_of_windows_loses_the_same_readings():
    rows = noisy(60, n_channels=2)
    windows = SlidingWindow(8).fit_transform(rows)[7:]
    limits = np.array([[-0.5, -np.inf], [np.inf, 0.5]])
    seen = without_harmless(windows, limits)
    assert seen.strides == windows.strides
    beyond = (rows < limits[0]) | (rows > limits[1])
    assert np.array_equal(seen[:, -1], np.where(beyond, np.nan, rows)[7:], True)
    for layout in (windows.copy(), windows.astype(np.float32), windows[[*range(53)]]):
        other = without_harmless(layout, limits)
        assert other.dtype == layout.dtype
        assert np.array_equal(np.isnan(other), np.isnan(seen))
    assert without_harmless(windows, np.array([[-9.0, -9.0], [9.0, 9.0]])) is windows


def test_only_the_harmless_side_of_scored_channels_has_a_limit():
    windows = windows_of(noisy(60, n_channels=4))
    rules = RulesByPosition(("above", "below", "both", "above"), (0.0,) * 4, (3,))
    low, high = harmless_beyond(windows, rules)
    assert low.tolist() == [windows[..., 0].min(), -np.inf, -np.inf, -np.inf]
    assert high.tolist() == [np.inf, windows[..., 1].max(), np.inf, np.inf]
    none = RulesByPosition(("both",) * 4, (0.0,) * 4, ())
    assert harmless_beyond(windows, none) is None
