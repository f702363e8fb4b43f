import pytest
import torch

from skad.networks._lstm_autoencoder import LSTMAutoencoderNetwork


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_window_keeps_its_shape_and_every_reading_reaches_the_first_step(cell):
    network = LSTMAutoencoderNetwork(2, 4, num_layers=2, cell=cell)
    windows = torch.ones(3, 6, 2, requires_grad=True)
    rebuilt = network(windows)
    assert rebuilt.shape == windows.shape
    rebuilt[:, 0].sum().backward()
    assert (windows.grad != 0).all()


def test_the_decoder_begins_at_the_last_step():
    """What it has done after one step stands last, whatever the length."""
    network = LSTMAutoencoderNetwork(1, 4, num_layers=1)
    windows = torch.ones(1, 6, 1)
    state = network.encoder(windows)[1][0][-1]
    first = network.output(network.decoder(state.unsqueeze(1))[0])
    torch.testing.assert_close(network(windows)[:, -1:], first)
