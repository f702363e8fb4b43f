import copy

import pytest
import torch

from skad._torch.drawing import Drawing
from skad.networks._variational_autoencoder import VariationalAutoencoderNetwork

WINDOWS = torch.randn(64, 6, 2, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network():
    with Drawing(0):
        return VariationalAutoencoderNetwork(6, 2, 16, 3, kl_weight=0.6)


def test_it_draws_while_it_is_trained_and_not_after(network):
    with Drawing(1):
        first, second = network(WINDOWS), network(WINDOWS)
    assert first.shape == WINDOWS.shape
    assert not torch.equal(first, second)
    network.eval()
    assert torch.equal(network(WINDOWS), network(WINDOWS))


def test_the_penalty_is_the_divergence_from_the_standard_normal(network):
    with Drawing(1):
        network(WINDOWS)
    hidden = torch.relu(network.encoder(WINDOWS.flatten(1)))
    mean, log_variance = network.moments(hidden).chunk(2, 1)
    codes = torch.distributions.Normal(mean, (log_variance / 2).exp())
    standard = torch.distributions.Normal(torch.zeros(3), torch.ones(3))
    divergence = torch.distributions.kl_divergence(codes, standard).sum(1).mean()
    torch.testing.assert_close(network.training_penalty(), 0.6 / 12 * divergence)


def test_a_network_that_was_asked_for_its_penalty_can_be_copied(network):
    with Drawing(1):
        network(WINDOWS)
    network.training_penalty()
    assert torch.equal(copy.deepcopy(network).eval()(WINDOWS), network.eval()(WINDOWS))
