"""Labelled real series.

Imports NumPy and scikit-learn, and nothing of skad.
"""

from skad.datasets._sktime import load_ecg, load_yahoo

__all__ = ["load_ecg", "load_yahoo"]
