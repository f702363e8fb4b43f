import numpy as np
import pytest
import torch

from skad._series.windows import windows_over
from skad._torch import batches
from skad._torch.batches import WindowBatches, WindowsOnDevice, fits, taker_of
from tests.support.checks import untouched_random_states


def unchanged(windows):
    return windows, windows


def batches_of(windows, batch_size=4, **options):
    return WindowBatches(windows, unchanged, batch_size, **options)


def numbered(n_windows):
    """Windows of one step that hold their own number."""
    return np.arange(n_windows, dtype=np.float32).reshape(-1, 1, 1)


def numbers_in(batches):
    return [inputs.flatten().int().tolist() for inputs, _ in batches]


def test_every_window_comes_once_in_each_epoch():
    batches = batches_of(numbered(10), seed=0)
    for _ in range(3):
        numbers = numbers_in(batches)
        assert [len(batch) for batch in numbers] == [4, 4, 2]
        assert sorted(sum(numbers, [])) == list(range(10))


def test_the_order_is_new_in_each_epoch_and_the_same_for_one_seed():
    first, second = batches_of(numbered(10), seed=0), batches_of(numbered(10), seed=0)
    epochs = [numbers_in(first) for _ in range(3)]
    assert epochs == [numbers_in(second) for _ in range(3)]
    assert len({str(epoch) for epoch in epochs}) == 3
    assert epochs[0] != numbers_in(batches_of(numbered(10), seed=1))


def test_batches_go_on_from_an_epoch():
    batches = batches_of(numbered(10), seed=0)
    epochs = [numbers_in(batches) for _ in range(3)]
    assert numbers_in(batches_of(numbered(10), seed=0, epoch=2)) == epochs[2]


def test_without_a_seed_the_windows_stay_in_order():
    batches = batches_of(numbered(10), max_windows=3, input_noise=1.0)
    for _ in range(2):
        assert numbers_in(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize(
    ("n_windows", "sizes"), [(1, [1]), (4, [4]), (5, [5]), (9, [4, 5]), (10, [4, 4, 2])]
)
def test_no_batch_of_one_is_left_over(n_windows, sizes):
    batches = batches_of(numbered(n_windows), seed=0)
    assert [len(batch) for batch in numbers_in(batches)] == sizes


def test_a_part_is_drawn_anew_for_each_epoch_without_repetition():
    batches = batches_of(numbered(50), seed=0, max_windows=6)
    epochs = [sum(numbers_in(batches), []) for _ in range(40)]
    assert all(len(set(epoch)) == 6 for epoch in epochs)
    assert len({tuple(sorted(epoch)) for epoch in epochs}) == 40
    assert set(sum(epochs, [])) == set(range(50))


@pytest.mark.parametrize("max_windows", [10, 1000])
def test_a_part_that_is_no_part_takes_all(max_windows):
    everything = numbers_in(batches_of(numbered(10), seed=0))
    assert (
        numbers_in(batches_of(numbered(10), seed=0, max_windows=max_windows))
        == everything
    )


def test_noise_is_new_in_each_epoch_and_never_in_the_target():
    windows = np.ones((500, 4, 2), np.float32)
    batches = batches_of(windows, batch_size=500, seed=0, input_noise=0.5)
    epochs = [next(iter(batches)) for _ in range(2)]
    assert not torch.equal(epochs[0][0], epochs[1][0])
    for inputs, targets in epochs:
        assert torch.equal(targets, torch.ones(500, 4, 2))
        assert inputs.std().item() == pytest.approx(0.5, rel=0.05)
        assert inputs.mean().item() == pytest.approx(1.0, abs=0.05)
        assert inputs.dtype == torch.float32


def test_batches_leave_the_global_random_states_alone():
    with untouched_random_states():
        numbers_in(batches_of(numbered(50), seed=0, max_windows=6, input_noise=1.0))


def test_batches_are_copies_of_the_windows():
    windows = numbered(4)
    inputs, _ = next(iter(batches_of(windows)))
    inputs += 1
    assert np.array_equal(windows, numbered(4))


@pytest.mark.parametrize("n_timesteps", [1, 7])
def test_windows_cut_on_a_device_are_those_cut_before(rng, n_timesteps):
    series = rng.normal(size=(50, 3)).astype(np.float32)
    windows = windows_over(series, n_timesteps)
    take = WindowsOnDevice(series, n_timesteps, torch.device("cpu"))
    rows = rng.permutation(len(windows))
    assert torch.equal(take(rows), torch.from_numpy(windows[rows]))


def test_where_memory_is_short_windows_travel_batch_by_batch(rng):
    windows = rng.normal(size=(9, 4, 2)).astype(np.float32)
    take = taker_of(windows, torch.device("meta"))  # has no memory at all
    batch = take(np.array([3, 1]))
    assert (batch.device.type, batch.shape) == ("meta", (2, 4, 2))


def test_a_series_lies_on_a_gpu_that_has_room_beside_it(monkeypatch):
    series, gpu = np.zeros((100, 5), np.float32), torch.device("cuda")
    for free, has_room in [(4001, True), (4000, True), (3999, False)]:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _, free=free: (free, 0))
        assert fits(series, gpu) is has_room  # for 2000 bytes


def test_where_it_fits_the_series_lies_there_once(rng, monkeypatch):
    monkeypatch.setattr(batches, "fits", lambda series, device: True)
    windows = windows_over(rng.normal(size=(50, 3)).astype(np.float32), 7)
    take = taker_of(windows, torch.device("meta"))
    assert take.series.shape == (50, 3)
    batch = take(np.array([3, 1]))
    assert (batch.device.type, batch.shape) == ("meta", (2, 7, 3))


def test_a_spread_batch_goes_from_first_to_last_without_noise():
    batches = batches_of(numbered(10), batch_size=4, seed=0, input_noise=1.0)
    before = batches.epoch
    inputs, targets = batches.spread()
    assert torch.equal(inputs, targets)
    assert torch.equal(inputs, torch.from_numpy(numbered(10)[[0, 3, 6, 9]]))
    assert batches.epoch == before
