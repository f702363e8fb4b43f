"""What must not pass is refused, and its cause is named.

`tests.reliability.test_bad_input` goes through all kinds of tables.
"""

import numpy as np
import pytest
from sklearn.base import clone

from skad.preprocessing import SlidingWindow
from tests.support.estimators import OF_EACH_KIND, SCORING, answer_of
from tests.support.inputs import GOOD, changed

pytestmark = pytest.mark.bad_input


@pytest.fixture(scope="module")
def fitted():
    return {name: clone(kind).fit(GOOD) for name, kind in OF_EACH_KIND.items()}


@pytest.mark.parametrize("name", OF_EACH_KIND)
@pytest.mark.parametrize("width", [1, 5, 7])
def test_another_number_of_channels_is_refused(fitted, name, width):
    X = np.ones((40, width))
    with pytest.raises(ValueError, match=f"X has {width} features, .* expecting 6"):
        answer_of(fitted[name], X)


@pytest.mark.parametrize("detector", ["LSTMForecaster", "ConvAutoencoder"])
def test_windows_of_another_shape_are_refused(detector):
    windows = GOOD.reshape(40, 3, 2)
    detector = clone(SCORING[detector]).fit(windows)
    for shape in [(40, 2, 3), (40, 6, 1), (40, 3, 1), (40, 4, 2)]:
        with pytest.raises(
            ValueError,
            match=rf"windows of {shape[1]} timesteps and {shape[2]} channels, but "
            r".* fitted on 3 timesteps and 2 channels\. Cut X with the SlidingWindow",
        ):
            detector.score_samples(np.ones(shape))


@pytest.mark.parametrize("detector", ["LSTMForecaster", "ConvAutoencoder"])
@pytest.mark.parametrize("shape", [(0, 3, 2), (40, 0, 2), (40, 3, 0)])
def test_windows_without_content_are_refused(detector, shape):
    with pytest.raises(ValueError, match=r"0 (sample|feature)\(s\)"):
        clone(SCORING[detector]).fit(np.ones(shape))


@pytest.mark.parametrize("name", ["SlidingWindow", "ReverseWindowing", "Pipeline"])
def test_windows_are_no_series(name):
    with pytest.raises(ValueError, match="3 dimensions|are these windows already"):
        clone(OF_EACH_KIND[name]).fit(SlidingWindow(3).fit_transform(GOOD))


@pytest.mark.filterwarnings("ignore:1 of 1 windows hold padding:UserWarning")
@pytest.mark.parametrize("name", SCORING)
def test_one_row_is_not_enough_to_fit_a_detector(name):
    with pytest.raises(ValueError, match=r"n_samples = 1; .* longer series"):
        clone(SCORING[name]).fit(GOOD[:1])


@pytest.mark.parametrize("name", SCORING)
@pytest.mark.parametrize("value", [1e18, -1e18, 1e30, 1e150])
def test_what_single_precision_cannot_square_is_refused(fitted, name, value):
    too_large = r"value of magnitude 1e\+.* below 1e\+17\. Scale X"
    with pytest.raises(ValueError, match=too_large):
        answer_of(fitted[name], changed(value))
    with pytest.raises(ValueError, match=too_large):
        clone(SCORING[name]).fit(np.full((40, 6), value))


@pytest.mark.parametrize("name", SCORING)
def test_what_single_precision_can_square_is_scored(fitted, name):
    for value in (9.9e16, -9.9e16, 1e-300, 5e-324):
        scores = answer_of(fitted[name], changed(value))
        assert scores.shape == (40,)
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", ["SlidingWindow", "GaussianNoise"])
@pytest.mark.parametrize("value", [1e18, 1e150, 1e300])
def test_a_transformer_keeps_large_values_finite(name, value):
    assert np.isfinite(clone(OF_EACH_KIND[name]).fit_transform(changed(value))).all()
