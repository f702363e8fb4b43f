import pytest

from skad.detectors import ConvAutoencoder, LSTMForecaster

CHEAP = {
    "forecaster": LSTMForecaster(4, max_epochs=2, random_state=0),
    "autoencoder": ConvAutoencoder((4, 2), max_epochs=2, random_state=0),
}


@pytest.fixture(params=CHEAP)
def make(request):
    """Build one of the two detectors, cheap, with these parameters changed."""
    template = CHEAP[request.param]

    def make(**parameters):
        return type(template)(**{**template.get_params(), **parameters})

    return make
