from itertools import product

import pytest
import torch
from torch import nn

from skad.networks._conv_autoencoder import ConvAutoencoderNetwork


def n_parameters(network):
    return sum(weights.numel() for weights in network.parameters())


def test_the_textbook_network_has_14539_parameters():
    network = ConvAutoencoderNetwork(59, (32, 16), kernel_size=3, stride=1)
    layers = [*network.encoder, *network.decoder]
    assert [n_parameters(layer) for layer in layers] == [5696, 1552, 1568, 5723]
    assert n_parameters(network) == 14_539


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 7])
def test_the_output_has_the_shape_of_the_input(stride, kernel_size):
    for depth, n_timesteps in product((1, 2, 3), (1, 2, 7, 10, 16, 33)):
        network = ConvAutoencoderNetwork(3, (2,) * depth, kernel_size, stride)
        windows = torch.ones(2, n_timesteps, 3)
        assert network(windows).shape == windows.shape


@pytest.mark.parametrize("kernel_size", [2, 3, 5])
@pytest.mark.parametrize(("stride", "lengths"), [(2, [10, 5, 3]), (3, [10, 4, 2])])
def test_each_layer_divides_the_length_and_rounds_up(kernel_size, stride, lengths):
    network = ConvAutoencoderNetwork(1, (4, 2), kernel_size, stride)
    steps, seen = torch.ones(1, lengths[0], 1), []
    for index, n_out in enumerate(network.lengths(lengths[0])):
        steps = network.apply_layer(index, steps, n_out)
        seen.append(steps.shape[1])
    assert seen == [*lengths[1:], *lengths[-2::-1]]


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 7])
def test_the_layers_are_the_convolutions_whose_weights_they_hold(kernel_size, stride):
    network = ConvAutoencoderNetwork(3, (4, 2), kernel_size, stride).double()
    windows = torch.rand(2, 12, 3, dtype=torch.float64)
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    steps, lengths = windows.transpose(1, 2), []
    for layer in network.encoder:
        lengths.append(steps.shape[-1])
        steps = layer(nn.functional.pad(steps, (before, after))).relu()
    for index, layer in enumerate(network.decoder):
        wide = nn.functional.pad(layer(steps), (0, stride + kernel_size))
        n_reached = (steps.shape[-1] - 1) * stride + kernel_size
        wide[..., n_reached:] = layer.bias[:, None]
        steps = wide[..., before : before + lengths[-1 - index]]
        steps = steps.relu() if index == 0 else steps
    torch.testing.assert_close(network(windows), steps.transpose(1, 2))


@pytest.mark.parametrize("pooling", ["max", "mean"])
@pytest.mark.parametrize("stride", [1, 2])
def test_pooling_halves_each_length_and_the_way_back_restores_it(pooling, stride):
    for depth, n_timesteps in product((1, 2), (4, 7, 10, 17, 33)):
        network = ConvAutoencoderNetwork(
            3, (2,) * depth, 3, stride, pooling=pooling, bottleneck=1, n_timesteps=33
        )
        network.bottleneck = None
        windows = torch.ones(2, n_timesteps, 3)
        if network.lengths(n_timesteps)[depth - 1] >= 2:
            assert network(windows).shape == windows.shape
    network = ConvAutoencoderNetwork(3, (4, 2), 3, 1, pooling=pooling)
    assert network.lengths(11) == [11, 5, 5, 11]


@pytest.mark.parametrize(
    ("pooling", "rebuilt"), [("max", [3, 3, 9, 9, 9]), ("mean", [2, 2, 6, 6, 6])]
)
def test_two_steps_become_one_and_one_becomes_two(pooling, rebuilt):
    network = ConvAutoencoderNetwork(1, (1,), 1, 1, pooling=pooling)
    for layer in (*network.encoder, *network.decoder):
        nn.init.constant_(layer.weight, 1.0)
        nn.init.constant_(layer.bias, 0.0)
    windows = torch.tensor([1.0, 3.0, 9.0, 3.0, 5.0]).view(1, 5, 1)
    assert network(windows).flatten().tolist() == rebuilt


@pytest.mark.parametrize(("pooling", "n_left"), [(None, 11), ("max", 2)])
def test_a_bottleneck_mixes_all_that_is_left_into_so_many_numbers(pooling, n_left):
    network = ConvAutoencoderNetwork(
        3, (4, 2), 3, 1, pooling=pooling, bottleneck=5, n_timesteps=11
    )
    into, back, _ = network.bottleneck
    assert into.weight.shape == (5, n_left * 2)
    assert back.weight.shape == (n_left * 2, 5)
    nn.init.constant_(back.weight, 0.0)
    first, second = (network(x * torch.ones(1, 11, 3)) for x in (0.0, 1.0))
    assert torch.equal(first, second), "something passed beside the bottleneck"


def test_the_output_is_linear_so_that_it_can_be_negative():
    network = ConvAutoencoderNetwork(1, (4, 2), 3, 1)
    for weights in network.parameters():
        nn.init.constant_(weights, 0.0)
    network.decoder[-1].bias.data.fill_(-2.0)
    assert (network(torch.ones(1, 8, 1)) == -2.0).all()


def test_rectifiers_stand_between_the_layers():
    network = ConvAutoencoderNetwork(1, (4, 2), 3, 1)
    for layer in network.encoder:
        nn.init.constant_(layer.bias, -100.0)  # nothing passes a rectifier
    first, second = (network(x * torch.ones(1, 8, 1)) for x in (0.0, 1.0))
    assert torch.equal(first, second)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_odd_kernels_stay_centred(kernel_size):
    network = ConvAutoencoderNetwork(1, (4, 2), kernel_size, 1)
    for weights in network.parameters():
        nn.init.constant_(weights, 1.0)
    impulse = torch.zeros(1, 21, 1)
    impulse[0, 10] = 1.0
    answer = network(impulse)[0, :, 0] - network(0 * impulse)[0, :, 0]
    assert torch.equal(answer, answer.flip(0))
    assert answer.argmax() == 10
    reach = torch.nonzero(answer).flatten()
    assert reach[-1] - reach[0] == 4 * (kernel_size - 1)
