"""Compositions of public names: `skad.make_detector`, `skad.compare`, `skad.evidence`.

Imports `skad._estimators`, `skad.detectors`, `skad.preprocessing`,
`skad.postprocessing`, `skad.metrics` and `skad.inspection`.
"""
