"""Meta-detectors: steps after a detector, around it, each a detector itself.

Imports `skad._series`, `skad._estimators`, `skad.metrics` and `skad.model_selection`.
"""

from skad.postprocessing._adaptive_threshold import AdaptiveThresholdDetector
from skad.postprocessing._alarm_rule import AlarmRule
from skad.postprocessing._channel_rules import ChannelRules
from skad.postprocessing._ensemble_detector import EnsembleDetector
from skad.postprocessing._events import from_events, to_events
from skad.postprocessing._resampled_detector import ResampledDetector
from skad.postprocessing._reverse_windowing import ReverseWindowing
from skad.postprocessing._thresholded import ThresholdedDetector
from skad.postprocessing._tuned_threshold import TunedThresholdDetectorCV

__all__ = [
    "AdaptiveThresholdDetector",
    "AlarmRule",
    "ChannelRules",
    "EnsembleDetector",
    "ResampledDetector",
    "ReverseWindowing",
    "ThresholdedDetector",
    "TunedThresholdDetectorCV",
    "from_events",
    "to_events",
]
