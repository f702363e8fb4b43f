"""How many rows back and ahead an estimator looks to score one row."""

from sklearn.pipeline import FeatureUnion, Pipeline


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
    if isinstance(estimator, Pipeline):
        named = estimator.steps
    elif isinstance(estimator, FeatureUnion):
        named = estimator.transformer_list
    else:
        named = getattr(estimator, "transformers_", None) or getattr(
            estimator, "transformers", []
        )
        named = [entry[:2] for entry in named]
    if named:
        return [part for _, part in named if not isinstance(part, (str, type(None)))]
    for name in ("best_estimator_", "estimator_", "estimator"):
        if getattr(estimator, name, None) is not None:
            return [getattr(estimator, name)]
    fitted = getattr(estimator, "estimators_", [])
    return list(fitted) if hasattr(estimator, "estimators") else []


def find_parameter(estimator, name, default=None):
    """Return a parameter of the first estimator, outermost first, that has it."""
    if name in getattr(estimator, "get_params", dict)(deep=False):
        return getattr(estimator, name)
    for part in inner_estimators(estimator):
        found = find_parameter(part, name, default=None)
        if found is not None:
            return found
    return default
