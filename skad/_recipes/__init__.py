"""Recommended compositions of public estimators: `skad.make_detector`.

Imports `skad._estimators`, `skad.detectors`, `skad.preprocessing` and
`skad.postprocessing`.
"""
