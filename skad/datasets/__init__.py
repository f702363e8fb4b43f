"""Labelled real series."""

from skad.datasets._sktime import load_ecg, load_yahoo

__all__ = ["load_ecg", "load_yahoo"]
