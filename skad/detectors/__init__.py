"""Outlier detectors over windows."""

from skad.detectors._base import NetworkDetector
from skad.detectors._conv_autoencoder import ConvAutoencoder
from skad.detectors._lstm_forecaster import LSTMForecaster

__all__ = ["ConvAutoencoder", "LSTMForecaster", "NetworkDetector"]
