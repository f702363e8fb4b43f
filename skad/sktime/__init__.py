"""The doors to sktime and back."""

from skad.sktime._skad_detector import SkadDetector
from skad.sktime._sktime_adapter import SktimeAdapter
from skad.sktime._splits import as_cv

__all__ = ["SkadDetector", "SktimeAdapter", "as_cv"]
