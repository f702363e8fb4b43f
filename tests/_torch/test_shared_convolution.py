from functools import partial

import numpy as np
import pytest
import torch

from skad._estimators.channel_errors import ChannelErrors
from skad._torch.shared_convolution import _SHARED, share
from skad.networks._conv_autoencoder import ConvAutoencoderNetwork


def network_of(n_channels, channels, kernel_size, stride, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return ConvAutoencoderNetwork(n_channels, channels, kernel_size, stride)


def errors_window_by_window(network, series, n_timesteps):
    windows = series.unfold(0, n_timesteps, 1).transpose(1, 2)
    with torch.inference_mode():
        squares = (network(windows).double() - windows.double()).square()
    return squares.mean((1, 2)), windows.double().square().mean((1, 2))


mean_squares = partial(ChannelErrors().of_steps, merge=True)


def errors_together(shared, series):
    with torch.inference_mode():
        return shared.channel_means(series.unsqueeze(0), mean_squares)[0, :, 0]


def series_for(rng, shared, n_rounds, n_channels):
    n_rows = n_rounds * shared.n_grids + shared.n_timesteps - 1
    return torch.from_numpy(rng.normal(size=(n_rows, n_channels)).astype(np.float32))


def random_cases(n_cases):
    """Draw architectures and window lengths that have something to share."""
    rng = np.random.default_rng(0)
    while n_cases:
        n_channels, depth = int(rng.integers(1, 20)), int(rng.integers(1, 4))
        channels = tuple(rng.integers(1, 24, size=depth).tolist())
        kernel_size, stride = int(rng.choice([1, 3, 5, 7])), int(rng.integers(1, 4))
        n_timesteps = int(rng.integers(4, 100))
        network = network_of(n_channels, channels, kernel_size, stride, n_cases)
        shared = share(network, n_timesteps)
        if shared is not None:
            n_cases -= 1
            yield network, shared, n_channels


def test_both_ways_agree_on_random_architectures_and_lengths(rng):
    for network, shared, n_channels in random_cases(80):
        series = series_for(rng, shared, 3, n_channels)
        errors, size = errors_window_by_window(network, series, shared.n_timesteps)
        together = errors_together(shared, series)
        assert (together - errors).abs().le(5e-6 * (errors + size)).all()


def test_an_error_has_the_same_bits_wherever_its_window_stands_in_the_series(rng):
    for _, shared, n_channels in random_cases(40):
        series = series_for(rng, shared, 40, n_channels)
        errors = errors_together(shared, series)
        n_rows = len(series) - 17 * shared.n_grids
        for offset in (1, 2, 5, 16 * shared.n_grids):
            part = errors_together(shared, series[offset : offset + n_rows])
            assert torch.equal(part, errors[offset : offset + len(part)])


def test_windows_by_themselves_get_the_bits_of_windows_of_a_series(rng):
    for _, shared, n_channels in random_cases(40):
        series = series_for(rng, shared, 40, n_channels)
        windows = series.unfold(0, shared.n_timesteps, 1).transpose(1, 2).contiguous()
        with torch.inference_mode():
            alone = shared.channel_means(windows, mean_squares)[:, 0, 0]
        assert torch.equal(alone, errors_together(shared, series))


@pytest.mark.parametrize("value", [1e6, -1e16])
def test_what_one_row_holds_touches_only_the_windows_that_cover_it(rng, value):
    network = network_of(2, (8, 4), 5, 2)
    shared = share(network, 40)
    series = series_for(rng, shared, 30, 2)
    before = errors_together(shared, series)
    series[70] = value
    changed = torch.nonzero(errors_together(shared, series) != before).flatten()
    assert changed.tolist() == list(range(70 - 39, 71))


@pytest.mark.parametrize(
    ("kernel_size", "stride", "n_timesteps", "why"),
    [
        (4, 1, 60, "an even kernel"),
        (3, 4, 90, "a stride beyond the kernel"),
        (3, 1, 7, "ends that meet"),
        (7, 2, 32, "ends that meet"),
    ],
)
def test_windows_that_share_nothing_are_told(kernel_size, stride, n_timesteps, why):
    network = network_of(1, (4, 2), kernel_size, stride)
    assert share(network, n_timesteps) is None, why


def test_too_many_grids_share_nothing():
    assert share(network_of(1, (2, 2, 2), 5, 5), 500) is None


def test_so_large_a_network_shares_nothing_that_it_would_keep_hundreds_of_megabytes():
    assert share(network_of(38, (128, 64, 32), 15, 1), 256) is None


def test_the_shortest_window_of_the_textbook_network_is_twice_its_ends():
    network = network_of(1, (32, 16), 3, 1)
    assert share(network, 8) is None
    assert share(network, 9) is not None


def test_kernels_of_one_step_have_no_ends(rng):
    network = network_of(3, (4,), 1, 1)
    shared = share(network, 5)
    series = series_for(rng, shared, 30, 3)
    errors, _ = errors_window_by_window(network, series, 5)
    torch.testing.assert_close(errors_together(shared, series), errors)


def test_what_was_read_off_a_network_is_kept_until_its_weights_change():
    network = network_of(2, (4, 2), kernel_size=3, stride=1)
    shared = share(network, 20)
    assert share(network, 20) is shared
    assert share(network, 21).n_timesteps == 21


def test_weights_changed_behind_its_back_are_noticed(rng):
    network = network_of(2, (4, 2), kernel_size=3, stride=1)
    series = series_for(rng, share(network, 20), 40, 2)
    for weight in network.parameters():
        weight.data *= 1.5  # counts as no change to autograd's version counter
    together = errors_together(share(network, 20), series)
    one_by_one, _ = errors_window_by_window(network, series, 20)
    torch.testing.assert_close(together, one_by_one, rtol=1e-5, atol=0)


def test_what_was_read_off_a_network_goes_with_it():
    network = network_of(2, (4, 2), kernel_size=3, stride=1)
    share(network, 20)
    n_kept = len(_SHARED)
    del network
    assert len(_SHARED) == n_kept - 1
