"""Noticing that flattened windows hold more channels than a step was told of.

A row of numbers does not show how many channels it is of: whoever sees the step that
flattens and the one that reads does, and so does a frame whose columns name them.
"""

import warnings
from collections.abc import Iterable

from sklearn.pipeline import Pipeline

LAST = "_lag0"  # of a window, as `SlidingWindow` names the columns


def warn_of_forgotten_channels(estimator, *, stacklevel: int) -> None:
    """Warn where windows of several channels are flattened for a step that counts one.

    ``estimator`` is fitted. Pipelines are looked into; what else holds them looks for
    itself.
    """
    if not isinstance(estimator, Pipeline):
        return
    steps = [step for _, step in estimator.steps if hasattr(step, "get_params")]
    for step in steps:
        warn_of_forgotten_channels(step, stacklevel=stacklevel + 1)
    for before, step in zip(steps[:-1], steps[1:], strict=True):
        if getattr(before, "flatten", False) and hasattr(before, "window_size_"):
            warn_of_other_channels(step, before.n_features_in_, stacklevel + 1)


def warn_of_other_channels(step, n_channels: int, stacklevel: int) -> None:
    """Warn where a step reads flattened windows as of other channels than they are."""
    told = step.get_params(deep=False).get("n_channels", n_channels)
    if told == n_channels:
        return
    warnings.warn(
        f"The windows that {type(step).__name__} gets are flattened ones of "
        f"{n_channels} channels, and it takes them for windows of n_channels={told}. "
        f"Set n_channels={n_channels}, or hand it windows that are not flattened.",
        UserWarning,
        stacklevel=stacklevel,
    )


def channels_named(columns: Iterable | None) -> list:
    """Return the channels that columns of flattened windows name; none if they do not.

    `SlidingWindow` writes ``<channel>_lag0`` for the last row of a window.
    """
    columns = [] if columns is None else [str(column) for column in columns]
    if not columns or not all("_lag" in column for column in columns):
        return []
    return [each.removesuffix(LAST) for each in columns if each.endswith(LAST)]
