"""The door for PyOD's detectors."""

from skad.pyod._pyod_adapter import PyODAdapter

__all__ = ["PyODAdapter"]
