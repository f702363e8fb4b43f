"""Tables, windows, segments, rolling means, fixed blocks and periods of series.

Imports NumPy and SciPy, and nothing of skad.
"""
