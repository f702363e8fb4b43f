"""How many rows back and ahead an estimator looks to score one row."""

from sklearn.pipeline import Pipeline

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
    owners = (part for part in _outermost_first(estimator) if _has(part, name))
    return getattr(next(owners, None), name, None)


def _outermost_first(estimator):
    yield estimator
    for part in inner_estimators(estimator):
        yield from _outermost_first(part)


def _has(estimator, name):
    return hasattr(estimator, "get_params") and name in estimator.get_params(deep=False)
