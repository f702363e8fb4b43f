"""From the detector inside to the rows of X: the way of shares and of expectations."""

from collections.abc import Callable
from functools import partial
from inspect import signature

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from skad.inspection._rows_of_channels import framed
from skad.preprocessing._at_fit_only import AtFitOnly
from skad.preprocessing._per_series import PerSeries
from skad.preprocessing._sliding_window import SlidingWindow


def channel_shares(estimator, X) -> np.ndarray:
    """Return what each channel adds to the error of each row, see `explain`."""
    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline):
        shares = channel_shares(estimator.steps[-1][1], _transformed(estimator, X))
        _refuse_other_channels(estimator, shares)
        return shares
    inside = _with_the_same_scores(estimator)
    if inside is not None:
        return channel_shares(inside, X)
    if hasattr(estimator, "__skad_explain__"):
        return estimator.__skad_explain__(X, channel_shares)
    return _answer(estimator, "explain", X)


def expected_rows(estimator, X, ask: Callable | None = None) -> np.ndarray:
    """Return what was expected at each row, see `expected`.

    The detector inside answers to ``ask(detector, X)``; None asks for its `expected`.
    """
    check_is_fitted(estimator)
    further = partial(expected_rows, ask=ask)
    if isinstance(estimator, Pipeline):
        rows = further(estimator.steps[-1][1], _transformed(estimator, X))
        _refuse_other_channels(estimator, rows)
        return _in_units_of(X, estimator, rows)
    inside = _with_the_same_scores(estimator)
    if inside is not None:
        return further(inside, X)
    if hasattr(estimator, "__skad_expected__"):
        return estimator.__skad_expected__(X, further)
    if hasattr(estimator, "__skad_explain__") and hasattr(estimator, "estimator_"):
        return further(estimator.estimator_, X)
    return _answer(estimator, "expected", X) if ask is None else ask(estimator, X)


def expected_band(estimator, X, interval: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest reading to be expected at each row."""
    sides = [
        expected_rows(estimator, X, partial(_side, interval=interval, at=at))
        for at in (0, 1)
    ]
    return np.minimum(*sides), np.maximum(*sides)  # a step may turn them round


def _side(detector, X, interval, at):
    ask = getattr(detector, "expected", None)
    if ask is not None and "interval" not in signature(ask).parameters:
        raise TypeError(
            f"expected(X) of {type(detector).__name__} takes no interval, so there is "
            "no band. Leave interval out, or let the method take it and return (lower, "
            "upper)."
        )
    if ask is None:
        return _answer(detector, "expected", X)  # which says what is needed
    return np.asarray(ask(X, interval=interval)[at], dtype=np.float64)


def _answer(estimator, question, X):
    if hasattr(estimator, question):
        return np.asarray(getattr(estimator, question)(X), dtype=np.float64)
    raise TypeError(
        f"{type(estimator).__name__} has no method {question}(X), which the detectors "
        "of skad have. Use one of them, or give yours a method that returns (n, "
        "n_channels) numbers."
    )


def _with_the_same_scores(estimator):
    """Return the estimator that one stands around without changing scores, or None."""
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    if not isinstance(estimator, BaseSearchCV):
        return None
    if hasattr(estimator, "best_estimator_"):
        return estimator.best_estimator_
    raise TypeError(
        f"{type(estimator).__name__} holds no fitted detector, because of "
        f"refit={estimator.refit}. Set refit to True, or to the name of a metric."
    )


def _steps(pipe):
    """List (name, transformer), without those that do nothing, unfrozen."""
    steps = [(name, step) for name, step in pipe.steps[:-1] if _transforms(step)]
    return [
        (name, step.estimator if isinstance(step, FrozenEstimator) else step)
        for name, step in steps
    ]


def _transforms(step):
    return step is not None and not isinstance(step, str)


def _transformed(pipe, X):
    for _, step in _steps(pipe):
        X = step.transform(X)
    return X


def _refuse_other_channels(pipe, rows):
    for _, step in _steps(pipe):
        if isinstance(step, SlidingWindow) and step.n_features_in_ != rows.shape[1]:
            raise ValueError(
                f"The detector sees {rows.shape[1]} channels, and the windows hold "
                f"{step.n_features_in_}. Set n_channels={step.n_features_in_} in the "
                "detector; or, if the steps after SlidingWindow make others of them, "
                "ask the last step alone: pipe[-1] and pipe[:-1].transform(X)."
            )


def _in_units_of(X, pipe, rows):
    """Undo the steps of a Pipeline, the last one first."""
    steps = _steps(pipe)
    for number, (name, step) in reversed(list(enumerate(steps))):
        if isinstance(step, (SlidingWindow, AtFitOnly)):
            continue
        before = [earlier for _, earlier in steps[:number]]
        of_windows = any(isinstance(earlier, SlidingWindow) for earlier in before)
        if not _can_be_undone(step, of_windows):
            raise ValueError(
                f"The step {name!r} ({type(step).__name__}) cannot be undone, so there "
                "is no way back to the units of X. Ask the steps after it: "
                f"expected(pipe[{number + 1}:], pipe[:{number + 1}].transform(X))."
            )
        if of_windows:
            n_channels = rows.shape[1]
            whole = np.tile(rows, step.n_features_in_ // n_channels)
            rows = _undone(step, whole, X)[:, -n_channels:]
        else:
            rows = _undone(step, rows, X)
    return rows


def _can_be_undone(step, of_windows):
    if isinstance(step, FunctionTransformer) and step.inverse_func is None:
        return step.func is None  # its inverse_transform does nothing
    # Of what mixes the columns of windows, the last row alone cannot be undone.
    is_separate = isinstance(step, OneToOneFeatureMixin)
    return hasattr(step, "inverse_transform") and (is_separate or not of_windows)


def _undone(step, rows, X):
    names = getattr(step, "feature_names_in_", [])
    if isinstance(step, PerSeries):  # which series a row is of, the index tells
        names = range(rows.shape[1]) if len(names) == 0 else names
    table = framed(rows, X, names) if len(names) == rows.shape[1] else rows
    return np.asarray(step.inverse_transform(table), dtype=np.float64)
