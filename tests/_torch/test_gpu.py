"""Training and scoring on a GPU; without one there is nothing to run here."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skad import SlidingWindow
from skad._torch.batches import WindowsOnDevice, pinned, taker_of
from tests.support.detectors import NETWORKS
from tests.support.signals import sine

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU"),
]

DETECTORS = [row.cheap(max_epochs=2) for row in NETWORKS]
CUDA = torch.device("cuda")


@pytest.fixture
def windows(rng):
    rows = sine(2000, 3) + rng.normal(scale=0.1, size=(2000, 3))
    return SlidingWindow(window_size=16).fit_transform(rows.astype(np.float32))


@pytest.fixture(params=DETECTORS, ids=lambda detector: type(detector).__name__)
def detector(request):
    return request.param.set_params(device="cuda")


def test_the_network_lies_on_the_gpu(detector, windows):
    parameters = detector.fit(windows).net_.module_.parameters()
    assert {parameter.device.type for parameter in parameters} == {"cuda"}


def test_the_scores_are_those_of_the_cpu_up_to_rounding(detector, windows):
    on_gpu = detector.fit(windows).score_samples(windows)
    detector.set_params(device="cpu")
    on_cpu = detector.fit(windows).score_samples(windows)
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-2)


def test_windows_get_the_same_bits_whatever_else_is_scored(detector, windows):
    scores = detector.fit(windows).score_samples(windows)
    part = detector.score_samples(windows[700:740])
    np.testing.assert_array_equal(part, scores[700:740])


@pytest.mark.parametrize("aggregation", ["max", "standardised", "mahalanobis"])
def test_the_errors_of_channels_are_weighed_on_the_gpu(detector, windows, aggregation):
    detector = clone(detector).set_params(channel_aggregation=aggregation)
    scores = detector.fit(windows).score_samples(windows)
    shares = detector.explain(windows)
    np.testing.assert_allclose(shares.sum(axis=1), -scores, rtol=1e-12)
    np.testing.assert_array_equal(
        detector.score_samples(windows[700:740]), scores[700:740]
    )
    missed = detector.expected(windows) - windows[:, -1]
    assert np.square(missed).mean() < 4 * windows.var()


def test_the_random_states_of_the_gpu_stay_as_they_were(detector, windows):
    before = torch.cuda.get_rng_state()
    detector.fit(windows).score_samples(windows)
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_a_detector_comes_back_from_a_pickle(detector, windows):
    scores = detector.fit(windows).score_samples(windows)
    again = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(again.score_samples(windows), scores)


def test_a_series_that_fits_lies_on_the_gpu_and_is_cut_there(windows):
    take = taker_of(windows, CUDA)
    assert isinstance(take, WindowsOnDevice)
    rows = np.array([5, 0, 1999])
    batch = take(rows)
    assert batch.device.type == "cuda"
    np.testing.assert_array_equal(batch.cpu().numpy(), windows[rows])


def test_windows_that_do_not_overlap_travel_batch_by_batch(windows):
    batch = taker_of(windows[:64].copy(), CUDA)(np.array([5, 0, 63]))
    np.testing.assert_array_equal(batch.cpu().numpy(), windows[[5, 0, 63]])
    assert pinned(windows[:4], CUDA).device.type == "cuda"


def test_a_gpu_that_is_not_there_is_refused(detector, windows):
    missing = f"cuda:{torch.cuda.device_count()}"
    with pytest.raises(ValueError, match=f"device='{missing}' was asked for"):
        detector.set_params(device=missing).fit(windows)
