import pytest
import torch

from skad.networks._lstm import LSTMNetwork


@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("horizon", [1, 4])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("n_input_steps", [1, 9])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_forecast_has_horizon_steps_of_all_channels(
    n_channels, horizon, num_layers, n_input_steps, cell
):
    network = LSTMNetwork(n_channels, horizon, 5, num_layers, cell)
    forecast = network(torch.ones(2, n_input_steps, n_channels))
    assert forecast.shape == (2, horizon, n_channels)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_forecast_reads_every_step_and_channel_of_the_past(cell):
    network = LSTMNetwork(2, horizon=3, hidden_size=4, num_layers=2, cell=cell)
    past = torch.ones(1, 6, 2, requires_grad=True)
    network(past).sum().backward()
    assert (past.grad != 0).all()


def test_the_layers_are_stacked():
    network = LSTMNetwork(n_channels=2, horizon=1, hidden_size=4, num_layers=3)
    assert network.lstm.num_layers == 3
    assert network.lstm.hidden_size == 4
    units = LSTMNetwork(2, 1, 4, 3, "gru").gru
    assert (units.num_layers, units.hidden_size) == (3, 4)


def test_the_forecast_is_linear_in_the_last_state():
    network = LSTMNetwork(n_channels=2, horizon=2, hidden_size=4, num_layers=1)
    network.output.weight.data.zero_()
    network.output.bias.data = torch.tensor([1.0, 2.0, -3.0, -4.0])
    forecast = network(torch.ones(1, 5, 2))
    assert forecast.tolist() == [[[1.0, 2.0], [-3.0, -4.0]]]  # step, then channel
