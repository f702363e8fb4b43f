"""Flattened windows of several channels, read as windows of one."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad._estimators.forgotten_channels import channels_named
from skad.detectors import NeighborsDetector, PCADetector
from skad.postprocessing import (
    AdaptiveThresholdDetector,
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
)
from skad.preprocessing import RandomConvolutions, SlidingWindow

X = np.random.default_rng(0).normal(size=(200, 3))


def flattened(*steps):
    return make_pipeline(SlidingWindow(4, flatten=True), *steps)


@pytest.mark.parametrize(
    "around",
    [
        ReverseWindowing,
        ThresholdedDetector,
        AdaptiveThresholdDetector,
        lambda pipe: EnsembleDetector([("one", pipe)]),
        lambda pipe: ReverseWindowing(make_pipeline(StandardScaler(), pipe)),
    ],
)
def test_whoever_sees_both_ends_says_how_many_there_are(around):
    message = "PCADetector gets are flattened ones of 3 channels.*Set n_channels=3"
    with pytest.warns(UserWarning, match=message) as caught:
        around(flattened(PCADetector(2))).fit(X)
    assert len(caught) == 1
    around(flattened(PCADetector(2, n_channels=3))).fit(X)


def test_features_of_windows_count_as_well():
    pipe = flattened(RandomConvolutions(5), IsolationForest(n_estimators=5))
    with pytest.warns(UserWarning, match=r"RandomConvolutions gets .* n_channels=1\."):
        ReverseWindowing(pipe).fit(X)


def test_what_reads_no_windows_or_gets_them_in_three_dimensions_is_left_alone():
    for pipe in (
        flattened(IsolationForest(n_estimators=5)),
        flattened(StandardScaler(), PCADetector(2)),  # features of whatever kind
        make_pipeline(SlidingWindow(4), PCADetector(2)),
        FrozenEstimator(flattened(PCADetector(2)).fit(X)),
    ):
        ReverseWindowing(pipe, window_size=4).fit(X)


@pytest.mark.parametrize("detector", [PCADetector(2), NeighborsDetector()])
def test_columns_that_name_their_channels_are_read(detector):
    frame = pd.DataFrame(X, columns=["flow", "level", "heat"])
    window = SlidingWindow(4, flatten=True).set_output(transform="pandas")
    windows = window.fit_transform(frame)
    with pytest.warns(UserWarning, match="flattened ones of 3 channels"):
        detector.fit(windows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detector.set_params(n_channels=3).fit(windows)


def test_other_columns_name_none():
    assert channels_named(["flow_lag1", "flow_lag0"]) == ["flow"]
    assert channels_named(["flow", "flow_lag0"]) == []
    assert channels_named(None) == []
