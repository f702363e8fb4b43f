"""How many rows back and ahead an estimator looks to score one row."""

from collections.abc import Iterator

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

# Where scikit-learn's estimators keep others: one, or several; fitted ones first.
_INSIDE = (
    "best_estimator_",
    "estimator_",
    "estimator",
    "steps",
    "transformer_list",
    "transformers_",
    "transformers",
    "estimators_",
    "estimators",
)


def row_context(estimator) -> tuple[int, int]:
    """Count the neighbouring rows that the score of one row depends on.

    Windows are read through Pipelines, unions, searches, frozen estimators and
    meta-detectors: the steps of a Pipeline add up, of parallel parts the widest
    counts. A step of your own takes part by a method
    ``__skad_row_context__() -> (rows_back, rows_ahead)``; what has none looks at its
    own row alone.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn estimator, fitted or not.

    Returns
    -------
    rows_back : int
        How many rows before a row enter its score, at most.
    rows_ahead : int
        How many rows after a row enter its score, at most.

    See Also
    --------
    skad.preprocessing.SlidingWindow : Looks ``window_size - 1`` rows back.
    skad.postprocessing.ReverseWindowing : Looks as many rows ahead as well.

    Examples
    --------
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import ReverseWindowing, SlidingWindow, row_context
    >>> pipe = make_pipeline(SlidingWindow(64, flatten=True), IsolationForest())
    >>> row_context(pipe)
    (63, 0)
    >>> row_context(ReverseWindowing(pipe))
    (63, 63)
    """
    if hasattr(estimator, "__skad_row_context__"):
        return estimator.__skad_row_context__()
    parts = [row_context(part) for part in inner_estimators(estimator)]
    if not parts:
        return 0, 0
    combine = sum if isinstance(estimator, Pipeline) else max
    return combine(back for back, _ in parts), combine(ahead for _, ahead in parts)


def steps_of_unknown_reach(estimator) -> list[tuple[str, object]]:
    """List (name, step) of what stands before windows and may look at other rows.

    scikit-learn's transformers and skad's are known, and so is a step that has
    ``__skad_row_context__``; of a function only NumPy's own that work value by value.
    """
    parts = inner_estimators(estimator)
    unknown = [pair for part in parts for pair in steps_of_unknown_reach(part)]
    if not isinstance(estimator, Pipeline):
        return unknown
    for name, step in estimator.steps[:-1]:
        if row_context(step) != (0, 0):
            break  # what comes after sees windows, each for itself
        if not _is_known(step):
            unknown.append((name, step))
    return unknown


def _is_known(step):
    if not hasattr(step, "get_params") or hasattr(step, "__skad_row_context__"):
        return True
    if isinstance(step, FunctionTransformer):
        return step.func is None or isinstance(step.func, np.ufunc)
    package = type(step).__module__.partition(".")[0]
    return package in ("sklearn", "skad") and all(
        map(_is_known, inner_estimators(step))
    )


def inner_estimators(estimator) -> list:
    """List the estimators directly inside another, the fitted ones where there are."""
    for name in _INSIDE:
        inside = getattr(estimator, name, None)
        if inside is None:
            continue
        entries = inside if isinstance(inside, (list, tuple)) else [inside]
        # An entry is an estimator, or (name, estimator, ...); "drop" is neither.
        parts = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
        return [part for part in parts if hasattr(part, "get_params")]
    return []


def find_parameter(estimator, name):
    """Return a parameter of the first estimator that has it, outermost first, or None.

    None may also be its value: look only for parameters whose default is None.
    """
    return getattr(owner_of(estimator, name), name, None)


def owner_of(estimator, *names: str):
    """Return the first part that has all of these parameters, outermost first."""
    parts = every_part(estimator)
    return next((part for part in parts if all(_has(part, n) for n in names)), None)


def cutter_of(estimator):
    """Return the part inside that cuts windows, a `SlidingWindow`, or None."""
    return owner_of(estimator, "padding", "max_gap")


def every_part(estimator) -> Iterator:
    """Yield an estimator and those inside it, outermost first."""
    yield estimator
    for part in inner_estimators(estimator):
        yield from every_part(part)


def lengths_of_windows(estimator) -> list[int]:
    """List the lengths of the windows that steps inside cut, as far as known."""
    cutters = [part for part in every_part(estimator) if _has(part, "padding")]
    sizes = [getattr(part, "window_size_", part.window_size) for part in cutters]
    return [size for size in sizes if not isinstance(size, str)]


def last_step(estimator):
    """Return the last step of a Pipeline, of nested ones the innermost."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def _has(estimator, name):
    return hasattr(estimator, "get_params") and name in estimator.get_params(deep=False)
