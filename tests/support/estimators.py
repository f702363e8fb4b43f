"""One cheap instance of everything public, and the checks that it may fail."""

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import OneClassSVM
from sktime.detection.dummy import DummyRegularAnomalies

from skad import make_detector
from skad.detectors import (
    ConvAutoencoder,
    LSTMForecaster,
    PCADetector,
)
from skad.postprocessing import (
    AdaptiveThresholdDetector,
    ChannelRules,
    EnsembleDetector,
    ResampledDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.preprocessing import (
    GaussianNoise,
    PerSeries,
    RandomConvolutions,
    ScalingJitter,
    SlidingWindow,
)
from skad.pyod import PyODAdapter
from skad.sktime import SkadDetector, SktimeAdapter
from tests.support.detectors import BY_NAME, ROWS
from tests.support.pyod_stand_ins import KNN, MAD

FOREST = IsolationForest(n_estimators=5, random_state=0)

RANDOM_CONVOLUTIONS = [
    RandomConvolutions(10),
    RandomConvolutions(1),
    RandomConvolutions(),
    RandomConvolutions(7, n_channels=1),
]
SLIDING_WINDOWS = [
    SlidingWindow(window_size=3),
    SlidingWindow(window_size=1, flatten=True),
    SlidingWindow(window_size=4, flatten=True),
    SlidingWindow(window_size=2, padding=0.0),
    SlidingWindow(window_size="auto", flatten=True),
]
GAUSSIAN_NOISES = [
    GaussianNoise(),
    GaussianNoise(scale=(0.0, 1.0), relative=False),
    GaussianNoise(n_copies=1),
    GaussianNoise(scale=(0.1, 0.5), n_copies=2),
]
CHANNEL_RULES = [
    ChannelRules(FOREST),
    ChannelRules(PCADetector(2), direction="above", contamination=0.1),
    ChannelRules(PCADetector(2), direction=["below"]),
    ChannelRules(PCADetector(2), min_deviation={0: 1e-3}, context_channels=[]),
]
RESAMPLED_DETECTORS = [
    ResampledDetector(FOREST),
    ResampledDetector(PCADetector(2), contamination=0.1),
]
PER_SERIES = [PerSeries(StandardScaler()), PerSeries(MinMaxScaler())]
SCALING_JITTERS = [
    ScalingJitter(),
    ScalingJitter(scale=(0.1, 0.5), n_copies=2),
]
REVERSE_WINDOWINGS = [
    ReverseWindowing(make_pipeline(SlidingWindow(3, flatten=True), FOREST)),
    ReverseWindowing(FOREST, window_size=1),
    ReverseWindowing(FOREST, window_size=4, causal=True, contamination=0.1),
    ReverseWindowing(FOREST, window_size=3, reduce="median", smoothing=2),
    ReverseWindowing(FOREST, window_size=3, reduce="max", smoothing=3, causal=True),
    ReverseWindowing(FOREST, window_size=4, reduce="centre"),
    ReverseWindowing(
        make_pipeline(SlidingWindow(3), LSTMForecaster(4, max_epochs=1, random_state=0))
    ),
    ReverseWindowing(
        ConvAutoencoder((2,), max_epochs=1, random_state=0), window_size=2
    ),
    make_detector(FOREST, window_size=3, smoothing=2, contamination=0.1),
]
ENSEMBLE_DETECTORS = [
    EnsembleDetector([("forest", FOREST), ("svm", OneClassSVM())]),
    EnsembleDetector(
        [("forest", FOREST), ("svm", OneClassSVM())], combine="max", contamination=0.1
    ),
    EnsembleDetector(
        [("one", FOREST), ("two", ConvAutoencoder((2,), max_epochs=1, random_state=0))],
        combine="mean",
        weights=[1, 2],
    ),
]
THRESHOLDED_DETECTORS = [
    ThresholdedDetector(FOREST),
    ThresholdedDetector(
        FOREST,
        strategy="conformal",
        alpha=0.2,
        calibration="tail",
        calibration_fraction=0.4,
    ),
    ThresholdedDetector(
        FOREST, strategy="mad", k=2.0, calibration="tail", calibration_fraction=None
    ),
    ThresholdedDetector(FOREST, strategy="fixed", offset=-0.5),
    ThresholdedDetector(
        make_pipeline(SlidingWindow(3, flatten=True), FOREST),
        strategy="iqr",
        k=0.2,
        n_blocks=3,
    ),
]
ADAPTIVE_THRESHOLD_DETECTORS = [
    AdaptiveThresholdDetector(FOREST),
    AdaptiveThresholdDetector(FOREST, quantile=0.8, margin=0.0),
    AdaptiveThresholdDetector(FOREST, n_blocks=2, n_level=64),
    AdaptiveThresholdDetector(
        make_pipeline(SlidingWindow(3, flatten=True), FOREST), n_recent=80, patience=24
    ),
]


class TunedByMadeUpLabels(TunedThresholdDetectorCV):
    """With labels for the checks that pass none: the furthest of every five rows."""

    def fit(self, X, y=None):
        table = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
        distance = np.zeros(len(table))
        if table.size and table.ndim == 2 and table.dtype.kind in "fiu":
            distance = np.abs(table - table.mean(axis=0)).sum(axis=1)
        y = np.ones(len(table))
        for start in range(0, len(table), 5):
            y[start + np.argmax(distance[start : start + 5])] = -1
        return super().fit(X, y)


TUNED_THRESHOLD_DETECTORS = [
    TunedByMadeUpLabels(FOREST, cv=2, thresholds=10),
]
# Both take the detectors of others, here one by one and with their neighbours.
PYOD_ADAPTERS = [PyODAdapter(MAD()), PyODAdapter(KNN(contamination=0.2))]
SKTIME_ADAPTERS = [
    SktimeAdapter(SkadDetector(FOREST)),
    SktimeAdapter(DummyRegularAnomalies(5), context=(4, 0)),
]

_KINDS = [row.instances() for row in ROWS]
_KINDS += [SLIDING_WINDOWS, GAUSSIAN_NOISES, REVERSE_WINDOWINGS, ENSEMBLE_DETECTORS]
_KINDS += [THRESHOLDED_DETECTORS, TUNED_THRESHOLD_DETECTORS, PYOD_ADAPTERS]
_KINDS += [SKTIME_ADAPTERS, SCALING_JITTERS, PER_SERIES, RESAMPLED_DETECTORS]
_KINDS += [RANDOM_CONVOLUTIONS, ADAPTIVE_THRESHOLD_DETECTORS, CHANNEL_RULES]
INSTANCES = [instance for kind in _KINDS for instance in kind]
# What a quick run can afford: two sets of parameters that are far apart.
FIRST_AND_LAST = [instance for kind in _KINDS for instance in (kind[0], *kind[1:][-1:])]

# One of each kind, for tables of six columns.
OF_EACH_KIND = {
    "SlidingWindow": SlidingWindow(3),
    "GaussianNoise": GaussianNoise(random_state=0),
    "LSTMForecaster": BY_NAME["LSTMForecaster"].cheap(),
    "ConvAutoencoder": BY_NAME["ConvAutoencoder"].cheap(),
    "Pipeline": make_pipeline(
        GaussianNoise(random_state=0),
        SlidingWindow(4, flatten=True),
        LSTMForecaster(4, n_channels=6, max_epochs=1, random_state=0),
    ),
    "ReverseWindowing": ReverseWindowing(
        make_pipeline(
            SlidingWindow(3), ConvAutoencoder((4, 2), max_epochs=1, random_state=0)
        )
    ),
}
OF_EACH_KIND["EnsembleDetector"] = EnsembleDetector(
    [("reverse", OF_EACH_KIND["ReverseWindowing"]), ("forest", FOREST)]
)
OF_EACH_KIND["AdaptiveThresholdDetector"] = AdaptiveThresholdDetector(
    OF_EACH_KIND["Pipeline"]
)
OF_EACH_KIND["ThresholdedDetector"] = ThresholdedDetector(OF_EACH_KIND["Pipeline"])
SCORING = {
    name: kind for name, kind in OF_EACH_KIND.items() if hasattr(kind, "score_samples")
}
# And of every public class, where a test can afford it.
OF_EVERY_KIND = {
    **OF_EACH_KIND,
    "ScalingJitter": ScalingJitter(random_state=0),
    "PerSeries": PerSeries(StandardScaler()),
    "ChannelRules": ChannelRules(PCADetector(2), direction="above"),
    "ResampledDetector": ResampledDetector(PCADetector(2)),
    **{row.name: row.cheap() for row in ROWS},
    "RandomConvolutions": RandomConvolutions(5, random_state=0),
    "TunedThresholdDetectorCV": TunedThresholdDetectorCV(
        make_pipeline(SlidingWindow(3), PCADetector(2)), cv=2, thresholds=10
    ),
    "PyODAdapter": PyODAdapter(MAD()),
    "SktimeAdapter": SktimeAdapter(SkadDetector(FOREST)),
    "make_detector": make_detector(
        PCADetector(2), window_size=4, smoothing=3, contamination=0.1
    ),
}
OF_EVERY_KIND["a scaler within a threshold"] = ThresholdedDetector(
    make_pipeline(StandardScaler(), SlidingWindow(4), PCADetector(2))
)


def answer_of(fitted, X):
    """Return the scores of X, or what a transformer makes of it."""
    method = getattr(fitted, "score_samples", None) or fitted.transform
    return np.asarray(method(X))


_NEIGHBOURS = "looks at neighbouring rows, so their order and presence matter"
_COPIES = "fit_transform appends altered copies, which transform does not"
_FOR_NEIGHBOURS = {
    "check_methods_sample_order_invariance": _NEIGHBOURS,
    "check_methods_subset_invariance": _NEIGHBOURS,
}
_FOLLOWS = "the threshold follows the scores of the rows before"
_FOR_FOLLOWING = {
    # It finds nothing among rows that are normal, all of them.
    "check_outliers_fit_predict": _FOLLOWS,
    "check_outliers_train": _FOLLOWS,
}
_FOR_COPIES = {
    "check_transformer_data_not_an_array": _COPIES,
    "check_transformer_general": _COPIES,
}
EXPECTED_FAILURES = {
    **dict.fromkeys(SLIDING_WINDOWS, _FOR_NEIGHBOURS),
    **dict.fromkeys(REVERSE_WINDOWINGS, _FOR_NEIGHBOURS),
    THRESHOLDED_DETECTORS[-1]: _FOR_NEIGHBOURS,
    **dict.fromkeys(ADAPTIVE_THRESHOLD_DETECTORS, _FOR_FOLLOWING),
    ADAPTIVE_THRESHOLD_DETECTORS[1]: {},
    ADAPTIVE_THRESHOLD_DETECTORS[-1]: {"check_outliers_train": _FOLLOWS}
    | _FOR_NEIGHBOURS,
    SKTIME_ADAPTERS[-1]: _FOR_NEIGHBOURS,
    **dict.fromkeys(GAUSSIAN_NOISES[2:], _FOR_COPIES),
    SCALING_JITTERS[1]: _FOR_COPIES,
}
# A window of one row has no neighbours.
for _row_wise in (SLIDING_WINDOWS[1], REVERSE_WINDOWINGS[1]):
    del EXPECTED_FAILURES[_row_wise]
