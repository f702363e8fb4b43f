"""The names under which files keep the parts of estimators that are not public.

These names are part of the format, as the public ones are. What is moved or renamed
keeps its name here, and the table says where it lives now.
"""

from importlib import import_module

HOMES = {
    "AnomaliesPositive": ("skad.metrics._anomaly_scorer", "_AnomaliesPositive"),
    "ChannelDistances": ("skad.detectors._channel_distances", "ChannelDistances"),
    "ChannelErrors": ("skad._estimators.channel_errors", "ChannelErrors"),
    "FollowingRule": ("skad.postprocessing._following", "FollowingRule"),
    "GapRule": ("skad._series.segments", "GapRule"),
    "OfSeries": ("skad.metrics._anomaly_scorer", "_OfSeries"),
    "RecentScores": ("skad.postprocessing._following", "RecentScores"),
    "StartsOfSeries": ("skad.postprocessing._starts_of_series", "StartsOfSeries"),
    "Spreading": ("skad.postprocessing._spreading", "Spreading"),
    "WindowBank": ("skad.detectors._window_bank", "WindowBank"),
}
# Methods of frames that steps before a detector call, where pandas defines them: for a
# file, a function is a name in a module.
METHODS = {
    "DataFrame_bfill": ("pandas.core.generic", "bfill"),
    "DataFrame_clip": ("pandas.core.generic", "clip"),
    "DataFrame_diff": ("pandas.core.frame", "diff"),
    "DataFrame_ffill": ("pandas.core.generic", "ffill"),
    "DataFrame_interpolate": ("pandas.core.generic", "interpolate"),
}


def __getattr__(name):
    if name in METHODS:
        _, method = METHODS[name]
        return getattr(import_module("pandas").DataFrame, method)
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = HOMES[name]
    return getattr(import_module(module), attribute)
