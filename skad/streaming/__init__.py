"""Scores of a series that is still being written, row by row as they arrive.

Imports `skad._series` and `skad._estimators`.
"""

from skad.streaming._stream_scorer import StreamScorer

__all__ = ["StreamScorer"]
