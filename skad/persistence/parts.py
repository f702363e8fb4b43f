"""The names under which files keep the parts of estimators that are not public.

These names are part of the format, as the public ones are. What is moved or renamed
keeps its name here, and the table says where it lives now.
"""

from importlib import import_module

HOMES = {
    "AnomaliesPositive": ("skad.metrics._anomaly_scorer", "_AnomaliesPositive"),
    "ChannelDistances": ("skad.detectors._channel_distances", "ChannelDistances"),
    "ChannelErrors": ("skad._estimators.channel_errors", "ChannelErrors"),
    "GapRule": ("skad._series.segments", "GapRule"),
    "Spreading": ("skad.postprocessing._spreading", "Spreading"),
    "WindowBank": ("skad.detectors._window_bank", "WindowBank"),
}


def __getattr__(name):
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = HOMES[name]
    return getattr(import_module(module), attribute)
