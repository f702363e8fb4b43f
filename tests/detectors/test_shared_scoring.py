import numpy as np
import pytest

from skad._torch.network_errors import differences
from skad.detectors import ConvAutoencoder
from skad.preprocessing import SlidingWindow

N_CHANNELS = 2


@pytest.fixture
def rows(rng):
    return rng.normal(size=(700, N_CHANNELS)).astype(np.float32)


def detector_of(**options):
    options = {"channels": (6, 3), "n_channels": N_CHANNELS, "max_epochs": 1} | options
    return ConvAutoencoder(**options, random_state=0)


@pytest.fixture(params=[(3, 1), (5, 2)], ids=["stride 1", "stride 2"])
def fitted(request, rows):
    kernel_size, stride = request.param
    detector = detector_of(kernel_size=kernel_size, stride=stride)
    return detector.fit(SlidingWindow(32).fit_transform(rows[:200]))


def test_a_view_of_the_series_and_a_copy_of_its_windows_get_the_same_bits(fitted, rows):
    windows = SlidingWindow(32).fit_transform(rows)
    scores = fitted.score_samples(windows)
    assert np.array_equal(fitted.score_samples(windows.copy()), scores)
    assert np.array_equal(fitted.score_samples(windows[::-1]), scores[::-1])


def test_shared_scores_are_those_of_the_network_on_each_window(fitted, rows):
    windows = SlidingWindow(32).fit_transform(rows)
    scores = fitted.score_samples(windows)
    blocks = differences(fitted.net_.module_, windows, fitted.inputs_and_targets, "cpu")
    errors = np.concatenate([block.square().mean((1, 2)) for _, block, _ in blocks])
    errors = errors[: len(windows)]
    size = np.square(windows, dtype=np.float64).mean((1, 2))
    assert not np.array_equal(-scores, errors)  # these are two ways indeed
    assert (np.abs(-scores - errors) <= 5e-6 * (errors + size)).all()


@pytest.mark.parametrize("flatten", [False, True])
def test_any_slice_of_the_windows_gets_the_bits_of_the_whole(fitted, rows, flatten):
    windows = SlidingWindow(32, flatten=flatten).fit_transform(rows)
    scores = fitted.score_samples(windows)
    for start, stop in [(0, 40), (5, 6), (300, 301), (511, 513), (100, 650)]:
        part = fitted.score_samples(windows[start:stop])
        assert np.array_equal(part, scores[start:stop])


def test_any_slice_of_the_series_gets_the_bits_of_the_whole(fitted, rows):
    window = SlidingWindow(32).fit(rows)
    scores = fitted.score_samples(window.transform(rows))
    for start in (1, 37, 640):
        part = fitted.score_samples(window.transform(rows[start:]))
        assert np.array_equal(part[31:], scores[start + 31 :])


def test_doubles_score_as_their_floats_do(fitted, rows):
    window = SlidingWindow(32).fit(rows)
    scores = fitted.score_samples(window.transform(rows))
    doubles = window.transform(rows.astype(np.float64))
    assert np.array_equal(fitted.score_samples(doubles), scores)


@pytest.mark.parametrize(
    "options",
    [{"window_scaling": "mean"}, {"kernel_size": 4}, {"kernel_size": 13}],
    ids=["scaled windows", "even kernel", "ends that meet"],
)
def test_what_cannot_be_shared_is_scored_window_by_window(rows, options):
    windows = SlidingWindow(32).fit_transform(rows)
    detector = detector_of(**options).fit(windows)
    scores = detector.score_samples(windows)
    assert np.array_equal(detector.score_samples(windows.copy()), scores)
