"""Metrics of time-series anomaly detection, and scorers for searches."""

from skad.metrics._scorer import make_anomaly_scorer
from skad.metrics._vus import vus_pr, vus_roc

__all__ = ["make_anomaly_scorer", "vus_pr", "vus_roc"]
