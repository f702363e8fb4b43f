"""How many rows a stream has to keep."""

from sklearn.utils.validation import check_is_fitted

from skad._estimators.row_context import row_context, steps_of_unknown_reach


def rows_back_of(scorer, estimator, more_rows_back: int | None) -> int:
    """Count the rows before a row that enter its score, or say why none can tell."""
    owner = type(scorer).__name__
    if not hasattr(estimator, "score_samples"):
        raise TypeError(
            f"{type(estimator).__name__} has no score_samples, by which {owner} knows "
            "a detector. Pass a fitted detector that has it."
        )
    check_is_fitted(estimator)
    back, ahead = row_context(estimator)
    if ahead > 0:
        raise ValueError(
            f"{type(estimator).__name__} looks {ahead} rows ahead, which have "
            "not arrived when a row is to be scored. Fit it with causal=True "
            "(ReverseWindowing), or score the complete series."
        )
    if more_rows_back is None:
        _refuse_unknown_reach(estimator, owner)
    return back + (more_rows_back or 0)


def _refuse_unknown_reach(estimator, owner):
    for name, step in steps_of_unknown_reach(estimator):
        kind = getattr(getattr(step, "func", step), "__qualname__", type(step).__name__)
        raise ValueError(
            f"The step {name!r} ({kind}) stands before the windows, and how many rows "
            "back it looks is not known: a stream that keeps too few gives other "
            f"scores. Say it by {owner}(..., more_rows_back=n), 0 if it looks at "
            "its own row alone, or give your class a method __skad_row_context__."
        )
