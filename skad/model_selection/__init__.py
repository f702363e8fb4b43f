"""Splits around labelled events, and scores for choosing without labels.

Imports `skad.metrics`.
"""

from skad.model_selection._anomaly_split import AnomalySplit
from skad.model_selection._without_labels import stability_score, validation_score

__all__ = ["AnomalySplit", "stability_score", "validation_score"]
