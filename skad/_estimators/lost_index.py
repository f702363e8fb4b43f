"""Noticing that a step before the windows dropped the index of X.

A Pipeline cannot notice it: its windows see an array, which is one series. Whatever
holds X and the Pipeline, as a meta-detector does, sees both ends.
"""

import warnings

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from skad._estimators.row_context import find_parameter
from skad._series.segments import GapRule, is_one_series, learn_gaps


def warn_of_lost_index(estimator, X, *, stacklevel: int, is_run: bool = False) -> None:
    """Warn where windows inside ``estimator`` cross cuts that the index of X shows.

    Parameters
    ----------
    estimator : estimator
        Fitted. Pipelines, searches and frozen estimators are looked into; what else
        holds detectors looks for itself.
    X : array-like of shape (n_timestamps, n_channels)
        What ``estimator`` takes.
    stacklevel : int
        Of the caller's caller it is 3.
    is_run : bool, default=False
        Whether X goes on, so that cuts may yet come.
    """
    if is_one_series(X):
        return
    before = _steps_before_windows_without_index(estimator)
    if not before:
        return
    starts = learn_gaps(X, find_parameter(estimator, "max_gap")).starts(X)
    lost = _first_that_drops_the_index(before, X) if is_run or len(starts) > 1 else None
    if lost is None:
        return
    name, kind = lost[0], type(lost[1]).__name__
    warnings.warn(
        f"The step {name!r} ({kind}) returns arrays, which have no index, so windows "
        f"behind it cross the cuts between series and at gaps, of which X shows "
        f'{len(starts) - 1}. Set {kind}(...).set_output(transform="pandas") in the '
        "Pipeline, which keeps the index.",
        UserWarning,
        stacklevel=stacklevel,
    )


def _steps_before_windows_without_index(estimator) -> list:
    """List the steps before the first windows, if these saw no index at fit."""
    steps = list(_in_a_row("", estimator))
    for number, (_, step) in enumerate(steps):
        gaps = getattr(step, "_gaps", None)
        if isinstance(gaps, GapRule) and hasattr(step, "transform"):
            return [] if gaps.knows_index else steps[:number]
    return []


def _in_a_row(name, estimator):
    """Yield (name, estimator) in the order in which rows go through them."""
    if isinstance(estimator, Pipeline):
        for inner_name, step in estimator.steps:
            yield from _in_a_row(inner_name, step)
    elif isinstance(estimator, FrozenEstimator):
        yield from _in_a_row(name, estimator.estimator)
    elif isinstance(estimator, BaseSearchCV) and hasattr(estimator, "best_estimator_"):
        yield from _in_a_row(name, estimator.best_estimator_)
    elif hasattr(estimator, "get_params"):  # no "passthrough"
        yield name, estimator


def _first_that_drops_the_index(steps, X):
    for name, step in steps:
        X = step.transform(X)
        if is_one_series(X):
            return name, step
    return None
