"""The defaults of everything public, and more parameters than each test run can afford.

Together with `tests.support.estimators`: four instances or more of each estimator.
"""

from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer
from sklearn.svm import OneClassSVM
from sktime.detection.dummy import DummyRegularAnomalies

from skad import make_detector
from skad.detectors import PCADetector
from skad.postprocessing import (
    EnsembleDetector,
    ResampledDetector,
    ReverseWindowing,
    ThresholdedDetector,
)
from skad.preprocessing import (
    GaussianNoise,
    PerSeries,
    ScalingJitter,
    SlidingWindow,
)
from skad.pyod import PyODAdapter
from skad.sktime import SkadDetector, SktimeAdapter
from tests.support.detectors import ROWS
from tests.support.estimators import (
    EXPECTED_FAILURES,
    FOREST,
    GAUSSIAN_NOISES,
    SLIDING_WINDOWS,
    TunedByMadeUpLabels,
)
from tests.support.own_network import ImageAutoencoder
from tests.support.pyod_stand_ins import KNN, MAD

NEIGHBOUR = LocalOutlierFactor(n_neighbors=3, novelty=True)
BY_ROW = [
    *(row.kind() for row in ROWS),
    ImageAutoencoder(),
    ImageAutoencoder(contamination=0.1, max_epochs=1),
    ImageAutoencoder(window_scaling="mean", error="absolute", max_epochs=1),
    ImageAutoencoder(optimizer="adamw", batch_size=16, input_noise=0.1, max_epochs=1),
    EnsembleDetector(
        [("pca", PCADetector(2)), ("svm", OneClassSVM()), ("local", NEIGHBOUR)],
        combine="mean",
        contamination=0.2,
    ),
    ThresholdedDetector(NEIGHBOUR, strategy="quantile", alpha=0.05),
    TunedByMadeUpLabels(FOREST),
    TunedByMadeUpLabels(FOREST, cv=2, scoring="event_f1", thresholds=5),
    TunedByMadeUpLabels(FOREST, cv=2, train="all", store_cv_results=True),
    TunedByMadeUpLabels(FOREST, cv=2, thresholds=[-0.6, -0.5, -0.4]),
    PyODAdapter(MAD(contamination=0.3)),
    PyODAdapter(KNN()),
    SktimeAdapter(SkadDetector(make_pipeline(PCA(1), FOREST))),
    GaussianNoise(scale=0.5, random_state=0),
    ScalingJitter(scale=0.0),
    ScalingJitter(scale=1.0, random_state=0),
    ResampledDetector(NEIGHBOUR, "1h"),
    ResampledDetector(FOREST, max_gap="1h"),
    PerSeries(PCA(1)),
    PerSeries(PowerTransformer()),
]
WITH_NEIGHBOURS = [
    SlidingWindow(),
    SktimeAdapter(DummyRegularAnomalies(3), context=(2, 0)),
    ReverseWindowing(NEIGHBOUR, window_size=2, reduce="max"),
    make_detector("pca", window_size=3, causal=True, contamination=0.1),
    make_detector(
        IsolationForest(n_estimators=5, random_state=0),
        window_size=2,
        smoothing=1,
        contamination="auto",
        random_state=1,
    ).estimator,
]
WITH_COPIES = [ScalingJitter(n_copies=1)]

FURTHER_INSTANCES = BY_ROW + WITH_NEIGHBOURS + WITH_COPIES
EXPECTED_OF_FURTHER = {
    **dict.fromkeys(WITH_NEIGHBOURS, EXPECTED_FAILURES[SLIDING_WINDOWS[0]]),
    **dict.fromkeys(WITH_COPIES, EXPECTED_FAILURES[GAUSSIAN_NOISES[2]]),
}
