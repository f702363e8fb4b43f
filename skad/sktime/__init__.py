"""Into sktime and out of it: detectors and splitters.

Imports `skad._estimators` and `skad.preprocessing`.
"""

from skad.sktime._skad_detector import SkadDetector
from skad.sktime._sktime_adapter import SktimeAdapter
from skad.sktime._splits import as_cv

__all__ = ["SkadDetector", "SktimeAdapter", "as_cv"]
