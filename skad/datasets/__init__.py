"""Labelled series: real ones, made-up ones, and those of the field's archives.

Imports NumPy, SciPy, pandas and scikit-learn, and nothing of skad.
"""

from skad.datasets._folders import read_nab, read_tsb_ad, read_ucr
from skad.datasets._inject_anomalies import inject_anomalies
from skad.datasets._make_series import make_series
from skad.datasets._sktime import load_ecg, load_yahoo

__all__ = [
    "inject_anomalies",
    "load_ecg",
    "load_yahoo",
    "make_series",
    "read_nab",
    "read_tsb_ad",
    "read_ucr",
]
