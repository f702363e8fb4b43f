import pytest
from torch import nn

from skad.detectors import LSTMAutoencoder
from tests.support.checks import noisy, windows_of

X = windows_of(noisy(60, n_channels=2))


@pytest.mark.parametrize(("cell", "kind"), [("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_its_parameters_are_those_of_its_network(cell, kind):
    detector = LSTMAutoencoder(5, 2, cell, max_epochs=1, random_state=0).fit(X)
    network = detector.net_.module_
    for layers in (network.encoder, network.decoder):
        assert type(layers) is kind
        assert (layers.hidden_size, layers.num_layers) == (5, 2)


def test_other_cells_are_refused_by_name():
    with pytest.raises(ValueError, match="'cell' parameter of LSTMAutoencoder must be"):
        LSTMAutoencoder(cell="rnn").fit(X)
