"""Rules for channels, from the table to the detector behind scalers and windows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skad.detectors import PCADetector
from skad.inspection import expected, explain
from skad.postprocessing import ChannelRules
from skad.preprocessing import GaussianNoise, SlidingWindow

RULES = {
    "direction": {"T": "above"},
    "min_deviation": {"p": 0.5, "T": 40.0},
    "context_channels": ["valve"],
}


@pytest.fixture
def table(rng):
    values = rng.normal([500, 2, 0], [20, 0.1, 1], size=(300, 3))
    return pd.DataFrame(values, columns=["T", "p", "valve"])


def chain(*before):
    return make_pipeline(*before, SlidingWindow(8), PCADetector(2))


@pytest.mark.parametrize("scaler", [StandardScaler(), RobustScaler(), MinMaxScaler()])
def test_names_become_positions_and_sizes_those_of_the_scaler(table, scaler):
    detector = ChannelRules(chain(scaler), **RULES).fit(table)
    inside = detector.estimator_[-1]
    assert inside.direction == ("above", "both", "both")
    assert inside.context_channels == (2,)
    made = scaler.fit(table).transform(table)
    sizes = np.array([40.0, 0.5, 0.0]) * made.std(axis=0) / table.std(ddof=0).to_numpy()
    assert inside.min_deviation == pytest.approx(sizes)
    assert detector.estimator[-1].direction == "both"  # what was given stays


def test_a_deviation_that_is_too_small_or_on_the_other_side_adds_nothing(table):
    detector = ChannelRules(
        chain(StandardScaler()), direction={"T": "above"}, min_deviation={"p": 0.5}
    ).fit(table[:200])
    table.loc[250, "T"] = 100.0  # far below
    shares = explain(detector, table).to_numpy()
    assert (shares[:250, 1] == 0).all()  # never half a unit off
    low = shares[250, 0]
    table.loc[250, "T"] = 900.0
    assert explain(detector, table).to_numpy()[250, 0] > 20 * low
    assert expected(detector, table).shape == table.shape


def test_an_array_goes_by_positions_and_constants_have_a_unit(table):
    X = table.to_numpy(copy=True)
    X[:, 2] = 3.0
    detector = ChannelRules(chain(StandardScaler()), min_deviation=[0, 0, 2]).fit(X)
    assert detector.estimator_[-1].min_deviation == pytest.approx((0, 0, 2))


def test_without_steps_before_the_windows_units_are_those_of_the_table(table):
    steps = chain(GaussianNoise(random_state=0))
    detector = ChannelRules(steps, min_deviation=2).fit(table)
    assert detector.estimator_[-1].min_deviation == (2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    "scaler", [FunctionTransformer(np.square), QuantileTransformer(n_quantiles=20)]
)
def test_what_bends_is_refused_where_there_is_a_size(table, scaler):
    with pytest.raises(ValueError, match="min_deviation cannot be converted by the"):
        ChannelRules(chain(scaler), min_deviation=1).fit(table)
    detector = ChannelRules(chain(scaler), direction="above").fit(table)
    assert detector.estimator_[-1].direction == ("above",) * 3


def test_a_detector_whose_errors_have_no_sign_is_refused(table):
    forest = make_pipeline(
        SlidingWindow(4, flatten=True), IsolationForest(n_estimators=5)
    )
    with pytest.raises(TypeError, match="IsolationForest has no direction, min_dev"):
        ChannelRules(forest, direction="above").fit(table)


def test_a_name_that_is_no_channel_is_refused(table):
    with pytest.raises(ValueError, match="direction names the channel 'q'"):
        ChannelRules(chain(), direction={"q": "above"}).fit(table)
