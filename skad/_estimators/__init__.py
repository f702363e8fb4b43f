"""What all estimators share: validation, callbacks, thresholds, contexts, errors.

Imports NumPy, scikit-learn and `skad._series`.
"""
