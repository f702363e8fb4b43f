import tracemalloc
import warnings

import joblib
import numpy as np
import pytest
import torch

from skad._torch import remembered_net
from skad.detectors import ConvAutoencoder, LSTMForecaster
from skad.preprocessing import SlidingWindow
from tests.support.checks import interrupt_in_epoch, noisy, windows_of

X = windows_of(noisy(100))


@pytest.fixture
def trainings(monkeypatch):
    """Count the trainings that really take place."""
    taken = []

    def counted(detector, windows, seed, start=None, epochs=None):
        taken.append(detector)
        return trained_net(detector, windows, seed, start, epochs)

    trained_net = remembered_net.trained_net
    monkeypatch.setattr(remembered_net, "trained_net", counted)
    return taken


def test_a_second_fit_trains_nothing(make, tmp_path, trainings):
    first = make(memory=str(tmp_path)).fit(X)
    second = make(memory=str(tmp_path)).fit(X)
    assert len(trainings) == 1
    assert np.array_equal(second.score_samples(X), first.score_samples(X))


@pytest.mark.parametrize(
    "change",
    [
        {"contamination": 0.2},
        {"channel_aggregation": "standardised", "error": "absolute"},
        {"verbose": 1},
        {"warm_start": True},
        {"random_state": np.int64(0)},
    ],
    ids=str,
)
def test_what_does_not_matter_to_training_is_no_key(make, tmp_path, trainings, change):
    make(memory=str(tmp_path)).fit(X)
    make(memory=str(tmp_path), **change).fit(X)
    assert len(trainings) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"lr": 0.5},
        {"max_epochs": 3},
        {"batch_size": 50},
        {"random_state": 1},
        {"optimizer": "sgd"},
        {"optimizer": torch.optim.Adam},
        {"window_scaling": "mean"},
        {"input_noise": 0.1},
        {"max_windows_per_epoch": 50},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_what_matters_to_training_is_a_key(make, tmp_path, trainings, change):
    make(memory=str(tmp_path)).fit(X)
    detector = make(memory=str(tmp_path), **change).fit(X)
    assert len(trainings) == 2
    scores = make(**change).fit(X).score_samples(X)
    assert np.array_equal(detector.score_samples(X), scores)


def test_the_architecture_and_the_kind_of_detector_are_keys(tmp_path, trainings):
    options = {"max_epochs": 1, "random_state": 0, "memory": str(tmp_path)}
    for detector in (
        LSTMForecaster(4, **options),
        LSTMForecaster(5, **options),
        ConvAutoencoder((4,), **options),
        ConvAutoencoder((4,), stride=2, **options),
    ):
        detector.fit(X)
    assert len(trainings) == 4


def test_the_series_is_a_key_to_its_last_row(make, tmp_path, trainings):
    rows = noisy(100)
    changed = rows.copy()
    changed[-1] += 1e-6
    for series in (rows, changed, rows[:-1], rows[1:]):
        make(memory=str(tmp_path)).fit(windows_of(series))
    assert len(trainings) == 4


def test_the_length_of_a_window_is_a_key(make, tmp_path, trainings):
    # The same rows in memory under windows of two lengths.
    rows = noisy(50)
    for size in (8, 9):
        make(memory=str(tmp_path)).fit(
            np.lib.stride_tricks.sliding_window_view(rows, size, 0).transpose(0, 2, 1)
        )
    assert len(trainings) == 2


def test_windows_that_do_not_overlap_are_remembered_too(make, tmp_path, trainings):
    windows = np.ascontiguousarray(X)
    for _ in range(2):
        make(memory=str(tmp_path)).fit(windows)
        make(memory=str(tmp_path)).fit(windows.reshape(len(windows), -1))
    assert len(trainings) == 1


@pytest.mark.parametrize(
    "parameters",
    [{}, {"early_stopping": True, "max_epochs": 4}, {"contamination": 0.2}],
    ids=str,
)
def test_results_are_the_same_with_and_without(make, tmp_path, parameters):
    plain = make(**parameters).fit(X)
    for _ in ("trained", "remembered"):
        cached = make(memory=str(tmp_path), **parameters).fit(X)
        assert np.array_equal(cached.score_samples(X), plain.score_samples(X))
        for name in ("offset_", "n_iter_", "loss_curve_", "validation_scores_"):
            assert getattr(cached, name) == getattr(plain, name)


def test_a_remembered_network_can_be_trained_further(make, tmp_path):
    scores = make(max_epochs=4).fit(X).score_samples(X)
    make(memory=str(tmp_path)).fit(X)
    detector = make(memory=str(tmp_path), warm_start=True).fit(X)
    detector.set_params(memory=None).fit(X)
    assert np.array_equal(detector.score_samples(X), scores)


def test_a_joblib_memory_will_do(make, tmp_path, trainings):
    for _ in range(2):
        make(memory=joblib.Memory(tmp_path, verbose=0)).fit(X)
    assert len(trainings) == 1


def test_a_folder_is_used_silently(make, tmp_path, capsys):
    for _ in range(2):
        make(memory=str(tmp_path)).fit(X)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_progress_is_printed_while_training_and_not_from_memory(make, tmp_path, capsys):
    make(memory=str(tmp_path), verbose=1).fit(X)
    assert capsys.readouterr().out.count("epoch ") == 2
    make(memory=str(tmp_path), verbose=1).fit(X)
    assert capsys.readouterr().out == ""


def test_a_failed_or_interrupted_training_is_not_remembered(make, tmp_path, trainings):
    with interrupt_in_epoch(2), pytest.raises(KeyboardInterrupt, match="by the user"):
        make(memory=str(tmp_path)).fit(X)
    scores = make(memory=str(tmp_path)).fit(X).score_samples(X)
    assert len(trainings) == 2
    assert np.array_equal(scores, make().fit(X).score_samples(X))


# What cannot be keyed


def test_without_an_int_each_training_is_new_with_one_warning(
    make, tmp_path, trainings
):
    for random_state in (None, np.random.RandomState(0)):
        detector = make(memory=str(tmp_path), random_state=random_state)
        for _ in range(2):
            with pytest.warns(
                UserWarning, match=r"without its memory: random_state=.* to an int"
            ) as caught:
                detector.fit(X)
            assert len(caught) == 1
    assert len(trainings) == 4


def test_a_class_that_cannot_be_hashed_is_trained_with_one_warning(
    make, tmp_path, trainings
):
    class Local(torch.optim.SGD):
        pass

    for _ in range(2):
        with pytest.warns(
            UserWarning, match=r"parameters cannot be hashed .* top level of a module"
        ) as caught:
            make(memory=str(tmp_path), optimizer=Local).fit(X)
        assert len(caught) == 1
    assert len(trainings) == 2


def test_a_warm_start_is_trained_with_one_warning(make, tmp_path, trainings):
    detector = make(memory=str(tmp_path), warm_start=True).fit(X)
    with pytest.warns(UserWarning, match="memory: a warm start goes on") as caught:
        detector.fit(X)
    assert len(caught) == 1
    assert len(trainings) == 2
    assert detector.n_iter_ == 4


def test_the_warning_points_at_the_call_of_fit(make, tmp_path):
    with pytest.warns(UserWarning, match="without its memory") as caught:
        make(memory=str(tmp_path), random_state=None).fit(X)
    assert caught[0].filename == __file__


def test_without_memory_there_is_nothing_to_warn_of(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(random_state=None).fit(X)


# What it costs


def test_windows_are_not_written_out_to_be_hashed(make, tmp_path, monkeypatch):
    rows = noisy(20_000).astype(np.float32)  # 80 kB; its windows would be 20 MB
    windows = SlidingWindow(256).fit_transform(rows)
    detector = make(memory=str(tmp_path))
    net = remembered_net.trained_net(detector, windows[:50], seed=0)
    monkeypatch.setattr(remembered_net, "trained_net", lambda *args, **kwargs: net)
    remembered_net.remembered_net(detector, windows, seed=0)
    tracemalloc.start()
    remembered_net.remembered_net(detector, windows, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * rows.nbytes


def test_windows_are_not_stored_on_disk(make, tmp_path):
    rows = noisy(3000).astype(np.float32)
    make(memory=str(tmp_path), max_windows_per_epoch=50).fit(
        SlidingWindow(64).fit_transform(rows)
    )
    stored = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert stored < 100_000


class Reserved(ConvAutoencoder):
    """Shows a few parameters and leaves the rest as they are."""

    def __init__(self, *, memory=None, random_state=None):
        super().__init__((2,), max_epochs=1, memory=memory, random_state=random_state)


def test_a_subclass_of_few_parameters_has_a_memory_too(tmp_path, trainings):
    first = Reserved(memory=str(tmp_path), random_state=0).fit(X)
    second = Reserved(memory=str(tmp_path), random_state=0).fit(X)
    assert len(trainings) == 1
    assert np.array_equal(second.score_samples(X), first.score_samples(X))
