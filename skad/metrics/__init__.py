"""Metrics of time-series anomaly detection, and scorers for searches.

Imports `skad._series`.
"""

from skad.metrics._affiliation import (
    affiliation_f1,
    affiliation_precision,
    affiliation_recall,
)
from skad.metrics._alarms import detection_delay, false_alarms_per_1000_rows
from skad.metrics._anomaly_scorer import make_anomaly_scorer
from skad.metrics._events import event_f1, event_precision, event_recall
from skad.metrics._point_adjusted import pa_k_f1, point_adjusted_f1
from skad.metrics._range_based import range_f1, range_precision, range_recall
from skad.metrics._thresholds import average_precision, best_f1
from skad.metrics._vus import vus_pr, vus_roc

__all__ = [
    "affiliation_f1",
    "affiliation_precision",
    "affiliation_recall",
    "average_precision",
    "best_f1",
    "detection_delay",
    "event_f1",
    "event_precision",
    "event_recall",
    "false_alarms_per_1000_rows",
    "make_anomaly_scorer",
    "pa_k_f1",
    "point_adjusted_f1",
    "range_f1",
    "range_precision",
    "range_recall",
    "vus_pr",
    "vus_roc",
]
