import numpy as np
import pytest
import torch
from torch import nn

from skad._estimators.channel_errors import ChannelErrors
from skad._torch.network_errors import block_size, channel_means
from skad.networks._conv_autoencoder import ConvAutoencoderNetwork
from skad.networks._lstm import LSTMNetwork
from tests.support.checks import untouched_random_states


def rebuilt(windows):
    return windows, windows


def forecast(windows):
    return windows[:, :-2], windows[:, -2:]


def conv(n_channels, kernel_size, stride):
    return ConvAutoencoderNetwork(n_channels, (5, 3), kernel_size, stride), rebuilt


def lstm(n_channels, hidden_size, num_layers):
    return LSTMNetwork(n_channels, 2, hidden_size, num_layers), forecast


def errors_of(network, prepare, windows):
    blocks = channel_means(
        ChannelErrors(), network, windows, prepare, "cpu", merge=True
    )
    return np.concatenate([means[:, 0] for _, means in blocks])[: len(windows)]


@pytest.mark.parametrize("n_timesteps", [7, 16, 33])
@pytest.mark.parametrize("n_channels", [1, 3, 8])
@pytest.mark.parametrize(
    ("make", "options"),
    [
        (conv, (3, 1)),
        (conv, (2, 1)),
        (conv, (5, 2)),
        (conv, (4, 3)),
        (lstm, (4, 1)),
        (lstm, (9, 2)),
    ],
)
def test_an_error_has_the_same_bits_wherever_its_window_stands(
    rng, make, options, n_channels, n_timesteps
):
    network, prepare = make(n_channels, *options)
    windows = rng.normal(size=(1100, n_timesteps, n_channels)).astype(np.float32)
    errors = errors_of(network, prepare, windows)
    order = rng.permutation(1100)
    shuffled = errors_of(network, prepare, windows[order])
    assert np.array_equal(shuffled, errors[order])
    for start, stop in [(0, 40), (200, 240), (255, 513), (1099, 1100), (60, 700)]:
        part = errors_of(network, prepare, windows[start:stop])
        assert np.array_equal(part, errors[start:stop])


def test_an_error_has_the_same_bits_beside_any_neighbours(rng):
    network, prepare = conv(2, 3, 1)
    size = block_size(10, 2)
    windows = rng.normal(size=(size, 10, 2)).astype(np.float32)
    errors = errors_of(network, prepare, windows)
    for neighbour in (0.0, 1e15, -1e-30):
        beside = np.full_like(windows, neighbour)
        for place in (0, 1, 63, size - 1):
            beside[place] = windows[5]
            assert errors_of(network, prepare, beside)[place] == errors[5]
            beside[place] = neighbour


def test_blocks_of_long_and_wide_windows_are_small():
    assert block_size(10, 1) > block_size(60, 10) > block_size(1000, 50) >= 8
    assert block_size(1000, 50) * 1000 * 50 <= 2**21


def test_the_network_only_sees_whole_blocks(rng):
    seen = []

    class Watched(nn.Module):
        def forward(self, windows):
            seen.append(len(windows))
            return windows

    size = block_size(4, 1)
    windows = rng.normal(size=(2 * size + 9, 4, 1)).astype(np.float32)
    errors_of(Watched(), rebuilt, windows)
    assert seen == [size] * 3


def test_the_error_is_the_mean_of_squares_over_steps_and_channels():
    windows = np.zeros((2, 3, 2), np.float32)
    windows[1] = [[1, 0], [0, 2], [0, 0]]

    class Zero(nn.Module):
        def forward(self, windows):
            return torch.zeros_like(windows)

    assert errors_of(Zero(), rebuilt, windows).tolist() == [0.0, 5 / 6]


def test_errors_are_squared_in_double_precision():
    class Zero(nn.Module):
        def forward(self, windows):
            return torch.zeros_like(windows)

    windows = np.full((1, 2, 1), 1e25, np.float32)  # its square is no float32
    errors = errors_of(Zero(), rebuilt, windows)
    assert errors.dtype == np.float64
    assert errors[0] == pytest.approx(1e50)


def test_the_network_is_in_evaluation_mode_and_keeps_no_gradients(rng):
    class Moody(nn.Module):
        def forward(self, windows):
            assert not self.training
            assert not torch.is_grad_enabled()
            return windows

    windows = rng.normal(size=(5, 4, 1)).astype(np.float32)
    assert (errors_of(Moody().train(), rebuilt, windows) == 0).all()


def test_scoring_leaves_the_windows_and_the_global_random_states_alone(rng):
    windows = rng.normal(size=(50, 4, 1)).astype(np.float32)
    windows.setflags(write=False)
    network, prepare = conv(1, 3, 1)
    with untouched_random_states():
        errors_of(network, prepare, windows)


def test_an_interrupt_of_torch_itself_is_passed_on(rng, monkeypatch):
    push, pushed = torch.overrides._push_mode, []

    def interrupted(mode):
        pushed.append(mode)
        if len(pushed) == 2:  # back again, after the first call that it was aside for
            raise KeyboardInterrupt("while the mode lay aside")
        push(mode)

    monkeypatch.setattr(torch.overrides, "_push_mode", interrupted)
    windows = rng.normal(size=(4, 8, 1)).astype(np.float32)
    with pytest.raises(KeyboardInterrupt, match="while the mode lay aside"):
        errors_of(*conv(1, 3, 1), windows)
    assert torch.overrides._get_current_function_mode() is None
    monkeypatch.undo()
    assert np.isfinite(errors_of(*conv(1, 3, 1), windows)).all()
