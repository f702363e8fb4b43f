"""What every meta-detector refuses, and to whom it sends the user."""

import re

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sktime.detection.hampel import HampelDetector
from sktime.detection.lof import SubLOF

from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.preprocessing import SlidingWindow
from tests.support.pyod_stand_ins import KNN, MAD

METAS = [
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
    lambda detector: EnsembleDetector([("one", detector)]),
]
X = np.arange(20.0).reshape(-1, 1)
y = np.where(np.arange(20) % 10 == 3, -1, 1)


def refusal(meta):
    """Return what a meta-detector says at fit, from what it has no scores of on."""
    with pytest.raises(TypeError, match="has no score_samples, by which") as caught:
        meta.fit(X, y)
    assert not [name for name in vars(meta) if name.endswith("_")]
    return str(caught.value)


@pytest.mark.parametrize("meta", METAS)
@pytest.mark.parametrize("detector", [MAD(), KNN()])
def test_a_detector_of_pyod_is_sent_to_its_adapter(meta, detector):
    kind = type(detector).__name__
    for estimator in (
        detector,
        make_pipeline(SlidingWindow(2, flatten=True), detector),
    ):
        said = refusal(meta(estimator))
        assert said.startswith(f"{kind} has no score_samples")
        assert f"Wrap it as skad.pyod.PyODAdapter({kind}(...))" in said


@pytest.mark.parametrize("meta", METAS)
@pytest.mark.parametrize("detector", [HampelDetector(), SubLOF(3, 10, novelty=True)])
def test_a_detector_of_sktime_is_sent_to_its_adapter(meta, detector):
    kind = type(detector).__name__
    said = refusal(meta(detector))
    assert said.startswith(f"{kind} has no score_samples")
    assert f"Wrap it as skad.sktime.SktimeAdapter({kind}(...))" in said


class LikeThoseOfPyOD:
    """Of another package, but fitted by its conventions."""

    decision_scores_ = np.zeros(3)

    def fit(self, X, y=None):
        return self


def test_what_keeps_the_conventions_of_pyod_is_known_by_its_scores():
    said = refusal(ReverseWindowing(LikeThoseOfPyOD()))
    assert "skad.pyod.PyODAdapter(LikeThoseOfPyOD(...))" in said


def test_others_are_told_what_is_needed():
    said = refusal(ReverseWindowing(make_pipeline(SlidingWindow(2), KMeans())))
    assert re.match("KMeans .* by which ReverseWindowing knows a detector.", said)
    assert "returns low scores for abnormal rows" in said
    assert "Adapter" not in said
