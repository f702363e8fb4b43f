"""Scores of series that are still being written, as their rows arrive.

Imports `skad._series` and `skad._estimators`.
"""

from skad.streaming._panel_stream_scorer import PanelStreamScorer
from skad.streaming._stream_scorer import StreamScorer

__all__ = ["PanelStreamScorer", "StreamScorer"]
