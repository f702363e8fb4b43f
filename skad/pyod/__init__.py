"""PyOD's detectors as scikit-learn's.

Imports `skad._estimators`.
"""

from skad.pyod._pyod_adapter import PyODAdapter

__all__ = ["PyODAdapter"]
