"""Adapters: skad's detectors for sktime, sktime's detectors and splitters for skad.

Imports `skad._estimators` and `skad.preprocessing`.
"""

from skad.sktime._skad_detector import SkadDetector
from skad.sktime._sktime_adapter import SktimeAdapter
from skad.sktime._splits import as_cv

__all__ = ["SkadDetector", "SktimeAdapter", "as_cv"]
