"""Outlier detectors over windows: one per file, and the frames that they share.

Imports `skad._series`, `skad._estimators`, `skad._torch` and `skad.networks`; torch is
loaded when a network is first named.
"""

from importlib import import_module

_HOME = {
    "ConvAutoencoder": "skad.detectors._conv_autoencoder",
    "LSTMAutoencoder": "skad.detectors._lstm_autoencoder",
    "LSTMForecaster": "skad.detectors._lstm_forecaster",
    "NetworkDetector": "skad.detectors._network_detector",
    "NeighborsDetector": "skad.detectors._neighbors_detector",
    "PCADetector": "skad.detectors._pca_detector",
    "TCNForecaster": "skad.detectors._tcn_forecaster",
    "VariationalAutoencoder": "skad.detectors._variational_autoencoder",
}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'skad.detectors' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
