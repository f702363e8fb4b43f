"""Scorers for outlier detectors."""

from skad.metrics._scorer import make_anomaly_scorer

__all__ = ["make_anomaly_scorer"]
