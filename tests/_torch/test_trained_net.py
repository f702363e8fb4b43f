"""How windows reach the network in training: noise, draws and batches."""

import numpy as np
import torch

from skad.detectors import ConvAutoencoder
from tests.support.checks import noisy, windows_of

X = windows_of(noisy(150, n_channels=2))


def as_tensor(windows):
    return torch.from_numpy(windows.astype(np.float32))


def test_input_noise_changes_training_and_not_scoring(make):
    clean, denoising = make().fit(X), make(input_noise=0.5).fit(X)
    assert clean.loss_curve_ != denoising.loss_curve_
    assert not np.array_equal(clean.score_samples(X), denoising.score_samples(X))
    assert np.array_equal(denoising.score_samples(X), denoising.score_samples(X))
    scores = denoising.score_samples(X)
    denoising.set_params(input_noise=100.0)
    assert np.array_equal(denoising.score_samples(X), scores)


def test_a_denoising_network_removes_noise_that_another_keeps(rng):
    clean = windows_of(noisy(400))
    noise = rng.normal(scale=0.5, size=clean.shape)
    left = {}
    for input_noise in (0.0, 0.5):
        detector = ConvAutoencoder(
            (8, 4),
            5,
            input_noise=input_noise,
            max_epochs=40,
            lr=1e-2,
            random_state=0,
        ).fit(clean)
        with torch.no_grad():
            copies = detector.net_.module_(as_tensor(clean + noise)).numpy()
        left[input_noise] = np.mean((copies - clean) ** 2)
    assert left[0.5] < 0.5 * left[0.0]


def test_each_epoch_draws_other_windows(make, monkeypatch):
    numbered = np.repeat(np.arange(100.0), 16).reshape(100, 16, 1)
    detector = make(max_windows_per_epoch=7, max_epochs=30)
    seen, hook = [], type(detector).inputs_and_targets

    def watch(self, windows):
        seen.append(windows[:, 0, 0].int().tolist())
        return hook(self, windows)

    monkeypatch.setattr(type(detector), "inputs_and_targets", watch)
    detector.fit(numbered / 100)
    seen.clear()
    detector.fit(numbered)
    draws = seen[:30]
    assert [len(set(draw)) for draw in draws] == [7] * 30
    assert len({tuple(sorted(draw)) for draw in draws}) == 30
    assert len(set(sum(draws, []))) > 80


def test_a_draw_no_smaller_than_the_windows_takes_all(make):
    scores = make().fit(X).score_samples(X)
    detector = make(max_windows_per_epoch=10_000).fit(X)
    assert np.array_equal(detector.score_samples(X), scores)


def test_the_batch_size_matters_to_training_and_not_to_scoring(make):
    small, large = make(batch_size=10).fit(X), make(batch_size=100).fit(X)
    assert small.loss_curve_ != large.loss_curve_
    scores = small.score_samples(X)
    assert np.array_equal(small.set_params(batch_size=3).score_samples(X), scores)
