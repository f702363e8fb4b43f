"""Splits of sktime for scikit-learn."""

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sktime.split.base import BaseSplitter


def as_cv(splitter):
    """Make a splitter of sktime serve as the ``cv`` of scikit-learn.

    sktime's splitters take one argument where scikit-learn passes three, so none of
    them works as it is.

    Parameters
    ----------
    splitter : sktime splitter
        Any that splits a single series, such as ``ExpandingWindowSplitter``. It gets
        the index of X if X is a DataFrame, else row numbers.

    Returns
    -------
    cv : cross-validator
        With `split` and `get_n_splits`, for `GridSearchCV` and `cross_val_score`.

    Raises
    ------
    TypeError
        If ``splitter`` is no splitter of sktime.

    See Also
    --------
    skad.model_selection.AnomalySplit : Splits so that each fold holds whole events.
    sklearn.model_selection.TimeSeriesSplit : Needs no adapter.

    Examples
    --------
    >>> import numpy as np
    >>> from sktime.split import ExpandingWindowSplitter
    >>> from skad.sktime import as_cv
    >>> splitter = ExpandingWindowSplitter(fh=[1, 2], initial_window=4, step_length=2)
    >>> for train, test in as_cv(splitter).split(np.zeros((8, 1))):
    ...     print(train, test)
    [0 1 2 3] [4 5]
    [0 1 2 3 4 5] [6 7]
    """
    if not isinstance(splitter, BaseSplitter):
        raise TypeError(
            f"as_cv makes a splitter of sktime serve scikit-learn, but got "
            f"{type(splitter).__name__}. scikit-learn's own splitters and lists of "
            "(train, test) need no adapter."
        )
    return _SktimeSplits(splitter)


class _SktimeSplits(BaseCrossValidator):
    """Ask a splitter of sktime in scikit-learn's words."""

    def __init__(self, splitter):
        self.splitter = splitter

    def split(self, X, y=None, groups=None):
        """Yield row numbers to train and to test on."""
        for train, test in self.splitter.split(_index_of(X)):
            yield np.asarray(train), np.asarray(test)

    def get_n_splits(self, X=None, y=None, groups=None):
        """Count the splits, for which most splitters need to see X."""
        return self.splitter.get_n_splits(None if X is None else _index_of(X))


def _index_of(X):
    import pandas as pd  # a requirement of sktime

    return X.index if hasattr(X, "iloc") else pd.RangeIndex(len(X))
