"""Losses by epoch, of whatever networks are inside."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skad.detectors import ConvAutoencoder, LSTMForecaster
from skad.inspection import LossCurveDisplay
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
)
from skad.preprocessing import SlidingWindow

X = np.sin(np.arange(120) / 5).reshape(-1, 1)
NETWORK = ConvAutoencoder((2,), max_epochs=3, random_state=0)
PIPE = make_pipeline(SlidingWindow(4), NETWORK)


def labels(display):
    return [line.get_label() for line in display.lines_]


AROUND = {
    "pipeline": clone(PIPE),
    "reverse": ReverseWindowing(PIPE),
    "threshold around reverse": ThresholdedDetector(
        ReverseWindowing(PIPE), calibration="tail", alpha=0.2
    ),
    "search": GridSearchCV(
        ReverseWindowing(PIPE),
        {"reduce": ["mean"]},
        cv=TimeSeriesSplit(2),
        scoring=lambda estimator, X, y=None: 0.0,
    ),
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_the_network_is_found_inside(around):
    estimator = clone(around).fit(X)
    for fitted in (estimator, FrozenEstimator(estimator)):
        display = LossCurveDisplay.from_estimator(fitted)
        assert labels(display) == ["ConvAutoencoder"]
        epochs, losses = display.lines_[0].get_data()
        assert list(epochs) == [1, 2, 3]
        assert (np.diff(losses) < 0).all()


def test_the_validation_loss_is_dashed_beside_it():
    network = clone(NETWORK).set_params(early_stopping=True)
    pipe = make_pipeline(SlidingWindow(4), network).fit(X)
    display = LossCurveDisplay.from_estimator(pipe)
    training, validation = display.lines_
    assert list(training.get_ydata()) == network.loss_curve_
    assert list(validation.get_ydata()) == [-s for s in network.validation_scores_]
    assert validation.get_linestyle() == "--"
    assert validation.get_color() == training.get_color()


def test_an_ensemble_shows_all_its_networks_by_name():
    lstm = make_pipeline(
        SlidingWindow(4), LSTMForecaster(2, max_epochs=2, random_state=0)
    )
    forest = IsolationForest(n_estimators=2, random_state=0)
    members = [("a", PIPE), ("b", lstm), ("c", ReverseWindowing(PIPE)), ("d", forest)]
    ensemble = EnsembleDetector(members).set_params(c="drop").fit(X)
    again = EnsembleDetector([("one", ensemble), ("a", PIPE)]).fit(X)
    display = LossCurveDisplay.from_estimator(ReverseWindowing(again).fit(X))
    names = ["a 1", "b", "a 2"]
    assert labels(display) == names
    assert len({line.get_color() for line in display.lines_}) == 3
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == names


def test_one_epoch_is_a_point_and_epochs_are_whole_numbers():
    display = LossCurveDisplay({"network": [0.5]}).plot()
    assert display.lines_[0].get_marker() == "o"
    display = LossCurveDisplay({"network": [0.5, 0.4, 0.3]}).plot()
    assert all(tick == round(tick) for tick in display.ax_.get_xticks())


@pytest.mark.parametrize(("losses", "scale"), [([2, 1], "log"), ([2, 0], "linear")])
def test_losses_are_drawn_on_a_logarithmic_scale_where_they_can_be(losses, scale):
    assert LossCurveDisplay({"network": losses}).plot().ax_.get_yscale() == scale


def test_it_is_drawn_where_it_is_told():
    figure, ax = plt.subplots()
    display = LossCurveDisplay({"network": [2, 1]}).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is figure


@pytest.mark.parametrize("estimator", [PIPE, IsolationForest(), ReverseWindowing(PIPE)])
def test_what_holds_no_trained_network_is_refused(estimator):
    name = type(estimator).__name__
    with pytest.raises(
        ValueError, match=f"{name} has no loss_curve_, nor has anything"
    ):
        LossCurveDisplay.from_estimator(clone(estimator))


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'LossCurveDisplay draws .* "skad\[plot\]"'):
        LossCurveDisplay({"network": [2, 1]}).plot()
