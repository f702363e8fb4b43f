import numpy as np
import pytest
import torch

from skad._series.windows import segment_windows
from skad._torch import trained_net
from skad._torch.training import FiniteLoss
from tests.support.checks import noisy, windows_of

X = windows_of(noisy(200))


@pytest.fixture
def parts(monkeypatch):
    """Note what each training learns from, and what it is validated on."""
    seen = []

    def spy(net, batches, validation, **options):
        seen.append((batches.windows, validation and validation.windows))
        return train(net, batches, validation, **options)

    train = trained_net.train
    monkeypatch.setattr(trained_net, "train", spy)
    return seen


@pytest.fixture
def weights_of_epochs(monkeypatch):
    """Copy the weights at the end of every epoch."""
    copies = []

    def note(self, net, **kwargs):
        weights = net.module_.state_dict().values()
        copies.append([part.clone() for part in weights])

    monkeypatch.setattr(FiniteLoss, "on_epoch_end", note)
    return copies


def restless(make, **parameters):
    """Let validation go up and down, so that the best epoch is not the last."""
    parameters = {"lr": 0.3, "n_iter_no_change": 4, "max_epochs": 60, **parameters}
    return make(early_stopping=True, batch_size=16, **parameters)


def test_validation_is_the_end_of_the_series(make, parts):
    rows = np.arange(200.0).reshape(-1, 1) / 200
    make(early_stopping=True, validation_fraction=0.25).fit(windows_of(rows))
    [(learnt, held_back)] = parts
    assert len(held_back) == 50
    assert np.array_equal(held_back, windows_of(rows).astype(np.float32)[150:])
    assert np.array_equal(learnt, windows_of(rows).astype(np.float32)[:135])


def test_training_and_validation_share_no_row(make, parts):
    rows = np.arange(200.0).reshape(-1, 1) / 200
    make(early_stopping=True).fit(windows_of(rows))
    [(learnt, held_back)] = parts
    assert not np.intersect1d(learnt, held_back).size
    # Not one window more than needed is given up.
    assert np.unique(np.concatenate([learnt, held_back])).size == 200


def test_the_share_is_rounded_up(make, parts):
    make(early_stopping=True, validation_fraction=0.001).fit(X)
    assert len(parts[0][1]) == 1


def test_without_early_stopping_all_windows_are_learnt(make, parts):
    make().fit(X)
    [(learnt, held_back)] = parts
    assert len(learnt) == len(X)
    assert held_back is None


def test_the_best_weights_come_back(make, weights_of_epochs):
    detector = restless(make).fit(X)
    best = int(np.argmax(detector.validation_scores_))
    assert best < detector.n_iter_ - 1
    weights = detector.net_.module_.state_dict().values()
    assert all(map(torch.equal, weights, weights_of_epochs[best]))
    assert not all(map(torch.equal, weights, weights_of_epochs[-1]))


def test_scores_are_those_of_the_best_weights(make):
    detector = restless(make, validation_fraction=0.2).fit(X)
    held_back = detector.score_samples(X[-40:]).mean()
    assert held_back == pytest.approx(max(detector.validation_scores_), rel=1e-4)


def test_training_stops_when_nothing_has_improved_for_long_enough(make):
    detector = restless(make, n_iter_no_change=3).fit(X)
    assert detector.n_iter_ < 60
    assert len(detector.loss_curve_) == detector.n_iter_
    assert len(detector.validation_scores_) == detector.n_iter_
    best = int(np.argmax(detector.validation_scores_))
    assert detector.n_iter_ == best + 1 + 3
    assert all(isinstance(score, float) for score in detector.validation_scores_)


def test_training_ends_with_max_epochs_at_the_latest(make, weights_of_epochs):
    detector = restless(make, max_epochs=5, n_iter_no_change=100).fit(X)
    assert detector.n_iter_ == 5
    best = int(np.argmax(detector.validation_scores_))
    weights = detector.net_.module_.state_dict().values()
    assert all(map(torch.equal, weights, weights_of_epochs[best]))


def test_the_threshold_is_set_on_all_windows(make):
    detector = restless(make, contamination=0.1).fit(X)
    assert np.sum(detector.predict(X) == -1) == 20


def test_the_copy_of_the_best_weights_is_not_kept(make):
    detector = restless(make).fit(X)
    kept = dict(detector.net_.callbacks_)["early_stopping"]
    assert kept.best_model_weights_ is None


def test_a_further_fit_appends_its_validation_scores(make):
    detector = make(early_stopping=True, warm_start=True, max_epochs=3)
    first = detector.fit(X).validation_scores_
    second = detector.fit(X).validation_scores_
    assert len(second) == detector.n_iter_ == 6
    assert second[:3] == first


def test_a_series_too_short_to_hold_back_is_refused(make):
    with pytest.raises(
        ValueError,
        match=r"holds back the last 2 of 17 windows and drops the 15 before them.*"
        r"longer series, lower validation_fraction \(now 0\.1\), or .*=False",
    ):
        make(early_stopping=True).fit(X[:17])
    assert make(early_stopping=True).fit(X[:19]).n_iter_ == 2


def segments(lengths, size=16):
    """Cut windows over rows of which each has a number of its own."""
    rows = np.arange(sum(lengths), dtype=np.float32)[:, np.newaxis] / sum(lengths)
    starts = np.cumsum([0, *lengths[:-1]])
    return segment_windows(rows, size, starts)


def rows_in(windows, n_rows):
    return set(np.round(np.unique(windows) * n_rows).astype(int).tolist())


def test_of_many_series_the_end_of_each_is_held_back(make, parts):
    make(early_stopping=True, validation_fraction=0.1).fit(segments([100] * 5))
    [(learnt, held_back)] = parts
    ends = np.arange(500).reshape(5, 100)[:, 90:]
    assert set(np.round(held_back[:, -1, 0] * 500).astype(int)) == set(ends.flat)
    assert len(learnt) == 500 - 5 * (10 + 15)
    assert not rows_in(learnt, 500) & rows_in(held_back, 500)


def test_a_short_segment_is_learnt_from_as_a_whole(make, parts):
    make(early_stopping=True).fit(segments([200, 30, 200]))
    [(learnt, held_back)] = parts
    assert len(held_back) == 40
    assert set(range(200, 230)) <= rows_in(learnt, 430)


def test_of_short_segments_alone_the_last_rows_of_all_are_held_back(make, parts):
    make(early_stopping=True).fit(segments([30] * 10))
    [(learnt, held_back)] = parts
    assert len(held_back) == 30
    assert len(learnt) == 300 - 30 - 15
