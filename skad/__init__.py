"""Deep anomaly detection for time series, as scikit-learn outlier detectors.

Its packages, in the order in which a series passes through them:

`skad.datasets`
    Labelled series: two real ones, made-up ones, and readers for the field's archives.
`skad.preprocessing`
    Before a detector: `SlidingWindow` (one window per row), `GaussianNoise` and
    `ScalingJitter` (at fit only), `RandomConvolutions` (features of windows),
    `PerSeries` (a scaler for each series).
`skad.detectors`
    Outlier detectors over windows. With a network: `LSTMForecaster`, `TCNForecaster`,
    `ConvAutoencoder`, `LSTMAutoencoder`, `VariationalAutoencoder`, and
    `NetworkDetector`, the base class for a network of your own. Without one:
    `PCADetector` and `NeighborsDetector`.
`skad.postprocessing`
    After a detector: `ReverseWindowing` (from scores of windows to scores of rows),
    `EnsembleDetector`, `ChannelRules`, `ResampledDetector` (a regular clock);
    thresholds: `ThresholdedDetector`, `AdaptiveThresholdDetector`,
    `TunedThresholdDetectorCV`; and from rows to alarms: `AlarmRule`, `to_events`.
`skad.metrics`, `skad.model_selection`
    Metrics of scores and of alarms, and scorers for searches; splits around labelled
    events, and scores for choosing without labels.
`skad.inspection`
    Displays, which channel made a row abnormal, what was expected, and a look at a
    table before a fit.
`skad.streaming`, `skad.dask`, `skad.onnx`
    Scores of rows as they arrive, and of series in chunks on many machines; networks
    for runtimes without Python.
`skad.sktime`, `skad.pyod`
    Adapters to sktime, from it, and from PyOD.

`save` and `load` keep any estimator in a file that runs nothing when it is read.
`make_detector` puts the recommended chain of these together, in one line, and `compare`
measures several detectors on labelled series. A detector answers as scikit-learn's do:
`score_samples` (low = abnormal), `offset_`, `decision_function`, `predict` (-1 / 1).
``import skad`` imports none of these packages; the names below are loaded when they are
first used, and torch only with a network.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "AdaptiveThresholdDetector": "skad.postprocessing",
    "ConvAutoencoder": "skad.detectors",
    "EnsembleDetector": "skad.postprocessing",
    "GaussianNoise": "skad.preprocessing",
    "LSTMForecaster": "skad.detectors",
    "NeighborsDetector": "skad.detectors",
    "PCADetector": "skad.detectors",
    "RandomConvolutions": "skad.preprocessing",
    "ReverseWindowing": "skad.postprocessing",
    "SlidingWindow": "skad.preprocessing",
    "ThresholdedDetector": "skad.postprocessing",
    "TunedThresholdDetectorCV": "skad.postprocessing",
    "compare": "skad._recipes.compare",
    "decision_function_blockwise": "skad._estimators.blockwise",
    "evidence": "skad._recipes.evidence",
    "load": "skad.persistence",
    "make_detector": "skad._recipes.make_detector",
    "row_context": "skad._estimators.row_context",
    "save": "skad.persistence",
    "score_samples_blockwise": "skad._estimators.blockwise",
}
_ROOMS = {
    "dask",
    "datasets",
    "detectors",
    "inspection",
    "metrics",
    "model_selection",
    "onnx",
    "postprocessing",
    "preprocessing",
    "pyod",
    "sktime",
    "streaming",
}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"skad.{name}")
    raise AttributeError(f"module 'skad' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
