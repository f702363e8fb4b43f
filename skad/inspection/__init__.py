"""Displays and explanations of what a detector found, and audits of tables.

Imports `skad._series`, `skad._estimators`, `skad.metrics` and `skad.preprocessing`.
"""

from skad.inspection._anomaly_display import AnomalyDisplay
from skad.inspection._audit import audit
from skad.inspection._error_map_display import ErrorMapDisplay
from skad.inspection._explaining import expected, explain
from skad.inspection._loss_curve_display import LossCurveDisplay
from skad.inspection._why import why

__all__ = [
    "AnomalyDisplay",
    "ErrorMapDisplay",
    "LossCurveDisplay",
    "audit",
    "expected",
    "explain",
    "why",
]
