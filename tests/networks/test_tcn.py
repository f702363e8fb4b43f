"""Only what a forecast needs: equal to causal dilated convolutions of the whole."""

import pytest
import torch
from torch.nn import functional as F

from skad.networks._tcn import TCNNetwork


def dilated(network, inputs):
    """Compute all positions of each level by causal convolutions."""
    size, steps = network.kernel_size, inputs.transpose(1, 2)
    shortcut = network.shortcut.weight.unsqueeze(2)
    for number, level in enumerate(network.levels):
        kernel = level.weight.unflatten(1, (size, -1)).transpose(1, 2)
        dilation = size**number
        padded = F.pad(steps, ((size - 1) * dilation, 0))
        mapped = F.relu(F.conv1d(padded, kernel, level.bias, dilation=dilation))
        steps = mapped + (F.conv1d(steps, shortcut) if number == 0 else steps)
    return network.output(steps[:, :, -1]).unflatten(1, (network.horizon, -1))


@pytest.mark.parametrize(("kernel_size", "n_inputs"), [(2, 16), (3, 27), (4, 16)])
def test_the_last_position_is_that_of_dilated_convolutions(kernel_size, n_inputs):
    network = TCNNetwork(3, n_inputs, 2, 5, kernel_size)
    inputs = torch.randn(7, n_inputs, 3, generator=torch.Generator().manual_seed(0))
    assert network.reach == n_inputs
    torch.testing.assert_close(network(inputs), dilated(network, inputs))


@pytest.mark.parametrize(("n_inputs", "n_levels"), [(1, 1), (3, 1), (4, 2), (28, 4)])
def test_there_are_as_many_levels_as_the_input_needs(n_inputs, n_levels):
    network = TCNNetwork(1, n_inputs, 1, 2, 3)
    assert len(network.levels) == n_levels
    assert network(torch.ones(5, n_inputs, 1)).shape == (5, 1, 1)


def test_every_input_step_reaches_the_forecast():
    network = TCNNetwork(1, 20, 1, 8, 3)
    inputs = torch.randn(4, 20, 1, generator=torch.Generator().manual_seed(0))
    inputs.requires_grad_()
    network(inputs).square().sum().backward()
    assert (inputs.grad.abs().sum((0, 2)) > 0).all()
